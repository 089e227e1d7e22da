/** What someone has in hand on the pages of words: a template, what is filled in, voices. */
import { computed, effect, signal } from "@preact/signals";
import { listModels } from "../../api.js";
import * as api from "../../api_words.js";
import { keep, kept } from "../../state/kept.js";
import { language } from "../../state/preferences.js";
import { attempt } from "../../state/toasts.js";
import { take } from "./texts.js";

const RECENT = 12;
const FRESH = {
  inputs: {}, // by name, so that the next template has the same product; lines are joined
  voice_id: "",
  language: null, // of the text; the studio's until another is chosen
  tone: "",
  most: "",
  include: "",
  avoid: "",
  count: 3,
  model: "", // by which all of it is written, the first until another is chosen
};

/** `{groups, tones, templates}`; null until it has come. */
export const library = signal(null);
export const voices = signal([]);
/** The names of the models that write texts, the studio's own first. */
export const models = signal([]);
/** The name of the template in hand; null while one is being looked for. */
export const chosen = signal(null);
export const filled = signal({ ...FRESH, ...kept("words") });
/** The requests to be seen, the newest first. */
export const runs = signal([]);

effect(() => keep("words", filled.value));

/** The model that is chosen; one that is offered no more is not. */
export const model = computed(() =>
  models.value.includes(filled.value.model) ? filled.value.model : models.value[0],
);

export const at = computed(() => (language.value === "zh" ? 1 : 0));
export const templateOf = (name) => library.value?.templates.find((one) => one.name === name);
export const labelOf = (name) => templateOf(name)?.label[at.value] ?? name;
export const linesOf = (text) => text.split("\n").filter((line) => line.trim());
const wordsOf = (text) => text.split(/[,，、;；\n]/).map((one) => one.trim()).filter(Boolean);

export const fill = (more) => (filled.value = { ...filled.value, ...more });
export const fillIn = (name, value) =>
  fill({ inputs: { ...filled.value.inputs, [name]: value } });

/** The language of the text that a template is asked for. */
export function languageFor(template) {
  const wanted = filled.value.language ?? language.value;
  return template.languages.includes(wanted) ? wanted : template.languages[0];
}

/** What is filled in for a template, as the server takes it. */
export function requestFor(template) {
  const { inputs, voice_id, tone, most, include, avoid, count } = filled.value;
  const given = template.inputs
    .filter(({ name }) => inputs[name]?.trim())
    .map(({ name, kind }) => [name, kind === "lines" ? linesOf(inputs[name]) : inputs[name]]);
  return {
    template: template.name,
    inputs: Object.fromEntries(given),
    voice_id: voices.value.some((one) => one.voice_id === voice_id) ? voice_id : null,
    language: languageFor(template),
    tone,
    length: most ? { most: Number(most) } : null,
    include: wordsOf(include),
    avoid: wordsOf(avoid),
    count,
    model: model.value,
  };
}

/** Whether an input need not be filled in, for it is of the voice. */
export const isOfVoice = (name, id) =>
  name === "brand" && Boolean(voices.value.find((one) => one.voice_id === id)?.voice.brand);

/** The first of some inputs that has to be filled in and is not. */
export const missingOf = (asked, inputs, id) =>
  asked.find(
    ({ name, required }) => required && !inputs[name]?.trim() && !isOfVoice(name, id),
  );

/** Takes a picture to a template that is about one. */
export function takePicture(asset) {
  fillIn("picture", `asset:${asset.asset_id}`);
  if (!templateOf(chosen.value)?.inputs.some(({ kind }) => kind === "picture")) {
    chosen.value = "alt-text";
  }
}

/** Fills an example in, as it was written by hand. */
export function fillExample(template) {
  const wanted = languageFor(template);
  const example = template.examples.find((one) => one.language === wanted) ?? template.examples[0];
  const inputs = { ...filled.value.inputs };
  for (const { name } of template.inputs) {
    const value = example.inputs[name] ?? "";
    inputs[name] = Array.isArray(value) ? value.join("\n") : value;
  }
  fill({ inputs, language: example.language, tone: example.inputs.tone ?? filled.value.tone });
}

let asked;
/** Loads once what all of these pages need. */
export const load = () =>
  (asked ??= attempt(async () => {
    const [found, known, recent, { data }] = await Promise.all([
      api.listTemplates(),
      api.listVoices(),
      api.listCopy(RECENT),
      listModels(),
    ]);
    models.value = data.filter(({ media }) => media === "text").map(({ id }) => id);
    library.value = found;
    voices.value = known;
    const edits = found.templates.filter((one) => one.kind === "edit").map((one) => one.name);
    const shown = recent.filter(
      ({ request, state, assets }) =>
        request.template && !edits.includes(request.template) && (assets.length || !isOver(state)),
    );
    shown.forEach(take);
    runs.value = [...runs.value, ...shown.map((one) => one.generation_id)];
  }));

const isOver = (state) => state === "cancelled";

export const loadVoices = async () => (voices.value = await api.listVoices());

/** Has it written; resolves to whether it was accepted. */
export const write = (request) =>
  attempt(async () => {
    const made = await api.createCopy(request, crypto.randomUUID());
    take(made);
    runs.value = [made.generation_id, ...runs.value];
    return true;
  });
