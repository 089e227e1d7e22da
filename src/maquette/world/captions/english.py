"""English: the words for everything a scene can show, and the forms that hold them together."""

from random import Random

from maquette.world.captions.form import parse, pick, true_nouns
from maquette.world.scene import Figure, Scene
from maquette.world.vocabulary import SUBJECTS

# In every table the first word or phrase is the canonical one.
# A noun with an adjective that goes before the colour marks the place of the colour by ~.
NOUNS: dict[str, tuple[str, ...]] = {
    "boat": ("boat", "sailboat", "sailing boat"),
    "house": ("house", "cottage", "home"),
    "tree": ("tree", "leafy ~ tree"),
    "lighthouse": ("lighthouse", "beacon"),
    "car": ("car", "automobile", "motor car"),
    "train": ("train", "railway train", "locomotive"),
    "balloon": ("balloon", "hot-air balloon", "hot air balloon"),
    "rocket": ("rocket", "rocket ship", "spaceship"),
    "teapot": ("teapot", "tea pot"),
    "umbrella": ("umbrella", "parasol", "brolly"),
    "bridge": ("bridge", "footbridge"),
    "windmill": ("windmill", "old ~ windmill"),
    "snowman": ("snowman", "jolly ~ snowman"),
    "mushroom": ("mushroom", "toadstool"),
    "flower": ("flower", "blossom", "bloom"),
    "star": ("star", "shining ~ star", "twinkling ~ star"),
    "cat": ("cat", "kitty", "pussycat"),
    "dog": ("dog", "doggy", "pooch"),
    "bird": ("bird", "songbird", "birdie"),
    "fish": ("fish", "scaly ~ fish"),
    "rabbit": ("rabbit", "bunny", "bunny rabbit"),
    "castle": ("castle", "fortress", "fairytale castle"),
    "butterfly": ("butterfly", "dainty ~ butterfly"),
    "duck": ("duck", "ducky", "plump ~ duck"),
    "tent": ("tent", "camping tent"),
    "robot": ("robot", "android", "toy robot"),
    "pumpkin": ("pumpkin", "round ~ pumpkin", "plump ~ pumpkin"),
    "turtle": ("turtle", "tortoise"),
}
# What a drawn variant is not: the second boat is a steamer, the second tree a fir.
UNTRUE: dict[tuple[str, int], tuple[str, ...]] = {
    ("boat", 1): ("sailboat", "sailing boat"),
    ("tree", 1): ("leafy ~ tree",),
    ("train", 1): ("locomotive",),
    ("bridge", 1): ("footbridge",),
}
COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red", "bright red", "scarlet"),
    "orange": ("orange", "bright orange", "tangerine"),
    "yellow": ("yellow", "bright yellow", "lemon-yellow"),
    "green": ("green", "leaf-green", "emerald"),
    "teal": ("teal", "turquoise"),
    "blue": ("blue", "royal blue", "cobalt"),
    "purple": ("purple", "violet"),
    "pink": ("pink", "rose-pink"),
    "brown": ("brown", "chestnut", "chocolate-brown"),
    "black": ("black", "jet-black", "ebony"),
    "grey": ("grey", "gray", "ash-grey"),
    "white": ("white", "pure white", "ivory"),
}
SIZES: dict[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "large": ("large", "big", "huge"),
}
COUNTS: dict[int, tuple[str, ...]] = {
    1: ("one", "a single", "just one"),
    2: ("two", "a pair of", "a couple of"),
    3: ("three", "a trio of", "a group of three"),
    4: ("four", "a group of four", "a set of four"),
}
RELATIONS: dict[str, tuple[str, ...]] = {
    "left of": ("left of", "to the left of", "on the left side of"),
    "right of": ("right of", "to the right of", "on the right side of"),
    "above": ("above", "high above", "higher than"),
    "below": ("below", "beneath", "underneath"),
    "in front of": ("in front of", "just in front of", "closer to us than"),
    "behind": ("behind", "just behind", "farther away than"),
}
WHERE: dict[str, tuple[str, ...]] = {
    "sea": ("on the sea", "at sea", "on a calm sea", "out on the ocean"),
    "beach": ("on the beach", "at the beach", "on a sandy beach", "on the seashore"),
    "lake": ("on a lake", "on the lake", "on a quiet lake", "on a pond"),
    "meadow": ("in a meadow", "in the meadow", "in a wide meadow", "in a grassy field"),
    "forest": ("in a forest", "in the forest", "in a quiet forest", "in the woods"),
    "desert": ("in the desert", "in a desert", "in a wide desert", "among sand dunes"),
    "mountains": ("in the mountains", "among the mountains", "among high peaks"),
    "street": ("on a street", "on a city street", "on a quiet street", "on a road in town"),
    "room": ("in a room", "inside a room", "in a cosy room", "indoors"),
    "space": ("in space", "in outer space", "out in the cosmos"),
}
# For figures up in the air, where the floor's "on" would be false.
ALOFT: dict[str, tuple[str, ...]] = {
    "sea": ("over the sea", "over a calm sea", "over the ocean"),
    "beach": ("over the beach", "over a sandy beach", "over the seashore"),
    "lake": ("over a lake", "over the lake", "over a pond"),
    "meadow": ("over a meadow", "over the meadow", "over a grassy field"),
    "desert": ("over the desert", "over a desert", "over sand dunes"),
    "street": ("over a street", "over a city street", "over a road in town"),
}
# For fish, which are in the water rather than on it.
IMMERSED: dict[str, tuple[str, ...]] = {
    "sea": ("in the sea", "in a calm sea", "in the ocean"),
    "lake": ("in a lake", "in the lake", "in a pond"),
}
PLACES: dict[str, tuple[str, ...]] = {
    "sea": ("sea", "ocean"),
    "beach": ("beach", "seashore"),
    "lake": ("lake", "pond"),
    "meadow": ("meadow", "grassy field"),
    "forest": ("forest", "woods"),
    "desert": ("desert", "sand dunes"),
    "mountains": ("mountains", "high peaks"),
    "street": ("street", "city street"),
    "room": ("room", "indoors"),
    "space": ("space", "outer space", "cosmos"),
}
TIMES: dict[str, tuple[str, ...]] = {
    "dawn": ("at dawn", "at sunrise", "at daybreak", "early in the morning"),
    "day": ("by day", "during the day", "in daylight", "in the daytime"),
    "sunset": ("at sunset", "at sundown", "as the sun goes down"),
    "night": ("at night", "by night", "after dark"),
}
HOURS: dict[str, tuple[str, ...]] = {
    "dawn": ("dawn", "sunrise", "early morning"),
    "day": ("day", "daylight", "daytime"),
    "sunset": ("sunset", "sundown"),
    "night": ("night", "nighttime"),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": ("under a clear sky", "in clear weather", "under a cloudless sky"),
    "cloudy": ("under a cloudy sky", "in cloudy weather", "under an overcast sky"),
    "rain": ("in the rain", "in the falling rain", "in rainy weather", "while it rains"),
    "snow": ("in the snow", "in falling snow", "in snowy weather", "while it snows"),
}
# Through the window of a room.
OUTSIDE: dict[str, tuple[str, ...]] = {
    "clear": ("with a clear sky outside the window", "with cloudless skies outside"),
    "cloudy": ("with a cloudy sky outside the window", "with overcast skies outside"),
    "rain": ("with rain outside the window", "while rain falls outside", "as it rains outside"),
    "snow": ("with snow outside the window", "while snow falls outside", "as it snows outside"),
}
SKIES: dict[str, tuple[str, ...]] = {
    "clear": ("clear sky", "clear weather", "cloudless sky"),
    "cloudy": ("cloudy", "cloudy sky", "overcast"),
    "rain": ("rain", "rainy"),
    "snow": ("snow", "snowy", "snowing"),
}
MOMENT_SKIES: dict[str, tuple[str, ...]] = {
    "clear": ("clear", "cloudless"),
    "cloudy": ("cloudy", "overcast"),
    "rain": ("rainy",),
    "snow": ("snowy",),
}
MOMENTS: dict[str, tuple[str, ...]] = {
    "dawn": ("at {} dawn", "at {} sunrise", "at {} daybreak"),
    "day": ("on {} day",),
    "sunset": ("at {} sunset", "during {} sunset"),
    "night": ("on {} night",),
}
MEDIA: dict[str, tuple[str, ...]] = {
    "flat": ("a flat illustration", "a flat vector drawing", "a flat-colour picture"),
    "ink": ("an ink drawing", "a pen-and-ink drawing", "an ink sketch"),
    "watercolour": ("a watercolour", "a watercolour painting", "a watercolor"),
    "pixel": ("a pixel-art picture", "a pixel art image", "an 8-bit pixel scene"),
}
PICTURES = ("a picture", "an image", "a scene")
STYLES: dict[str, tuple[str, ...]] = {
    "flat": ("in a flat style", "as a flat illustration", "in flat colours"),
    "ink": ("in ink", "drawn in pen and ink", "as an ink drawing"),
    "watercolour": ("in watercolour", "painted in watercolours", "in watercolor"),
    "pixel": ("in pixel art", "as pixel art", "in a pixel style"),
}
LABELS: dict[str, tuple[str, ...]] = {
    "flat": ("flat illustration", "flat style", "flat design"),
    "ink": ("ink drawing", "pen and ink", "ink sketch"),
    "watercolour": ("watercolour", "watercolour painting", "watercolor"),
    "pixel": ("pixel art", "pixel style", "8-bit pixel art"),
}
# What a figure does when it is where it belongs: on water, in the air, on the ground.
VERBS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("boat", "duck", "balloon"), ("floats", "float")),
    **dict.fromkeys(("bird", "rocket", "butterfly"), ("flies", "fly")),
    **dict.fromkeys(("house", "tree", "lighthouse", "windmill"), ("stands", "stand")),
    **dict.fromkeys(("snowman", "castle", "tent", "robot"), ("stands", "stand")),
    **dict.fromkeys(("mushroom", "flower"), ("grows", "grow")),
    "star": ("shines", "shine"),
    "fish": ("swims", "swim"),
}
_BEING = (("is", "are"), ("can be seen", "can be seen"))
_NICE = ("lovely", "pretty", "charming", "simple", "nice")

