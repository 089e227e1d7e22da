/** The requests of this account, kept level with the server. */
import { computed, signal } from "@preact/signals";
import * as api from "../api.js";
import { t } from "../words.js";
import { announced, attempt } from "./toasts.js";

const PAGE = 30;
const ENDS = ["succeeded", "failed", "cancelled"];

/** Newest first; ids count up, so they order. */
export const generations = signal([]);
export const loaded = signal(false);
export const allLoaded = signal(false);
export const connected = signal(true);
/** The newest tick of each request under way, by its id. */
export const ticks = signal({});

export const hasEnded = (generation) => ENDS.includes(generation.state);
export const unfinished = computed(() => generations.value.filter((one) => !hasEnded(one)));

/** A request whose pictures were all deleted, or that was cancelled, is history, not gallery. */
export const isShown = (generation) =>
  !hasEnded(generation) || generation.state === "failed" || generation.assets.length > 0;
export const shown = computed(() => generations.value.filter(isShown));
/** All pictures on the screen, in reading order, each with the request that made it. */
export const pictures = computed(() =>
  shown.value.flatMap((generation) => generation.assets.map((asset) => ({ generation, asset }))),
);

export const findGeneration = (id) => generations.value.find((one) => one.generation_id === id);

const rank = (generation) => ["queued", "running"].indexOf(generation.state) + 1 || 3;

/** What is known after an answer that may be older than what a stream has told meanwhile. */
const later = (known, answer) => (known && rank(known) > rank(answer) ? known : answer);

export function upsert(...changed) {
  const byId = new Map(generations.value.map((one) => [one.generation_id, one]));
  for (const one of changed) {
    byId.set(one.generation_id, later(byId.get(one.generation_id), one));
  }
  generations.value = [...byId.values()].sort((a, b) =>
    a.generation_id < b.generation_id ? 1 : -1,
  );
}

export const forget = (id) => {
  generations.value = generations.value.filter((one) => one.generation_id !== id);
};

/** Lists the newest anew: what is missing among them was deleted elsewhere. */
export const refresh = () =>
  attempt(async () => {
    const page = await api.listGenerations(PAGE);
    const oldest = page.at(-1)?.generation_id ?? "";
    const whole = page.length < PAGE;
    const listed = new Set(page.map((one) => one.generation_id));
    generations.value = generations.value.filter(
      (one) =>
        listed.has(one.generation_id) || !hasEnded(one) || (!whole && one.generation_id < oldest),
    );
    upsert(...page);
    if (whole) allLoaded.value = true;
    loaded.value = true;
  });

let loading = false;

export async function loadMore() {
  if (loading || allLoaded.value || !loaded.value) return;
  loading = true;
  await attempt(async () => {
    const page = await api.listGenerations(PAGE, generations.value.at(-1)?.generation_id);
    allLoaded.value = page.length < PAGE;
    upsert(...page);
  });
  loading = false;
}

function onGeneration(generation) {
  const before = findGeneration(generation.generation_id);
  upsert(generation);
  if (!hasEnded(generation)) return;
  const { [generation.generation_id]: _, ...rest } = ticks.value;
  ticks.value = rest;
  if (before && !hasEnded(before)) {
    announced.value = t(`said_${generation.state}`, { prompt: generation.request.prompt });
  }
}

function onTick({ generation_id: id, ...tick }) {
  const known = findGeneration(id);
  if (known && !hasEnded(known)) ticks.value = { ...ticks.value, [id]: tick };
}

export const follow = () =>
  api.watch({ refresh, generation: onGeneration, tick: onTick }, (state) => {
    connected.value = state;
  });
