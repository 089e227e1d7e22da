/** What there is to spend. */
import { signal } from "@preact/signals";
import * as api from "../api.js";
import { me } from "./me.js";
import { inOrder } from "./order.js";

/** The payer's `posted_microcredits`, `held_microcredits` and `available_microcredits`; null while
 * they are not known.
 */
export const balance = signal(null);

const begin = inOrder();

export async function loadBalance() {
  const counts = begin();
  const answer = await api.getBalance().catch(() => null);
  if (answer && counts()) balance.value = answer;
}

/** Takes what a stream tells; it goes on telling of who paid when it began. */
export function tellBalance(figures) {
  const counts = begin();
  const isOfOther = me.value && me.value.payer.account_id !== figures.account_id;
  if (!isOfOther && counts()) balance.value = { ...balance.value, ...figures };
}
