/** The media of the studio: a tab each, and the composer of the one that is open. */
import { html } from "../html.js";
import { moduleOf, pagesOf, titleOf } from "../pages.js";
import { t } from "../words.js";
import { Icon } from "./icons.js";

/** Pictures are the gallery, which is there from the start; the others are pages. */
export function Media({ page }) {
  const pages = pagesOf("medium");
  if (pages.length === 0) return null;
  const tab = (href, icon, words, current) => html`
    <a href=${href} aria-current=${current ? "page" : null}>
      <${Icon} name=${icon} /><span>${words}</span>
    </a>
  `;
  return html`
    <nav class="media" aria-label=${t("media")}>
      ${tab("#/", "image", t("pictures"), page === null)}
      ${pages.map((one) => tab(`#/${one.name}`, one.icon, t(titleOf(one)), one === page))}
    </nav>
  `;
}

/** What one says to a medium: the `Composer` of its page's module. */
export function MediumComposer({ page, ids }) {
  const module = moduleOf(page);
  if (!module) return html`<form class="composer" aria-busy=${module === undefined}></form>`;
  return html`<${module.Composer} ids=${ids} />`;
}
