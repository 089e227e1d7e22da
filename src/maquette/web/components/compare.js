/** Two pictures, one over the other with a divide to move, or side by side. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { close } from "../state/view.js";
import { t } from "../words.js";
import { Choice, Dialog, IconButton, MOST_ENLARGED, WithPictures } from "./controls.js";

export const CompareDialog = ({ ids }) =>
  html`<${WithPictures} ids=${ids} show=${(...two) => html`<${Two} two=${two} />`} />`;

function Two({ two }) {
  const [mode, setMode] = useState("slider");
  const [divide, setDivide] = useState(50);
  const image = ({ generation, asset }, words) => html`
    <img src=${asset.url} alt=${t(words, { prompt: generation.request.prompt })} />
  `;
  const sizes = two.map(({ generation }) => generation.request);
  const style = {
    "--divide": `${divide}%`,
    "--most": `${MOST_ENLARGED * Math.max(...sizes.map(({ height }) => height))}px`,
    "--ratio": Math.max(...sizes.map(({ width, height }) => width / height)),
  };
  const options = ["slider", "side_by_side"].map((one) => [one, t(one)]);
  return html`
    <${Dialog} label=${t("compare_title")} kind="compare">
      <header>
        <${Choice}
          name="compare-mode"
          label=${t("compare_title")}
          value=${mode}
          options=${options}
          onChange=${setMode}
        />
        <${IconButton} icon="close" words=${t("close")} act=${close} />
      </header>
      <div class=${`two is-${mode}`} style=${style}>
        ${image(two[0], "first_picture")} ${image(two[1], "second_picture")}
        ${
          mode === "slider" &&
          html`<input
          type="range"
          min="0"
          max="100"
          value=${divide}
          aria-label=${t("divide")}
          onInput=${(event) => setDivide(event.target.valueAsNumber)}
        />`
        }
      </div>
      <div class="captions">
        ${two.map(
          ({ generation, asset }) => html`
            <p>${generation.request.prompt}<small> · ${t("seed")} ${asset.seed}</small></p>
          `,
        )}
      </div>
    <//>
  `;
}
