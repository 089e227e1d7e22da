"""Copy about products: an assignment, and a text that fulfils it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random

from maquette.core.measures import count_words
from maquette.world.compose import Split
from maquette.world.writing.assignment import Assignment, Length, asking
from maquette.world.writing.data import FACTS, categories, patterns, phrases
from maquette.world.writing.kinds import KINDS
from maquette.world.writing.pairs import Language, Pair
from maquette.world.writing.plans import Line, Paragraph, Plan, Writer
from maquette.world.writing.products import HELD_OUT, Facts, Product, Supply, draw_product

WEIGHTS = {"description": 5.0, "post": 2.0, "email": 1.5, "article": 0.7}  # of the others 1
GIVEN_SHARE = 0.85  # of assignments that say what is true of the product
WEIGHT_OF_FACT = {"does": 4.0, "has": 2.0, "benefits": 2.0, "materials": 1.0, "moments": 1.0}
SWAPPED_PRODUCTS_SHARE = 0.5  # of lessons in one language: those whose facts nobody has heard of
OTHER_LANGUAGE_SHARE = 0.1  # of assignments that are put in the language that the text is not in
STRANGE_WORD_SHARE = 0.5  # of words to include, those that would not be there unasked
_WORD = re.compile(r"[A-Za-z][a-z]{4,}")


@dataclass(frozen=True, slots=True)
class Copy:
    """A text as a plan, what was asked for, and its tone: one was chosen if none was asked for."""

    assignment: Assignment
    plan: Plan
    tone: str


def is_held_out(category: str, tone: str) -> bool:
    """Whether no training text about this kind of product has this tone."""
    return category in HELD_OUT or sha256(f"{category}/{tone}".encode()).digest()[0] % 12 == 0


def write_copy(
    rng: Random,
    split: Split = "train",
    kind: str | None = None,
    swapped_share: float = SWAPPED_PRODUCTS_SHARE,
) -> Copy:
    """A piece of copy, of any kind unless one is named; of the held-out split about a product and
    in a tone that no training text has together. Of so many training texts facts are made up from
    the words of others, where their two languages need not mean the same.
    """
    kind = kind or _draw_kind(rng)
    product = draw_product(rng, split)
    tone = _draw_tone(rng, product.category, split)
    language: Language = rng.choice(("en", "zh"))
    asked_in = language if rng.random() >= OTHER_LANGUAGE_SHARE else _other(language)
    if asked_in != language:
        product = product.in_latin
    if split == "train" and asked_in == language and rng.random() < swapped_share:
        product = product.swapped(rng)
    given = _draw_facts(rng, product, *KINDS[kind].facts)
    named = given if rng.random() < GIVEN_SHARE else {}
    supply = Supply(product, _with_colour(rng, product, given))
    plan = KINDS[kind].plan(Writer(rng, tone, supply), rng)
    include: list[Pair] = []
    if rng.random() < 0.35:
        plan, include = _with_words(rng, plan, product, language)
    text = plan.said(language)
    assignment = Assignment(
        kind,
        product,
        tone if KINDS[kind].toned and rng.random() < 0.8 else None,
        named,
        _draw_length(rng, count_words(text)),
        [word.said(language) for word in include],
        _draw_avoided(rng, text, language),
        language,
        asked_in,
        branded=product.brand.said(language) in text or rng.random() < 0.4,
    )
    return Copy(assignment, plan, tone)


def _draw_kind(rng: Random) -> str:
    return rng.choices([*KINDS], [WEIGHTS.get(kind, 1.0) for kind in KINDS])[0]


def _draw_tone(rng: Random, category: str, split: Split) -> str:
    held_out = split == "held_out"
    return rng.choice([tone for tone in patterns() if is_held_out(category, tone) == held_out])


def _draw_facts(rng: Random, product: Product, least: int, most: int) -> Facts:
    """So many facts of all that is true of a product, what it does before all."""
    given: dict[str, list[Pair]] = {name: [] for name in FACTS}
    left = {name: list(those) for name, those in product.facts.items()}
    for _ in range(rng.randint(least, most)):
        names = [name for name in FACTS if name != "like" and left[name]]
        name = rng.choices(names, [WEIGHT_OF_FACT.get(one, 0.7) for one in names])[0]
        given[name].append(left[name].pop())
        if name in ("materials", "who"):
            left[name].clear()  # of these one is enough
    return given


def _with_colour(rng: Random, product: Product, given: Facts) -> Facts:
    """The given facts, and what may be said unasked: an adjective or two, an hour of the day."""
    moments = given["moments"] or (product.facts["moments"][:1] if rng.random() < 0.4 else [])
    return {**given, "like": product.facts["like"][: rng.randint(0, 2)], "moments": moments}


def _draw_length(rng: Random, words: int) -> Length | None:
    """Bounds that a text of so many words keeps to; None where none are named."""
    way = rng.choices(("most", "about", "between", None), (0.5, 0.12, 0.13, 0.25))[0]
    unit = 5 if words < 60 else 10
    if way is None or words < 2:
        return None
    if way == "most":
        high = words + rng.randint(0, max(2, words // 3))
        return Length(0, high if words < 12 else -(-high // unit) * unit, "most")
    if way == "about":
        near = max(1, round(words / unit) * unit) if words >= 12 else words
        return Length(near, near, "about")
    low = words - rng.randint(0, max(1, words // 5))
    high = words + rng.randint(1, max(2, words // 5))
    return Length(max(1, low), high, "between")


def _with_words(
    rng: Random, plan: Plan, product: Product, language: Language
) -> tuple[Plan, list[Pair]]:
    """The plan, and one to three words that it has; some were put into it to be asked for."""
    words: list[Pair] = []
    for _ in range(rng.choices((1, 2, 3), (0.5, 0.35, 0.15))[0]):
        if rng.random() < STRANGE_WORD_SHARE:
            word = _strange_word(rng)
            plan = _with_word(rng, plan, product, word)
        else:
            found = _word_of(rng, plan, language)
            if found is None:
                continue
            word = found
        if word.said(language) not in [one.said(language) for one in words]:
            words.append(word)
    return plan, [one for one in words if one.said(language) in plan.said(language)]


def _strange_word(rng: Random) -> Pair:
    """A word of what is said of any product."""
    category = categories()[rng.choice([*categories()])]
    return rng.choice((*category.facts["like"], category.noun))


def _with_word(rng: Random, plan: Plan, product: Product, word: Pair) -> Plan:
    """The plan with a line about a word somewhere in its longest paragraph, or with that alone."""
    alone = len(plan.lines) <= 1
    pattern = rng.choice(phrases()["word_alone" if alone else "word"])
    line = Line("word", pattern, {**product.itself, "word": word})
    if alone:
        return Plan([Paragraph([line])])
    paragraphs = list(plan.paragraphs)
    place = max(range(len(paragraphs)), key=lambda i: len(paragraphs[i].lines))
    chosen = paragraphs[place]
    lines = list(chosen.lines)
    lines.insert(rng.randint(1, len(lines)), line)
    paragraphs[place] = Paragraph(lines, chosen.label, chosen.before, chosen.between)
    return Plan(paragraphs)


def _word_of(rng: Random, plan: Plan, language: Language) -> Pair | None:
    """A word that the text has: in English any longer one, in Chinese one of its facts."""
    if language == "en":
        found: Sequence[str] = [one for one in _WORD.findall(plan.said("en")) if one[0].islower()]
    else:
        values = [line.values[slot] for line in plan.lines for slot in sorted(line.pattern.slots)]
        found = [one.zh for one in values if 2 <= len(one.zh) <= 5 and one.zh.isalpha()]
    if not found:
        return None
    word = rng.choice(found)
    return Pair(word, word)


def _draw_avoided(rng: Random, text: str, language: Language) -> list[str]:
    if rng.random() > 0.2:
        return []
    banned = [Pair(*row).said(language) for row in asking()["banned"]]
    chosen = rng.sample(banned, rng.randint(1, 4))
    return [word for word in chosen if word not in text.lower()]


def _other(language: Language) -> Language:
    return "zh" if language == "en" else "en"
