/** To sign in, to sign up, and to be helped where the password is forgotten. */
import { useState } from "preact/hooks";
import * as api from "../api_account.js";
import { Field, Form, useForm } from "../components/forms.js";
import { CurrentPassword, NewPassword } from "../components/passwords.js";
import { useAnswer } from "../components/tables.js";
import { html } from "../html.js";
import { openPage } from "../pages.js";
import { keepWanted } from "../state/kept.js";
import { beginAnew, expectSomeone } from "../state/me.js";
import { language } from "../state/preferences.js";
import { attempt, toast } from "../state/toasts.js";
import { credits, t } from "../words.js";

const ENTRANCES = ["sign-in", "sign-up", "forgot", "reset"];

/** The address that was wanted before one was asked who one is. */
const wanted = () => (ENTRANCES.includes(openPage()?.page.name) ? "#/" : location.hash);

function goIn() {
  expectSomeone();
  beginAnew(wanted());
}

/** Says where the focus is to be, and nothing of it on a phone, where it brings up the keys. */
const focused = { autofocus: matchMedia("(hover: hover)").matches };

export const EmailField = ({ of: form, ...more }) => html`
  <${Field}
    of=${form}
    name="email"
    label=${t("email")}
    type="email"
    autocomplete="username"
    required
    ...${more}
  />
`;

export function SignIn({ signUp = "#/sign-up" }) {
  const { answer: options } = useAnswer(api.signInOptions);
  const [needsCode, setNeedsCode] = useState(false);
  const send = async ({ email, password, code }) => {
    try {
      await api.signIn({ email, password, ...(needsCode && { code: code.trim() }) });
      goIn();
    } catch (problem) {
      if (problem.answer?.needs !== "code" || needsCode) throw problem;
      setNeedsCode(true);
    }
  };
  const fieldOf = () => (needsCode ? "code" : "password");
  const form = useForm({ email: "", password: "", code: "" }, send, fieldOf);
  return html`
    <h1>${t("page_sign_in")}</h1>
    <${Providers} options=${options} />
    <${Form} of=${form} label=${t("page_sign_in")} submit=${t("page_sign_in")}>
      <${EmailField} of=${form} ...${focused} />
      <${CurrentPassword} of=${form} />
      ${
        needsCode &&
        html`<${Field}
          of=${form}
          name="code"
          label=${t("code")}
          hint=${t("code_hint")}
          autocomplete="one-time-code"
          autocapitalize="none"
          required
          autofocus
        />`
      }
    <//>
    <p class="ways">
      <a href="#/forgot">${t("forgot_password")}</a>
      ${options?.sign_up === "open" && html`<a href=${signUp}>${t("page_sign_up")}</a>`}
    </p>
  `;
}

function Providers({ options }) {
  if (!options?.providers?.length) return null;
  return html`
    <div class="providers">
      ${options.providers.map(
        ({ id, name }) => html`
          <a class="button" href=${`/v1/oidc/${id}`} onClick=${() => keepWanted(wanted())}>
            ${t("continue_with", { name })}
          </a>
        `,
      )}
    </div>
    <p class="or"><span>${t("or")}</span></p>
  `;
}

/** `onward` says where one goes from here. */
export function SignUp({ signIn = "#/sign-in", onward = t("go_to_studio") }) {
  const { answer: options } = useAnswer(api.signInOptions);
  const [made, setMade] = useState(null);
  const send = async (given) => setMade(await api.signUp({ ...given, language: language.value }));
  const form = useForm({ name: "", email: "", password: "" }, send, () => "email");
  const free = options?.free_microcredits;
  if (made) return html`<${CheckMail} me=${made} free=${free} onward=${onward} />`;
  if (options?.sign_up === "closed") {
    return html`
      <h1>${t("page_sign_up")}</h1>
      <p>${t("sign_up_closed")}</p>
      <p class="ways"><a href=${signIn}>${t("page_sign_in")}</a></p>
    `;
  }
  return html`
    <h1>${t("page_sign_up")}</h1>
    ${free > 0 && html`<p class="lead">${t("free_to_begin", { credits: credits(free, true) })}</p>`}
    <${Providers} options=${options} />
    <${Form} of=${form} label=${t("page_sign_up")} submit=${t("page_sign_up")}>
      <${Field}
        of=${form}
        name="name"
        label=${t("name")}
        autocomplete="name"
        maxlength="100"
        ...${focused}
      />
      <${EmailField} of=${form} />
      <${NewPassword} of=${form} label=${t("password")} />
    <//>
    <p class="ways">
      <span>${t("has_account")}</span> <a href=${signIn}>${t("page_sign_in")}</a>
    </p>
  `;
}

function CheckMail({ me, free, onward }) {
  const again = () =>
    attempt(async () => {
      await api.sendVerification();
      toast(t("mail_sent", me));
    });
  return html`
    <h1>${t("check_mail")}</h1>
    <p>${t("check_mail_text", me)}</p>
    ${free > 0 && html`<p>${t("free_once_confirmed", { credits: credits(free, true) })}</p>`}
    <button type="button" class="button primary" onClick=${goIn}>
      ${onward}
    </button>
    <p class="ways">
      <button type="button" class="button quiet" onClick=${again}>${t("send_again")}</button>
    </p>
  `;
}

export function Forgot() {
  const [sent, setSent] = useState(null);
  const form = useForm({ email: "" }, async ({ email }) => {
    await api.forgotPassword(email);
    setSent(email);
  });
  return html`
    <h1>${t("page_forgot")}</h1>
    ${
      sent
        ? html`<p role="status">${t("reset_sent", { email: sent })}</p>`
        : html`
          <p>${t("forgot_text")}</p>
          <${Form} of=${form} label=${t("page_forgot")} submit=${t("send_link")}>
            <${EmailField} of=${form} ...${focused} />
          <//>
        `
    }
    <p class="ways"><a href="#/sign-in">${t("back_to_sign_in")}</a></p>
  `;
}
