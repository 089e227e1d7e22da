/** The editor: one text, what is done to a part of it, what it misses, what it said before. */
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../../api_words.js";
import { Confirmed } from "../../components/forms.js";
import { Icon } from "../../components/icons.js";
import { html } from "../../html.js";
import { attempt, toast } from "../../state/toasts.js";
import { visit } from "../../state/view.js";
import { t } from "../../words.js";
import { Checks, useLiveChecks } from "./checks.js";
import { EditBar, Suggestion, useSuggestion } from "./edits.js";
import { Select } from "./fields.js";
import { History } from "./history.js";
import { Paper } from "./paper.js";
import { at, library, voices } from "./state.js";

const SAVES_AFTER_MS = 1500;
const FORMATS = ["docx", "html", "md"];

export function Editor({ first }) {
  const doc = useDocument(first);
  const area = useRef();
  const [selection, setSelection] = useState([0, 0]);
  const findings = useLiveChecks(doc.now);
  const put = (text, madeBy, place) => {
    doc.change({ text }, madeBy);
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(...place);
    });
  };
  const suggestion = useSuggestion(doc.now, selection, put);
  const go = ([start, end]) => {
    area.current.focus();
    area.current.setSelectionRange(start, end);
  };
  return html`
    <div class="made desk">
      <${Head} doc=${doc} />
      <div class="desk-main">
        <${EditBar} suggestion=${suggestion} isEmpty=${!doc.now.text.trim()} />
        <${Suggestion} of=${suggestion} />
        <${Paper}
          area=${area}
          text=${doc.now.text}
          language=${doc.now.language}
          findings=${findings?.placed ?? []}
          changing=${suggestion.range}
          onText=${(text) => doc.change({ text })}
          onSelect=${setSelection}
          onSave=${doc.save}
        />
      </div>
      <aside class="desk-side">
        <${Checks} of=${findings} go=${go} />
        <${About} doc=${doc} />
        <${History} doc=${doc} />
        <${Confirmed}
          words=${t("delete_document")}
          question=${t("delete_document_really")}
          act=${doc.remove}
        />
      </aside>
    </div>
  `;
}

/** The document as it is here, kept level with the server: what is typed is saved in a pause. */
function useDocument(first) {
  const [now, setNow] = useState(first);
  const [state, setState] = useState("saved");
  const work = useRef({ now: first, number: first.number, timer: 0, saving: null, madeBy: "hand" });
  const save = async () => {
    const { current } = work;
    clearTimeout(current.timer);
    await current.saving;
    if (current.now === current.kept || current.gone) return;
    const sent = current.now;
    setState("saving");
    current.saving = send(current, sent);
    const kept = await attempt(() => current.saving);
    current.saving = null;
    if (kept) Object.assign(current, { kept: sent, number: kept.number, madeBy: "hand" });
    setState(kept ? (current.now === sent ? "saved" : "changed") : "unsaved");
  };
  const change = (more, madeBy) => {
    const { current } = work;
    current.now = { ...current.now, ...more };
    setNow(current.now);
    setState("changed");
    clearTimeout(current.timer);
    if (madeBy) current.madeBy = madeBy;
    if (madeBy) save();
    else current.timer = setTimeout(save, SAVES_AFTER_MS);
  };
  const load = (found) => {
    Object.assign(work.current, { now: found, kept: found, number: found.number });
    setNow(found);
    setState("saved");
  };
  const remove = () =>
    attempt(async () => {
      clearTimeout(work.current.timer);
      work.current.gone = true;
      await api.deleteDocument(first.document_id);
      toast(t("document_deleted"));
      visit("#/words/documents");
    });
  work.current.kept ??= first;
  useEffect(() => () => void save(), []); // what was typed last is kept when one leaves
  return { now, state, number: work.current.number, change, save, load, remove };
}

const send = ({ number, madeBy }, { document_id: id, ...now }) => {
  const { title, language, template, voice_id, inputs, text } = now;
  return api.changeDocument(id, {
    ...{ title, language, template, voice_id, inputs, text },
    made_by: madeBy,
    based_on: number,
  });
};

function Head({ doc }) {
  const { title, document_id: id } = doc.now;
  return html`
    <header class="desk-head">
      <a class="icon-button" href="#/words/documents" aria-label=${t("place_documents")}>
        <${Icon} name="left" />
      </a>
      <input
        class="title"
        type="text"
        maxlength="300"
        aria-label=${t("title")}
        placeholder=${t("untitled")}
        value=${title}
        onInput=${(event) => doc.change({ title: event.target.value })}
      />
      <span class="hint" role="status">${t(`is_${doc.state}`)}</span>
      <span class="exports" role="group" aria-label=${t("export")}>
        ${FORMATS.map(
          (format) => html`
            <a
              class="button"
              href=${api.exportUrl(id, format)}
              download
              onClick=${() => doc.save()}
            >
              ${format.toUpperCase()}
            </a>
          `,
        )}
      </span>
    </header>
  `;
}

/** Whose checks it is to meet. */
function About({ doc }) {
  const { template, voice_id: voice, language } = doc.now;
  const templates = library.value.templates.filter((one) => one.kind !== "edit");
  return html`
    <details class="desk-part">
      <summary>${t("checked_by")}</summary>
      <${Select}
        name="document-template"
        label=${t("template")}
        value=${template ?? ""}
        onChange=${(value) => doc.change({ template: value || null })}
        options=${[["", t("none")], ...templates.map((one) => [one.name, one.label[at.value]])]}
      />
      <${Select}
        name="document-voice"
        label=${t("voice")}
        value=${voice ?? ""}
        onChange=${(value) => doc.change({ voice_id: value || null })}
        options=${[["", t("no_voice")], ...voices.value.map((one) => [one.voice_id, one.name])]}
      />
      <${Select}
        name="document-language"
        label=${t("text_language")}
        value=${language}
        onChange=${(value) => doc.change({ language: value })}
        options=${["en", "zh"].map((one) => [one, t(`in_${one}`)])}
      />
    </details>
  `;
}
