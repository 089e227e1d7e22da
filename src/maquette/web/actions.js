/** What a person can do with requests and pictures. A picture is `{generation, asset}`. */
import * as api from "./api.js";
import * as composer from "./state/composer.js";
import { findGeneration, forgetAsset, forgetWhile, refresh } from "./state/generations.js";
import { remember, rememberAsset } from "./state/generations.js";
import { pictures, unfinished, upsert } from "./state/generations.js";
import { forgetPerson } from "./state/kept.js";
import { beginAnew } from "./state/me.js";
import { knownPrice, lacksFor } from "./state/price.js";
import { attempt, toast } from "./state/toasts.js";
import { close, firstToCompare, show, toGallery, visit } from "./state/view.js";
import { credits, t } from "./words.js";

/** How much of a picture a variation may change. */
const VARIATION_STRENGTH = 0.55;

/** Sends a request; resolves to whether it was accepted. */
export const submit = (asked) =>
  attempt(async () => {
    try {
      upsert(await api.createGeneration(asked));
    } catch (problem) {
      if (problem.status !== LACKS_CREDITS) throw problem;
      offerCredits(problem.message);
      return false;
    }
    feed().scrollTo({ top: 0 });
    return true;
  });

const LACKS_CREDITS = 402;

const offerCredits = (words) =>
  toast(words, { kind: "problem", action: t("page_buy"), act: () => visit("#/buy") });

const feed = () => document.querySelector(".feed");
export const focusPrompt = () => document.querySelector("#prompt").focus();

export function create() {
  if (!composer.draft.value.prompt.trim()) {
    focusPrompt();
    toast(t("say_what"));
    return;
  }
  const asked = composer.request();
  if (lacksFor(knownPrice(asked))) offerCredits(t("lacks"));
  else submit(asked);
}

export const retry = ({ request }) => submit(request);

/** The same again with other noise. */
export const more = ({ request }) => submit({ ...request, seed: null });

/** More like this one: begun from it, with other noise. */
export async function vary({ generation, asset }) {
  toGallery();
  const asked = { ...generation.request, source: asset.content_hash, mask: null };
  const accepted = await submit({
    ...asked,
    strength: VARIATION_STRENGTH,
    seed: null,
    count: 4,
  });
  if (accepted) toast(t("varying"));
}

export function useAsStart({ generation, asset }) {
  composer.recall({ ...generation.request, source: null });
  composer.startFrom(asset.content_hash, generation.request);
  toGallery();
  focusPrompt();
}

/** Starts from a file: cut to the nearest size that the model draws. */
export const useFile = (file) =>
  attempt(async () => {
    const bitmap = await createImageBitmap(file).catch(() => {
      throw new api.Problem(t("no_picture", { name: file.name }));
    });
    const size = composer.sizeFor(bitmap.width, bitmap.height);
    const scale = Math.max(size.width / bitmap.width, size.height / bitmap.height);
    const canvas = Object.assign(document.createElement("canvas"), size);
    const [w, h] = [bitmap.width * scale, bitmap.height * scale];
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(bitmap, (size.width - w) / 2, (size.height - h) / 2, w, h);
    bitmap.close();
    composer.startFrom(await api.putPicture(await pngOf(canvas)), size);
  });

export const pngOf = (canvas) => new Promise((done) => canvas.toBlob(done, "image/png"));

export function useAll({ generation, asset }) {
  composer.recall(generation.request);
  composer.change({ seed: String(asset.seed) });
  taken("settings_taken");
}

export function usePrompt({ generation }) {
  composer.change({ prompt: generation.request.prompt });
  taken("prompt_taken");
}

export function useSeed({ asset }) {
  composer.change({ seed: String(asset.seed) });
  taken("seed_taken");
}

/** All but the seed. */
export function remix({ generation }) {
  composer.recall(generation.request);
  taken("all_but_seed_taken");
}

function taken(key) {
  toast(t(key));
  toGallery();
}

export const cancel = (generation) =>
  attempt(async () => {
    const ended = await api.cancelGeneration(generation.generation_id);
    upsert(ended);
    feed().focus();
    const words = [t("cancelled"), gaveBack(ended)].filter(Boolean).join(" ");
    toast(words, { action: t("again"), act: () => retry(generation) });
  });

/** What of a price came back, in words; null where nothing did. */
export function gaveBack({ price_microcredits: price, charged_microcredits: charged }) {
  const back = charged === null ? 0 : price - charged;
  return back > 0 ? t("gave_back", { credits: credits(back) }) : null;
}

