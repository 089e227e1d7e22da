"""A small ONNX model of the signature of Piper's voices, whose tones tell what it was given."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RATE = 22_050
SAMPLES_AN_ID = 512
LETTERS = "abdefhijklmnoprstuvwzæðŋɐɑɔəɚɛɜɡɪɹʃʊʌʒˈˌːθ"
IDS = {"_": [0], "^": [1], "$": [2], " ": [3], ",": [4], ".": [5], "?": [6], "!": [7]}
IDS |= {letter: [8 + number] for number, letter in enumerate(LETTERS)}


def constant(name: str, value: Any) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(value), name)


def tones(speakers: bool) -> onnx.ModelProto:
    """Takes what a voice of Piper takes; each id is a tone of 100 Hz and ten for each id, for
    SAMPLES_AN_ID times the scale of lengths, an octave higher with the second speaker.
    """
    nodes = [
        helper.make_node("Slice", ["scales", "one", "two"], ["length"]),
        helper.make_node("Mul", ["length", "samples"], ["each"]),
        helper.make_node("Squeeze", ["each"], ["each_0"]),
        helper.make_node("Squeeze", ["input_lengths"], ["count"]),
        helper.make_node("Cast", ["count"], ["count_f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["count_f", "each_0"], ["total"]),
        helper.make_node("Range", ["zero_f", "total", "one_f"], ["times"]),
        helper.make_node("Div", ["times", "each_0"], ["which_f"]),
        helper.make_node("Floor", ["which_f"], ["which_floor"]),
        helper.make_node("Cast", ["which_floor"], ["which"], to=TensorProto.INT64),
        helper.make_node("Squeeze", ["input", "axis_0"], ["ids"]),
        helper.make_node("Gather", ["ids", "which"], ["id"]),
        helper.make_node("Cast", ["id"], ["id_f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["id_f", "ten"], ["more"]),
        helper.make_node("Add", ["more", "hundred"], ["hz"]),
        helper.make_node("Mul", ["times", "turn"], ["angle"]),
        helper.make_node("Mul", ["angle", "hz_of" if speakers else "hz"], ["phase"]),
        helper.make_node("Sin", ["phase"], ["wave"]),
        helper.make_node("Mul", ["wave", "soft"], ["quiet"]),
        helper.make_node("Reshape", ["quiet", "shape"], ["output"]),
    ]
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, [1, "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if speakers:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, [1]))
        more = [
            helper.make_node("Cast", ["sid"], ["sid_f"], to=TensorProto.FLOAT),
            helper.make_node("Add", ["sid_f", "one_f"], ["octave"]),
            helper.make_node("Mul", ["hz", "octave"], ["hz_of"]),
        ]
        at = next(i for i, node in enumerate(nodes) if node.output == ["hz"]) + 1
        nodes[at:at] = more
    constants = [
        constant("one", np.array([1], np.int64)),
        constant("two", np.array([2], np.int64)),
        constant("axis_0", np.array([0], np.int64)),
        constant("shape", np.array([1, 1, 1, -1], np.int64)),
        constant("samples", np.array([SAMPLES_AN_ID], np.float32)),
        *(
            constant(name, np.float32(value))
            for name, value in (
                ("zero_f", 0.0),
                ("one_f", 1.0),
                ("ten", 10.0),
                ("hundred", 100.0),
                ("turn", 2 * np.pi / RATE),
                ("soft", 0.3),
            )
        ),
    ]
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "time"])
    graph = helper.make_graph(nodes, "tones", inputs, [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def write(folder: Path, speakers: bool = False, **changes: Any) -> Path:
    path = folder / "tones.onnx"
    onnx.save(tones(speakers), path)
    config = {
        "audio": {"sample_rate": RATE, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "language": {"code": "en_US"},
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_id_map": IDS,
        "num_speakers": 2 if speakers else 1,
        "speaker_id_map": {"low": 0, "high": 1} if speakers else {},
    }
    path.with_name("tones.onnx.json").write_text(json.dumps(config | changes))
    return path
