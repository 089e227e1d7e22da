"""Simplified Chinese: the words for everything a scene can show, and the forms that hold them."""

from random import Random

from maquette.world.captions.form import parse, pick, true_nouns
from maquette.world.scene import Figure, Scene
from maquette.world.vocabulary import SUBJECTS

# In every table the first word or phrase is the canonical one.
# A noun is written behind its measure word, which is always one character: 一 + 艘船.
NOUNS: dict[str, tuple[str, ...]] = {
    "boat": ("艘船", "艘小船", "艘帆船"),
    "house": ("座房子", "座小屋", "栋房屋"),
    "tree": ("棵树", "棵小树"),
    "lighthouse": ("座灯塔", "座小灯塔"),
    "car": ("辆汽车", "辆小汽车", "辆轿车"),
    "train": ("列火车", "列小火车"),
    "balloon": ("个气球", "个热气球", "只热气球"),
    "rocket": ("枚火箭", "支火箭", "枚小火箭"),
    "teapot": ("把茶壶", "个茶壶", "把小茶壶"),
    "umbrella": ("把雨伞", "把伞", "把小雨伞"),
    "bridge": ("座桥", "座小桥", "座桥梁"),
    "windmill": ("座风车", "架风车", "座小风车"),
    "snowman": ("个雪人", "个小雪人"),
    "mushroom": ("个蘑菇", "朵蘑菇", "个小蘑菇"),
    "flower": ("朵花", "朵小花", "朵花儿"),
    "star": ("颗星星", "颗小星星", "颗星"),
    "cat": ("只猫", "只小猫", "只猫咪"),
    "dog": ("只狗", "只小狗", "条狗"),
    "bird": ("只鸟", "只小鸟", "只鸟儿"),
    "fish": ("条鱼", "条小鱼", "条鱼儿"),
    "rabbit": ("只兔子", "只小兔子", "只小兔"),
    "castle": ("座城堡", "座小城堡", "座古堡"),
    "butterfly": ("只蝴蝶", "只小蝴蝶"),
    "duck": ("只鸭子", "只小鸭子", "只小鸭"),
    "tent": ("顶帐篷", "个帐篷", "顶小帐篷"),
    "robot": ("个机器人", "台机器人", "个小机器人"),
    "pumpkin": ("个南瓜", "个小南瓜"),
    "turtle": ("只乌龟", "只小乌龟", "只龟"),
}
# Without 小, "small", for scenes where it would be false or said twice.
PLAIN_NOUNS = {
    subject: tuple(noun for noun in nouns if noun[1] != "小") for subject, nouns in NOUNS.items()
}
# What a drawn variant is not: the second boat is a steamer.
UNTRUE: dict[tuple[str, int], tuple[str, ...]] = {("boat", 1): ("艘帆船",)}
COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("红色", "大红色", "鲜红色"),
    "orange": ("橙色", "橘色"),
    "yellow": ("黄色", "明黄色", "柠檬黄色"),
    "green": ("绿色", "翠绿色", "草绿色"),
    "teal": ("青色", "蓝绿色", "青绿色"),
    "blue": ("蓝色", "宝蓝色", "湛蓝色"),
    "purple": ("紫色", "紫罗兰色"),
    "pink": ("粉色", "粉红色"),
    "brown": ("棕色", "褐色", "咖啡色"),
    "black": ("黑色", "墨黑色"),
    "grey": ("灰色", "银灰色"),
    "white": ("白色", "纯白色", "乳白色"),
}
# Right before the noun, or as an adjective before everything.
SIZES: dict[str, tuple[str, ...]] = {"small": ("小",), "large": ("大",)}
WIDE_SIZES: dict[str, tuple[str, ...]] = {
    "small": ("小小的", "小巧的"),
    "large": ("大大的", "巨大的"),
}
COUNTS: dict[int, tuple[str, ...]] = {
    1: ("单独一", "仅仅一"),
    2: ("两", "2"),
    3: ("三", "3"),
    4: ("四", "4"),
}
RELATIONS: dict[str, tuple[str, ...]] = {
    "left of": ("左边", "左侧", "左方"),
    "right of": ("右边", "右侧", "右方"),
    "above": ("上方", "上面", "正上方"),
    "below": ("下方", "下面", "正下方"),
    "in front of": ("前面", "前方"),
    "behind": ("后面", "后方"),
}
WHERE: dict[str, tuple[str, ...]] = {
    "sea": ("海面上", "大海上", "平静的海面上"),
    "beach": ("沙滩上", "海滩上", "海边的沙滩上"),
    "lake": ("湖面上", "湖上", "平静的湖面上"),
    "meadow": ("草地上", "草原上", "宽阔的草地上"),
    "forest": ("森林里", "树林里", "安静的森林里"),
    "desert": ("沙漠里", "沙漠中", "沙丘之间"),
    "mountains": ("群山中", "山里", "山间"),
    "street": ("街道上", "城市街道上", "马路上"),
    "room": ("房间里", "屋里", "安静的房间里"),
    "space": ("太空中", "太空里", "宇宙中"),
}
# For figures up in the air, where 上, "on", would be false.
ALOFT: dict[str, tuple[str, ...]] = {
    "sea": ("海面上空", "大海上空"),
    "beach": ("沙滩上空", "海滩上空"),
    "lake": ("湖面上空", "湖水上空"),
    "meadow": ("草地上空", "草原上空"),
    "desert": ("沙漠上空", "沙丘上空"),
    "street": ("街道上空", "马路上空"),
}
# For fish, which are in the water rather than on it.
IMMERSED: dict[str, tuple[str, ...]] = {
    "sea": ("海里", "大海里", "平静的海里"),
    "lake": ("湖里", "湖水里", "平静的湖里"),
}
PLACES: dict[str, tuple[str, ...]] = {
    "sea": ("大海", "海面"),
    "beach": ("沙滩", "海滩"),
    "lake": ("湖面", "湖"),
    "meadow": ("草地", "草原"),
    "forest": ("森林", "树林"),
    "desert": ("沙漠", "沙丘"),
    "mountains": ("群山", "山间"),
    "street": ("街道", "马路"),
    "room": ("房间", "室内"),
    "space": ("太空", "宇宙"),
}
TIMES: dict[str, tuple[str, ...]] = {
    "dawn": ("黎明", "清晨", "拂晓", "日出时分"),
    "day": ("白天", "白昼", "日间"),
    "sunset": ("日落时分", "日落时", "夕阳西下时"),
    "night": ("夜晚", "夜里", "晚上"),
}
HOURS: dict[str, tuple[str, ...]] = {
    "dawn": ("黎明", "清晨", "日出"),
    "day": ("白天", "白昼"),
    "sunset": ("日落", "夕阳"),
    "night": ("夜晚", "夜里", "深夜"),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": ("天气晴朗", "天空晴朗", "万里无云"),
    "cloudy": ("天空多云", "多云", "天色阴沉"),
    "rain": ("下着雨", "正在下雨", "雨水落下"),
    "snow": ("下着雪", "正在下雪", "雪花飘落"),
}
SKIES: dict[str, tuple[str, ...]] = {
    "clear": ("晴朗", "晴空"),
    "cloudy": ("多云", "阴云"),
    "rain": ("下雨", "雨中"),
    "snow": ("下雪", "雪中"),
}
MOMENT_SKIES: dict[str, tuple[str, ...]] = {
    "clear": ("晴朗的", "晴空下的"),
    "cloudy": ("多云的", "阴沉的"),
    "rain": ("下雨的", "下着雨的"),
    "snow": ("下雪的", "下着雪的"),
}
MOMENTS: dict[str, tuple[str, ...]] = {
    "dawn": ("黎明", "清晨", "拂晓"),
    "day": ("白天", "白昼"),
    "sunset": ("日落时分", "日落时"),
    "night": ("夜晚", "夜里"),
}
LABELS: dict[str, tuple[str, ...]] = {
    "flat": ("扁平插画", "扁平风格插画", "扁平化插图"),
    "ink": ("钢笔画", "墨线画", "钢笔墨线画"),
    "watercolour": ("水彩画", "水彩插画", "水彩作品"),
    "pixel": ("像素画", "像素风插画", "像素艺术图"),
}
STYLES: dict[str, tuple[str, ...]] = {
    "flat": ("扁平插画风格", "扁平风格", "画成扁平插画"),
    "ink": ("钢笔画风格", "用钢笔和墨水绘制", "画成墨线画"),
    "watercolour": ("水彩画风格", "用水彩绘制", "画成水彩画"),
    "pixel": ("像素画风格", "像素风格", "画成像素画"),
}
PICTURES = ("画", "图画", "图片")
# What a figure does when it is where it belongs: on water, in the air, on the ground.
VERBS: dict[str, str] = {
    **dict.fromkeys(("boat", "duck"), "漂着"),
    **dict.fromkeys(("bird", "butterfly", "rocket"), "飞着"),
    **dict.fromkeys(("house", "lighthouse", "windmill", "castle", "snowman"), "立着"),
    **dict.fromkeys(("tree", "mushroom"), "长着"),
    "flower": "开着",
    "balloon": "飘着",
    "fish": "游着",
    "car": "停着",
}
_NICE = ("可爱的", "漂亮的", "好看的")

