"""Names of products and brands, made up: no two texts need share one."""

from hashlib import sha256
from random import Random

from maquette.world.writing.pairs import Pair

_ONSETS = (
    *("b", "br", "c", "cl", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "l", "m", "n", "p"),
    *("pr", "qu", "r", "s", "sh", "sk", "sl", "st", "t", "th", "tr", "v", "w", "y", "z"),
)
_NUCLEI = ("a", "e", "i", "o", "u", "ae", "ai", "ea", "ee", "ia", "io", "oa", "oo", "ou")
_CODAS = ("", "", "", "l", "n", "m", "r", "s", "x", "th", "ck", "nd", "lm", "rn", "st", "va", "da")
_FIRST_WORDS = (
    *("Amber", "Morning", "Quiet", "North", "Little", "Silver", "Open", "Blue", "Hollow", "Early"),
    *("Still", "Paper", "Copper", "Second", "Long", "Green", "Winter", "River", "Field", "Salt"),
    *(
        "Lantern",
        "Harbour",
        "Willow",
        "Stone",
        "Cloud",
        "Maple",
        "Velvet",
        "Plain",
        "Hidden",
        "Far",
    ),
)
_SECOND_WORDS = (
    *("Hour", "Fox", "Lane", "Door", "Hill", "Oak", "Bird", "Room", "Tide", "Leaf", "Post", "Mill"),
    *("Bell", "House", "Light", "Garden", "Path", "Wren", "Kite", "Bay", "Moon", "Street", "Spoon"),
    *("Bridge", "Meadow", "Thread", "Window", "Anchor", "Crane", "Pine"),
)
_CHARACTERS = (
    "松禾云溪青屿山月木棠舟白鹭南知晴岚林深竹石兰渡野麦星河苇鹿栖梧暖一半朝暮拾光素安宁清和初雪雨巷"
    "柚茶果海盐风铃纸鸢灯陶然微澜小满谷芽枝鹤泉砚墨桥归燕橘柏汀沙晨远园叶露霜"
)
_ENDINGS = ("", "", "", "", "坊", "记", "堂", "里", "家", "集", "物", "屋")


def draw_name(rng: Random, held_out: bool = False) -> Pair:
    """A product's or a brand's name: Latin letters, or in Chinese now and then characters.

    A hash of the Latin one decides which tenth of them no training text has.
    """
    while _is_held_out(latin := _latin(rng)) != held_out:
        pass
    return Pair(latin, _chinese(rng) if rng.random() < 0.5 else latin)


def _latin(rng: Random) -> str:
    if rng.random() < 0.3:
        return f"{rng.choice(_FIRST_WORDS)} {rng.choice(_SECOND_WORDS)}"
    syllables = rng.choices((1, 2, 3), (0.15, 0.6, 0.25))[0]
    parts = [rng.choice(_ONSETS) + rng.choice(_NUCLEI) for _ in range(syllables)]
    name = ("".join(parts) + rng.choice(_CODAS)).capitalize()
    return f"{name} {rng.randint(2, 90)}" if rng.random() < 0.07 else name


def _chinese(rng: Random) -> str:
    return "".join(rng.sample(_CHARACTERS, rng.choice((2, 2, 2, 3)))) + rng.choice(_ENDINGS)


def _is_held_out(name: str) -> bool:
    return sha256(name.encode()).digest()[0] % 10 == 0
