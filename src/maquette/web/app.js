/** The studio: composer on the left, gallery on the right, one dialog over them at a time. */
import { render } from "preact";
import { effect } from "@preact/signals";
import { Composer, listenToFiles } from "./components/composer.js";
import { CompareDialog } from "./components/compare.js";
import { IconButton } from "./components/controls.js";
import { EditorDialog } from "./components/editor.js";
import { Feed } from "./components/feed.js";
import { KeysDialog } from "./components/keys.js";
import { PictureDialog } from "./components/picture.js";
import { Toasts } from "./components/toasts.js";
import { listenToKeys } from "./commands.js";
import { html } from "./html.js";
import { loadModels, models } from "./state/composer.js";
import { connected, follow, unfinished } from "./state/generations.js";
import { LANGUAGES, language, nextTheme, theme } from "./state/preferences.js";
import { firstToCompare, show, view } from "./state/view.js";
import { t } from "./words.js";

const DIALOGS = {
  picture: ([id]) => html`<${PictureDialog} id=${id} />`,
  edit: ([id]) => html`<${EditorDialog} id=${id} key=${id} />`,
  extend: ([id]) => html`<${EditorDialog} id=${id} key=${id} extending />`,
  compare: (ids) => html`<${CompareDialog} ids=${ids} />`,
  keys: () => html`<${KeysDialog} />`,
};

function Header() {
  const other = language.value === "en" ? "zh" : "en";
  return html`
    <header class="top">
      <img src="favicon.svg" alt="" width="32" height="32" />
      <h1>Maquette</h1>
      <nav>
        <button
          type="button"
          class="icon-button language"
          lang=${other === "zh" ? "zh-Hans" : "en"}
          title=${LANGUAGES[other]}
          aria-label=${LANGUAGES[other]}
          onClick=${() => (language.value = other)}
        >
          ${other === "zh" ? "中" : "En"}
        </button>
        <${IconButton}
          icon=${theme.value}
          words=${t("theme", { theme: t(`theme_${theme.value}`) })}
          act=${nextTheme}
        />
        <${IconButton}
          icon="keys"
          words=${t("keys")}
          class="icon-button for-keys"
          act=${() => show("keys")}
        />
      </nav>
    </header>
  `;
}

function Notice() {
  if (!connected.value) return html`<p class="notice" role="alert">${t("reconnecting")}</p>`;
  if (!firstToCompare.value) return null;
  return html`<p class="notice" role="status">
    ${t("comparing")}
    <button type="button" class="button quiet" onClick=${() => (firstToCompare.value = null)}>
      ${t("cancel")}
    </button>
  </p>`;
}

function App() {
  const { name, ids } = view.value;
  return html`
    <div class="shell">
      <div class="side"><${Header} /><${Composer} /></div>
      <${Notice} />
      <${Feed} />
    </div>
    ${DIALOGS[name] ? DIALOGS[name](ids) : html`<${Toasts} />`}
  `;
}

effect(() => {
  const n = unfinished.value.length;
  document.title = n ? `(${n}) Maquette` : "Maquette";
});
listenToKeys();
listenToFiles();
follow(() => models.value.length || loadModels());
render(html`<${App} />`, document.querySelector("#app"));
