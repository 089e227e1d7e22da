/** The left side: say the idea, choose a few things, create. */
import { useRef, useState } from "preact/hooks";
import { create, useFile } from "../actions.js";
import { html } from "../html.js";
import * as composer from "../state/composer.js";
import { change, draft, model, source } from "../state/composer.js";
import { language } from "../state/preferences.js";
import { usePrice } from "../state/price.js";
import { styleOf, withStyle, withoutStyle } from "../state/styles.js";
import { view } from "../state/view.js";
import { t } from "../words.js";
import { Choice, IconButton, NumberField } from "./controls.js";
import { Create } from "./create.js";
import { Icon } from "./icons.js";
import { Styles } from "./styles.js";

export function Composer({ hidden }) {
  const [open, setOpen] = useState(false);
  const submit = (event) => {
    event.preventDefault();
    setOpen(false);
    create();
  };
  if (!model.value) return html`<form class="composer" hidden=${hidden} aria-busy="true"></form>`;
  return html`
    <form
      class=${`composer ${open ? "is-open" : ""}`}
      aria-label=${t("create")}
      hidden=${hidden}
      novalidate
      onSubmit=${submit}
    >
      <${Prompt} />
      <div class="settings" id="settings">
        <${Examples} />
        <${Styles} />
        <${Start} />
        <${Adapters} />
        <${Shape} />
        <${Choice}
          name="count"
          label=${t("count")}
          value=${draft.value.count}
          options=${composer.COUNTS.map((n) => [n, n])}
          onChange=${(count) => change({ count })}
        />
        <${Advanced} />
      </div>
      <${CreatePictures} open=${open} toggle=${() => setOpen(!open)} />
    </form>
  `;
}

/** The button, with what it costs; without enough credits it says so. */
function CreatePictures({ open, toggle }) {
  const price = usePrice(composer.fits() ? composer.request() : null);
  const more = { price, open, toggle, settings: "settings" };
  return html`<${Create} words=${t("create")} ...${more} />`;
}

/** A picture that is dropped anywhere, or pasted where no text is, is started from. */
export function listenToFiles() {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => takeFile(event, event.dataTransfer));
  addEventListener("paste", (event) => {
    if (!event.clipboardData.types.includes("text/plain")) takeFile(event, event.clipboardData);
  });
}

function takeFile(event, { files }) {
  if (event.type === "drop") event.preventDefault();
  const file = [...files].find((one) => one.type.startsWith("image/"));
  if (!file || view.value.name !== "") return;
  event.preventDefault();
  useFile(file);
}

function Prompt() {
  return html`
    <label class="prompt" for="prompt">
      <span>${t("prompt")}</span>
      <textarea
        id="prompt"
        rows="3"
        maxlength="4000"
        placeholder=${t("prompt_hint")}
        value=${draft.value.prompt}
        onInput=${(event) => change({ prompt: event.target.value })}
      ></textarea>
    </label>
    <${Knows} />
  `;
}

/** Says what a small model knows, once the prompt names nothing of it. */
function Knows() {
  const prompt = withoutStyle(draft.value.prompt).trim().toLowerCase();
  const subjects = model.value.subjects;
  if (prompt.length < 3 || subjects.length === 0) return null;
  const names = subjects.flatMap((subject) => Object.values(subject).flat());
  if (names.some((name) => prompt.includes(name))) return null;
  const said = language.value;
  const things = subjects.map((subject) => subject[said][0]).join(said === "zh" ? "、" : ", ");
  return html`<p class="hint">${t("knows", { model: model.value.id, things })}</p>`;
}

export function Examples() {
  const { prompt: typed } = draft.value;
  if (withoutStyle(typed).trim()) return null;
  const style = styleOf(typed);
  const take = (example) => change({ prompt: style ? withStyle(example, style) : example });
  return html`
    <div class="examples" role="group" aria-label=${t("examples")}>
      <span class="label">${t("examples")}</span>
      ${[1, 2, 3].map((n) => {
        const example = t(`example_${n}`);
        return html`
          <button type="button" class="chip" onClick=${() => take(example)}>${example}</button>
        `;
      })}
    </div>
  `;
}

