/** Plans: credits every month. One is taken, changed, ended and kept on after all. */
import * as api from "../api_account.js";
import { Confirmed } from "../components/forms.js";
import { Section, useAnswer } from "../components/tables.js";
import { html } from "../html.js";
import { balance } from "../state/balance.js";
import { isKeeper, me } from "../state/me.js";
import { attempt, toast } from "../state/toasts.js";
import { credits, day, money, t } from "../words.js";
import { goTo, pay } from "./buy.js";

/** The server's `Plan.is_above`: a change to such a plan is paid at once, to any other later. */
const isAbove = (plan, other) =>
  plan.price_cents > other.price_cents && plan.monthly_microcredits > other.monthly_microcredits;

/** A plan that was paid is often told of only after one is back, and then with its credits. */
export function Plans({ plans }) {
  const posted = balance.value?.posted_microcredits;
  const { answer: subscription, problem, ask } = useAnswer(api.getSubscription, [posted]);
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (subscription === undefined) return null;
  /** `words(now)` says what has become of the plan. */
  const act = (send, words) =>
    attempt(async () => {
      const now = await send();
      await ask();
      toast(words(now));
    });
  const hint = me.value && !isKeeper.value ? "plans_of_team" : "plans_hint";
  return html`
    <${Section} title=${t("plans")} hint=${t(hint)}>
      ${subscription && html`<${Current} ...${{ subscription, plans, act }} />`}
      <ul class="offers">
        ${plans.map(
          (plan) => html`<${Plan} key=${plan.plan_id} ...${{ plan, plans, subscription, act }} />`,
        )}
      </ul>
    <//>
  `;
}

function Current({ subscription, plans, act }) {
  const { plan_id: id, state, provider, cancels_at: ends } = subscription;
  const name = nameOf(id, plans);
  const isByCard = provider === "stripe";
  const problem = state !== "active" && (isByCard ? `plan_${state}` : "plan_not_renewed");
  return html`
    <div class="card current">
      <p>
        <b>${t("your_plan", { name })}</b>
        ${problem && html`<span class="problem">${t(problem)}</span>`}
        <span class="quiet">${outlook(subscription, plans)}</span>
      </p>
      ${isByCard && isKeeper.value && !ends && html`<${Portal} owes=${Boolean(problem)} />`}
      ${isKeeper.value && html`<${End} ...${{ subscription, name, act }} />`}
    </div>
  `;
}

/** Leads to Stripe's page, where what is open is paid and the card is changed. */
const Portal = ({ owes }) => html`
  <button
    type="button"
    class=${`button ${owes ? "primary" : ""}`}
    onClick=${() => goTo(api.openPortal)}
  >
    ${t(owes ? "pay_open" : "change_card")}
  </button>
`;

/** How it goes on, where that is known: not while it is not paid. */
function outlook(subscription, plans) {
  const { state, renews_at, cancels_at, next_plan_id: next } = subscription;
  if (cancels_at) return t("ends", { day: day(cancels_at) });
  if (state !== "active") return null;
  if (!next) return t("renews", { day: day(renews_at) });
  const name = nameOf(next, plans);
  if (waits(subscription, plans)) return t("comes_when_paid", { name });
  return t("changes", { day: day(renews_at), name });
}

const find = (id, plans) => plans.find((one) => one.plan_id === id);
const nameOf = (id, plans) => find(id, plans)?.name ?? id; // it may not be sold any more

/** Whether a change to a plan above was asked for whose payment is not confirmed yet. */
function waits({ plan_id, next_plan_id }, plans) {
  const [now, next] = [find(plan_id, plans), find(next_plan_id, plans)];
  return Boolean(now && next && isAbove(next, now));
}

/** A plan that is paid ends with its month, another at once. */
function End({ subscription: { state, renews_at, cancels_at }, name, act }) {
  if (cancels_at) {
    const resume = () => act(api.resumePlan, () => t("plan_resumed", { name }));
    return html`<button type="button" class="button" onClick=${resume}>${t("keep_plan")}</button>`;
  }
  const question = state === "active" ? "cancel_plan_sure" : "cancel_plan_now";
  const ended = ({ cancels_at: at }) =>
    at ? t("plan_cancelled", { name, day: day(at) }) : t("plan_ended", { name });
  return html`<${Confirmed}
    words=${t("cancel_plan")}
    question=${t(question, { name, day: day(renews_at) })}
    act=${() => act(api.cancelPlan, ended)}
  />`;
}

function Plan({ plan, plans, subscription, act }) {
  const isMine = subscription?.plan_id === plan.plan_id;
  const price = t("a_month", { money: money(plan.price_cents, plan.currency) });
  return html`
    <li class=${`card ${isMine ? "is-mine" : ""}`}>
      <h3>${plan.name}</h3>
      <p class="amount">
        <b>${credits(plan.monthly_microcredits, true)}</b> ${t("credits_a_month")}
      </p>
      <p class="quiet">${t(plan.rolls_over ? "rolls_over" : "does_not_roll_over")}</p>
      ${
        isMine
          ? html`<p class="mine">${t("this_is_yours")} · ${price}</p>`
          : html`<p class="quiet">${price}</p>`
      }
      ${isKeeper.value && html`<${Choose} ...${{ plan, plans, subscription, act }} />`}
    </li>
  `;
}

/** Takes a plan, changes to it, or keeps it after all; nothing where the server would refuse. */
function Choose({ plan, plans, subscription, act }) {
  const { plan_id: id, name } = plan;
  if (!subscription) {
    const subscribe = () => pay({ plan_id: id });
    const words = t("subscribe_to", { name });
    return html`<button type="button" class="button" onClick=${subscribe}>${words}</button>`;
  }
  const { plan_id: mine, next_plan_id: next, state, cancels_at } = subscription;
  if (state !== "active" || cancels_at || waits(subscription, plans)) return null;
  const change = (words) => act(() => api.changePlan(id), words);
  if (id === mine) {
    const keep = () => change(() => t("plan_kept", { name }));
    const words = t("keep_this", { name });
    return next && html`<button type="button" class="button" onClick=${keep}>${words}</button>`;
  }
  if (next) return null; // one keeps one's own first
  const now = find(mine, plans);
  const comesNow = now && isAbove(plan, now);
  const changed = ({ next_plan_id, renews_at }) => {
    if (next_plan_id !== id) return t("plan_changed", { name });
    return comesNow ? t("comes_when_paid", { name }) : t("changes", { name, day: day(renews_at) });
  };
  const question = () =>
    attempt(async () => {
      const { price_cents: cents, currency } = await api.priceOfChange(id);
      return cents ? t("change_now", { money: money(cents, currency) }) : t("change_later");
    });
  return html`<${Confirmed}
    words=${t("change_to", { name })}
    find=${question}
    act=${() => change(changed)}
    kind=""
  />`;
}
