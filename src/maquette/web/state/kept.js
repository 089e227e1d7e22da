/** What this browser keeps for the next visit; where that is not allowed, it is only forgotten. */

export function kept(name) {
  try {
    return JSON.parse(localStorage.getItem(`maquette.${name}`));
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(`maquette.${name}`, JSON.stringify(value));
  } catch {
    // Storage is blocked or full.
  }
}

/** Forgets what was kept of a person; how they have the studio look stays. */
export function forgetPerson() {
  keep("draft", null);
  keep("signed_in", false);
}
