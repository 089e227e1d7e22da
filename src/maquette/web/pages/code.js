/** Code: it is asked for on the left; what passed is seen, read and taken on the right. */
import { useEffect, useState } from "preact/hooks";
import { Choice, NumberField } from "../components/controls.js";
import { Create } from "../components/create.js";
import { Piece } from "../components/piece.js";
import { html } from "../html.js";
import * as code from "../state/code.js";
import { change, draft } from "../state/code.js";
import { lacksFor } from "../state/price.js";
import { toast } from "../state/toasts.js";
import { t } from "../words.js";
import "../words/code.js";

export function Composer() {
  const [open, setOpen] = useState(false);
  useEffect(code.begin, []);
  const asked = code.request();
  const { price, problem } = code.useQuote(asked);
  const lacks = lacksFor(price);
  const submit = (event) => {
    event.preventDefault();
    if (lacks) return;
    if (!asked.prompt.trim()) {
      document.querySelector("#code-prompt").focus();
      toast(t("code_say_what"));
      return;
    }
    setOpen(false);
    code.send(asked);
  };
  return html`
    <form
      class=${`composer code-composer ${open ? "is-open" : ""}`}
      aria-label=${t("code_create")}
      novalidate
      onSubmit=${submit}
    >
      <${Prompt} problem=${problem} />
      <div class="settings" id="code-settings">
        <${Examples} />
        <${Choice}
          name="code-kind"
          label=${t("code_kind")}
          value=${draft.value.kind}
          options=${code.KINDS.map((one) => [one, t(`code_kind_${one}`)])}
          onChange=${code.chooseKind}
        />
        <${Models} />
        <${Tests} />
        <${More} />
      </div>
      <${Create}
        words=${t("code_create")}
        price=${price}
        settings="code-settings"
        open=${open}
        toggle=${() => setOpen(!open)}
        keys=${false}
      />
    </form>
  `;
}

const Prompt = ({ problem }) => html`
  <div>
    <label class="prompt" for="code-prompt">
      <span>${t("code_prompt")}</span>
      <textarea
        id="code-prompt"
        rows="4"
        maxlength=${code.MOST_PROMPT}
        placeholder=${t("code_prompt_hint")}
        aria-invalid=${problem ? "true" : null}
        aria-describedby=${problem ? "code-problem" : null}
        value=${draft.value.prompt}
        onInput=${(event) => change({ prompt: event.target.value })}
      ></textarea>
    </label>
    ${problem && html`<p class="problem" role="alert" id="code-problem">${problem}</p>`}
  </div>
`;

function Examples() {
  if (draft.value.prompt.trim()) return null;
  return html`
    <div class="examples" role="group" aria-label=${t("examples")}>
      <span class="label">${t("examples")}</span>
      ${[1, 2, 3].map((n) => {
        const prompt = t(`code_example_${n}`);
        return html`
          <button type="button" class="chip" onClick=${() => change({ prompt })}>${prompt}</button>
        `;
      })}
    </div>
  `;
}

function Models() {
  const able = code.modelsFor(draft.value.kind);
  if (code.starter.value && able.length === 0) {
    const kind = t(`code_kind_${draft.value.kind}`);
    return html`<p class="hint">${t("code_no_model", { kind })}</p>`;
  }
  if (able.length < 2) return null;
  return html`
    <label class="field" for="code-model">
      <span>${t("code_model")}</span>
      <select
        id="code-model"
        value=${draft.value.model}
        onChange=${(event) => change({ model: event.target.value })}
      >
        ${able.map((one) => html`<option value=${one}>${one}</option>`)}
      </select>
    </label>
  `;
}

const area = (name, label, hint, rows = 3) => html`
  <label class="field" for=${`code-${name}`}>
    <span>${t(label)}</span>
    <textarea
      id=${`code-${name}`}
      class="typed"
      rows=${rows}
      spellcheck=${false}
      autocapitalize="none"
      placeholder=${t(hint)}
      value=${draft.value[name]}
      onInput=${(event) => change({ [name]: event.target.value })}
    ></textarea>
  </label>
`;

/** What a kind can be tested by. */
function Tests() {
  const { kind } = draft.value;
  const isProgram = kind === "program" || kind === "tool";
  return html`
    ${kind === "chart" && area("data", "code_data", "code_data_hint", 4)}
    ${code.RUN_KINDS.includes(kind) && area("tests", "code_tests", "code_tests_hint")}
    ${!isProgram && area("contains", "code_contains", "code_contains_hint", 2)}
  `;
}

function More() {
  const { kind } = draft.value;
  const isProgram = kind === "program" || kind === "tool";
  return html`
    <details class="advanced">
      <summary>${t("advanced")}</summary>
      ${isProgram && area("output", "code_output", "code_output_hint", 2)}
      ${isProgram && area("words", "code_words", "code_words_hint", 2)}
      <${NumberField}
        id="code-attempts"
        label=${t("code_attempts")}
        slider
        min="1"
        max=${code.starter.value?.most_attempts ?? 8}
        step="1"
        value=${draft.value.attempts}
        onChange=${(attempts) => change({ attempts })}
      />
      <label class="field" for="code-seed">
        <span>${t("seed")}</span>
        <input
          id="code-seed"
          inputmode="numeric"
          pattern="[0-9]*"
          placeholder=${t("code_any_seed")}
          value=${draft.value.seed}
          onInput=${(event) => change({ seed: event.target.value.replace(/\D/g, "").slice(0, 15) })}
        />
      </label>
    </details>
  `;
}

export function Page() {
  const all = code.pieces.value;
  if (all.length === 0) {
    return html`<div class="made"><${Empty} /></div>`;
  }
  return html`
    <div class="made">
      ${all.map((one) => html`<${Piece} piece=${one} key=${one.generation_id} />`)}
      ${
        !code.allLoaded.value &&
        html`<button type="button" class="button" onClick=${code.loadMore}>
          ${t("code_more")}
        </button>`
      }
    </div>
  `;
}

const Empty = () => html`
  <div class="nothing">
    <h2>${t("code_empty_title")}</h2>
    <p>${t("code_empty_text")}</p>
  </div>
`;
