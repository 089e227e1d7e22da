/** A picture that a text is about: one of one's own, or what it shows in words. */
import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";
import * as api from "../../api_words.js";
import { html } from "../../html.js";
import { attempt } from "../../state/toasts.js";
import { t } from "../../words.js";
import { Area } from "./fields.js";

const ASSET = "asset:";
const SHOWN = 12;

/** The pictures that were made last, `{asset, prompt}`; null until they have come. */
const recent = signal(null);

const loadRecent = () =>
  attempt(async () => {
    const found = await api.listPictures();
    recent.value = found
      .flatMap(({ assets, request }) => assets.map((asset) => ({ asset, prompt: request.prompt })))
      .slice(0, SHOWN);
  });

const HASH = /^[0-9a-f]{64}$/; // of one that was put, as the API takes it
export const namesPicture = (value) =>
  typeof value === "string" && (value.startsWith(ASSET) || HASH.test(value));
export const nameOf = (asset) => ASSET + asset.asset_id;

/** The name of what was filled in, for people. */
export const said = (value) => (namesPicture(value) ? t("a_picture") : value);

export function PictureInput({ shared }) {
  const { name, label, value, onChange } = shared;
  useEffect(() => {
    loadRecent();
  }, []);
  const words = namesPicture(value) ? "" : value;
  return html`
    <fieldset class="own-pictures">
      <legend class="label">${label}</legend>
      ${
        recent.value?.length > 0 &&
        html`<div class="choices">
          ${chosenFirst(recent.value, value).map(
            (one) => html`<${Choice} ...${one} name=${name} value=${value} onChange=${onChange} />`,
          )}
        </div>`
      }
      ${recent.value?.length === 0 && html`<p class="hint">${t("no_pictures_yet")}</p>`}
      ${
        namesPicture(value) &&
        html`<button type="button" class="button quiet" onClick=${() => onChange("")}>
          ${t("no_picture")}
        </button>`
      }
    </fieldset>
    <${Area}
      ...${shared}
      label=${t("in_words")}
      value=${words}
      aria-required=${namesPicture(value) ? null : shared["aria-required"]}
      optional=${namesPicture(value) ? t("optional") : shared.optional}
      rows=${3}
    />
  `;
}

/** One that was chosen elsewhere may be older than what is shown. */
function chosenFirst(pictures, value) {
  const isShown = pictures.some(({ asset }) => nameOf(asset) === value);
  if (isShown || !namesPicture(value)) return pictures;
  const id = value.slice(ASSET.length);
  return [{ asset: { asset_id: id, url: `/v1/assets/${id}` }, prompt: "" }, ...pictures];
}

function Choice({ asset, prompt, name, value, onChange }) {
  return html`
    <label class="own-picture" title=${prompt}>
      <input
        type="radio"
        name=${`${name}-picture`}
        value=${nameOf(asset)}
        checked=${value === nameOf(asset)}
        onChange=${() => onChange(nameOf(asset))}
      />
      <img src=${`${asset.url}?width=256`} alt=${prompt || t("a_picture")} loading="lazy" />
    </label>
  `;
}
