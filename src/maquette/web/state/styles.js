/** The style of a prompt, which is nothing but words in it: to be seen, typed and taken out. */
import { computed } from "@preact/signals";
import { model } from "./composer.js";
import { language } from "./preferences.js";

const HAN = /\p{Script=Han}/u;
const longestFirst = (a, b) => b.length - a.length;
const escaped = (words) => words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const wordsOf = (style) => Object.values(style.words).flat();

/** The styles that the model knows; none before it is known itself. */
export const styles = computed(() => model.value?.styles ?? []);

/** Finds a known style where its words stand at the end of a clause, with what leads to them. */
const clause = computed(() => {
  const known = styles.value.flatMap(wordsOf).sort(longestFirst).map(escaped);
  const before = "(?:^|[\\s,，、;；]+|(?<=\\p{Script=Han}))(?:as )?(?:an? )?";
  const behind = "(?=\\s*(?:[,，、.。;；]|$))";
  return new RegExp(`${before}(${known.join("|")})${behind}`, "giu");
});

/** The last one in a prompt: what stands before it may as well be of the idea. */
const lastIn = (prompt) =>
  styles.value.length ? [...prompt.matchAll(clause.value)].at(-1) : undefined;

/** The style that a prompt asks for; undefined where it names none. */
export function styleOf(prompt) {
  const words = lastIn(prompt)?.[1].toLowerCase();
  return styles.value.find((one) => wordsOf(one).includes(words));
}

/** A prompt without the words for its style. */
export function withoutStyle(prompt) {
  const found = lastIn(prompt);
  if (!found) return prompt;
  const rest = prompt.slice(0, found.index) + prompt.slice(found.index + found[0].length);
  return rest.replace(/^[\s,，、;；]+/, "");
}

/** A prompt with a style in place of the one it has, in its own language; undefined for none. */
export function withStyle(prompt, style) {
  const idea = withoutStyle(prompt);
  if (!style) return idea;
  const isChinese = idea.trim() ? HAN.test(idea) : language.value === "zh";
  const [words] = style.words[isChinese ? "zh" : "en"];
  const comma = isChinese ? "，" : ", ";
  if (!idea.trim()) return words[0].toUpperCase() + words.slice(1) + comma;
  return idea.replace(/[\s,，、.。;；]+$/, "") + comma + words;
}
