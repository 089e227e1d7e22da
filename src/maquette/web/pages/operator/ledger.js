/** Proof that every credit is accounted for: derived anew when asked for. */
import { useState } from "preact/hooks";
import * as api from "../../api_operator.js";
import { Section, Table } from "../../components/tables.js";
import { html } from "../../html.js";
import { attempt } from "../../state/toasts.js";
import { t } from "../../words.js";

export function Page() {
  const [found, setFound] = useState(null);
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    const answer = await attempt(api.checkLedger);
    setBusy(false);
    if (answer) setFound(answer);
  };
  return html`
    <${Section} title=${t("check_ledger")} hint=${t("check_ledger_hint")}>
      <button type="button" class="button primary" disabled=${busy} onClick=${run}>
        ${t(busy ? "checking" : "run_check")}
      </button>
      ${busy && html`<progress aria-label=${t("checking")}></progress>`}
      ${found && html`<${Findings} ...${found} />`}
    <//>
  `;
}

function Findings({ findings, accounts, transfers, seconds }) {
  const figures = {
    accounts: accounts.toLocaleString(),
    transfers: transfers.toLocaleString(),
    seconds: seconds.toFixed(2),
  };
  const isSound = findings.length === 0;
  const columns = [
    [t("rule"), (one) => one.rule, "quiet"],
    [t("finding"), (one) => one.line, "wide"],
  ];
  return html`
    <div class=${`card verdict ${isSound ? "is-sound" : "is-wrong"}`} role="status">
      <h3>${isSound ? t("ledger_sound") : t("ledger_wrong", { n: findings.length })}</h3>
      <p class="quiet">${t("ledger_looked_at", figures)}</p>
    </div>
    ${
      !isSound &&
      html`<${Table}
        label=${t("findings")}
        columns=${columns}
        rows=${findings}
        keyOf=${(one) => one.line}
      />`
    }
  `;
}
