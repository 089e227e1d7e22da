/** The routes of one's account, as functions. */
import { ask, query } from "./api.js";

export const listTransfers = (values) => ask("GET", `/v1/transfers${query(values)}`);
