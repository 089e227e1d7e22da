/** Passwords that are asked for: to come in, and before something that others must not do. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { attempt } from "../state/toasts.js";
import { t } from "../words.js";
import { Field, Form, useForm } from "./forms.js";

const LEAST_PASSWORD = 10;

/** For password managers, which want to know whose password it is. */
export const HiddenName = ({ email }) => html`
  <input type="text" name="username" autocomplete="username" value=${email} readonly hidden />
`;

export const CurrentPassword = ({
  of: form,
  name = "password",
  label = t("password"),
  ...more
}) => html`
  <${Field}
    of=${form}
    name=${name}
    label=${label}
    type="password"
    autocomplete="current-password"
    required
    ...${more}
  />
`;

/** One that is chosen; that which is known is asked for without a rule. */
export const NewPassword = ({ of: form, label = t("new_password") }) => html`
  <${Field}
    of=${form}
    name="password"
    label=${label}
    hint=${t("password_hint", { n: LEAST_PASSWORD })}
    type="password"
    autocomplete="new-password"
    minlength=${LEAST_PASSWORD}
    required
  />
`;

/** A button that asks for the password before it acts: the browser may have been left alone. Who
 * has none is asked for nothing; the server looks at when they came in.
 */
export function WithPassword({ person, words, label = words, kind = "primary", act }) {
  const [isOpen, setOpen] = useState(false);
  const form = useForm({ password: "" }, async ({ password }) => {
    await act(password);
    setOpen(false);
  }, () => "password");
  const begin = () => (person.has_password ? setOpen(true) : attempt(() => act("")));
  if (!isOpen) {
    return html`<button type="button" class="button" aria-label=${label} onClick=${begin}>
      ${words}
    </button>`;
  }
  return html`
    <${Form} of=${form} label=${label} submit=${words} kind=${kind}>
      <${HiddenName} email=${person.email} />
      <${CurrentPassword} of=${form} autofocus />
    <//>
  `;
}
