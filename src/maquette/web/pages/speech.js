/** Speech: a text is typed on the left, and what was said is played on the right. */
import { useEffect, useState } from "preact/hooks";
import { isKeyOf } from "../commands.js";
import { Choice, NumberField } from "../components/controls.js";
import { Create } from "../components/create.js";
import { Narration } from "../components/narration.js";
import { Picker } from "../components/picker.js";
import { html } from "../html.js";
import { language as studioLanguage } from "../state/preferences.js";
import { lacksFor } from "../state/price.js";
import * as speech from "../state/speech.js";
import { change, draft } from "../state/speech.js";
import { toast } from "../state/toasts.js";
import { nameOf, speakerOf, wordsOf } from "../speech_names.js";
import { t } from "../words.js";
import "../words/speech.js";

const focusText = () => document.querySelector("#speech-text").focus();

export function Composer() {
  const [open, setOpen] = useState(false);
  useEffect(speech.begin, []);
  const asked = speech.request();
  const { price, problem } = speech.useQuote(asked);
  const lacks = lacksFor(price);
  const submit = (event) => {
    event.preventDefault();
    if (lacks) return;
    if (!asked.text.trim()) {
      focusText();
      toast(t("speech_say_what"));
      return;
    }
    setOpen(false);
    speech.send(asked);
  };
  if (!speech.voice.value) return html`<form class="composer" aria-busy="true"></form>`;
  return html`
    <form
      class=${`composer speech-composer ${open ? "is-open" : ""}`}
      aria-label=${t("speech_create")}
      novalidate
      onSubmit=${submit}
      onKeyDown=${(event) => isKeyOf("create", event) && event.currentTarget.requestSubmit()}
    >
      <${Text} problem=${problem} />
      <div class="settings" id="speech-settings">
        <${Examples} />
        <${Models} />
        <${Languages} />
        <${Speakers} />
        <${Sliders} />
        <${Choice}
          name="speech-format"
          label=${t("speech_format")}
          value=${draft.value.format}
          options=${speech.FORMATS.map((one) => [one, nameOf(one)])}
          onChange=${(format) => change({ format })}
        />
        <${More} />
      </div>
      <${Create}
        words=${t("speech_create")}
        price=${price}
        settings="speech-settings"
        open=${open}
        toggle=${() => setOpen(!open)}
      />
    </form>
  `;
}

const isSsml = (text) => /^\s*(<\?xml|<speak)/.test(text);

const count = (n) => n.toLocaleString(studioLanguage.value);

function Text({ problem }) {
  const { text } = draft.value;
  const n = [...text].length;
  const most = count(speech.MOST_CHARACTERS);
  return html`
    <div class="speech-text">
      <label class="prompt" for="speech-text">
        <span>${t("speech_text")}</span>
        <textarea
          id="speech-text"
          rows="6"
          maxlength=${speech.MOST_CHARACTERS}
          placeholder=${t("speech_hint")}
          aria-label=${t("speech_text")}
          aria-invalid=${problem ? "true" : null}
          aria-describedby="speech-text-hint"
          value=${text}
          onInput=${(event) => change({ text: event.target.value })}
        ></textarea>
      </label>
      <div id="speech-text-hint" class="hint">
        ${
          problem
            ? html`<p class="problem" role="alert">${problem}</p>`
            : html`<p>${t(isSsml(text) ? "speech_ssml" : "speech_ssml_hint")}</p>`
        }
        ${n > 0 && html`<p>${t("speech_characters", { n: count(n), most })}</p>`}
      </div>
    </div>
  `;
}

function Examples() {
  if (draft.value.text.trim()) return null;
  return html`
    <div class="examples" role="group" aria-label=${t("speech_examples")}>
      <span class="label">${t("speech_examples")}</span>
      ${[1, 2, 3].map((n) => {
        const text = t(`speech_example_${n}`);
        return html`
          <button type="button" class="chip" onClick=${() => change({ text })}>
            ${t(`speech_example_${n}_title`)}
          </button>
        `;
      })}
    </div>
  `;
}

function Models() {
  if (speech.voices.value.length < 2) return null;
  return html`<${Picker}
    label=${t("speech_model")}
    value=${speech.voice.value.model}
    options=${speech.voices.value.map(({ model }) => ({ value: model, words: model }))}
    onChange=${speech.chooseModel}
  />`;
}

