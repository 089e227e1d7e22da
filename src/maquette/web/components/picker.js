/** One of very many, found by typing: a combobox as the ARIA practices have it. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../words.js";

/** `options`: {value, words, also}, where `also` is what it is found by besides its words. */
export function Picker({ label, value, options, onChange }) {
  const id = useId();
  const [typed, setTyped] = useState(null); // null: closed
  const [place, setPlace] = useState(0);
  const list = useRef();
  const chosen = options.find((one) => one.value === value);
  const found = typed === null ? [] : options.filter((one) => fits(one, typed));
  const at = Math.min(place, found.length - 1);
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at, typed]);
  const open = () => {
    if (typed !== null) return;
    setTyped("");
    setPlace(Math.max(0, options.indexOf(chosen)));
  };
  const close = () => setTyped(null);
  const take = (one) => {
    if (one) onChange(one.value);
    close();
  };
  const type = ({ target }) => {
    setTyped(target.value);
    setPlace(0);
  };
  const keys = {
    ArrowDown: () => (typed === null ? open() : setPlace(Math.min(at + 1, found.length - 1))),
    ArrowUp: () => (typed === null ? open() : setPlace(Math.max(at - 1, 0))),
    Enter: () => (typed === null ? open() : take(found[at])),
    Escape: close,
  };
  const press = (event) => {
    if (!keys[event.key] || (event.key === "Escape" && typed === null)) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  };
  return html`
    <div class="field picker">
      <label for=${id}>${label}</label>
      <input
        id=${id}
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck=${false}
        aria-expanded=${typed !== null}
        aria-controls=${`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant=${found.length ? `${id}-${at}` : null}
        placeholder=${typed === null ? null : t("speech_find")}
        value=${typed ?? chosen?.words ?? ""}
        onInput=${type}
        onClick=${open}
        onKeyDown=${press}
        onBlur=${close}
      />
      <ul
        id=${`${id}-list`}
        ref=${list}
        role="listbox"
        aria-label=${label}
        hidden=${typed === null}
      >
        ${found.map(
          (one, n) => html`
            <li
              key=${one.value}
              id=${`${id}-${n}`}
              role="option"
              aria-selected=${one === chosen}
              class=${n === at ? "is-at" : ""}
              onPointerDown=${(event) => event.preventDefault()}
              onClick=${() => take(one)}
            >
              ${one.words}
            </li>
          `,
        )}
        ${
          typed !== null &&
          found.length === 0 &&
          html`<li role="option" aria-disabled="true" aria-selected="false">
            ${t("speech_nothing_found")}
          </li>`
        }
      </ul>
    </div>
  `;
}

const fits = ({ words, also = "" }, typed) =>
  `${words} ${also}`.toLowerCase().includes(typed.trim().toLowerCase());
