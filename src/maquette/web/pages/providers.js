/** Providers by which one can sign in, linked and unlinked. */
import * as api from "../api_account.js";
import { WithPassword } from "../components/passwords.js";
import { Section, useAnswer } from "../components/tables.js";
import { html } from "../html.js";
import { toast } from "../state/toasts.js";
import { day, t } from "../words.js";

/** Nothing where none is set up. */
export function Providers({ person }) {
  const { answer, ask } = useAnswer(api.listProviders);
  if (!answer?.length) return null;
  const link = async ({ id }, password) =>
    location.assign((await api.linkProvider(id, password)).url);
  const unlink = async ({ id, name }, password) => {
    await api.unlinkProvider(id, password);
    await ask();
    toast(t("provider_unlinked", { name }));
  };
  const hint = person.two_factor ? "providers_hint_two_factor" : "providers_hint";
  return html`
    <${Section} title=${t("providers")} hint=${t(hint)}>
      <ul class="linked">
        ${answer.map(
          (one) => html`<${Provider} key=${one.id} ...${{ one, person, link, unlink }} />`,
        )}
      </ul>
    <//>
  `;
}

function Provider({ one, person, link, unlink }) {
  const { name, linked_at: since } = one;
  const [words, label, kind, act] = since
    ? ["unlink", "unlink_provider", "danger", unlink]
    : ["link", "link_provider", "primary", link];
  const state = since ? t("linked_since", { day: day(since) }) : t("not_linked");
  return html`
    <li>
      <p><b>${name}</b> <span class="quiet">· ${state}</span></p>
      <${WithPassword}
        key=${words}
        person=${person}
        words=${t(words)}
        label=${t(label, { name })}
        kind=${kind}
        act=${(password) => act(one, password)}
      />
    </li>
  `;
}
