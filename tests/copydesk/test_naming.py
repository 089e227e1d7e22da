"""Whether a text says the name of what it is about."""

import time

import pytest

from maquette.copydesk.assignment import Assignment
from maquette.copydesk.checks import Demands, check, missed
from maquette.copydesk.naming import name_of, names_in, unnamed
from maquette.copydesk.template import templates
from maquette.copydesk.voice import Voice


@pytest.mark.parametrize(
    ("given", "shown", "is_description"),
    [
        ("Alder, a kettle", "Alder", False),
        ("Alder (a kettle)", "Alder", False),
        ("a kettle called Alder", "Alder", False),
        ("Alder", "Alder", False),
        ("Tallow & Wick, candle makers", "Tallow & Wick", False),
        ("the Kingdom of Bread", "the Kingdom of Bread", False),
        ("Skellig 74, a tent", "Skellig 74", False),
        ("iPhone 17", "iPhone 17", False),
        ("14 Tannery Yard", "14 Tannery Yard", False),
        ("a blue enamel mug", "a blue enamel mug", True),
        ("Blue enamel mug", "Blue enamel mug", True),
        ("a crossword by e-mail every Friday", "a crossword by e-mail every Friday", True),
        ("松禾，一把水壶", "松禾", False),
        ("一把水壶，名叫松禾", "松禾", False),
        ("松禾", "松禾", False),
        ("木与匠", "木与匠", False),
        ("可换电池的头灯“归途”", "归途", False),
        ("窗台小菜园", "窗台小菜园", True),
        ("店里的新橙子，很甜", "店里的新橙子", True),
        ("周末一日：去海边的旧灯塔", "周末一日：去海边的旧灯塔", True),
    ],
)
def test_a_name_is_told_from_what_it_is(given: str, shown: str, is_description: bool) -> None:
    name = name_of(given)
    assert name is not None
    assert (name.shown, name.is_description) == (shown, is_description)
    assert unnamed([given], f"I like {given}.") == []


@pytest.mark.parametrize("given", ["", " ", "…", "，"])
def test_what_has_no_words_needs_no_name(given: str) -> None:
    assert name_of(given) is None
    assert unnamed([given], "A kettle.") == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("Alder, a kettle", "ALDER boils."),
        ("Alder, a kettle", "An Alder’s lid."),
        ("Alder, a kettle", "Two Alders, please."),
        ("Alder, a kettle", "用Alder烧水"),
        ("the Corner Mill", "At Corner Mill we bake."),
        ("Corner Mill", "At the corner-mill we bake."),
        ("Corner Mill", "Fresh bread #CornerMill"),
        ("Tallow & Wick", "From Tallow and Wick."),
        ("Three Berries", "A jar of Three Berry jam."),
        ("Café Noir", "Cafe\u0301 noir, black."),
        ("a blue enamel mug", "Pour it into mugs."),
        ("baking classes", "A class for those who bake."),
        ("松禾，一把水壶", "水开了，松禾告诉您。"),
        ("老城南修鞋铺开了夜场", "又多了一个去处：修鞋铺。"),
    ],
)
def test_a_name_is_said_in_many_ways(given: str, text: str) -> None:
    assert unnamed([given], text) == []


@pytest.mark.parametrize(
    ("given", "text", "shown"),
    [
        ("Alder, a kettle", "Calder, the kettle.", "Alder"),
        ("Alder, a kettle", "A kettle to hold.", "Alder"),
        ("Green Bridge, a drum", "Green hills, a bridge.", "Green Bridge"),
        ("a blue enamel mug", "A note app for all.", "a blue enamel mug"),
        ("松禾，一把水壶", "禾松是一把水壶。", "松禾"),
        ("竹安白里，一只风筝", "安白里素来从容。", "竹安白里"),
        ("一座城市的夜班公交", "一座的夜晚。", "一座城市的夜班公交"),
    ],
)
def test_another_name_is_none(given: str, text: str, shown: str) -> None:
    assert unnamed([given], text) == [shown]


def test_what_is_called_otherwise_in_the_language_of_the_text_is_not_asked_for() -> None:
    assert unnamed(["松禾，一把水壶"], "A kettle.", "en") == []
    assert unnamed(["a blue enamel mug"], "一只杯子。", "zh") == []
    assert unnamed(["Alder, a kettle"], "一把水壶。", "zh") == ["Alder"]


def test_it_is_demanded_and_told_in_both_languages() -> None:
    demands = Demands(named=["Alder, a kettle", "Norvik", "Alder"])
    text = "Fenlow is a kettle by Norvik."
    assert missed(text, demands) == ["name"]
    [found] = check(text, demands)
    assert found.line == {"en": "“Alder” is not named.", "zh": "没有提到“Alder”。"}
    assert missed(text.replace("Fenlow", "Alder"), demands) == []


def _asked(template: str, **more: object) -> Assignment:
    whole = {
        "template": template,
        "inputs": {"product": "Alder, a kettle", "facts": ["boils fast"]},
        "language": "en",
    }
    return Assignment.model_validate(whole | more)


def test_a_template_says_what_is_to_be_named() -> None:
    assert _asked("product-description").demands().named == ["Alder, a kettle"]
    assert _asked("tagline").demands().named == []


def test_the_brand_of_a_voice_is_named_where_no_other_is() -> None:
    asked = _asked("press-note", voice=Voice(brand="Norvik"))
    assert asked.demands().named == ["Alder, a kettle", "Norvik"]
    inputs = {"product": "Alder, a kettle", "brand": "Fell", "facts": ["boils fast"]}
    asked = _asked("press-note", voice=Voice(brand="Norvik"), inputs=inputs)
    assert asked.demands().named == ["Alder, a kettle", "Fell"]


def test_a_name_that_is_to_be_avoided_is_not_asked_for() -> None:
    assert _asked("product-description", avoid=["alder"]).demands().named == []
    assert _asked("product-description", avoid=["kettle"]).demands().named == ["Alder, a kettle"]
    hidden = Voice(banned=["Alder"])
    assert _asked("product-description", voice=hidden).demands().named == []


def test_a_text_with_another_name_misses_its_name_by_each_example() -> None:
    """Of all templates that name something, and of no other."""
    named = {name for name, one in templates().items() if any(it.named for it in one.inputs)}
    assert {"product-description", "press-note", "seo-title-and-description", "x-post"} <= named
    assert named.isdisjoint({"tagline", "headline", "banner-line", "alt-text", "testimonial"})
    for name in named:
        for example in templates()[name].examples:
            inputs = {it.name for it in templates()[name].inputs} & {*example.inputs}
            given = {key: example.inputs[key] for key in inputs}
            asked = Assignment(template=name, inputs=given, language=example.language)
            other = "Xyzzy." if example.language == "en" else "乙丙丁戊。"
            assert ("name" in missed(other, asked.demands())) == bool(asked.demands().named)


def test_long_texts_are_told_soon() -> None:
    given = ["Alder, a kettle", "窗台小菜园" * 90, "blue enamel " * 40]
    began = time.perf_counter()
    for text in ("水壶" * 100_000, "kettles " * 25_000, "'" * 200_000, "a-b" * 60_000):
        unnamed(given, text)
    assert time.perf_counter() - began < 10


def test_a_comma_within_a_number_ends_no_name() -> None:
    assert name_of("5,000 mAh battery").shown == "5,000 mAh battery"  # type: ignore[union-attr]
    assert names_in(["Alder, a kettle", "a blue enamel mug"], "en") == ["Alder"]
