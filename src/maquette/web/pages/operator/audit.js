/** The audit log: who changed what, when and why; nothing is taken out of it. */
import * as api from "../../api_operator.js";
import { MoreRows, Section, Table, usePages } from "../../components/tables.js";
import { html } from "../../html.js";
import { moment, t } from "../../words.js";

const PAGE = 50;

const written = ([name, value]) =>
  `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`;

const known = (details) => Object.entries(details).filter(([, value]) => value !== null);

export function Page() {
  const list = (before) => api.listAudit({ limit: PAGE, before: before?.number });
  const pages = usePages(list, PAGE);
  const link = (id) => html`<a href=${`#/operator/people/${id}`}>${id}</a>`;
  const what = (one) => html`
    <b>${one.act}</b>
    <span class="quiet">${known(one.details).map(written).join(" · ")}</span>
  `;
  const columns = [
    [t("date"), (one) => moment(one.created_at), "quiet"],
    [t("act"), what, "wide"],
    [t("subject"), (one) => html`<span class="id">${one.subject}</span>`, ""],
    [t("actor"), (one) => html`<span class="id">${link(one.actor_id)}</span>`, ""],
  ];
  return html`
    <${Section}>
      <p class="hint">${t("audit_hint")}</p>
      <${Table}
        label=${t("page_operator_audit")}
        columns=${columns}
        rows=${pages.rows}
        keyOf=${(one) => one.number}
      />
      <${MoreRows} ...${pages} />
    <//>
  `;
}
