/** What was done and can be undone, and what went wrong. */
import { html } from "../html.js";
import { announced, dismiss, toasts } from "../state/toasts.js";
import { t } from "../words.js";
import { IconButton } from "./controls.js";

export const Toasts = () => html`
  <div class="toasts" role="status">
    ${toasts.value.map(
      (one) => html`
        <div key=${one.number} class=${`toast is-${one.kind}`}>
          <span>${one.text}</span>
          ${
            one.act &&
            html`<button
            type="button"
            class="button quiet"
            onClick=${() => {
              dismiss(one);
              one.act();
            }}
          >
            ${one.action}
          </button>`
          }
          <${IconButton} icon="close" words=${t("close")} act=${() => dismiss(one)} />
        </div>
      `,
    )}
  </div>
  <div class="said" aria-live="polite">${announced.value}</div>
`;
