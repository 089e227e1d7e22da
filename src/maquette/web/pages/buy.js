/** To get credits: packs, plans and codes; and the invoices of what was paid. */
import { useEffect } from "preact/hooks";
import * as api from "../api_account.js";
import { Field, Form, useForm } from "../components/forms.js";
import { Section, Table, useAnswer } from "../components/tables.js";
import { html } from "../html.js";
import { balance, loadBalance } from "../state/balance.js";
import { isKeeper } from "../state/me.js";
import { attempt, toast } from "../state/toasts.js";
import { credits, day, money, t } from "../words.js";
import { Plans } from "./plans.js";

export function Page({ ids: [came] }) {
  // Thanks are said once: the address that says so is not there to be come back to.
  useEffect(() => {
    if (came === "thanks") history.replaceState(history.state, "", "#/buy");
  }, []);
  const { answer: options, problem } = useAnswer(api.paymentOptions);
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!options) return html`<p class="hint" aria-busy="true">${t("loading")}</p>`;
  const { providers, packs, plans } = options;
  const canPay = providers.includes("stripe");
  return html`
    ${came === "thanks" && html`<p class="card" role="status">${t("thanks")}</p>`}
    ${canPay && plans.length > 0 && html`<${Plans} plans=${plans} />`}
    ${canPay && packs.length > 0 && html`<${Packs} packs=${packs} />`}
    ${providers.includes("codes") && html`<${Redeem} />`}
    ${!canPay && !providers.includes("codes") && html`<p class="nothing">${t("not_sold")}</p>`}
    ${isKeeper.value && html`<${Invoices} />`}
  `;
}

/** Goes to a page of the provider's that a route names, which comes back here. */
export const goTo = (ask) => attempt(async () => location.assign((await ask()).url));

export const pay = (what) => goTo(() => api.checkout(what));

const AMOUNT = /^([\d,.]+) credits$/;
const isAmount = (name) => AMOUNT.test(name);

/** A pack that is called by its amount is so in the language of whoever reads. */
const inWords = (name) => name.replace(AMOUNT, `$1 ${t("credits_unit")}`);

/** What a credit costs, so that packs can be compared. */
const perHundred = (pack) => (pack.price_cents * 1e8) / pack.credits_microcredits;

const Packs = ({ packs }) => html`
  <${Section} title=${t("packs")} hint=${t("packs_hint")}>
    <ul class="offers">
      ${packs.map(
        (pack) => html`
          <li class="card" key=${pack.pack_id}>
            ${!isAmount(pack.name) && html`<h3>${pack.name}</h3>`}
            <p class="amount">
              <b>${credits(pack.credits_microcredits, true)}</b> ${t("credits_unit")}
            </p>
            <p class="quiet">
              ${t("per_hundred", { money: money(perHundred(pack), pack.currency) })}
            </p>
            <button
              type="button"
              class="button"
              aria-label=${t("buy_pack", { name: inWords(pack.name) })}
              onClick=${() => pay({ pack_id: pack.pack_id })}
            >
              ${money(pack.price_cents, pack.currency)}
            </button>
          </li>
        `,
      )}
    </ul>
  <//>
`;

function Redeem() {
  const send = async ({ code }) => {
    const { amount_microcredits: amount } = await api.redeem(code.trim());
    form.reset();
    loadBalance();
    toast(t("redeemed", { credits: credits(amount) }));
  };
  const form = useForm({ code: "" }, send, () => "code");
  return html`
    <${Section} title=${t("redeem_code")}>
      <${Form} of=${form} label=${t("redeem_code")} submit=${t("redeem")} kind="">
        <${Field}
          of=${form}
          name="code"
          label=${t("gift_code")}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck=${false}
          required
        />
      <//>
    <//>
  `;
}

/** What was paid is often told of only after one has come back, and then with its credits. */
function Invoices() {
  const { answer, problem } = useAnswer(api.listInvoices, [balance.value?.posted_microcredits]);
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!answer?.length) return null;
  const columns = [
    [t("date"), (one) => day(one.created_at), "quiet"],
    [t("what"), (one) => inWords(one.what), "wide"],
    [t("number"), (one) => one.number, "quiet"],
    [t("amount"), (one) => money(one.price_cents, one.currency), "number"],
    ["PDF", (one) => html`<${Pdf} ...${one} />`, "end unlabelled"],
  ];
  return html`
    <${Section} title=${t("invoices")}>
      <${Table}
        label=${t("invoices")}
        columns=${columns}
        rows=${answer}
        keyOf=${(one) => one.invoice_id}
      />
    <//>
  `;
}

const Pdf = ({ invoice_id, number }) => html`
  <a href=${api.invoicePdf(invoice_id)} target="_blank" aria-label=${t("invoice_pdf", { number })}>
    PDF
  </a>
`;
