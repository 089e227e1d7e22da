/** Campaigns: one set of facts, carried through several templates, all of it seen at once. */
import { useEffect, useState } from "preact/hooks";
import * as api from "../../api_words.js";
import { Price } from "../../components/controls.js";
import { Lacks } from "../../components/create.js";
import { Confirmed } from "../../components/forms.js";
import { useAnswer } from "../../components/tables.js";
import { html } from "../../html.js";
import { language } from "../../state/preferences.js";
import { lacksFor, useQuoteOf } from "../../state/price.js";
import { attempt } from "../../state/toasts.js";
import { visit } from "../../state/view.js";
import { moment, t, told } from "../../words.js";
import { Area, askFor, Line, Models, Select } from "./fields.js";
import { at, labelOf, library, linesOf, missingOf, model, voices } from "./state.js";
import { take, texts, textsOf } from "./texts.js";
import { copy, edit } from "./variants.js";

const FIRST = ["headline", "product-description", "x-post", "newsletter"];
const NAMES = ["product", "brand", "facts", "audience", "offer", "link"]; // asked for in this order

export const Campaigns = ({ id }) => (id ? html`<${Opened} id=${id} />` : html`<${List} />`);

function List() {
  const { answer: campaigns, problem } = useAnswer(api.listCampaigns);
  return html`
    <section class="made">
      <header>
        <div>
          <h2>${t("place_campaigns")}</h2>
          <p class="hint">${t("campaigns_are")}</p>
        </div>
        <a class="button" href="#/words/campaigns/new">${t("new_campaign")}</a>
      </header>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${campaigns?.length === 0 && html`<p class="nothing">${t("no_campaigns")}</p>`}
      <ul class="papers">
        ${campaigns?.map(
          (one) => html`
            <li key=${one.campaign_id}>
              <a class="card" href=${`#/words/campaigns/${one.campaign_id}`}>
                <b>${one.name}</b>
                <span>${one.pieces.map(({ template }) => labelOf(template)).join(" · ")}</span>
                <small class="quiet">${moment(one.changed_at)}</small>
              </a>
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

const fresh = () => ({
  ...{ name: "", inputs: {}, templates: FIRST, tone: "", voice_id: null },
  language: language.value,
});

function Opened({ id }) {
  const isNew = id === "new";
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    if (!isNew) api.getCampaign(id).then(setFound, (refused) => setProblem(refused.message));
  }, [id]);
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!isNew && !found) return html`<p class="hint">${t("loading")}</p>`;
  return html`<${Campaign} found=${found} setFound=${setFound} />`;
}

const planOf = ({ pieces, ...found }) => ({
  ...{ name: found.name, language: found.language, tone: found.tone, voice_id: found.voice_id },
  templates: pieces.map(({ template }) => template),
  inputs: Object.fromEntries(
    Object.entries(found.inputs).map(([name, said]) => [name, [said].flat().join("\n")]),
  ),
});

function Campaign({ found, setFound }) {
  const [plan, setPlan] = useState(() => (found ? planOf(found) : fresh()));
  const [busy, setBusy] = useState(false);
  const { price, problem } = useQuoteOf(api.quoteCampaign, quoted(plan));
  const lacks = lacksFor(price);
  const run = (event) => {
    event.preventDefault();
    if (lacks) return undefined;
    const missing = missingFrom(plan);
    if (missing) return askFor(missing, fieldOf(missing));
    setBusy(true);
    return attempt(async () => {
      const sent = { ...plan, name: plan.name.trim() || t("untitled"), inputs: inputsOf(plan) };
      const kept = found
        ? await api.changeCampaign(found.campaign_id, sent)
        : await api.addCampaign(sent);
      const how = { model: model.value };
      const made = await api.runCampaign(kept.campaign_id, how, crypto.randomUUID());
      if (found) setFound(made);
      else visit(`#/words/campaigns/${kept.campaign_id}`);
    }).then(() => setBusy(false));
  };
  const remove = () =>
    attempt(async () => {
      await api.deleteCampaign(found.campaign_id);
      visit("#/words/campaigns");
    });
  return html`
    <form class="made campaign" onSubmit=${run} aria-label=${plan.name || t("new_campaign")}>
      <${Plan} plan=${plan} change=${(more) => setPlan({ ...plan, ...more })} />
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${lacks && html`<${Lacks} price=${price} />`}
      <p class="acts">
        <button
          type="submit"
          class="button primary"
          disabled=${busy || !plan.templates.length}
          aria-disabled=${lacks}
          aria-describedby=${lacks ? "lacks" : null}
        >
          <span>${t("run_campaign", { n: plan.templates.length })}</span><${Price} of=${price} />
        </button>
        ${
          found &&
          html`<${Confirmed}
            words=${t("delete_campaign")}
            question=${t("delete_campaign_really")}
            act=${remove}
          />`
        }
      </p>
    </form>
    ${found && html`<${Pieces} pieces=${found.pieces} />`}
  `;
}

