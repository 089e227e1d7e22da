/** What was done and can be undone, and what went wrong. */
import { html } from "../html.js";
import { announced, dismiss, leaveLater, stay, toasts } from "../state/toasts.js";
import { t } from "../words.js";
import { Icon } from "./icons.js";

export const Toasts = () => html`
  <div class="toasts">
    ${toasts.value.map((one) => html`<${Toast} key=${one.number} ...${{ one }} />`)}
  </div>
  <div class="said" aria-live="polite">${announced.value}</div>
`;

function Toast({ one }) {
  const isProblem = one.kind === "problem";
  const linger = isProblem ? {} : { onPointerEnter: () => stay(one), onFocusIn: () => stay(one) };
  const leave = isProblem ? {} : { onPointerLeave: () => leaveLater(one) };
  const act = () => {
    dismiss(one);
    one.act();
  };
  return html`
    <div
      class=${`toast is-${one.kind}`}
      role=${isProblem ? "alert" : "status"}
      ...${{ ...linger, ...leave }}
    >
      <span>${one.text}</span>
      ${
        one.act &&
        html`<button type="button" class="button quiet" onClick=${act}>${one.action}</button>`
      }
      <button
        type="button"
        class="icon-button"
        aria-label=${t("dismiss")}
        onClick=${() => dismiss(one)}
      >
        <${Icon} name="close" />
      </button>
    </div>
  `;
}
