/** The frame of a page: the list of pages beside it, the page itself once it has come. */
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { moduleOf, pagesOf, titleOf } from "../pages.js";
import { isOperator, me } from "../state/me.js";
import { t } from "../words.js";
import { Brand } from "./header.js";
import { Icon } from "./icons.js";

export function PageList({ page }) {
  const current = useRef();
  // On a phone the list is a strip that reaches out of the screen.
  useEffect(() => current.current?.scrollIntoView({ block: "nearest", inline: "center" }), [page]);
  const groups = isOperator.value ? ["account", "operator"] : ["account"];
  return html`
    <nav class="page-list" aria-label=${t("pages")}>
      <a class="back" href="#/"><${Icon} name="left" />${t("to_studio")}</a>
      ${groups.map(
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
  const title = useRef();
  const module = moduleOf(page);
  useEffect(() => title.current.focus(), [page]);
  const isOpen = page.group !== "operator" || isOperator.value;
  return html`
    <main class="page" tabindex="0" aria-busy=${module === undefined}>
      <div class="page-body">
        <h1 ref=${title} tabindex="-1">${t(titleOf(page))}</h1>
        ${!isOpen && me.value && html`<p>${t("for_operators")}</p>`}
        ${isOpen && module && html`<${module.Page} ids=${ids} key=${ids.join("/")} />`}
        ${module === false && html`<p class="problem" role="alert">${t("page_missing")}</p>`}
      </div>
    </main>
  `;
}

/** Where one comes in: no list, nothing beside it. */
export function Entrance({ page, ids }) {
  const module = moduleOf(page);
  return html`
    <div class="entrance">
      <${Brand} />
      <main aria-busy=${module === undefined}>
        ${module && html`<${module.Page} page=${page.name} ids=${ids} key=${page.name} />`}
        ${module === false && html`<p class="problem" role="alert">${t("page_missing")}</p>`}
      </main>
    </div>
  `;
}