/** The inputs that the chosen templates have, those that most have first. */
function askedFor(names) {
  const found = new Map();
  for (const template of library.value.templates) {
    if (!names.includes(template.name)) continue;
    for (const one of template.inputs) {
      const before = found.get(one.name);
      found.set(one.name, before ? { ...before, required: before.required || one.required } : one);
    }
  }
  if (found.has("product")) found.delete("topic"); // for which it stands
  const rank = ({ name }) => (NAMES.indexOf(name) + 1 || NAMES.length + 1);
  return [...found.values()].sort((a, b) => rank(a) - rank(b));
}

function inputsOf({ inputs, templates }) {
  const given = askedFor(templates).filter(({ name }) => inputs[name]?.trim());
  const said = ({ name, kind }) => (kind === "lines" ? linesOf(inputs[name]) : inputs[name]);
  return Object.fromEntries(given.map((one) => [one.name, said(one)]));
}

const fieldOf = ({ name }) => `campaign-${name}`;
const missingFrom = ({ templates, inputs, voice_id }) =>
  missingOf(askedFor(templates), inputs, voice_id);

/** What its price is asked for by; "" while something is still to be filled in. */
function quoted(plan) {
  const { templates, language: one, tone, voice_id } = plan;
  if (!templates.length || missingFrom(plan)) return "";
  const asked = { templates, language: one, tone, voice_id, inputs: inputsOf(plan) };
  return JSON.stringify({ ...asked, model: model.value });
}

function Plan({ plan, change }) {
  const input = (one) => {
    const shared = {
      name: fieldOf(one),
      label: one.label[at.value],
      optional: one.required ? null : t("optional"),
      placeholder: one.hint[at.value],
      value: plan.inputs[one.name] ?? "",
      onChange: (value) => change({ inputs: { ...plan.inputs, [one.name]: value } }),
    };
    return one.kind === "line"
      ? html`<${Line} ...${shared} />`
      : html`<${Area} ...${shared} rows=${3} />`;
  };
  return html`
    <div class="grid-2">
      <${Line}
        name="campaign-name"
        label=${t("its_name")}
        value=${plan.name}
        onChange=${(name) => change({ name })}
        maxlength="100"
      />
      <${Select}
        name="campaign-voice"
        label=${t("voice")}
        value=${plan.voice_id ?? ""}
        onChange=${(value) => change({ voice_id: value || null })}
        options=${[["", t("no_voice")], ...voices.value.map((one) => [one.voice_id, one.name])]}
      />
      <${Select}
        name="campaign-language"
        label=${t("text_language")}
        value=${plan.language}
        onChange=${(value) => change({ language: value })}
        options=${["en", "zh"].map((one) => [one, t(`in_${one}`)])}
      />
      <${Select}
        name="campaign-tone"
        label=${t("tone")}
        value=${plan.tone}
        onChange=${(tone) => change({ tone })}
        options=${[
          ["", t("as_it_comes")],
          ...Object.entries(library.value.tones).map(([name, pair]) => [name, pair[at.value]]),
        ]}
      />
      <${Models} name="campaign-model" />
      ${askedFor(plan.templates).map(input)}
    </div>
    <${Templates} plan=${plan} change=${change} />
  `;
}

function Templates({ plan, change }) {
  const { templates } = library.value;
  const offered = templates.filter(
    (one) => one.kind !== "edit" && one.languages.includes(plan.language),
  );
  const toggle = (name) => {
    const without = plan.templates.filter((one) => one !== name);
    change({ templates: without.length < plan.templates.length ? without : [...without, name] });
  };
  return html`
    <fieldset class="chosen-templates">
      <legend>${t("carried_through")}</legend>
      ${offered.map(
        (one) => html`
          <button
            type="button"
            class="chip"
            key=${one.name}
            aria-pressed=${plan.templates.includes(one.name)}
            onClick=${() => toggle(one.name)}
          >
            ${one.label[at.value]}
          </button>
        `,
      )}
    </fieldset>
  `;
}

function Pieces({ pieces }) {
  useEffect(() => pieces.forEach(({ generation }) => generation && take(generation)), [pieces]);
  return html`
    <section class="made">
      <div class="variants">
        ${pieces.map((one) => html`<${Piece} piece=${one} key=${one.template} />`)}
      </div>
    </section>
  `;
}

function Piece({ piece: { template, generation } }) {
  const known = generation && texts.value[generation.generation_id];
  const said = known ? textsOf(generation.generation_id)[0].text : "";
  const error = known?.generation.error;
  return html`
    <article class="variant card" aria-label=${labelOf(template)}>
      <h3>${labelOf(template)}</h3>
      ${error && html`<p class="problem">${told(error)}</p>`}
      <p class=${`text ${!generation || known?.whole ? "" : "is-going-on"}`}>
        ${generation ? said : html`<span class="quiet">${t("not_run")}</span>`}
      </p>
      ${
        known?.whole &&
        html`<footer>
          <p class="acts">
            <button
              type="button"
              class="button quiet"
              aria-label=${`${t("copy")}: ${labelOf(template)}`}
              onClick=${() => copy(said)}
            >
              ${t("copy")}
            </button>
            <button
              type="button"
              class="button"
              aria-label=${`${t("edit_text")}: ${labelOf(template)}`}
              onClick=${() => edit(said, generation.request)}
            >
              ${t("edit_text")}
            </button>
          </p>
        </footer>`
      }
    </article>
  `;
}
