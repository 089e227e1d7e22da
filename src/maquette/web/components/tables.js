/** Lists that come a page at a time, and what they show. */
import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { attempt } from "../state/toasts.js";
import { t } from "../words.js";

/** What a route answers, asked anew where `about` changes: `answer` is undefined while it is under
 * way and null where it failed; `ask` asks once more, `set` puts another in its place.
 */
export function useAnswer(route, about = []) {
  const [answer, set] = useState(undefined);
  const [problem, setProblem] = useState(null);
  const ask = async () => {
    try {
      set(await route());
      setProblem(null);
    } catch (refused) {
      setProblem(refused.message);
      set(null);
    }
  };
  useEffect(() => {
    ask();
  }, about);
  return { answer, problem, ask, set };
}

/** Rows by pages: `list(before)` resolves to those before a row, which is undefined at first. */
export function usePages(list, size, about = []) {
  const [rows, setRows] = useState(undefined);
  const [isWhole, setWhole] = useState(false);
  const load = async (before) => {
    const page = await attempt(() => list(before));
    if (!page) return;
    setRows((known) => (before ? [...known, ...page] : page));
    setWhole(page.length < size);
  };
  useEffect(() => {
    load();
  }, about);
  return { rows, isWhole, ask: () => load(), more: () => load(rows.at(-1)) };
}

/** A table; on a phone each row is a card. `columns`: [words, content of a row, kind]. */
export function Table({ label, columns, rows, keyOf, empty }) {
  if (rows === undefined) return html`<p class="hint" aria-busy="true">${t("loading")}</p>`;
  if (!rows?.length) return html`<p class="nothing">${empty ?? t("nothing_yet")}</p>`;
  return html`
    <table aria-label=${label}>
      <thead>
        <tr>
          ${columns.map(
            ([words, , kind]) => html`<th class=${kind} scope="col">${words}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row, place) => html`
            <tr key=${keyOf(row)}>
              ${columns.map(
                ([words, content, kind]) => html`
                  <td class=${kind} data-label=${words}>${content(row, place)}</td>
                `,
              )}
            </tr>
          `,
        )}
      </tbody>
    </table>
  `;
}

export const MoreRows = ({ rows, isWhole, more }) =>
  rows?.length > 0 &&
  !isWhole &&
  html`<button type="button" class="button" onClick=${more}>${t("older")}</button>`;

/** A part of a page with its heading. */
export const Section = ({ title, hint, children, action }) => html`
  <section>
    ${
      title &&
      html`<header>
        <div>
          <h2>${title}</h2>
          ${hint && html`<p class="hint">${hint}</p>`}
        </div>
        ${action}
      </header>`
    }
    ${children}
  </section>
`;
