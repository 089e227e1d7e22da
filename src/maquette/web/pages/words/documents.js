/** Documents: all of them, or the one that is open in the editor. */
import { useEffect, useState } from "preact/hooks";
import * as api from "../../api_words.js";
import { useAnswer } from "../../components/tables.js";
import { html } from "../../html.js";
import { language } from "../../state/preferences.js";
import { attempt } from "../../state/toasts.js";
import { visit } from "../../state/view.js";
import { moment, t } from "../../words.js";
import { Editor } from "./editor.js";
import { labelOf } from "./state.js";

export const Documents = ({ id }) => (id ? html`<${Opened} id=${id} />` : html`<${List} />`);

function List() {
  const { answer: documents, problem } = useAnswer(api.listDocuments);
  const begin = () =>
    attempt(async () => {
      const made = await api.addDocument({ language: language.value, text: "" });
      visit(`#/words/documents/${made.document_id}`);
    });
  return html`
    <section class="made">
      <header>
        <h2>${t("place_documents")}</h2>
        <button type="button" class="button" onClick=${begin}>${t("new_document")}</button>
      </header>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${documents?.length === 0 && html`<p class="nothing">${t("no_documents")}</p>`}
      <ul class="papers">
        ${documents?.map(
          (one) => html`
            <li key=${one.document_id}>
              <a class="card" href=${`#/words/documents/${one.document_id}`}>
                <b>${one.title || t("untitled")}</b>
                <span class="text" lang=${one.language === "zh" ? "zh-Hans" : "en"}>
                  ${one.beginning}
                </span>
                <small class="quiet">
                  ${[one.template && labelOf(one.template), moment(one.changed_at)]
                    .filter(Boolean)
                    .join(" · ")}
                </small>
              </a>
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

function Opened({ id }) {
  const [found, setFound] = useState();
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    api.getDocument(id).then(setFound, (refused) => setProblem(refused.message));
  }, [id]);
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  return found ? html`<${Editor} first=${found} />` : html`<p class="hint">${t("loading")}</p>`;
}