FORMS = tuple(
    map(
        parse,
        (
            # A phrase, its circumstances in several orders.
            "{who}[ {where}][ {time}][ {weather}][, {style}]",
            "{who}[ {where}][ {weather}][ {time}][, {style}]",
            "{who}[ {time}][ {where}][ {weather}][, {label}]",
            "{who}[ {where}][, {time}][, {weather}][, {label}]",
            "{who}[ {where}] {moment}[, {style}]",
            "{who} {moment}[ {where}][, {label}]",
            "[{time}, ]{who}[ {where}][ {weather}][, {style}]",
            "[{weather}, ]{who}[ {where}][ {time}][, {label}]",
            "[{where}, ]{who}[ {time}][ {weather}][, {style}]",
            "{style}, {who}[ {where}][ {time}][ {weather}]",
            # A picture of it.
            "{picture} of {who}[ {where}][ {time}][ {weather}]",
            "{picture} of {who}[ {where}][ {weather}][ {time}]",
            "{picture} of {who}[ {where}] {moment}",
            "{picture} of {who}[, {place}][, {hour}][, {sky}]",
            "{picture} showing {who}[ {where}][ {time}][ {weather}]",
            "{picture}: {who}[ {where}][ {time}][, {sky}]",
            "{picture} with {who}[ {where}][, {time}][, {weather}]",
            # A whole sentence.
            "{who} {verb} {where}[ {time}][ {weather}][, {style}].",
            "[{time}, ]{who} {verb} {where}[ {weather}][, {style}].",
            "[{weather}, ]{who} {verb} {where}[ {time}][, {style}].",
            "{moment}, {who} {verb} {where}[, {style}].",
            "[{where}, ]there {be} {who}[ {time}][ {weather}][, {style}].",
            "there {be} {who}[ {where}] {moment}[, {style}].",
            "[{time}, ]we see {who}[ {where}][ {weather}][, {style}].",
            "this is {picture} of {who}[ {where}][ {time}][ {weather}].",
            "{fact}[ {where}][ {time}][ {weather}][, {style}].",
            "[{where}, ]{fact}[ {time}][ {weather}][, {style}].",
            # What a person types: orders and keywords.
            "draw {who}[ {where}][ {time}][ {weather}][ {style}]",
            "show me {who}[ {where}][ {weather}][ {time}][, {label}]",
            "please make {picture} of {who}[ {where}][ {time}][ {weather}]",
            "{tags}[, {place}][, {hour}][, {sky}][, {label}]",
            "{tags}[, {sky}][, {hour}][, {place}][, {label}]",
            "[{label}, ]{tags}[, {place}][, {hour}][, {sky}]",
            "[{label}: ]{tags}[ {where}][ {time}][, {sky}]",
            "{tags}[ {where}][ {time}][, {sky}][, {label}]",
        ),
    )
)


