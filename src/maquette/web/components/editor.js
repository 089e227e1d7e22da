/** Paint a mask and repair; pull the frame and extend. One screen, for both end in a mask. */
import { useRef, useState } from "preact/hooks";
import { pngOf, submit } from "../actions.js";
import { putPicture } from "../api.js";
import { BRUSH_KEYS, isKeyOf, keyPressed } from "../commands.js";
import { html } from "../html.js";
import { isBlank, maskCanvas, widened } from "../mask.js";
import { COUNTS, model } from "../state/composer.js";
import { lacksFor, usePrice } from "../state/price.js";
import { attempt, toast } from "../state/toasts.js";
import { close } from "../state/view.js";
import { t } from "../words.js";
import { Choice, Dialog, IconButton, NumberField, Price, WithPictures } from "./controls.js";
import { Icon } from "./icons.js";
import { NO_FRAME, SIDES, Stage, widen } from "./stage.js";

const TOOLS = ["brush", "eraser", "box"];
const LEAST_BRUSH_PX = 4;

export function EditorDialog({ id, extending = false }) {
  if (!model.value) return null;
  const show = (picture) => html`<${Editor} ...${picture} extending=${extending} />`;
  return html`<${WithPictures} ids=${[id]} show=${show} />`;
}

function Editor({ generation, asset, extending }) {
  const { request } = generation;
  const size = { width: request.width, height: request.height };
  const begun = extending ? widen(NO_FRAME, size, "right", size.width / 4) : NO_FRAME;
  const [frame, setFrame] = useState(begun);
  const [marks, setMarks] = useState([]);
  const [tool, setTool] = useState("brush");
  const [brush, setBrush] = useState(Math.round(size.width / 8));
  const [prompt, setPrompt] = useState(request.prompt);
  const [count, setCount] = useState(1);
  const [busy, setBusy] = useState(false);
  const image = useRef();
  const width = size.width + frame.left + frame.right;
  const height = size.height + frame.top + frame.bottom;
  // All is drawn anew where it is painted over; what that is does not change the price.
  const whole = { strength: 1, width, height, source: null, mask: null };
  const price = usePrice({ ...request, count, ...whole });

  const undo = () => setMarks((all) => all.slice(0, -1));
  const grow = (by) =>
    setBrush((px) => Math.min(size.width, Math.max(LEAST_BRUSH_PX, Math.round(px * by))));

  const send = async (mask) => {
    const isWider = SIDES.some((side) => frame[side]);
    const wider = isWider && (await pngOf(widened(image.current, size, frame)));
    return submit({
      ...request,
      ...{ prompt, count, seed: null, strength: 1, width: mask.width, height: mask.height },
      source: wider ? await putPicture(wider) : asset.content_hash,
      mask: await putPicture(await pngOf(mask)),
    });
  };
  const draw = async (event) => {
    event.preventDefault();
    if (busy) return;
    const mask = maskCanvas(size, frame, marks);
    if (isBlank(mask)) {
      toast(t("nothing_painted"));
      return;
    }
    setBusy(true);
    const accepted = await attempt(() => send(mask));
    setBusy(false);
    if (accepted) close();
  };
  const onKey = (event) => {
    if (event.defaultPrevented) return; // an arrow of the mask, which may be a command's, too
    const typing = event.target.matches("textarea, input:not([type='range'], [type='radio'])");
    const key = keyPressed(event);
    if (isKeyOf("create", event)) draw(event);
    else if (isKeyOf("undo", event) && !typing) undo();
    else if (BRUSH_KEYS.includes(key) && !typing) grow(1.25 ** (key === BRUSH_KEYS[0] ? -1 : 1));
    else return;
    event.preventDefault();
  };
  const margin = (side) => html`
    <${NumberField}
      id=${`frame-${side}`}
      label=${t(`frame_${side}`)}
      value=${frame[side]}
      settled
      onChange=${(px) => setFrame(widen(frame, size, side, px))}
      min="0"
      step=${model.value.side_step_px}
    />
  `;

  return html`
    <${Dialog} label=${t(extending ? "extend" : "repair")} kind="editor" onKeyDown=${onKey}>
      <${Stage}
        ...${{ asset, request, size, frame, setFrame, marks, setMarks, tool, brush, image }}
      />
      <form onSubmit=${draw} novalidate>
        <${IconButton} icon="close" words=${t("close")} act=${close} class="icon-button closer" />
        <h1>${t(extending ? "extend_title" : "repair_title")}</h1>
        <label class="prompt" for="edit-prompt">
          <span>${t("prompt")}</span>
          <textarea
            id="edit-prompt"
            rows="3"
            autofocus=${matchMedia("(hover: hover)").matches}
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
          min=${LEAST_BRUSH_PX}
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
          ${SIDES.map(margin)}
        </fieldset>
        <${Choice}
          name="edit-count"
          label=${t("count")}
          value=${count}
          options=${COUNTS.slice(0, 3).map((n) => [n, n])}
          onChange=${setCount}
        />
        <button type="submit" class="button primary" disabled=${busy || lacksFor(price)}>
          <span>${t("generate")}</span><${Price} of=${price} />
        </button>
      </form>
    <//>
  `;
}
