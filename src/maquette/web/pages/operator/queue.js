/** What is under way and waits, and who works on it; looked at again every two seconds. */
import { useEffect } from "preact/hooks";
import * as api from "../../api_operator.js";
import { serverNow } from "../../api.js";
import { Section, Table, useAnswer } from "../../components/tables.js";
import { html } from "../../html.js";
import { duration, t, told } from "../../words.js";

const EVERY_MS = 2000;

export function Page() {
  const { answer: queue, problem, ask } = useAnswer(api.getQueue);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || ask(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const jobs = queue?.jobs;
  const running = jobs?.filter((one) => one.state === "running").length;
  return html`
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    ${
      jobs &&
      html`<dl class="figures-row">
        <div><dt>${t("running")}</dt><dd>${running}</dd></div>
        <div><dt>${t("queued")}</dt><dd>${jobs.length - running}</dd></div>
        <div><dt>${t("workers")}</dt><dd>${queue.workers.length}</dd></div>
        <div>
          <dt>${t("sandbox")}</dt>
          <dd title=${queue.sandbox.why}>${t(`sandbox_${queue.sandbox.name}`)}</dd>
        </div>
      </dl>`
    }
    ${
      queue?.sandbox.name === "none" &&
      html`<p class="problem">${told(queue.sandbox.why)}</p>`
    }
    <${Section} title=${t("workers")}><${Workers} workers=${queue?.workers} /><//>
    <${Section} title=${t("jobs")}><${Jobs} jobs=${jobs} /><//>
  `;
}

const since = (text) => serverNow() - Date.parse(text);

function Workers({ workers }) {
  const name = (one) => html`
    <b>${one.host} ${one.leads && html`<span class="tag">${t("leads")}</span>`}</b>
    <span class="quiet">${one.models.join(", ")}</span>
  `;
  const heartbeat = (one) => {
    const words = t("ago", { time: duration(since(one.heartbeat_at)) });
    return one.lives ? words : html`<span class="problem">${t("worker_away")} · ${words}</span>`;
  };
  const largest = (one) => t("megapixels", { n: (one.most_pixels / 1e6).toFixed(1) });
  const columns = [
    [t("worker"), name, "wide"],
    [t("largest"), largest, "quiet"],
    [t("running"), (one) => one.running, "number"],
    [t("heartbeat"), heartbeat, "quiet"],
  ];
  return html`<${Table}
    label=${t("workers")}
    columns=${columns}
    rows=${workers}
    keyOf=${(one) => one.worker_id}
    empty=${t("no_workers")}
  />`;
}

function Jobs({ jobs }) {
  const what = (one) => html`
    <b>${one.model}</b>
    <span class="quiet">
      <a href=${`#/operator/people/${one.account_id}`}>${one.account_id}</a>
    </span>
  `;
  const state = (one) => html`
    ${t(one.state === "running" ? "running" : "queued")}
    ${one.waits_for_worker && html` <span class="problem">${t("waits_for_worker")}</span>`}
    ${one.attempts > 1 && html` <span class="quiet">${t("attempt", { n: one.attempts })}</span>`}
  `;
  const columns = [
    [t("job"), what, "wide"],
    [t("state"), state, ""],
    [t("priority"), (one) => t(`priority_${one.priority}`), "quiet"],
    [t("age"), (one) => duration(since(one.created_at)), "number"],
  ];
  return html`<${Table}
    label=${t("jobs")}
    columns=${columns}
    rows=${jobs}
    keyOf=${(one) => one.generation_id}
    empty=${t("no_jobs")}
  />`;
}
