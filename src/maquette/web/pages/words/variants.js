/** What was written: variants side by side as they come, each with what it misses. */
import { useEffect, useState } from "preact/hooks";
import * as api from "../../api_words.js";
import { Icon } from "../../components/icons.js";
import { html } from "../../html.js";
import { cancelGeneration, getGeneration } from "../../api.js";
import { hasEnded } from "../../state/generations.js";
import { language } from "../../state/preferences.js";
import { attempt, toast } from "../../state/toasts.js";
import { visit } from "../../state/view.js";
import { moment, t, told } from "../../words.js";
import { namesPicture, said } from "./pictures.js";
import { chosen, labelOf, load, models, runs, templateOf, voices, write } from "./state.js";
import { texts, textsOf } from "./texts.js";

const FIRST = ["product-description", "x-post", "xiaohongshu-note", "newsletter", "video-script"];

export function Write() {
  load();
  if (runs.value.length === 0) return html`<${Empty} />`;
  return html`
    <div class="made">${runs.value.map((id) => html`<${Run} id=${id} key=${id} />`)}</div>
  `;
}

function Empty() {
  const offered = FIRST.map(templateOf).filter(Boolean);
  return html`
    <div class="made blank-page">
      <p class="display">${t("words_welcome")}</p>
      <p class="quiet">${t("words_welcome_more")}</p>
      <p class="examples">
        ${offered.map(
          (one) => html`
            <button type="button" class="chip" onClick=${() => (chosen.value = one.name)}>
              ${labelOf(one.name)}
            </button>
          `,
        )}
      </p>
    </div>
  `;
}

/** What the pictures of a request were seen to show, once that is known. */
function useSeen({ request, state, events_url }) {
  const [seen, setSeen] = useState([]);
  const asks = state === "succeeded" && Object.values(request.inputs).some(namesPicture);
  useEffect(() => {
    if (asks) api.readSeen(events_url).then(setSeen, () => {});
  }, [asks]);
  return seen;
}

function Run({ id }) {
  const { generation } = texts.value[id];
  const { request, state, error } = generation;
  const over = hasEnded(generation);
  const voice = voices.value.find((one) => one.voice_id === request.voice_id)?.name;
  const first = templateOf(request.template)?.inputs.find(({ name }) => request.inputs[name]);
  const by = models.value.length > 1 && request.model;
  const about = said([request.inputs[first?.name] ?? ""].flat().join("; "));
  const seen = useSeen(generation);
  const again = () =>
    attempt(async () => {
      const whole = await getGeneration(id); // lists have but its gist
      await write({ ...whole.request, seed: null });
    });
  return html`
    <section class="run" aria-label=${labelOf(request.template)}>
      <header>
        <div>
          <h2>${labelOf(request.template)}</h2>
          <p class="hint">
            ${[about.slice(0, 80), request.tone, voice, by, moment(generation.created_at)]
              .filter(Boolean)
              .join(" · ")}
          </p>
          ${seen.map(
            ({ picture, caption }) =>
              html`<p class="hint" key=${picture}>${t("seen_as", { caption })}</p>`,
          )}
        </div>
        ${
          over
            ? html`<button type="button" class="button" onClick=${again}>
              <${Icon} name="again" /><span>${t("write_again")}</span>
            </button>`
            : html`<button
              type="button"
              class="button"
              onClick=${() => attempt(() => cancelGeneration(id))}
            >
              ${t("cancel")}
            </button>`
        }
      </header>
      ${state === "failed" && html`<p class="problem" role="alert">${told(error ?? "")}</p>`}
      ${
        state !== "failed" &&
        html`<div class="variants" aria-busy=${!over}>
          ${textsOf(id, request.count).map(
            (one, n) => html`<${Variant} id=${id} n=${n} said=${one} key=${n} />`,
          )}
        </div>`
      }
    </section>
  `;
}

function Variant({ id, n, said: one }) {
  const { generation, whole } = texts.value[id];
  const found = useChecks(whole ? one.text : "", generation.request);
  const name = t("variant", { n: n + 1 });
  return html`
    <article class="variant card" aria-label=${name}>
      <p class=${`text ${whole ? "" : "is-going-on"}`} lang=${langOf(generation.request)}>
        ${one.text || (whole ? t("came_empty") : "")}
      </p>
      <footer>
        ${
          whole
            ? html`<${Verdict} found=${found} />`
            : html`<p class="hint">
              ${one.tries > 1 ? t("try_of", { n: one.tries }) : t(`is_${generation.state}`)}
            </p>`
        }
        ${
          whole &&
          html`<p class="acts">
            <button
              type="button"
              class="button quiet"
              aria-label=${`${t("copy")}: ${name}`}
              onClick=${() => copy(one.text)}
            >
              ${t("copy")}
            </button>
            <button
              type="button"
              class="button"
              aria-label=${`${t("edit_text")}: ${name}`}
              onClick=${() => edit(one.text, generation.request)}
            >
              ${t("edit_text")}
            </button>
          </p>`
        }
      </footer>
    </article>
  `;
}

const langOf = ({ language: one }) => (one === "zh" ? "zh-Hans" : "en");

/** What a finished text misses of what was asked for; undefined until that is known. */
function useChecks(text, request) {
  const [found, setFound] = useState();
  const { template, inputs, voice_id, language: one, length, include, avoid } = request;
  useEffect(() => {
    if (!text) return;
    const asked = { text, template, inputs, voice_id, language: one, length, include, avoid };
    api.checkCopy(asked).then(setFound, () =>
      api.checkCopy({ ...asked, voice_id: null }).then(setFound, console.info),
    );
  }, [text]);
  return found;
}

function Verdict({ found }) {
  if (!found) return html`<p class="hint"></p>`;
  const missed = found.findings.filter((one) => one.demanded);
  const count = t("n_words", { n: found.words });
  if (missed.length === 0) {
    return html`<p class="hint met"><${Icon} name="done" /><span>${count}</span></p>`;
  }
  return html`
    <ul class="missed">
      ${missed.slice(0, 3).map((one) => html`<li>${one.line[language.value]}</li>`)}
    </ul>
  `;
}

export const copy = (text) =>
  attempt(async () => {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  });

/** What it is about, else how it begins. */
function titleOf(text, { template, inputs }) {
  const first = templateOf(template)?.inputs.find(({ name }) => inputs[name]);
  const about = first ? [inputs[first.name]].flat()[0] : text;
  return (namesPicture(about) ? text : about).split("\n")[0].replace(/^#+\s*/, "").slice(0, 80);
}

/** What was filled in that the text must name, by what its template says. */
function namedOf({ template, inputs }) {
  const named = templateOf(template)?.inputs.filter((one) => one.named && inputs[one.name]) ?? [];
  return Object.fromEntries(named.map(({ name }) => [name, inputs[name]]));
}

/** Takes a text to the editor, as a new document. */
export const edit = (text, request) =>
  attempt(async () => {
    const made = await api.addDocument({
      title: titleOf(text, request),
      language: request.language,
      template: request.template,
      voice_id: request.voice_id,
      inputs: namedOf(request),
      text,
      made_by: request.template,
    });
    visit(`#/words/documents/${made.document_id}`);
  });
