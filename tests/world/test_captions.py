"""Captions are true, grammatical and varied, and say exactly what they claim to mention."""

import re
from collections import Counter
from random import Random

import pytest

from maquette.world import captions
from maquette.world.captions import chinese, english
from maquette.world.captions.form import Form, parse
from maquette.world.scene import Figure, Scene
from maquette.world.vocabulary import (
    COLOURS,
    RELATIONS,
    SETTINGS,
    SIZES,
    STYLES,
    SUBJECTS,
    TIMES,
    WEATHERS,
)

# fmt: off
# Every word that states a value, written anew so that a slip in the tables is found.
ENGLISH = {
    "subject": {
        "boat": "boat boats sailboat sailboats",
        "house": "house houses cottage cottages home homes", "tree": "tree trees",
        "lighthouse": "lighthouse lighthouses beacon beacons",
        "car": "car cars automobile automobiles", "train": "train trains locomotive locomotives",
        "balloon": "balloon balloons", "rocket": "rocket rockets spaceship spaceships",
        "teapot": "teapot teapots tea",
        "umbrella": "umbrella umbrellas parasol parasols brolly brollies",
        "bridge": "bridge bridges footbridge footbridges", "windmill": "windmill windmills",
        "snowman": "snowman snowmen", "mushroom": "mushroom mushrooms toadstool toadstools",
        "flower": "flower flowers blossom blossoms bloom blooms", "star": "star stars",
        "cat": "cat cats kitty kitties pussycat pussycats",
        "dog": "dog dogs doggy doggies pooch pooches",
        "bird": "bird birds songbird songbirds birdie birdies", "fish": "fish",
        "rabbit": "rabbit rabbits bunny bunnies", "castle": "castle castles fortress fortresses",
        "butterfly": "butterfly butterflies", "duck": "duck ducks ducky duckies",
        "tent": "tent tents", "robot": "robot robots android androids",
        "pumpkin": "pumpkin pumpkins", "turtle": "turtle turtles tortoise tortoises",
    },
    "colour": {
        "red": "red scarlet", "orange": "orange tangerine", "yellow": "yellow lemon",
        "green": "green emerald", "teal": "teal turquoise", "blue": "blue cobalt",
        "purple": "purple violet", "pink": "pink rose", "brown": "brown chestnut chocolate",
        "black": "black ebony", "grey": "grey gray", "white": "white ivory",
    },
    "count": {1: "one single", 2: "two 2 pair couple", 3: "three 3 trio", 4: "four 4"},
    "relation": {
        "left of": "left", "right of": "right", "above": "above higher",
        "below": "below beneath underneath", "in front of": "front closer",
        "behind": "behind farther",
    },
    "setting": {
        "sea": "sea ocean", "beach": "beach seashore sandy", "lake": "lake pond",
        "meadow": "meadow field grassy", "forest": "forest woods", "desert": "desert dunes",
        "mountains": "mountains peaks", "street": "street city town road", "room": "room indoors",
        "space": "space cosmos",
    },
    "time": {
        "dawn": "dawn sunrise daybreak morning", "day": "day daylight daytime",
        "sunset": "sunset sundown sun", "night": "night dark nighttime",
    },
    "weather": {
        "clear": "clear cloudless", "cloudy": "cloudy overcast", "rain": "rain rains rainy",
        "snow": "snow snows snowy snowing",
    },
    "style": {
        "flat": "flat vector", "ink": "ink pen",
        "watercolour": "watercolour watercolours watercolor", "pixel": "pixel",
    },
    "size": {"small": "small little tiny", "large": "large big huge"},
}
# Here a longer word hides the shorter ones in it: 雪人 is no 雪.
CHINESE = {
    "subject": {
        "boat": "船", "house": "房子 房屋 屋", "tree": "树", "lighthouse": "灯塔",
        "car": "汽车 轿车", "train": "火车", "balloon": "气球", "rocket": "火箭", "teapot": "茶壶",
        "umbrella": "伞 雨伞", "bridge": "桥", "windmill": "风车", "snowman": "雪人",
        "mushroom": "蘑菇", "flower": "花", "star": "星", "cat": "猫", "dog": "狗", "bird": "鸟",
        "fish": "鱼", "rabbit": "兔", "castle": "城堡 古堡", "butterfly": "蝴蝶", "duck": "鸭",
        "tent": "帐篷", "robot": "机器人", "pumpkin": "南瓜", "turtle": "龟",
    },
    "colour": {
        "red": "红 大红", "orange": "橙 橘", "yellow": "黄", "green": "绿 草绿",
        "teal": "青 蓝绿 青绿", "blue": "蓝", "purple": "紫", "pink": "粉 粉红",
        "brown": "棕 褐 咖啡", "black": "黑 墨黑", "grey": "灰", "white": "白",
    },
    "count": {1: "单独 仅仅", 2: "两 2", 3: "三 3", 4: "四 4"},
    "relation": {
        "left of": "左", "right of": "右", "above": "上方 上面", "below": "下方 下面",
        "in front of": "前", "behind": "后",
    },
    "setting": {
        "sea": "海 大海 海面", "beach": "沙滩 海滩 海边的沙滩", "lake": "湖", "meadow": "草",
        "forest": "森林 树林", "desert": "沙", "mountains": "山", "street": "街 马路 城市",
        "room": "房间 屋里 室内", "space": "太空 宇宙",
    },
    "time": {
        "dawn": "黎明 清晨 拂晓 日出", "day": "白天 白昼 日间", "sunset": "日落 夕阳",
        "night": "夜 晚",
    },
    "weather": {
        "clear": "晴 无云", "cloudy": "多云 阴", "rain": "雨", "snow": "雪 雪花",
    },
    "style": {"flat": "扁平", "ink": "钢笔 墨", "watercolour": "水彩", "pixel": "像素"},
    "size": {"small": "小", "large": "大"},
}
# fmt: on


