/** The studio: composer on the left, gallery or a page on the right, a dialog over them. */
import { render } from "preact";
import { effect } from "@preact/signals";
import { Composer, listenToFiles } from "./components/composer.js";
import { CompareDialog } from "./components/compare.js";
import { EditorDialog } from "./components/editor.js";
import { Feed } from "./components/feed.js";
import { Header } from "./components/header.js";
import { KeysDialog } from "./components/keys.js";
import { Media, MediumComposer } from "./components/media.js";
import { Entrance, Page, PageList } from "./components/page.js";
import { PictureDialog } from "./components/picture.js";
import { Toasts } from "./components/toasts.js";
import { listenToKeys } from "./commands.js";
import { html } from "./html.js";
import { ENTRANCE, openPage, titleOf } from "./pages.js";
import { loadBalance } from "./state/balance.js";
import { loadModels, models } from "./state/composer.js";
import { connected, follow, unfinished } from "./state/generations.js";
import { isReady, loadMe, me } from "./state/me.js";
import { forgetPrices } from "./state/price.js";
import { toast } from "./state/toasts.js";
import { firstToCompare, problemOnTheWay, view } from "./state/view.js";
import { t, told } from "./words.js";

const DIALOGS = {
  picture: ([id]) => html`<${PictureDialog} id=${id} />`,
  edit: ([id]) => html`<${EditorDialog} id=${id} key=${id} />`,
  extend: ([id]) => html`<${EditorDialog} id=${id} key=${id} extending />`,
  compare: (ids) => html`<${CompareDialog} ids=${ids} />`,
  keys: () => html`<${KeysDialog} />`,
};

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

/** What is open beside the gallery: who is not signed in comes no further than the entrance. */
function opened() {
  const open = openPage();
  const isEntrance = open?.page.group === "entrance";
  return me.value === null && !isEntrance ? { page: ENTRANCE, ids: [] } : open;
}

function App() {
  if (!isReady.value) return null;
  const { name, ids } = view.value;
  const open = opened();
  if (open?.page.group === "entrance") return html`<${Entrance} ...${open} /><${Toasts} />`;
  const medium = open?.page.group === "medium" ? open.page : null;
  return html`
    <div class="shell">
      <div class="side">
        <${Header} />
        ${
          open && !medium
            ? html`<${PageList} page=${open.page} />`
            : html`<${Media} page=${medium} />`
        }
        <${Composer} hidden=${open !== null} />
        ${medium && html`<${MediumComposer} page=${medium} ids=${open.ids} key=${medium.name} />`}
      </div>
      <${Notice} />
      <${Feed} hidden=${open !== null} />
      ${open && html`<${Page} ...${open} />`}
    </div>
    ${DIALOGS[name] ? DIALOGS[name](ids) : html`<${Toasts} />`}
  `;
}

effect(() => {
  const n = unfinished.value.length;
  const open = opened();
  const title = open ? `${t(titleOf(open.page))} · Maquette` : "Maquette";
  document.title = n ? `(${n}) ${title}` : title;
});

function onRefresh() {
  if (models.value.length === 0) loadModels();
  forgetPrices();
  loadBalance();
}

let stop = null;
effect(() => {
  const here = isReady.value && me.value !== null;
  if (here) stop ??= follow(onRefresh);
  else stop = stop?.();
});

loadMe();
if (problemOnTheWay) toast(told(problemOnTheWay), { kind: "problem" });
listenToKeys();
listenToFiles();
render(html`<${App} />`, document.querySelector("#app"));
