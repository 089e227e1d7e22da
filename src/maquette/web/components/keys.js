/** The list of all keys, where each can be changed. */
import { useState } from "preact/hooks";
import { COMMANDS, bind, keyPressed, keysOf, refusal } from "../commands.js";
import { html } from "../html.js";
import { bindings } from "../state/preferences.js";
import { close } from "../state/view.js";
import { t } from "../words.js";
import { Dialog, IconButton, Keys } from "./controls.js";

export const KeysDialog = () => html`
  <${Dialog} label=${t("keys")} kind="small">
    <header>
      <h1>${t("keys")}</h1>
      <${IconButton} icon="close" words=${t("close")} act=${close} />
    </header>
    <p class="hint">${t("keys_hint")}</p>
    ${["keys_anywhere", "keys_picture"].map(
      (group) => html`
        <h2>${t(group)}</h2>
        <dl class="key-list">
          ${COMMANDS.filter((one) => one.group === group).map(
            (command) => html`<${Entry} key=${command.words} command=${command} />`,
          )}
        </dl>
      `,
    )}
    <button
      type="button"
      class="button"
      aria-disabled=${Object.keys(bindings.value).length === 0}
      onClick=${() => (bindings.value = {})}
    >
      ${t("usual_keys")}
    </button>
  <//>
`;

/** A command and its keys; pressed, it takes the next ones instead. */
function Entry({ command }) {
  const [listening, setListening] = useState(false);
  const [problem, setProblem] = useState();
  const listen = ({ currentTarget }) => {
    currentTarget.focus(); // in Safari a click does not
    setListening(true);
  };
  const stop = () => {
    setListening(false);
    setProblem();
  };
  const take = (event) => {
    if (!listening) return;
    event.preventDefault();
    event.stopPropagation();
    const key = keyPressed(event);
    if (key === "Escape") stop();
    if (event.repeat || key === null || key === "Escape") return;
    const refused = refusal(command, key);
    setProblem(refused);
    if (refused) return;
    bind(command, key);
    stop();
  };
  const given = { command: t(command.words), keys: keysOf(command).join(" ") };
  return html`
    <div>
      <dt>${t(command.words)}</dt>
      <dd>
        <button
          type="button"
          class="chip"
          aria-label=${t(listening ? "press_keys_for" : "change_keys", given)}
          onClick=${listen}
          onKeyDown=${take}
          onBlur=${stop}
        >
          ${listening ? t("press_keys") : html`<${Keys} words=${command.words} />`}
        </button>
      </dd>
      ${problem && html`<dd class="problem"><span role="alert">${problem}</span></dd>`}
    </div>
  `;
}
