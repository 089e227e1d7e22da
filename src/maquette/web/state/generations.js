/** The requests of this account, kept level with the server. */
import { computed, signal } from "@preact/signals";
import * as api from "../api.js";
import { t } from "../words.js";
import { tellBalance } from "./balance.js";
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
const isShown = (generation) =>
  !hasEnded(generation) || generation.state === "failed" || generation.assets.length > 0;
export const shown = computed(() => generations.value.filter(isShown));
/** All pictures on the screen, in reading order, each with the request that made it. */
export const pictures = computed(() => shown.value.flatMap(picturesOf));
export const picturesOf = (generation) => generation.assets.map((asset) => ({ generation, asset }));

export const findGeneration = (id) => generations.value.find((one) => one.generation_id === id);

/** Deleted: an answer that was under way meanwhile does not bring them back. */
const gone = new Set();
/** Of those, the ones that the server does not know of yet. */
const going = new Set();

/** Pictures that were deleted just now, likewise. */
const goneAssets = new Set();
const STALE_MS = 10_000;

/** Hides a picture at once, whatever answers that are under way still say of it. */
export function forgetAsset(id) {
  goneAssets.add(id);
  setTimeout(() => goneAssets.delete(id), STALE_MS);
  upsert();
}

export const rememberAsset = (id) => goneAssets.delete(id);

/** What has nothing to hide stays the same object: its row is not drawn again. */
function withoutGone(generation) {
  const assets = generation.assets.filter((one) => !goneAssets.has(one.asset_id));
  return assets.length < generation.assets.length ? { ...generation, assets } : generation;
}

const rank = (generation) => ["queued", "running"].indexOf(generation.state) + 1 || 3;

/** What is known after an answer that may be older than what a stream has told meanwhile. */
const later = (known, answer) => (known && rank(known) > rank(answer) ? known : answer);

export function upsert(...changed) {
  const byId = new Map(generations.value.map((one) => [one.generation_id, one]));
  for (const one of changed) {
    const id = one.generation_id;
    if (!gone.has(id)) byId.set(id, later(byId.get(id), one));
  }
  const newestFirst = (a, b) => (a.generation_id < b.generation_id ? 1 : -1);
  generations.value = [...byId.values()].map(withoutGone).sort(newestFirst);
}

/** Forgets a request, at once, while `act` has the server delete it. */
export async function forgetWhile(id, act) {
  going.add(id);
  forget(id);
  try {
    return await act();
  } catch (problem) {
    gone.delete(id);
    throw problem;
  } finally {
    going.delete(id);
  }
}

function forget(id) {
  gone.add(id);
  generations.value = generations.value.filter((one) => one.generation_id !== id);
}

export const remember = (generation) => {
  gone.delete(generation.generation_id);
  upsert(generation);
};

let refreshes = 0;

/** Lists the newest anew. What is missing among them was deleted elsewhere; where they do not
 * reach back to what is known, the rest is dropped, to be loaded again.
 */
export const refresh = () =>
  attempt(async () => {
    const mine = ++refreshes;
    const before = new Set(generations.value.map((one) => one.generation_id));
    const page = await api.listGenerations(PAGE);
    if (mine !== refreshes) return;
    const listed = new Set(page.map((one) => one.generation_id));
    const whole = page.length < PAGE;
    const overlaps = page.some((one) => before.has(one.generation_id));
    const oldest = page.at(-1)?.generation_id ?? "";
    generations.value = generations.value.filter(({ generation_id: id }) => {
      const cameMeanwhile = !before.has(id);
      return listed.has(id) || cameMeanwhile || (!whole && overlaps && id < oldest);
    });
    upsert(...page);
    if (whole || !overlaps) allLoaded.value = whole;
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
  if (generation.kind !== "image") {
    others.get(generation.kind)?.generation?.(generation);
    return; // the gallery is of pictures
  }
  if (going.has(generation.generation_id)) return;
  const before = findGeneration(generation.generation_id);
  remember(generation);
  if (!hasEnded(generation)) return;
  const { [generation.generation_id]: _, ...rest } = ticks.value;
  ticks.value = rest;
  if (before && !hasEnded(before)) {
    announced.value = "";
    announced.value = t(`said_${generation.state}`, { prompt: generation.request.prompt });
  }
}

function onTick({ generation_id: id, ...tick }) {
  const known = findGeneration(id);
  if (known && !hasEnded(known)) ticks.value = { ...ticks.value, [id]: tick };
  toOthers((one) => one.tick?.(id, tick));
}

/** Who else follows the server, by the kind that they show: they may have functions `refresh()`,
 * `generation(one)`, `deleted(id)`, `tick(id, tick)` and `isBusy()`.
 */
export const others = new Map();
const toOthers = (act) => {
  for (const one of others.values()) act(one);
};

/** Follows the server; `onRefresh` is called whenever the connection is new. Returns what ends
 * that.
 */
export const follow = (onRefresh) =>
  api.watch(
    {
      refresh: () => {
        refresh();
        toOthers((one) => one.refresh?.());
        onRefresh();
      },
      generation: onGeneration,
      deleted: ({ generation_id: id }) => {
        forget(id);
        toOthers((one) => one.deleted?.(id));
      },
      tick: onTick,
      balance: tellBalance,
    },
    (state) => (connected.value = state),
    () => unfinished.value.length > 0 || [...others.values()].some((one) => one.isBusy?.()),
  );
