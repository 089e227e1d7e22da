/** To get credits: by a code. */
import * as api from "../api_account.js";
import { Field, Form, useForm } from "../components/forms.js";
import { Section, useAnswer } from "../components/tables.js";
import { html } from "../html.js";
import { loadBalance } from "../state/balance.js";
import { toast } from "../state/toasts.js";
import { credits, t } from "../words.js";

export function Page() {
  const { answer: options, problem } = useAnswer(api.paymentOptions);
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!options) return html`<p class="hint" aria-busy="true">${t("loading")}</p>`;
  if (options.providers.includes("codes")) return html`<${Redeem} />`;
  return html`<p class="nothing">${t("not_sold")}</p>`;
}

function Redeem() {
  const send = async ({ code }) => {
    const { amount_microcredits: amount } = await api.redeem(code.trim());
    form.reset();
    loadBalance();
    toast(t("redeemed", { credits: credits(amount) }));
  };
  const form = useForm({ code: "" }, send, () => "code");
  return html`
    <${Section} title=${t("redeem_code")}>
      <${Form} of=${form} label=${t("redeem_code")} submit=${t("redeem")} kind="">
        <${Field}
          of=${form}
          name="code"
          label=${t("gift_code")}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck=${false}
          required
        />
      <//>
    <//>
  `;
}
