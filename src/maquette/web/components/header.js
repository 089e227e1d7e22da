/** The head of the studio: language, light, what there is to spend, and the menu behind it. */
import { useEffect, useState } from "preact/hooks";
import { signOut } from "../actions.js";
import { html } from "../html.js";
import { pagesOf, titleOf } from "../pages.js";
import { balance } from "../state/balance.js";
import { isOperator, me } from "../state/me.js";
import { LANGUAGES, language, nextTheme, theme } from "../state/preferences.js";
import { show } from "../state/view.js";
import { credits, shortly, t } from "../words.js";
import { IconButton } from "./controls.js";
import { Icon } from "./icons.js";

export const Brand = ({ children }) => html`
  <header class="top">
    <a class="brand" href="#/">
      <img src="favicon.svg" alt="" width="32" height="32" />
      <h1>Maquette</h1>
    </a>
    <div class="tools">
      <${Preferences} />
      ${children}
    </div>
  </header>
`;

export const Header = () => html`<${Brand}><${Account} /><//>`;

function Preferences() {
  const other = language.value === "en" ? "zh" : "en";
  return html`
    <button
      type="button"
      class="icon-button language"
      lang=${other === "zh" ? "zh-Hans" : "en"}
      title=${LANGUAGES[other]}
      aria-label=${LANGUAGES[other]}
      onClick=${() => (language.value = other)}
    >
      ${other === "zh" ? "中" : "En"}
    </button>
    <${IconButton}
      icon=${theme.value}
      words=${t("theme", { theme: t(`theme_${theme.value}`) })}
      act=${nextTheme}
    />
  `;
}

const nameOf = (person) => person?.name || person?.email || "";

function Account() {
  const figures = balance.value;
  const said = figures
    ? t("account_with", { credits: credits(figures.available_microcredits) })
    : t("account");
  return html`
    <button
      type="button"
      class="account"
      popovertarget="account-menu"
      title=${t("account")}
      aria-label=${said}
    >
      ${figures && html`<${Amounts} ...${figures} />`}
      <${Initial} name=${nameOf(me.value)} />
    </button>
    <${Menu} />
  `;
}

const Initial = ({ name }) => html`
  <span class="initial" aria-hidden="true">
    ${name ? [...name][0].toUpperCase() : html`<${Icon} name="person" />`}
  </span>
`;

function Amounts({ available_microcredits: available, held_microcredits: held }) {
  const shown = useMoving(available);
  return html`
    <span class="amounts">
      <b>${shortly(shown)}</b>
      ${held > 0 && html`<small>${t("held", { credits: credits(held) })}</small>`}
    </span>
  `;
}

const MOVES_MS = 500;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** A number that goes to where it is to be, instead of being there at once. */
function useMoving(goal) {
  const [shown, setShown] = useState(goal);
  useEffect(() => {
    if (still.matches) setShown(goal);
    if (still.matches || shown === goal) return undefined;
    const [from, begun] = [shown, performance.now()];
    let frame;
    const move = (now) => {
      const share = Math.min(1, Math.max(0, (now - begun) / MOVES_MS));
      setShown(Math.round(from + (goal - from) * (1 - (1 - share) ** 3)));
      if (share < 1) frame = requestAnimationFrame(move);
    };
    frame = requestAnimationFrame(move);
    return () => cancelAnimationFrame(frame);
  }, [goal]);
  return shown;
}

const close = () => document.querySelector("#account-menu").hidePopover();

function Menu() {
  const person = me.value;
  const link = (target, words, icon) => html`
    <a href=${`#/${target}`} onClick=${close}><${Icon} name=${icon} />${t(words)}</a>
  `;
  const button = (words, icon, act) => html`
    <button
      type="button"
      onClick=${() => {
        close();
        act();
      }}
    >
      <${Icon} name=${icon} />${t(words)}
    </button>
  `;
  return html`
    <nav id="account-menu" class="menu" popover aria-label=${t("account")}>
      ${person && html`<${Person} person=${person} />`}
      ${balance.value && html`<${Figures} ...${balance.value} />`}
      <div>
        ${pagesOf("account").map((one) => link(one.name, titleOf(one), one.icon))}
        ${isOperator.value && link(pagesOf("operator")[0].name, "operator_pages", "operator")}
      </div>
      <div>
        ${button("keys", "keys", () => show("keys"))}
        ${person && !person.is_owner && button("sign_out", "sign_out", () => signOut())}
      </div>
    </nav>
  `;
}

function Person({ person }) {
  const { name, email, is_owner: isOwner, payer, account_id: id } = person;
  return html`
    <div class="person">
      <${Initial} name=${nameOf(person)} />
      <p>
        <b>${nameOf(person) || t("owner")}</b>
        <small>${isOwner ? t("owner_here") : name && email}</small>
        ${payer.account_id !== id && html`<small>${t("paid_by", payer)}</small>`}
      </p>
    </div>
  `;
}

/** What there is, as a bar whose lighter part is held for pictures under way. */
export function Figures({ available_microcredits: available, held_microcredits: held }) {
  const whole = Math.max(1, available + held);
  const share = (part) => ({ width: `${(100 * part) / whole}%` });
  return html`
    <a class="figures" href="#/credits" onClick=${close}>
      <span><b>${credits(available)}</b> ${t("credits_unit")}</span>
      <span class="bar" aria-hidden="true">
        <i style=${share(available)}></i><i class="is-held" style=${share(held)}></i>
      </span>
      ${held > 0 && html`<small>${t("held_for", { credits: credits(held) })}</small>`}
    </a>
  `;
}