def words(scene: Scene, said: frozenset[str], rng: Random) -> dict[str, str]:
    """Words for every slot of a form; a slot is empty where its attribute is not `said`."""
    indoors = scene.setting == "room"
    time = scene.time if scene.time and "time" in said else ""
    weather = scene.weather if scene.weather and "weather" in said else ""
    places = _where(scene.setting, None if scene.relation else scene.figures[0].subject)
    several = scene.count > 1 or (scene.relation is not None and "relation" not in said)
    who = _who(scene, said, rng)
    return {
        **who,
        "be": "are" if scene.count > 1 and not who["who"].startswith("a ") else "is",
        "verb": _verbs(scene, rng)[several],
        "where": pick(rng, places) if "setting" in said else "",
        "place": pick(rng, PLACES[scene.setting]) if "setting" in said else "",
        "time": pick(rng, TIMES[time]) if time else "",
        "hour": pick(rng, HOURS[time]) if time else "",
        "weather": pick(rng, (OUTSIDE if indoors else WEATHERS)[weather]) if weather else "",
        "sky": _sky(weather, indoors, rng) if weather else "",
        "moment": _moment(time, weather, rng) if time and weather else "",
        "picture": pick(rng, MEDIA[scene.style] if "style" in said else PICTURES),
        "style": pick(rng, STYLES[scene.style]) if "style" in said else "",
        "label": pick(rng, LABELS[scene.style]) if "style" in said else "",
    }


