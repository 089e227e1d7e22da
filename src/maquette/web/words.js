/** What the studio says, in the language that was chosen. */
import { language } from "./state/preferences.js";
import { en } from "./words/en.js";
import { zh } from "./words/zh.js";

const WORDS = { en, zh };

/** The words for a key, `{name}` replaced by what is given. */
export function t(key, given = {}) {
  const words = WORDS[language.value][key];
  if (words === undefined) throw new Error(`no words for ${key}`);
  return words.replace(/\{(\w+)\}/g, (_, name) => given[name]);
}

/** A moment as a person says it: the time today, else the day. */
export function moment(text) {
  const then = new Date(text);
  const today = then.toDateString() === new Date().toDateString();
  const form = today
    ? { hour: "2-digit", minute: "2-digit" }
    : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  return then.toLocaleString(language.value === "zh" ? "zh-CN" : "en-GB", form);
}

/** Milliseconds as seconds or minutes. */
export function duration(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 100) return t("seconds", { n: seconds });
  return t("minutes", { n: Math.round(seconds / 60) });
}
