/** What languages, speakers and formats are called in the studio. */
import { language as studioLanguage } from "./state/preferences.js";
import { t } from "./words.js";

export const nameOf = (format) => (format === "opus" ? "Opus" : format.toUpperCase());

/** A language in the studio's own, as far as the browser knows it; else in English. */
export function wordsOf({ language, name }) {
  if (studioLanguage.value === "en" || language.includes("-x-")) return name;
  try {
    const names = new Intl.DisplayNames("zh-Hans", { type: "language", fallback: "none" });
    return names.of(language) ?? name;
  } catch {
    return name;
  }
}

/** What a speaker is called: those of espeak-ng have names such as f3. */
export function speakerOf(name) {
  const [, kind, n] = name.match(/^([fm]?)(\d+)$/) ?? [];
  if (kind) return t(kind === "f" ? "speech_female" : "speech_male", { n });
  if (n) return t("speech_speaker", { n });
  if (name === "default") return t("speech_default_voice");
  if (name === "whisper" || name === "whisperf") return t(`speech_${name}`);
  if (name.includes("_")) return name; // a code, such as af_heart
  return name[0].toUpperCase() + name.slice(1);
}
