/** The pages beside the gallery, each loaded when it is first opened. */
import { signal } from "@preact/signals";
import { view } from "./state/view.js";

/** The page of a medium brings a composer as well, which stands where that of pictures does. */
const medium = (name, icon, load) => ({ name, icon, group: "medium", load });
const account = (name, icon, load) => ({ name, icon, group: "account", load });
const operator = (name, load) => ({ name: `operator/${name}`, group: "operator", load });
const entrance = (name) => ({ name, group: "entrance", load: () => import("./pages/entrance.js") });

/** In the order of their list. What is behind the name of a page in an address is its `ids`. */
export const PAGES = [
  medium("words", "words", () => import("./pages/words.js")),
  medium("code", "code", () => import("./pages/code.js")),
  medium("speech", "speech", () => import("./pages/speech.js")),
  account("credits", "credits", () => import("./pages/credits.js")),
  account("buy", "buy", () => import("./pages/buy.js")),
  account("api-keys", "key", () => import("./pages/api_keys.js")),
  account("team", "team", () => import("./pages/team.js")),
  account("account", "person", () => import("./pages/account.js")),
  operator("people", () => import("./pages/operator/people.js")),
  operator("queue", () => import("./pages/operator/queue.js")),
  operator("text-servers", () => import("./pages/operator/text_servers.js")),
  operator("prices", () => import("./pages/operator/prices.js")),
  operator("revenue", () => import("./pages/operator/revenue.js")),
  operator("ledger", () => import("./pages/operator/ledger.js")),
  operator("audit", () => import("./pages/operator/audit.js")),
  entrance("sign-in"),
  entrance("sign-up"),
  entrance("forgot"),
  entrance("reset"),
  entrance("verify"),
  entrance("invitation"),
];

export const ENTRANCE = PAGES.find(({ name }) => name === "sign-in");

/** The pages of a group: "medium", "account", "operator" or "entrance". */
export const pagesOf = (group) => PAGES.filter((one) => one.group === group);

/** The key of a page's title in the words. */
export const titleOf = ({ name }) => `page_${name.replace(/\W/g, "_")}`;

/** The page that the address names, with its `ids`; null where that is another screen. */
export function openPage() {
  const parts = [view.value.name, ...view.value.ids];
  const page = PAGES.find(({ name }) => `${parts.join("/")}/`.startsWith(`${name}/`));
  return page ? { page, ids: parts.slice(page.name.split("/").length) } : null;
}

/** The modules that have come, by the name of their page; false for one that did not. */
const loaded = signal({});

/** A page's module; undefined while it is under way, false where it cannot be had. */
export function moduleOf(page) {
  if (!(page.name in loaded.value)) fetchModule(page);
  return loaded.value[page.name];
}

const SHEETS = {
  medium: ["forms", "pages", "media", "words", "desk", "speech", "code"],
  account: ["forms", "pages"],
  operator: ["forms", "pages", "operator"],
  entrance: ["forms", "entrance"],
};
const asked = new Set();

async function fetchModule(page) {
  if (asked.has(page.name)) return;
  asked.add(page.name);
  const parts = [page.load(), wordsOf(page), ...SHEETS[page.group].map(style)];
  const [module] = await Promise.all(parts).catch((problem) => {
    console.info(problem);
    return [false];
  });
  loaded.value = { ...loaded.value, [page.name]: module };
}

const wordsOf = ({ group }) =>
  group === "operator"
    ? Promise.all([import("./words/pages.js"), import("./words/operator.js")])
    : import("./words/pages.js");

const styles = new Map();

/** Adds a style sheet; resolves when it is there. */
function style(name) {
  const href = `styles/${name}.css`;
  if (!styles.has(href)) {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    const comes = new Promise((done, fail) => Object.assign(link, { onload: done, onerror: fail }));
    document.head.append(link);
    styles.set(href, comes);
  }
  return styles.get(href);
}
