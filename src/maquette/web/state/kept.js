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

/** Keeps the address that a tab is to come back to from a page of someone else's. */
export function keepWanted(address) {
  try {
    sessionStorage.setItem("maquette.wanted", address);
  } catch {
    // It comes back to the gallery.
  }
}

/** That address, once; null where there is none. */
export function takeWanted() {
  try {
    const wanted = sessionStorage.getItem("maquette.wanted");
    sessionStorage.removeItem("maquette.wanted");
    return wanted;
  } catch {
    return null;
  }
}

/** Forgets what was kept of a person; how they have the studio look stays. */
export function forgetPerson() {
  keep("draft", null);
  keep("signed_in", false);
}
