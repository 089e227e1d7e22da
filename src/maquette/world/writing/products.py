"""A product as data: its name, what kind of thing it is, and what is true of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from maquette.world.compose import Split
from maquette.world.writing.data import FACTS, SLOT_FACTS, Category, categories
from maquette.world.writing.names import draw_name
from maquette.world.writing.pairs import Pair

# Kinds of product that no training text is about: one of each kin or nearly so.
HELD_OUT = frozenset(
    {
        "vase",
        "water_bottle",
        "honey",
        "hand_cream",
        "gloves",
        "kite",
        "drum",
        "keyboard",
        "backpack",
    }
)
SWAPPED_SHARE = 0.5  # of the words of facts that are swapped, where some are
_EN_WORD, _ZH_WORD = re.compile(r"\b[a-z]{4,}\b"), re.compile(r"[一-鿿]{2}")
STRANGE_SHARE = 0.12  # of training products with facts of other kinds: what is given is to be said

Facts = Mapping[str, Sequence[Pair]]  # by FACTS


@dataclass(frozen=True, slots=True)
class Product:
    """Something that copy is written about."""

    category: str
    name: Pair
    brand: Pair
    noun: Pair
    a: Pair
    facts: Facts

    @property
    def itself(self) -> dict[str, Pair]:
        """The slots that are of the product and not of a fact."""
        return {"name": self.name, "brand": self.brand, "noun": self.noun, "a": self.a}

    @property
    def in_latin(self) -> "Product":
        """This with names as they are written in both languages: how one is called in the other no
        one can know.
        """
        name, brand = (Pair(one.en, one.en) for one in (self.name, self.brand))
        return replace(self, name=name, brand=brand)

    def swapped(self, rng: Random) -> "Product":
        """This as a kind of thing that there is not, with facts that no product has: some of their
        words are those of others. Who knows all kinds by heart can say these by reading alone.
        """
        facts = {name: [_swapped(one, rng) for one in those] for name, those in self.facts.items()}
        noun = _swapped(self.noun, rng)
        if not self.a.en.endswith(self.noun.en) or not self.a.zh.endswith(self.noun.zh):
            return replace(self, facts=facts)
        before = self.a.en.removesuffix(self.noun.en)
        if before in ("a ", "an "):
            before = "an " if noun.en[0] in "aeiou" else "a "
        a = Pair(before + noun.en, self.a.zh.removesuffix(self.noun.zh) + noun.zh)
        return replace(self, facts=facts, noun=noun, a=a)


def draw_product(rng: Random, split: Split = "train") -> Product:
    """A product; of the held-out ones neither name nor kind is in any training text."""
    held_out = split == "held_out"
    keys = [key for key in categories() if (key in HELD_OUT) == held_out]
    category = categories()[rng.choice(keys)]
    facts = {name: _settled(category.facts[name], rng) for name in FACTS}
    if not held_out and rng.random() < STRANGE_SHARE:
        for name in ("does", "has", "benefits"):
            facts[name] = _settled(_others(name, keys, rng), rng)
    return Product(
        category.key,
        draw_name(rng, held_out),
        draw_name(rng, held_out),
        category.noun,
        category.a,
        facts,
    )


def _others(name: str, keys: Sequence[str], rng: Random) -> list[Pair]:
    chosen: list[Category] = [categories()[key] for key in rng.sample(keys, 6)]
    return [rng.choice(one.facts[name]) for one in chosen]


def _swapped(fact: Pair, rng: Random) -> Pair:
    en, zh = _words()

    def anew(word: re.Match[str], words: Sequence[str]) -> str:
        return rng.choice(words) if rng.random() < SWAPPED_SHARE else word[0]

    return Pair(
        _EN_WORD.sub(lambda word: anew(word, en), fact.en),
        _ZH_WORD.sub(lambda word: anew(word, zh), fact.zh),
    )


@cache
def _words() -> tuple[Sequence[str], Sequence[str]]:
    """The longer words of all facts that training texts have; in Chinese two characters each."""
    facts = [
        fact
        for key, category in categories().items()
        if key not in HELD_OUT
        for those in category.facts.values()
        for fact in those
    ]
    en = {word for fact in facts for word in _EN_WORD.findall(fact.en)}
    zh = {word for fact in facts for word in _ZH_WORD.findall(fact.zh)}
    return sorted(en), sorted(zh)


def _settled(facts: Sequence[Pair], rng: Random) -> list[Pair]:
    """The facts with their numbers, in any order."""
    return [one.settled(rng) for one in rng.sample(list(facts), len(facts))]


class Supply:
    """Facts that a text has yet to say, each of them once."""

    def __init__(self, product: Product, facts: Facts) -> None:
        self._itself = product.itself
        self._left = {name: list(those) for name, those in facts.items()}

    def has(self, slots: frozenset[str]) -> bool:
        """Whether all of these slots can be filled."""
        return all(slot in self._itself or self._left.get(SLOT_FACTS[slot]) for slot in slots)

    def take(self, slots: frozenset[str]) -> dict[str, Pair]:
        """What fills these slots, and those of the product; facts are then gone from here."""
        facts = sorted(slots - set(self._itself))
        return self._itself | {slot: self._left[SLOT_FACTS[slot]].pop() for slot in facts}

    def left(self, fact: str) -> int:
        """How many facts of a kind are yet to be said."""
        return len(self._left.get(fact, ()))
