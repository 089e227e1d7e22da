/** What there is to spend. */
import { signal } from "@preact/signals";
import * as api from "../api.js";

/** The payer's `posted_microcredits`, `held_microcredits` and `available_microcredits`; null while
 * they are not known.
 */
export const balance = signal(null);

export async function loadBalance() {
  balance.value = await api.getBalance().catch(() => balance.value);
}
