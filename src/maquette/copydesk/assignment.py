"""A template filled in, and the talk that a language model is given for it.

The form is the one that the starter was trained on (`world/writing/assignments.yaml`, `form`): what
to write, then a line each for what is known. An edit is the ask, and the text bare under it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from maquette.copydesk.checks import SLACK, Demands
from maquette.copydesk.naming import name_of
from maquette.copydesk.template import Given, Input, Language, Limits, Plain, Strict, find_template
from maquette.copydesk.voice import Line, Spelling, Voice
from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.measures import count_words, places_of
from maquette.core.text_requests import Message

MOST_CHARACTERS = {"line": 500, "lines": 500, "text": 20_000, "picture": 20_000}
MOST_LINES = 50
MOST_AVOIDED = 24  # words that a prompt names; the checks know all
MOST_SHOWN = 3  # examples of a voice
TONES: Mapping[str, tuple[str, str]] = {
    "warm": ("warm", "温暖"),
    "plain": ("plain", "朴实"),
    "playful": ("playful", "俏皮"),
    "formal": ("formal", "正式"),
    "bold": ("bold", "大胆"),
    "calm": ("calm", "平静"),
    "elegant": ("elegant", "典雅"),
}
# The names of lines, joined to what they say; between several things in one line.
_LINES = {
    "tone": ("Tone: {}", "语气：{}"),
    "include": ("Include: {}", "必须包含：{}"),
    "avoid": ("Avoid: {}", "避免：{}"),
    "language": ("Language: {}", "语言：{}"),
    "most": ("Length: at most {} words", "长度：不超过{}字"),
    "about": ("Length: about {} words", "长度：约{}字"),
    "between": ("Length: {} to {} words", "长度：{}到{}字"),
    "at_most": ("At most {} words.", "不超过{}字。"),
    "named": ("{}: {}", "{}：{}"),
    "voice": ("Brand: {}. Voice: {}.", "品牌：{}。风格：{}。"),
    "brand": ("Brand: {}.", "品牌：{}。"),
    "tones": ("Voice: {}.", "风格：{}。"),
    "facts": ("What is true: {}", "事实：{}"),
    "spelling": ("Write {} instead of {}.", "写“{}”，不写“{}”。"),
    "terms": ("Names, as they are written: {}", "名称写法：{}"),
    "we": ("Say “we”.", "用“我们”的口吻。"),
    "I": ("Say “I”.", "用“我”的口吻。"),
    "you": ("Speak to the reader as “you”.", "对读者说“你”。"),
    "sentence": ("Sentences of about {} words.", "每句约{}字。"),
    "no_exclamations": ("No exclamation marks.", "不用感叹号。"),
    "no_emoji": ("No emoji.", "不用表情符号。"),
    "alone": (
        "Answer with the text alone, as it is to be published, without a word before or after it.",
        "只写正文本身，写成可直接发表的样子，前后不加任何说明。",
    ),
    "example": ("This is how it sounds:", "范文："),
}
_LANGUAGES = {"en": ("English", "英文"), "zh": ("Chinese", "中文")}
_COMMA, _SEMICOLON = (", ", "、"), ("; ", "；")


class Length(Strict):
    """How many words a text is to have: at most `most`, and `least` at least where that is named;
    where both are one number, about so many.
    """

    least: Annotated[int, Field(ge=1, le=10_000)] | None = None
    most: Annotated[int, Field(ge=1, le=10_000)]


class Assignment(Strict):
    """What is to be written. `language` is the text's; `voice` as it was when it was asked for."""

    template: Annotated[str, StringConstraints(max_length=100)]
    inputs: Mapping[str, Plain | Sequence[Plain]]
    language: Language
    tone: Annotated[Plain, StringConstraints(max_length=100, strip_whitespace=True)] = ""
    length: Length | None = None
    include: Annotated[Sequence[Line], Field(max_length=20)] = ()
    avoid: Annotated[Sequence[Line], Field(max_length=200)] = ()
    voice: Voice | None = None
    seen: Sequence[Plain] = ()  # lines that say what was named as context

    def messages(self, larger: bool = False) -> Sequence[Message]:
        """The talk; a `larger` model is told what the starter needs not be told, and never learned.
        Raises NotFound, and InvalidRequest for inputs that do not fit the template, or for what no
        text can meet.
        """
        inputs = self._read_inputs()
        self._check()
        template = find_template(self.template)
        said = _edit(self, inputs) if template.is_edit else _form(self, inputs)
        voice = _voice(self.voice, self._tone(), self.language) if self.voice else ""
        system = [Message("system", voice)] if voice else []
        if larger:  # not by the system's word, which some models refuse
            said = f"{_LINES['alone'][_at(self.language)]}\n\n{said}"
        return [*system, Message("user", said)]

    def with_examples(self, fits: Callable[["Assignment"], bool]) -> "Assignment":
        """The same with as many of its voice's examples as fit, each whole and in their order."""
        if self.voice is None:
            return self
        chosen, voice = list[str](), self.voice

        def showing(examples: Sequence[str]) -> "Assignment":
            shown = voice.model_copy(update={"examples": examples})
            return self.model_copy(update={"voice": shown})

        for one in voice.examples:
            if len(chosen) < MOST_SHOWN and fits(showing([*chosen, one])):
                chosen.append(one)
        return showing(chosen)

    def demands(self) -> Demands:
        """What the text has to meet."""
        voice = self.voice or Voice()
        length = (self.length.least, self.length.most) if self.length else None
        template = find_template(self.template)
        return Demands(
            limits=template.checks,
            language=self.language,
            length=length,
            include=self.include,
            banned=[*self.avoid, *voice.banned],
            glossary=voice.glossary,
            terms=voice.terms,
            style=voice.style,
            may_repeat=template.is_edit,
            named=named_in(self.template, self.inputs, voice, self.avoid),
        )

    def words(self) -> int:
        """How long the text may get, in words: for how many tokens it is given."""
        limits, given = find_template(self.template).checks, self.inputs.get("text", "")
        asked = limits.most_words if self.length is None else self.length.most
        most = [one for one in (asked, _words_of(limits, self.language)) if one]
        usual = 3 * count_words(given) + 80 if isinstance(given, str) and given else 400
        return min(most, default=usual)

    def least_words(self) -> int:
        """How long the text has to be, in words."""
        if self.length is None:
            return find_template(self.template).checks.least_words or 1
        least = self.length.least or 1
        return max(1, least - round(least * SLACK) * (least == self.length.most))

    def _check(self) -> None:
        """Raises InvalidRequest where what is asked for here contradicts itself."""
        if self.length is not None and (self.length.least or 0) > self.length.most:
            raise InvalidRequest(
                f"no text has at least {self.length.least} words and at most {self.length.most}; "
                "name the smaller number first"
            )
        for avoided in (*self.avoid, *(self.voice.banned if self.voice else ())):
            for word in self.include:
                if places_of(avoided, word):
                    raise InvalidRequest(
                        f"{word!r} must be in it, and {avoided!r} must not; leave one of them out"
                    )

    def _read_inputs(self) -> dict[str, Given]:
        """What was filled in, each as its kind has it, and the voice's brand where no other is
        named. Raises InvalidRequest.
        """
        template = find_template(self.template)
        if self.language not in template.languages:
            (only,) = template.languages
            raise InvalidRequest(f"{self.template} is not written in {self.language}, only {only}")
        known = {one.name: one for one in template.inputs}
        if unknown := sorted(self.inputs.keys() - known.keys()):
            raise InvalidRequest(
                f"{self.template} has no input {unknown[0]!r}; {did_you_mean(unknown[0], known)}"
            )
        read = {name: _read_input(one, self.inputs.get(name, "")) for name, one in known.items()}
        if self.voice is not None and self.voice.brand and read.get("brand") == "":
            read["brand"] = self.voice.brand
        for name, one in known.items():
            if one.required and not read[name]:
                raise InvalidRequest(
                    f"{self.template} needs {name}, such as {one.hint[0]!r}; fill it in"
                )
        if "{tone}" in template.ask[0] and not self._tone():
            raise InvalidRequest(f"{self.template} needs a tone, such as 'warm'; name one")
        return {name: value for name, value in read.items() if value}

    def _tone(self) -> str:
        """The tone in the language of the text, the voice's where no other is named."""
        tones = [self.tone] if self.tone else list(self.voice.tones if self.voice else ())
        return _COMMA[_at(self.language)].join(_said_tone(one, self.language) for one in tones)


