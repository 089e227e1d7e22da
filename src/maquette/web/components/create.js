/** The foot of a composer: the button that asks, with its price, and one for the settings. */
import { html } from "../html.js";
import { balance } from "../state/balance.js";
import { lacksFor } from "../state/price.js";
import { credits, t } from "../words.js";
import { Keys, Price } from "./controls.js";
import { Icon } from "./icons.js";

/** `settings` is the id of what `toggle` opens; `keys` whether a key asks for it, too. */
export function Create({ words, price, settings, open, toggle, keys = true }) {
  const lacks = lacksFor(price);
  return html`
    <div class="create">
      ${lacks && html`<${Lacks} price=${price} />`}
      <button
        type="button"
        class="icon-button settings-toggle"
        aria-label=${t("settings")}
        aria-expanded=${open}
        aria-controls=${settings}
        onClick=${toggle}
      >
        <${Icon} name="settings" />
      </button>
      <button
        type="submit"
        class="button primary"
        aria-disabled=${lacks}
        aria-describedby=${lacks ? "lacks" : null}
      >
        <span>${words}</span><${Price} of=${price} /> ${keys && html`<${Keys} words="create" />`}
      </button>
    </div>
  `;
}

export function Lacks({ price }) {
  const given = {
    price: credits(price),
    credits: credits(balance.value.available_microcredits),
  };
  return html`
    <p class="lacks" id="lacks">${t("lacks_for", given)} <a href="#/buy">${t("page_buy")}</a></p>
  `;
}
