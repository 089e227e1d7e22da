/** The list of all keys. */
import { COMMANDS } from "../commands.js";
import { html } from "../html.js";
import { close } from "../state/view.js";
import { t } from "../words.js";
import { Dialog, IconButton, Keys } from "./controls.js";

export const KeysDialog = () => html`
  <${Dialog} label=${t("keys")} kind="small">
    <header>
      <h1>${t("keys")}</h1>
      <${IconButton} icon="close" words=${t("close")} act=${close} />
    </header>
    ${["keys_anywhere", "keys_picture"].map(
      (group) => html`
        <h2>${t(group)}</h2>
        <dl class="key-list">
          ${COMMANDS.filter((one) => one.group === group).map(
            ({ words }) => html`<div>
              <dt>${t(words)}</dt>
              <dd><${Keys} words=${words} /></dd>
            </div>`,
          )}
        </dl>
      `,
    )}
  <//>
`;
