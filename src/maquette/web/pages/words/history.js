/** What a document said before, to be looked at and restored. */
import { useState } from "preact/hooks";
import * as api from "../../api_words.js";
import { html } from "../../html.js";
import { attempt, toast } from "../../state/toasts.js";
import { moment, t } from "../../words.js";
import { labelOf } from "./state.js";

const byWhom = (madeBy) =>
  ["hand", "restore"].includes(madeBy) ? t(`by_${madeBy}`) : labelOf(madeBy);

export function History({ doc }) {
  const [versions, setVersions] = useState(null);
  const { document_id: id } = doc.now;
  const open = async ({ target }) => {
    if (!target.open) return;
    await doc.save();
    setVersions((await attempt(() => api.listVersions(id))) ?? []);
  };
  const restore = (number) =>
    attempt(async () => {
      await doc.save();
      doc.load(await api.restoreVersion(id, number));
      setVersions(await api.listVersions(id));
      toast(t("restored", { n: number }));
    });
  return html`
    <details class="desk-part" onToggle=${open}>
      <summary>${t("history")}</summary>
      <ol class="versions">
        ${versions?.map(
          (one, n) => html`
            <${Version}
              key=${one.number}
              of=${one}
              read=${() => api.getVersion(id, one.number)}
              restore=${n > 0 && (() => restore(one.number))}
            />
          `,
        )}
      </ol>
    </details>
  `;
}

/** One version; what it said is read once someone looks. */
function Version({ of: one, read, restore }) {
  const [text, setText] = useState(null);
  const open = async ({ target }) => {
    if (!target.open || text !== null) return;
    const found = await attempt(read);
    if (found) setText(found.text || t("came_empty"));
  };
  return html`
    <li>
      <details onToggle=${open}>
        <summary>
          <span>${moment(one.created_at)}</span>
          <small class="quiet">${byWhom(one.made_by)}</small>
        </summary>
        <p class="text">${text ?? t("loading")}</p>
        ${
          restore &&
          html`<button
            type="button"
            class="button"
            aria-label=${t("restore_version", { n: one.number })}
            onClick=${restore}
          >
            ${t("restore")}
          </button>`
        }
      </details>
    </li>
  `;
}
