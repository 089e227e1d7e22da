"""From requests to scripts: sentences, pauses, and words that are said otherwise."""

import pytest

from maquette.core.errors import InvalidRequest
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.speech.reading import read_script
from maquette.speech.script import Script


def read(text: str, language: str = "en", **params: object) -> Script:
    return read_script(SpeechRequest(text, SpeechParams(**params)), language)  # type: ignore[arg-type]


def pauses(script: Script) -> list[tuple[str, int]]:
    return [(one.shown, one.pause_after_ms) for one in script.sentences]


def test_sentences_and_paragraphs_have_pauses() -> None:
    text = "One. Two.\n\n \nThree,\nstill three."
    assert pauses(read(text)) == [("One.", 300), ("Two.", 600), ("Three, still three.", 0)]
    assert pauses(read("One. Two.", pause_ms=50))[0] == ("One.", 50)


def test_a_break_is_as_long_as_it_is_asked_for() -> None:
    text = "<speak>a. <break time='2s'/> b <break strength='none'/>c<break time='1s'/></speak>"
    assert pauses(read(text)) == [("a.", 2000), ("b", 0), ("c", 1000)]
    text = "<speak><break time='1s'/><break time='500ms'/>a</speak>"
    assert read(text).lead_ms == 1500
    text = "<speak><p>a</p><break time='100ms'/><p>b</p></speak>"
    assert pauses(read(text)) == [("a", 100), ("b", 0)]


def test_the_parts_of_a_long_sentence_have_short_pauses() -> None:
    half = "word " * 30 + "end"
    (_, first), (_, last) = pauses(read(f"{half}, {half}."))
    assert (first, last) == (150, 0)
    assert {pause for _, pause in pauses(read("word " * 200))} == {0}


def test_chinese_lines_are_joined_without_a_space() -> None:
    assert pauses(read("今天天气\n很好。", "zh")) == [("今天天气很好。", 0)]


def test_punctuation_alone_is_no_sentence() -> None:
    assert pauses(read("One.\n\n* * *\n\nTwo.")) == [("One.", 600), ("Two.", 0)]
    for text in ("...", "<speak><p/></speak>", "“—”"):
        with pytest.raises(InvalidRequest, match="can be said; write words or numbers"):
            read(text)


def test_pronunciations_are_said_and_not_shown() -> None:
    words = (("GIF", "jiff"), ("SQL Server", "sequel server"), ("SQL", "sequel"))
    [sentence] = read("A gif of SQL Server, not GIFs of SQL.", pronunciations=words).sentences
    assert sentence.shown == "A gif of SQL Server, not GIFs of SQL."
    assert sentence.said == "A jiff of sequel server, not GIFs of sequel."


def test_pronunciations_in_chinese_need_no_spaces() -> None:
    [sentence] = read("我在重庆。", "zh", pronunciations=(("重庆", "虫庆"),)).sentences
    assert (sentence.shown, sentence.said) == ("我在重庆。", "我在虫庆。")


def test_a_pronunciation_with_signs_of_patterns_is_a_word() -> None:
    [sentence] = read("C++ (new)", pronunciations=(("C++", "see plus plus"),)).sentences
    assert sentence.said == "see plus plus (new)"


def test_abbreviations_are_said_in_full_in_english_alone() -> None:
    [sentence] = read("Dr. Lee vs. Mr. Ray, etc.").sentences
    assert sentence.said == "Doctor Lee versus Mister Ray, et cetera"
    [sentence] = read("Dr. Müller spricht.", "de").sentences
    assert sentence.said == "Dr. Müller spricht."


def test_own_pronunciations_come_before_abbreviations() -> None:
    [sentence] = read("Dr. Lee", pronunciations=(("dr.", "Drive"),)).sentences
    assert sentence.said == "Drive Lee"


def test_what_is_said_otherwise_ends_no_sentence() -> None:
    text = '<speak>Meet <sub alias="e t cetera">A. B. C.</sub> today. Bye.</speak>'
    assert [one.shown for one in read(text).sentences] == ["Meet A. B. C. today.", "Bye."]


def test_spaces_around_tags_are_one() -> None:
    text = "<speak>\n  a  <emphasis> b </emphasis>  c \n</speak>"
    [sentence] = read(text).sentences
    assert sentence.shown == "a b c"


def test_too_much_silence_is_refused() -> None:
    text = "<speak>" + "a<break time='10s'/>" * 91 + "</speak>"
    with pytest.raises(InvalidRequest, match="silent for 910 s in all, and at most 900 are"):
        read(text)
