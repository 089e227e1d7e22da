"""What a request names as context: pictures, seen through captions, and texts; no PyTorch.

A request keeps the names as they were given (`context`) and what was found by them (`seen`). Texts
are taken when it is asked for, captions are made when its job runs. Both enter the talk as lines.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from maquette.copydesk.assignment import Assignment
from maquette.copydesk.documents import get_document
from maquette.copydesk.template import find_template
from maquette.copydesk.tries import COPY_TRIES
from maquette.core.code_requests import CodeRequest
from maquette.core.errors import InvalidRequest, NotFound
from maquette.core.text_requests import Message
from maquette.engines.catalog import context_tokens, find_shipped
from maquette.engines.remote_answer import MOST_PICTURE_TOKENS
from maquette.engines.starter_code import STARTER_CODE
from maquette.ledger.prices import CAPTIONS
from maquette.library.uploads import may_read, touch_upload
from maquette.service.caption_price import caption_price
from maquette.service.queues import TEXT
from maquette.service.studio import Studio
from maquette.service.submissions import COPY, Submission
from maquette.service.text_price import count_tokens, text_price
from maquette.service.text_servers import is_elsewhere
from maquette.world.prompt import is_chinese, read_prompt
from maquette.world.writing.pairs import Language

CONTEXT, SEEN, CAPTIONER = "context", "seen", "captioner"  # in a job's request
UNSEEN_PRICE = "unseen_microcredits"  # there, too: its price without that of the captions
MOST_CONTEXT = 8
MOST_NAME_CHARACTERS = 100
MOST_CONTEXT_CHARACTERS = 20_000  # of a text
ASSET, DOCUMENT = "asset:", "document:"
PICTURE_MEDIA = "image/png"
TEXT_MEDIA = ("text/", "application/json", "image/svg+xml")
MOST_CAPTION_TOKENS, MOST_ASK_TOKENS = 200, 200
MOST_READ_TOKENS = MOST_PICTURE_TOKENS + MOST_ASK_TOKENS
MOST_CAPTION_CHARACTERS = 300
# What prices are counted by until there is a caption: about as long as captions of the world get.
A_LONG_CAPTION = (
    "Two yellow butterflies fly over the mountains at sunset under a cloudy sky, in watercolour, "
    "beside a green lighthouse and a purple windmill."
)
# The same of code, which the starter reads for what it is to draw. It has room for few figures, and
# how many a picture has is known only when it was seen: so these name none, or the first one.
A_PLAIN_CAPTION = "Something is shown here that no one has seen yet, at about this length. " * 2
_A_FIGURE: Mapping[Language, str] = {"en": "a boat", "zh": "一艘船"}
A_LONGEST_CAPTION = "水" * MOST_CAPTION_CHARACTERS  # of a model that sees, in Chinese
_LABELS: Mapping[Language, tuple[str, str, str]] = {
    "en": ("Picture{}: {}", "Text{}: {}", " ({})"),
    "zh": ("图片{}：{}", "文字{}：{}", "（{}）"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that was found: a picture by its hash, or a text. It belongs to the message `at` a
    number, or to the `field` of a template.
    """

    name: str
    picture: str | None = None
    text: str = ""
    title: str = ""
    at: int = 0
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """All that a request names. Captions are the starter's, or those of a model that sees, here or
    on another server, which costs so much.
    """

    pieces: Sequence[Piece] = ()
    captioner: str = CAPTIONS
    thousand_tokens_microcredits: int | None = None

    @property
    def pictures(self) -> Sequence[str]:
        """The hashes of its pictures, each once."""
        return list(dict.fromkeys(one.picture for one in self.pieces if one.picture))

    def most_price(self) -> int:
        """What its captions cost at most, in microcredits."""
        most = (MOST_READ_TOKENS, MOST_CAPTION_TOKENS)
        return caption_price(self.thousand_tokens_microcredits, [most] * len(self.pictures))

    def placeholders(self) -> Mapping[str, str]:
        """A caption for each picture, until there are some."""
        return dict.fromkeys(self.pictures, A_LONG_CAPTION)

    def longest(self) -> Mapping[str, str]:
        """The longest that a model that sees may say of each."""
        return dict.fromkeys(self.pictures, A_LONGEST_CAPTION)

    def kept(self, made: Submission, as_asked: Mapping[str, Any]) -> Submission:
        """A submission that was made as if all pictures had been seen, with what was asked."""
        if not self.pieces:
            return made
        seen = {
            CONTEXT: [one.name for one in self.pieces if one.field is None],
            SEEN: [asdict(one) for one in self.pieces],
            CAPTIONER: self.captioner,
            "captions_microcredits": self.thousand_tokens_microcredits,
            UNSEEN_PRICE: made.price_microcredits,
        }
        return replace(
            made,
            request={**made.request, **as_asked, **seen},
            price_microcredits=made.price_microcredits + self.most_price(),
            begins_from=sorted({*made.begins_from, *self.pictures}),
        )

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> "Context":
        """What a job's request has."""
        pieces = [Piece(**one) for one in asked.get(SEEN, ())]
        return cls(pieces, asked.get(CAPTIONER, CAPTIONS), asked.get("captions_microcredits"))


