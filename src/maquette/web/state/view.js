/** Which screen is open: said by the address, so that back, reload and links work. */
import { computed, signal } from "@preact/signals";
import { generationOfAsset } from "../api.js";
import { loaded, pictures, picturesOf } from "./generations.js";

const hash = signal(location.hash);

/** What changes the history waits for what did before: to go back takes the browser a while. */
let changed = Promise.resolve();
let wentBack = null;
const change = (act) => (changed = changed.then(act));
addEventListener("popstate", () => {
  if (!wentBack) return go(location.hash);
  wentBack();
  wentBack = null;
});

/** `{name, ids}`: #/picture/ID, #/edit/ID, #/compare/ID/ID, #/keys; the gallery else. */
export const view = computed(() => {
  const [name, ...ids] = hash.value.replace(/^#\//, "").split("/");
  return { name, ids };
});

function go(target) {
  const before = view.value.name;
  hash.value = target;
  // Closed at once, not with the next drawing: only then can what is under it have the focus.
  if (view.value.name !== before) document.querySelector("dialog[open]")?.close();
}

/** Shows a screen in place of the one that is open, if any: back leads to the gallery. */
export function show(name, ...ids) {
  const target = `#/${[name, ...ids].join("/")}`;
  const opens = view.value.name === "";
  go(target);
  change(() => {
    if (opens) history.pushState({ opened: true }, "", target);
    else history.replaceState(history.state, "", target);
  });
}

export function close() {
  if (view.value.name === "") return;
  go("#/");
  change(() => {
    if (!history.state?.opened) return history.replaceState(null, "", "#/");
    return new Promise((done) => {
      wentBack = done;
      history.back();
    });
  });
}

/** Pictures that a link led to and that the gallery has not loaded; null for one not here. */
const linked = signal({});

/** The picture of an id with the request that made it; null where there is none, undefined where
 * that is not known yet.
 */
export function findPicture(id) {
  const found = pictures.value.find(({ asset }) => asset.asset_id === id);
  return found ?? (loaded.value ? linked.value[id] : undefined);
}

/** Asks the server for a picture that a link leads to. */
export async function fetchPicture(id) {
  const generation = await generationOfAsset(id).catch(() => null);
  const picture = generation && picturesOf(generation).find(({ asset }) => asset.asset_id === id);
  linked.value = { ...linked.value, [id]: picture ?? null };
}

/** The picture chosen to be compared with the next one; null where none is. */
export const firstToCompare = signal(null);

/** The picture that keys act on: the open one, else the one that has the focus. */
export function currentPicture() {
  const { name, ids } = view.value;
  const id = name === "picture" ? ids[0] : document.activeElement?.dataset.asset;
  return (id && findPicture(id)) || undefined;
}
