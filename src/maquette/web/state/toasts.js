/** Short notices at the foot of the screen, some with an action such as undo. */
import { signal } from "@preact/signals";

const STAYS_MS = 6000;
const STAYS_WITH_ACTION_MS = 20_000;
let number = 0;

export const toasts = signal([]);
/** Said to a screen reader, shown to no one. */
export const announced = signal("");

/** A problem stays until it is dismissed. */
export function toast(text, { action, act, kind = "note" } = {}) {
  const one = { number: ++number, text, action, act, kind };
  toasts.value = [...toasts.value, one];
  if (kind !== "problem") leaveLater(one);
}

const timers = new Map();

export function leaveLater(one) {
  stay(one);
  const after_ms = one.act ? STAYS_WITH_ACTION_MS : STAYS_MS;
  timers.set(
    one.number,
    setTimeout(() => dismiss(one), after_ms),
  );
}

/** While it is pointed at or has the focus. */
export const stay = (one) => clearTimeout(timers.get(one.number));

export function dismiss(one) {
  stay(one);
  timers.delete(one.number);
  toasts.value = toasts.value.filter((other) => other.number !== one.number);
}

/** Runs the newest action that is still offered; false where there is none. */
export function undoNewest() {
  const one = toasts.value.findLast((other) => other.act);
  if (!one) return false;
  dismiss(one);
  one.act();
  return true;
}

/** Runs an action and shows what goes wrong. */
export async function attempt(act) {
  try {
    return await act();
  } catch (problem) {
    console.info(problem);
    toast(problem.message, { kind: "problem" });
    return undefined;
  }
}
