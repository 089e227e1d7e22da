"""Scores: right where the answer is the one asked for, wrong elsewhere; held-out is held out."""

import json
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from maquette.core.errors import InvalidRequest
from maquette.recipes.evaluation import held_out_prompts, read_prompts
from maquette.recipes.labels import (
    CLASSES,
    COLOUR_NAMES,
    GRID,
    INVERSE,
    NO_SUBJECT,
    NOT_ASKED,
    SAID,
    SUBJECT_NAMES,
    canonical_relation,
    figure_mask,
    labels,
    said,
)
from maquette.recipes.scoring import Expectation, accuracy, frechet_distance, score
from maquette.world.captions import attributes, caption
from maquette.world.compose import compose
from maquette.world.holdout import scene_is_held_out
from maquette.world.scene import Scene


def _sure(scene: Scene) -> dict[str, Tensor]:
    """What a probe that is sure and right would answer."""
    truth = labels(scene)
    answers = {
        name: torch.nn.functional.one_hot(truth[name].clamp(min=0), len(CLASSES[name])) * 9.0
        for name in CLASSES
    }
    subject = torch.zeros(len(SUBJECT_NAMES))
    colour = torch.zeros(len(SUBJECT_NAMES), len(COLOUR_NAMES))
    for figure in scene.figures:
        number = SUBJECT_NAMES.index(figure.subject)
        subject[number] = 9.0
        colour[number, COLOUR_NAMES.index(figure.colour)] = 9.0
    answers |= {"subject": subject, "colour": colour}
    return {name: row[None] for name, row in answers.items()}


def _asked(scene: Scene) -> Expectation:
    return Expectation.of(scene, {*CLASSES, "subject", "colour"})


@given(st.integers(0, 10**9))
def test_the_right_answers_are_right(seed: int) -> None:
    scene = compose(seed)
    right = score(_sure(scene), 0, _asked(scene))
    assert all(right.values())
    stated = {name for name, value in attributes(scene).items() if value is not None} - {"size"}
    assert set(right) == stated


@given(st.integers(0, 10**9))
def test_another_scene_s_answers_are_wrong_where_it_differs(seed: int) -> None:
    scene, other = compose(seed), compose(seed + 1)
    right = score(_sure(other), 0, _asked(scene))
    for name in ("setting", "style"):
        assert right[name] == (getattr(scene, name) == getattr(other, name))
    subjects = {f.subject for f in scene.figures}
    if not subjects <= {f.subject for f in other.figures}:
        assert not right["subject"]
        assert not right.get("relation", False)


def test_a_relation_and_its_inverse_are_one() -> None:
    for relation, inverse in INVERSE.items():
        assert INVERSE[inverse] == relation
        told = canonical_relation("boat", "house", relation)
        assert told == canonical_relation("house", "boat", inverse)


def test_what_a_scene_lacks_is_not_asked() -> None:
    for seed in range(300):
        scene, truth = compose(seed), labels(compose(seed))
        assert (int(truth["weather"]) == NOT_ASKED) == (scene.setting == "space")
        assert (int(truth["relation"]) == NOT_ASKED) == (scene.relation is None)
        assert (int(truth["count"]) == NOT_ASKED) == (scene.relation is not None)
        shown = set(truth["cells"].unique().tolist()) - {NOT_ASKED, NO_SUBJECT}
        assert shown == {SUBJECT_NAMES.index(f.subject) for f in scene.figures}


def test_each_figure_s_middle_is_its_own() -> None:
    for seed in range(300):
        scene = compose(seed)
        truth = labels(scene)
        front = max(scene.figures, key=lambda f: f.y)
        row, column = (int(v * GRID) for v in (front.y - front.height / 2, front.x))
        assert int(truth["cells"][row, column]) == SUBJECT_NAMES.index(front.subject)
        assert int(truth["cell_colours"][row, column]) == COLOUR_NAMES.index(front.colour)
        assert int((truth["cells"] == NO_SUBJECT).sum()) > 8


