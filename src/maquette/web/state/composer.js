/** What a person is about to ask for. */
import { computed, effect, signal } from "@preact/signals";
import * as api from "../api.js";
import { generations, loadMore } from "./generations.js";
import { keep, kept } from "./kept.js";
import { attempt } from "./toasts.js";

export const SHAPES = { square: [1, 1], landscape: [4, 3], portrait: [3, 4], wide: [16, 9] };
export const COUNTS = [1, 2, 4, 8];

/** What a request is made of, apart from the picture to start from and its strength. */
const ASKED = [
  "prompt",
  "negative_prompt",
  "model",
  "count",
  "num_inference_steps",
  "guidance_scale",
  "guidance_interval",
  "sampler",
  "adapters",
  "width",
  "height",
];
const FRESH = { prompt: "", negative_prompt: "", count: 1, seed: "", strength: 0.6, source: null };

const pick = (from, names) =>
  Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]));

export const models = signal([]);
/** The values of ASKED; `seed`, empty where it is drawn anew; `source`, the picture to start from,
 * `{hash, mask, url, width, height}` or null, and its `strength`.
 */
export const draft = signal({
  ...FRESH,
  ...pick(kept("draft") ?? {}, [...ASKED, ...Object.keys(FRESH)]),
});

effect(() => keep("draft", draft.value));

export const model = computed(() => models.value.find((one) => one.id === draft.value.model));
export const source = computed(() => draft.value.source);
export const change = (values) => {
  draft.value = { ...draft.value, ...values };
};

const usualValues = ({ id, side_px, num_inference_steps, guidance_scale, sampler }) => ({
  model: id,
  num_inference_steps,
  guidance_scale,
  guidance_interval: [0, 1],
  sampler,
  adapters: [],
  width: side_px,
  height: side_px,
});

/** Another model, with its usual steps, guidance and sampler. */
export function chooseModel(id) {
  const { width, height } = draft.value;
  change({ ...usualValues(models.value.find((one) => one.id === id)), width, height });
}

/** All but the prompt as it usually is. */
export const reset = () =>
  change({ ...FRESH, ...usualValues(model.value), prompt: draft.value.prompt });

export const loadModels = () =>
  attempt(async () => {
    models.value = (await api.listModels()).data.filter(({ media }) => media === "image");
    if (!model.value) change(usualValues(models.value[0]));
  });

/** The nearest size of that shape that the model draws, as large as its usual square. */
export function sizeFor(width, height) {
  const { side_px: side, side_step_px: step } = model.value;
  const { least_side_px: least, most_side_px: most } = model.value;
  const fit = (px) => Math.min(most, Math.max(least, Math.round(px / step) * step));
  const scale = side / Math.sqrt(width * height);
  return { width: fit(width * scale), height: fit(height * scale) };
}

const within = (value, least, most) => value >= least && value <= most;

/** Whether the numbers are such as the model takes; what else does not fit the server says. */
export function fits() {
  const { width, height, num_inference_steps: steps, guidance_scale: guidance } = draft.value;
  const { least_side_px: least, most_side_px: most, side_step_px: step } = model.value;
  const isSide = (px) => within(px, least, most) && px % step === 0;
  const isSize = isSide(width) && isSide(height);
  return isSize && Number.isInteger(steps) && within(steps, 1, 1000) && within(guidance, 0, 50);
}

/** The draft as the server takes it. */
export function request() {
  const { seed, strength, source: start, ...rest } = draft.value;
  const asked = { ...pick(rest, ASKED), seed: seed === "" ? null : Number(seed) };
  if (start) Object.assign(asked, { source: start.hash, mask: start.mask, strength });
  return asked;
}

/** Takes a request's values over, all but the seed. */
export function recall(asked) {
  change({ ...pick(asked, ASKED), seed: "", source: null });
  if (!asked.source) return;
  change({ strength: asked.strength });
  startFrom(asked.source, asked, asked.mask);
}

export function startFrom(hash, { width, height }, mask = null) {
  const start = { hash, mask, url: api.pictureUrl(hash), width, height };
  change({ source: start, width, height });
}

/** All different prompts so far, the newest first. */
const prompts = computed(() => [...new Set(generations.value.map((one) => one.request.prompt))]);
let unsent = "";

/** Goes back (1) or forth (-1) through the prompts so far; before the newest is what was typed. */
export function browsePrompts(by) {
  const { prompt } = draft.value;
  const place = prompts.value.indexOf(prompt);
  if (place === -1) unsent = prompt;
  const next = Math.min(place + by, prompts.value.length - 1);
  if (next > prompts.value.length - 5) loadMore();
  change({ prompt: next < 0 ? unsent : prompts.value[next] });
}
