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
  const linger = () => stay(one);
  const leave = ({ currentTarget, relatedTarget }) => {
    const isHeld =
      currentTarget.matches(":hover, :focus-within") || currentTarget.contains(relatedTarget);
    if (!isHeld) leaveLater(one);
  };
  const holds = {
    onPointerEnter: linger,
    onFocusIn: linger,
    onPointerLeave: leave,
    onFocusOut: leave,
  };
  const act = () => {
    dismiss(one);
    one.act();
  };
  return html`
    <div
      class=${`toast is-${one.kind}`}
      role=${isProblem ? "alert" : "status"}
      ...${isProblem ? {} : holds}
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
