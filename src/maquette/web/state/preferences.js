/** What a person chose once for this browser: language and light. */
import { effect, signal } from "@preact/signals";

export const LANGUAGES = { en: "English", zh: "简体中文" };
export const LIGHTS = ["auto", "light", "dark"];

const read = (name, known) => {
  const kept = localStorage.getItem(`maquette.${name}`);
  return known.includes(kept) ? kept : null;
};
const preferred = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";

export const language = signal(read("language", Object.keys(LANGUAGES)) ?? preferred);
export const light = signal(read("light", LIGHTS) ?? "auto");

export const nextLight = () => {
  light.value = LIGHTS[(LIGHTS.indexOf(light.value) + 1) % LIGHTS.length];
};

effect(() => {
  localStorage.setItem("maquette.language", language.value);
  document.documentElement.lang = language.value === "zh" ? "zh-Hans" : "en";
});
effect(() => {
  localStorage.setItem("maquette.light", light.value);
  document.documentElement.dataset.light = light.value;
});
