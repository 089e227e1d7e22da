/** The second factor: set up by a picture to scan, with codes for the day the phone is lost. */
import { useState } from "preact/hooks";
import * as api from "../api_account.js";
import { Copied, Field, Form, useForm } from "../components/forms.js";
import { WithPassword } from "../components/passwords.js";
import { Section } from "../components/tables.js";
import { html } from "../html.js";
import { loadMe } from "../state/me.js";
import { toast } from "../state/toasts.js";
import { t } from "../words.js";

export function TwoFactor({ person }) {
  const [begun, setBegun] = useState(null);
  const [codes, setCodes] = useState(null);
  const begin = async (password) => setBegun(await api.beginTwoFactor(password));
  const remove = async (password) => {
    await api.removeTwoFactor(password);
    await loadMe();
    toast(t("two_factor_removed"));
  };
  const done = (made) => {
    setBegun(null);
    setCodes(made);
    loadMe();
  };
  const said = person.two_factor ? "two_factor_on" : "two_factor_off";
  return html`
    <${Section} title=${t("two_factor")} hint=${t(said)}>
      ${codes && html`<${Recovery} codes=${codes} done=${() => setCodes(null)} />`}
      ${begun && html`<${Scan} begun=${begun} done=${done} />`}
      ${
        person.two_factor &&
        !codes &&
        html`<${WithPassword}
          person=${person}
          words=${t("turn_off")}
          kind="danger"
          act=${remove}
        />`
      }
      ${
        !person.two_factor &&
        !begun &&
        html`<${WithPassword} person=${person} words=${t("set_up")} act=${begin} />`
      }
    <//>
  `;
}

/** The picture comes as SVG for a page; as the source of an image nothing in it can act. */
const asImage = (svg) => {
  const named = svg.includes("xmlns=") ? svg : svg.replace("<svg", `<svg xmlns="${SVG}"`);
  return `data:image/svg+xml,${encodeURIComponent(named)}`;
};
const SVG = "http://www.w3.org/2000/svg";

function Scan({ begun, done }) {
  const send = async ({ code }) =>
    done((await api.confirmTwoFactor(code.replaceAll(" ", ""))).recovery_codes);
  const form = useForm({ code: "" }, send, () => "code");
  return html`
    <div class="card scan">
      <img
        src=${asImage(begun.qr_svg)}
        alt=${t("qr")}
        width="180"
        height="180"
      />
      <div>
        <p>${t("scan_hint")}</p>
        <${Copied} text=${begun.secret} label=${t("secret")} />
        <${Form} of=${form} label=${t("two_factor")} submit=${t("turn_on")}>
          <${Field}
            of=${form}
            name="code"
            label=${t("code_of_app")}
            inputmode="numeric"
            autocomplete="one-time-code"
            required
          />
        <//>
      </div>
    </div>
  `;
}

const Recovery = ({ codes, done }) => html`
  <div class="card recovery" role="status">
    <h3>${t("recovery_codes")}</h3>
    <p>${t("recovery_hint")}</p>
    <${Copied} text=${codes.join("\n")} label=${t("recovery_codes")} />
    <button type="button" class="button primary" onClick=${done}>${t("codes_kept")}</button>
  </div>
`;
