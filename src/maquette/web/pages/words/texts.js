/** Requests for texts as they come: what is told of them, and what came of them at their end. */
import { signal } from "@preact/signals";
import { readText } from "../../api_words.js";
import { hasEnded, others } from "../../state/generations.js";

/** By request: `{generation, texts: [{text, tries}], whole}`; `whole` once all of it is known. */
export const texts = signal({});

const put = (id, more) => (texts.value = { ...texts.value, [id]: { ...texts.value[id], ...more } });

/** What a request says so far, empty while nothing is known of it. */
export const textsOf = (id, count = 1) =>
  texts.value[id]?.texts ?? Array.from({ length: count }, () => ({ text: "", tries: 1 }));

/** Takes a request in, or what is new of it. */
export function take(generation) {
  const id = generation.generation_id;
  const known = texts.value[id];
  if (known?.whole) return;
  const count = generation.request.count ?? 1;
  put(id, { generation, texts: known?.texts ?? textsOf(id, count) });
  if (generation.state === "succeeded") finish(generation);
}

async function finish(generation) {
  const id = generation.generation_id;
  const said = await Promise.all(generation.assets.map(({ url }) => readText(url)));
  const before = textsOf(id, said.length);
  const whole = said.map((text, n) => ({ tries: before[n]?.tries ?? 1, text }));
  put(id, { generation, texts: whole, whole: true });
}

/** A tick has all that was said since something was last kept, and where that begins. */
function onTick(id, { texts: news }) {
  const known = texts.value[id];
  if (!known || known.whole || !news) return;
  const joined = known.texts.map((one, n) => {
    const { at, text, try: tries = 1 } = news[n] ?? { at: 0, text: "" };
    if (news[n] === undefined || tries < one.tries) return one;
    const before = tries > one.tries ? "" : one.text;
    return { text: before.slice(0, at) + text, tries };
  });
  put(id, { texts: joined });
}

/** Resolves to the text of a request for one, once it is whole; throws where none came. */
export const whenWhole = (id) =>
  new Promise((done, fail) => {
    const stop = texts.subscribe((all) => {
      const known = all[id];
      const lost = known && hasEnded(known.generation) && known.generation.state !== "succeeded";
      if (!known?.whole && !lost) return;
      queueMicrotask(() => stop());
      if (lost) fail(new Error(known.generation.error ?? known.generation.state));
      else done(known.texts[0].text);
    });
  });

others.set("text", {
  generation: (generation) => {
    if (generation.generation_id in texts.value) take(generation);
  },
  tick: onTick,
});
