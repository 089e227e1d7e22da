/** The styles that the model knows, to choose one by its picture. */
import { html } from "../html.js";
import { change, draft } from "../state/composer.js";
import { language } from "../state/preferences.js";
import { styleOf, styles, withStyle } from "../state/styles.js";
import { t } from "../words.js";

export function Styles() {
  if (styles.value.length === 0) return null;
  const { prompt } = draft.value;
  const chosen = styleOf(prompt);
  const radio = (style, content) => html`
    <label class=${style ? "tile" : "any"}>
      <input
        type="radio"
        name="style"
        checked=${style === chosen}
        onChange=${() => change({ prompt: withStyle(prompt, style) })}
      />
      ${content}
    </label>
  `;
  return html`
    <div class="styles" role="radiogroup" aria-labelledby="style">
      <div class="heading">
        <span class="label" id="style">${t("style")}</span>
        ${radio(undefined, html`<span>${t("any_style")}</span>`)}
      </div>
      <div class="tiles">
        ${styles.value.map((style) =>
          radio(
            style,
            html`
              <img src=${style.picture} alt="" width="160" height="160" />
              <span>${style.label[language.value]}</span>
            `,
          ),
        )}
      </div>
    </div>
  `;
}
