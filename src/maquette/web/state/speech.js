/** What is about to be said, what was said, and the voices there are. */
import { computed, effect, signal } from "@preact/signals";
import * as api from "../api_speech.js";
import { hasEnded, others } from "./generations.js";
import { keep, kept } from "./kept.js";
import { useQuoteOf } from "./price.js";
import { attempt } from "./toasts.js";

const PAGE = 20;
const KIND = "speech";
export const FORMATS = ["mp3", "wav", "opus", "flac"];
export const MOST_CHARACTERS = 50_000;
const FRESH = {
  text: "",
  model: "espeak-ng",
  voice: "default",
  language: "",
  speed: 1,
  pitch_semitones: 0,
  pause_ms: 300,
  pronunciations: "",
  format: "mp3",
  captions: "sentence",
};

export const draft = signal({ ...FRESH, ...kept("speech") });
effect(() => keep("speech", draft.value));
export const change = (values) => {
  draft.value = { ...draft.value, ...values };
};

/** The models that speak, each with its `voices` and `languages`. */
export const voices = signal([]);
export const voice = computed(
  () => voices.value.find((one) => one.model === draft.value.model) ?? voices.value[0],
);

/** What was asked for, the newest first. */
export const narrations = signal([]);
export const allLoaded = signal(false);
/** The newest tick of each that is under way, by its id. */
export const ticks = signal({});

/** Another model, with what of the choices it has, too. */
export function chooseModel(model) {
  const chosen = voices.value.find((one) => one.model === model);
  const { voice: speaker, language, captions } = draft.value;
  const speaks = chosen.languages.some((one) => one.language === language);
  change({
    model,
    voice: chosen.voices.includes(speaker) ? speaker : "default",
    language: speaks ? language : "",
    captions: chosen.tells_words ? captions : "sentence",
  });
}

/** The draft as the server takes it. */
export function request() {
  const { language, pronunciations, ...rest } = draft.value;
  return { ...rest, language: language || null, pronunciations: pairsOf(pronunciations) };
}

/** Lines of `word = how it is said`, as an object; what is not whole yet is left out. */
function pairsOf(lines) {
  const pairs = lines.split("\n").map((line) => line.split("=").map((part) => part.trim()));
  return Object.fromEntries(pairs.filter(([word, said]) => word && said));
}

/** Takes over what was asked for. */
export function recall({ language, pronunciations, ...asked }) {
  const names = Object.keys(FRESH).filter((name) => name in asked);
  const lines = Object.entries(pronunciations).map(([word, said]) => `${word} = ${said}`);
  change({
    ...Object.fromEntries(names.map((name) => [name, asked[name]])),
    language: language ?? "",
    pronunciations: lines.join("\n"),
    format: FORMATS.includes(asked.format) ? asked.format : "mp3",
  });
}

/** What it would cost, and what does not fit (`useQuoteOf`). */
export const useQuote = (asked) =>
  useQuoteOf(api.quoteSpeech, asked.text.trim() ? JSON.stringify(asked) : "");

const newestFirst = (a, b) => (a.generation_id < b.generation_id ? 1 : -1);

export function upsert(...changed) {
  const byId = new Map(narrations.value.map((one) => [one.generation_id, one]));
  for (const one of changed) {
    const known = byId.get(one.generation_id);
    if (!known || !hasEnded(known)) byId.set(one.generation_id, one);
  }
  narrations.value = [...byId.values()].sort(newestFirst);
}

export const forget = (id) => {
  narrations.value = narrations.value.filter((one) => one.generation_id !== id);
};

export const refresh = () =>
  attempt(async () => {
    const page = await api.listSpeech(PAGE);
    narrations.value = page;
    allLoaded.value = page.length < PAGE;
  });

export const loadMore = () =>
  attempt(async () => {
    const page = await api.listSpeech(PAGE, narrations.value.at(-1)?.generation_id);
    upsert(...page);
    allLoaded.value = page.length < PAGE;
  });

/** Sends a request; what it makes is shown at the top. */
export const send = (asked) =>
  attempt(async () => {
    upsert(await api.createSpeech(asked));
    document.querySelector("main.page")?.scrollTo({ top: 0 });
  });

let isBegun = false;

/** Loads all that the page shows, and from then on follows it; once is enough. */
export function begin() {
  if (isBegun) return;
  isBegun = true;
  others.set(KIND, {
    refresh,
    generation: upsert,
    deleted: forget,
    tick: (id, tick) => {
      if (narrations.value.some((one) => one.generation_id === id && !hasEnded(one))) {
        ticks.value = { ...ticks.value, [id]: tick };
      }
    },
    isBusy: () => narrations.value.some((one) => !hasEnded(one)),
  });
  attempt(async () => {
    voices.value = (await api.listVoices()).data;
    if (!voices.value.some((one) => one.model === draft.value.model)) chooseModel(FRESH.model);
  });
  refresh();
}
