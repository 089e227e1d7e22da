/** The server's routes of speech as functions. */
import { ask, query } from "./api.js";

export const listVoices = () => ask("GET", "/v1/voices");
export const quoteSpeech = (request) => ask("POST", "/v1/speech/quotes", request);
export const createSpeech = (request) => ask("POST", "/v1/speech", request);

/** Requests for speech, the newest first, those before an id if one is given. */
export const listSpeech = (limit, before) =>
  ask("GET", `/v1/generations${query({ kind: "speech", limit, before })}`);

/** The bytes of an asset. */
export async function fetchAsset({ url }) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.blob();
}
