/** Which screen is open: said by the address, so that back, reload and links work. */
import { computed, signal } from "@preact/signals";
import { loadMore, loaded, pictures } from "./generations.js";

const hash = signal(location.hash);
addEventListener("hashchange", read);

function read() {
  const before = view.value.name;
  hash.value = location.hash;
  // Closed at once, not with the next drawing: only then can what is under it have the focus.
  if (view.value.name !== before) document.querySelector("dialog[open]")?.close();
}

/** `{name, ids}`: #/picture/ID, #/edit/ID, #/compare/ID/ID, #/keys; the feed else. */
export const view = computed(() => {
  const [name, ...ids] = hash.value.replace(/^#\//, "").split("/");
  return { name, ids };
});

/** Shows a screen in place of the one that is open, if any: back leads to the feed. */
export function show(name, ...ids) {
  const target = `#/${[name, ...ids].join("/")}`;
  if (view.value.name === "") location.hash = target;
  else replace(target);
}

export const close = () => {
  if (view.value.name !== "") replace("#/");
};

function replace(target) {
  history.replaceState(null, "", target);
  read();
}

/** The picture of an id, with the request that made it; undefined where it is not here. An older
 * one that a link leads to is loaded, and those before it.
 */
export function findPicture(id) {
  const found = pictures.value.find(({ asset }) => asset.asset_id === id);
  if (!found && id && loaded.value) loadMore();
  return found;
}

/** The picture chosen to be compared with the next one; null where none is. */
export const firstToCompare = signal(null);

/** The picture that keys act on: the open one, else the one that has the focus. */
export function currentPicture() {
  const { name, ids } = view.value;
  if (name === "picture") return findPicture(ids[0]);
  return name === "" ? findPicture(document.activeElement?.dataset.asset) : undefined;
}
