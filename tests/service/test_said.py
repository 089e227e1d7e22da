"""What is kept of texts part after part: as one, and what it costs."""

from typing import Any

from maquette.service.said import Part, join_parts, used_tokens


def _part(*texts: dict[str, Any], **more: Any) -> Part:
    return {"read": 9, "texts": [{"finished": None, **one} for one in texts], **more}


def _new(at: int, text: str, *tokens: int, **more: Any) -> dict[str, Any]:
    return {"at": at, "text": text, "tokens": [*tokens], **more}


def test_parts_are_one_that_costs_as_much() -> None:
    parts = [
        _part(_new(0, "It ", 1, 2), _new(0, "")),
        _part(_new(3, "sings", 3, finished="stop"), _new(0, "Tea", 4)),
    ]
    whole = join_parts(parts)
    assert whole is not None
    first, second = whole["texts"]
    assert (first["text"], first["tokens"], first["finished"]) == ("It sings", [1, 2, 3], "stop")
    assert (second["text"], second["tokens"], second["finished"]) == ("Tea", [4], None)
    assert used_tokens(parts) == used_tokens([whole]) == (9, 4)
    assert (join_parts([]), used_tokens([])) == (None, (0, 0))


def test_of_copy_all_tries_are_charged_whatever_is_kept_of_them() -> None:
    tried = {"tries": 2, "spent": 40, "best": {}}
    parts = [_part(_new(0, "It", *range(30))), _part(_new(0, "A k", 7, 8, tried=tried))]
    whole = join_parts(parts)
    assert whole is not None
    assert (whole["texts"][0]["text"], whole["texts"][0]["tokens"]) == ("A k", [7, 8])
    # The last ten tokens of the first try were not kept, and it was read anew for the second.
    assert used_tokens(parts) == used_tokens([whole]) == (18, 42)


def test_another_servers_pieces_count_since_it_began_anew() -> None:
    parts = [
        _part({"at": 0, "text": "Tea ", "pieces": 5}, anew=True),
        _part({"at": 0, "text": "Hot ", "pieces": 2}, anew=True),
        _part({"at": 4, "text": "tea", "pieces": 3}),
    ]
    assert used_tokens(parts) == (9, 5)
    assert join_parts(parts) is None  # no one can go on from it


def test_another_server_reads_for_each_text_that_it_began() -> None:
    texts = [{"at": 0, "text": "Tea", "pieces": 2}, {"at": 0, "text": "", "pieces": 0}]
    more = [{"at": 3, "text": " ", "pieces": 1}, {"at": 0, "text": "Pot", "pieces": 1}]
    assert used_tokens([_part(*texts, anew=True)]) == (9, 2)
    assert used_tokens([_part(*texts, anew=True), _part(*more)]) == (18, 4)


def test_another_servers_tries_count_as_it_counted_them_and_the_newest_by_its_pieces() -> None:
    tried = {"tries": 2, "read": 40, "said": 6, "talk": 70}
    parts = [
        _part({"at": 0, "text": "Tea", "pieces": 2}, anew=True),
        _part({"at": 0, "text": "", "pieces": 0, "tried": tried}),
    ]
    assert used_tokens(parts) == (40, 6)
    more = _part({"at": 0, "text": "A pot", "pieces": 3, "tried": tried})
    assert used_tokens([*parts, more]) == (110, 9)
