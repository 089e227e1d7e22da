/** Proof that every credit is accounted for: how far one is, and what the last one found. */
import { useEffect } from "preact/hooks";
import * as api from "../../api_operator.js";
import { Section, Table, useAnswer } from "../../components/tables.js";
import { html } from "../../html.js";
import { attempt } from "../../state/toasts.js";
import { duration, moment, t } from "../../words.js";

const EVERY_MS = 2000; // for others begin one, too

export function Page() {
  const { answer: checks, problem, ask } = useAnswer(api.getLedgerChecks);
  const newest = checks?.newest;
  const runs = newest?.state === "running";
  useEffect(() => {
    const timer = setInterval(() => document.hidden || ask(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const begin = async () => {
    if (await attempt(api.beginLedgerCheck)) await ask();
  };
  return html`
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    <${Section} title=${t("check_ledger")} hint=${t("check_ledger_hint")}>
      <button type="button" class="button primary" disabled=${runs} onClick=${begin}>
        ${t(runs ? "checking" : "run_check")}
      </button>
      ${runs && html`<${Progress} ...${newest} />`}
      ${
        newest?.state === "broken_off" &&
        html`<p class="problem" role="status">
          ${t("check_broken_off", { begun: moment(newest.begun_at) })}
        </p>`
      }
      ${checks?.result && html`<${Result} ...${checks.result} />`}
    <//>
  `;
}

function Progress({ begun_at, accounts_done, accounts }) {
  const figures = {
    begun: moment(begun_at),
    done: accounts_done.toLocaleString(),
    of: accounts.toLocaleString(),
  };
  return html`
    <progress
      aria-label=${t("checking")}
      max=${accounts || undefined}
      value=${accounts ? accounts_done : undefined}
    ></progress>
    <p class="quiet">${t(accounts ? "check_done" : "check_begun", figures)}</p>
  `;
}

function Result({ findings, accounts_done, transfers, begun_at, ended_at }) {
  const figures = {
    accounts: accounts_done.toLocaleString(),
    transfers: transfers.toLocaleString(),
    begun: moment(begun_at),
    ended: moment(ended_at),
    time: duration(Date.parse(ended_at) - Date.parse(begun_at)),
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
        keyOf=${(one) => `${one.rule} ${one.line}`}
      />`
    }
  `;
}