def random_scene(rng: Random) -> Scene:
    """Any of the three shapes, anywhere."""

    def figure(subject: str) -> Figure:
        return Figure(subject, rng.choice(list(COLOURS)), 0, 0.5, 0.8, 0.3)

    shape = rng.choice(("one", "several", "pair"))
    relation, size = None, rng.choice(list(SIZES))
    if shape == "pair":
        figures = tuple(figure(subject) for subject in rng.sample(list(SUBJECTS), 2))
        relation = rng.choice(RELATIONS)
    else:
        one = figure(rng.choice(list(SUBJECTS)))
        figures = (one,) * (1 if shape == "one" else rng.choice((2, 3, 4)))
    setting = rng.choice(list(SETTINGS))
    sky = SETTINGS[setting].has_sky
    time = rng.choice(TIMES) if sky else None
    weather = rng.choice(WEATHERS) if sky else None
    return Scene(0, setting, time, weather, rng.choice(STYLES), size, figures, relation, 0)


def samples(language: str, number: int = 6000, *, full: bool = False):
    """Random scenes with a caption each."""
    rng = Random(7)
    for _ in range(number):
        scene = random_scene(rng)
        yield scene, captions.caption(scene, language, rng, full=full)


def stated(text: str, language: str) -> dict[str, list]:
    """The values that a text states, in its order, found without the captions' own tables."""
    lexicon = ENGLISH if language == "en" else CHINESE
    values = {
        word: (attribute, value)
        for attribute, table in lexicon.items()
        for value, words in table.items()
        for word in words.split()
    }
    longest_first = "|".join(sorted(values, key=len, reverse=True))
    pattern = rf"\b({longest_first})\b" if language == "en" else f"({longest_first})"
    found: dict[str, list] = {}
    for word in re.findall(pattern, text.lower()):
        attribute, value = values[word]
        if value not in found.setdefault(attribute, []):
            found[attribute].append(value)
    return found


@pytest.mark.parametrize("language", captions.LANGUAGES)
def test_a_caption_states_the_truth_and_just_what_it_mentions(language: str) -> None:
    for scene, caption in samples(language):
        truth = captions.attributes(scene)
        found = stated(caption.text, language)
        if language == "zh" and "size" not in caption.mentions:
            # 小船 is a word of its own, but no word for something large.
            assert found.pop("size", ["small"]) == ["small"]
            assert scene.size != "large" or "小" not in caption.text, caption
        assert set(found) == caption.mentions, (caption, found)
        for attribute, values in found.items():
            true = truth[attribute]
            expected = set(true) if isinstance(true, tuple) else {true}
            assert set(values) == expected, (caption, attribute)


@pytest.mark.parametrize("language", captions.LANGUAGES)
def test_full_captions_state_everything_that_applies(language: str) -> None:
    for scene, caption in samples(language, 1500, full=True):
        due = {name for name, value in captions.attributes(scene).items() if value is not None}
        due -= {"size"} | ({"count"} if scene.count == 1 else set())
        assert due <= caption.mentions, caption


@pytest.mark.parametrize("language", captions.LANGUAGES)
def test_shares_of_full_and_short_captions(language: str) -> None:
    kinds: Counter[str] = Counter()
    for scene, caption in samples(language):
        due = {name for name, value in captions.attributes(scene).items() if value is not None}
        due -= {"size"} | ({"count"} if scene.count == 1 else set())
        said = caption.mentions
        bare = {"setting", "time", "weather", "style"}.isdisjoint(said)
        kinds["full" if due <= said else "short" if bare else "partial"] += 1
    assert 0.42 < kinds["full"] / 6000 < 0.52
    assert 0.17 < kinds["short"] / 6000 < 0.25


