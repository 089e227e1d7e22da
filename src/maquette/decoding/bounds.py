"""Holds a text to a length, to words it must have, and to what was not said before."""

import re
from bisect import bisect_right
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from maquette.core.measures import SENTENCE, WORD, count_words, iter_places, without_end
from maquette.core.text_requests import Bounds
from maquette.decoding.words import Decode, WordStream

MOST_URGED = 6  # times that a text which wants to end is to go on for words that it still lacks
NUDGE = 5.5  # what is added to the logit of a token that a word which is lacking begins with
SCARCE = 3.0  # and what more, by and by, as there is less room for it
COMMIT = 25.0  # and to that of one that goes on with it, where another word would go on
CLOSING = 4.0  # what is added to the logits of ends of sentences where there is little room left
FOREIGN = 5.0  # what is taken from those of Chinese characters in an English text
NEARLY = 0.8  # of the last sentence's words: a next one is hardly shorter
_ENDS = ".!?。！？…"
_CLOSES = "”\"'’)）"
_JOINS = (",", ";", "—", "–", "，", "；", "、")
_CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")  # marks and Japanese, too; no borders
_AFTER_SENTENCE = re.compile(f"[{_ENDS}][{_CLOSES}]*\\s*$|\\n\\s*$")
_ARTICLE = re.compile(r"(?:an?|the)\s+", re.IGNORECASE)  # which is said often enough
_ENDS_SENTENCE = re.compile(f"\\s*[{_ENDS}\\n]")


class BoundedTexts:
    """Makes what holds texts of one model to their bounds, in any thread. `decode` makes tokens to
    text and `encode` text to tokens, of which there are so many; `ends` end a text, and `learned`
    are sentences that it is not to have to the letter.
    """

    def __init__(
        self,
        decode: Decode,
        encode: Callable[[str], Sequence[int]],
        vocabulary: int,
        ends: Sequence[int],
        learned: Container[str] = frozenset(),
    ) -> None:
        self.decode, self._encode, self._vocabulary, self._ends = decode, encode, vocabulary, ends
        self.learned = learned

    def make(self, bounds: Bounds) -> "BoundedText":
        """What holds one text."""
        return BoundedText(self, bounds)

    def ways(self, word: str) -> list["Way"]:
        """The ways to say a word: after others, where a sentence begins, and where no space is."""
        plain = _ARTICLE.sub("", word, count=1) or word
        high = plain[:1].upper() + plain[1:]
        ways = [
            self._way(space + one, one == plain)
            for space in (" ", "")
            for one in dict.fromkeys((plain, high))
        ]
        return [one for one in ways if one.tokens]

    def _way(self, said: str, plain: bool) -> "Way":
        tokens, word = self._encode(said), said.lstrip(" ")
        begun = (n for n in range(1, len(tokens)) if self.decode(tokens[:n]).strip())
        has_borders = not _CHINESE.match(word)
        return Way(tokens, said != word, plain, has_borders, next(begun, len(tokens)))

    def read_vocabulary(self) -> None:
        """Does now what else would be done at the first text, and takes seconds of large ones."""
        _ = self.chinese, self.ends_sentence, self.joins

    def goes_on(self, token: int) -> bool:
        """Whether a token goes on with the word before it."""
        return token < self._vocabulary and _is_letter(self.said[token][:1])

    @cached_property
    def said(self) -> Sequence[str]:
        """What each token says by itself."""
        return [self.decode([token]) for token in range(self._vocabulary)]

    @cached_property
    def chinese(self) -> Tensor:
        """Whether a token has Chinese characters or marks, (V,)."""
        return torch.tensor([bool(_CHINESE.search(one)) for one in self.said])

    @cached_property
    def ends(self) -> Tensor:
        """Whether a token ends the text, (V,)."""
        ends = torch.zeros(self._vocabulary, dtype=torch.bool)
        ends[list(self._ends)] = True
        return ends

    @cached_property
    def ends_sentence(self) -> Tensor:
        """Whether a token ends a sentence, but not the text, (V,)."""
        ends = torch.tensor([bool(_ENDS_SENTENCE.match(one)) for one in self.said])
        return ends & ~self.ends

    @cached_property
    def joins(self) -> Tensor:
        """Whether a token joins more to what could be a whole sentence, (V,): what begins with a
        mark for that, or all but ends where the model has no such.
        """
        joins = torch.tensor(
            [one.lstrip(" ").startswith(_JOINS) and "\n" not in one for one in self.said]
        )
        return joins if joins.any() else ~(self.ends | self.ends_sentence)


