/** What is about to be asked for as code, and what was made. */
import { effect, signal } from "@preact/signals";
import * as api from "../api.js";
import { createCode, listCode, quoteCode, watchOne } from "../api_code.js";
import { hasEnded, others as followers } from "./generations.js";
import { keep, kept } from "./kept.js";
import { useQuoteOf } from "./price.js";
import { attempt } from "./toasts.js";

export const KINDS = ["svg", "page", "program", "tool", "chart"];
export const RUN_KINDS = ["program", "tool", "chart"];
export const STARTER = "starter-code";
export const MOST_PROMPT = 20_000;
const PAGE = 20;
const KIND = "code";
const READ_MS = 1000; // that are waited for what is known of one under way
const LOG_MS = 10_000; // that are waited for a log
const FRESH = {
  prompt: "",
  kind: "svg",
  model: STARTER,
  tests: "",
  contains: "",
  output: "",
  words: "",
  data: "",
  attempts: 3,
  seed: "",
};

export const draft = signal({ ...FRESH, ...kept("code") });
effect(() => keep("code", draft.value));
export const change = (values) => {
  draft.value = { ...draft.value, ...values };
};

/** The starter, with its `kinds`; null until it is known. */
export const starter = signal(null);
/** Language models of other servers, by their names, which write all kinds. */
export const others = signal([]);
/** What was asked for, the newest first. */
export const pieces = signal([]);
export const allLoaded = signal(false);
/** How far each is that is under way, by its id: `attempt`, `attempts`, `doing`, `log`. */
export const progress = signal({});

const linesOf = (text) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** The models that can write a kind, as far as they are known. */
export const modelsFor = (kind) => [
  ...(starter.value?.kinds.includes(kind) ? [STARTER] : []),
  ...others.value,
];

/** Another kind, with a model that can write it. */
export function chooseKind(kind) {
  const able = modelsFor(kind);
  const { model } = draft.value;
  change({ kind, model: able.includes(model) || !able.length ? model : able[0] });
}

/** The draft as the server takes it: of the tests, those that its kind can have. */
export function request() {
  const { prompt, kind, model, attempts, seed } = draft.value;
  const { tests, contains, output, words, data } = draft.value;
  const asked = { prompt, kind, model, attempts, seed: seed === "" ? null : Number(seed) };
  const isProgram = kind === "program" || kind === "tool";
  return {
    ...asked,
    data: kind === "chart" ? data : "",
    tests: {
      assertions: RUN_KINDS.includes(kind) ? tests : "",
      output: isProgram && output ? output : null,
      contains: isProgram ? [] : linesOf(contains),
      arguments: isProgram ? linesOf(words) : [],
    },
  };
}

/** Takes over what was asked for. */
export function recall({ prompt, kind, model, attempts, tests, data }) {
  change({
    ...{ prompt, kind, model, attempts, data, seed: "" },
    tests: tests.assertions,
    contains: tests.contains.join("\n"),
    output: tests.output ?? "",
    words: tests.arguments.join("\n"),
  });
}

/** What it would cost, and what does not fit (`useQuoteOf`). */
export const useQuote = (asked) =>
  useQuoteOf(quoteCode, asked.prompt.trim() ? JSON.stringify({ ...asked, seed: null }) : "");

const newestFirst = (a, b) => (a.generation_id < b.generation_id ? 1 : -1);
const find = (id) => pieces.value.find((one) => one.generation_id === id);

export function upsert(...changed) {
  const byId = new Map(pieces.value.map((one) => [one.generation_id, one]));
  for (const one of changed) {
    const known = byId.get(one.generation_id);
    if (!known || !hasEnded(known)) byId.set(one.generation_id, one);
  }
  pieces.value = [...byId.values()].sort(newestFirst);
}

export const forget = (id) => {
  pieces.value = pieces.value.filter((one) => one.generation_id !== id);
};

const tell = (id, more) => {
  progress.value = { ...progress.value, [id]: { ...progress.value[id], ...more } };
};

/** Ids whose attempts so far are being read, or are about to be. */
const waiting = new Set();
let reading = Promise.resolve();

/** Reads the attempts so far of one under way, which no tick tells of; one after another, for a
 * browser has few connections to a server.
 */
function catchUp(one) {
  const id = one.generation_id;
  if (waiting.has(id)) return;
  waiting.add(id);
  reading = reading.then(
    () =>
      new Promise((done) => {
        const read = ({ log, ...rest }) => tell(id, { ...rest, ...progress.value[id], log });
        const end = () => {
          stop();
          waiting.delete(id);
          done();
        };
        const stop = watchOne(one, { progress: read, succeeded: end, failed: end, cancelled: end });
        setTimeout(end, READ_MS);
      }),
  );
}

function onTick(id, tick) {
  const one = find(id);
  if (!one || hasEnded(one)) return;
  tell(id, tick);
  if (tick.attempt - 1 > (progress.value[id].log?.length ?? 0)) catchUp(one);
}

/** The log of one that failed, which is in the event that says so. */
export const findLog = (one) =>
  new Promise((found) => {
    const end = ({ log = [] } = {}) => found(log);
    const stop = watchOne(one, { failed: end, cancelled: end, succeeded: end });
    setTimeout(() => {
      stop();
      end();
    }, LOG_MS);
  });

export const send = (asked) =>
  attempt(async () => {
    upsert(await createCode(asked, crypto.randomUUID()));
    document.querySelector("main.page")?.scrollTo({ top: 0 });
  });

export const refresh = () =>
  attempt(async () => {
    const page = await listCode(PAGE);
    pieces.value = page;
    allLoaded.value = page.length < PAGE;
    for (const one of page) if (one.state === "running") catchUp(one);
  });

export const loadMore = () =>
  attempt(async () => {
    const page = await listCode(PAGE, pieces.value.at(-1)?.generation_id);
    allLoaded.value = page.length < PAGE;
    upsert(...page);
  });

/** Asks what models there are and what was made, each time the page is opened; from then on, what
 * is made is followed.
 */
export function begin() {
  followers.set(KIND, {
    refresh,
    generation: upsert,
    deleted: forget,
    tick: onTick,
    isBusy: () => pieces.value.some((one) => !hasEnded(one)),
  });
  attempt(async () => {
    const { data } = await api.listModels();
    starter.value = data.find((one) => one.media === "code") ?? null;
    others.value = data
      .filter((one) => one.media === "text" && one.owned_by !== "maquette")
      .map((one) => one.id);
  });
  refresh();
}
