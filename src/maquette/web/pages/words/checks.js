/** What a text misses, said beside it while it is typed. */
import { useEffect, useState } from "preact/hooks";
import * as api from "../../api_words.js";
import { Icon } from "../../components/icons.js";
import { html } from "../../html.js";
import { inOrder } from "../../state/order.js";
import { language } from "../../state/preferences.js";
import { t } from "../../words.js";

const WAITS_MS = 350;

/** The server counts Unicode characters, a browser's text UTF-16 units. */
function placer(text) {
  const starts = [];
  let at = 0;
  for (const character of text) {
    starts.push(at);
    at += character.length;
  }
  starts.push(at);
  return (n) => starts[n] ?? at;
}

/** What is found in a document, a moment after it was changed; undefined until then. */
export function useLiveChecks({ text, template, inputs, voice_id, language: one }) {
  const [found, setFound] = useState();
  const [begin] = useState(inOrder);
  useEffect(() => {
    const timer = setTimeout(async () => {
      const counts = begin();
      const asked = { text, template, inputs, voice_id, language: one };
      const answer = await api.checkCopy(asked).catch(() => undefined);
      if (!answer || !counts()) return;
      const placed = placer(text);
      const ranges = answer.findings.map((finding) => ({
        ...finding,
        range: finding.start === null ? null : [placed(finding.start), placed(finding.end)],
      }));
      setFound({ ...answer, findings: ranges, placed: ranges.filter((two) => two.range) });
    }, WAITS_MS);
    return () => clearTimeout(timer);
  }, [text, template, inputs, voice_id, one]);
  return found;
}

export function Checks({ of: found, go }) {
  return html`
    <section class="desk-part checks-of" aria-label=${t("checks")}>
      <h2>${t("checks")}</h2>
      ${found && html`<${Counted} of=${found} />`}
      ${
        found?.findings.length === 0 &&
        html`<p class="met"><${Icon} name="done" /><span>${t("all_met")}</span></p>`
      }
      <ul>
        ${found?.findings.map((one) => html`<${Finding} one=${one} go=${go} />`)}
      </ul>
    </section>
  `;
}

function Finding({ one, go }) {
  const kind = one.demanded ? "demanded" : "advice";
  const said = html`<span>${one.line[language.value]}</span>`;
  return html`
    <li class=${kind}>
      <i aria-hidden="true"></i>
      ${
        one.range
          ? html`<button type="button" onClick=${() => go(one.range)}>${said}</button>`
          : said
      }
    </li>
  `;
}

function Counted({ of: found }) {
  const { words, characters, most_characters: most, sentences, reading } = found;
  const figures = [
    [t("words_counted"), words],
    [t("characters"), most ? `${characters} / ${most}` : characters],
    [t("sentences"), sentences],
  ];
  if (reading) figures.push([t(reading.measure), reading.value]);
  return html`
    <dl class="counted">
      ${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
    ${
      most &&
      html`<progress
        aria-label=${t("characters")}
        max=${most}
        value=${Math.min(most, characters)}
      />`
    }
  `;
}