def find_context(
    studio: Studio, database: sa.Engine, account_id: str, names: Sequence[str], at: int = 0
) -> list[Piece]:
    """What an account's own assets and documents, and pictures by their hashes, are. Raises
    InvalidRequest naming what is not there or cannot be context.
    """
    if len(names) > MOST_CONTEXT:
        raise InvalidRequest(
            f"{len(names)} are too many for the context of one request; name at most {MOST_CONTEXT}"
        )
    return [replace(_found(studio, database, account_id, name), at=at) for name in names]


def names_picture(value: object) -> bool:
    """Whether what was filled in for a picture names one, and does not say what it shows."""
    return isinstance(value, str) and (value.startswith(ASSET) or _is_hash(value))


def talk_with(
    messages: Sequence[Message], context: Context, captions: Mapping[str, str]
) -> list[Message]:
    """The messages, each with what it has of the context before what it says."""
    found: list[Message] = []
    for number, message in enumerate(messages):
        own = [one for one in context.pieces if one.at == number and one.field is None]
        lines = lines_of(own, captions, language_of(message.content))
        around = ["", message.content] if message.content.strip() else []
        content = "\n".join([*lines, *around]) if lines else message.content
        found.append(Message(message.role, content))
    return found


def code_with(request: CodeRequest, context: Context, captions: Mapping[str, str]) -> CodeRequest:
    """The same before the prompt of a request for code."""
    lines = lines_of(context.pieces, captions, language_of(request.prompt))
    return replace(request, prompt="\n".join([request.prompt, *lines])) if lines else request


def copy_with(asked: Assignment, context: Context, captions: Mapping[str, str]) -> Assignment:
    """A filled-in template with its pictures as captions: in the fields that name one, among the
    facts where it has some, and else as lines of its own.
    """
    inputs: dict[str, Any] = dict(asked.inputs)
    own = [one for one in context.pieces if one.field is None]
    for one in context.pieces:
        if one.field is not None and one.picture is not None:
            inputs[one.field] = captions[one.picture]
    lines = lines_of(own, captions, asked.language)
    return asked.model_copy(update={"inputs": inputs, "seen": [*asked.seen, *lines]})


def lines_of(pieces: Sequence[Piece], captions: Mapping[str, str], language: Language) -> list[str]:
    """A line for each, numbered where there are several pictures."""
    picture, text, around = _LABELS[language]
    pictures = [one for one in pieces if one.picture is not None]
    lines: list[str] = []
    for one in pieces:
        if one.picture is not None:
            number = f" {pictures.index(one) + 1}" if len(pictures) > 1 else ""
            lines.append(picture.format(number, captions[one.picture]))
        else:
            lines.append(text.format(around.format(one.title) if one.title else "", one.text))
    return lines


def language_of(text: str) -> Language:
    """The language in which a text is told what a picture shows."""
    return "zh" if is_chinese(text) else "en"


def caption_language(asked: Mapping[str, Any]) -> Language:
    """The language of a job's captions: that of its copy, else of what it says last."""
    if COPY in asked:
        return cast(Language, asked[COPY]["language"])
    said = asked["messages"][-1]["content"] if "messages" in asked else asked["prompt"]
    return language_of(said)


def with_pictures(
    asked: Assignment, studio: Studio, database: sa.Engine, account_id: str
) -> list[Piece]:
    """The pictures that are named in the fields of a template that take one. Raises as
    `find_context` does.
    """
    found: list[Piece] = []
    for one in find_template(asked.template).inputs:
        value = asked.inputs.get(one.name)
        if one.kind == "picture" and isinstance(value, str) and names_picture(value):
            piece = _found(studio, database, account_id, value)
            if piece.picture is None:
                raise InvalidRequest(f"{value} is no picture; name one, or say what it shows")
            found.append(replace(piece, field=one.name))
    return found


def of_seen_texts(
    messages: Sequence[Message], submit: Callable[[Sequence[Message]], Submission], context: Context
) -> Submission:
    """A talk that uses a context; `submit` submits one without. A message may be but a picture.
    Raises InvalidRequest where that leaves a model that is here no room to answer: so no picture is
    seen for nothing.
    """
    talk = tuple(talk_with(messages, context, context.placeholders()))
    made = submit(talk)
    if context.pieces and not is_elsewhere(model := made.request["model"]):
        _check_room(talk, model)

    def longest() -> Submission:
        return submit(tuple(talk_with(messages, context, context.longest())))

    said = {"messages": [asdict(message) for message in messages]}
    return context.kept(_at_most(made, longest, context), said)


