/** The frame of a page: the list of pages beside it, the page itself once it has come. */
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { moduleOf, pagesOf, titleOf } from "../pages.js";
import { t } from "../words.js";
import { Icon } from "./icons.js";

export function PageList({ page }) {
  const current = useRef();
  // On a phone the list is a strip that reaches out of the screen.
  useEffect(() => current.current?.scrollIntoView({ block: "nearest", inline: "center" }), [page]);
  return html`
    <nav class="page-list" aria-label=${t("pages")}>
      <a class="back" href="#/"><${Icon} name="left" />${t("to_studio")}</a>
      ${["account"].map(
        (group) => html`
          <div>
            <h2>${t(`pages_${group}`)}</h2>
            ${pagesOf(group).map(
              (one) => html`
                <a
                  ref=${one === page ? current : null}
                  href=${`#/${one.name}`}
                  aria-current=${one === page ? "page" : null}
                >
                  ${t(titleOf(one))}
                </a>
              `,
            )}
          </div>
        `,
      )}
    </nav>
  `;
}

export function Page({ page, ids }) {
  const main = useRef();
  const module = moduleOf(page);
  useEffect(() => main.current.focus(), [page]);
  return html`
    <main class="page" ref=${main} tabindex="-1" aria-busy=${module === undefined}>
      <div class="page-body">
        <h1>${t(titleOf(page))}</h1>
        ${module && html`<${module.Page} ids=${ids} key=${ids.join("/")} />`}
        ${module === false && html`<p class="problem" role="alert">${t("page_missing")}</p>`}
      </div>
    </main>
  `;
}