@pytest.mark.parametrize("language", captions.LANGUAGES)
def test_every_value_is_said_with_its_canonical_word_in_half_or_more(language: str) -> None:
    lexicon = ENGLISH if language == "en" else CHINESE
    said: Counter = Counter()
    canonical: Counter = Counter()
    for _, caption in samples(language, 12000):
        for attribute, values in stated(caption.text, language).items():
            for value in values:
                word = lexicon[attribute][value].split()[0]
                said[attribute, value] += 1
                canonical[attribute, value] += word in caption.text.lower()
    for attribute, table in lexicon.items():
        for value in table:
            assert said[attribute, value] > 30, (attribute, value)
            if attribute in ("subject", "colour", "setting"):
                share = canonical[attribute, value] / said[attribute, value]
                assert share > 0.5, (attribute, value, share)


@pytest.mark.parametrize("language", captions.LANGUAGES)
def test_every_form_is_used(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[str] = set()
    fill = Form.fill
    monkeypatch.setattr(Form, "fill", lambda f, words: used.add(f.template) or fill(f, words))
    for _ in samples(language):
        pass
    forms = english.FORMS if language == "en" else chinese.FORMS
    assert used == {form.template for form in forms}
    assert len(used) == len(forms) >= 24


@pytest.mark.parametrize("language", captions.LANGUAGES)
def test_text_is_clean(language: str) -> None:
    # \uff0c and \uff1a are the Chinese comma and colon.
    stop = r",.:、。\uff0c\uff1a"
    marks = re.compile(
        rf"[{{}}\[\]~]|\s\s|^\W|[\s,:、\uff0c\uff1a]$|\s[{stop}]|[{stop}]\s*[{stop}]|的的"
    )
    for _, caption in samples(language):
        assert not marks.search(caption.text), caption
        foreign = r"[一-鿿]" if language == "en" else r"[A-Za-z.:]"
        assert not re.search(foreign, caption.text), caption


def test_english_articles_and_agreement() -> None:
    for scene, caption in samples("en"):
        text = caption.text.lower()
        assert not re.search(r"\ba [aeiou8]|\ban [^aeiou8]", text), caption
        assert not re.search(r"\b(a|an) (\w+ )*?(a|an|some|two|three) \w+ (a|an) ", text), caption
        one = scene.relation is not None and "relation" in caption.mentions
        verbs = re.findall(r"\b(is|are|floats?|stands?|fl(?:y|ies)|grows?|shines?|swims?)\b", text)
        for verb in verbs:
            if text.startswith("this is"):
                assert verb == "is"
            elif scene.count > 1 and verb == "is":
                assert re.search(r"there is a (pair|couple|trio|group|set) of", text), caption
            elif scene.count > 1:
                assert "there are a " not in text, caption
                assert verb in ("are", "float", "stand", "fly", "grow", "shine", "swim"), caption
            elif one or scene.relation is None:
                assert verb == "is" or verb.endswith("s"), caption


def test_english_plurals() -> None:
    irregular = {"snowman": "snowmen", "fish": "fish", "butterfly": "butterflies"}
    for subject in SUBJECTS:
        assert english.plural(subject) == irregular.get(subject, f"{subject}s")
    assert english.plural("pooch") == "pooches"
    assert english.plural("fortress") == "fortresses"
    assert english.plural("small red kitty") == "small red kitties"
    for scene, caption in samples("en"):
        subject = scene.figures[0].subject
        if subject == "fish":
            continue
        plurals = {english.plural(noun.replace("~ ", "")) for noun in english.NOUNS[subject]}
        many = any(re.search(rf"\b{noun}\b", caption.text.lower()) for noun in plurals)
        assert many == (scene.count > 1), caption


def test_relations_keep_their_direction() -> None:
    for scene, caption in samples("en"):
        if "relation" in caption.mentions:
            found = stated(caption.text, "en")["subject"]
            assert found == [figure.subject for figure in scene.figures], caption
    for scene, caption in samples("zh"):
        if "relation" in caption.mentions:
            subjects = [figure.subject for figure in scene.figures]
            # "a 在 b 左边" keeps the order, "b 左边的 a" turns it round.
            turned = re.search(r"(边|侧|方|面)的[一]", caption.text) is not None
            found = stated(caption.text, "zh")["subject"]
            assert found == (subjects[::-1] if turned else subjects), caption


def test_chinese_measure_words() -> None:
    numbered = re.compile(r"[一两三四234](" + "|".join("艘座栋棵辆列个只枚支把架朵颗条顶台") + ")")
    for scene, caption in samples("zh"):
        if "count" in caption.mentions:
            found = numbered.search(caption.text)
            assert found, caption
            measures = {noun[0] for noun in chinese.NOUNS[scene.figures[0].subject]}
            assert found[1] in measures, caption
    for subject, measure in {
        "boat": "艘", "house": "座", "cat": "只", "car": "辆", "train": "列", "fish": "条",
        "umbrella": "把", "flower": "朵", "star": "颗", "tent": "顶",
    }.items():  # fmt: skip
        assert chinese.NOUNS[subject][0][0] == measure


def test_a_room_has_its_weather_outside() -> None:
    for language, word in (("en", "outside"), ("zh", "窗外")):
        for scene, caption in samples(language):
            assert scene.setting == "room" or word not in caption.text, caption
            if scene.setting == "room" and "weather" in caption.mentions:
                # "On a rainy night" says nothing of where the rain is.
                moment = (
                    r"(rainy|snowy|clear|cloudless|cloudy|overcast) (d|n|s)|[的](黎|清|拂|白|日|夜)"
                )
                assert word in caption.text or re.search(moment, caption.text), caption


def test_a_room_betrays_itself_only_where_it_is_said() -> None:
    for language, word in (("en", "window"), ("zh", "窗外")):
        for _, caption in samples(language):
            assert word not in caption.text or "setting" in caption.mentions, caption


def test_no_noun_belies_the_variant_drawn() -> None:
    for language, tongue, subject in (("en", english, "tree"), ("zh", chinese, "boat")):
        for variant, belied in ((0, False), (1, True)):
            figure = Figure(subject, "red", variant, 0.5, 0.8, 0.3)
            scene = Scene(0, "lake", "day", "clear", "flat", "medium", (figure,), None, 0)
            texts = [captions.caption(scene, language, Random(i)).text for i in range(400)]
            words = tongue.UNTRUE[subject, 1]
            stems = [w.split(" ~")[0].removeprefix("艘") for w in words]
            assert any(stem in text for text in texts for stem in stems) != belied


def test_no_synonym_belongs_to_two_values() -> None:
    for tongue in (english, chinese):
        for table in (tongue.NOUNS, tongue.COLOURS, tongue.PLACES, tongue.RELATIONS):
            words = [word for synonyms in table.values() for word in synonyms]
            assert len(set(words)) == len(words)
            assert all(len(synonyms) >= 2 for synonyms in table.values())


@pytest.mark.parametrize("language", captions.LANGUAGES)
def test_the_same_state_gives_the_same_caption(language: str) -> None:
    scene = random_scene(Random(3))
    once = [captions.caption(scene, language, Random(seed)) for seed in range(50)]
    assert once == [captions.caption(scene, language, Random(seed)) for seed in range(50)]
    assert len({caption.text for caption in once}) > 25


@pytest.mark.parametrize("language", captions.LANGUAGES)
def test_prompts_cover_the_vocabulary_and_state_only_their_value(language: str) -> None:
    for attribute in captions.VALUES.keys() - {"relation"}:
        texts = captions.prompts(attribute, language)
        assert tuple(texts) == captions.VALUES[attribute]
        assert len({t for some in texts.values() for t in some}) == sum(map(len, texts.values()))
        for value, some in texts.items():
            assert len(some) == (1 if attribute == "subject" else len(SUBJECTS))
            for text in some:
                found = stated(text, language)
                if attribute != "subject":
                    assert len(found.pop("subject")) == 1
                if attribute == "count":  # a lone thing needs no number in Chinese
                    assert found.get("count", [1]) == [int(value)]
                else:
                    assert found == {attribute: [value]}, text


@pytest.mark.parametrize("language", captions.LANGUAGES)
def test_relation_prompts_state_the_relation_of_the_two(language: str) -> None:
    texts = captions.relation_prompts("boat", "cat", language)
    assert list(texts) == list(RELATIONS)
    for relation, text in texts.items():
        assert stated(text, language) == {"subject": ["boat", "cat"], "relation": [relation]}


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="'fr'"):
        captions.caption(random_scene(Random(0)), "fr", Random(0))
    with pytest.raises(ValueError, match="'mood'"):
        captions.prompts("mood", "en")
    with pytest.raises(KeyError, match="mood"):
        parse("{who}[, {mood}]")


def test_a_form_suits_what_it_needs_and_has_room_for() -> None:
    form = parse("{picture} of {who} {where}[, {time}]")
    assert form.suits(frozenset({"subject", "setting"}))
    assert form.suits(frozenset({"subject", "setting", "time", "style"}))
    assert not form.suits(frozenset({"subject", "time"}))
    assert not form.suits(frozenset({"subject", "setting", "weather"}))
    words = {"picture": "an image", "who": "a cat", "where": "at sea", "time": ""}
    assert form.fill(words) == "an image of a cat at sea"
    assert parse("[{time}, ]{who}.").fill(words) == "A cat."
