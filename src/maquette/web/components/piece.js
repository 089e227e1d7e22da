/** One piece of code: what was asked for, how far it is, and what came of it. */
import { useEffect, useState } from "preact/hooks";
import * as api from "../api.js";
import { textOf } from "../api_code.js";
import { html } from "../html.js";
import * as code from "../state/code.js";
import { hasEnded } from "../state/generations.js";
import { attempt, toast } from "../state/toasts.js";
import { credits, moment, t, told } from "../words.js";
import { Choice, IconButton } from "./controls.js";
import { Source } from "./source.js";

const SUFFIXES = {
  "text/x-python": ".py",
  "text/html": ".html",
  "image/svg+xml": ".svg",
  "image/png": ".png",
};
const SEEN = ["text/html", "image/svg+xml", "image/png"];
const READ = ["text/html", "image/svg+xml", "text/x-python"];

export function Piece({ piece }) {
  const { request, state, error } = piece;
  const title = request.prompt.trim();
  return html`
    <article class="card piece" aria-label=${title} aria-busy=${!hasEnded(piece)}>
      <header>
        <div>
          <h2>${title}</h2>
          <p class="quiet">
            <span class="tag">${t(`code_kind_${request.kind}`)}</span>
            ${` · ${request.model} · ${moment(piece.created_at)}`}
            ${
              piece.charged_microcredits > 0 &&
              html` · ${credits(piece.charged_microcredits)} ${t("credits_unit")}`
            }
          </p>
        </div>
        <${Actions} piece=${piece} />
      </header>
      ${!hasEnded(piece) && html`<${UnderWay} piece=${piece} />`}
      ${state === "failed" && html`<p class="problem" role="alert">${told(error)}</p>`}
      ${state === "cancelled" && html`<p class="quiet">${t("code_cancelled")}</p>`}
      ${hasEnded(piece) && html`<${Made} piece=${piece} />`}
    </article>
  `;
}

function Actions({ piece }) {
  const id = piece.generation_id;
  const remove = () =>
    attempt(async () => {
      await api.deleteGeneration(id);
      code.forget(id);
      const undo = async () => {
        await api.restoreGeneration(id);
        code.upsert(await api.getGeneration(id));
      };
      toast(t("request_deleted"), { action: t("undo"), act: () => attempt(undo) });
    });
  const again = () => {
    code.recall(piece.request);
    document.querySelector("#code-prompt")?.focus();
  };
  const cancel = () =>
    attempt(async () => {
      code.upsert(await api.cancelGeneration(id));
    });
  return html`
    <div class="piece-actions">
      <${IconButton} icon="repair" words=${t("code_again")} act=${again} />
      ${
        hasEnded(piece)
          ? html`<${IconButton} icon="delete" words=${t("delete")} act=${remove} />`
          : html`<${IconButton} icon="close" words=${t("cancel")} act=${cancel} />`
      }
    </div>
  `;
}

/** Each attempt so far, and what is done now. */
function UnderWay({ piece }) {
  const { attempt: n, attempts, doing, log = [] } =
    code.progress.value[piece.generation_id] ?? {};
  const failed = log.filter((one) => one.failure);
  const words = doing ? t(`code_${doing}`, { n, of: attempts }) : t("code_waiting");
  return html`
    <div class="under-way" role="status">
      <progress aria-label=${words}></progress>
      <p>${words}</p>
      ${failed.map((one) => html`<p class="quiet">${failureOf(one)}</p>`)}
    </div>
  `;
}

const lastLine = (text) => text.trim().split("\n").at(-1);
const failureOf = ({ number, failure }) =>
  t("code_attempt_failed", { n: number, why: lastLine(failure) });

function Made({ piece }) {
  const files = piece.assets.slice(0, -1);
  const log = piece.assets.at(-1);
  const shown = files.find((one) => SEEN.includes(one.media_type));
  const views = [...(shown ? ["preview"] : []), ...(files.length ? ["source"] : []), "log"];
  const [chosen, setView] = useState(null);
  const view = chosen ?? (piece.state === "failed" ? "" : views[0]);
  const options = views.map((one) => [one, t(`code_view_${one}`)]);
  return html`
    <${Choice}
      name=${`view-${piece.generation_id}`}
      label=${t("code_view")}
      value=${view}
      options=${options}
      onChange=${setView}
    />
    ${view === "preview" && html`<${Preview} asset=${shown} title=${piece.request.prompt} />`}
    ${
      view === "source" &&
      files
        .filter((one) => READ.includes(one.media_type))
        .map((one) => html`<${Read} asset=${one} key=${one.asset_id} />`)
    }
    ${view === "log" && html`<${Log} piece=${piece} asset=${log} />`}
    <div class="downloads">
      ${files.map(
        (one) => html`
          <a class="button" href=${one.url} download=${nameOf(piece, one)}>
            ${t("download")} ${SUFFIXES[one.media_type] ?? ""}
          </a>
        `,
      )}
    </div>
  `;
}