@dataclass(frozen=True, slots=True)
class Way:
    """A word as tokens: with a space before it, and in its own letters or with a capital; whether
    its script has borders between words, and with how many tokens it is begun.
    """

    tokens: Sequence[int]
    spaced: bool
    plain: bool
    has_borders: bool
    begun: int


class BoundedText:
    """What may come next in one text.

    It ends neither before it has words enough, nor, if it can, before it has those that it must
    have, which are made likelier meanwhile (as by Pascual et al. 2021,
    https://arxiv.org/abs/2109.09707), and are said to their end once begun: of many tokens the
    first alone would bring others that begin like it. Sentences end likelier where there is little
    room left, and the text ends after one where the next would be too long. What would complete a
    run of words that came before does not come (as by Paulus et al. 2017,
    https://arxiv.org/abs/1705.04304, but by words, not tokens). A sentence that came before, here
    or in what the model learned from, does not end where that one did; where it would, it goes on
    after a comma or the like.
    """

    ended = False

    def __init__(self, made: BoundedTexts, bounds: Bounds) -> None:
        self._made, self._bounds = made, bounds
        self._may_end = bool(made.ends.any())
        self._ways = {word: made.ways(word) for word in bounds.include}
        self._lacking = [*self._ways]
        self._foreign: Tensor | None = None  # what is to be less likely
        if bounds.language == "en":
            self._foreign = made.chinese.clone()
            for way in (way for ways in self._ways.values() for way in ways):
                self._foreign[list(way.tokens)] = False
        self._stream = WordStream(made.decode)
        self._text, self._urged = "", 0
        self._tokens: list[int] = []
        self._reached: list[int] = []  # characters after each token
        self._words: list[tuple[str, int]] = []  # and where each begins; the last may yet grow
        self._runs: dict[tuple[str, ...], list[int]] = {}  # where the word after a run begins
        self._sentence, self._last_words = 0, 0  # where the one under way begins; those before it
        self._said: set[str] = set()  # sentences, without their ends

    def accept(self, token: int) -> None:
        """Goes on by a token."""
        self._text += self._stream.add(token)
        self._tokens.append(token)
        self._reached.append(len(self._text))
        self._read_words()
        self._read_sentences()
        self._lacking = [
            word for word in self._ways if next(iter_places(word, self._text), None) is None
        ]

    def mask(self, logits: Tensor) -> None:
        """Sets the logits (V,) of what may not come next to -inf, in place, and adds to those of
        what is lacking.
        """
        ends = _sized(self._made.ends, logits)
        words, least, most = len(self._words), self._bounds.least_words, self._bounds.most_words
        lacks = bool(self._lacking) and self._urged < MOST_URGED
        if self._foreign is not None:
            logits -= FOREIGN * _sized(self._foreign, logits)
        goes_on = bool(self._lacking) and self._made.goes_on(int(logits.argmax()))
        for token, likelier in self._lacking_tokens(goes_on).items():
            logits[token] += likelier
        if most and words >= max(least or 0, NEARLY * most):
            logits[_sized(self._made.ends_sentence, logits)] += CLOSING
            if self._sentence == 0:  # of a headline, which may have no other end
                logits[ends] += CLOSING
        if lacks and ends[int(logits.argmax())]:
            self._urged += 1
        if (least or 0) > words or (lacks and words < (most or words + 1)):
            logits.masked_fill_(ends, -torch.inf)
        elif (
            most
            and self._may_end
            and self._is_between()
            and words + NEARLY * self._last_sentence() > most
        ):
            logits.masked_fill_(~ends, -torch.inf)
            return
        if self._bounds.run_words is not None:
            self._mask_run(logits, self._bounds.run_words)
        sentence = without_end(self._text[self._sentence :])
        if sentence in self._said or sentence in self._made.learned:
            ends = ends | _sized(self._made.ends_sentence, logits)
            wants_to_end = bool(ends[int(logits.argmax())])
            logits.masked_fill_(ends, -torch.inf)
            if wants_to_end:
                logits.masked_fill_(~_sized(self._made.joins, logits), -torch.inf)

    def _lacking_tokens(self, goes_on: bool) -> dict[int, float]:
        """The tokens that go on with a word which is lacking, or may begin one here that there is
        room for, and how much likelier they are to be. Whether the word before `goes_on` tells one
        that is begun from a whole one: of *thermos* the first token may be *the*.
        """
        begins = not self._text or self._is_between()
        words, most = len(self._words), self._bounds.most_words
        first = NUDGE + (SCARCE * words / most if most else 0.0)
        tokens: dict[int, float] = {}
        for word in self._lacking:
            fits = not most or words + count_words(word) <= most
            for way in self._ways[word]:
                said = range(len(way.tokens) - 1, way.begun - 1, -1)
                done = next((n for n in said if self._ends_with(way, n)), 0)
                if done or (fits and (way.plain or begins) and self._ends_with(way, 0)):
                    likelier = COMMIT if done and goes_on and way.has_borders else first
                    tokens[way.tokens[done]] = max(likelier, tokens.get(way.tokens[done], 0.0))
        return tokens

    def _ends_with(self, way: "Way", count: int) -> bool:
        """Whether the first tokens of a way have just been said, and not within another word."""
        start = len(self._tokens) - count
        if start < 0 or self._tokens[start:] != [*way.tokens[:count]]:
            return False
        last = self._text[: self._reached[start - 1]][-1:] if start else ""
        return way.spaced or not way.has_borders or not (_is_letter(last) or last in ("'", "’"))

    def _mask_run(self, logits: Tensor, words: int) -> None:
        run = tuple(word for word, _ in self._words[1 - words :])
        for place in self._runs.get(run, ()):
            logits[self._tokens[bisect_right(self._reached, place)]] = -torch.inf

    def _is_between(self) -> bool:
        """Whether a sentence has just ended."""
        return bool(_AFTER_SENTENCE.search(self._text[-20:]))

    def _last_sentence(self) -> int:
        """The words of the sentence that has just ended."""
        return count_words(self._text[self._sentence :]) or self._last_words

    def _read_words(self) -> None:
        start = self._words.pop()[1] if self._words else 0
        for found in WORD.finditer(self._text, start):
            run = self._bounds.run_words or 0
            if 1 < run <= len(self._words) + 1:
                before = tuple(word for word, _ in self._words[1 - run :])
                places = self._runs.setdefault(before, [])
                if found.start() not in places:
                    places.append(found.start())
            self._words.append((found.group().lower(), found.start()))

    def _read_sentences(self) -> None:
        while found := SENTENCE.search(self._text, self._sentence):
            if found.end() == len(self._text):
                return  # which may yet go on
            sentence = found.group().strip()
            words, most = count_words(sentence), self._bounds.sentence_words
            self._last_words = words or self._last_words
            if most is not None and words > most:
                self._said.add(without_end(sentence))
            self._sentence = found.end()


def _is_letter(character: str) -> bool:
    """Whether a word of a script that has borders between them goes on with it."""
    return character.isalnum() and not _CHINESE.match(character)


def _sized(mask: Tensor, logits: Tensor) -> Tensor:
    """As long as logits, which some models have more of than there are tokens."""
    padded = torch.zeros(len(logits), dtype=torch.bool)
    padded[: len(mask)] = mask[: len(logits)]
    return padded.to(logits.device)
