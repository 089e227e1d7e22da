/** Buttons, choices and dialogs that several screens share. */
import { useEffect, useRef } from "preact/hooks";
import { commandFor, keysOf } from "../commands.js";
import { html } from "../html.js";
import { allLoaded } from "../state/generations.js";
import { t } from "../words.js";
import { Icon } from "./icons.js";

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

/** One of a few, as a row of radio buttons. `options`: [value, content, words to be said]. */
export const Choice = ({ name, label, value, options, onChange }) => html`
  <fieldset class="choice">
    <legend>${label}</legend>
    <div class="segments">
      ${options.map(
        ([option, content, said]) => html`
          <label title=${said}>
            <input
              type="radio"
              name=${name}
              checked=${option === value}
              onChange=${() => onChange(option)}
              aria-label=${said}
            />
            <span>${content}</span>
          </label>
        `,
      )}
    </div>
  </fieldset>
`;

/** A number with its label, as a field or a slider; `settled` takes it once it is typed whole. */
export function NumberField({ id, label, value, onChange, slider = false, settled, ...more }) {
  const take = (event) => {
    const number = event.target.valueAsNumber;
    if (!Number.isNaN(number)) onChange(number);
  };
  return html`
    <label class="field" for=${id}>
      <span>${label}</span>
      ${slider && html`<output for=${id}>${value}</output>`}
      <input
        id=${id}
        type=${slider ? "range" : "number"}
        value=${value}
        onInput=${settled ? null : take}
        onChange=${settled ? take : null}
        ...${more}
      />
    </label>
  `;
}

/** What is shown of a picture that is not loaded, or was deleted. */
export const Missing = ({ onClose }) =>
  allLoaded.value &&
  html`<${Dialog} label=${t("details")} kind="small" onClose=${onClose}>
    <p>${t("not_here")}</p>
    <${IconButton} icon="close" words=${t("close")} shown act=${onClose} />
  <//>`;

/** A modal dialog that is open as long as it is on the page. */
export function Dialog({ label, kind, onClose, children }) {
  const ref = useRef();
  useEffect(() => {
    const dialog = ref.current;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`
    <dialog
      ref=${ref}
      class=${kind}
      aria-label=${label}
      onCancel=${cancel}
      onClick=${(event) => event.target === ref.current && onClose()}
    >
      <div class="dialog-body">${children}</div>
    </dialog>
  `;
}
