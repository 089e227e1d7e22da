/** One narration: played, downloaded, used again, deleted; or how far it is. */
import * as api from "../api.js";
import { html } from "../html.js";
import { hasEnded } from "../state/generations.js";
import * as speech from "../state/speech.js";
import { attempt, toast } from "../state/toasts.js";
import { nameOf, speakerOf, wordsOf } from "../speech_names.js";
import { credits, moment, t, told } from "../words.js";
import { IconButton } from "./controls.js";
import { Icon } from "./icons.js";
import { Player, isPlayed } from "./player.js";

const ofKind = (assets, kind) => assets.find((one) => one.media_type === kind);

export function Narration({ generation }) {
  const { request, assets, state } = generation;
  const sound = assets.find(({ media_type: kind }) => kind.startsWith("audio/"));
  const timings = ofKind(assets, "application/json");
  const canPlay = sound && timings && isPlayed(sound);
  return html`
    <li class="card narration" data-state=${state}>
      ${
        canPlay
          ? html`<${Player} sound=${sound} timings=${timings} text=${request.text} />`
          : html`<p class="spoken">${request.text}</p>`
      }
      ${sound && !canPlay && html`<p class="quiet">${t("speech_no_player")}</p>`}
      ${!hasEnded(generation) && html`<${Progress} generation=${generation} />`}
      ${state === "failed" && html`<p class="problem">${told(generation.error)}</p>`}
      <p class="facts">${factsOf(generation).join(" · ")}</p>
      ${hasEnded(generation) && html`<${Actions} ...${{ generation, sound }} />`}
    </li>
  `;
}

function factsOf(generation) {
  const { request, created_at: at } = generation;
  const { price_microcredits: price, charged_microcredits: charged } = generation;
  const known = speech.voices.value.find((one) => one.model === request.model);
  const spoken = known?.languages.find((one) => one.language === request.language);
  return [
    moment(at),
    request.model !== "espeak-ng" && request.model,
    spoken ? wordsOf(spoken) : request.language,
    speakerOf(request.voice),
    request.speed !== 1 && `${request.speed} ×`,
    nameOf(request.format),
    (charged ?? price) > 0 && t("for_credits", { credits: credits(charged ?? price) }),
  ].filter(Boolean);
}

function Progress({ generation }) {
  const { generation_id: id, state } = generation;
  const tick = speech.ticks.value[id];
  const words = tick
    ? t("speech_sentences", { said: tick.sentences_said, of: tick.sentences })
    : t(state === "queued" ? "waiting" : "starting");
  const cancel = () =>
    attempt(async () => {
      speech.upsert(await api.cancelGeneration(id));
      toast(t("cancelled"));
    });
  return html`
    <div class="progress">
      <progress aria-label=${words} max=${tick?.sentences ?? 1} value=${tick?.sentences_said}>
      </progress>
      <p><span>${words}</span></p>
      <button type="button" class="button quiet" onClick=${cancel}>${t("cancel")}</button>
    </div>
  `;
}

function Actions({ generation, sound }) {
  const { request, assets, generation_id: id, state } = generation;
  const begun = request.text.replace(/<[^>]*>|\W+/gu, " ").trim().slice(0, 30);
  const name = `${begun || "speech"}`.replace(/\s+/g, "-");
  const link = (asset, suffix, words) =>
    asset &&
    html`<a class="button" href=${asset.url} download=${`${name}.${suffix}`}>
      <${Icon} name="download" /><span>${words}</span>
    </a>`;
  const again = () => {
    speech.recall(request);
    toast(t("speech_taken"));
    document.querySelector("#speech-text").focus();
  };
  const remove = () =>
    attempt(async () => {
      speech.forget(id);
      await api.deleteGeneration(id);
      const undo = () =>
        attempt(async () => {
          await api.restoreGeneration(id);
          speech.upsert(await api.getGeneration(id));
        });
      toast(t("speech_deleted"), { action: t("undo"), act: undo });
    });
  return html`
    <div class="row-actions">
      ${link(sound, request.format, t("speech_download", { format: nameOf(request.format) }))}
      ${link(ofKind(assets, "application/x-subrip"), "srt", t("speech_srt"))}
      ${link(ofKind(assets, "text/vtt"), "vtt", t("speech_vtt"))}
      <${IconButton}
        icon="again"
        words=${t(state === "failed" ? "again" : "speech_again")}
        shown
        act=${state === "failed" ? () => speech.send(request) : again}
      />
      <${IconButton} icon="delete" words=${t("delete")} act=${remove} />
    </div>
  `;
}
