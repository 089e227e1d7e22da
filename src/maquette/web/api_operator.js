/** The routes of operators, as functions. */
import { ask, query } from "./api.js";

// A team's account has a stroke in its id, which stays one.
const account = (id) => `/v1/operator/accounts/${encodeURI(id)}`;
const person = (id) => `/v1/operator/people/${encodeURIComponent(id)}`;

export const listPeople = (values) => ask("GET", `/v1/operator/people${query(values)}`);
export const getPerson = (id) => ask("GET", person(id));
export const changePerson = (id, values) => ask("PATCH", person(id), values);

export const balanceOf = (id) => ask("GET", `${account(id)}/balance`);
export const transfersOf = (id, values) => ask("GET", `${account(id)}/transfers${query(values)}`);
export const topUp = (id, values, key) => ask("POST", `${account(id)}/top-up`, values, key);
export const reverse = (id, reason) =>
  ask("POST", `/v1/operator/transfers/${id}/reverse`, { reason });

export const getQueue = () => ask("GET", "/v1/operator/queue");
export const getPrices = () => ask("GET", "/v1/operator/prices");

const textServers = "/v1/operator/text-servers";
export const listTextServers = () => ask("GET", textServers);
export const addTextServer = (values) => ask("POST", textServers, values);
export const changeTextServer = (id, values) => ask("PATCH", `${textServers}/${id}`, values);
export const removeTextServer = (id) => ask("DELETE", `${textServers}/${id}`);
export const checkTextServer = (id) => ask("POST", `${textServers}/${id}/check`);
export const findTextServers = () => ask("GET", `${textServers}/found`);

export const getLedgerChecks = () => ask("GET", "/v1/operator/ledger/check");
export const beginLedgerCheck = () => ask("POST", "/v1/operator/ledger/check");
export const listAudit = (values) => ask("GET", `/v1/operator/audit${query(values)}`);

export const listPayments = (values) => ask("GET", `/v1/operator/payments${query(values)}`);
export const getRevenue = (values) => ask("GET", `/v1/operator/revenue${query(values)}`);
export const refund = (id, reason) =>
  ask("POST", `/v1/operator/payments/${id}/refund`, { reason });
export const makeCodes = (values) => ask("POST", "/v1/operator/codes", values);
