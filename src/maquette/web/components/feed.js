/** The gallery: a row a request, the newest first, older ones as they are scrolled to. */
import { useEffect, useRef, useState } from "preact/hooks";
import * as actions from "../actions.js";
import { serverNow, sizesOf } from "../api.js";
import { html } from "../html.js";
import {
  allLoaded,
  connected,
  generations,
  hasEnded,
  loadMore,
  loaded,
  shown,
  ticks,
  unfinished,
} from "../state/generations.js";
import { firstToCompare } from "../state/view.js";
import { credits, duration, moment, t, told } from "../words.js";
import { Examples } from "./composer.js";
import { IconButton } from "./controls.js";

export function Feed({ hidden }) {
  const rows = shown.value;
  return html`
    <main class="feed" hidden=${hidden} aria-label=${t("gallery")} tabindex="-1">
      ${allLoaded.value && rows.length === 0 && html`<${Empty} />`}
      ${rows.map(rowOf)}
      <${More} />
    </main>
  `;
}

/** The row of each request that has one: given again, it is not so much as looked at. */
const rowsMade = new WeakMap();

function rowOf(generation) {
  const { generation_id: key } = generation;
  const row = rowsMade.get(generation) ?? html`<${Row} key=${key} generation=${generation} />`;
  rowsMade.set(generation, row);
  return row;
}

const Empty = () => html`
  <div class="empty">
    <h2>${t("empty_title")}</h2>
    <p>${t("empty_text")}</p>
    <${Examples} />
  </div>
`;

/** Loads the next page when it comes near. */
function More() {
  const ref = useRef();
  const some = shown.value.length > 0;
  useEffect(() => {
    const near = new IntersectionObserver(
      (entries) => entries.some((one) => one.isIntersecting) && loadMore(),
      { rootMargin: "1000px" },
    );
    near.observe(ref.current);
    return () => near.disconnect();
  }, [generations.value.length, connected.value, loaded.value]);
  const words = allLoaded.value ? some && t("the_end") : t("loading");
  return html`<p class="more" ref=${ref}>${words}</p>`;
}

function Row({ generation }) {
  const { request, assets } = generation;
  const count = assets.length || (hasEnded(generation) ? 0 : request.count);
  return html`
    <article class="row" data-count=${Math.min(count, 4)} data-state=${generation.state}>
      ${
        count > 0 &&
        html`<div class="pictures">
        ${
          assets.length
            ? assets.map(
                (asset) => html`<${Picture} key=${asset.asset_id} ...${{ generation, asset }} />`,
              )
            : [...Array(count).keys()].map((n) => html`<${Coming} ...${{ generation, n }} />`)
        }
      </div>`
      }
      <${About} generation=${generation} />
    </article>
  `;
}

function Picture({ generation, asset }) {
  const { request, assets } = generation;
  const number = assets.indexOf(asset) + 1;
  const words = { n: number, count: assets.length, prompt: request.prompt };
  const chosen = firstToCompare.value === asset.asset_id;
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab or window of its own
    event.preventDefault();
    if (firstToCompare.value) actions.compare({ generation, asset });
    else actions.open({ generation, asset });
  };
  return html`
    <a
      class=${`picture ${chosen ? "is-chosen" : ""}`}
      href=${`#/picture/${asset.asset_id}`}
      data-asset=${asset.asset_id}
      onClick=${open}
    >
      <img
        loading="lazy"
        decoding="async"
        sizes="auto, (width < 75rem) 100vw, 21rem"
        srcset=${sizesOf(asset, request.width)}
        src=${asset.url}
        alt=${t("picture_of", words)}
        width=${request.width}
        height=${request.height}
      />
    </a>
  `;
}

/** A picture while it comes out of the noise. */
function Coming({ generation, n }) {
  const { request, generation_id: id } = generation;
  const preview = ticks.value[id]?.previews?.[n];
  const style = { aspectRatio: `${request.width} / ${request.height}` };
  return html`
    <div class="picture is-coming" style=${style}>
      ${preview && html`<img src=${preview} alt=${t("coming", { prompt: request.prompt })} />`}
    </div>
  `;
}

function About({ generation }) {
  const { request, created_at, state } = generation;
  const { price_microcredits: price, charged_microcredits: charged } = generation;
  const facts = [
    moment(created_at),
    `${request.width} × ${request.height}`,
    t(request.num_inference_steps === 1 ? "step_1" : "steps_n", {
      n: request.num_inference_steps,
    }),
    request.mask ? t("repaired") : request.source && t("begun_from"),
    (charged ?? price) > 0 && t("for_credits", { credits: credits(charged ?? price) }),
    state === "failed" && actions.gaveBack(generation),
  ].filter(Boolean);
  return html`
    <div class="about">
      <h2 title=${request.prompt}>${request.prompt}</h2>
      <p class="facts">${facts.join(" · ")}</p>
      ${!hasEnded(generation) && html`<${Progress} generation=${generation} />`}
      ${state === "failed" && html`<p class="problem">${told(generation.error)}</p>`}
      <${RowActions} generation=${generation} />
    </div>
  `;
}

function RowActions({ generation }) {
  const { state, assets } = generation;
  if (!hasEnded(generation)) return null;
  const remove = () => actions.removeRow(generation);
  if (state === "failed") {
    return html`<div class="row-actions">
      <${IconButton}
        icon="again"
        words=${t("again")}
        shown
        act=${() => actions.retry(generation)}
      />
      <${IconButton} icon="close" words=${t("dismiss")} shown act=${remove} />
    </div>`;
  }
  const first = { generation, asset: assets[0] };
  return html`<div class="row-actions">
    <${IconButton} icon="again" words=${t("more")} shown act=${() => actions.more(generation)} />
    <${IconButton} icon="settings" words=${t("remix")} shown act=${() => actions.remix(first)} />
    <${IconButton} icon="delete" words=${t("delete_all")} act=${remove} />
  </div>`;
}

const SECOND_MS = 1000;

function Progress({ generation }) {
  const { generation_id: id, state } = generation;
  const tick = ticks.value[id];
  const [now, setNow] = useState(serverNow);
  const waits = !tick;
  useEffect(() => {
    if (!waits) return undefined; // each tick says anew what is left
    const timer = setInterval(() => setNow(serverNow()), SECOND_MS);
    return () => clearInterval(timer);
  }, [waits]);
  const before = unfinished.value.filter((one) => one.generation_id < id).length;
  let words = state === "queued" ? t("waiting") : t("starting");
  if (state === "queued" && before) words = t("waiting_behind", { n: before });
  // Its pictures take their steps side by side; a person thinks of one.
  const each = (steps) => Math.ceil(steps / generation.request.count);
  if (tick) words = t("step_of", { step: each(tick.step), steps: each(tick.steps) });
  const left = tick ? tick.remaining_ms : Date.parse(generation.expected_at) - now;
  return html`
    <div class="progress">
      <progress aria-label=${words} max=${tick?.steps ?? 1} value=${tick?.step}></progress>
      <p>
        <span>${words}</span>
        ${left > 0 && html`<span> · ${t("left", { time: duration(left) })}</span>`}
      </p>
      <button type="button" class="button quiet" onClick=${() => actions.cancel(generation)}>
        ${t("cancel")}
      </button>
    </div>
  `;
}
