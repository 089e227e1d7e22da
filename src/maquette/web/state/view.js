/** Which screen is open: said by the address, so that back, reload and links work. */
import { computed, signal } from "@preact/signals";
import { generationOfAsset } from "../api.js";
import { loaded, pictures, picturesOf } from "./generations.js";
import { takeWanted } from "./kept.js";

// Whoever paid elsewhere comes back by a query.
const checkout = new URLSearchParams(location.search).get("checkout");
if (checkout) {
  const target = checkout === "done" ? "#/buy/thanks" : "#/buy";
  history.replaceState(null, "", location.pathname + target);
}

const NAMED = ["verify", "reset", "invitation"];

/** What the links of mails say as #verify=TOKEN, as an address of ours. */
function addressOf(fragment) {
  const [name, value] = [...new URLSearchParams(fragment.slice(1))][0] ?? [];
  if (!NAMED.includes(name) || !value) return fragment;
  history.replaceState(null, "", `#/${name}/${value}`);
  return location.hash;
}

/** What went wrong on the way here, as where one signed in elsewhere; null where nothing did. */
const onTheWay = new URLSearchParams(location.hash.slice(1));
export const problemOnTheWay = onTheWay.get("problem");
if (problemOnTheWay) history.replaceState(null, "", `#/${onTheWay.get("page") ?? ""}`);

// Whoever signed in elsewhere comes back to where they wanted.
const wanted = takeWanted();
if (wanted && ["", "#/"].includes(location.hash)) history.replaceState(null, "", wanted);

const hash = signal(addressOf(location.hash));

/** What changes the history waits for what did before: to go back takes the browser a while. */
let changed = Promise.resolve();
let wentBack = null;
const change = (act) => (changed = changed.then(act));
addEventListener("popstate", () => {
  if (!wentBack) return go(addressOf(location.hash));
  wentBack();
  wentBack = null;
});

const DIALOGS = ["picture", "edit", "extend", "compare", "keys"];

/** `{name, ids}`: a dialog as #/picture/ID, #/edit/ID, #/compare/ID/ID, #/keys; a page as
 * #/credits; the gallery else.
 */
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

/** What a dialog was opened over, to come back to. */
let under = "#/";

/** Shows a dialog in place of the one that is open, if any: back leads to what is under it. */
export function show(name, ...ids) {
  const target = `#/${[name, ...ids].join("/")}`;
  const opens = !DIALOGS.includes(view.value.name);
  if (opens) under = hash.value || "#/";
  go(target);
  change(() => {
    if (opens) history.pushState({ opened: true }, "", target);
    else history.replaceState(history.state, "", target);
  });
}

export function close() {
  if (!DIALOGS.includes(view.value.name)) return;
  go(under);
  change(() => {
    if (!history.state?.opened) return history.replaceState(null, "", under);
    return new Promise((done) => {
      wentBack = done;
      history.back();
    });
  });
}

/** Goes to a page, or to the gallery, as a link to it does. */
export function visit(target) {
  go(target);
  change(() => history.pushState(null, "", target));
}

/** Closes what is open, for the gallery with its prompt. */
export function toGallery() {
  close();
  if (view.value.name !== "") visit("#/");
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