export const cancelNewest = () => unfinished.value[0] && cancel(unfinished.value[0]);

/** All deletions so far; to undo one waits for them. */
let deletions = Promise.resolve();

/** Sends a deletion that is seen already; what is shown is set right where it fails. */
function sendDeletion(act) {
  const sent = attempt(act).then((done) => done === undefined && refresh());
  deletions = Promise.all([deletions, sent]);
}

const undoing = (undo) => ({
  action: t("undo"),
  act: () =>
    attempt(async () => {
      await deletions;
      await undo();
    }),
});

/** Deletes a picture; with a request's last picture goes the request. */
export function deletePicture({ generation, asset }) {
  const id = generation.generation_id;
  const known = findGeneration(id) ?? generation;
  const assets = known.assets.filter((one) => one.asset_id !== asset.asset_id);
  if (assets.length === 0) {
    deleteGeneration(known);
    return;
  }
  forgetAsset(asset.asset_id);
  if (firstToCompare.value === asset.asset_id) firstToCompare.value = null;
  sendDeletion(async () => {
    await api.deleteAsset(asset.asset_id).catch((problem) => {
      rememberAsset(asset.asset_id);
      throw problem;
    });
    return true;
  });
  const undo = async () => {
    // With the pictures that were left, the request may have gone meanwhile.
    if (!findGeneration(id)) await api.restoreGeneration(id).catch(() => null);
    await api.restoreAsset(asset.asset_id);
    rememberAsset(asset.asset_id);
    remember(await api.getGeneration(id));
  };
  toast(t("picture_deleted"), undoing(undo));
}

export function deleteGeneration({ generation_id: id, assets }) {
  if (!findGeneration(id)) return;
  firstToCompare.value = null;
  sendDeletion(() => forgetWhile(id, () => api.deleteGeneration(id)));
  const undo = async () => {
    await api.restoreGeneration(id);
    remember(await api.getGeneration(id));
  };
  const said = ["request_deleted", "picture_deleted"][assets.length] ?? "pictures_deleted";
  toast(t(said, { n: assets.length }), undoing(undo));
}

/** As `deleteGeneration`, from a button that goes with it. */
export function removeRow(generation) {
  feed().focus();
  deleteGeneration(generation);
}

export function download({ asset, generation }) {
  const words = generation.request.prompt.slice(0, 60).trim();
  const name = words.replace(/[^\p{L}\p{N}]+/gu, "-");
  const link = document.createElement("a");
  Object.assign(link, { href: asset.url, download: `${name}-${asset.seed}.png` });
  link.click();
}

/** The first picture is kept in mind, the second opens both side by side. */
export function compare({ asset }) {
  const first = firstToCompare.value;
  if (first === null || first === asset.asset_id) {
    firstToCompare.value = first === null ? asset.asset_id : null;
    close();
    return;
  }
  firstToCompare.value = null;
  show("compare", first, asset.asset_id);
}

export const open = ({ asset }) => show("picture", asset.asset_id);
export const edit = ({ asset }) => show("edit", asset.asset_id);
export const extend = ({ asset }) => show("extend", asset.asset_id);

const focusPicture = ({ asset }) =>
  document.querySelector(`[data-asset="${asset.asset_id}"]`)?.focus();

export const signOut = (target = "#/") =>
  attempt(async () => {
    await api.signOut();
    forgetPerson();
    beginAnew(target);
  });

/** The picture that is `by` further on, opened or focused as the one before is. */
export function step(current, by, isOpen) {
  const all = pictures.value;
  const next = current
    ? all[all.findIndex(({ asset }) => asset.asset_id === current.asset.asset_id) + by]
    : all[0];
  if (next) isOpen ? open(next) : focusPicture(next);
}

/** Deletes the picture, and leaves the next one where it was. */
export function deleteAndGoOn(picture, isOpen) {
  const all = pictures.value;
  const place = all.findIndex(({ asset }) => asset.asset_id === picture.asset.asset_id);
  const next = all[place + 1] ?? all[place - 1];
  if (isOpen) next ? open(next) : close();
  else if (next) focusPicture(next);
  else feed().focus();
  deletePicture(picture);
}

/** Takes a picture to where texts are written. */
export const useInText = ({ asset }) =>
  attempt(async () => {
    const { takePicture } = await import("./pages/words/state.js");
    takePicture(asset);
    close();
    visit("#/words");
  });
