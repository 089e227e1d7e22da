/** Credits: what there is and until when, and every charge, grant, expiry and refund. */
import { getBalance } from "../api.js";
import { listTransfers } from "../api_account.js";
import { IconButton } from "../components/controls.js";
import { Statement, downloadStatement } from "../components/statement.js";
import { Section, useAnswer } from "../components/tables.js";
import { html } from "../html.js";
import { balance } from "../state/balance.js";
import { attempt } from "../state/toasts.js";
import { credits, day, t } from "../words.js";

export function Page() {
  const posted = balance.value?.posted_microcredits;
  const held = balance.value?.held_microcredits;
  const { answer } = useAnswer(getBalance, [posted, held]);
  return html`
    ${answer && html`<${Grants} balance=${answer} />`}
    <${Section} title=${t("statement")}>
      <${Statement} list=${listTransfers} balance=${getBalance} about=${posted}>
        <${IconButton}
          icon="download"
          words=${t("download_statement")}
          shown
          act=${() => attempt(() => downloadStatement(listTransfers))}
        />
      <//>
    <//>
  `;
}

function Grants({ balance }) {
  const { available_microcredits: available, held_microcredits: held, grants } = balance;
  const whole = Math.max(1, balance.posted_microcredits);
  const share = (part) => ({ width: `${(100 * part) / whole}%` });
  return html`
    <section class="card balance">
      <div class="total">
        <p><b>${credits(available)}</b> ${t("credits_available")}</p>
        <a class="button primary" href="#/buy">${t("page_buy")}</a>
      </div>
      <span class="bar" aria-hidden="true">
        <i style=${share(available)}></i><i class="is-held" style=${share(held)}></i>
      </span>
      ${held > 0 && html`<p class="hint">${t("held_for", { credits: credits(held) })}</p>`}
      <ul class="grants">
        ${grants.map(
          (grant) => html`
            <li key=${grant.grant_id}>
              <span>${t(`category_${grant.category}`)}</span>
              <b>${credits(grant.left_microcredits - grant.held_microcredits)}</b>
              <span class="quiet">
                ${
                  grant.expires_at
                    ? t("until", { day: day(grant.expires_at) })
                    : t("without_end")
                }
              </span>
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}