FORMS = tuple(
    map(
        parse,
        (
            # A phrase, its circumstances in several orders.
            "{who}[，{where}][，{time}][，{weather}][，{label}]",
            "{where}的{who}[，{time}][，{weather}][，{label}]",
            "[{time}，][{where}的]{who}[，{weather}][，{label}]",
            "[{time}的]{where}有{who}[，{weather}][，{label}]",
            "[{time}，]{where}的{who}[，{weather}][，{style}]",
            "[{weather}，]{who}[，{where}][，{time}][，{label}]",
            "{moment}，[{where}的]{who}[，{label}]",
            "{who}[，{where}]，{moment}[，{style}]",
            "[{label}，][{where}的]{who}[，{time}][，{weather}]",
            # A picture of it.
            "{picture}：{who}[，{where}][，{time}][，{weather}]",
            "{picture}：[{time}的]{where}有{who}[，{weather}]",
            "{picture}：{moment}，[{where}的]{who}",
            "{picture}，画着[{where}的]{who}[，{time}][，{weather}]",
            "{picture}，画的是[{time}，][{where}的]{who}[，{weather}]",
            "{picture}，{moment}，{where}{verb}{who}。",
            "{picture}，画中有{who}[，{place}][，{time}][，{sky}]",
            # A whole sentence.
            "[{time}，]{where}{verb}{who}[，{weather}][，{style}]。",
            "[{weather}，]{where}{verb}{who}[，{time}][，{style}]。",
            "{moment}，{where}{verb}{who}[，{style}]。",
            "[{time}，]{who}在{where}[，{weather}][，{style}]。",
            "画面里有{who}[，在{where}][，{time}][，{weather}][，{style}]。",
            "这是{picture}，画的是[{where}的]{who}[，{time}][，{weather}]。",
            "[{time}，][{where}，]{fact}[，{weather}][，{style}]。",
            "[{weather}，][{where}，]{fact}[，{time}][，{label}]。",
            "{fact}[，{place}][，{time}][，{sky}][，{label}]",
            "{picture}：[{where}，]{fact}[，{time}][，{weather}]",
            "{picture}：[{time}，][{where}，]{fact}[，{weather}]",
            # What a person types: orders and keywords.
            "画[{where}的]{who}[，{time}][，{weather}][，{style}]",
            "请画{picture}：[{where}的]{who}[，{time}][，{weather}]",
            "帮我画{picture}，[{time}，][{where}的]{who}[，{weather}]",
            "我想要{picture}，里面有{who}[，{where}][，{time}][，{weather}]",
            "{tags}[，{place}][，{hour}][，{sky}][，{label}]",
            "{tags}[, {place}][, {hour}][, {sky}][, {label}]",
            "{tags}[ {place}][ {hour}][ {sky}][ {label}]",
            "{tags}[、{place}][、{hour}][、{sky}][、{label}]",
            "[{label}，]{tags}[，{place}][，{hour}][，{sky}]",
            "[{place}，][{hour}，][{sky}，]{tags}[，{label}]",
            "[{time}，][{where}的]{tags}[，{weather}][，{label}]",
        ),
    )
)


