/** Paint a mask and repair; pull the frame and extend. One screen, for both end in a mask. */
import { useEffect, useRef, useState } from "preact/hooks";
import { pngOf, submit } from "../actions.js";
import { putPicture } from "../api.js";
import { html } from "../html.js";
import { COUNTS, model } from "../state/composer.js";
import { maskCanvas, paintMask, widened } from "../mask.js";
import { attempt, toast } from "../state/toasts.js";
import { close, findPicture } from "../state/view.js";
import { t } from "../words.js";
import { Choice, Dialog, IconButton, Missing, NumberField } from "./controls.js";
import { Icon } from "./icons.js";

const SIDES = ["left", "top", "right", "bottom"];
const NO_FRAME = { left: 0, top: 0, right: 0, bottom: 0 };
const MASK_COLOUR = "#e0452c"; // seen on any picture
const TOOLS = ["brush", "eraser", "box"];

export function EditorDialog({ id, extending = false }) {
  const picture = findPicture(id);
  if (!picture) return html`<${Missing} onClose=${close} />`;
  if (!model.value) return null;
  return html`<${Editor} ...${picture} extending=${extending} />`;
}

function Editor({ generation, asset, extending }) {
  const { request } = generation;
  const size = { width: request.width, height: request.height };
  const quarter = Math.ceil(size.width / 4 / model.value.side_step_px) * model.value.side_step_px;
  const [frame, setFrame] = useState(extending ? { ...NO_FRAME, right: quarter } : NO_FRAME);
  const [marks, setMarks] = useState([]);
  const [tool, setTool] = useState("brush");
  const [brush, setBrush] = useState(Math.round(size.width / 8));
  const [prompt, setPrompt] = useState(request.prompt);
  const [count, setCount] = useState(1);
  const image = useRef();

  const undo = () => setMarks((all) => all.slice(0, -1));
  const draw = async (event) => {
    event.preventDefault();
    const isWider = SIDES.some((side) => frame[side]);
    if (!isWider && marks.length === 0) {
      toast(t("nothing_painted"));
      return;
    }
    const asked = { ...request, prompt, count, seed: null, strength: 1 };
    const mask = maskCanvas(size, frame, marks);
    const accepted = await attempt(async () => {
      const whole = isWider && (await pngOf(widened(image.current, size, frame)));
      asked.source = whole ? await putPicture(whole) : asset.content_hash;
      asked.mask = await putPicture(await pngOf(mask));
      return submit({ ...asked, width: mask.width, height: mask.height });
    });
    if (accepted) close();
  };
  const onKey = (event) => {
    if (!(event.ctrlKey || event.metaKey)) return;
    if (event.key === "z" && !event.target.matches("textarea")) undo();
    else if (event.key === "Enter") draw(event);
    else return;
    event.preventDefault();
  };

  return html`
    <${Dialog} label=${t("repair")} kind="editor" onClose=${close}>
      <${Stage}
        ...${{ asset, request, size, frame, setFrame, marks, setMarks, tool, brush, image }}
      />
      <form onSubmit=${draw} onKeyDown=${onKey}>
        <${IconButton} icon="close" words=${t("close")} act=${close} class="icon-button closer" />
        <h1>${t(extending ? "extend_title" : "repair_title")}</h1>
        <label class="prompt" for="edit-prompt">
          <span>${t("prompt")}</span>
          <textarea
            id="edit-prompt"
            rows="3"
            autofocus
            value=${prompt}
            onInput=${(event) => setPrompt(event.target.value)}
          ></textarea>
        </label>
        <${Choice}
          name="tool"
          label=${t("tool")}
          value=${tool}
          options=${TOOLS.map((one) => [one, html`<${Icon} name=${one} />${t(one)}`])}
          onChange=${setTool}
        />
        <${NumberField}
          id="brush-size"
          label=${t("brush_size")}
          slider
          min="4"
          max=${size.width}
          value=${brush}
          onChange=${setBrush}
        />
        <div class="row-actions">
          <${IconButton}
            icon="undo"
            words=${t("undo")}
            shown
            disabled=${!marks.length}
            act=${undo}
          />
          <${IconButton}
            icon="close"
            words=${t("clear")}
            shown
            disabled=${!marks.length}
            act=${() => setMarks([])}
          />
        </div>
        <fieldset class="frame-sides">
          <legend>${t("extend")}</legend>
          ${SIDES.map(
            (side) => html`<${NumberField}
              id=${`frame-${side}`}
              label=${t(`frame_${side}`)}
              value=${frame[side]}
              settled
              onChange=${(px) => setFrame(widen(frame, size, side, px))}
              min="0"
              step=${model.value.side_step_px}
            />`,
          )}
        </fieldset>
        <${Choice}
          name="edit-count"
          label=${t("count")}
          value=${count}
          options=${COUNTS.slice(0, 3).map((n) => [n, n])}
          onChange=${setCount}
        />
        <button type="submit" class="button primary">${t("draw_anew")}</button>
      </form>
    <//>
  `;
}

