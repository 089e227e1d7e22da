/** Source with line numbers and a little colour: enough to read it, no grammar of a language. */
import { html } from "../html.js";
import { t } from "../words.js";

const MOST_COLOURED = 100_000; // characters; what is longer is shown plain
const WORDS =
  "and|as|assert|async|await|break|case|class|continue|def|del|elif|else|except|finally|for|from|" +
  "global|if|import|in|is|lambda|match|nonlocal|not|or|pass|raise|return|try|while|with|yield|" +
  "None|True|False";
const PYTHON = new RegExp(
  [
    "(?<comment>#[^\\n]*)",
    "(?<string>[rbfuRBFU]{0,2}(?:\"\"\"[^]*?(?:\"\"\"|$)|'''[^]*?(?:'''|$)" +
      '|"(?:\\\\.|[^"\\\\\\n])*"?|\'(?:\\\\.|[^\'\\\\\\n])*\'?))',
    `(?<word>\\b(?:${WORDS})\\b)`,
    "(?<number>\\b\\d[\\w.]*\\b)",
    "(?<name>(?<=\\b(?:def|class)\\s+)\\w+)",
  ].join("|"),
  "g",
);
const MARKUP = new RegExp(
  [
    "(?<comment><!--[^]*?(?:-->|$))",
    "(?<word></?[A-Za-z!][\\w:.-]*|/?>)",
    '(?<string>"[^"\\n]*"|\'[^\'\\n]*\')',
    "(?<name>\\b[\\w:-]+(?==[\"']))",
  ].join("|"),
  "g",
);
const GRAMMARS = {
  "text/x-python": PYTHON,
  "text/html": MARKUP,
  "image/svg+xml": MARKUP,
};

/** A text as pieces, each with its kind: "" is plain. */
export function piecesOf(text, mediaType) {
  const grammar = GRAMMARS[mediaType];
  if (!grammar || text.length > MOST_COLOURED) return [["", text]];
  const pieces = [];
  let at = 0;
  for (const found of text.matchAll(grammar)) {
    if (found.index > at) pieces.push(["", text.slice(at, found.index)]);
    const [kind] = Object.entries(found.groups).find(([, said]) => said !== undefined);
    pieces.push([kind, found[0]]);
    at = found.index + found[0].length;
  }
  if (at < text.length) pieces.push(["", text.slice(at)]);
  return pieces;
}

/** The pieces of each line. */
function linesOf(pieces) {
  const lines = [[]];
  for (const [kind, text] of pieces) {
    text.split("\n").forEach((part, n) => {
      if (n > 0) lines.push([]);
      if (part) lines.at(-1).push([kind, part]);
    });
  }
  return lines;
}

export function Source({ text, mediaType, label }) {
  const lines = linesOf(piecesOf(text.replace(/\n$/, ""), mediaType));
  return html`
    <div class="source" role="region" tabindex="0" aria-label=${label ?? t("code_source")}>
      <ol>
        ${lines.map(
          (line) => html`
            <li>
              <code>
                ${line.map(([kind, part]) =>
                  kind ? html`<span class=${`of-${kind}`}>${part}</span>` : part,
                )}
              </code>
            </li>
          `,
        )}
      </ol>
    </div>
  `;
}
