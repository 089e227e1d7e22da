"""A voice learned from texts: who, what, how."""

import time

import pytest

from maquette.copydesk.learning import learn
from maquette.core.errors import InvalidRequest
from maquette.core.tones import ToneJudge, telling_runs
from maquette.recipes.tones import count_runs

ENGLISH = """\
At Norvik we make kettles. Norvik was founded in 1998 in Bergen, and every kettle is still made \
by hand. Our Alder kettle boils a litre in three minutes.

We think a kettle should be quiet. You put it on, you wait, and it tells you when it is ready. \
Alder has a handle that stays cool, so you can pour without a cloth.

Come by our shop in Bergen, or write to us. We answer every letter."""
CHINESE = """\
松禾做水壶，做了二十年。我们在景德镇有一间小作坊，每只水壶都由三位师傅手工完成。松禾的壶把不烫手，三分钟烧开一升水。

我们相信，好水壶应该安静。水开了，它轻轻告诉您一声。欢迎到景德镇的店里坐坐，松禾的茶一直温着。"""


def test_english() -> None:
    voice = learn(ENGLISH)
    assert voice.brand == "Norvik"
    assert {"Norvik", "Alder", "Bergen"} == set(voice.terms)
    assert any("1998" in fact for fact in voice.facts)
    assert voice.languages == ["en"]
    assert voice.style.person == "we"
    assert (voice.style.emoji, voice.style.exclamation_marks) == (False, False)
    assert voice.style.sentence_words is not None
    assert 6 <= voice.style.sentence_words <= 14
    assert voice.examples[0].startswith("At Norvik")


def test_chinese() -> None:
    voice = learn(CHINESE)
    assert voice.brand == "松禾"
    assert any("二十年" in fact for fact in voice.facts)
    assert (voice.languages, voice.style.person) == (["zh"], "we")


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        (
            "Hey you! Guess what? Our socks are wild, and your feet will throw a party! " * 2,
            "playful",
        ),
        ("哈哈，这双袜子会跳舞，你的脚丫要开派对啦！快来一起玩吧。", "playful"),
    ],
)
def test_tones_are_told_by_their_words(text: str, tone: str) -> None:
    assert learn(text).tones == [tone]


def test_too_little_or_too_much_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="3 words are too few"):
        learn("a few words")
    with pytest.raises(InvalidRequest, match="too many to learn from"):
        learn("a word " * 10_000)


def test_the_runs_that_are_kept_tell_most() -> None:
    counts = count_runs(150)
    judge = ToneJudge(telling_runs(counts, 200))
    assert sum(len(those) for those in telling_runs(counts, 200).values()) <= 200 * len(counts)
    shares = judge.shares("nothing of this is known")
    assert sum(shares.values()) == pytest.approx(1)


HOSTILE = {
    "runs": "".join(chr(0x4E00 + n * n % 7919) for n in range(16_600)) * 3,
    "hosts": "a." * 24_000,
    "names": "The " * 12_000,
    "facts": "".join(f"It holds {n} litres. " for n in range(2_000)),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_learned_from_in_time(text: str) -> None:
    start = time.monotonic()
    learn(text + " tea" * 20)
    assert time.monotonic() - start < 20  # what is quadratic takes minutes
