/** The picture under its mask, to be painted on, in a frame whose edges can be pulled. */
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { paintMask } from "../mask.js";
import { model } from "../state/composer.js";
import { t } from "../words.js";

/** Margins in pixels of the picture: `{left, top, right, bottom}`. */
export const SIDES = ["left", "top", "right", "bottom"];
export const NO_FRAME = { left: 0, top: 0, right: 0, bottom: 0 };
const OPPOSITE = { left: "right", right: "left", top: "bottom", bottom: "top" };
const MASK_COLOUR = "#e0452c"; // seen on any picture
const MOST_SCALE = 4;
const EDGE_PX = 48; // of the stage, left free for the handles

const isAcross = (side) => side === "left" || side === "right";

/** The frame with one margin changed, in the model's steps and to its largest side. */
export function widen(frame, size, side, px) {
  const { side_step_px: step, most_side_px: most } = model.value;
  const room = most - (isAcross(side) ? size.width : size.height) - frame[OPPOSITE[side]];
  return { ...frame, [side]: Math.max(0, Math.min(room, Math.round(px / step) * step)) };
}

export function Stage({ asset, request, size, frame, setFrame, marks, setMarks, ...tools }) {
  const { tool, brush, image } = tools;
  const stage = useRef();
  const [room, setRoom] = useState({ width: 320, height: 320 });
  // While an edge is pulled, the scale stays: else the edge would run from the pointer.
  const [held, setHeld] = useState(null);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setRoom(entry.contentRect));
    watch.observe(stage.current);
    return () => watch.disconnect();
  }, []);
  const whole = {
    width: size.width + frame.left + frame.right,
    height: size.height + frame.top + frame.bottom,
  };
  const fits = (room_px, px) => (room_px - EDGE_PX) / px;
  const scale =
    held ?? Math.min(fits(room.width, whole.width), fits(room.height, whole.height), MOST_SCALE);
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
        <${Mask} ...${{ size, frame, whole, marks, setMarks, tool, brush, scale }} />
        ${SIDES.map(
          (side) => html`<${Handle} ...${{ side, frame, setFrame, size, scale, setHeld }} />`,
        )}
      </div>
    </div>
  `;
}

/** Painted on with a pointer; with the keys, arrows move a mark and the space bar sets it down. */
function Mask({ size, frame, whole, marks, setMarks, tool, brush, scale }) {
  const canvas = useRef();
  const [place, setPlace] = useState([size.width / 2, size.height / 2]);
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
    if (event.button || !event.isPrimary) return;
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
  const onKey = (event) => {
    const by = Math.max(1, brush / 4);
    const [x, y] = place;
    const half = brush / 2;
    const moves = {
      ArrowLeft: [-by, 0],
      ArrowRight: [by, 0],
      ArrowUp: [0, -by],
      ArrowDown: [0, by],
    };
    if (event.key === " ") {
      const box = tool === "box" && [
        [x - half, y - half],
        [x + half, y + half],
      ];
      setMarks([...marks, { tool, size: brush, points: box || [place] }]);
    } else if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      const within = (value, most) => Math.min(most, Math.max(0, value));
      setPlace([within(x + dx, size.width), within(y + dy, size.height)]);
    } else return;
    event.preventDefault();
  };
  const px = (value) => `${value * scale}px`;
  const cursor = {
    left: px(frame.left + place[0] - brush / 2),
    top: px(frame.top + place[1] - brush / 2),
    width: px(brush),
    height: px(brush),
  };
  return html`
    <canvas
      ref=${canvas}
      role="application"
      tabindex="0"
      aria-label=${t("canvas")}
      onPointerDown=${begin}
      onPointerMove=${go}
      onKeyDown=${onKey}
    ></canvas>
    <i class=${`mark is-${tool}`} style=${cursor}></i>
  `;
}

/** An edge of the frame, to be pulled with a pointer or with the arrow keys. */
function Handle({ side, frame, setFrame, size, scale, setHeld }) {
  const from = useRef(null);
  const outward = side === "left" || side === "top" ? -1 : 1;
  const position = (event) => (isAcross(side) ? event.clientX : event.clientY);
  const set = (px) => setFrame(widen(frame, size, side, px));
  const begin = (event) => {
    if (event.button || !event.isPrimary) return;
    event.target.setPointerCapture(event.pointerId);
    from.current = { position: position(event), margin: frame[side] };
    setHeld(scale);
  };
  const go = (event) => {
    if (!from.current) return;
    const moved = ((position(event) - from.current.position) * outward) / scale;
    // The frame is centred: it grows to both sides, so by twice as much.
    set(from.current.margin + 2 * moved);
  };
  const end = () => {
    from.current = null;
    setHeld(null);
  };
  const onKey = (event) => {
    const arrows = isAcross(side) ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const way = arrows.indexOf(event.key);
    if (way < 0) return;
    event.preventDefault();
    set(frame[side] + (way ? 1 : -1) * outward * model.value.side_step_px);
  };
  return html`
    <div
      class=${`handle is-${side}`}
      role="slider"
      tabindex="0"
      aria-label=${t(`frame_${side}`)}
      aria-orientation=${isAcross(side) ? "horizontal" : "vertical"}
      aria-valuemin="0"
      aria-valuemax=${widen(frame, size, side, Infinity)[side]}
      aria-valuenow=${frame[side]}
      title=${t(`frame_${side}`)}
      onPointerDown=${begin}
      onPointerMove=${go}
      onLostPointerCapture=${end}
      onKeyDown=${onKey}
    ></div>
  `;
}