def _who(scene: Scene, said: frozenset[str], rng: Random) -> dict[str, str]:
    """The slots who, tags and fact: figures as a phrase, without articles, and as a clause."""
    if scene.relation is None:
        thing = _thing(scene.figures[0], scene, said, rng)
        count = scene.count
        number = pick(rng, COUNTS[count]) if "count" in said else ""
        if count == 1:
            tags = f"{number} {thing}" if number else thing
            return {"who": tags if number else article(thing), "tags": tags, "fact": ""}
        thing = plural(thing)
        figure = str(count) if rng.random() < 0.4 else COUNTS[count][0]
        some = thing if rng.random() < 0.5 else f"some {thing}"
        return {
            "who": f"{number} {thing}" if number else some,
            "tags": f"{figure} {thing}" if number else thing,
            "fact": "",
        }
    first, second = (_thing(figure, scene, said, rng) for figure in scene.figures)
    if "relation" not in said:
        who = f"{article(first)} and {article(second)}"
        return {"who": who, "tags": f"{first}, {second}", "fact": ""}
    relation = pick(rng, RELATIONS[scene.relation])
    return {
        "who": f"{article(first)} {relation} {article(second)}",
        "tags": f"{first} {relation} {second}",
        "fact": f"{article(first)} is {relation} {article(second)}",
    }


