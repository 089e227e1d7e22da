"""A small ONNX model of Kokoro's signature, whose tones tell what it was given."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.speech.tones import constant

RATE = 24_000
SAMPLES_AN_ID = 600  # at the usual speed
# As the model's own, as far as the tests go.
VOCABULARY = {
    letter: number
    for number, letter in enumerate(
        '$;:,.!?—…"() AIOQTWYabcdefhijklmnopqstuvwxyzɑæɔɕðʤəɚɛɜɡɥɨɪŋɳθɹɻʂʃʦʧʊʌɤʒᵊᵻˈˌː'
        "ʰ→↗↓↘ʨꭧʁ\u0303ʣ"
    )
}


def kokoro(speed: int = TensorProto.FLOAT) -> onnx.ModelProto:
    """Takes what Kokoro takes; each id is a tone of 200 Hz and twenty for each id, for
    SAMPLES_AN_ID by the speed, as loud as the first figure of the style.
    """
    nodes = [
        helper.make_node("Cast", ["speed"], ["speed_f"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["samples", "speed_f"], ["each"]),
        helper.make_node("Squeeze", ["each"], ["each_0"]),
        helper.make_node("Squeeze", ["input_ids", "axis_0"], ["ids"]),
        helper.make_node("Shape", ["ids"], ["count"]),
        helper.make_node("Cast", ["count"], ["count_f"], to=TensorProto.FLOAT),
        helper.make_node("Squeeze", ["count_f"], ["count_0"]),
        helper.make_node("Mul", ["count_0", "each_0"], ["total"]),
        helper.make_node("Range", ["zero_f", "total", "one_f"], ["times"]),
        helper.make_node("Div", ["times", "each_0"], ["which_f"]),
        helper.make_node("Floor", ["which_f"], ["which_floor"]),
        helper.make_node("Cast", ["which_floor"], ["which"], to=TensorProto.INT64),
        helper.make_node("Gather", ["ids", "which"], ["id"]),
        helper.make_node("Cast", ["id"], ["id_f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["id_f", "twenty"], ["more"]),
        helper.make_node("Add", ["more", "base"], ["hz"]),
        helper.make_node("Mul", ["times", "turn"], ["angle"]),
        helper.make_node("Mul", ["angle", "hz"], ["phase"]),
        helper.make_node("Sin", ["phase"], ["wave"]),
        helper.make_node("Slice", ["style", "start", "end", "axes"], ["loud"]),
        helper.make_node("Squeeze", ["loud"], ["loud_0"]),
        helper.make_node("Mul", ["wave", "loud_0"], ["quiet"]),
        helper.make_node("Reshape", ["quiet", "shape"], ["waveform"]),
    ]
    constants = [
        constant("samples", np.array([SAMPLES_AN_ID], np.float32)),
        constant("axis_0", np.array([0], np.int64)),
        constant("start", np.array([0], np.int64)),
        constant("end", np.array([1], np.int64)),
        constant("axes", np.array([1], np.int64)),
        constant("shape", np.array([1, -1], np.int64)),
        *(
            constant(name, np.float32(value))
            for name, value in (
                ("zero_f", 0.0),
                ("one_f", 1.0),
                ("twenty", 20.0),
                ("base", 200.0),
                ("turn", 2 * np.pi / RATE),
            )
        ),
    ]
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "ids"]),
        helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
        helper.make_tensor_value_info("speed", speed, [1]),
    ]
    output = helper.make_tensor_value_info("waveform", TensorProto.FLOAT, [1, "time"])
    graph = helper.make_graph(nodes, "kokoro", inputs, [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def styles(first: float = 0.1) -> np.ndarray:
    """A speaker's, (510, 1, 256): louder, the more ids there are."""
    made = np.zeros((510, 1, 256), np.float32)
    made[:, 0, 0] = first + np.arange(510) / 1000
    return made


def write_kokoro(
    folder: Path,
    speakers: tuple[str, ...] = ("af_bella", "af_heart", "bf_emma", "ff_siwis", "zf_xiaobei"),
    speed: int = TensorProto.FLOAT,
    **config: Any,
) -> Path:
    """In the layout of onnx-community/Kokoro-82M-v1.0-ONNX."""
    (folder / "onnx").mkdir(parents=True)
    (folder / "voices").mkdir()
    onnx.save(kokoro(speed), folder / "onnx" / "model.onnx")
    told = {"model_type": "style_text_to_speech_2", **config}
    (folder / "config.json").write_text(json.dumps(told))
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": VOCABULARY}}))
    for number, speaker in enumerate(speakers):
        styles(0.1 + number / 20).tofile(folder / "voices" / f"{speaker}.bin")
    return folder
