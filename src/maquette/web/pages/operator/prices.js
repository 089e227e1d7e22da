/** What a picture or a thousand tokens bring and cost, and how that falls in shared passes. */
import * as api from "../../api_operator.js";
import { Bars } from "../../components/charts.js";
import { useAnswer } from "../../components/tables.js";
import { html } from "../../html.js";
import { credits, t } from "../../words.js";

export function Page() {
  const { answer: models, problem } = useAnswer(api.getPrices);
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!models) return html`<p class="hint" aria-busy="true">${t("loading")}</p>`;
  return models.map((one) => html`<${Model} key=${one.model} ...${one} />`);
}

const cents = (value) => t("cents", { n: Number(value.toPrecision(2)) });

function Model(known) {
  const { model, kind, unit, margin, cost_cents: cost, shared } = known;
  const figures = [
    [t(`price_of_${kind}`), credits(known.price_microcredits), cents(known.price_cents)],
    [t("cost_to_make"), cost === null ? "–" : cents(cost), t(`cost_seen_${kind}`)],
    [t("margin"), margin === null ? "–" : `${Math.round(100 * margin)} %`, ""],
  ];
  return html`
    <section class="card">
      <header>
        <div>
          <h2>${model}</h2>
          <p class="hint">
            ${t("price_of_unit", {
              credits: credits(known.unit_microcredits),
              unit: t(`unit_${unit.replace(/\W/g, "_")}`),
            })}
          </p>
        </div>
      </header>
      <dl class="figures-row">
        ${figures.map(
          ([words, figure, more]) => html`
            <div><dt>${words}</dt><dd>${figure}</dd><dd class="hint">${more}</dd></div>
          `,
        )}
      </dl>
      ${
        shared.length
          ? html`<${Bars}
            label=${t("cost_by_sharing")}
            bars=${shared.map(bar)}
            legend=${[t("text_known"), t("text_new")]}
            shown
          />`
          : cost === null && html`<p class="nothing">${t("not_measured")}</p>`
      }
    </section>
  `;
}

const bar = ({ rows, cents: value, new_text_cents: whole }) => ({
  name: t(rows === 1 ? "rows_1" : "rows_n", { n: rows }),
  value,
  more: whole - value,
  words: cents(value),
});