def words(scene: Scene, said: frozenset[str], rng: Random) -> dict[str, str]:
    """Words for every slot of a form; a slot is empty where its attribute is not `said`."""
    outside = "窗外" if scene.setting == "room" else ""
    time = scene.time if scene.time and "time" in said else ""
    weather = scene.weather if scene.weather and "weather" in said else ""
    label = pick(rng, LABELS[scene.style]) if "style" in said else ""
    places = _where(scene.setting, None if scene.relation else scene.figures[0].subject)
    return {
        **_who(scene, said, rng),
        "verb": _verb(scene, rng),
        "where": pick(rng, places) if "setting" in said else "",
        "place": pick(rng, PLACES[scene.setting]) if "setting" in said else "",
        "time": pick(rng, TIMES[time]) if time else "",
        "hour": pick(rng, HOURS[time]) if time else "",
        "weather": outside + pick(rng, WEATHERS[weather]) if weather else "",
        "sky": _sky(weather, outside, rng) if weather else "",
        "moment": _moment(time, weather, rng) if time and weather else "",
        "picture": _picture(label or pick(rng, PICTURES), rng),
        "style": pick(rng, STYLES[scene.style]) if "style" in said else "",
        "label": label,
    }


def _who(scene: Scene, said: frozenset[str], rng: Random) -> dict[str, str]:
    """The slots who, tags and fact: figures with and without measure words, and as a clause."""
    if scene.relation is None:
        measure, thing = _thing(scene.figures[0], scene, said, rng)
        if "count" in said:
            number = pick(rng, COUNTS[scene.count]) + measure
            after = scene.count > 1 and rng.random() < 0.3
            tags = f"{thing}{number}" if after else f"{number}{thing}"
            return {"who": f"{number}{thing}", "tags": tags, "fact": ""}
        who = f"一{measure}{thing}" if scene.count == 1 else f"一些{thing}"
        return {"who": who, "tags": thing, "fact": ""}
    first, second = (_thing(figure, scene, said, rng) for figure in scene.figures)
    one, other = f"一{first[0]}{first[1]}", f"一{second[0]}{second[1]}"
    if "relation" not in said:
        return {"who": f"{one}和{other}", "tags": f"{first[1]}和{second[1]}", "fact": ""}
    relation = pick(rng, RELATIONS[scene.relation])
    of = "的" if rng.random() < 0.5 else ""
    return {
        "who": f"{other}{'和它' if rng.random() < 0.8 else ''}{relation}的{one}",
        "tags": f"{first[1]}在{second[1]}{of}{relation}",
        "fact": f"{one}在{other}{of}{relation}",
    }


