/** The keys: what each does, the list that shows them, and those that were chosen instead. */
import * as actions from "./actions.js";
import { browsePrompts } from "./state/composer.js";
import { bindings } from "./state/preferences.js";
import { undoNewest } from "./state/toasts.js";
import { currentPicture, firstToCompare, show, view } from "./state/view.js";
import { t } from "./words.js";

const isOpen = () => view.value.name === "picture";

/** `key`: the usual one, as `keyPressed` says it. `typing`: works in a field, too. `always`: over
 * an open picture, too. `again`: a held key repeats it. An act that returns false leaves the key
 * to the browser.
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
  onPicture("W", "use_in_text", actions.useInText),
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

/** The key of a command, as it was chosen or as it usually is. */
const keyOf = (command) => bindings.value[command.words] ?? command.key;
const written = (key) => key.split("+").map((part) => SIGNS[part] ?? part);

/** A command's keys as they are written on a keyboard. */
export const keysOf = (command) => written(keyOf(command));
export const commandFor = (words) => COMMANDS.find((one) => one.words === words);

const isField = (element) => element.matches("input, textarea, select, [contenteditable]");

const MODIFIERS = ["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process"];
// What a Mac calls delete, others call backspace.
const NAMES = { " ": "Space", "+": "Plus", ...(isMac && { Backspace: "Delete" }) };

/** What is pressed, such as "Mod+Shift+X"; null where that is no key of ours. A sign such as "?" is
 * itself, however it is typed.
 */
export function keyPressed({ key, code, ctrlKey, metaKey, altKey, shiftKey }) {
  const [mod, other] = isMac ? [metaKey, ctrlKey] : [ctrlKey, metaKey];
  if (other || MODIFIERS.includes(key)) return null;
  let name = NAMES[key] ?? key;
  if (isMac && altKey && /^Key[A-Z]$/.test(code)) name = code.at(-1); // not the sign on it
  const isSign = name.length === 1 && !/\p{L}/u.test(name);
  if (name.length === 1) name = name.toUpperCase();
  const held = [mod && "Mod", altKey && "Alt", shiftKey && !isSign && "Shift"];
  return [...held, name].filter(Boolean).join("+");
}

export const isKeyOf = (words, event) => keyPressed(event) === keyOf(commandFor(words));

/** The editor's own: a smaller brush, and a larger one. */
export const BRUSH_KEYS = ["[", "]"];

/** Why a command cannot have a key, in one line; undefined where it can. */
export function refusal(command, key) {
  const keys = written(key).join(" ");
  if (/^(Shift\+)?(Tab|Enter|Space|Escape)$/.test(key)) return t("key_reserved", { keys });
  if (/^Mod\+[ACVX]$/.test(key)) return t("key_edits", { keys });
  if (command.typing && !/^(Mod|Alt)\+|F\d+$/.test(key)) return t("key_types", { keys });
  const other = COMMANDS.find((one) => one !== command && keyOf(one) === key);
  const words = BRUSH_KEYS.includes(key) ? "brush_size" : other?.words;
  return words && t("key_taken", { keys, command: t(words) });
}

export function bind({ words, key: usual }, key) {
  const { [words]: _, ...others } = bindings.value;
  bindings.value = key === usual ? others : { ...others, [words]: key };
}

function onKey(event) {
  // A dialog with tools of its own has keys of its own.
  if (event.defaultPrevented || event.isComposing) return;
  if (view.value.name !== "" && !isOpen()) return;
  if (event.key === "Escape" && firstToCompare.value) firstToCompare.value = null;
  const typing = isField(event.target);
  const key = keyPressed(event);
  for (const command of COMMANDS) {
    if (keyOf(command) !== key || (typing && !command.typing)) continue;
    if ((event.repeat && !command.again) || (isOpen() && !command.always)) continue;
    const picture = command.group === "keys_picture" ? currentPicture() : undefined;
    if (command.needsPicture && !picture) continue;
    if (command.act(picture) !== false) event.preventDefault();
    return;
  }
}

export const listenToKeys = () => addEventListener("keydown", onKey);
