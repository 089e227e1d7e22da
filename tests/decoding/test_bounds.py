"""What holds texts to bounds: of a vocabulary of whole words, and of a model that says anything."""

import random
import re
from collections.abc import Sequence
from math import isfinite

import pytest
import torch
from transformers import LlamaForCausalLM

from maquette.core.measures import count_words, repeated_phrases, sentences
from maquette.core.text_requests import Bounds, TextParams
from maquette.decoding.attention import use_slots
from maquette.decoding.bounds import COMMIT, MOST_URGED, NUDGE, BoundedText, BoundedTexts
from maquette.decoding.engine import DecodingEngine
from maquette.decoding.request import DecodingRequest

END = "<end>"
WORDS = ["Once", " more", " it", " rains", " on", " the", " old", " green", " boat", ".", "!", "\n"]
VOCABULARY = [END, *WORDS, "雨", "又", "落", "在", "那", "只", "旧", "船", "上", "。"]


def _decode(tokens: Sequence[int]) -> str:
    return "".join(VOCABULARY[token] for token in tokens if token)


def _encode(text: str) -> list[int]:
    """A word a token; nothing where the vocabulary lacks one."""
    words = re.findall(r" ?\w+", text)
    return [VOCABULARY.index(one) for one in words] if {*words} <= {*VOCABULARY} else []


def _text(bounds: Bounds, *said: str) -> BoundedText:
    text = BoundedTexts(_decode, _encode, len(VOCABULARY), [0]).make(bounds)
    for one in said:
        text.accept(VOCABULARY.index(one))
    return text


def _allowed(text: BoundedText, likeliest: str = END) -> set[str]:
    logits = torch.zeros(len(VOCABULARY))
    logits[VOCABULARY.index(likeliest)] = 1.0
    text.mask(logits)
    return {one for one, left in zip(VOCABULARY, logits.isfinite(), strict=True) if left}


def test_it_does_not_end_before_it_has_words_enough() -> None:
    text = _text(Bounds(least_words=3), "Once", " more")
    assert END not in _allowed(text)
    text.accept(VOCABULARY.index(" it"))
    assert END in _allowed(text)


def test_it_ends_after_a_sentence_where_the_next_would_be_too_long() -> None:
    said = ("Once", " more", " it", " rains", ".")
    assert len(_allowed(_text(Bounds(most_words=8), *said))) > 1
    assert _allowed(_text(Bounds(most_words=7), *said)) == {END}
    assert len(_allowed(_text(Bounds(most_words=7), *said[:-1]))) > 1  # in the middle of one
    assert END not in _allowed(_text(Bounds(least_words=5, most_words=7), *said))


def test_sentences_end_likelier_where_room_gets_little() -> None:
    said = ("Once", " more", " it", " rains")
    ends = {".", "!", "\n", "。"}
    for most, before, closing in (
        (5, (), {*ends, END}),  # a headline
        (6, (), set[str]()),
        (7, ("Once", " more", "\n"), ends),
    ):
        logits = torch.zeros(len(VOCABULARY))
        _text(Bounds(most_words=most), *before, *said).mask(logits)
        raised = {one for one, logit in zip(VOCABULARY, logits, strict=True) if logit > 0}
        assert raised == closing


def test_it_does_not_end_before_it_has_what_it_must_have_unless_it_will_not() -> None:
    text = _text(Bounds(include=["Boat"]), "Once", ".")
    for _ in range(MOST_URGED):
        assert END not in _allowed(text, likeliest=" more")  # it does not want to end
    for _ in range(MOST_URGED):
        assert END not in _allowed(text)
    assert END in _allowed(text)
    assert END in _allowed(_text(Bounds(include=["Boat"]), "Once", " boat"))
    assert END in _allowed(_text(Bounds(include=["boat"], most_words=2), "Once", " more"))


def test_what_is_lacking_becomes_likelier_word_by_word_until_it_is_said() -> None:
    text = _text(Bounds(include=["old boat", "more"]), "Once")
    for said, wanted in (
        (" more", {" more", " old"}),
        (" old", {" old"}),
        (" boat", {" boat"}),
        (" old", set[str]()),
    ):
        logits = torch.zeros(len(VOCABULARY))
        text.mask(logits)
        assert {one for one, logit in zip(VOCABULARY, logits, strict=True) if logit > 0} == wanted
        text.accept(VOCABULARY.index(said))


