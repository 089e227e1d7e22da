/** Plays a narration: its waveform, by which one goes to a place, and its text as it is spoken. */
import { useEffect, useRef, useState } from "preact/hooks";
import { fetchAsset } from "../api_speech.js";
import { html } from "../html.js";
import { theme } from "../state/preferences.js";
import { t } from "../words.js";
import { Icon } from "./icons.js";

const STEP_S = 5;
const BAR_PX = 3;
const DECODED_RATE = 8000;
// What is larger is drawn from when its words are heard, and played as it comes.
const MOST_LOADED_BYTES = 2 << 20;
const BYTES_A_SECOND = { "audio/wav": 44_100, "audio/flac": 30_000 };
const FEW_BYTES_A_SECOND = 16_000; // of the rest
const UNPLAYED = ["audio/pcm"];

export const isPlayed = ({ media_type: kind }) => !UNPLAYED.includes(kind);

/** Only one is heard at a time. */
let heard = null;

/** `sound` and `timings` are assets, `text` is what is shown while they come. */
export function Player({ sound, timings, text }) {
  const frame = useRef();
  const audio = useRef();
  const { loaded, problem, failed, retry } = useSound(sound, timings, frame);
  const [isPlaying, setPlaying] = useState(false);
  const seconds = loaded?.timings.seconds ?? 0;
  const now = useClock(audio, isPlaying);
  const seek = (to) => {
    audio.current.currentTime = Math.min(seconds, Math.max(0, to));
    now.tell();
  };
  const toggle = () => {
    if (!loaded) return;
    if (!audio.current.paused) audio.current.pause();
    else audio.current.play();
  };
  const onPlay = () => {
    if (heard && heard !== audio.current) heard.pause();
    heard = audio.current;
    setPlaying(true);
  };
  const words = t(isPlaying ? "speech_pause_it" : "speech_play");
  return html`
    <div class="player" ref=${frame} aria-busy=${!loaded && !problem}>
      <audio
        ref=${audio}
        src=${loaded?.url}
        preload=${loaded?.isWhole ? "auto" : "none"}
        onError=${() => loaded && !loaded.isWhole && failed()}
        onPlay=${onPlay}
        onPause=${() => setPlaying(false)}
        onEnded=${() => setPlaying(false)}
      ></audio>
      <div class="player-bar">
        <button
          type="button"
          class="icon-button play"
          aria-label=${words}
          title=${words}
          disabled=${!loaded}
          onClick=${toggle}
        >
          <${Icon} name=${isPlaying ? "pause" : "play"} />
        </button>
        <${Wave} ...${{ loaded, seconds, now, seek, toggle }} />
        <${Time} now=${now} seconds=${seconds} />
      </div>
      ${
        problem &&
        html`<p class="problem" role="alert">
          ${t("speech_not_loaded")}
          <button type="button" class="button quiet" onClick=${retry}>${t("speech_retry")}</button>
        </p>`
      }
      <${Spoken} text=${text} sentences=${loaded?.timings.sentences} now=${now} seek=${seek} />
    </div>
  `;
}

/** The timings, and the sound if it is small, loaded once the player comes near the screen. */
function useSound(sound, timings, frame) {
  const [isNear, setNear] = useState(false);
  const [loaded, setLoaded] = useState(null);
  const [problem, setProblem] = useState(false);
  useEffect(() => {
    const near = new IntersectionObserver(
      (entries) => entries.some((one) => one.isIntersecting) && setNear(true),
      { rootMargin: "400px" },
    );
    near.observe(frame.current);
    return () => near.disconnect();
  }, []);
  const load = async () => {
    setProblem(false);
    try {
      const parsed = JSON.parse(await (await fetchAsset(timings)).text());
      const rate = BYTES_A_SECOND[sound.media_type] ?? FEW_BYTES_A_SECOND;
      if (parsed.seconds * rate > MOST_LOADED_BYTES) {
        setLoaded({ url: sound.url, timings: parsed, bars: loudnessByTimings(parsed) });
        return;
      }
      const blob = await fetchAsset(sound);
      const bars = await loudnessOf(blob, parsed);
      setLoaded({ url: URL.createObjectURL(blob), timings: parsed, bars, isWhole: true });
    } catch (error) {
      console.info(error);
      setProblem(true);
    }
  };
  useEffect(() => {
    if (isNear) load();
  }, [isNear]);
  useEffect(() => () => loaded?.isWhole && URL.revokeObjectURL(loaded.url), [loaded]);
  const failed = () => {
    setLoaded(null);
    setProblem(true);
  };
  return { loaded, problem, failed, retry: load };
}

