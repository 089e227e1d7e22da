"""An altered scene is wrong in just the attribute that was to be altered."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maquette.recipes.contrast import altered
from maquette.world.captions import LANGUAGES, VALUES, attributes, caption
from maquette.world.compose import compose
from maquette.world.holdout import scene_is_held_out


@given(st.integers(0, 10**6), st.sampled_from(list(VALUES)), st.randoms(use_true_random=False))
def test_only_the_asked_attribute_is_altered(seed: int, name: str, rng: Random) -> None:
    scene = compose(seed)
    values = attributes(scene)
    if values[name] is None:
        return
    other = altered(scene, name, rng)
    others = attributes(other)
    assert others[name] != values[name]
    assert others[name] is not None
    assert {n for n in values if values[n] != others[n]} == {name}
    assert not scene_is_held_out(other)
    if isinstance(others[name], tuple):
        assert len(set(others["subject"])) == len(values["subject"])  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_words_are_used_but_for_what_is_altered(language: str) -> None:
    for seed in range(200):
        scene = compose(seed)
        true = caption(scene, language, Random(seed))
        if "style" in true.mentions:
            wrong = caption(altered(scene, "style", Random(seed)), language, Random(seed))
            assert wrong.mentions == true.mentions
            assert wrong.text != true.text


def test_an_unknown_attribute_is_refused() -> None:
    with pytest.raises(ValueError, match="'mood' is not one of subject"):
        altered(compose(0), "mood", Random(0))