def _thing(figure: Figure, scene: Scene, said: frozenset[str], rng: Random) -> tuple[str, str]:
    """Measure word, and noun with its adjectives, such as ("艘", "红色的小船")."""
    sized = "size" in said
    nouns = PLAIN_NOUNS if sized or scene.size == "large" else NOUNS
    counted = pick(rng, true_nouns(nouns, UNTRUE, figure))
    measure, noun = counted[0], counted[1:]
    colour = pick(rng, COLOURS[figure.colour]) if "colour" in said else ""
    before = ""
    if sized and rng.random() < 0.6:
        noun = SIZES[scene.size][0] + noun
    elif sized:
        before = pick(rng, WIDE_SIZES[scene.size])
    elif rng.random() < 0.06:
        before = _NICE[int(rng.random() * len(_NICE))]
    if colour and (len(noun) == 1 or rng.random() < (0.3 if before else 0.75)):
        colour += "的"
    return measure, before + colour + noun


def _where(setting: str, subject: str | None) -> tuple[str, ...]:
    """How to say where a subject is that has the place to itself; None is a pair."""
    plain = WHERE[setting]
    if subject is not None and SUBJECTS[subject].habitat == "sky":
        return ALOFT.get(setting, plain)
    return IMMERSED.get(setting, plain) if subject == "fish" else plain


def _verb(scene: Scene, rng: Random) -> str:
    """The verb of "there is"; a telling one only where the figure belongs."""
    subject = scene.figures[0].subject
    home = {"sky": True, "water": scene.setting in ("sea", "lake")}
    fits = home.get(SUBJECTS[subject].habitat, scene.setting in ("meadow", "forest", "beach"))
    telling = scene.relation is None and fits and rng.random() < 0.5
    return VERBS.get(subject, "有") if telling else "有"


def _picture(noun: str, rng: Random) -> str:
    """With its measure word: a photograph is 一张, a work of art 一幅, a drawing either."""
    sheet = noun == "图片" or (not noun.endswith("作品") and rng.random() < 0.4)
    return ("一张" if sheet else "一幅") + noun


def _sky(weather: str, outside: str, rng: Random) -> str:
    return outside + pick(rng, WEATHERS[weather] if outside else SKIES[weather])


def _moment(time: str, weather: str, rng: Random) -> str:
    """Time and weather in one, such as 下雨的夜晚."""
    return pick(rng, MOMENT_SKIES[weather]) + pick(rng, MOMENTS[time])


def prompt(attribute: str, value: str, subject: str) -> str:
    """A plain text that states just this value of the attribute, of the subject where one is."""
    counted = NOUNS[subject][0]
    measure, thing, one = counted[0], counted[1:], f"一{counted}"
    match attribute:
        case "subject":
            return f"一幅画：一{NOUNS[value][0]}"
        case "colour":
            return f"一{measure}{COLOURS[value][0]}的{thing}"
        case "count":
            return one if value == "1" else f"{COUNTS[int(value)][0]}{counted}"
        case "style":
            return f"一幅{LABELS[value][0]}：{one}"
        case "setting":
            return f"{_where(value, subject)[0]}的{one}"
        case _:
            words = {"time": TIMES, "weather": WEATHERS}[attribute]
            return f"{one}，{words[value][0]}"


def relation_prompt(relation: str, first: str, second: str) -> str:
    """A plain text that states just this relation of the first subject to the second."""
    return f"一{NOUNS[first][0]}在一{NOUNS[second][0]}的{RELATIONS[relation][0]}"