const BARS = 400;

/** How loud it is in each of BARS parts, from 0 to 1. */
async function loudnessOf(blob, timings) {
  const decoded = await decode(blob);
  if (!decoded) return loudnessByTimings(timings);
  const samples = decoded.getChannelData(0);
  const each = samples.length / BARS;
  const bars = Array.from({ length: BARS }, (_, n) => {
    let sum = 0;
    const [from, to] = [Math.floor(n * each), Math.floor((n + 1) * each)];
    for (let i = from; i < to; i += 1) sum += samples[i] * samples[i];
    return Math.sqrt(sum / Math.max(1, to - from));
  });
  const most = Math.max(...bars, 1e-6);
  return bars.map((one) => one / most);
}

async function decode(blob) {
  try {
    const context = new OfflineAudioContext(1, 1, DECODED_RATE);
    return await context.decodeAudioData(await blob.arrayBuffer());
  } catch {
    return null; // of a format that it plays, but does not decode
  }
}

function loudnessByTimings({ seconds, sentences }) {
  const bars = Array(BARS).fill(0);
  for (const { start_s: start, end_s: end } of sentences) {
    const [from, to] = [start, end].map((s) => Math.floor((s / seconds) * (BARS - 1)));
    bars.fill(0.6, from, to + 1);
  }
  return bars;
}

/** The second that is heard, told to whoever asks, as often as the screen is drawn. */
function useClock(audio, isPlaying) {
  const [clock] = useState(() => {
    const listeners = new Set();
    const at = () => audio.current?.currentTime ?? 0;
    const tell = () => listeners.forEach((act) => act(at()));
    const listen = (act) => {
      listeners.add(act);
      act(at());
      return () => listeners.delete(act);
    };
    return { at, tell, listen };
  });
  useEffect(() => {
    clock.tell();
    if (!isPlaying) return undefined;
    let next;
    const tick = () => {
      clock.tell();
      next = requestAnimationFrame(tick);
    };
    next = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(next);
  }, [isPlaying]);
  return clock;
}

