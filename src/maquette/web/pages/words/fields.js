/** Fields of the pages of words: a label, what is typed, and what it is for. */
import { html } from "../../html.js";
import { toast } from "../../state/toasts.js";
import { t } from "../../words.js";
import { at, fill, model, models } from "./state.js";

let ids = 0;
const idOf = new Map();
/** An id for a label and its field that stays the same. */
const known = (name) => {
  if (!idOf.has(name)) idOf.set(name, `words-${++ids}`);
  return idOf.get(name);
};

const Frame = ({ id, label, optional, hint, children }) => html`
  <div class="field">
    <label class="label" for=${id}>
      ${label}${optional && html`<small> ${optional}</small>`}
    </label>
    ${children} ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>
`;

export function Line({ name, label, value, onChange, optional, hint, ...more }) {
  const id = known(name);
  return html`
    <${Frame} id=${id} label=${label} optional=${optional} hint=${hint}>
      <input
        id=${id}
        name=${name}
        type="text"
        autocomplete="off"
        aria-describedby=${hint ? `${id}-hint` : null}
        value=${value}
        onInput=${(event) => onChange(event.target.value)}
        ...${more}
      />
    <//>
  `;
}

export function Area({ name, label, value, onChange, optional, hint, rows = 3, ...more }) {
  const id = known(name);
  return html`
    <${Frame} id=${id} label=${label} optional=${optional} hint=${hint}>
      <textarea
        id=${id}
        name=${name}
        rows=${rows}
        aria-describedby=${hint ? `${id}-hint` : null}
        value=${value}
        onInput=${(event) => onChange(event.target.value)}
        ...${more}
      ></textarea>
    <//>
  `;
}

/** One of a few; `options`: [value, words]. */
export function Select({ name, label, value, onChange, options, optional, hint }) {
  const id = known(name);
  return html`
    <${Frame} id=${id} label=${label} optional=${optional} hint=${hint}>
      <select id=${id} value=${value} onChange=${(event) => onChange(event.target.value)}>
        ${options.map(
          ([option, words]) =>
            html`<option value=${option} selected=${option === value}>${words}</option>`,
        )}
      </select>
    <//>
  `;
}

/** Says what is still to be filled in, and goes there; `name` is that of its field. */
export function askFor({ label }, name) {
  toast(t("fill_in", { name: label[at.value] }));
  requestAnimationFrame(() => document.getElementsByName(name)[0]?.focus());
}

/** The model that writes, where there are several. */
export const Models = ({ name }) =>
  models.value.length > 1 &&
  html`<${Select}
    name=${name}
    label=${t("model")}
    value=${model.value}
    onChange=${(value) => fill({ model: value })}
    options=${models.value.map((one) => [one, one])}
  />`;
