/** Settings of one's account: name, password, second factor, sessions, one's data. */
import { useState } from "preact/hooks";
import * as api from "../api_account.js";
import { IconButton } from "../components/controls.js";
import { Field, Form, useForm } from "../components/forms.js";
import { CurrentPassword, HiddenName, NewPassword } from "../components/passwords.js";
import { Section, Table, useAnswer } from "../components/tables.js";
import { html } from "../html.js";
import { forgetPerson } from "../state/kept.js";
import { beginAnew, me, setMe } from "../state/me.js";
import { attempt, toast } from "../state/toasts.js";
import { moment, t } from "../words.js";
import { Providers } from "./providers.js";
import { TwoFactor } from "./two_factor.js";

export function Page() {
  const person = me.value;
  if (!person) return null;
  const signsIn = !person.is_owner || person.email;
  return html`
    <${Profile} person=${person} />
    ${
      signsIn
        ? html`
          <${Password} person=${person} />
          <${Providers} person=${person} />
          ${person.has_password && html`<${TwoFactor} person=${person} />`}
          <${Sessions} />
        `
        : html`<p class="card">${t("owner_needs_no_password")}</p>`
    }
    <${Section} title=${t("your_data")} hint=${t("export_hint")}>
      <a class="button" href="/v1/me/export" download>${t("export")}</a>
    <//>
    ${signsIn && html`<${Deletion} person=${person} />`}
  `;
}

function Profile({ person }) {
  const form = useForm({ name: person.name }, async ({ name }) => {
    setMe(await api.changeMe({ name }));
    toast(t("saved"));
  });
  const again = () =>
    attempt(async () => {
      await api.sendVerification();
      toast(t("mail_sent", person));
    });
  return html`
    <${Section} title=${t("profile")}>
      <${Form} of=${form} label=${t("profile")} submit=${t("save")} kind="">
        <${Field} of=${form} name="name" label=${t("name")} autocomplete="name" maxlength="100" />
      <//>
      ${
        person.email &&
        html`<p>
          ${person.email} <span class="quiet">
            · ${t(person.email_verified ? "confirmed" : "not_confirmed")}
          </span>
          ${
            !person.email_verified &&
            html`<button type="button" class="button quiet" onClick=${again}>
              ${t("send_link")}
            </button>`
          }
        </p>`
      }
    <//>
  `;
}

function Password({ person }) {
  const send = async (given) => {
    setMe(await api.changeMe(given));
    form.reset();
    toast(t("password_changed"));
  };
  const fieldOf = () => (person.has_password ? "current_password" : "");
  const form = useForm({ current_password: "", password: "" }, send, fieldOf);
  return html`
    <${Section} title=${t("password")}>
      <${Form} of=${form} label=${t("password")} submit=${t("change_password")} kind="">
        <${HiddenName} email=${person.email} />
        ${
          person.has_password &&
          html`<${CurrentPassword}
            of=${form}
            name="current_password"
            label=${t("current_password")}
          />`
        }
        <${NewPassword} of=${form} />
      <//>
    <//>
  `;
}

const BROWSERS = ["Edg", "OPR", "Firefox", "Chrome", "Safari"];
const NAMES = { Edg: "Edge", OPR: "Opera" };
const SYSTEMS = ["iPhone", "iPad", "Android", "Windows", "Mac OS", "Linux"];

/** What a browser calls itself, in two words. */
function browserName(agent) {
  const browser = BROWSERS.find((one) => agent.includes(`${one}/`));
  const system = SYSTEMS.find((one) => agent.includes(one));
  const known = [NAMES[browser] ?? browser, system].filter(Boolean).join(" · ");
  return known || agent.slice(0, 40) || t("some_browser");
}

function Sessions() {
  const { answer, ask } = useAnswer(api.listSessions);
  const end = (id) =>
    attempt(async () => {
      await api.endSession(id);
      await ask();
    });
  const who = (row) => html`
    <b>${browserName(row.browser)}</b>
    <span class="quiet">${row.current ? t("this_browser") : row.address}</span>
  `;
  const columns = [
    [t("browser"), who, "wide"],
    [t("last_used"), (row) => moment(row.last_used_at), "quiet"],
    [
      t("sign_out"),
      (row) =>
        !row.current &&
        html`<${IconButton}
          icon="sign_out"
          words=${t("sign_out_of", { browser: browserName(row.browser) })}
          act=${() => end(row.session_id)}
        />`,
      "end unlabelled",
    ],
  ];
  return html`
    <${Section} title=${t("sessions")}>
      <${Table}
        label=${t("sessions")}
        columns=${columns}
        rows=${answer}
        keyOf=${(row) => row.session_id}
      />
    <//>
  `;
}

function Deletion({ person }) {
  const [isOpen, setOpen] = useState(false);
  const send = async ({ password }) => {
    await api.deleteMe(password);
    forgetPerson();
    beginAnew("#/");
  };
  const form = useForm(
    { typed: "", password: "" },
    send,
    () => (person.has_password ? "password" : ""),
  );
  const email = person.email ?? person.name;
  return html`
    <${Section} title=${t("delete_account")} hint=${t("delete_account_hint")}>
      ${
        isOpen
          ? html`
            <${Form}
              of=${form}
              label=${t("delete_account")}
              submit=${t("delete_for_good")}
              kind="danger"
              disabled=${form.given.typed.trim().toLowerCase() !== email.toLowerCase()}
            >
              <${Field}
                of=${form}
                name="typed"
                label=${t("type_to_confirm", { email })}
                autocomplete="off"
                autocapitalize="none"
                autofocus
              />
              ${person.has_password && html`<${CurrentPassword} of=${form} />`}
            <//>
          `
          : html`<button type="button" class="button danger" onClick=${() => setOpen(true)}>
            ${t("delete_account")}
          </button>`
      }
    <//>
  `;
}