/** The frame with one margin changed, in the model's steps and to its largest side. */
function widen(frame, size, side, px) {
  const { side_step_px: step, most_side_px: most } = model.value;
  const [opposite, length] =
    side === "left" || side === "right"
      ? [side === "left" ? "right" : "left", size.width]
      : [side === "top" ? "bottom" : "top", size.height];
  const room = most - length - frame[opposite];
  return { ...frame, [side]: Math.max(0, Math.min(room, Math.round(px / step) * step)) };
}

function Stage({ asset, request, size, frame, setFrame, marks, setMarks, tool, brush, image }) {
  const stage = useRef();
  const canvas = useRef();
  const [room, setRoom] = useState({ width: 320, height: 320 });
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setRoom(entry.contentRect));
    watch.observe(stage.current);
    return () => watch.disconnect();
  }, []);
  const whole = {
    width: size.width + frame.left + frame.right,
    height: size.height + frame.top + frame.bottom,
  };
  const scale = Math.min((room.width - 48) / whole.width, (room.height - 48) / whole.height, 4);
  useEffect(() => {
    Object.assign(canvas.current, whole);
    paintMask(canvas.current.getContext("2d"), size, frame, marks, MASK_COLOUR);
  }, [marks, frame]);

  const at = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return [
      (event.clientX - box.left) / scale - frame.left,
      (event.clientY - box.top) / scale - frame.top,
    ];
  };
  const begin = (event) => {
    event.target.setPointerCapture(event.pointerId);
    setMarks([...marks, { tool, size: brush, points: [at(event)] }]);
  };
  const go = (event) => {
    if (!event.target.hasPointerCapture(event.pointerId)) return;
    const point = at(event);
    setMarks((all) => {
      const last = all.at(-1);
      return [...all.slice(0, -1), { ...last, points: [...last.points, point] }];
    });
  };
  const px = (value) => `${value * scale}px`;
  return html`
    <div class="stage" ref=${stage}>
      <div class="frame" style=${{ width: px(whole.width), height: px(whole.height) }}>
        <img
          ref=${image}
          src=${asset.url}
          alt=${request.prompt}
          style=${{
            left: px(frame.left),
            top: px(frame.top),
            width: px(size.width),
            height: px(size.height),
          }}
        />
        <canvas
          ref=${canvas}
          role="img"
          aria-label=${t("canvas")}
          style=${{ "--brush": px(brush) }}
          onPointerDown=${begin}
          onPointerMove=${go}
        ></canvas>
        ${SIDES.map((side) => html`<${Handle} ...${{ side, frame, setFrame, size, scale }} />`)}
      </div>
    </div>
  `;
}

/** An edge of the frame, to be pulled with a pointer or with the arrow keys. */
function Handle({ side, frame, setFrame, size, scale }) {
  const from = useRef(null);
  const across = side === "left" || side === "right";
  const outward = side === "left" || side === "top" ? -1 : 1;
  const position = (event) => (across ? event.clientX : event.clientY);
  const set = (px) => setFrame(widen(frame, size, side, px));
  const begin = (event) => {
    event.target.setPointerCapture(event.pointerId);
    from.current = { position: position(event), margin: frame[side] };
  };
  const go = (event) => {
    if (!from.current) return;
    const moved = ((position(event) - from.current.position) * outward) / scale;
    // The frame is centred: pulling one edge moves it half as far as the pointer.
    set(from.current.margin + 2 * moved);
  };
  const onKey = (event) => {
    const arrows = across ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const way = arrows.indexOf(event.key);
    if (way < 0) return;
    event.preventDefault();
    set(frame[side] + (way ? 1 : -1) * outward * model.value.side_step_px);
  };
  return html`
    <button
      type="button"
      class=${`handle is-${side}`}
      aria-label=${t(`frame_${side}`)}
      title=${t(`frame_${side}`)}
      onPointerDown=${begin}
      onPointerMove=${go}
      onPointerUp=${() => (from.current = null)}
      onKeyDown=${onKey}
    ></button>
  `;
}
