/** Words: copy by templates in a brand's voice, written, edited, kept, and campaigns of it. */
import "../words/copy.js";
import { html } from "../html.js";
import { t } from "../words.js";
import { Campaigns } from "./words/campaigns.js";
import { Documents } from "./words/documents.js";
import { Voices } from "./words/voices.js";
import { Write } from "./words/variants.js";
import { library, load } from "./words/state.js";

export { Composer } from "./words/fill.js";

const PLACES = { write: Write, documents: Documents, campaigns: Campaigns, voices: Voices };

export function Page({ ids: [place = "write", id] }) {
  load();
  const Shown = PLACES[place] ?? Write;
  return html`
    <nav class="places" aria-label=${t("page_words")}>
      ${Object.keys(PLACES).map(
        (one) => html`
          <a
            href=${one === "write" ? "#/words" : `#/words/${one}`}
            aria-current=${PLACES[one] === Shown ? "page" : null}
          >
            ${t(`place_${one}`)}
          </a>
        `,
      )}
    </nav>
    ${library.value ? html`<${Shown} id=${id} key=${id} />` : html`<p>${t("loading")}</p>`}
  `;
}
