"""The SSML that is read, and that everything else is refused with its line and a remedy."""

import math
import time

import pytest

from maquette.core.errors import InvalidRequest
from maquette.speech.prosody import with_rate
from maquette.speech.script import Delivery, Piece
from maquette.speech.ssml import Border, Break, Item, is_ssml, read_ssml

BASE = Delivery("en", "default")


def read(inside: str, base: Delivery = BASE) -> list[Item]:
    return read_ssml(f"<speak>{inside}</speak>", base)


def only(inside: str, base: Delivery = BASE) -> Piece:
    [piece] = read(inside, base)
    assert isinstance(piece, Piece)
    return piece


def test_texts_keep_their_order_and_delivery() -> None:
    items = read('a <prosody rate="slow">b <emphasis>c</emphasis> d</prosody> e')
    pieces = [item for item in items if isinstance(item, Piece)]
    assert [one.shown for one in pieces] == ["a ", "b ", "c", " d", " e"]
    assert [one.delivery.rate for one in pieces] == [1.0, 0.75, 0.75, 0.75, 1.0]
    assert [one.delivery.emphasis for one in pieces] == ["none"] * 2 + ["moderate"] + ["none"] * 2


@pytest.mark.parametrize(
    ("attribute", "name", "value"),
    [
        ('rate="120%"', "rate", 1.2),
        ('rate="+20%"', "rate", 1.2),
        ('rate="-20%"', "rate", 0.8),
        ('rate="1.5"', "rate", 1.5),
        ('rate="x-slow"', "rate", 0.5),
        ('pitch="+2st"', "pitch_semitones", 2.0),
        ('pitch="-1.5st"', "pitch_semitones", -1.5),
        ('pitch="+100%"', "pitch_semitones", 12.0),
        ('pitch="x-high"', "pitch_semitones", 6.0),
        ('volume="+6dB"', "volume_db", 6.0),
        ('volume="soft"', "volume_db", -6.0),
        ('volume="silent"', "volume_db", -math.inf),
    ],
)
def test_prosody(attribute: str, name: str, value: float) -> None:
    piece = only(f"<prosody {attribute}>a</prosody>")
    assert getattr(piece.delivery, name) == pytest.approx(value)


def test_prosody_adds_to_what_is_around_it() -> None:
    base = Delivery("en", "default", rate=2.0, pitch_semitones=1.0)
    inside = '<prosody rate="50%" pitch="+2st">a</prosody>'
    piece = only(f'<prosody rate="150%" volume="+3dB">{inside}</prosody>', base)
    assert piece.delivery == Delivery("en", "default", 1.5, 3.0, 3.0)


@pytest.mark.parametrize(
    ("tag", "pause_ms"),
    [
        ("<break/>", 400),
        ('<break time="1.5s"/>', 1500),
        ('<break time="250ms"/>', 250),
        ('<break strength="none"/>', 0),
        ('<break strength="x-strong"/>', 1200),
        ('<break strength="weak" time="2s"></break>', 2000),
    ],
)
def test_breaks(tag: str, pause_ms: int) -> None:
    assert read(f"a{tag}b")[1] == Break(pause_ms)


def test_paragraphs_and_sentences_are_borders() -> None:
    items = read("<p><s>a</s>b</p>")
    borders = [item for item in items if isinstance(item, Border)]
    assert borders == [Border(True), Border(False), Border(False), Border(True)]


def test_languages_and_speakers() -> None:
    pieces = read_ssml(
        '<speak xml:lang="de" version="1.1" xmlns="http://www.w3.org/2001/10/synthesis">a'
        '<lang xml:lang="fr">b</lang><voice name="f3" xml:lang="zh">c</voice>d</speak>',
        BASE,
    )
    deliveries = [item.delivery for item in pieces if isinstance(item, Piece)]
    assert [(one.language, one.voice) for one in deliveries] == [
        ("de", "default"),
        ("fr", "default"),
        ("zh", "f3"),
        ("de", "default"),
    ]


@pytest.mark.parametrize(
    ("tag", "shown", "said"),
    [
        ('<sub alias="World Health Organization">WHO</sub>', "WHO", "World Health Organization"),
        ('<say-as interpret-as="digits">2048</say-as>', "2048", "2 0 4 8"),
        ('<say-as interpret-as="digits">555-0199</say-as>', "555-0199", "5 5 5 0 1 9 9"),
        ('<say-as interpret-as="characters">a-B2</say-as>', "a-B2", "A dash B 2"),
        ('<say-as interpret-as="spell-out">cat</say-as>', "cat", "C A T"),
        ('<say-as interpret-as="date">2026-11-27</say-as>', "2026-11-27", "November 27th, 2026"),
        (
            '<say-as interpret-as="date" format="dmy">1/2/2026</say-as>',
            "1/2/2026",
            "February 1st, 2026",
        ),
        (
            '<say-as interpret-as="date" format="mdy">11/12/2026</say-as>',
            "11/12/2026",
            "November 12th, 2026",
        ),
    ],
)
def test_what_is_said_otherwise_than_it_is_written(tag: str, shown: str, said: str) -> None:
    piece = only(tag)
    assert (piece.shown, piece.said) == (shown, said)


