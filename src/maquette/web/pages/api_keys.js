/** API keys: made with what they may do and spend, shown once, revoked. */
import { useState } from "preact/hooks";
import * as api from "../api_account.js";
import { Confirmed, Copied, Field, Form, useForm } from "../components/forms.js";
import { Section, Table, useAnswer } from "../components/tables.js";
import { html } from "../html.js";
import { isOperator } from "../state/me.js";
import { attempt, toast } from "../state/toasts.js";
import { credits, day, moment, t } from "../words.js";

const SCOPES = ["generate", "read", "account"];
const scopesOf = () => (isOperator.value ? [...SCOPES, "operate"] : SCOPES);
const PERIODS = ["day", "month"];
const LIVES_DAYS = [0, 30, 90, 365];
const FRESH = { name: "", budget: "", period: "month", days: "0" };

export function Page() {
  const { answer: keys, ask } = useAnswer(api.listKeys);
  const [made, setMade] = useState(null);
  const [isOpen, setOpen] = useState(false);
  const create = async (values) => {
    setMade(await api.createKey(values));
    setOpen(false);
    ask();
  };
  const revoke = (key) =>
    attempt(async () => {
      await api.revokeKey(key.key_id);
      if (made?.key_id === key.key_id) setMade(null);
      toast(t("key_revoked", key));
      await ask();
    });
  const action = html`<button type="button" class="button" onClick=${() => setOpen(!isOpen)}>
    ${t(isOpen ? "cancel" : "new_key")}
  </button>`;
  return html`
    <${Section} title=${t("your_keys")} hint=${t("keys_are_for")} action=${action}>
      ${isOpen && html`<${NewKey} create=${create} />`} ${made && html`<${Shown} made=${made} />`}
      <${Keys} keys=${keys} revoke=${revoke} />
      <p class="hint">
        ${t("use_key")} <code>Authorization: Bearer …</code>${" · "}
        <a href="/docs">${t("api_docs")}</a>
      </p>
    <//>
  `;
}

const Shown = ({ made }) => html`
  <div class="card shown-once" role="status">
    <h3>${t("key_made", made)}</h3>
    <p>${t("shown_once")}</p>
    <${Copied} text=${made.key} label=${made.name} />
  </div>
`;

function Keys({ keys, revoke }) {
  const spent = (key) => {
    const whole = key.budget_microcredits;
    if (!whole) return credits(key.spent_microcredits);
    const of = { spent: credits(key.spent_microcredits), budget: credits(whole, true) };
    return html`
      ${t(key.budget_period ? `of_${key.budget_period}` : "of_budget", of)}
      <progress
        aria-label=${t("spent")}
        max=${whole}
        value=${Math.min(whole, key.spent_microcredits)}
      ></progress>
    `;
  };
  const name = (key) => html`
    <b>${key.name}</b>
    <span class="quiet">
      <code>${key.prefix}…</code> · ${key.scopes.map((one) => t(`scope_${one}`)).join(", ")}
      ${key.expires_at && ` · ${t("until", { day: day(key.expires_at) })}`}
    </span>
  `;
  const columns = [
    [t("name"), name, "wide"],
    [t("spent"), spent, "number"],
    [t("last_used"), (key) => (key.last_used_at ? moment(key.last_used_at) : t("never")), "quiet"],
    [
      t("revoke"),
      (key) => html`
        <${Confirmed}
          words=${t("revoke")}
          question=${t("revoke_key", key)}
          act=${() => revoke(key)}
        />
      `,
      "end unlabelled",
    ],
  ];
  return html`<${Table}
    label=${t("your_keys")}
    columns=${columns}
    rows=${keys}
    keyOf=${(key) => key.key_id}
    empty=${t("no_keys")}
  />`;
}

function NewKey({ create }) {
  const [scopes, setScopes] = useState(SCOPES.slice(0, 2));
  const send = ({ name, budget, period, days }) =>
    create({
      name,
      scopes,
      ...(budget && { budget_microcredits: Math.round(budget * 1e6), budget_period: period }),
      ...(days !== "0" && { expires_at: new Date(Date.now() + days * 86_400_000).toISOString() }),
    });
  const form = useForm(FRESH, send, () => "name");
  const toggle = (scope) =>
    setScopes(scopes.includes(scope) ? scopes.filter((one) => one !== scope) : [...scopes, scope]);
  const check = (scope) => html`
    <label class="check">
      <input type="checkbox" checked=${scopes.includes(scope)} onChange=${() => toggle(scope)} />
      <span>${t(`scope_${scope}`)} <small class="quiet">${t(`scope_${scope}_hint`)}</small></span>
    </label>
  `;
  return html`
    <div class="card">
      <${Form}
        of=${form}
        label=${t("new_key")}
        submit=${t("create_key")}
        disabled=${scopes.length === 0}
      >
        <${Field}
          of=${form}
          name="name"
          label=${t("key_name")}
          maxlength="100"
          autocomplete="off"
          required
          autofocus
        />
        <fieldset class="checks">
          <legend>${t("may_do")}</legend>
          ${scopesOf().map(check)}
        </fieldset>
        <div class="pair">
          <${Field}
            of=${form}
            name="budget"
            label=${t("budget")}
            hint=${t("budget_hint")}
            type="number"
            min="0.01"
            step="0.01"
            inputmode="decimal"
          />
          <${Field} of=${form} name="period" label=${t("budget_period")}>
            ${PERIODS.map((one) => html`<option value=${one}>${t(`period_${one}`)}</option>`)}
          <//>
        </div>
        <${Field} of=${form} name="days" label=${t("expires")}>
          ${LIVES_DAYS.map((n) => {
            const words = n ? t("in_days", { n }) : t("never_expires");
            return html`<option value=${n}>${words}</option>`;
          })}
        <//>
      <//>
    </div>
  `;
}
