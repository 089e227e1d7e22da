/** What the studio says, in the language that was chosen. */
import { language } from "./state/preferences.js";
import { en } from "./words/en.js";
import { zh } from "./words/zh.js";
import { zhLibraries, zhParts, zhServer } from "./words/zh_server.js";

const WORDS = { en: { ...en }, zh: { ...zh } };

/** Adds the words of pages that are loaded when they are opened. */
export function addWords(more) {
  for (const [name, words] of Object.entries(more)) Object.assign(WORDS[name], words);
}

/** The words for a key, `{name}` replaced by what is given. */
export function t(key, given = {}) {
  const words = WORDS[language.value][key];
  if (words === undefined) throw new Error(`no words for ${key}`);
  return words.replace(/\{(\w+)\}/g, (_, name) => given[name]);
}

const PLACE = /\{\w+\}/g;
const fixedLength = ([line]) => line.replace(PLACE, "").length;
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Lines as patterns, the most particular first: a value can be almost anything. */
const patterns = (lines) =>
  Object.entries(lines)
    .sort((a, b) => fixedLength(b) - fixedLength(a))
    .map(([line, words]) => {
      const names = line.match(PLACE) ?? [];
      return {
        pattern: new RegExp(`^${line.split(PLACE).map(escaped).join("(.*?)")}$`),
        names,
        words,
      };
    });

const LINES = patterns({ ...zhServer, ...zhLibraries });
const VALUES = patterns({ ...zhServer, ...zhLibraries, ...zhParts });

function inChinese(line, known) {
  for (const { pattern, names, words } of known) {
    const values = line.match(pattern)?.slice(1);
    if (values) {
      return words.replace(PLACE, (name) => inChinese(values[names.indexOf(name)], VALUES));
    }
  }
  return line;
}

/** A line of the server, which speaks English, in the language that was chosen if it is known. */
export function told(line) {
  if (language.value !== "zh") return line;
  // Several values that do not fit are told in one line.
  const parts = line.split(/; (?=body\.)/);
  return parts.map((part) => inChinese(part, LINES)).join("；");
}

/** Likewise what is part of a line, such as the reason of a transfer. */
export const toldPart = (text) => (language.value === "zh" ? inChinese(text, VALUES) : text);

/** A moment as a person says it: the time today, else the day. */
export function moment(text) {
  const then = new Date(text);
  const today = then.toDateString() === new Date().toDateString();
  const form = today
    ? { hour: "2-digit", minute: "2-digit" }
    : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  return then.toLocaleString(inLanguage(), form);
}

const inLanguage = () => (language.value === "zh" ? "zh-CN" : "en-GB");

/** A day as a person says it. */
export const day = (text) =>
  new Date(text).toLocaleDateString(inLanguage(), {
    day: "numeric",
    month: "short",
    year: "numeric",
  });

const MICRO = 1_000_000;

/** Microcredits as credits, with two decimals or, if `whole`, only with those that it has. What is
 * less than can be shown is not shown as nothing.
 */
export function credits(microcredits, whole = false) {
  const size = Math.abs(microcredits) / MICRO;
  const sign = microcredits < 0 ? "−" : "";
  if (size > 0 && size < 0.01) return `${sign}<0.01`;
  const digits = whole && Number.isInteger(Number(size.toFixed(2))) ? 0 : 2;
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return sign + size.toLocaleString(inLanguage(), form);
}

/** As `credits`, where there is little room. */
export function shortly(microcredits) {
  const size = microcredits / MICRO;
  if (size < 1000) return credits(microcredits);
  const form = size < 100_000 ? {} : { notation: "compact", maximumFractionDigits: 1 };
  return Math.floor(size).toLocaleString(inLanguage(), form);
}

/** Money in a currency's smallest unit, such as cents. */
export function money(cents, currency) {
  const form = new Intl.NumberFormat(inLanguage(), { style: "currency", currency });
  return form.format(cents / centsIn(currency));
}

/** How many of its smallest unit one of a currency has. */
export function centsIn(currency) {
  const form = new Intl.NumberFormat("en", { style: "currency", currency });
  return 10 ** form.resolvedOptions().maximumFractionDigits;
}

/** Milliseconds as seconds or minutes. */
export function duration(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 100) return t("seconds", { n: seconds });
  return t("minutes", { n: Math.round(seconds / 60) });
}