def test_what_a_caption_says_is_labelled_and_nothing_else() -> None:
    for seed in range(300):
        scene = compose(seed)
        text = caption(scene, "zh", Random(seed))
        values = attributes(scene)
        told = dict(zip(SAID, said(scene, text.mentions).tolist(), strict=True))
        for name, number in told.items():
            kind = name.removeprefix("second_")
            value = values[kind]
            if isinstance(value, tuple):
                second = name.startswith("second_")
                value = value[second] if len(value) > second else None
            if kind in text.mentions and value is not None:
                assert SAID[name][number] == str(value)
            else:
                assert number == NOT_ASKED


def test_accuracy_counts_only_what_was_asked() -> None:
    table = accuracy([{"subject": True, "count": False}, {"subject": False}])
    assert table == {"subject": 0.5, "count": 0.0, "mean": 0.25}


def test_the_distance_of_a_set_to_itself_is_nothing_and_grows_with_a_shift() -> None:
    features = torch.randn(400, 6, generator=torch.Generator().manual_seed(0))
    assert frechet_distance(features, features) == pytest.approx(0.0, abs=1e-4)
    assert frechet_distance(features, features + 2.0) == pytest.approx(24.0, rel=1e-3)


def test_held_out_prompts_are_held_out_and_the_same_in_both_languages() -> None:
    asked = held_out_prompts(20)
    assert [a.language for a in asked] == ["en", "zh"] * 20
    for english, chinese in zip(asked[::2], asked[1::2], strict=True):
        assert english.scene_seed == chinese.scene_seed
        assert english.expected.subject == chinese.expected.subject
        assert scene_is_held_out(compose(english.scene_seed or 0, "held_out"))


def test_a_list_of_prompts_is_read(tmp_path: Path) -> None:
    lines = [
        {"prompt": "a red boat", "language": "en", "expect": {"subject": "boat", "colour": "red"}},
        {
            "prompt": "a red boat left of a blue house",
            "language": "en",
            "expect": {
                "subject": ["boat", "house"],
                "colour": ["red", "blue"],
                "relation": "left of",
            },
        },
    ]
    path = tmp_path / "prompts.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    first, second = read_prompts(path)
    assert first.expected == Expectation(("boat",), ("red",), {})
    assert second.expected.subject == ("boat", "house")
    assert second.expected.other == {"relation": "left of"}
    assert len(SUBJECT_NAMES) == 28


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1 is not a JSON object"),
        ("[]", "line 1 is not a JSON object"),
        ('{"prompt": "x", "language": "en"}', "line 1 lacks 'expect'; add it"),
        ('{"prompt": "x", "expect": {"size": "big"}}', "line 1: expect has unknown category"),
        ('{"prompt": "x", "expect": {"subject": "ufo"}}', "line 1: subject 'ufo' is not one of"),
        ('{"prompt": "x", "expect": {"colour": "red"}}', "1 colours for 0 subjects"),
        ('{"prompt": "x", "expect": {"relation": "above"}}', "a relation needs a list of two"),
        ('{"prompt": "x", "expect": {"setting": []}}', "setting must be one value, not 0"),
        ('{"prompt": "x", "expect": {"setting": ["sea", "lake"]}}', "must be one value, not 2"),
        ('{"prompt": "x", "expect": {"subject": ["boat", "boat"]}}', "'boat' is named twice"),
        ("", "holds no prompts"),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(InvalidRequest, match=message):
        read_prompts(path)


@given(st.integers(0, 10**6))
def test_the_figure_mask_covers_what_the_parts_name(seed: int) -> None:
    scene = compose(seed)
    mask, truth = figure_mask(scene, GRID), labels(scene)
    assert bool(mask[truth["cell_colours"] != NOT_ASKED].all())
    assert not bool(mask[truth["cells"] == NO_SUBJECT].any())
    assert 0.0 < float(figure_mask(scene, 16).float().mean()) < 0.9