def named_in(
    template: str, inputs: Mapping[str, Given], voice: Voice, avoid: Sequence[str] = ()
) -> list[str]:
    """What was filled in that the text must name, and the voice's brand where no other is; but for
    a name that it is to avoid, as a teaser does. Raises NotFound.
    """
    given = {"brand": voice.brand} | {name: one for name, one in inputs.items() if one}
    named = [one.name for one in find_template(template).inputs if one.named]
    said = [one for name in named if isinstance(one := given.get(name), str)]
    hidden = [*avoid, *voice.banned]
    return [
        one
        for one in said
        if (name := name_of(one)) and not any(places_of(word, name.shown) for word in hidden)
    ]


def _read_input(asked: Input, value: Given) -> Given:
    if asked.kind == "lines":
        lines = value.splitlines() if isinstance(value, str) else value
        lines = [one for one in (" ".join(line.split()) for line in lines) if one]
        if len(lines) > MOST_LINES:
            raise InvalidRequest(f"{asked.name} has {len(lines)} lines; at most {MOST_LINES}")
    elif isinstance(value, str):
        if asked.kind == "picture" and value.startswith("asset:"):
            raise InvalidRequest(f"{value} is not looked at here; say in words what it shows")
        lines = [value.strip() if asked.kind in ("text", "picture") else " ".join(value.split())]
    else:
        raise InvalidRequest(f"{asked.name} is one text, not a list of lines; join them")
    most = MOST_CHARACTERS[asked.kind]
    for line in lines:
        if len(line) > most:
            raise InvalidRequest(
                f"{asked.name} has {len(line)} characters, and at most {most} are read; shorten it"
            )
    return lines if asked.kind == "lines" else lines[0]


