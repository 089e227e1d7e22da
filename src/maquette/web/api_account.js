/** The routes of one's account, as functions: coming in, credits, keys, teams, payment. */
import { ask, query } from "./api.js";

const at = (...parts) => parts.map((part) => encodeURIComponent(part)).join("/");

// coming in
export const signInOptions = () => ask("GET", "/v1/sign-in/options");
export const signIn = (given) => ask("POST", "/v1/sign-in", given);
export const signUp = (given) => ask("POST", "/v1/sign-up", given);
export const sendVerification = () => ask("POST", "/v1/verify-email/send");
export const verifyEmail = (token, password) =>
  ask("POST", "/v1/verify-email", { token, password });
export const forgotPassword = (email) => ask("POST", "/v1/password-reset", { email });
export const resetPassword = (token, password) =>
  ask("POST", "/v1/password-reset/confirm", { token, password });

// oneself
export const changeMe = (values) => ask("PATCH", "/v1/me", values);
export const listSessions = () => ask("GET", "/v1/me/sessions");
export const endSession = (id) => ask("DELETE", `/v1/me/sessions/${at(id)}`);
export const beginTwoFactor = (password) => ask("POST", "/v1/me/two-factor", { password });
export const confirmTwoFactor = (code) => ask("POST", "/v1/me/two-factor/confirm", { code });
export const removeTwoFactor = (password) =>
  ask("POST", "/v1/me/two-factor/remove", { password });
export const listProviders = () => ask("GET", "/v1/me/providers");
export const linkProvider = (id, password) =>
  ask("POST", `/v1/me/providers/${at(id)}/link`, { password });
export const unlinkProvider = (id, password) =>
  ask("POST", `/v1/me/providers/${at(id)}/unlink`, { password });
export const deleteMe = (password) => ask("POST", "/v1/me/delete", { password });

// credits
export const listTransfers = (values) => ask("GET", `/v1/transfers${query(values)}`);

// keys
export const listKeys = () => ask("GET", "/v1/keys");
export const createKey = (values) => ask("POST", "/v1/keys", values);
export const revokeKey = (id) => ask("DELETE", `/v1/keys/${at(id)}`);

// teams
export const listTeams = () => ask("GET", "/v1/teams");
export const createTeam = (name) => ask("POST", "/v1/teams", { name });
export const invite = (id, email) => ask("POST", `/v1/teams/${at(id)}/invitations`, { email });
export const acceptInvitation = (token) => ask("POST", "/v1/invitations/accept", { token });
export const changeMember = (id, member, values) =>
  ask("PATCH", `/v1/teams/${at(id)}/members/${at(member)}`, values);
export const removeMember = (id, member) =>
  ask("DELETE", `/v1/teams/${at(id)}/members/${at(member)}`);

// payment
export const paymentOptions = () => ask("GET", "/v1/payments/options");
export const checkout = (values) => ask("POST", "/v1/payments/checkout", values);
export const redeem = (code) => ask("POST", "/v1/payments/redeem", { code });
export const listInvoices = () => ask("GET", "/v1/invoices");
export const invoicePdf = (id) => `/v1/invoices/${at(id)}/pdf`;
export const getSubscription = () => ask("GET", "/v1/subscription");
export const priceOfChange = (plan) =>
  ask("GET", `/v1/subscription/change${query({ plan_id: plan })}`);
export const changePlan = (plan) => ask("POST", "/v1/subscription/change", { plan_id: plan });
export const cancelPlan = () => ask("POST", "/v1/subscription/cancel");
export const resumePlan = () => ask("POST", "/v1/subscription/resume");
export const openPortal = () => ask("POST", "/v1/subscription/portal");