def _thing(figure: Figure, scene: Scene, said: frozenset[str], rng: Random) -> str:
    """Adjectives and noun, such as "small red boat"."""
    noun = pick(rng, true_nouns(NOUNS, UNTRUE, figure))
    if "colour" in said:
        colour = pick(rng, COLOURS[figure.colour])
        noun = noun.replace("~", colour) if "~" in noun else f"{colour} {noun}"
    else:
        noun = noun.replace("~ ", "")
    if "size" in said:
        noun = f"{pick(rng, SIZES[scene.size])} {noun}"
    elif rng.random() < 0.06:
        noun = f"{_NICE[int(rng.random() * len(_NICE))]} {noun}"
    return noun


def article(thing: str) -> str:
    """The thing with "a" or "an"; none of our words is spelt otherwise than it sounds."""
    return f"an {thing}" if thing[0] in "aeiou" else f"a {thing}"


def plural(thing: str) -> str:
    """The thing in the plural, by its last word."""
    if thing.endswith("fish"):
        return thing
    if thing.endswith("man"):
        return thing[:-2] + "en"
    if thing.endswith("y"):
        return thing[:-1] + "ies"
    return thing + ("es" if thing.endswith(("s", "sh", "ch", "x")) else "s")


def _where(setting: str, subject: str | None) -> tuple[str, ...]:
    """How to say where a subject is that has the place to itself; None is a pair."""
    plain = WHERE[setting]
    if subject is not None and SUBJECTS[subject].habitat == "sky":
        return ALOFT.get(setting, plain)
    return IMMERSED.get(setting, plain) if subject == "fish" else plain


def _verbs(scene: Scene, rng: Random) -> tuple[str, str]:
    """A verb in the singular and the plural; a telling one only where the figure belongs."""
    subject = scene.figures[0].subject
    home = {"sky": True, "water": scene.setting in ("sea", "lake")}
    fits = home.get(SUBJECTS[subject].habitat, scene.setting in ("meadow", "forest", "beach"))
    if scene.relation is None and fits and subject in VERBS and rng.random() < 0.7:
        return VERBS[subject]
    return _BEING[rng.random() < 0.5]


def _sky(weather: str, indoors: bool, rng: Random) -> str:
    sky = pick(rng, SKIES[weather])
    return f"{sky} outside the window" if indoors else sky


def _moment(time: str, weather: str, rng: Random) -> str:
    """Time and weather in one, such as "on a rainy night"."""
    return pick(rng, MOMENTS[time]).format(article(pick(rng, MOMENT_SKIES[weather])))


def prompt(attribute: str, value: str, subject: str) -> str:
    """A plain text that states just this value of the attribute, of the subject where one is."""
    thing = NOUNS[subject][0]
    match attribute:
        case "subject":
            return f"a picture of {article(NOUNS[value][0])}"
        case "colour":
            return article(f"{COLOURS[value][0]} {thing}")
        case "count":
            return f"{COUNTS[int(value)][0]} {thing if value == '1' else plural(thing)}"
        case "style":
            return f"{MEDIA[value][0]} of {article(thing)}"
        case "setting":
            return f"{article(thing)} {_where(value, subject)[0]}"
        case _:
            words = {"time": TIMES, "weather": WEATHERS}[attribute]
            return f"{article(thing)} {words[value][0]}"


def relation_prompt(relation: str, first: str, second: str) -> str:
    """A plain text that states just this relation of the first subject to the second."""
    one, other = (article(NOUNS[subject][0]) for subject in (first, second))
    return f"{one} {RELATIONS[relation][0]} {other}"
