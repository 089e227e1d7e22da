/** One person as an operator sees them. */
import { useState } from "preact/hooks";
import { paymentOptions } from "../../api_account.js";
import * as api from "../../api_operator.js";
import { Confirmed, Field, Form, Reasoned, useForm } from "../../components/forms.js";
import { Statement } from "../../components/statement.js";
import { Section, useAnswer } from "../../components/tables.js";
import { html } from "../../html.js";
import { loadBalance } from "../../state/balance.js";
import { me } from "../../state/me.js";
import { attempt, toast } from "../../state/toasts.js";
import { centsIn, credits, day, t } from "../../words.js";

const CURRENCIES = ["eur", "usd", "cny", "gbp"];
const ROLES = ["member", "operator", "admin"];

export function Person({ id }) {
  const { answer: person, problem, set } = useAnswer(() => api.getPerson(id));
  const { answer: balance, ask: askBalance } = useAnswer(() => api.balanceOf(id));
  const { answer: options } = useAnswer(paymentOptions);
  const [moves, setMoves] = useState(0);
  const renew = async () => {
    setMoves((n) => n + 1);
    loadBalance();
    await askBalance();
  };
  const change = (values) => attempt(async () => set(await api.changePerson(id, values)));
  const reverse = (row) =>
    row.kind === "charge" &&
    html`<${Reasoned}
      words=${t("refund")}
      label=${t("refund_of", { credits: credits(-row.amount_microcredits) })}
      act=${async (reason) => {
        await api.reverse(row.transfer_id, reason);
        toast(t("refunded", { credits: credits(-row.amount_microcredits) }));
        await renew();
      }}
    />`;
  return html`
    <a class="to-list" href="#/operator/people">← ${t("all_people")}</a>
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    ${person && html`<${Card} ...${{ person, balance, change }} />`}
    ${
      person &&
      options !== undefined &&
      html`<${TopUp} ...${{ person, renew, currencies: currenciesOf(options) }} />`
    }
    <${Section} title=${t("statement")}>
      <${Statement}
        list=${(values) => api.transfersOf(id, values)}
        balance=${() => api.balanceOf(id)}
        about=${moves}
        action=${[t("refund"), reverse]}
      />
    <//>
  `;
}

function Card({ person, balance, change }) {
  const { name, email, role, suspended, created_at } = person;
  const isMe = me.value?.account_id === person.account_id;
  const isAdmin = me.value?.role === "admin";
  return html`
    <section class="card person-card">
      <div>
        <h2>${name || email || t("owner")}</h2>
        <p class="quiet">
          ${[name && email, t("since", { day: day(created_at) })].filter(Boolean).join(" · ")}
        </p>
        ${suspended && html`<p class="problem">${t("is_suspended")}</p>`}
      </div>
      <p class="amount">
        <b>${balance && credits(balance.available_microcredits)}</b> ${t("credits_unit")}
      </p>
      <div class="person-actions">
        <label class="field" for="role">
          <span>${t("role")}</span>
          <select
            id="role"
            disabled=${!isAdmin || isMe}
            onChange=${(event) => change({ role: event.target.value })}
          >
            ${ROLES.map(
              (one) => html`
                <option value=${one} selected=${one === role}>${t(`role_${one}`)}</option>
              `,
            )}
          </select>
        </label>
        ${
          !isMe &&
          (suspended
            ? html`<button
              type="button"
              class="button"
              onClick=${() => change({ suspended: false })}
            >
              ${t("let_in_again")}
            </button>`
            : html`<${Confirmed}
              words=${t("suspend")}
              question=${t("suspend_sure", { name: name || email })}
              act=${() => change({ suspended: true })}
            />`)
        }
      </div>
    </section>
  `;
}

/** Those of what is sold here first, then others that one may be paid in. */
function currenciesOf(options) {
  const sold = [...(options?.packs ?? []), ...(options?.plans ?? [])];
  return [...new Set([...sold.map((one) => one.currency), ...CURRENCIES])];
}

function TopUp({ person, renew, currencies }) {
  const send = async ({ amount, reason, price, currency }, key) => {
    const amount_microcredits = Math.round(amount * 1e6);
    const paid = price && { price_cents: Math.round(price * centsIn(currency)), currency };
    await api.topUp(person.account_id, { amount_microcredits, reason, ...paid }, key);
    form.reset();
    toast(t("topped_up", { credits: credits(amount_microcredits) }));
    await renew();
  };
  const fresh = { amount: "", reason: "", price: "", currency: currencies[0] };
  const form = useForm(fresh, send, () => "amount");
  return html`
    <${Section} title=${t("top_up")} hint=${t("top_up_hint")}>
      <${Form} of=${form} label=${t("top_up")} submit=${t("top_up")} kind="">
        <div class="pair">
          <${Field}
            of=${form}
            name="amount"
            label=${t("page_credits")}
            type="number"
            min="0.01"
            step="0.01"
            inputmode="decimal"
            required
          />
          <${Field} of=${form} name="reason" label=${t("reason")} maxlength="500" required />
        </div>
        <div class="pair">
          <${Field}
            of=${form}
            name="price"
            label=${t("money_paid")}
            type="number"
            min="0"
            step=${1 / centsIn(form.given.currency)}
            inputmode="decimal"
          />
          <${Field} of=${form} name="currency" label=${t("currency")}>
            ${currencies.map(
              (one) => html`<option value=${one}>${one.toUpperCase()}</option>`,
            )}
          <//>
        </div>
      <//>
    <//>
  `;
}
