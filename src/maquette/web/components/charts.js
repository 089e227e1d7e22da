/** Bars beside each other, each with its words for those who cannot see it. */
import { html } from "../html.js";

const MOST_NAMED = 12;

/** `bars`: `{name, value, words}`, and `more` where a lighter part stands on top of `value`. With
 * `shown` the words stand above each bar. `legend`: what the two parts are.
 */
export function Bars({ label, bars, shown = false, legend }) {
  const heightOf = ({ value, more = 0 }) => value + more;
  const most = Math.max(...bars.map(heightOf), 0) || 1;
  const share = (value) => ({ height: `${(100 * value) / most}%` });
  const isMany = bars.length > MOST_NAMED;
  // A third of the width at most, so that a year's bars are still there on a phone.
  const gap = isMany ? { columnGap: `min(2px, ${33 / bars.length}%)` } : {};
  return html`
    <figure class="chart" tabindex="0">
      <figcaption class="hint">${label}</figcaption>
      <ol class=${`bars ${isMany ? "is-many" : ""}`} style=${gap}>
        ${bars.map(
          ({ name, value, words, more }) => html`
            <li key=${name} title=${`${name}: ${words}`}>
              <span class=${shown ? "" : "unseen"}>${words}</span>
              <div class="stack">
                ${more > 0 && html`<i class="is-more" style=${share(more)}></i>`}
                <i style=${share(value)}></i>
              </div>
              <small class=${isMany ? "unseen" : ""}>${name}</small>
            </li>
          `,
        )}
      </ol>
      ${
        isMany &&
        html`<p class="ends quiet" aria-hidden="true">
          <span>${bars[0].name}</span><span>${bars.at(-1).name}</span>
        </p>`
      }
      ${
        legend &&
        html`<p class="legend quiet">
          <i></i>${legend[0]} <i class="is-more"></i>${legend[1]}
        </p>`
      }
    </figure>
  `;
}
