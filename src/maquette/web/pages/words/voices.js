/** Brand voices: learned from a brand's own texts, gone over by hand, kept. */
import { useEffect, useState } from "preact/hooks";
import * as api from "../../api_words.js";
import { Confirmed } from "../../components/forms.js";
import { html } from "../../html.js";
import { attempt, toast } from "../../state/toasts.js";
import { t } from "../../words.js";
import { Area, Line, Select } from "./fields.js";
import { at, library, linesOf, loadVoices, voices } from "./state.js";

const STYLE = { sentence_words: null, person: null, exclamation_marks: null, emoji: null };
const FRESH = {
  name: "",
  voice: {
    ...{ brand: "", facts: [], tones: [], banned: [], glossary: [], terms: [] },
    ...{ examples: [], languages: [], style: STYLE },
  },
};
const ARROW = "→";

export function Voices() {
  const [open, setOpen] = useState(null); // the voice in hand; null where there is none
  const edit = (one) => setOpen(structuredClone(one));
  useEffect(() => void attempt(loadVoices), []); // some may be of another window
  return html`
    <section class="made">
      <header>
        <div>
          <h2>${t("place_voices")}</h2>
          <p class="hint">${t("voices_are")}</p>
        </div>
        ${
          !open &&
          html`<button type="button" class="button" onClick=${() => edit(FRESH)}>
            ${t("new_voice")}
          </button>`
        }
      </header>
      ${open && html`<${VoiceEditor} first=${open} leave=${() => setOpen(null)} />`}
      ${!open && voices.value.length === 0 && html`<p class="nothing">${t("no_voices")}</p>`}
      ${
        !open &&
        html`<ul class="papers">
          ${voices.value.map(
            (one) => html`
              <li key=${one.voice_id}>
                <button type="button" class="card" onClick=${() => edit(one)}>
                  <b>${one.name}</b>
                  <span>${summary(one.voice)}</span>
                </button>
              </li>
            `,
          )}
        </ul>`
      }
    </section>
  `;
}

function summary({ brand, tones, facts, banned }) {
  const said = tones.map((one) => library.value.tones[one]?.[at.value] ?? one).join(", ");
  const counts = [
    facts.length && t("n_facts", { n: facts.length }),
    banned.length && t("n_banned", { n: banned.length }),
  ];
  return [brand, said, ...counts].filter(Boolean).join(" · ");
}

function VoiceEditor({ first, leave }) {
  const [now, setNow] = useState(first);
  const [typed, setTyped] = useState(() => typedOf(first.voice));
  const learned = (voice) => {
    setTyped(typedOf(voice));
    setNow({ ...now, voice, name: now.name || voice.brand });
  };
  const save = (event) => {
    event.preventDefault();
    return attempt(async () => {
      const sent = { name: now.name.trim() || typed.brand, voice: voiceOf(typed, now.voice) };
      if (first.voice_id) await api.changeVoice(first.voice_id, sent);
      else await api.addVoice(sent);
      await loadVoices();
      toast(t("saved"));
      leave();
    });
  };
  const remove = () =>
    attempt(async () => {
      await api.deleteVoice(first.voice_id);
      await loadVoices();
      leave();
    });
  return html`
    <form class="voice-form" onSubmit=${save} aria-label=${t("voice")}>
      <${Learn} take=${learned} isOpen=${!first.voice_id} />
      <${Parts} now=${now} setNow=${setNow} typed=${typed} setTyped=${setTyped} />
      <p class="acts">
        <button type="submit" class="button primary" disabled=${!(now.name.trim() || typed.brand)}>
          ${t("save")}
        </button>
        <button type="button" class="button" onClick=${leave}>${t("cancel")}</button>
        ${
          first.voice_id &&
          html`<${Confirmed}
            words=${t("delete_voice")}
            question=${t("delete_voice_really", { name: first.name })}
            act=${remove}
          />`
        }
      </p>
    </form>
  `;
}

function Learn({ take, isOpen }) {
  const [text, setText] = useState("");
  const learn = () =>
    attempt(async () => {
      take(await api.learnVoice(text));
      toast(t("learned"));
    });
  return html`
    <details class="card learn" open=${isOpen}>
      <summary>${t("learn_from_text")}</summary>
      <${Area}
        name="learn"
        label=${t("learn_text")}
        value=${text}
        onChange=${setText}
        rows=${6}
        hint=${t("learn_hint")}
      />
      <button type="button" class="button" disabled=${!text.trim()} onClick=${learn}>
        ${t("learn")}
      </button>
    </details>
  `;
}

