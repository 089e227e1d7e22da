/** Where the links of mails lead: to confirm an address, to a new password, into a team. */
import { useEffect, useState } from "preact/hooks";
import { signOut } from "../actions.js";
import * as api from "../api_account.js";
import { Form, useForm } from "../components/forms.js";
import { CurrentPassword, NewPassword } from "../components/passwords.js";
import { html } from "../html.js";
import { beginAnew, me } from "../state/me.js";
import { t } from "../words.js";
import { SignIn, SignUp } from "./sign_in.js";

/** What a token does once the page is open: undefined, then its answer, or `{problem}`. */
function useToken(send) {
  const [done, setDone] = useState(undefined);
  useEffect(() => {
    send().then(
      (answer) => setDone({ answer }),
      ({ message, answer }) => setDone({ problem: message, needs: answer?.needs }),
    );
  }, []);
  return done;
}

const Onward = ({ words, target = "#/" }) => html`
  <button type="button" class="button primary" onClick=${() => beginAnew(target)}>${words}</button>
`;

/** Where no one is signed in who signed up, the password is asked for. */
export function Verify({ token }) {
  const [isShown, setShown] = useState(false);
  const done = useToken(() => api.verifyEmail(token));
  const form = useForm({ password: "" }, async ({ password }) => {
    await api.verifyEmail(token, password);
    setShown(true);
  }, () => "password");
  const asks = done?.needs === "password" && !isShown;
  const problem = isShown ? null : done?.problem;
  return html`
    <h1>${t("page_verify")}</h1>
    ${done === undefined && html`<p aria-busy="true">${t("loading")}</p>`}
    ${asks && html`<p class="lead">${t("verify_asks")}</p>`}
    ${
      asks &&
      html`<${Form} of=${form} label=${t("page_verify")} submit=${t("confirm_address")}>
        <${CurrentPassword} of=${form} />
      <//>`
    }
    ${problem && !asks && html`<p class="problem" role="alert">${problem}</p>`}
    ${done && !problem && html`<p role="status">${t("verified")}</p>`}
    ${done && !asks && html`<${Onward} words=${t("go_to_studio")} />`}
  `;
}

export function Reset({ token }) {
  const [isDone, setDone] = useState(false);
  const form = useForm({ password: "" }, async ({ password }) => {
    await api.resetPassword(token, password);
    setDone(true);
  });
  if (isDone) {
    return html`
      <h1>${t("page_reset")}</h1>
      <p role="status">${t("password_reset")}</p>
      <${Onward} words=${t("page_sign_in")} target="#/sign-in" />
    `;
  }
  return html`
    <h1>${t("page_reset")}</h1>
    <${Form} of=${form} label=${t("page_reset")} submit=${t("set_password")}>
      <${NewPassword} of=${form} />
    <//>
    <p class="ways"><a href="#/forgot">${t("send_another")}</a></p>
  `;
}

/** Whoever is not signed in does that first, or makes an account; the address stays. */
export function Invitation({ token, way }) {
  if (me.value) return html`<${Join} token=${token} />`;
  const here = `#/invitation/${token}`;
  return html`
    <p class="lead">${t("sign_in_to_join")}</p>
    ${
      way === "sign-up"
        ? html`<${SignUp} signIn=${here} onward=${t("page_invitation")} />`
        : html`<${SignIn} signUp=${`${here}/sign-up`} />`
    }
  `;
}

/** A link works once, and for whoever is signed in: so they see first who that is. */
function Join({ token }) {
  const [team, setTeam] = useState(null);
  const form = useForm({}, async () => setTeam(await api.acceptInvitation(token)));
  const { name, email } = me.value;
  const who = name && email ? `${name} (${email})` : name || email;
  if (team) {
    return html`
      <h1>${t("page_invitation")}</h1>
      <p role="status">${t("joined", team)}</p>
      <${Onward} words=${t("to_teams")} target="#/team" />
    `;
  }
  return html`
    <h1>${t("page_invitation")}</h1>
    <p>${t("join_as", { who })}</p>
    <${Form} of=${form} label=${t("page_invitation")} submit=${t("join")} />
    <p class="ways">
      <button type="button" class="button quiet" onClick=${() => signOut(location.hash)}>
        ${t("join_as_other")}
      </button>
      <a href="#/">${t("go_to_studio")}</a>
    </p>
  `;
}
