/** What came in and went out of an account, and what for. */
import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { findGeneration } from "../state/generations.js";
import { toast } from "../state/toasts.js";
import { credits, moment, t, toldPart } from "../words.js";
import { Choice } from "./controls.js";
import { MoreRows, Table, usePages } from "./tables.js";

const KINDS = ["charge", "grant", "expiry", "reversal"];
const PAGE = 100;
const FEW = 10;
const MOST_THUMBNAILS = 3;

/** An account's transfers, each with the balance after it: `list({limit, before})` and `balance()`
 * are its routes. Gives the pages of `usePages`, asked anew where `about` changes.
 */
function useTransfers(list, balance, about) {
  const ask = async (before) => {
    const [page, now] = await Promise.all([
      list({ limit: PAGE, before: before?.number }),
      before ? null : balance(),
    ]);
    let after = before ? before.after - before.amount_microcredits : now.posted_microcredits;
    return page.map((row) => {
      const known = { ...row, after };
      after -= row.amount_microcredits;
      return known;
    });
  };
  return usePages(ask, PAGE, [about]);
}

/** `action`: what else a row offers, as its words and a function of the transfer; for the rest see
 * `useTransfers`.
 */
export function Statement({ list, balance, about, action, children }) {
  const [kind, setKind] = useState("");
  const pages = useTransfers(list, balance, about);
  const rows = pages.rows?.filter((row) => !kind || row.kind === kind);
  const isShort = rows?.length < FEW && !pages.isWhole;
  useEffect(() => {
    if (isShort) pages.more(); // what is filtered out makes no page
  }, [isShort, pages.rows]);
  const columns = [
    [t("date"), (row) => moment(row.created_at), "quiet"],
    [t("what"), (row) => html`<${What} transfer=${row} mine=${!action} />`, "wide"],
    [t("amount"), (row) => html`<${Amount} of=${row.amount_microcredits} />`, "number"],
    [t("balance_after"), (row) => credits(row.after), "number quiet"],
  ];
  if (action) columns.push([...action, "end unlabelled"]);
  const options = ["", ...KINDS].map((one) => [one, t(`kind_${one || "all"}`)]);
  return html`
    <div class="filters">
      <${Choice}
        name="kind"
        label=${t("show_kind")}
        value=${kind}
        options=${options}
        onChange=${setKind}
      />
      ${children}
    </div>
    <${Table}
      label=${t("statement")}
      columns=${columns}
      rows=${isShort && rows.length === 0 ? undefined : rows}
      keyOf=${(row) => row.transfer_id}
      empty=${t("no_transfers")}
    />
    <${MoreRows} ...${pages} />
  `;
}

const Amount = ({ of: amount }) => html`
  <span class=${amount > 0 ? "gain" : ""}>${amount > 0 && "+"}${credits(amount)}</span>
`;

const MADE = { image: "pictures", text: "page_words", code: "page_code", speech: "page_speech" };
const titleOf = ({ kind, generation_kind: made }) =>
  t((kind === "charge" && MADE[made]) || `kind_${kind}`);

/** Others' pictures are not for operators to see. */
function What({ transfer, mine }) {
  const { reason, generation_id: id, generation_kind: made, assets } = transfer;
  const about = reason ? toldPart(reason) : id && findGeneration(id)?.request.prompt;
  return html`
    <div class="what">
      <p>
        <b>${titleOf(transfer)}</b>
        ${about && html`<span class="quiet">${about}</span>`}
      </p>
      ${(mine && made === "image" ? assets : []).slice(0, MOST_THUMBNAILS).map(
        (asset) => html`
          <a href=${`#/picture/${asset.asset_id}`} aria-label=${t("open_picture")}>
            <img src=${`${asset.url}?width=256`} alt="" width="40" height="40" loading="lazy" />
          </a>
        `,
      )}
    </div>
  `;
}

/** All transfers as a file for a spreadsheet. */
export async function downloadStatement(list) {
  const rows = [];
  let page;
  do {
    page = await list({ limit: PAGE, before: rows.at(-1)?.number });
    rows.push(...page);
  } while (page.length === PAGE);
  const lines = rows.map((row) => [
    row.created_at,
    row.kind,
    row.amount_microcredits / 1e6,
    row.reason ?? "",
    row.generation_id ?? "",
    row.generation_kind ?? "",
  ]);
  const head = ["date", "kind", "credits", "reason", "generation_id", "generation_kind"];
  save("credits.csv", [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n"));
  toast(t("statement_saved", { n: rows.length }));
}

/** A value of a CSV file. One that a spreadsheet would take for a formula is made text. */
function cell(value) {
  const text = String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function save(name, text) {
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
