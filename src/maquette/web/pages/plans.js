/** Plans: credits every month. One is taken, changed, ended and kept on after all. */
import * as api from "../api_account.js";
import { Confirmed } from "../components/forms.js";
import { Section, useAnswer } from "../components/tables.js";
import { html } from "../html.js";
import { attempt, toast } from "../state/toasts.js";
import { credits, day, money, t } from "../words.js";
import { pay } from "./buy.js";

export function Plans({ plans }) {
  const { answer: subscription, ask } = useAnswer(api.getSubscription);
  if (subscription === undefined) return null;
  const act = (send, words) =>
    attempt(async () => {
      await send();
      await ask();
      toast(words);
    });
  return html`
    <${Section} title=${t("plans")} hint=${t("plans_hint")}>
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
  const { plan_id: id, state, renews_at, cancels_at, next_plan_id } = subscription;
  const nameOf = (wanted) => plans.find((one) => one.plan_id === wanted)?.name ?? wanted;
  const name = nameOf(id);
  let words = renews_at && t("renews", { day: day(renews_at) });
  if (next_plan_id && next_plan_id !== id) {
    words = t("changes", { day: day(renews_at), name: nameOf(next_plan_id) });
  }
  if (cancels_at) words = t("ends", { day: day(cancels_at) });
  return html`
    <div class="card current">
      <p>
        <b>${t("your_plan", { name })}</b>
        ${state !== "active" && html`<span class="problem">${t(`plan_${state}`)}</span>`}
        <span class="quiet">${words}</span>
      </p>
      ${
        cancels_at
          ? html`<button
            type="button"
            class="button"
            onClick=${() => act(api.resumePlan, t("plan_resumed", { name }))}
          >
            ${t("keep_plan")}
          </button>`
          : html`<${Confirmed}
            words=${t("cancel_plan")}
            question=${t("cancel_plan_sure", { name })}
            act=${() => act(api.cancelPlan, t("plan_cancelled", { name }))}
          />`
      }
    </div>
  `;
}

function Plan({ plan, plans, subscription, act }) {
  const { plan_id: id, name } = plan;
  const isMine = subscription?.plan_id === id;
  const price = t("a_month", { money: money(plan.price_cents, plan.currency) });
  const now = plans.find((one) => one.plan_id === subscription?.plan_id);
  const question = now && plan.price_cents > now.price_cents ? "change_now" : "change_later";
  const change = () => act(() => api.changePlan(id), t("plan_changed", { name }));
  return html`
    <li class=${`card ${isMine ? "is-mine" : ""}`}>
      <h3>${name}</h3>
      <p class="amount">
        <b>${credits(plan.monthly_microcredits, true)}</b> ${t("credits_a_month")}
      </p>
      <p class="quiet">${t(plan.rolls_over ? "rolls_over" : "does_not_roll_over")}</p>
      ${
        isMine
          ? html`<p class="mine">${t("this_is_yours")} · ${price}</p>`
          : html`<p class="quiet">${price}</p>
            ${
              subscription
                ? html`<${Confirmed}
                  words=${t("change_to", { name })}
                  question=${t(question, { name })}
                  act=${change}
                  kind=""
                />`
                : html`<button
                  type="button"
                  class="button"
                  onClick=${() => pay({ plan_id: id })}
                >
                  ${t("subscribe_to", { name })}
                </button>`
            }`
      }
    </li>
  `;
}
