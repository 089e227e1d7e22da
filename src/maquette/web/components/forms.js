/** Forms that say beside each field what does not fit, and send once. */
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../words.js";
import { Icon } from "./icons.js";

let forms = 0; // on a page there may be several, whose fields have the same names

/** `send(given, key)` is called with what the fields say, and a name for that: the same where it is
 * sent again because no answer came. `fieldOf(problem)` names the field that a problem is about,
 * where that is not said by the server.
 */
export function useForm(values, send, fieldOf = () => "") {
  const [id] = useState(() => ++forms);
  const [given, setGiven] = useState(values);
  const [problems, setProblems] = useState({});
  const [busy, setBusy] = useState(false);
  const form = useRef();
  const key = useRef(null);
  const change = (name, value) => {
    key.current = null;
    setGiven((before) => ({ ...before, [name]: value }));
    setProblems(({ [name]: _, "": __, ...others }) => others);
  };
  const tell = (found) => {
    setProblems(found);
    const [name] = Object.keys(found);
    if (name) form.current.elements[name]?.focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    const misfits = [...form.current.elements].filter((one) => one.name && !one.validity.valid);
    tell(Object.fromEntries(misfits.map((one) => [one.name, misfit(one)])));
    if (misfits.length) return;
    setBusy(true);
    key.current ??= crypto.randomUUID();
    try {
      await send(given, key.current);
      key.current = null;
    } catch (problem) {
      const named = problem.answer?.error?.match(/^body\.(\w+)/)?.[1] ?? fieldOf(problem);
      tell({ [named in given ? named : ""]: problem.message });
    }
    setBusy(false);
  };
  const reset = () => setGiven(values);
  return { id, given, change, problems, busy, form, submit, reset };
}

function misfit({ validity, type, minLength, min, max }) {
  if (validity.valueMissing) return t("is_missing");
  if (validity.typeMismatch) return t(type === "email" ? "no_email" : "does_not_fit");
  if (validity.tooShort) return t("is_short", { n: minLength });
  if (validity.rangeUnderflow) return t("is_less", { n: min });
  if (validity.rangeOverflow) return t("is_more", { n: max });
  return t("does_not_fit");
}

export const Form = ({ of: form, label, children, submit, kind = "primary", disabled }) => html`
  <form class="form" ref=${form.form} aria-label=${label} novalidate onSubmit=${form.submit}>
    ${children}
    ${form.problems[""] && html`<p class="problem" role="alert">${form.problems[""]}</p>`}
    <button type="submit" class=${`button ${kind}`} disabled=${form.busy || disabled}>
      ${submit}
    </button>
  </form>
`;

/** What has the focus once it is there: a browser gives it only to what a page begins with. */
function useFocus(wanted) {
  const ref = useRef();
  useEffect(() => {
    if (wanted) ref.current.focus();
  }, []);
  return ref;
}

/** A field of a form; what does not fit is told below it. */
export function Field({ of: form, name, label, hint, type = "text", children, ...more }) {
  const problem = form.problems[name];
  const id = `${name}-${form.id}`;
  const told = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  const shared = {
    id,
    name,
    "aria-invalid": problem ? "true" : null,
    "aria-describedby": told || null,
    ...more,
  };
  const take = (event) => form.change(name, event.target.value);
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${
        children
          ? html`<select ...${shared} value=${form.given[name]} onChange=${take}>
            ${children}
          </select>`
          : html`<${Input} ...${shared} type=${type} value=${form.given[name]} onInput=${take} />`
      }
      ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
      ${problem && html`<p class="problem" id=${`${id}-problem`} role="alert">${problem}</p>`}
    </div>
  `;
}

/** An input; what is typed of a password can be looked at. */
function Input({ type, autofocus, ...more }) {
  const [isShown, setShown] = useState(false);
  const ref = useFocus(autofocus);
  if (type !== "password") return html`<input ref=${ref} type=${type} ...${more} />`;
  const words = t(isShown ? "hide_password" : "show_password");
  return html`
    <div class="with-eye">
      <input
        ref=${ref}
        type=${isShown ? "text" : "password"}
        autocapitalize="none"
        spellcheck=${false}
        ...${more}
      />
      <button
        type="button"
        class="icon-button"
        aria-pressed=${isShown}
        aria-label=${words}
        title=${words}
        onClick=${() => setShown(!isShown)}
      >
        <${Icon} name=${isShown ? "hidden" : "seen"} />
      </button>
    </div>
  `;
}

/** Asks once more before something that cannot be taken back. `find()`, where there is one,
 * resolves to the question, or to undefined where that cannot be had.
 */
export function Confirmed({ words, question, find = async () => question, act, kind = "danger" }) {
  const [asked, setAsked] = useState(null);
  const [busy, setBusy] = useState(false);
  const during = async (what) => {
    setBusy(true);
    await what();
    setBusy(false);
  };
  const begin = () => during(async () => setAsked(await find()));
  const go = () =>
    during(async () => {
      await act();
      setAsked(null);
    });
  if (!asked) {
    return html`<button
      type="button"
      class=${`button ${kind}`}
      disabled=${busy}
      onClick=${begin}
    >
      ${words}
    </button>`;
  }
  return html`
    <span class="confirm" role="group" aria-label=${asked}>
      <span>${asked}</span>
      <button type="button" class=${`button ${kind}`} disabled=${busy} onClick=${go}>
        ${words}
      </button>
      <${CancelButton} act=${() => setAsked(null)} />
    </span>
  `;
}

/** Has the focus, so that a key that is held does nothing by mistake. */
const CancelButton = ({ act }) => html`
  <button type="button" class="button quiet" ref=${useFocus(true)} onClick=${act}>
    ${t("cancel")}
  </button>
`;

/** Asks why before something that others may want to know the reason of. */
export function Reasoned({ words, label, act }) {
  const [asks, setAsks] = useState(false);
  const form = useForm({ reason: "" }, async ({ reason }) => {
    await act(reason);
    setAsks(false);
  }, () => "reason");
  if (!asks) {
    return html`<button
      type="button"
      class="button quiet"
      aria-label=${label}
      onClick=${() => setAsks(true)}
    >
      ${words}
    </button>`;
  }
  return html`
    <${Form} of=${form} label=${label} submit=${words} kind="danger">
      <${Field}
        of=${form}
        name="reason"
        label=${t("reason")}
        minlength="3"
        maxlength="500"
        required
        autofocus
      />
    <//>
  `;
}

/** Something to take along: shown whole, with a button that copies it. */
export function Copied({ text, label }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return html`
    <div class="copied">
      <code aria-label=${label}>${text}</code>
      <button type="button" class="button" onClick=${copy}>
        <${Icon} name=${isCopied ? "done" : "copy"} />
        <span>${t(isCopied ? "copied" : "copy")}</span>
      </button>
    </div>
  `;
}
