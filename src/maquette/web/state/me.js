/** Who is signed in. */
import { computed, signal } from "@preact/signals";
import * as api from "../api.js";
import { keep, kept } from "./kept.js";

/** Undefined while that is not known, null where no one is signed in. */
export const me = signal(undefined);
/** Whether the studio can be shown: the server has said who it is, or will say that soon. */
export const isReady = signal(kept("signed_in") === true);

export const isOperator = computed(() => ["operator", "admin"].includes(me.value?.role));

/** Whether they decide over the account that pays: it is theirs, or they own its team. */
export const isKeeper = computed(() => {
  if (!me.value) return false;
  const { account_id: mine, payer, teams } = me.value;
  const isOwner = teams.some((one) => one.account_id === payer.account_id && one.role === "owner");
  return isOwner || payer.account_id === mine;
});

export function setMe(answer) {
  keep("signed_in", answer !== null);
  me.value = answer;
}

/** The studio is shown at once when it begins anew, for someone has signed in just now. */
export const expectSomeone = () => keep("signed_in", true);

/** Asks the server who is signed in; what else goes wrong leaves it as it is. */
export async function loadMe() {
  try {
    setMe(await api.getMe());
  } catch (problem) {
    if (problem.status === 401) setMe(null);
  }
  isReady.value = true;
}

/** Begins anew as whoever is signed in now: nothing of who was before is left on the page. */
export function beginAnew(target = location.hash) {
  history.replaceState(null, "", target || "#/");
  location.reload();
}

api.whenStranger((path) => path !== "/v1/me" && me.value && loadMe());