def test_dates_and_signs_in_chinese() -> None:
    chinese = Delivery("zh-CN", "default")
    tag = '<say-as interpret-as="date">2026-11-27</say-as>'
    assert only(tag, chinese).said == "2026年11月27日"
    tag = '<say-as interpret-as="characters">a.b</say-as>'
    assert only(tag, chinese).said == "A 点 B"


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (
            "<audio src='x'/>",
            "line 1 of the SSML: <audio> is not spoken here, so remove it; known are",
        ),
        (
            "\n\n<brake/>",
            "line 3 of the SSML: <brake> is not spoken here, so remove it; did you mean break",
        ),
        ("<mark name='a'/>", "<mark> is not spoken here, so remove it; "),
        ("<x:p xmlns:x='http://x'>a</x:p>", "is not spoken here"),
        ("<speak>a</speak>", "<speak> is around all of it, once"),
        (
            "<prosody contour='x'>a</prosody>",
            "<prosody> has no 'contour' here, so remove it; known are pitch",
        ),
        ("<prosody rate='quick'>a</prosody>", "rate 'quick' cannot be read; write it as 120%"),
        ("<prosody rate='500%'>a</prosody>", "speed 5 must be between 0.25 and 4"),
        ("<prosody rate='-100%'>a</prosody>", "speed 0 must be between"),
        ("<prosody pitch='200Hz'>a</prosody>", r"pitch '200Hz' cannot be read; write it as \+2st"),
        ("<prosody pitch='-100%'>a</prosody>", "pitch '-100%' cannot be read"),
        ("<prosody pitch='+13st'>a</prosody>", "pitch 13 must be between -12 and 12"),
        ("<prosody volume='50'>a</prosody>", "volume '50' cannot be read; write it as"),
        ("<prosody volume='+20dB'>a</prosody>", "volume 20 dB is too loud; at most 12"),
        ("<emphasis level='huge'>a</emphasis>", "unknown emphasis 'huge'"),
        ("<break time='1h'/>", "break time '1h' cannot be read; write it as 500ms or 1.5s"),
        ("<break time='11s'/>", "break 11s must be between 0 and 10000 ms"),
        ("<break strength='long'/>", "unknown break 'long'; did you mean strong"),
        ("<break>a</break>", "<break> holds no text"),
        ("<sub>WHO</sub>", '<sub> needs its alias; write it as <sub alias="…">'),
        ("<sub alias='x'><s>a</s></sub>", "<sub> may hold no <s>; put it outside"),
        ("<lang>a</lang>", "<lang> needs its xml:lang"),
        ("<say-as>1</say-as>", "<say-as> needs its interpret-as"),
        ("<say-as interpret-as='ordinal'>1</say-as>", "say-as knows no 'ordinal'"),
        ("<say-as interpret-as='digits'>1a</say-as>", "'1a' is not of digits alone"),
        ("<say-as interpret-as='characters'>a€</say-as>", "'€' of 'a€' has no name"),
        (f"<say-as interpret-as='digits'>{'1' * 101}</say-as>", "101 characters to spell"),
        ("<say-as interpret-as='date'>1/2/2026</say-as>", "may mean several; add format="),
        ("<say-as interpret-as='date'>2026-02-30</say-as>", "'2026-02-30' is no date of the form"),
        ("<say-as interpret-as='date' format='x'>1</say-as>", "unknown format 'x' of a date"),
        ("<p>" * 40 + "a" + "</p>" * 40, "tags are in one another 32 times"),
        ("a & b", "the SSML is not whole: .*; write & as &amp;"),
        ("<p>a", "the SSML is not whole"),
        ("&undefined;", "the SSML is not whole"),
    ],
)
def test_everything_else_is_refused(inside: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        read(inside)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE speak [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE speak [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE speak SYSTEM "http://127.0.0.1:1/speak.dtd">',
    ],
)
def test_no_entity_and_no_external_file_is_read(head: str) -> None:
    with pytest.raises(InvalidRequest, match="has a DOCTYPE or an entity of its own"):
        read_ssml(f"{head}<speak>&b;&x;</speak>", BASE)


def test_another_root_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="<speak> is around all of it"):
        read_ssml('<?xml version="1.0"?><p>a</p>', BASE)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ('<prosody rate="{}x">a</prosody>', "rate"),
        ('<prosody volume="+{}">a</prosody>', "volume"),
        ('<break time="{}"/>', "time"),
        ('<lang xml:lang="{}">a</lang>', "xml:lang"),
        ('<voice name="{}">a</voice>', "name"),
    ],
)
def test_a_long_value_is_refused_at_once(tag: str, name: str) -> None:
    began = time.process_time()
    with pytest.raises(InvalidRequest) as refused:
        read(tag.format("1" * 49_000))
    assert time.process_time() - began < 0.5
    assert f"the {name} '" in refused.value.message
    assert refused.value.message.endswith(
        " characters; at most " + ("100" if name == "name" else "40")
    )
    assert len(refused.value.message) < 120


def test_a_number_is_read_in_time_of_its_length() -> None:
    began = time.process_time()
    with pytest.raises(InvalidRequest, match="cannot be read"):
        with_rate(BASE, "1" * 49_000 + "x")
    assert time.process_time() - began < 0.5


def test_what_is_said_may_be_long() -> None:
    assert only(f'<sub alias="{"very " * 30}long">a</sub>').said.endswith("very long")


def test_what_is_ssml() -> None:
    assert is_ssml("  <speak>a</speak>")
    assert is_ssml('<?xml version="1.0" encoding="utf-8"?><speak/>')
    assert is_ssml("<speak version='1.1'>")
    assert not is_ssml("<speaker> and other tags")
    assert not is_ssml("a <speak>")
