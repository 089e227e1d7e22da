/** The routes of copy: templates, voices, documents, campaigns. */
import { ask } from "./api.js";

export const listTemplates = () => ask("GET", "/v1/templates");
export const createCopy = (request, key) => ask("POST", "/v1/copy", request, key);
export const quoteCopy = (request) => ask("POST", "/v1/copy/quotes", request);
export const checkCopy = (asked) => ask("POST", "/v1/copy/checks", asked);
export const listCopy = (limit) => ask("GET", `/v1/generations?kind=text&limit=${limit}`);

export const listPictures = () => ask("GET", "/v1/generations?kind=image&limit=12");

export const listVoices = () => ask("GET", "/v1/brand-voices");
export const learnVoice = (text) => ask("POST", "/v1/brand-voices/learn", { text });
export const addVoice = (voice) => ask("POST", "/v1/brand-voices", voice);
export const changeVoice = (id, voice) => ask("PUT", `/v1/brand-voices/${id}`, voice);
export const deleteVoice = (id) => ask("DELETE", `/v1/brand-voices/${id}`);

export const listDocuments = () => ask("GET", "/v1/documents?limit=100");
export const addDocument = (document) => ask("POST", "/v1/documents", document);
export const getDocument = (id) => ask("GET", `/v1/documents/${id}`);
export const changeDocument = (id, document) => ask("PUT", `/v1/documents/${id}`, document);
export const deleteDocument = (id) => ask("DELETE", `/v1/documents/${id}`);
export const listVersions = (id) => ask("GET", `/v1/documents/${id}/versions`);
export const getVersion = (id, number) => ask("GET", `/v1/documents/${id}/versions/${number}`);
export const restoreVersion = (id, number) =>
  ask("POST", `/v1/documents/${id}/versions/${number}/restore`);
export const exportUrl = (id, format) => `/v1/documents/${id}/export?format=${format}`;

export const listCampaigns = () => ask("GET", "/v1/campaigns?limit=100");
export const quoteCampaign = (asked) => ask("POST", "/v1/campaigns/quotes", asked);
export const getCampaign = (id) => ask("GET", `/v1/campaigns/${id}`);
export const addCampaign = (campaign) => ask("POST", "/v1/campaigns", campaign);
export const changeCampaign = (id, campaign) => ask("PUT", `/v1/campaigns/${id}`, campaign);
export const deleteCampaign = (id) => ask("DELETE", `/v1/campaigns/${id}`);
export const runCampaign = (id, asked, key) =>
  ask("POST", `/v1/campaigns/${id}/run`, asked, key);

/** The bytes of an asset as text. */
export async function readText(url) {
  const answer = await fetch(url);
  return answer.ok ? answer.text() : "";
}

/** What the last event of a request that has ended tells. */
async function readLast(url) {
  const answer = await fetch(url);
  const events = answer.ok ? (await answer.text()).split("\n\n") : [];
  const last = events.find((one) => /^event: succeeded$/m.test(one));
  return JSON.parse(/^data: (.*)$/m.exec(last ?? "")?.[1] ?? "{}");
}

/** What each text of an ended request for copy misses. */
export const readMissed = async (url) => (await readLast(url)).missed ?? [];

/** What its pictures were seen to show. */
export const readSeen = async (url) => (await readLast(url)).seen ?? [];
