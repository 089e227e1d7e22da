/** What a person is about to ask for. */
import { computed, effect, signal } from "@preact/signals";
import * as api from "../api.js";
import { generations } from "./generations.js";
import { attempt } from "./toasts.js";

export const SHAPES = { square: [1, 1], landscape: [4, 3], portrait: [3, 4], wide: [16, 9] };
export const COUNTS = [1, 2, 4, 8];
const KEPT = "maquette.composer";

export const models = signal([]);
export const draft = signal(read());
/** The picture to begin from: {hash, url, width, height}; null where from nothing. */
export const source = signal(null);

export const model = computed(() => models.value.find((one) => one.id === draft.value.model));
export const change = (values) => {
  draft.value = { ...draft.value, ...values };
};

function read() {
  const usual = { prompt: "", negative_prompt: "", count: 1, seed: "", strength: 0.6 };
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(KEPT)) };
  } catch {
    return usual;
  }
}

effect(() => localStorage.setItem(KEPT, JSON.stringify(draft.value)));

export const usualValues = ({ id, side_px, num_inference_steps, guidance_scale, sampler }) => ({
  model: id,
  num_inference_steps,
  guidance_scale,
  sampler,
  width: side_px,
  height: side_px,
});

export const loadModels = () =>
  attempt(async () => {
    models.value = (await api.listModels()).data;
    if (!model.value) change(usualValues(models.value[0]));
  });

/** Width and height of a shape, as large as the model's usual square. */
export function sizeOf(shape) {
  const [across, down] = SHAPES[shape];
  const { side_px: side, side_step_px: step } = model.value;
  const round = (px) => Math.round(px / step) * step;
  return {
    width: round(side * Math.sqrt(across / down)),
    height: round(side * Math.sqrt(down / across)),
  };
}

/** The nearest size that the model draws, as large as its usual square. */
export function sizeFor(width, height) {
  const { side_px: side, side_step_px: step, least_side_px: least } = model.value;
  const fit = (px) => Math.max(least, Math.round(px / step) * step);
  const scale = side / Math.sqrt(width * height);
  return { width: fit(width * scale), height: fit(height * scale) };
}

/** The draft as the server takes it. */
export function request() {
  const { seed, strength, ...rest } = draft.value;
  const asked = { ...rest, seed: seed === "" ? null : Number(seed) };
  if (source.value) Object.assign(asked, { source: source.value.hash, strength });
  return asked;
}

const SHARED = ["prompt", "negative_prompt", "model", "count", "num_inference_steps"].concat([
  "guidance_scale",
  "sampler",
  "width",
  "height",
]);

/** Takes a request's values over: all of them, or all but the seed. */
export function recall(asked, { seed = true } = {}) {
  const values = Object.fromEntries(SHARED.map((name) => [name, asked[name]]));
  change({ ...values, seed: seed ? String(asked.seed) : "" });
  // A mask belongs to the editor; what is begun from is taken over.
  source.value = null;
  if (asked.source && !asked.mask) {
    change({ strength: asked.strength });
    beginFrom(asked.source, api.pictureUrl(asked.source), asked);
  }
}

export function beginFrom(hash, url, { width, height }) {
  source.value = { hash, url, width, height };
  change({ width, height });
}

/** All different prompts so far, the newest first. */
export const prompts = computed(() => [
  ...new Set(generations.value.map((one) => one.request.prompt)),
]);

let place = -1;
let unsent = "";

/** Goes back (1) or forth (-1) through the prompts so far; before the newest is what was typed. */
export function browsePrompts(by) {
  if (place === -1 || prompts.value[place] !== draft.value.prompt) {
    place = -1;
    unsent = draft.value.prompt;
  }
  place = Math.min(Math.max(place + by, -1), prompts.value.length - 1);
  change({ prompt: place === -1 ? unsent : prompts.value[place] });
}
