/** Where people come in: to sign in, to sign up, and where the links of mails lead. */
import { html } from "../html.js";
import { Invitation, Reset, Verify } from "./mail_links.js";
import { Forgot, SignIn, SignUp } from "./sign_in.js";

const SCREENS = {
  "sign-in": SignIn,
  "sign-up": SignUp,
  forgot: Forgot,
  reset: Reset,
  verify: Verify,
  invitation: Invitation,
};

export const Page = ({ page, ids }) => html`<${SCREENS[page]} token=${ids[0]} way=${ids[1]} />`;
