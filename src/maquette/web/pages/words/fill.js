/** The template in hand, to be filled in. */
import { useEffect, useState } from "preact/hooks";
import { quoteCopy } from "../../api_words.js";
import { IconButton } from "../../components/controls.js";
import { Create } from "../../components/create.js";
import { html } from "../../html.js";
import { lacksFor, useQuoteOf } from "../../state/price.js";
import { view, visit } from "../../state/view.js";
import { t } from "../../words.js";
import { Area, askFor, Line, Models, Select } from "./fields.js";
import { SearchedPicker } from "./picker.js";
import { PictureInput } from "./pictures.js";
import { at, chosen, fill, fillExample, fillIn, filled, languageFor } from "./state.js";
import { library, load, missingOf, requestFor, templateOf, voices, write } from "./state.js";

const VARIANTS = [1, 2, 3, 4, 6];

export function Composer() {
  load();
  const [isOpen, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const template = templateOf(chosen.value);
  const { inputs, voice_id } = filled.value;
  const missing = template && missingOf(template.inputs, inputs, voice_id);
  const asked = template && !missing ? JSON.stringify(requestFor(template)) : "";
  const { price, problem } = useQuoteOf(quoteCopy, asked);
  useEffect(() => setOpen(false), [view.value.ids.join("/")]); // on a phone it covers the page
  const send = async (event) => {
    event.preventDefault();
    if (!template) return setOpen(true);
    if (busy || lacksFor(price)) return undefined;
    if (missing) {
      setOpen(true);
      return askFor(missing, missing.name);
    }
    setBusy(true);
    if (await write(requestFor(template))) {
      setOpen(false);
      if (view.value.ids.length) visit("#/words");
    }
    return setBusy(false);
  };
  return html`
    <form
      class=${`composer writing ${isOpen ? "is-open" : ""}`}
      aria-label=${t("write")}
      onSubmit=${send}
      aria-busy=${library.value === null}
    >
      ${
        library.value &&
        (template
          ? html`<${Fill} template=${template} />`
          : html`<${Choose} isOpen=${isOpen} setOpen=${setOpen} />`)
      }
      ${
        template &&
        html`
          ${problem && html`<p class="problem" role="alert">${problem}</p>`}
          <${Create}
            words=${t("write")}
            price=${price}
            settings="filled-in"
            open=${isOpen}
            toggle=${() => setOpen(!isOpen)}
            keys=${false}
          />
        `
      }
    </form>
  `;
}

/** On a phone the templates come up when one looks for them. */
function Choose({ isOpen, setOpen }) {
  return html`
    <p class="lead">${t("choose_template")}</p>
    <${SearchedPicker} isOpen=${isOpen} setOpen=${setOpen} />
  `;
}

function Fill({ template }) {
  return html`
    <div class="in-hand">
      <${IconButton} icon="left" words=${t("all_templates")} act=${() => (chosen.value = null)} />
      <div>
        <h2>${template.label[at.value]}</h2>
        <p class="hint">${template.about[at.value]}</p>
      </div>
    </div>
    <div class="settings" id="filled-in" key=${template.name}>
      ${template.inputs.map((one) => html`<${Input} asked=${one} key=${one.name} />`)}
      <${Manner} template=${template} />
      <details class="advanced">
        <summary>${t("more_demands")}</summary>
        <${Demands} />
      </details>
      <button type="button" class="button quiet" onClick=${() => fillExample(template)}>
        ${t("fill_example")}
      </button>
    </div>
  `;
}

function Input({ asked }) {
  const { name, label, kind, required, hint } = asked;
  const shared = {
    name,
    label: label[at.value],
    value: filled.value.inputs[name] ?? "",
    onChange: (value) => fillIn(name, value),
    optional: required ? null : t("optional"),
    placeholder: hint[at.value],
    "aria-required": required ? "true" : null,
  };
  if (kind === "picture") {
    return html`<${PictureInput} shared=${shared} />`;
  }
  if (kind === "line") return html`<${Line} ...${shared} maxlength="500" />`;
  return html`<${Area} ...${shared} rows=${kind === "text" ? 7 : 3} />`;
}

/** Voice, language and tone: how it is to sound. */
function Manner({ template }) {
  const { voice_id: voice, tone } = filled.value;
  const tones = Object.values(library.value.tones);
  const in_text = languageFor(template) === "zh" ? 1 : 0;
  const known = tones.find((pair) => pair.includes(tone));
  return html`
    <div class="pair">
      <${Select}
        name="voice"
        label=${t("voice")}
        value=${voice}
        onChange=${(value) => fill({ voice_id: value })}
        options=${[["", t("no_voice")], ...voices.value.map((one) => [one.voice_id, one.name])]}
      />
      <${Select}
        name="language"
        label=${t("text_language")}
        value=${languageFor(template)}
        onChange=${(value) => fill({ language: value })}
        options=${template.languages.map((one) => [one, t(`in_${one}`)])}
      />
    </div>
    <${Models} name="model" />
    <div class="tones" role="group" aria-label=${t("tone")}>
      <span class="label">${t("tone")}</span>
      ${tones.map(
        (pair) => html`
          <button
            type="button"
            class="chip"
            aria-pressed=${pair === known}
            onClick=${() => fill({ tone: pair === known ? "" : pair[in_text] })}
          >
            ${pair[at.value]}
          </button>
        `,
      )}
    </div>
  `;
}

function Demands() {
  const { most, include, avoid, count } = filled.value;
  return html`
    <div class="pair">
      <${Line}
        name="most"
        label=${t("most_words")}
        value=${most}
        onChange=${(value) => fill({ most: value.replace(/\D/g, "") })}
        inputmode="numeric"
        maxlength="4"
      />
      <${Select}
        name="count"
        label=${t("variants")}
        value=${count}
        onChange=${(value) => fill({ count: Number(value) })}
        options=${VARIANTS.map((n) => [n, n])}
      />
    </div>
    <${Line}
      name="include"
      label=${t("must_have")}
      value=${include}
      onChange=${(value) => fill({ include: value })}
      hint=${t("by_commas")}
    />
    <${Line}
      name="avoid"
      label=${t("must_not_have")}
      value=${avoid}
      onChange=${(value) => fill({ avoid: value })}
      hint=${t("by_commas")}
    />
  `;
}