function Parts({ now, setNow, typed, setTyped }) {
  const area = (name, rows = 3) => html`
    <${Area}
      name=${`voice-${name}`}
      label=${t(`voice_${name}`)}
      hint=${t(`voice_${name}_hint`)}
      value=${typed[name]}
      onChange=${(value) => setTyped({ ...typed, [name]: value })}
      rows=${rows}
    />
  `;
  const line = (name, more = {}) => html`
    <${Line}
      name=${`voice-${name}`}
      label=${t(`voice_${name}`)}
      value=${typed[name]}
      onChange=${(value) => setTyped({ ...typed, [name]: value })}
      ...${more}
    />
  `;
  const choice = (name, options) => html`
    <${Select}
      name=${`voice-${name}`}
      label=${t(`voice_${name}`)}
      value=${typed[name]}
      onChange=${(value) => setTyped({ ...typed, [name]: value })}
      options=${[["", t("as_it_comes")], ...options]}
    />
  `;
  const yesOrNo = [
    ["yes", t("yes")],
    ["no", t("no")],
  ];
  return html`
    <div class="grid-2">
      <${Line}
        name="voice-name"
        label=${t("its_name")}
        value=${now.name}
        onChange=${(name) => setNow({ ...now, name })}
        maxlength="100"
      />
      ${line("brand", { maxlength: "200" })} ${area("facts", 5)} ${area("banned", 5)}
      ${area("terms")} ${area("glossary")}
      ${line("tones", { hint: t("voice_tones_hint", { known: knownTones() }) })}
      ${choice("person", ["we", "I", "you"].map((one) => [one, t(`person_${one}`)]))}
      ${line("sentence_words", { inputmode: "numeric", maxlength: "3" })}
      ${choice("exclamation_marks", yesOrNo)} ${choice("emoji", yesOrNo)}
    </div>
    ${area("examples", 6)}
  `;
}

const knownTones = () =>
  Object.values(library.value.tones)
    .map((pair) => pair[at.value])
    .join(", ");
const flag = (value) => (value === null || value === undefined ? "" : value ? "yes" : "no");
const unflag = (value) => (value === "" ? null : value === "yes");

/** A voice as it is typed. */
function typedOf({ style, ...voice }) {
  return {
    brand: voice.brand,
    facts: voice.facts.join("\n"),
    banned: voice.banned.join("\n"),
    terms: voice.terms.join("\n"),
    glossary: voice.glossary.map(({ wrong, right }) => `${wrong} ${ARROW} ${right}`).join("\n"),
    tones: voice.tones.map((one) => library.value.tones[one]?.[at.value] ?? one).join(", "),
    examples: voice.examples.join("\n---\n"),
    person: style.person ?? "",
    sentence_words: style.sentence_words ? String(style.sentence_words) : "",
    exclamation_marks: flag(style.exclamation_marks),
    emoji: flag(style.emoji),
  };
}

/** What was typed, as a voice; the languages are those that were learned. */
function voiceOf(typed, { languages }) {
  const tone = (said) =>
    Object.entries(library.value.tones).find(([, pair]) => pair.includes(said))?.[0] ?? said;
  const words = Number(typed.sentence_words.replace(/\D/g, ""));
  return {
    brand: typed.brand,
    facts: linesOf(typed.facts),
    banned: linesOf(typed.banned),
    terms: linesOf(typed.terms),
    glossary: linesOf(typed.glossary).map(spelling).filter(Boolean),
    tones: typed.tones.split(/[,，、]/).map((one) => one.trim()).filter(Boolean).map(tone),
    examples: typed.examples.split(/\n-{3,}\n/).filter((one) => one.trim()),
    languages,
    style: {
      person: typed.person || null,
      sentence_words: words || null,
      exclamation_marks: unflag(typed.exclamation_marks),
      emoji: unflag(typed.emoji),
    },
  };
}

function spelling(line) {
  const [wrong, right] = line.split(/\s*(?:→|->|=>)\s*/);
  return wrong && right ? { wrong, right } : null;
}
