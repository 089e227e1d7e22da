/** The routes of code as functions. */
import { ask, query } from "./api.js";

export const createCode = (request, key) => ask("POST", "/v1/code", request, key);
export const quoteCode = (request) => ask("POST", "/v1/code/quotes", request);
export const listCode = (limit, before) =>
  ask("GET", `/v1/generations${query({ kind: "code", limit, before })}`);

/** The text of an asset. */
export async function textOf({ url }) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.text();
}

/** Calls `on[kind](data)` for each event of a request, from its beginning to its end. Returns what
 * ends that before.
 */
export function watchOne({ events_url: url }, on) {
  const source = new EventSource(url);
  const ends = ["succeeded", "failed", "cancelled"];
  for (const kind of ["running", "progress", "tick", ...ends]) {
    source.addEventListener(kind, (event) => {
      if (ends.includes(kind)) source.close();
      on[kind]?.(JSON.parse(event.data));
    });
  }
  return () => source.close();
}
