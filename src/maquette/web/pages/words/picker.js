/** The templates: grouped, searchable, one to be taken in hand. */
import { useState } from "preact/hooks";
import { IconButton } from "../../components/controls.js";
import { html } from "../../html.js";
import { t } from "../../words.js";
import { at, chosen, library } from "./state.js";

/** Whether all words of a search are somewhere in what a template says, in either language. */
function fits(template, search) {
  const said = [...template.label, ...template.about, template.name].join(" ").toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

function Picker({ search, pick }) {
  const { groups, templates } = library.value;
  const shown = templates.filter((one) => fits(one, search));
  if (shown.length === 0) return html`<p class="hint" role="status">${t("no_template")}</p>`;
  return html`
    <div class="templates">
      ${groups.map((group) => {
        const own = shown.filter((one) => one.group === group);
        if (own.length === 0) return null;
        return html`
          <section aria-label=${t(`group_${group}`)} key=${group}>
            <h2 class="label">${t(`group_${group}`)}</h2>
            ${own.map(
              (one) => html`
                <button type="button" class="template" key=${one.name} onClick=${() => pick(one)}>
                  <b>${one.label[at.value]}</b><small>${one.about[at.value]}</small>
                </button>
              `,
            )}
          </section>
        `;
      })}
    </div>
  `;
}

/** The picker with its search, as it stands in the composer. */
export function SearchedPicker({ isOpen, setOpen }) {
  const [search, setSearch] = useState("");
  const pick = (one) => (chosen.value = one.name);
  return html`
    <div class="search">
      <input
        type="search"
        aria-label=${t("search_templates")}
        placeholder=${t("search_templates")}
        value=${search}
        onFocus=${() => setOpen(true)}
        onInput=${(event) => setSearch(event.target.value)}
      />
      <${IconButton}
        icon=${isOpen ? "close" : "words"}
        words=${t("all_templates")}
        class="icon-button settings-toggle"
        aria-expanded=${isOpen}
        act=${() => setOpen(!isOpen)}
      />
    </div>
    <div class="settings"><${Picker} search=${search} pick=${pick} /></div>
  `;
}
