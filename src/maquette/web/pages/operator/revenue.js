/** What was paid, by day and by way to pay; each payment with its refund; codes to give away. */
import { useState } from "preact/hooks";
import * as api from "../../api_operator.js";
import { Bars } from "../../components/charts.js";
import { Choice } from "../../components/controls.js";
import { Copied, Field, Form, Reasoned, useForm } from "../../components/forms.js";
import { MoreRows, Section, Table, useAnswer, usePages } from "../../components/tables.js";
import { html } from "../../html.js";
import { toast } from "../../state/toasts.js";
import { credits, day, moment, money, t } from "../../words.js";

const SPANS_DAYS = [30, 90, 365];
const DAY_MS = 86_400_000;
const PAGE = 50;

/** The last days to today, the first one first, as the server counts them: in UTC. */
const lastDays = (n) =>
  [...Array(n).keys()].map((place) =>
    new Date(Date.now() - (n - 1 - place) * DAY_MS).toISOString().slice(0, 10),
  );

export function Page() {
  const [span, setSpan] = useState(SPANS_DAYS[0]);
  const revenue = async () => {
    const days = lastDays(span);
    return { days, ...(await api.getRevenue({ since: days[0], until: days.at(-1) })) };
  };
  const { answer, problem, ask } = useAnswer(revenue, [span]);
  return html`
    <${Choice}
      name="span"
      label=${t("span")}
      value=${span}
      options=${SPANS_DAYS.map((n) => [n, t("last_days", { n })])}
      onChange=${setSpan}
    />
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    ${answer && html`<${Figures} ...${answer} />`}
    <${Payments} onRefund=${ask} />
    <${Codes} />
  `;
}

/** Currencies are not added up. */
function Figures({ days, totals, by_day, by_provider }) {
  if (totals.length === 0) return html`<p class="nothing">${t("no_revenue")}</p>`;
  return totals.map((total) => {
    const { currency } = total;
    const isOfIt = (one) => one.currency === currency;
    return html`
      <${Currency}
        key=${currency}
        total=${total}
        days=${days}
        by_day=${by_day.filter(isOfIt)}
        by_provider=${by_provider.filter(isOfIt)}
      />
    `;
  });
}

const keptOf = (one) => one.price_cents - one.refunded_cents;
const counted = (n) => t(n === 1 ? "payments_1" : "payments_n", { n });

function Currency({ total, days, by_day, by_provider }) {
  const inMoney = (cents) => money(cents, total.currency);
  const byDay = new Map(by_day.map((one) => [one.day, one]));
  const bars = days.map((date) => {
    const one = byDay.get(date) ?? { price_cents: 0, refunded_cents: 0 };
    return {
      name: day(`${date}T00:00`), // without a zone, so that it is this day in each
      value: keptOf(one),
      more: one.refunded_cents,
      words: inMoney(keptOf(one)),
    };
  });
  const figures = [
    [t("paid_in_all"), total.price_cents, counted(total.payments)],
    [t("gone_back"), total.refunded_cents, ""],
    [t("kept"), keptOf(total), ""],
    ...by_provider.map((one) => [
      t(`provider_${one.provider}`),
      one.price_cents,
      counted(one.payments),
    ]),
  ];
  return html`
    <section class="card" aria-label=${total.currency.toUpperCase()}>
      <dl class="figures-row">
        ${figures.map(
          ([words, cents, more]) => html`
            <div><dt>${words}</dt><dd>${inMoney(cents)}</dd><dd class="hint">${more}</dd></div>
          `,
        )}
      </dl>
      <${Bars} label=${t("by_day")} bars=${bars} legend=${[t("kept"), t("gone_back")]} />
    </section>
  `;
}

/** Whether its refund did not arrive: the buyer is still owed it. */
const cameBack = (one) => one.state === "refunded" && one.came_back_cents > 0;

function Payments({ onRefund }) {
  const list = (before) => api.listPayments({ limit: PAGE, before: before?.payment_id });
  const pages = usePages(list, PAGE);
  const refund = (one) =>
    (one.state === "paid" || cameBack(one)) &&
    html`<${Reasoned}
      words=${t("refund")}
      label=${t("refund_payment", one)}
      act=${async (reason) => {
        await api.refund(one.payment_id, reason);
        toast(t("refund_sent"));
        await Promise.all([pages.ask(), onRefund()]);
      }}
    />`;
  const what = (one) => html`
    <b>${one.what}</b>
    <span class="quiet">
      <a href=${`#/operator/people/${one.account_id}`}>${one.account_name ?? one.account_id}</a>
      ${" · "}${t(`provider_${one.provider}`)}
    </span>
  `;
  const price = (one) => (one.currency ? money(one.price_cents, one.currency) : "–");
  const columns = [
    [t("date"), (one) => moment(one.created_at), "quiet"],
    [t("what"), what, "wide"],
    [t("state"), (one) => t(`payment_${cameBack(one) ? "came_back" : one.state}`), "quiet"],
    [t("page_credits"), (one) => credits(one.amount_microcredits), "number"],
    [t("amount"), price, "number"],
    [t("refund"), refund, "end unlabelled"],
  ];
  return html`
    <${Section} title=${t("payments")}>
      <${Table}
        label=${t("payments")}
        columns=${columns}
        rows=${pages.rows}
        keyOf=${(one) => one.payment_id}
      />
      <${MoreRows} ...${pages} />
    <//>
  `;
}

function Codes() {
  const [codes, setCodes] = useState(null);
  const send = async ({ amount, count }) => {
    const asked = { amount_microcredits: Math.round(amount * 1e6), count: Number(count) };
    setCodes((await api.makeCodes(asked)).codes);
  };
  const form = useForm({ amount: "10", count: "1" }, send, () => "amount");
  return html`
    <${Section} title=${t("make_codes")} hint=${t("codes_hint")}>
      <${Form} of=${form} label=${t("make_codes")} submit=${t("make_codes")} kind="">
        <div class="pair">
          <${Field}
            of=${form}
            name="amount"
            label=${t("credits_each")}
            type="number"
            min="0.01"
            step="0.01"
            required
          />
          <${Field}
            of=${form}
            name="count"
            label=${t("how_many")}
            type="number"
            min="1"
            max="1000"
            required
          />
        </div>
      <//>
      ${
        codes &&
        html`<div class="card shown-once" role="status">
          <p>${t("shown_once")}</p>
          <${Copied} text=${codes.join("\n")} label=${t("codes")} />
        </div>`
      }
    <//>
  `;
}
