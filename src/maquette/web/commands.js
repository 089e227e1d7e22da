/** The keys: one table for what they do and for the list that shows them. */
import * as actions from "./actions.js";
import { browsePrompts } from "./state/composer.js";
import { undoNewest } from "./state/toasts.js";
import { currentPicture, firstToCompare, show, view } from "./state/view.js";

const isOpen = () => view.value.name === "picture";

/** `typing`: works in a field, too. `always`: over an open picture, too. `again`: a held key
 * repeats it. An act that returns false leaves the key to the browser.
 */
const anywhere = (key, words, act, more) => ({ key, words, group: "keys_anywhere", act, ...more });
const onPicture = (key, words, act, more) => ({
  key,
  words,
  group: "keys_picture",
  act: (picture) => act(picture, isOpen()),
  always: true,
  needsPicture: true,
  ...more,
});
const moving = { again: true, needsPicture: false };

export const COMMANDS = [
  anywhere("Mod+Enter", "create", actions.create, { typing: true }),
  anywhere("/", "to_prompt", actions.focusPrompt),
  anywhere("Alt+ArrowUp", "earlier_prompt", () => browsePrompts(1), { typing: true, again: true }),
  anywhere("Alt+ArrowDown", "later_prompt", () => browsePrompts(-1), { typing: true, again: true }),
  anywhere("Shift+X", "cancel_newest", actions.cancelNewest),
  anywhere("Mod+Z", "undo", undoNewest, { always: true }),
  anywhere("?", "keys", () => show("keys"), { always: true }),
  onPicture("ArrowRight", "next_picture", (one, open) => actions.step(one, 1, open), moving),
  onPicture("ArrowLeft", "previous_picture", (one, open) => actions.step(one, -1, open), moving),
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
  onPicture("Delete", "delete", actions.deleteAndGoOn),
];

const isMac = navigator.platform.startsWith("Mac");
const ARROWS = { ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓", Enter: "↵" };
const SIGNS = isMac
  ? { ...ARROWS, Mod: "⌘", Alt: "⌥", Shift: "⇧", Delete: "⌫" }
  : { ...ARROWS, Mod: "Ctrl", Delete: "Del" };

/** A command's keys as they are written on a keyboard. */
export const keysOf = ({ key }) => key.split("+").map((part) => SIGNS[part] ?? part);
export const commandFor = (words) => COMMANDS.find((one) => one.words === words);

const isField = (element) => element.matches("input, textarea, select, [contenteditable]");

function matches({ key }, event) {
  const parts = key.split("+");
  const named = parts.pop();
  const wanted = (name) => parts.includes(name);
  const mod = isMac ? event.metaKey : event.ctrlKey;
  if (wanted("Mod") !== mod || wanted("Alt") !== event.altKey) return false;
  const letter = named.length === 1 && /[A-Z]/.test(named);
  if (letter && wanted("Shift") !== event.shiftKey) return false;
  // What a Mac calls delete, others call backspace.
  const pressed = isMac && event.key === "Backspace" ? "Delete" : event.key;
  return pressed.toLowerCase() === named.toLowerCase();
}

function onKey(event) {
  // A dialog with tools of its own has keys of its own.
  if (event.defaultPrevented || event.isComposing) return;
  if (view.value.name !== "" && !isOpen()) return;
  if (event.key === "Escape" && firstToCompare.value) firstToCompare.value = null;
  const typing = isField(event.target);
  for (const command of COMMANDS) {
    if (!matches(command, event) || (typing && !command.typing)) continue;
    if ((event.repeat && !command.again) || (isOpen() && !command.always)) continue;
    const picture = command.group === "keys_picture" ? currentPicture() : undefined;
    if (command.needsPicture && !picture) continue;
    if (command.act(picture) !== false) event.preventDefault();
    return;
  }
}

export const listenToKeys = () => addEventListener("keydown", onKey);