const nameOf = ({ request }, { media_type: kind }) => {
  const words = request.prompt.trim().replace(/[^\p{L}\p{N}]+/gu, "-");
  return `${words.slice(0, 40).replace(/^-|-$/g, "") || request.kind}${SUFFIXES[kind] ?? ""}`;
};

/** A page runs in a frame of no origin, which may run its own script and reach nothing: so the
 * server says of it, too. Drawings are pictures, in which nothing runs.
 */
const Preview = ({ asset, title }) =>
  asset.media_type === "text/html"
    ? html`<iframe
        class="preview"
        sandbox="allow-scripts"
        referrerpolicy="no-referrer"
        loading="lazy"
        src=${asset.url}
        title=${t("code_preview_of", { title })}
      ></iframe>`
    : html`<img class="preview" src=${asset.url} alt=${title} />`;

/** The text of an asset; undefined while it comes, null where it does not. */
function useText(asset) {
  const [text, setText] = useState();
  useEffect(() => {
    let counts = true;
    const take = (found) => counts && setText(found);
    textOf(asset).then(take, () => take(null));
    return () => (counts = false);
  }, [asset.asset_id]);
  return text;
}

function Read({ asset }) {
  const text = useText(asset);
  if (text === null) return html`<p class="problem" role="alert">${t("code_not_loaded")}</p>`;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  };
  return html`
    <div class="read" aria-busy=${text === undefined}>
      ${text !== undefined && html`<${Source} text=${text} mediaType=${asset.media_type} />`}
      <${IconButton} icon="copy" words=${t("copy")} act=${copy} />
    </div>
  `;
}

/** All attempts: of one that failed they are in its events. */
function Log({ piece, asset }) {
  const [log, setLog] = useState();
  useEffect(() => {
    let counts = true;
    const take = (found) => counts && setLog(found);
    const find = asset
      ? textOf(asset).then((text) => JSON.parse(text).attempts)
      : code.findLog(piece);
    find.then(take, () => take(null));
    return () => (counts = false);
  }, [piece.generation_id]);
  if (log === undefined) return html`<p class="quiet" aria-busy="true">…</p>`;
  if (!log?.length) return html`<p class="quiet">${t("code_no_log")}</p>`;
  return html`<ol class="attempts">
    ${log.map((one) => html`<${Attempt} one=${one} />`)}
  </ol>`;
}

const Attempt = ({ one }) => html`
  <li>
    <h3>
      ${t("code_attempt", { n: one.number })}${" "}
      <span class=${one.failure ? "problem" : "passed"}>
        ${t(one.failure ? "code_failed" : "code_passed")}
      </span>
    </h3>
    <p class="quiet">
      ${one.exit_code !== null && t("code_exit", { code: one.exit_code })}
      ${one.seconds > 0 && ` ${t("code_took", { n: one.seconds.toFixed(1) })}`}
    </p>
    ${one.failure && html`<${Printed} words="code_why" text=${one.failure} />`}
    ${one.output && !one.failure && html`<${Printed} words="code_printed" text=${one.output} />`}
    ${one.notes && html`<${Printed} words="code_notes" text=${one.notes} />`}
    ${one.code && one.failure && html`<${Tried} words="code_tried" text=${one.code} />`}
    ${one.tests && html`<${Tried} words="code_its_tests" text=${one.tests} />`}
  </li>
`;

const Printed = ({ words, text }) => html`
  <h4>${t(words)}</h4>
  <pre tabindex="0" role="region" aria-label=${t(words)}>${text}</pre>
`;

const Tried = ({ words, text }) => html`
  <details>
    <summary>${t(words)}</summary>
    <${Source} text=${text} mediaType=${typeOf(text)} label=${t(words)} />
  </details>
`;

const typeOf = (text) => (text.trimStart().startsWith("<") ? "text/html" : "text/x-python");
