/** Other servers that write and speak: added, asked what they have, offered at a price. */
import { useEffect, useState } from "preact/hooks";
import * as api from "../../api_operator.js";
import { Confirmed, Field, Form, useForm } from "../../components/forms.js";
import { Section, Table, useAnswer } from "../../components/tables.js";
import { html } from "../../html.js";
import { attempt, toast } from "../../state/toasts.js";
import { credits, t } from "../../words.js";

const FRESH = { name: "", url: "", key: "" };
const MICRO = 1e6;

export function Page() {
  const { answer: servers, problem, ask } = useAnswer(api.listTextServers);
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState(null);
  const add = async (values) => {
    const made = await api.addTextServer(values);
    setOpen(false);
    setChosen(made.server_id);
    await ask();
  };
  const one = servers?.find((server) => server.server_id === chosen);
  const action = html`<button type="button" class="button" onClick=${() => setOpen(!isOpen)}>
    ${t(isOpen ? "cancel" : "add_server")}
  </button>`;
  return html`
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    <${Section} title=${t("servers")} hint=${t("servers_hint")} action=${action}>
      ${isOpen && html`<${NewServer} add=${add} />`}
      <${Servers} ...${{ servers, ask, chosen, choose: setChosen }} />
    <//>
    ${one && html`<${Offered} key=${chosen} server=${one} ask=${ask} />`}
    <${FoundHere} about=${servers?.length} added=${ask} />
  `;
}

function Servers({ servers, ask, chosen, choose }) {
  const change = (server, values) =>
    attempt(async () => {
      await api.changeTextServer(server.server_id, values);
      await ask();
    });
  const remove = (server) =>
    attempt(async () => {
      await api.removeTextServer(server.server_id);
      toast(t("server_removed", server));
      await ask();
    });
  const name = (server) => html`
    <b>
      ${server.name} ${server.has_key && html`<span class="tag">${t("has_key")}</span>`}
      ${server.disabled && html` <span class="problem">${t("is_disabled")}</span>`}
    </b>
    <span class="quiet id">${server.url}</span>
  `;
  const models = (server) =>
    server.models.length + server.speech.length
      ? [
          ...server.models.map((one) => [one.name, priceOf(one)]),
          ...server.speech.map((one) => [one.name, t("speaks"), spokenPriceOf(one)]),
        ].map((facts) => html`<span class="below">${facts.join(" · ")}</span>`)
      : html`<span class="quiet">${t("none_offered")}</span>`;
  const actions = (server) => html`
    <div class="row-actions">
      <button
        type="button"
        class="button"
        aria-label=${t("models_of", server)}
        aria-expanded=${server.server_id === chosen}
        onClick=${() => choose(server.server_id === chosen ? null : server.server_id)}
      >
        ${t("check_server")}
      </button>
      <button
        type="button"
        class="button quiet"
        aria-label=${t(server.disabled ? "enable_server" : "disable_server", server)}
        onClick=${() => change(server, { disabled: !server.disabled })}
      >
        ${t(server.disabled ? "enable" : "disable")}
      </button>
      <${Confirmed}
        words=${t("remove_it")}
        question=${t("remove_server", server)}
        act=${() => remove(server)}
      />
    </div>
  `;
  const columns = [
    [t("server"), name, "wide"],
    [t("offered"), models, "quiet"],
    [t("actions"), actions, "end unlabelled"],
  ];
  return html`<${Table}
    label=${t("servers")}
    columns=${columns}
    rows=${servers}
    keyOf=${(server) => server.server_id}
    empty=${t("no_servers")}
  />`;
}

const inWords = (price, unit) =>
  price ? t("price_of_unit", { unit: t(unit), credits: credits(price) }) : t("free");
const priceOf = (one) => inWords(one.thousand_tokens_microcredits, "unit_thousand_tokens");
const spokenPriceOf = (one) =>
  inWords(one.thousand_characters_microcredits, "unit_thousand_characters");

function NewServer({ add }) {
  const fieldOf = ({ message }) => (message.includes("http") ? "url" : "name");
  const form = useForm(FRESH, add, fieldOf);
  return html`
    <div class="card">
      <${Form} of=${form} label=${t("add_server")} submit=${t("add_server")}>
        <${Field}
          of=${form}
          name="name"
          label=${t("server_name")}
          hint=${t("server_name_hint")}
          maxlength="32"
          pattern="[a-z0-9][a-z0-9\\-]*"
          autocapitalize="none"
          autocomplete="off"
          required
          autofocus
        />
        <${Field}
          of=${form}
          name="url"
          label=${t("server_url")}
          type="url"
          placeholder="http://127.0.0.1:11434/v1"
          maxlength="500"
          autocomplete="off"
          required
        />
        <${Field}
          of=${form}
          name="key"
          label=${t("server_key")}
          hint=${t("server_key_hint")}
          type="password"
          maxlength="1000"
          autocomplete="new-password"
        />
      <//>
    </div>
  `;
}

const listOf = (text) => text.split(/[,，]/).map((one) => one.trim()).filter(Boolean);

/** What of a server speaks, by its name: its price in credits, and its voices as they are typed. */
const spokenBy = ({ speech }) =>
  Object.fromEntries(
    speech.map((one) => [
      one.name,
      { price: one.thousand_characters_microcredits / MICRO, voices: one.voices.join(", ") },
    ]),
  );

const speechOf = (spoken, names) =>
  names
    .filter((name) => name in spoken)
    .map((name) => ({
      name,
      voices: listOf(spoken[name].voices),
      thousand_characters_microcredits: Math.round(Number(spoken[name].price) * MICRO),
    }));

