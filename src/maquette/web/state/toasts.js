/** Short notices at the foot of the screen, some with an action such as undo. */
import { signal } from "@preact/signals";

const STAYS_MS = 8000;
let number = 0;

export const toasts = signal([]);
/** Said to a screen reader, shown to no one. */
export const announced = signal("");

export function toast(text, { action, act, kind = "note" } = {}) {
  const one = { number: ++number, text, action, act, kind };
  toasts.value = [...toasts.value, one];
  setTimeout(() => dismiss(one), STAYS_MS);
  return one;
}

export const dismiss = (one) => {
  toasts.value = toasts.value.filter((other) => other.number !== one.number);
};

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
    console.error(problem);
    toast(problem.message, { kind: "problem" });
    return undefined;
  }
}
