/** The keys: one table for what they do and for the list that shows them. */
import * as actions from "./actions.js";
import { browsePrompts } from "./state/composer.js";
import { pictures } from "./state/generations.js";
import { undoNewest } from "./state/toasts.js";
import { close, currentPicture, firstToCompare, show, view } from "./state/view.js";

const onPicture = (key, words, act) => ({
  key,
  words,
  group: "keys_picture",
  act,
  onPicture: true,
});
const anywhere = (key, words, act, more) => ({ key, words, group: "keys_anywhere", act, ...more });

/** `typing`: works in a field, too. An act that returns false leaves the key to the browser. */
export const COMMANDS = [
  anywhere("Mod+Enter", "create", actions.create, { typing: true }),
  anywhere("/", "to_prompt", () => document.querySelector("#prompt").focus()),
  anywhere("Alt+ArrowUp", "earlier_prompt", () => browsePrompts(1), { typing: true }),
  anywhere("Alt+ArrowDown", "later_prompt", () => browsePrompts(-1), { typing: true }),
  anywhere("Shift+X", "cancel_newest", actions.cancelNewest),
  anywhere("Mod+Z", "undo", undoNewest),
  anywhere("?", "keys", () => show("keys")),
  onPicture("ArrowRight", "next_picture", () => step(1)),
  onPicture("ArrowLeft", "previous_picture", () => step(-1)),
  onPicture("V", "vary", actions.vary),
  onPicture("I", "use_as_start", actions.useAsStart),
  onPicture("E", "repair", actions.edit),
  onPicture("O", "extend", actions.extend),
  onPicture("C", "compare", actions.compare),
  onPicture("A", "use_all", actions.useAll),
  onPicture("P", "use_prompt", actions.usePrompt),
  onPicture("S", "use_seed", actions.useSeed),
  onPicture("R", "remix", actions.remix),
  onPicture("D", "download", actions.download),
  onPicture("Delete", "delete", deleteAndGoOn),
];

const isMac = navigator.platform.startsWith("Mac");
const SIGNS = { Mod: isMac ? "⌘" : "Ctrl", ArrowRight: "→", ArrowLeft: "←" };
Object.assign(SIGNS, { ArrowUp: "↑", ArrowDown: "↓", Delete: "Del", Enter: "↵" });

/** A command's keys as they are written on a keyboard. */
export const keysOf = ({ key }) => key.split("+").map((part) => SIGNS[part] ?? part);
export const commandFor = (words) => COMMANDS.find((one) => one.words === words);

/** The picture that is `by` further on, opened or focused as the one before is. */
function step(by) {
  const current = currentPicture();
  const all = pictures.value;
  const next = all[all.findIndex(({ asset }) => asset === current.asset) + by];
  if (!next) return;
  if (view.value.name === "picture") actions.open(next);
  else focusPicture(next);
}

const focusPicture = ({ asset }) =>
  document.querySelector(`[data-asset="${asset.asset_id}"]`)?.focus();

/** Deletes the picture, and leaves the next one where it was. */
export function deleteAndGoOn(picture) {
  const all = pictures.value;
  const place = all.findIndex(({ asset }) => asset === picture.asset);
  const next = all[place + 1] ?? all[place - 1];
  if (view.value.name === "picture") next ? actions.open(next) : close();
  else if (next) focusPicture(next);
  return actions.deletePicture(picture);
}

const isField = (element) => element.matches("input, textarea, select, [contenteditable]");

function matches({ key }, event) {
  const parts = key.split("+");
  const named = parts.pop();
  const wanted = (name) => parts.includes(name);
  if (wanted("Mod") !== (event.ctrlKey || event.metaKey) || wanted("Alt") !== event.altKey) {
    return false;
  }
  const letter = named.length === 1 && /[A-Z]/.test(named);
  if (letter && wanted("Shift") !== event.shiftKey) return false;
  return event.key.toLowerCase() === named.toLowerCase();
}

function onKey(event) {
  // A dialog with tools of its own has keys of its own.
  if (event.defaultPrevented || event.isComposing) return;
  if (!["", "picture"].includes(view.value.name)) return;
  if (event.key === "Escape" && firstToCompare.value) firstToCompare.value = null;
  const typing = isField(event.target);
  for (const command of COMMANDS) {
    if (!matches(command, event) || (typing && !command.typing)) continue;
    const picture = command.onPicture ? currentPicture() : undefined;
    if (command.onPicture && !picture) continue;
    if (command.act(picture) !== false) event.preventDefault();
    return;
  }
}

export const listenToKeys = () => addEventListener("keydown", onKey);
