"""Templates: all that ship are whole, their examples meet their checks, their prompts have form."""

import re
from pathlib import Path

import pytest

from maquette.copydesk.assignment import TONES, Assignment, Length
from maquette.copydesk.checks import check
from maquette.copydesk.template import GROUPS, Example, find_template, read_template, templates
from maquette.copydesk.voice import Spelling, Style, Voice
from maquette.core.errors import InvalidRequest, NotFound
from maquette.world.writing.assignment import asking
from maquette.world.writing.pairs import Pair

each = pytest.mark.parametrize("name", templates())
EDITS = {
    "shorten": "shorten",
    "lengthen": "lengthen",
    "rewrite": "rewrite",
    "continue": "go_on",
    "change-of-tone": "change_tone",
}


def _filled(name: str, example: Example) -> Assignment:
    names = {one.name for one in find_template(name).inputs}
    tone = example.inputs.get("tone", "")
    return Assignment(
        template=name,
        inputs={key: value for key, value in example.inputs.items() if key in names},
        language=example.language,
        tone=tone if isinstance(tone, str) else "",
    )


def test_there_are_enough_of_every_group() -> None:
    assert len(templates()) >= 36
    assert {one.group for one in templates().values()} == set(GROUPS)
    labels = [one.label for one in templates().values()]
    assert len(labels) == len({label[0] for label in labels}) == len({label[1] for label in labels})


@each
def test_its_name_is_its_label(name: str) -> None:
    said = re.sub(r"[^a-z0-9]+", "-", templates()[name].label[0].lower()).strip("-")
    assert said == name


@each
def test_its_examples_meet_its_checks(name: str) -> None:
    template = templates()[name]
    assert {one.language for one in template.examples} == set(template.languages)
    for example in template.examples:
        asked = _filled(name, example)
        found = check(example.result, asked.demands())
        assert [one for one in found if one.demanded] == [], example.language


@each
def test_its_prompts_have_the_form_that_the_starter_was_trained_on(name: str) -> None:
    template = templates()[name]
    form = asking()["form"]
    for example in template.examples:
        at = 0 if example.language == "en" else 1
        (message,) = _filled(name, example).messages()
        first, *lines = message.content.split("\n")
        if template.is_edit:
            text = example.inputs["text"]
            assert message.content.endswith(f"\n\n{text}")
            continue
        assert "{" not in first
        known = [form[one][0][at].partition("{")[0] for one in form]
        assert any(first.startswith(one) for one in ("Write ", "A caption for: ", "写", "给", "为"))
        for line in lines:
            named = any(line.startswith(one) for one in known if one)
            assert named or line.partition(":" if at == 0 else "：")[0] in {
                label[at] for label in template.fields.values()
            }, line
        if template.kind in asking()["kinds"] and template.kind not in ("caption",):
            kinds = [pair[at] for pairs in asking()["kinds"].values() for pair in pairs]
            plain = re.sub("^(Write |写)", "", first)
            assert any(plain.startswith(one) for one in kinds) or name in FREE, first


# Which ask in words of their own, for the starter has no kind for them.
FREE = {"google-search-ad", "article-outline", "job-advert"}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_asked_for_as_in_training(name: str, language: str) -> None:
    at = ("en", "zh").index(language)
    asked = Assignment(
        template=name,
        inputs={"text": "水开了。"},
        language=language,  # type: ignore[arg-type]
        tone="warm" if name == "change-of-tone" else "",
    )
    said = asked.messages()[-1].content
    ways = [pair[at].replace("{tone}", TONES["warm"][at]) for pair in asking()[EDITS[name]]]
    assert said in {f"{way}\n\n水开了。" for way in ways}


def test_a_voice_is_the_systems_word_as_in_training() -> None:
    voice = Voice(brand="Norvik", tones=["warm"])
    for language, at in (("en", 0), ("zh", 1)):
        asked = Assignment(
            template="tagline",
            inputs={"product": "Alder"},
            language=language,  # type: ignore[arg-type]
            voice=voice,
        )
        system, user = asked.messages()
        said = Pair(*asking()["voice"][2])
        pattern = (said.en, said.zh)[at]
        tone = TONES["warm"][at]
        assert system.content == pattern.format(brand="Norvik", tone=tone)
        assert ("Brand: Norvik", "品牌：Norvik")[at] in user.content.split("\n")


def test_a_voice_is_told_whole() -> None:
    voice = Voice(
        brand="Norvik",
        facts=["made in Bergen"],
        tones=["warm", "dry"],
        banned=["cheap"],
        glossary=[Spelling(wrong="tea pot", right="teapot")],
        terms=["Alder"],
        examples=["We make kettles."],
        style=Style(sentence_words=9, person="we", exclamation_marks=False, emoji=False),
    )
    asked = Assignment(
        template="tagline",
        inputs={"product": "Alder, a kettle"},
        language="en",
        voice=voice,
        length=Length(least=4, most=9),
        include=["quiet"],
        avoid=["best"],
    )
    system, user = asked.messages()
    assert system.content == (
        "Brand: Norvik. Voice: warm, dry.\n"
        "Say “we”. Sentences of about 9 words. No exclamation marks. No emoji.\n"
        "What is true: made in Bergen\n"
        "Names, as they are written: Alder\n"
        "Write teapot instead of tea pot.\n"
        "This is how it sounds:\nWe make kettles."
    )
    assert user.content == (
        "Write a tagline.\nProduct: Alder, a kettle\nBrand: Norvik\nTone: warm, dry\n"
        "Length: 4 to 9 words\nInclude: quiet\nAvoid: best, cheap\nLanguage: English"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"template": "taglin"}, "no template named 'taglin'; did you mean tagline?"),
        ({"inputs": {}}, "tagline needs product, such as"),
        ({"inputs": {"product": "x", "prodct": "y"}}, "did you mean product?"),
        ({"inputs": {"product": ["a", "b"]}}, "product is one text"),
        ({"inputs": {"product": "x" * 501}}, "product has 501 characters"),
        ({"template": "weibo-post"}, "weibo-post is not written in en, only zh"),
        ({"template": "change-of-tone", "inputs": {"text": "x"}}, "needs a tone"),
    ],
)
def test_what_does_not_fit_is_told(given: dict[str, object], said: str) -> None:
    whole = {"template": "tagline", "inputs": {"product": "Alder"}, "language": "en", **given}
    with pytest.raises((InvalidRequest, NotFound)) as refused:
        Assignment.model_validate(whole).messages()
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("kind: tagline", "kind: taglin"), "broken.yaml: kind: Input should be"),
        (("required: true", "required: no way"), "broken.yaml: inputs.0.required: "),
        (("checks:", "checks:\n  most_word: 3"), "broken.yaml: checks.most_word: Extra inputs"),
        (
            ("kind: lines, ", "kind: lines, named: true, "),
            "broken.yaml: inputs.2: lines has no name",
        ),
        (("fields: {product", "fields: {produkt"), "broken.yaml: fields: product has no line"),
        (("label: [", "label: ["[:6] + " {"), "broken.yaml: line 1 is no YAML"),
    ],
)
def test_a_broken_file_is_told_by_its_key(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    path = tmp_path / "broken.yaml"
    folder = Path(find_template.__code__.co_filename).with_name("templates")
    whole = (folder / "tagline.yaml").read_text(encoding="utf-8")
    assert change[0] in whole
    path.write_text(whole.replace(*change, 1), encoding="utf-8")
    with pytest.raises(InvalidRequest) as refused:
        read_template(path)
    assert refused.value.message.startswith(said)
    assert "\n" not in refused.value.message
