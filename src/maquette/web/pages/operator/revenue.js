/** What was paid, each payment with its refund, and codes to give away. */
import { useState } from "preact/hooks";
import * as api from "../../api_operator.js";
import { Copied, Field, Form, Reasoned, useForm } from "../../components/forms.js";
import { MoreRows, Section, Table, usePages } from "../../components/tables.js";
import { html } from "../../html.js";
import { toast } from "../../state/toasts.js";
import { credits, moment, money, t } from "../../words.js";

const PAGE = 50;

export const Page = () => html`
  <${Payments} />
  <${Codes} />
`;

function Payments() {
  const list = (before) => api.listPayments({ limit: PAGE, before: before?.payment_id });
  const pages = usePages(list, PAGE);
  const refund = (one) =>
    one.state === "paid" &&
    html`<${Reasoned}
      words=${t("refund")}
      label=${t("refund_payment", one)}
      act=${async (reason) => {
        await api.refund(one.payment_id, reason);
        toast(t("refund_sent"));
        await pages.ask();
      }}
    />`;
  const what = (one) => html`
    <b>${one.what}</b>
    <span class="quiet">
      <a href=${`#/operator/people/${one.account_id}`}>${one.account_id}</a>
      ${" · "}${t(`provider_${one.provider}`)}
    </span>
  `;
  const price = (one) => (one.currency ? money(one.price_cents, one.currency) : "–");
  const columns = [
    [t("date"), (one) => moment(one.created_at), "quiet"],
    [t("what"), what, "wide"],
    [t("state"), (one) => t(`payment_${one.state}`), "quiet"],
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