def _form(asked: Assignment, inputs: Mapping[str, Given]) -> str:
    """What to write, and a line for each thing that is known."""
    template, at = find_template(asked.template), _at(asked.language)
    lines = [_asked(asked, inputs), *_input_lines(asked, inputs, but=()), *asked.seen]
    if tone := asked._tone():
        lines.append(_LINES["tone"][at].format(tone))
    if length := asked.length or _usual_length(template.checks, asked.language):
        lines.append(_length(length, at))
    if include := [*asked.include]:
        lines.append(_LINES["include"][at].format(_COMMA[at].join(include)))
    if avoid := _avoided(asked):
        lines.append(_LINES["avoid"][at].format(_COMMA[at].join(avoid)))
    lines.append(_LINES["language"][at].format(_LANGUAGES[asked.language][at]))
    return "\n".join(lines)


def _edit(asked: Assignment, inputs: Mapping[str, Given]) -> str:
    """What to do with a text, and the text."""
    at, said = _at(asked.language), _asked(asked, inputs)
    if asked.length is not None:
        gap = (" ", "，")[at]
        said = said.rstrip(":：") + gap + _LINES["at_most"][at].format(asked.length.most)
    lines = [said, *_input_lines(asked, inputs, but=("text",)), *asked.seen]
    if asked.tone and "{tone}" not in find_template(asked.template).ask[0]:
        lines.append(_LINES["tone"][at].format(_said_tone(asked.tone, asked.language)))
    if asked.include:
        lines.append(_LINES["include"][at].format(_COMMA[at].join(asked.include)))
    if avoid := _avoided(asked):
        lines.append(_LINES["avoid"][at].format(_COMMA[at].join(avoid)))
    return "\n".join(lines) + f"\n\n{inputs['text']}"


