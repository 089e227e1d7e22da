/** Teams: whose credits pay, who is in, and how much each may spend in a month. */
import { useState } from "preact/hooks";
import * as api from "../api_account.js";
import { Confirmed, Field, Form, useForm } from "../components/forms.js";
import { Section, Table, useAnswer } from "../components/tables.js";
import { html } from "../html.js";
import { loadBalance } from "../state/balance.js";
import { loadMe, me, setMe } from "../state/me.js";
import { attempt, toast } from "../state/toasts.js";
import { credits, t } from "../words.js";

export function Page() {
  const { answer: teams, ask } = useAnswer(api.listTeams);
  const renew = async () => {
    await Promise.all([ask(), loadMe()]);
  };
  return html`
    ${teams?.length > 0 && html`<${Payer} teams=${teams} />`}
    ${teams?.map((team) => html`<${Team} key=${team.team_id} team=${team} renew=${renew} />`)}
    <${NewTeam} renew=${renew} isFirst=${teams?.length === 0} />
  `;
}

function Payer({ teams }) {
  const person = me.value;
  if (!person) return null;
  const choose = (account_id) =>
    attempt(async () => {
      setMe(await api.changeMe({ payer_account_id: account_id }));
      await loadBalance();
    });
  const options = [[person.account_id, t("my_credits")]].concat(
    teams.map((team) => [team.account_id, team.name]),
  );
  return html`
    <${Section} title=${t("who_pays")} hint=${t("who_pays_hint")}>
      <div class="payers" role="radiogroup" aria-label=${t("who_pays")}>
        ${options.map(
          ([id, name]) => html`
            <label class="check">
              <input
                type="radio"
                name="payer"
                checked=${person.payer.account_id === id}
                onChange=${() => choose(id)}
              />
              <span>${name}</span>
            </label>
          `,
        )}
      </div>
    <//>
  `;
}

function Team({ team, renew }) {
  const { team_id: id, members } = team;
  const mine = me.value?.account_id;
  const isOwner = members.some((one) => one.account_id === mine && one.role === "owner");
  const remove = (member) =>
    attempt(async () => {
      await api.removeMember(id, member.account_id);
      const words = member.account_id === mine ? "left_team" : "member_removed";
      toast(t(words, { name: member.name || member.email, team: team.name }));
      await renew();
    });
  const limit = (member) => html`
    ${credits(member.spent_microcredits)}
    <${Limit} ...${{ member, isOwner, id, renew }} />
  `;
  const who = (member) => html`
    <b>${member.name || member.email}</b>
    <span class="quiet">${[member.name && member.email, t(`team_${member.role}`)]
      .filter(Boolean)
      .join(" · ")}</span>
  `;
  const leave = (member) => {
    const isMe = member.account_id === mine;
    if (!isMe && !isOwner) return null;
    const given = { name: member.name || member.email, team: team.name };
    return html`<${Confirmed}
      words=${t(isMe ? "leave" : "remove")}
      question=${t(isMe ? "leave_team" : "remove_member", given)}
      act=${() => remove(member)}
    />`;
  };
  const columns = [
    [t("member"), who, "wide"],
    [t("spent_this_month"), limit, "number"],
    [t("remove"), leave, "end unlabelled"],
  ];
  return html`
    <${Section} title=${team.name}>
      <${Table}
        label=${t("members_of", team)}
        columns=${columns}
        rows=${members}
        keyOf=${(member) => member.account_id}
      />
      ${isOwner && html`<${Invite} team=${team} />`}
    <//>
  `;
}

/** How much a member may spend in a month; an owner changes it where it stands. */
function Limit({ member, isOwner, id, renew }) {
  const limit = member.monthly_limit_microcredits;
  const [typed, setTyped] = useState(null);
  if (!isOwner) return limit === null ? null : t("of_limit", { limit: credits(limit, true) });
  const set = (event) => {
    event.preventDefault();
    attempt(async () => {
      const value = typed.trim() === "" ? null : Math.round(Number(typed) * 1e6);
      await api.changeMember(id, member.account_id, { monthly_limit_microcredits: value });
      setTyped(null);
      await renew();
    });
  };
  const label = t("limit_of", { name: member.name || member.email });
  if (typed === null) {
    const words = limit === null ? t("no_limit") : t("of_limit", { limit: credits(limit, true) });
    return html`<button
      type="button"
      class="button quiet"
      aria-label=${`${label}: ${words}`}
      onClick=${() => setTyped(limit === null ? "" : String(limit / 1e6))}
    >
      ${words}
    </button>`;
  }
  return html`
    <form class="inline" onSubmit=${set}>
      <input
        type="number"
        min="0"
        step="0.01"
        inputmode="decimal"
        aria-label=${label}
        placeholder=${t("no_limit")}
        value=${typed}
        autofocus
        onInput=${(event) => setTyped(event.target.value)}
      />
      <button type="submit" class="button">${t("save")}</button>
    </form>
  `;
}

function Invite({ team }) {
  const form = useForm({ email: "" }, async ({ email }) => {
    await api.invite(team.team_id, email);
    form.reset();
    toast(t("invited", { email }));
  }, () => "email");
  return html`
    <${Form} of=${form} label=${t("invite_to", team)} submit=${t("invite")} kind="">
      <${Field}
        of=${form}
        name="email"
        label=${t("invite_to", team)}
        type="email"
        autocomplete="off"
        required
      />
    <//>
  `;
}

function NewTeam({ renew, isFirst }) {
  const form = useForm({ name: "" }, async ({ name }) => {
    await api.createTeam(name);
    form.reset();
    await renew();
    toast(t("team_made", { name }));
  }, () => "name");
  return html`
    <${Section} title=${t("new_team")} hint=${t("teams_are_for")}>
      <${Form}
        of=${form}
        label=${t("new_team")}
        submit=${t("create_team")}
        kind=${isFirst ? "primary" : ""}
      >
        <${Field}
          of=${form}
          name="name"
          label=${t("team_name")}
          maxlength="100"
          autocomplete="organization"
          required
        />
      <//>
    <//>
  `;
}
