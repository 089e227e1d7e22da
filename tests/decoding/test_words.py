"""Text from tokens: no half character, nothing of a stop."""

from collections.abc import Sequence

from maquette.decoding.words import WordStream


def utf8(tokens: Sequence[int]) -> str:
    return bytes(tokens).decode("utf-8", errors="replace")


def test_a_character_is_told_when_it_is_whole() -> None:
    stream = WordStream(utf8)
    told = [stream.add(byte) for byte in "a水b".encode()]
    assert told == ["a", "", "", "水", "b"]
    assert stream.end() == ""


def test_bytes_that_never_become_a_character_are_told_at_last() -> None:
    stream = WordStream(utf8)
    assert stream.add(0xE6) == ""
    assert stream.end() == "\ufffd"


def test_a_stop_across_tokens_is_found_and_what_only_began_like_it_is_told() -> None:
    stream = WordStream(utf8, ("END",))
    told = "".join(stream.add(byte) for byte in b"an ENd and EN")
    assert told == "an ENd and "
    assert stream.add(ord("D")) == ""
    assert stream.stopped
    assert stream.end() == ""


def test_the_first_of_several_stops_counts() -> None:
    stream = WordStream(lambda tokens: "".join(("one|two#", "x")[t] for t in tokens), ("#", "|"))
    assert stream.add(0) == "one"
    assert stream.stopped
