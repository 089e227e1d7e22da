"""Requests refuse what cannot be drawn, in one line with value and remedy."""

import pytest
from PIL import Image

from maquette.core.errors import InvalidRequest
from maquette.core.requests import AdapterUse, GenerationRequest, SamplingParams


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prompt": "  "}, "the prompt is empty"),
        ({"width": 250}, "width 250 must be a multiple of 16 from 64 to 1024; nearest is 256"),
        ({"height": 4096}, "nearest is 1024"),
        ({"width": 0}, "nearest is 64"),
        ({"num_inference_steps": 0}, "steps 0 must be between 1 and 1000"),
        ({"guidance_scale": -1.0}, "guidance -1 must be between 0 and 50"),
        ({"guidance_scale": float("nan")}, "guidance nan"),
        (
            {"guidance_interval": (0.8, 0.2)},
            "guidance interval 0.8,0.2 must be two shares of the steps from 0 to 1",
        ),
        ({"guidance_interval": (0.0, 1.5)}, "guidance interval 0,1.5"),
        ({"strength": 0.0}, "strength 0 must be above 0"),
        ({"seed": -1}, "seed -1 must be between 0"),
        ({"sampler": "plms"}, "unknown sampler 'plms'; known are ddim, dpm"),
        ({"sampler": "eulr"}, "unknown sampler 'eulr'; did you mean euler?"),
        ({"prompt": "\udcff boat"}, "is not valid UTF-8; type it anew"),
        ({"prompt": "a\0boat"}, "is not valid UTF-8; type it anew"),
        ({"adapters": (AdapterUse("a"),) * 2}, "adapter 'a' is named 2 times; add up its scales"),
        ({"adapters": (AdapterUse("a"),) * 9}, "9 adapters are too many; at most 8"),
    ],
)
def test_a_bad_value_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message.replace("^", r"\^")) as caught:
        SamplingParams(**{"prompt": "a red boat", **changes})  # type: ignore[arg-type]
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("scale", [10.5, -11.0, float("inf"), float("nan")])
def test_a_scale_is_bounded(scale: float) -> None:
    with pytest.raises(InvalidRequest, match=f"scale {scale:g} of 'ink' must be between -10 and"):
        AdapterUse("ink", scale)


def test_a_mask_must_fit_its_picture() -> None:
    params = SamplingParams("a red boat")
    picture, mask = Image.new("RGB", (256, 256)), Image.new("L", (128, 256))
    with pytest.raises(InvalidRequest, match="mask is 128x256 but 256x256 is asked for"):
        GenerationRequest(params, source=picture, mask=mask)
    with pytest.raises(InvalidRequest, match="picture is 128x256 but 256x256 is asked for"):
        GenerationRequest(params, source=mask)
    with pytest.raises(InvalidRequest, match="add --from IMAGE"):
        GenerationRequest(params, mask=mask)


@pytest.mark.parametrize("count", [0, 65])
def test_counts_are_bounded(count: int) -> None:
    with pytest.raises(InvalidRequest, match=f"count {count} must be between 1 and 64"):
        GenerationRequest(SamplingParams("a red boat"), count=count)


@pytest.mark.parametrize("keep", [0, -1, 5])
def test_no_more_can_be_kept_than_are_drawn(keep: int) -> None:
    with pytest.raises(InvalidRequest, match=f"{keep} pictures cannot be kept of 4"):
        GenerationRequest(SamplingParams("a red boat"), count=4, keep=keep)
