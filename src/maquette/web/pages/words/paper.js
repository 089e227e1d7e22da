/** A plain text to be typed in, with what is found in it marked beneath. */
import { html } from "../../html.js";
import { t } from "../../words.js";

export function Paper({ area, text, language, findings, changing, onText, onSelect, onSave }) {
  const tell = ({ target }) => onSelect([target.selectionStart, target.selectionEnd]);
  const onKeyDown = (event) => {
    if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    onSave();
  };
  const lang = language === "zh" ? "zh-Hans" : "en";
  return html`
    <div class="paper" lang=${lang}>
      <div class="marks" aria-hidden="true">
        ${pieces(text, findings, changing).map(
          ([said, kind]) => (kind ? html`<mark class=${kind}>${said}</mark>` : said),
        )}${"\n\u200b"}
      </div>
      <textarea
        ref=${area}
        spellcheck=${true}
        aria-label=${t("text")}
        placeholder=${t("type_here")}
        value=${text}
        onInput=${(event) => onText(event.target.value)}
        onSelect=${tell}
        onKeyUp=${tell}
        onPointerUp=${tell}
        onKeyDown=${onKeyDown}
      ></textarea>
    </div>
  `;
}

/** The text cut where something begins or ends: [text, class]. What is being changed goes before
 * what must be met, and that before advice.
 */
export function pieces(text, findings, changing) {
  const spans = [
    ...(changing ? [{ range: changing, kind: "changing" }] : []),
    ...findings.filter((one) => one.demanded).map(({ range }) => ({ range, kind: "demanded" })),
    ...findings.filter((one) => !one.demanded).map(({ range }) => ({ range, kind: "advice" })),
  ].filter(({ range: [start, end] }) => start < end && end <= text.length);
  const cuts = new Set([0, text.length, ...spans.flatMap(({ range }) => range)]);
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(1).map((end, n) => {
    const start = places[n];
    const over = spans.find(({ range }) => range[0] <= start && end <= range[1]);
    return [text.slice(start, end), over?.kind];
  });
}
