/** What can be done to a part of a text, and what is suggested for it, to be taken or not. */
import { useState } from "preact/hooks";
import { cancelGeneration } from "../../api.js";
import * as api from "../../api_words.js";
import { Icon } from "../../components/icons.js";
import { html } from "../../html.js";
import { useQuoteOf } from "../../state/price.js";
import { attempt, toast } from "../../state/toasts.js";
import { credits, t } from "../../words.js";
import { at, fill, library, model, models } from "./state.js";
import { take, texts, textsOf, whenWhole } from "./texts.js";

const EDITS = ["continue", "rewrite", "shorten", "lengthen", "translation"];

/** The suggestion under way: what was asked for, of which part, and what it says so far. */
export function useSuggestion(doc, selection, put) {
  const [asked, setAsked] = useState(null);
  const requestOf = (template, tone, original) => ({
    template,
    tone,
    inputs: { text: original.trim() },
    language: template === "translation" ? (doc.language === "en" ? "zh" : "en") : doc.language,
    voice_id: doc.voice_id,
    model: model.value,
  });
  const partOf = (template) => doc.text.slice(...rangeFor(template, doc.text, selection));
  const begin = (template, tone = "") =>
    attempt(async () => {
      const range = rangeFor(template, doc.text, selection);
      const original = doc.text.slice(...range);
      const made = await api.createCopy(requestOf(template, tone, original));
      take(made);
      const id = made.generation_id;
      setAsked({ id, template, tone, range, original });
      await whenWhole(id).catch((problem) => {
        setAsked((now) => (now?.id === id ? null : now));
        throw problem;
      });
      const [missed = []] = await api.readMissed(made.events_url).catch(() => []);
      const more = { cut: missed.includes("cut"), judged: true };
      setAsked((now) => (now?.id === id ? { ...now, ...more } : now));
    });
  const drop = () => {
    if (!texts.value[asked.id]?.whole) attempt(() => cancelGeneration(asked.id));
    setAsked(null);
  };
  const accept = () => {
    const { template, range, original, id } = asked;
    if (doc.text.slice(...range) !== original) return toast(t("changed_meanwhile"));
    const said = textsOf(id)[0].text.trim();
    const [start, end] = range;
    const isNew = template === "continue";
    const gap = isNew ? gapAfter(doc.text.slice(0, end), doc.language) : "";
    const from = isNew ? end : start + (original.length - original.trimStart().length);
    const until = isNew ? end : end - (original.length - original.trimEnd().length);
    const text = doc.text.slice(0, from) + gap + said + doc.text.slice(until);
    setAsked(null);
    return put(text, template, [from + gap.length, from + gap.length + said.length]);
  };
  const again = () => begin(asked.template, asked.tone);
  /** What the price of one is asked for by; "" where there is nothing to change. */
  const quoted = (template) => {
    const original = template ? partOf(template) : "";
    return original.trim() ? JSON.stringify(requestOf(template, "", original)) : "";
  };
  return { asked, begin, drop, accept, again, quoted, range: asked?.range ?? null };
}

/** What is selected, else all of it; of what is to be continued, what is before the cursor. */
function rangeFor(template, text, [start, end]) {
  if (start < end && end <= text.length) return [start, end];
  if (template !== "continue") return [0, text.length];
  return [0, start > 0 && start <= text.length ? start : text.length];
}

function gapAfter(before, language) {
  if (!before || /\s$/.test(before)) return "";
  return language === "zh" ? "" : " ";
}

export function EditBar({ suggestion, isEmpty }) {
  const { asked, begin, quoted } = suggestion;
  const off = isEmpty || asked !== null;
  const [looked, look] = useState(null); // at which of them one is
  const { price } = useQuoteOf(api.quoteCopy, off ? "" : quoted(looked));
  const costs = { edit: looked && t(`do_${looked}`), price: credits(price ?? 0) };
  return html`
    <div class="edit-bar" role="toolbar" aria-label=${t("edits")}>
      ${EDITS.map(
        (name) => html`
          <button
            type="button"
            class="chip"
            disabled=${off}
            onPointerEnter=${() => look(name)}
            onFocus=${() => look(name)}
            onClick=${() => begin(name)}
          >
            ${t(`do_${name}`)}
          </button>
        `,
      )}
      <select
        class="chip"
        aria-label=${t("do_change-of-tone")}
        disabled=${off}
        value=""
        onChange=${(event) => {
          begin("change-of-tone", event.target.value);
          event.target.value = "";
        }}
      >
        <option value="">${t("do_change-of-tone")}</option>
        ${Object.entries(library.value.tones).map(
          ([name, pair]) => html`<option value=${name}>${pair[at.value]}</option>`,
        )}
      </select>
      ${
        models.value.length > 1 &&
        html`<select
          class="chip"
          aria-label=${t("model")}
          disabled=${off}
          value=${model.value}
          onChange=${(event) => fill({ model: event.target.value })}
        >
          ${models.value.map(
            (one) => html`<option value=${one} selected=${one === model.value}>${one}</option>`,
          )}
        </select>`
      }
      <small class="quiet">
        ${price === undefined ? t("of_selection") : t("edit_costs", costs)}
      </small>
    </div>
  `;
}

export function Suggestion({ of: { asked, accept, drop, again } }) {
  if (!asked) return null;
  const { id, template, original, cut, judged } = asked;
  const whole = texts.value[id]?.whole;
  const said = textsOf(id)[0].text;
  return html`
    <section class="suggestion" aria-label=${t("suggestion")} aria-busy=${!whole}>
      <p class="hint">
        <b>${t(`do_${template}`)}</b>${" · "}${original.trim().slice(0, 60)}${
          original.trim().length > 60 ? "…" : ""
        }
      </p>
      <p class=${`text ${whole ? "" : "is-going-on"}`}>${said}</p>
      ${cut && html`<p class="problem" role="alert">${t("was_cut")}</p>`}
      <p class="acts">
        <button type="button" class="button primary" disabled=${!judged || !said} onClick=${accept}>
          <${Icon} name="done" /><span>${t("accept")}</span>
        </button>
        <button type="button" class="button" disabled=${!whole} onClick=${again}>
          ${t("try_again")}
        </button>
        <button type="button" class="button quiet" onClick=${drop}>${t("reject")}</button>
      </p>
    </section>
  `;
}
