/** Lists that come a page at a time, and what they show. */
import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { inOrder } from "../state/order.js";
import { attempt } from "../state/toasts.js";
import { t } from "../words.js";

/** What a route answers, asked anew where `about` changes: `answer` is undefined while it is under
 * way and null where it failed; `ask` asks once more, `set` puts another in its place.
 */
export function useAnswer(route, about = []) {
  const [known, setKnown] = useState({ answer: undefined, problem: null });
  const [begin] = useState(inOrder);
  const ask = async () => {
    const counts = begin();
    const came = await route().then(
      (answer) => ({ answer, problem: null }),
      (refused) => ({ answer: null, problem: refused.message }),
    );
    if (counts()) setKnown(came);
  };
  const set = (answer) => begin()() && setKnown({ answer, problem: null });
  useEffect(() => {
    ask();
  }, about);
  return { ...known, ask, set };
}

/** Rows by pages: `list(before)` resolves to those before a row, which is undefined at first. */
export function usePages(list, size, about = []) {
  const [known, setKnown] = useState({ rows: undefined, isWhole: false });
  const [begin] = useState(inOrder);
  const ask = async () => {
    const counts = begin();
    const rows = await attempt(() => list());
    if (rows && counts()) setKnown({ rows, isWhole: rows.length < size });
  };
  const more = async () => {
    const last = known.rows.at(-1);
    const page = await attempt(() => list(last));
    if (!page) return;
    const isWhole = page.length < size;
    setKnown((now) => {
      const fits = now.rows.at(-1) === last; // they may be others by now, or have these
      return fits ? { rows: [...now.rows, ...page], isWhole } : now;
    });
  };
  useEffect(() => {
    ask();
  }, about);
  return { ...known, ask, more };
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