def _asked(asked: Assignment, inputs: Mapping[str, Given]) -> str:
    said = find_template(asked.template).ask[_at(asked.language)]
    for name, value in {**inputs, "tone": asked._tone()}.items():
        if isinstance(value, str):
            said = said.replace(f"{{{name}}}", value.rstrip(".。"))
    return said


def _input_lines(
    asked: Assignment, inputs: Mapping[str, Given], but: Sequence[str]
) -> Sequence[str]:
    """In the template's order."""
    template, at = find_template(asked.template), _at(asked.language)
    return [
        _LINES["named"][at].format(label[at], _joined(inputs[name], at))
        for name, label in template.fields.items()
        if name in inputs and name not in but
    ]


def _joined(value: Given, at: int) -> str:
    return value if isinstance(value, str) else _SEMICOLON[at].join(value)


def _avoided(asked: Assignment) -> Sequence[str]:
    banned = asked.voice.banned if asked.voice else ()
    return list(dict.fromkeys([*asked.avoid, *banned]))[:MOST_AVOIDED]


def _length(length: Length, at: int) -> str:
    if length.least is None:
        return _LINES["most"][at].format(length.most)
    if length.least == length.most:
        return _LINES["about"][at].format(length.most)
    return _LINES["between"][at].format(length.least, length.most)


def _usual_length(limits: Limits, language: Language) -> Length | None:
    """What a short text may have where nothing else is asked: a network's limit, in words."""
    most = min((one for one in (limits.most_words, _words_of(limits, language)) if one), default=0)
    return Length(least=None, most=most) if 0 < most <= 60 else None


def _words_of(limits: Limits, language: Language) -> int | None:
    """As many words as surely fit the characters that are allowed."""
    if limits.most_characters is None:
        return None
    wide = limits.counted in ("x", "google")
    return max(1, limits.most_characters // (7 if language == "en" else 2 if wide else 1))


def _voice(voice: Voice, tone: str, language: Language) -> str:
    """Who writes: in the words that the starter knows, and then all that a larger model reads."""
    at = _at(language)
    key: Literal["voice", "brand", "tones"] | None
    key = "voice" if voice.brand and tone else "brand" if voice.brand else "tones" if tone else None
    lines = [_LINES[key][at].format(*filter(None, (voice.brand, tone)))] if key else []
    style = voice.style
    manner = [_LINES[style.person][at]] if style.person else []
    if style.sentence_words:
        manner.append(_LINES["sentence"][at].format(style.sentence_words))
    if style.exclamation_marks is False:
        manner.append(_LINES["no_exclamations"][at])
    if style.emoji is False:
        manner.append(_LINES["no_emoji"][at])
    if manner:
        lines.append((" ", "")[at].join(manner))
    if voice.facts:
        lines.append(_LINES["facts"][at].format(_SEMICOLON[at].join(voice.facts)))
    if voice.terms:
        lines.append(_LINES["terms"][at].format(_COMMA[at].join(voice.terms)))
    lines += [_spelling(one, at) for one in voice.glossary]
    if voice.examples:
        lines += [_LINES["example"][at], *voice.examples[:MOST_SHOWN]]
    return "\n".join(lines)


def _spelling(one: Spelling, at: int) -> str:
    return _LINES["spelling"][at].format(one.right, one.wrong)


def _said_tone(tone: str, language: Language) -> str:
    for pair in TONES.values():
        if tone.lower() in pair:
            return pair[_at(language)]
    return tone


def _at(language: Language) -> int:
    return 0 if language == "en" else 1