def test_a_word_is_not_begun_within_another() -> None:
    bounds = Bounds(include=["once"])
    for said, wanted in (((), {"Once"}), ((" more",), set[str]()), ((" more", "."), {"Once"})):
        logits = torch.zeros(len(VOCABULARY))
        _text(bounds, *said).mask(logits)
        raised = {one for one, logit in zip(VOCABULARY, logits, strict=True) if logit > 0}
        assert raised == wanted


PIECES = ["", " the", "rm", "os", " kettle", "'", "s", "ilver", "茶", " ", "2", "4", "imid"]
SPLIT = {" thermos": [1, 2, 3], "silver": [6, 7], " 24": [9, 10, 11], "茶": [8]}


@pytest.mark.parametrize(
    ("include", "said", "likeliest", "raised"),
    [
        ("thermos", [" the"], "imid", {"rm": COMMIT}),  # another word, which begins alike
        ("thermos", [" the"], " kettle", {"rm": NUDGE}),  # a whole word
        ("silver", [" kettle", "'", "s"], "imid", {}),
        ("silver", ["茶", "s"], "imid", {"ilver": COMMIT}),
        ("24", [" "], "imid", {" ": NUDGE}),  # which all words may begin with
        ("24", [" ", "2"], "imid", {"4": COMMIT}),
    ],
)
def test_a_word_that_is_begun_is_said_to_its_end(
    include: str, said: Sequence[str], likeliest: str, raised: dict[str, float]
) -> None:
    def decode(tokens: Sequence[int]) -> str:
        return "".join(PIECES[token] for token in tokens)

    made = BoundedTexts(decode, lambda one: SPLIT.get(one, []), len(PIECES), [0])
    text = made.make(Bounds(include=[include]))
    for one in said:
        text.accept(PIECES.index(one))
    logits = torch.zeros(len(PIECES))
    logits[PIECES.index(likeliest)] = 1.0
    before = logits.clone()
    text.mask(logits)
    added = zip(PIECES, (logits - before).tolist(), strict=True)
    assert {one: more for one, more in added if more and isfinite(more)} == raised


def test_what_there_is_no_room_for_is_not_begun() -> None:
    logits = torch.zeros(len(VOCABULARY))
    _text(Bounds(include=["boat"], most_words=2), "Once", " more").mask(logits)
    assert not logits[VOCABULARY.index(" boat")] > 0


def test_a_word_becomes_likelier_as_room_gets_little() -> None:
    bounds = Bounds(include=["boat"], most_words=6)
    raised = []
    for said in ((" more",), (" more", " it", " rains", " on")):
        logits = torch.zeros(len(VOCABULARY))
        _text(bounds, *said).mask(logits)
        raised.append(float(logits[VOCABULARY.index(" boat")]))
    assert raised[0] < raised[1]


def test_an_english_text_has_hardly_any_chinese_in_it() -> None:
    chinese = {*VOCABULARY[VOCABULARY.index("雨") :]}
    for language, include, lowered in (
        ("en", [], chinese),
        ("en", ["船"], chinese - {"船"}),
        ("zh", [], set[str]()),
    ):
        logits = torch.zeros(len(VOCABULARY))
        _text(Bounds(include=include, language=language), "Once").mask(logits)
        left = dict(zip(VOCABULARY, logits.tolist(), strict=True))
        assert {one for one, logit in left.items() if logit < 0 and one != END} == lowered


def test_a_part_of_a_longer_word_is_not_the_word() -> None:
    vocabulary = ["", " tea", "pot"]

    def decode(tokens: Sequence[int]) -> str:
        return "".join(vocabulary[token] for token in tokens)

    text = BoundedTexts(decode, lambda said: [], 3, [0]).make(Bounds(include=["tea"]))
    for token, may_end in ((1, True), (2, False), (1, True)):
        text.accept(token)
        logits = torch.tensor([1.0, 0.0, 0.0])
        text.mask(logits)
        assert bool(logits[0].isfinite()) == may_end