function Languages() {
  const known = speech.voice.value.languages
    .map((one) => ({
      value: one.language,
      words: wordsOf(one),
      also: `${one.name} ${one.language}`,
    }))
    .sort((a, b) => a.words.localeCompare(b.words, studioLanguage.value));
  const any = { value: "", words: t("speech_any_language") };
  return html`<${Picker}
    label=${t("speech_language")}
    value=${draft.value.language}
    options=${[any, ...known]}
    onChange=${(language) => change({ language })}
  />`;
}

const USUAL = /^(default|[fm]?\d+|whisperf?)$/;

function Speakers() {
  const { voices: all, has_others: hasOthers } = speech.voice.value;
  if (hasOthers) return html`<${OtherSpeaker} />`;
  if (all.length < 2) return null;
  const ordered = [
    ...all.filter((one) => USUAL.test(one)),
    ...all.filter((one) => !USUAL.test(one)),
  ];
  return html`<${Picker}
    label=${t("speech_voice")}
    value=${draft.value.voice}
    options=${ordered.map((one) => ({ value: one, words: speakerOf(one), also: one }))}
    onChange=${(voice) => change({ voice })}
  />`;
}

/** Of a server that alone knows as whom it speaks. */
const OtherSpeaker = () => html`
  <label class="field" for="speech-voice">
    <span>${t("speech_voice")}</span>
    <input
      id="speech-voice"
      type="text"
      maxlength="100"
      autocapitalize="none"
      autocomplete="off"
      placeholder=${t("speech_default_voice")}
      value=${draft.value.voice === "default" ? "" : draft.value.voice}
      onInput=${(event) => change({ voice: event.target.value.trim() || "default" })}
    />
  </label>
`;

const number = (name, label, more) => html`
  <${NumberField}
    id=${`speech-${name}`}
    label=${t(label)}
    value=${draft.value[name]}
    onChange=${(value) => change({ [name]: value })}
    ...${more}
  />
`;

const Sliders = () => html`
  <div class="pair">
    ${number("speed", "speech_speed", { slider: true, min: 0.25, max: 4, step: 0.05 })}
    ${number("pitch_semitones", "speech_pitch", { slider: true, min: -12, max: 12, step: 1 })}
  </div>
`;

const More = () => html`
  <details class="advanced">
    <summary>${t("advanced")}</summary>
    ${number("pause_ms", "speech_pause", { min: 0, max: 10000, step: 50, settled: true })}
    <label class="field" for="pronunciations">
      <span>${t("speech_pronunciations")}</span>
      <textarea
        id="pronunciations"
        rows="3"
        placeholder=${t("speech_pronunciations_hint")}
        value=${draft.value.pronunciations}
        onInput=${(event) => change({ pronunciations: event.target.value })}
      ></textarea>
    </label>
    ${
      speech.voice.value.tells_words &&
      html`<${Choice}
        name="speech-captions"
        label=${t("speech_captions")}
        value=${draft.value.captions}
        options=${[
          ["sentence", t("speech_by_sentence")],
          ["word", t("speech_by_word")],
        ]}
        onChange=${(captions) => change({ captions })}
      />`
    }
  </details>
`;

/** A cancelled one is history. */
const isShown = ({ state, assets }) =>
  state !== "cancelled" && (state !== "succeeded" || assets.length > 0);

export function Page() {
  useEffect(speech.begin, []);
  const shown = speech.narrations.value.filter(isShown);
  if (speech.allLoaded.value && shown.length === 0) return html`<${Empty} />`;
  return html`
    <ul class="narrations" aria-label=${t("speech_list")}>
      ${shown.map((one) => html`<${Narration} key=${one.generation_id} generation=${one} />`)}
    </ul>
    ${
      !speech.allLoaded.value &&
      shown.length > 0 &&
      html`<button type="button" class="button" onClick=${speech.loadMore}>${t("older")}</button>`
    }
  `;
}

const Empty = () => html`
  <div class="nothing">
    <h2>${t("speech_empty_title")}</h2>
    <p>${t("speech_empty_text", { n: speech.voices.value[0]?.languages.length ?? "…" })}</p>
  </div>
`;
