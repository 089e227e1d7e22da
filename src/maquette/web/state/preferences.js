/** What a person chose once for this browser: language, theme and keys. */
import { effect, signal } from "@preact/signals";
import { keep, kept } from "./kept.js";

export const LANGUAGES = { en: "English", zh: "简体中文" };
const THEMES = ["auto", "light", "dark"];

const read = (name, known) => known.find((one) => one === kept(name));
const preferred = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";

export const language = signal(read("language", Object.keys(LANGUAGES)) ?? preferred);
export const theme = signal(read("theme", THEMES) ?? "auto");
/** The keys that were chosen in place of the usual ones, by command. */
export const bindings = signal(kept("keys") ?? {});

export const nextTheme = () => {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
};

effect(() => {
  keep("language", language.value);
  document.documentElement.lang = language.value === "zh" ? "zh-Hans" : "en";
});
effect(() => {
  keep("theme", theme.value);
  document.documentElement.dataset.theme = theme.value;
});
effect(() => keep("keys", bindings.value));