function Start() {
  const input = useRef();
  const chosen = source.value;
  const remove = () => change({ source: null });
  const take = (event) => {
    if (event.target.files[0]) useFile(event.target.files[0]);
    event.target.value = "";
  };
  return html`
    <div class="start">
      <input
        ref=${input}
        id="file"
        type="file"
        accept="image/png,image/jpeg,image/webp"
        hidden
        onChange=${take}
      />
      ${
        !chosen
          ? html`<${IconButton}
            icon="image"
            words=${t("add_picture")}
            shown
            title=${t("drop_picture")}
            act=${() => input.current.click()}
          />`
          : html`
            <div class="start-chosen">
              <img src=${chosen.url} alt=${t("start_from")} onError=${remove} />
              <${NumberField}
                id="strength"
                label=${t("strength")}
                slider
                value=${draft.value.strength}
                min="0.05"
                max="1"
                step="0.05"
                onChange=${(strength) => change({ strength })}
              />
              <${IconButton}
                icon="close"
                words=${t("remove_start")}
                act=${remove}
              />
            </div>
          `
      }
    </div>
  `;
}

/** The LoRA that came with a request that was taken over. */
function Adapters() {
  const { adapters } = draft.value;
  if (!adapters?.length) return null;
  const remove = (one) => change({ adapters: adapters.filter((other) => other !== one) });
  return html`
    <div class="adapters" role="group" aria-label=${t("adapters")}>
      <span class="label">${t("adapters")}</span>
      ${adapters.map(
        (one) => html`
          <button
            key=${one.adapter}
            type="button"
            class="chip"
            aria-label=${t("remove_adapter", one)}
            onClick=${() => remove(one)}
          >
            ${one.adapter} × ${one.scale}<${Icon} name="close" />
          </button>
        `,
      )}
    </div>
  `;
}

function Shape() {
  // A picture that is begun from has its own shape.
  if (source.value) return null;
  const { width, height } = draft.value;
  const shapes = Object.keys(composer.SHAPES);
  const sizeOf = (shape) => composer.sizeFor(...composer.SHAPES[shape]);
  const is = (shape) => sizeOf(shape).width === width && sizeOf(shape).height === height;
  const options = shapes.map((shape) => {
    const [across, down] = composer.SHAPES[shape];
    const style = { aspectRatio: `${across} / ${down}` };
    return [shape, html`<i class="shape" style=${style}></i>${t(shape)}`];
  });
  return html`
    <${Choice}
      name="shape"
      label=${t("shape")}
      value=${shapes.find(is)}
      options=${options}
      onChange=${(shape) => change(sizeOf(shape))}
    />
  `;
}

function Advanced() {
  const limits = model.value;
  const sides = { min: limits.least_side_px, max: limits.most_side_px, step: limits.side_step_px };
  const number = (name, label, more) => html`
    <${NumberField}
      id=${name}
      label=${label}
      value=${draft.value[name]}
      onChange=${(value) => change({ [name]: value })}
      ...${more}
    />
  `;
  return html`
    <details class="advanced">
      <summary>${t("advanced")}</summary>
      <label class="field" for="negative">
        <span>${t("negative_prompt")}</span>
        <input
          id="negative"
          type="text"
          placeholder=${t("negative_hint")}
          value=${draft.value.negative_prompt}
          onInput=${(event) => change({ negative_prompt: event.target.value })}
        />
      </label>
      <${Seed} />
      <div class="pair">
        ${number("num_inference_steps", t("steps"), { min: 1, max: 1000 })}
        ${number("guidance_scale", t("guidance"), { min: 0, max: 50, step: 0.5 })}
      </div>
      ${
        !source.value &&
        html`<div class="pair">
        ${number("width", t("width"), sides)} ${number("height", t("height"), sides)}
      </div>`
      }
      <div class="pair">
        <${Select} name="sampler" label=${t("sampler")} options=${limits.samplers} />
        <${Select}
          name="model"
          label=${t("model")}
          options=${composer.models.value.map((one) => one.id)}
          onChange=${composer.chooseModel}
        />
      </div>
      <button type="button" class="button quiet" onClick=${composer.reset}>${t("reset")}</button>
    </details>
  `;
}

const Select = ({ name, label, options, onChange = (value) => change({ [name]: value }) }) => html`
  <label class="field" for=${name}>
    <span>${label}</span>
    <select id=${name} onChange=${(event) => onChange(event.target.value)}>
      ${options.map(
        (option) => html`
          <option value=${option} selected=${option === draft.value[name]}>${option}</option>
        `,
      )}
    </select>
  </label>
`;

function Seed() {
  return html`
    <div class="with-button">
      <label class="field" for="seed">
        <span>${t("seed")}</span>
        <input
          id="seed"
          type="text"
          inputmode="numeric"
          placeholder=${t("seed_hint")}
          value=${draft.value.seed}
          onInput=${(event) => change({ seed: event.target.value.replace(/\D/g, "") })}
        />
      </label>
      <${IconButton}
        icon="again"
        words=${t("new_seed")}
        disabled=${draft.value.seed === ""}
        act=${() => change({ seed: "" })}
      />
    </div>
  `;
}
