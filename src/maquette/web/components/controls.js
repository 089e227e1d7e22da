/** Buttons, choices and dialogs that several screens share. */
import { useEffect, useRef, useState } from "preact/hooks";
import { commandFor, keysOf } from "../commands.js";
import { html } from "../html.js";
import { close, fetchPicture, findPicture } from "../state/view.js";
import { credits, t } from "../words.js";
import { Icon } from "./icons.js";
import { Toasts } from "./toasts.js";

/** A small picture is not blown up to a blur. */
export const MOST_ENLARGED = 2.5;

/** A button with an icon; its words are shown, or only said. */
export const IconButton = ({ icon, words, act, shown = false, ...more }) => html`
  <button
    type="button"
    class=${shown ? "button" : "icon-button"}
    aria-label=${shown ? null : words}
    title=${shown ? null : words}
    onClick=${act}
    ...${more}
  >
    <${Icon} name=${icon} />${shown && html`<span>${words}</span>`}
  </button>
`;

/** A button for a command, with its key. */
export function CommandButton({ words, icon, act, class: kind = "" }) {
  return html`
    <button type="button" class=${`button ${kind}`} onClick=${act}>
      <${Icon} name=${icon} /><span>${t(words)}</span><${Keys} words=${words} />
    </button>
  `;
}

export const Keys = ({ words }) => html`
  <span class="keys" aria-hidden="true">
    ${keysOf(commandFor(words)).map((key) => html`<kbd>${key}</kbd>`)}
  </span>
`;

/** A price on a button; nothing while it is not known. */
export const Price = ({ of: price }) =>
  price !== undefined &&
  html`<span class="price">
    ${credits(price)}<span class="unseen"> ${t("credits_unit")}</span>
  </span>`;

/** One of a few, as a row of radio buttons. `options`: [value, content]. */
export const Choice = ({ name, label, value, options, onChange }) => html`
  <fieldset class="choice">
    <legend>${label}</legend>
    <div class="segments">
      ${options.map(
        ([option, content]) => html`
          <label>
            <input
              type="radio"
              name=${name}
              checked=${option === value}
              onChange=${() => onChange(option)}
            />
            <span>${content}</span>
          </label>
        `,
      )}
    </div>
  </fieldset>
`;

/** A number with its label, as a field or a slider; `settled`: taken once it is typed whole. */
export function NumberField({ id, label, value, onChange, slider = false, settled, ...more }) {
  // What is being typed is left alone, though it is not always a number yet.
  const [typed, setTyped] = useState(null);
  const take = (event) => {
    const number = event.target.valueAsNumber;
    if (!Number.isNaN(number)) onChange(number);
  };
  const input = (event) => {
    setTyped(event.target.value);
    if (!settled) take(event);
  };
  return html`
    <label class="field" for=${id}>
      <span>${label}</span>
      ${slider && html`<output for=${id}>${value}</output>`}
      <input
        id=${id}
        type=${slider ? "range" : "number"}
        value=${typed ?? value}
        onInput=${slider ? take : input}
        onChange=${settled ? take : null}
        onBlur=${() => setTyped(null)}
        ...${more}
      />
    </label>
  `;
}

/** A modal dialog that is open as long as it is on the page; notices are seen in it, too. */
export function Dialog({ label, kind, onKeyDown, children }) {
  const ref = useRef();
  useEffect(() => {
    const dialog = ref.current;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    close();
  };
  return html`
    <dialog
      ref=${ref}
      class=${kind}
      aria-label=${label}
      onCancel=${cancel}
      onKeyDown=${onKeyDown}
      onClick=${(event) => event.target === ref.current && close()}
    >
      <div class="dialog-body">${children}</div>
      <${Toasts} />
    </dialog>
  `;
}

/** Calls `show` with the pictures of some ids, once they are known; says where one is not here. */
export function WithPictures({ ids, show }) {
  const pictures = ids.map(findPicture);
  const unknown = ids.filter((_, place) => pictures[place] === undefined).join();
  useEffect(() => {
    for (const id of unknown.split(",").filter(Boolean)) fetchPicture(id);
  }, [unknown]);
  if (unknown) return null;
  if (pictures.every(Boolean)) return show(...pictures);
  return html`<${Dialog} label=${t("details")} kind="small">
    <p>${t("not_here")}</p>
    <${IconButton} icon="close" words=${t("close")} shown act=${close} />
  <//>`;
}