/** What a server has, asked when this is opened, and which of it people may use. */
function Offered({ server, ask }) {
  const { answer, problem } = useAnswer(() => api.checkTextServer(server.server_id));
  const [prices, setPrices] = useState(() =>
    Object.fromEntries(
      server.models.map((one) => [one.name, one.thousand_tokens_microcredits / MICRO]),
    ),
  );
  const [spoken, setSpoken] = useState(() => spokenBy(server));
  const [busy, setBusy] = useState(false);
  const offered = [...server.models, ...server.speech].map(({ name }) => name);
  const names = [...new Set([...offered, ...(answer?.models ?? [])])];
  const toggle = (name) => {
    const { [name]: price, ...others } = prices;
    setPrices(price === undefined ? { ...others, [name]: 0 } : others);
  };
  const save = async (event) => {
    event.preventDefault();
    setBusy(true);
    const models = names
      .filter((name) => name in prices)
      .map((name) => ({
        name,
        thousand_tokens_microcredits: Math.round(Number(prices[name]) * MICRO),
      }));
    await attempt(async () => {
      await api.changeTextServer(server.server_id, { models, speech: speechOf(spoken, names) });
      toast(t("offer_saved", server));
      await ask();
    });
    setBusy(false);
  };
  const figures = answer && { ms: Math.round(answer.took_ms), n: answer.models.length };
  return html`
    <${Section} title=${t("models_of", server)}>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${answer === undefined && html`<p class="hint" aria-busy="true">${t("loading")}</p>`}
      ${answer && html`<p class="hint" role="status">${t("answers_in", figures)}</p>`}
      <form class="form" aria-label=${t("models_of", server)} onSubmit=${save}>
        ${names.map(
          (name) => html`<${OneModel} ...${{ name, price: prices[name], toggle, setPrice }} />`,
        )}
        ${names.length > 0 && html`<h3>${t("those_that_speak")}</h3>`}
        ${names.map((name) => html`<${OneVoice} ...${{ name, spoken, setSpoken }} />`)}
        <button type="submit" class="button primary" disabled=${busy || !names.length}>
          ${t("save_offer")}
        </button>
      </form>
    <//>
  `;

  function setPrice(name, price) {
    setPrices({ ...prices, [name]: price });
  }
}

const OneModel = ({ name, price, toggle, setPrice }) => html`
  <div class="offer">
    <label class="check">
      <input type="checkbox" checked=${price !== undefined} onChange=${() => toggle(name)} />
      <span>${name}</span>
    </label>
    ${
      price !== undefined &&
      html`<label class="field">
        <span>${t("credits_a_thousand")}</span>
        <input
          type="number"
          aria-label=${t("price_of_model", { name })}
          min="0"
          step="0.01"
          inputmode="decimal"
          required
          value=${price}
          onInput=${(event) => setPrice(name, event.target.value)}
        />
      </label>`
    }
  </div>
`;

function OneVoice({ name, spoken, setSpoken }) {
  const { [name]: one, ...others } = spoken;
  const toggle = () => setSpoken(one ? others : { ...spoken, [name]: { price: 0, voices: "" } });
  const set = (key) => (event) =>
    setSpoken({ ...spoken, [name]: { ...one, [key]: event.target.value } });
  return html`
    <div class="offer">
      <label class="check">
        <input
          type="checkbox"
          aria-label=${t("have_it_speak", { name })}
          checked=${one !== undefined}
          onChange=${toggle}
        />
        <span>${name}</span>
      </label>
      ${
        one &&
        html`
          <label class="field">
            <span>${t("credits_a_thousand_characters")}</span>
            <input
              type="number"
              aria-label=${t("price_of_voice", { name })}
              min="0"
              step="0.01"
              inputmode="decimal"
              required
              value=${one.price}
              onInput=${set("price")}
            />
          </label>
          <label class="field">
            <span>${t("voices_of_it")}</span>
            <input
              type="text"
              aria-label=${t("voices_of_model", { name })}
              placeholder="alloy, nova"
              autocapitalize="none"
              autocomplete="off"
              value=${one.voices}
              onInput=${set("voices")}
            />
          </label>
        `
      }
    </div>
  `;
}

/** Servers that listen on this machine: looked for when asked, added by one button. */
function FoundHere({ about, added }) {
  const [found, setFound] = useState(null);
  useEffect(() => setFound(null), [about]);
  const look = () => attempt(async () => setFound(await api.findTextServers()));
  const add = ({ program, url, models }) =>
    attempt(async () => {
      const name = program.toLowerCase().replace(/[^a-z0-9]+/g, "-");
      await api.addTextServer({ name, url, models: models.map((one) => ({ name: one })) });
      toast(t("server_added", { name }));
      await added();
    });
  const name = (one) => html`<b>${one.program}</b> <span class="quiet id">${one.url}</span>`;
  const columns = [
    [t("server"), name, "wide"],
    [t("models"), (one) => one.models.join(", "), "quiet"],
    [
      t("actions"),
      (one) => html`<button
        type="button"
        class="button"
        aria-label=${t("add_found", one)}
        onClick=${() => add(one)}
      >
        ${t("add_server")}
      </button>`,
      "end unlabelled",
    ],
  ];
  const action = html`<button type="button" class="button" onClick=${look}>${t("look")}</button>`;
  return html`
    <${Section} title=${t("found_here")} hint=${t("found_hint")} action=${action}>
      ${
        found &&
        html`<${Table}
          label=${t("found_here")}
          columns=${columns}
          rows=${found}
          keyOf=${(one) => one.url}
          empty=${t("none_found")}
        />`
      }
    <//>
  `;
}
