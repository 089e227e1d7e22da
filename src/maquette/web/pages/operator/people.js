/** All people, and one of them: role, suspension, credits, statement. */
import { useEffect, useState } from "preact/hooks";
import * as api from "../../api_operator.js";
import { MoreRows, Section, Table, usePages } from "../../components/tables.js";
import { html } from "../../html.js";
import { credits, day, t } from "../../words.js";
import { Person } from "./person.js";

const PAGE = 50;
const PAUSE_MS = 200;

export const Page = ({ ids }) =>
  ids.length ? html`<${Person} id=${ids.join("/")} />` : html`<${Everyone} />`;

function Everyone() {
  const [typed, setTyped] = useState("");
  const [wanted, setWanted] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setWanted(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const list = (before) =>
    api.listPeople({ query: wanted, limit: PAGE, before: before?.account_id });
  const pages = usePages(list, PAGE, [wanted]);
  const columns = [
    [t("name"), (one) => html`<${Who} person=${one} />`, "wide"],
    [t("role"), (one) => t(one.suspended ? "suspended" : `role_${one.role}`), "quiet"],
    [t("joined"), (one) => day(one.created_at), "quiet"],
    [t("page_credits"), (one) => credits(one.available_microcredits), "number"],
  ];
  return html`
    <${Section}>
      <input
        class="search"
        type="search"
        aria-label=${t("search_people")}
        placeholder=${t("search_people")}
        value=${typed}
        onInput=${(event) => setTyped(event.target.value)}
      />
      <${Table}
        label=${t("page_operator_people")}
        columns=${columns}
        rows=${pages.rows}
        keyOf=${(one) => one.account_id}
        empty=${t("no_people")}
      />
      <${MoreRows} ...${pages} />
    <//>
  `;
}

const Who = ({ person }) => html`
  <a href=${`#/operator/people/${person.account_id}`}>
    ${person.name || person.email || person.account_id}
  </a>
  ${person.name && html`<span class="quiet below">${person.email}</span>`}
`;
