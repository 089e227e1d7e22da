/** The server's routes as functions; each resolves to what it answers, or throws a Problem. */
import { t, told } from "./words.js";

/** What went wrong, in one line; `status` and `answer` are the server's, if it said anything. */
export class Problem extends Error {
  constructor(message, status, answer) {
    super(message);
    Object.assign(this, { status, answer });
  }
}

let ofStrangers = () => {};
/** Says what to do where the server does not know who asks. */
export const whenStranger = (act) => (ofStrangers = act);

/** How far the server's clock is ahead of this one. */
let ahead_ms = 0;
export const serverNow = () => Date.now() + ahead_ms;

/** Sends a request; resolves to the JSON that comes back. With a `key` it is done once, however
 * often it is sent.
 */
export async function ask(method, path, body, key) {
  const json = body !== undefined && !(body instanceof FormData);
  const headers = { ...(json && { "Content-Type": "application/json" }) };
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      keepalive: method === "DELETE", // leaving the page does not take it back
      headers,
      body: json ? JSON.stringify(body) : body,
    });
  } catch {
    throw new Problem(t("no_answer"));
  }
  const date = Date.parse(answer.headers.get("Date"));
  if (date) ahead_ms = date - Date.now();
  if (answer.status === 204) return null;
  const content = await answer.json().catch(() => null);
  if (answer.ok) return content;
  if (answer.status === 401) ofStrangers(path);
  const line = content?.error ? told(content.error) : t("odd_answer", { status: answer.status });
  throw new Problem(line, answer.status, content);
}

/** The query of an address: what is undefined, null or empty is left out. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => (value ?? "") !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

export const getMe = () => ask("GET", "/v1/me");
export const signOut = () => ask("POST", "/v1/sign-out");
export const getBalance = () => ask("GET", "/v1/balance");
export const quote = (request) => ask("POST", "/v1/quotes", request);
export const listModels = () => ask("GET", "/v1/models");
export const createGeneration = (request) => ask("POST", "/v1/generations", request);
export const getGeneration = (id) => ask("GET", `/v1/generations/${id}`);
export const cancelGeneration = (id) => ask("POST", `/v1/generations/${id}/cancel`);
export const deleteGeneration = (id) => ask("DELETE", `/v1/generations/${id}`);
export const restoreGeneration = (id) => ask("POST", `/v1/generations/${id}/restore`);
export const deleteAsset = (id) => ask("DELETE", `/v1/assets/${id}`);
export const restoreAsset = (id) => ask("POST", `/v1/assets/${id}/restore`);
export const generationOfAsset = (id) => ask("GET", `/v1/assets/${id}/generation`);
/** The widths that the server makes small versions of. */
const SMALL_PX = [256, 384, 768];

/** All sizes of a picture, for `srcset`; null where there is but one. */
export function sizesOf({ url }, width) {
  const small = SMALL_PX.filter((px) => px < width).map((px) => `${url}?width=${px} ${px}w`);
  return small.length ? [...small, `${url} ${width}w`].join(", ") : null;
}

export const pictureUrl = (hash) => `/v1/pictures/${hash}`;

/** Requests for pictures, the newest first, those before an id if one is given. */
export const listGenerations = (limit, before) =>
  ask("GET", `/v1/generations${query({ kind: "image", limit, before })}`);

/** Puts a picture (a Blob); resolves to its hash. */
export async function putPicture(blob) {
  const form = new FormData();
  form.append("picture", blob, "picture.png");
  return (await ask("POST", "/v1/pictures", form)).content_hash;
}

/** Calls `on[kind](data)` for what happens to the account's requests, from now on, and
 * `onState(connected)`. A hidden page gives its connection back unless `isBusy()`, for a browser
 * holds few to one host. Returns what ends it.
 */
export function watch(on, onState, isBusy) {
  let source, retry;
  const open = () => {
    source = new EventSource("/v1/events");
    source.onopen = () => onState(true);
    source.onerror = () => {
      onState(false);
      // A browser comes back by itself, but not after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, 2000);
    };
    for (const [kind, act] of Object.entries(on)) {
      source.addEventListener(kind, (event) => act(JSON.parse(event.data)));
    }
  };
  const close = () => {
    clearTimeout(retry);
    source.close();
  };
  const onVisibility = () => {
    if (document.hidden && isBusy()) return;
    close();
    if (!document.hidden) open();
  };
  document.addEventListener("visibilitychange", onVisibility);
  open();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    close();
  };
}
