/** What a person can do with requests and pictures. A picture is `{generation, asset}`. */
import * as api from "./api.js";
import * as composer from "./state/composer.js";
import { findGeneration, forget, unfinished, upsert } from "./state/generations.js";
import { attempt, toast } from "./state/toasts.js";
import { close, firstToCompare, show } from "./state/view.js";
import { t } from "./words.js";

/** How much of a picture a variation may change. */
const VARIATION_STRENGTH = 0.55;

/** Sends a request; resolves to whether it was accepted. */
export const submit = (asked) =>
  attempt(async () => {
    upsert(await api.createGeneration(asked));
    document.querySelector(".feed")?.scrollTo({ top: 0 });
    return true;
  });

export function create() {
  if (!composer.draft.value.prompt.trim()) {
    document.querySelector("#prompt").focus();
    toast(t("say_what"));
    return;
  }
  submit(composer.request());
}

export const retry = ({ request }) => submit(request);

/** The same again with other noise. */
export const more = ({ request }) => submit({ ...request, seed: null });

/** More like this one: begun from it, with other noise. */
export function vary({ generation, asset }) {
  const asked = { ...generation.request, source: asset.content_hash, mask: null };
  submit({ ...asked, strength: VARIATION_STRENGTH, seed: null, count: 4 });
  toast(t("varying"));
  close();
}

export function useAsStart({ generation, asset }) {
  composer.recall(generation.request, { seed: false });
  composer.beginFrom(asset.content_hash, asset.url, generation.request);
  close();
  document.querySelector("#prompt").focus();
}

/** Begins from a file: cut to the nearest size that the model draws. */
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
    const hash = await api.putPicture(await pngOf(canvas));
    composer.beginFrom(hash, api.pictureUrl(hash), size);
  });

export const pngOf = (canvas) => new Promise((done) => canvas.toBlob(done, "image/png"));

export function useAll({ generation, asset }) {
  composer.recall(generation.request);
  useSeed({ asset });
}

export function usePrompt({ generation }) {
  composer.change({ prompt: generation.request.prompt });
  done("prompt_taken");
}

export function useSeed({ asset }) {
  composer.change({ seed: String(asset.seed) });
  done("seed_taken");
}

/** All but the seed. */
export function remix({ generation }) {
  composer.recall(generation.request, { seed: false });
  done("settings_taken");
}

function done(key) {
  toast(t(key));
  close();
}

export const cancel = (generation) =>
  attempt(async () => {
    upsert(await api.cancelGeneration(generation.generation_id));
    toast(t("cancelled"), { action: t("again"), act: () => retry(generation) });
  });

export const cancelNewest = () => unfinished.value[0] && cancel(unfinished.value[0]);

/** Deletes a picture; with a request's last picture goes the request. */
export function deletePicture({ generation, asset }) {
  const { generation_id: id } = generation;
  const rest = generation.assets.filter((one) => one.asset_id !== asset.asset_id);
  if (rest.length === 0) return deleteGeneration(generation);
  const undo = async () => {
    await api.restoreAsset(asset.asset_id);
    upsert(await api.getGeneration(id));
  };
  return attempt(async () => {
    await api.deleteAsset(asset.asset_id);
    upsert({ ...findGeneration(id), assets: rest });
    toast(t("picture_deleted"), { action: t("undo"), act: () => attempt(undo) });
  });
}

export function deleteGeneration({ generation_id: id, assets }) {
  const undo = async () => {
    await api.restoreGeneration(id);
    upsert(await api.getGeneration(id));
  };
  const said =
    assets.length > 1 ? t("pictures_deleted", { n: assets.length }) : t("picture_deleted");
  return attempt(async () => {
    await api.deleteGeneration(id);
    forget(id);
    toast(assets.length ? said : t("request_deleted"), {
      action: t("undo"),
      act: () => attempt(undo),
    });
  });
}

export function download({ asset, generation }) {
  const words = generation.request.prompt
    .slice(0, 60)
    .trim()
    .replace(/[^\p{L}\p{N}]+/gu, "-");
  const link = document.createElement("a");
  Object.assign(link, { href: asset.url, download: `${words}-${asset.seed}.png` });
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
