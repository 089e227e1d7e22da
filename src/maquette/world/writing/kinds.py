"""The kinds of copy, each as the way its lines are laid out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from maquette.world.writing.data import SLOT_FACTS, phrases
from maquette.world.writing.pairs import Pair
from maquette.world.writing.plans import Line, Paragraph, Plan, Writer

NEW_LINE = Pair("\n", "\n")
ASKED_ALONE = ("does", "has", "material", "who", "moment")  # facts that a question can be about


@dataclass(frozen=True, slots=True)
class Kind:
    """How many facts a text of this kind is given, how it is made of them, whether a tone is heard
    in it, and whether it names the product, as a reader expects of it.
    """

    facts: tuple[int, int]
    plan: Callable[[Writer, Random], Plan]
    toned: bool = True
    named: bool = False


def _phrase(writer: Writer, rng: Random, name: str) -> Line:
    pattern = rng.choice(phrases()[name])
    return Line(name, pattern, writer.supply.take(pattern.slots))


def _label(rng: Random, name: str) -> Pair:
    return rng.choice(phrases()[name])


def _maybe(writer: Writer, rng: Random, share: float, *roles: str) -> list[Line]:
    return writer.lines(*roles) if rng.random() < share else []


def _one(role: str) -> Callable[[Writer, Random], Plan]:
    def plan(writer: Writer, rng: Random) -> Plan:
        return Plan([Paragraph(writer.lines(role))])

    return plan


def _body(writer: Writer, rng: Random, most: int, closing: float = 0.6) -> list[Line]:
    """A text in one go: perhaps a hook, what it is, a line a fact, perhaps a farewell."""
    lines = [*_maybe(writer, rng, 0.5, "hook"), *writer.lines("intro"), *writer.facts(most)]
    return lines + _maybe(writer, rng, closing, "close")


def _description(writer: Writer, rng: Random) -> Plan:
    lines = _body(writer, rng, 6)
    if len(lines) > 5 and rng.random() < 0.5:
        half = len(lines) // 2
        return Plan([Paragraph(lines[:half]), Paragraph(lines[half:])])
    return Plan([Paragraph(lines)])


def _post(writer: Writer, rng: Random) -> Plan:
    lines = [*writer.lines("hook"), *_maybe(writer, rng, 0.7, "intro"), *writer.facts(3)]
    lines += _maybe(writer, rng, 0.7, "close")
    tags = _phrase(writer, rng, "tags")
    return Plan([Paragraph(lines), Paragraph([tags], before=rng.choice(("\n", "\n\n")))])


def _email(writer: Writer, rng: Random) -> Plan:
    body = [*writer.lines("hook", "intro"), *writer.facts(6)]
    return Plan(
        [
            Paragraph(writer.lines("headline"), _label(rng, "subject")),
            Paragraph([_phrase(writer, rng, "greeting")]),
            Paragraph(body),
            Paragraph(writer.lines("close")),
            Paragraph([_phrase(writer, rng, "farewell")]),
        ]
    )


def _press(writer: Writer, rng: Random) -> Plan:
    said = _phrase(writer, rng, "said_by")
    quote = writer.line("quote")
    title = Paragraph(writer.lines("headline"))
    first = Paragraph([_phrase(writer, rng, "dateline"), *writer.facts(5)])
    quoted = [] if quote is None else [Paragraph([_quoted(quote, said)])]
    last = Paragraph([*writer.lines("close"), _phrase(writer, rng, "about")])
    return Plan([title, first, *quoted, last])


def _quoted(quote: Line, said: Line) -> Line:
    english = f"“{quote.pattern.en.rstrip('.')}”{said.pattern.en}"
    chinese = f"“{quote.pattern.zh.rstrip('。')}”{said.pattern.zh}"
    return Line("quote", Pair(english, chinese), {**quote.values, **said.values})


def _advert(writer: Writer, rng: Random) -> Plan:
    """Two short ones to be tried against each other."""
    one = [*writer.lines("tagline"), *writer.facts(1)]
    other = [*writer.lines("hook"), *writer.facts(1)]
    return Plan(
        [
            Paragraph(one, _label(rng, "advert_a")),
            Paragraph(other, _label(rng, "advert_b"), before="\n"),
        ]
    )


def _seo(writer: Writer, rng: Random) -> Plan:
    title = Paragraph(writer.lines("headline"), _label(rng, "seo_title"))
    lines = [*writer.lines("intro"), *writer.facts(2)]
    return Plan([title, Paragraph(lines, _label(rng, "seo_description"), before="\n")])


def _bullets(writer: Writer, rng: Random) -> Plan:
    made = [
        _phrase(writer, rng, f"bullet_{slot}")
        for slot, fact in SLOT_FACTS.items()
        if f"bullet_{slot}" in phrases()
        for _ in range(writer.supply.left(fact))
    ]
    rng.shuffle(made)
    return Plan([Paragraph(made, between=NEW_LINE)])


def _faq(writer: Writer, rng: Random) -> Plan:
    pairs = [
        [_phrase(writer, rng, f"question_{slot}"), _phrase(writer, rng, f"answer_{slot}")]
        for slot in rng.sample(ASKED_ALONE, len(ASKED_ALONE))
        if writer.supply.left(SLOT_FACTS[slot])
    ]
    return Plan([Paragraph(pair, between=NEW_LINE) for pair in pairs])


def _script(writer: Writer, rng: Random) -> Plan:
    """Shots, each with a line of narration under it."""
    lines = [*writer.lines("hook", "intro"), *writer.facts(4), *writer.lines("close")]
    voice = _label(rng, "voice")
    shots = rng.sample(list(phrases()["shot"]), len(lines) - 1)
    seen = [Line("shot", shot, writer.supply.take(shot.slots)) for shot in shots]
    seen.append(_phrase(writer, rng, "last_shot"))
    told = []
    for shot, line in zip(seen, lines, strict=True):
        told += [Paragraph([shot]), Paragraph([line], voice, before="\n")]
    return Plan(told)


def _note(writer: Writer, rng: Random) -> Plan:
    """A note of a person who tried it, in short lines."""
    lines = [*writer.lines("hook"), *writer.facts(5), *writer.lines("close")]
    title = Paragraph([_phrase(writer, rng, "note_title")])
    marked = [Paragraph([line], _label(rng, "note_mark"), before="\n") for line in lines]
    return Plan([title, *marked, Paragraph([_phrase(writer, rng, "tags")])])


def _article(writer: Writer, rng: Random) -> Plan:
    def part(heading: str, lines: Sequence[Line]) -> list[Paragraph]:
        if not lines:
            return []
        title = Paragraph([_phrase(writer, rng, heading)], Pair("## ", "## "))
        return [title, Paragraph(lines)]

    title = Paragraph(writer.lines("headline"), Pair("# ", "# "))
    opening = Paragraph(writer.lines("hook", "intro"))
    first, second = writer.facts(3), writer.facts(4)
    return Plan(
        [
            title,
            opening,
            *part("heading_why", first),
            *part("heading_day", second),
            *part("heading_end", writer.lines("quote", "close")),
        ]
    )


def _reply(writer: Writer, rng: Random) -> Plan:
    lines = [*writer.lines("reply", "reply"), *_maybe(writer, rng, 0.5, "close")]
    return Plan([Paragraph(lines)])


KINDS: Mapping[str, Kind] = {
    "tagline": Kind((0, 2), _one("tagline")),
    "headline": Kind((0, 2), _one("headline")),
    "call_to_action": Kind((0, 0), _one("close")),
    "description": Kind((1, 6), _description, named=True),
    "post": Kind((1, 3), _post, named=True),
    "email": Kind((2, 6), _email, named=True),
    "press": Kind((2, 5), _press, named=True),
    "advert": Kind((1, 3), _advert),
    "seo": Kind((1, 3), _seo, named=True),
    "bullets": Kind((2, 6), _bullets, toned=False),
    "faq": Kind((2, 5), _faq, toned=False),
    "script": Kind((1, 4), _script, named=True),
    "note": Kind((2, 5), _note, named=True),
    "article": Kind((3, 7), _article, named=True),
    "reply": Kind((0, 0), _reply),
    "review": Kind((0, 2), lambda writer, rng: Plan([Paragraph(writer.lines("quote", "quote"))])),
}