def of_seen_copy(
    asked: Assignment, submit: Callable[[Assignment], Submission], context: Context
) -> Submission:
    """The same of copy: what the names in its fields are is filled in there. What is kept says
    nothing that no one said: its messages have the names until its pictures are seen.
    """
    made = submit(copy_with(asked, context, context.placeholders()))
    made = _at_most(made, lambda: submit(copy_with(asked, context, context.longest())), context)
    names = {one.picture: f"({one.name})" for one in context.pieces if one.picture}
    as_named = [asdict(message) for message in copy_with(asked, context, names).messages()]
    return context.kept(made, {COPY: asked.model_dump(mode="json"), "messages": as_named})


def of_seen_code(
    request: CodeRequest, submit: Callable[[CodeRequest], Submission], context: Context
) -> Submission:
    """The same of code. What the starter has no room for it says when all is seen."""
    made = submit(code_with(request, context, _plain_placeholders(request, context)))
    made = _at_most(made, lambda: submit(code_with(request, context, context.longest())), context)
    return context.kept(made, {"prompt": request.prompt})


def _at_most(made: Submission, longest: Callable[[], Submission], context: Context) -> Submission:
    """With the price of what it reads where captions get as long as a model that sees may say; the
    starter's are as long as those that stand for them.
    """
    model = made.request["model"]
    if context.captioner == CAPTIONS or not context.pictures or model == STARTER_CODE:
        return made
    if is_elsewhere(model):
        return replace(made, price_microcredits=longest().price_microcredits)
    # In a model that is here they might have no room, which is known when they are there.
    count = sum(one.picture is not None for one in context.pieces)
    tries = COPY_TRIES if COPY in made.request else 1
    more = text_price(model, len(A_LONGEST_CAPTION.encode()) * count * tries, 0)
    return replace(made, price_microcredits=made.price_microcredits + more)


def _plain_placeholders(request: CodeRequest, context: Context) -> Mapping[str, str]:
    pictures, texts = context.pictures, [one for one in context.pieces if one.picture is None]
    captions = dict.fromkeys(pictures, A_PLAIN_CAPTION)
    said = code_with(request, replace(context, pieces=texts), {}).prompt
    if pictures and read_prompt(said) is None:  # what is drawn may be of a picture alone
        captions[pictures[0]] = f"{_A_FIGURE[language_of(request.prompt)]}. {A_PLAIN_CAPTION}"
    return captions


def _check_room(talk: Sequence[Message], model: str) -> None:
    most, count = context_tokens(find_shipped(model, TEXT).folder), count_tokens(talk, model)
    if count >= most:
        raise InvalidRequest(
            f"the talk has {count} tokens with its context, and {model} reads {most}, its answer "
            "included; name less or choose another model"
        )


def _found(studio: Studio, database: sa.Engine, account_id: str, name: str) -> Piece:
    if _is_hash(name):
        with database.begin() as connection:
            touch_upload(connection, account_id, name)  # or it might be swept before its job runs
            is_there = may_read(connection, account_id, name)
        if not is_there:
            raise _not_there(name)
        return Piece(name, picture=name)
    kind = next((one for one in (ASSET, DOCUMENT) if name.startswith(one)), "")
    try:
        found_id = UUID(name.removeprefix(kind))
    except ValueError:
        raise InvalidRequest(
            f"{name[:60]!r} names no context; give asset:ID, document:ID or the hash of a picture"
        ) from None
    if kind != DOCUMENT:
        try:
            return _asset(studio, account_id, found_id, name)
        except NotFound:
            if kind == ASSET:
                raise _not_there(name) from None
    try:
        with database.connect() as connection:
            document = get_document(connection, account_id, found_id)
    except NotFound:
        raise _not_there(name) from None
    return Piece(name, text=_whole(name, document.text), title=document.about.title)


def _asset(studio: Studio, account_id: str, asset_id: UUID, name: str) -> Piece:
    asset = studio.asset(account_id, asset_id)
    if asset.media_type == PICTURE_MEDIA:
        return Piece(name, picture=asset.content_hash)
    if not asset.media_type.startswith(TEXT_MEDIA):
        raise InvalidRequest(
            f"{name} is {asset.media_type}, which is no context; name a picture or a text"
        )
    if asset.size_bytes > 4 * MOST_CONTEXT_CHARACTERS:
        raise _too_long(name, asset.size_bytes // 4)
    content = studio.own_bytes(account_id, asset.content_hash)
    return Piece(name, text=_whole(name, content.decode(errors="replace")))


def _whole(name: str, text: str) -> str:
    """A text is read whole or not at all, so that no one is surprised by what was left out."""
    if len(text) > MOST_CONTEXT_CHARACTERS:
        raise _too_long(name, len(text))
    if not text.strip():
        raise InvalidRequest(f"{name} is empty; leave it out of the context")
    return text.strip()


def _too_long(name: str, characters: int) -> InvalidRequest:
    return InvalidRequest(
        f"{name} has over {characters - 1} characters, and at most {MOST_CONTEXT_CHARACTERS} are "
        "read as context; name a shorter text"
    )


def _not_there(name: str) -> InvalidRequest:
    return InvalidRequest(f"{name} is not here; name an asset or a document of yours")


def _is_hash(name: str) -> bool:
    return len(name) == 64 and all(c in "0123456789abcdef" for c in name)