ENGLISH = ("Once", " more", " it", " rains", " on", " the", " old", " boat")
CHINESE = ("雨", "又", "落", "在", "那", "只", "旧", "船")


@pytest.mark.parametrize("run", [ENGLISH, CHINESE])
def test_no_run_of_eight_words_comes_twice(run: Sequence[str]) -> None:
    text = _text(Bounds(run_words=8, sentence_words=0), *run, "\n", *run[:6])
    assert run[6] in _allowed(text)
    text.accept(VOCABULARY.index(run[6]))
    assert _allowed(text) == {*VOCABULARY} - {run[7]}
    assert run[7] in _allowed(_text(Bounds(), *run, "\n", *run[:7]))


def test_no_sentence_comes_twice() -> None:
    text = _text(Bounds(run_words=8, sentence_words=0), "Once", " more", ".", "Once")
    assert END in _allowed(text)
    text.accept(VOCABULARY.index(" more"))
    assert _allowed(text) == {*VOCABULARY} - {END, ".", "!", "\n", "。"}
    text.accept(VOCABULARY.index(" it"))
    assert "." in _allowed(text)
    short = _text(Bounds(run_words=8, sentence_words=2), "Once", " more", ".", "Once", " more")
    assert "." in _allowed(short)


def test_a_sentence_that_the_model_learned_from_goes_on_where_that_one_ended() -> None:
    for learned, may_come in (({"Once more"}, {",", "，"}), (set[str](), {*VOCABULARY, ",", "，"})):
        vocabulary = [*VOCABULARY, ",", "，"]

        def decode(tokens: Sequence[int], words: Sequence[str] = vocabulary) -> str:
            return "".join(words[token] for token in tokens if token)

        made = BoundedTexts(decode, lambda said: [], len(vocabulary), [0], learned)
        text = made.make(Bounds())
        for said in (" it", " more", ".", "Once", " more"):
            text.accept(vocabulary.index(said))
        logits = torch.zeros(len(vocabulary))
        text.mask(logits)
        left = logits.isfinite()
        assert {one for one, may in zip(vocabulary, left, strict=True) if may} == may_come
        text.accept(vocabulary.index(","))
        text.mask(logits := torch.zeros(len(vocabulary)))
        assert logits.isfinite().all()


def test_texts_of_a_model_keep_to_them_and_are_made_anew_each_time(
    model: LlamaForCausalLM,
) -> None:
    use_slots(model)
    rng = random.Random(0)
    spoken = [" ".join(rng.choices("abcd", k=1)) + " " for _ in range(60)]
    vocabulary = ["", *spoken, *[". "] * 35]

    def decode(tokens: Sequence[int]) -> str:
        return "".join(vocabulary[token] for token in tokens)

    made = BoundedTexts(decode, lambda text: [], len(vocabulary), [0])
    bounds = Bounds(20, 60, (), 8, 0)
    params = [TextParams(max_tokens=150, temperature=1.0, seed=seed) for seed in range(12)]
    ones = [DecodingRequest(f"{one.seed}", [5], one, "", True, None) for one in params]
    free = _said(DecodingEngine(model, decode, [0]), ones)
    assert any(
        repeated_phrases(one, 8) or len(sentences(one)) > len({*sentences(one)}) for one in free
    )
    held = [
        DecodingRequest(f"{one.seed}", [5], one, "", True, lambda: made.make(bounds))
        for one in params
    ]
    engine = DecodingEngine(model, decode, [0])
    texts = _said(engine, held)
    for text in texts:
        assert not repeated_phrases(text, 8)
        assert len(sentences(text)) == len({*sentences(text)})
        assert count_words(text) >= 20
    assert _said(engine, held) == texts


def _said(engine: DecodingEngine, ones: Sequence[DecodingRequest]) -> list[str]:
    said = {one.request_id: "" for one in ones}
    for one in ones:
        engine.add(one)
    while len(engine):
        for output in engine.step():
            assert output.error is None
            said[output.request.request_id] += output.text
    return [*said.values()]
