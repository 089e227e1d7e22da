/** One picture, large, with what made it and what can be done with it. */
import * as actions from "../actions.js";
import { html } from "../html.js";
import { pictures } from "../state/generations.js";
import { close } from "../state/view.js";
import { credits, duration, moment, t } from "../words.js";
import { CommandButton, Dialog, IconButton, MOST_ENLARGED, WithPictures } from "./controls.js";

const ACTIONS = [
  ["vary", "vary", actions.vary],
  ["use_as_start", "start", actions.useAsStart],
  ["use_in_text", "words", actions.useInText],
  ["repair", "repair", actions.edit],
  ["extend", "extend", actions.extend],
  ["compare", "compare", actions.compare],
  ["download", "download", actions.download],
];
const RECALLS = [
  ["use_all", actions.useAll],
  ["use_prompt", actions.usePrompt],
  ["use_seed", actions.useSeed],
  ["remix", actions.remix],
];

export function PictureDialog({ id }) {
  const show = (picture) => html`<${Details} picture=${picture} />`;
  return html`<${WithPictures} ids=${[id]} show=${show} />`;
}

function Details({ picture }) {
  const { generation, asset } = picture;
  const { request } = generation;
  return html`
    <${Dialog} label=${t("details")} kind="details">
      <figure>
        <${Neighbour} of=${picture} by=${-1} />
        <img
          src=${asset.url}
          alt=${request.prompt}
          width=${request.width}
          height=${request.height}
          style=${{ "--most": `${MOST_ENLARGED * request.height}px` }}
        />
        <${Neighbour} of=${picture} by=${1} />
      </figure>
      <aside>
        <${IconButton} icon="close" words=${t("close")} act=${close} class="icon-button closer" />
        <h1>${request.prompt}</h1>
        <${Facts} ...${picture} />
        <div class="actions">
          ${ACTIONS.map(
            ([words, icon, act]) => html`
              <${CommandButton} words=${words} icon=${icon} act=${() => act(picture)} />
            `,
          )}
        </div>
        <div class="recalls" role="group" aria-label=${t("settings")}>
          ${RECALLS.map(
            ([words, act]) => html`
              <button type="button" class="chip" onClick=${() => act(picture)}>${t(words)}</button>
            `,
          )}
        </div>
        <${CommandButton}
          words="delete"
          icon="delete"
          class="danger"
          act=${() => actions.deleteAndGoOn(picture, true)}
        />
      </aside>
    <//>
  `;
}

function Neighbour({ of, by }) {
  const all = pictures.value;
  const place = all.findIndex(({ asset }) => asset.asset_id === of.asset.asset_id);
  const next = place < 0 ? undefined : all[place + by];
  return html`<${IconButton}
    icon=${by < 0 ? "left" : "right"}
    words=${t(by < 0 ? "previous_picture" : "next_picture")}
    class="icon-button neighbour"
    disabled=${!next}
    act=${() => actions.open(next)}
  />`;
}

function Facts({ generation, asset }) {
  const { request, started_at, finished_at } = generation;
  const lasted = new Date(finished_at) - new Date(started_at);
  const facts = [
    [t("made"), t("made_in", { when: moment(finished_at), time: duration(lasted) })],
    [t("size"), `${request.width} × ${request.height}`],
    [t("seed"), asset.seed],
    [t("steps"), request.num_inference_steps],
    [t("guidance"), request.guidance_scale],
    [t("sampler"), request.sampler],
    [t("model"), request.model],
  ];
  const { charged_microcredits: charged } = generation;
  if (charged > 0) facts.push([t("price"), t("for_credits", { credits: credits(charged) })]);
  if (request.negative_prompt) facts.unshift([t("negative_prompt"), request.negative_prompt]);
  if (request.source) facts.push([t("strength"), request.strength]);
  return html`<dl>
    ${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}