const clockTime = (seconds) => {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

function Time({ now, seconds }) {
  const ref = useRef();
  useEffect(() => {
    const show = (at) => (ref.current.textContent = clockTime(at));
    return now.listen(show);
  }, []);
  return html`
    <span class="time"><span ref=${ref}>0:00</span> / ${clockTime(seconds)}</span>
  `;
}

function Wave({ loaded, seconds, now, seek, toggle }) {
  const ref = useRef();
  useEffect(() => {
    const canvas = ref.current;
    const tell = (at) => {
      draw(canvas, loaded?.bars, seconds ? at / seconds : 0);
      const [said, of] = [clockTime(at), clockTime(seconds)];
      if (canvas.ariaValueText !== t("speech_at", { at: said, of })) {
        canvas.setAttribute("aria-valuenow", Math.floor(at));
        canvas.setAttribute("aria-valuetext", t("speech_at", { at: said, of }));
      }
    };
    const again = () => tell(now.at());
    const size = new ResizeObserver(again);
    size.observe(canvas);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", again);
    const forget = [now.listen(tell), theme.subscribe(again)];
    return () => {
      size.disconnect();
      dark.removeEventListener("change", again);
      for (const end of forget) end();
    };
  }, [loaded, seconds]);
  const toPointer = (event) => {
    const { left, width } = ref.current.getBoundingClientRect();
    seek(((event.clientX - left) / width) * seconds);
  };
  const press = (event) => {
    if (!loaded) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    toPointer(event);
  };
  const drag = (event) =>
    event.currentTarget.hasPointerCapture(event.pointerId) && toPointer(event);
  const keys = {
    ArrowRight: () => seek(now.at() + STEP_S),
    ArrowUp: () => seek(now.at() + STEP_S),
    ArrowLeft: () => seek(now.at() - STEP_S),
    ArrowDown: () => seek(now.at() - STEP_S),
    Home: () => seek(0),
    End: () => seek(seconds),
    " ": toggle,
    Enter: toggle,
  };
  const onKey = (event) => {
    if (!loaded || !keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  };
  return html`
    <canvas
      ref=${ref}
      class="wave"
      role="slider"
      tabindex="0"
      aria-label=${t("speech_position")}
      aria-disabled=${!loaded}
      aria-valuemin="0"
      aria-valuemax=${Math.ceil(seconds)}
      aria-valuenow="0"
      onPointerDown=${press}
      onPointerMove=${drag}
      onKeyDown=${onKey}
    ></canvas>
  `;
}

/** Bars from the middle up and down, those that were heard in the colour of what acts. */
function draw(canvas, bars, played) {
  const scale = devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  if (!width) return;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const [rest, done] = [style.color, style.caretColor];
  const count = Math.max(1, Math.floor(width / (BAR_PX + 1)));
  for (let n = 0; n < count; n += 1) {
    const part = bars?.slice(Math.floor((n * BARS) / count), Math.ceil(((n + 1) * BARS) / count));
    const size = Math.max(2, (part ? Math.max(...part) : 0) * (height - 2));
    pen.fillStyle = (n + 0.5) / count < played ? done : rest;
    pen.beginPath();
    pen.roundRect(n * (BAR_PX + 1), (height - size) / 2, BAR_PX, size, BAR_PX / 2);
    pen.fill();
  }
}

/** The text, with the sentence that is heard and its word lit up; a click goes there. */
function Spoken({ text, sentences, now, seek }) {
  const box = useRef();
  useEffect(() => {
    if (!sentences) return undefined;
    const marks = [...box.current.querySelectorAll("[data-start]")].map((element) => ({
      element,
      start: Number(element.dataset.start),
      end: Number(element.dataset.end),
    }));
    const light = (at) => {
      for (const { element, start, end } of marks) {
        const isHeard = at > 0 && at >= start && at < end;
        if (element.classList.contains("is-heard") === isHeard) continue;
        element.classList.toggle("is-heard", isHeard);
        if (isHeard) intoView(box.current, element);
      }
    };
    return now.listen(light);
  }, [sentences]);
  const go = (event) => {
    const { start } = event.target.closest("[data-start]")?.dataset ?? {};
    if (start !== undefined) seek(Number(start) + 0.001);
  };
  return html`
    <div
      class="spoken"
      ref=${box}
      tabindex="0"
      role="group"
      aria-label=${t("speech_spoken")}
      onClick=${go}
    >
      ${sentences ? sentences.map((one) => html`<${Sentence} ...${one} />`) : text}
    </div>
  `;
}

/** Scrolls the box alone, not the page. */
function intoView(box, element) {
  const [outer, inner] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
  if (inner.top < outer.top || inner.bottom > outer.bottom) {
    box.scrollTop += inner.top - outer.top - box.clientHeight / 3;
  }
}

/** A sentence lasts until its last word is over, with the words in it, and what is between them. */
function Sentence({ text, start_s: start, end_s: end, words }) {
  const parts = [];
  let after = 0;
  for (const { text: word, start_s, end_s } of words) {
    const at = text.indexOf(word, after);
    if (at < 0) continue;
    parts.push(text.slice(after, at));
    parts.push(html`<span class="word" data-start=${start_s} data-end=${end_s}>${word}</span>`);
    after = at + word.length;
  }
  parts.push(text.slice(after));
  const between = /[\u3000-\u9fff\uff00-\uffef]$/u.test(text) ? "" : " ";
  return html`<span class="sentence" data-start=${start} data-end=${end}>${parts}</span>${between}`;
}
