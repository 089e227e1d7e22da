"""How what a job names as context is seen before it is made: each picture by a caption.

The starter's captioner knows the picture-book world, and says so where a picture is none of it; a
model that sees, of this machine or of another server, is asked in words. What a caption says is
told and kept with the job, so that people see what the machine saw, and another attempt sees the
same.
"""

import base64
import io
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from maquette.copydesk.assignment import Assignment
from maquette.core import tracing
from maquette.core.errors import InvalidRequest
from maquette.core.text_requests import Message, ShownMessage, TextParams, TextRequest
from maquette.engines.remote_text import RemoteText
from maquette.jobs.store import Job
from maquette.ledger.prices import CAPTIONS
from maquette.library.blobs import BlobStore
from maquette.service.caption_price import caption_price
from maquette.service.code_maker import read_request as read_code
from maquette.service.context import (
    MOST_CAPTION_CHARACTERS,
    MOST_CAPTION_TOKENS,
    MOST_READ_TOKENS,
    SEEN,
    UNSEEN_PRICE,
    Context,
    caption_language,
    code_with,
    copy_with,
    talk_with,
)
from maquette.service.making import TICK_S, Made, Maker, Making
from maquette.service.queues import SLASH
from maquette.service.submissions import COPY, messages_of
from maquette.service.text_maker import LOOKS_A_TICK
from maquette.service.text_servers import TextServers, is_elsewhere
from maquette.service.turns import Turns
from maquette.world.writing.pairs import Language

if TYPE_CHECKING:  # which take seconds to import, and are handed in
    from maquette.engines.captioning import Captioner
    from maquette.engines.seeing import SeeingModel

ASKS: Mapping[Language, str] = {
    "en": "Say in one or two plain sentences what this picture shows. Say nothing else.",
    "zh": "用一两句平实的中文说出这张图里有什么，不要说别的。",
}
MOST_SIDE_PX = 1024  # of what is sent: models that see look at no more
ASKED_AT_ONCE = 4  # of pictures that one server is asked about
TOLD = "seen"  # in what is kept and told of a job


@dataclass(frozen=True, slots=True)
class Caption:
    """What a picture was said to show, by whom, and the tokens that took a model that sees."""

    picture: str
    caption: str
    captioner: str
    prompt_tokens: int = 0
    answer_tokens: int = 0


class Captioners:
    """All who can say what a picture shows: the starter's, and the models of this machine by name,
    are loaded when they are asked. One picture at a time is opened, whoever looks at it; the
    starter looks at one at a time, too, and so do the models of this machine, of which the last
    is kept: they take gigabytes.
    """

    def __init__(
        self,
        blobs: BlobStore,
        load: "Callable[[], Captioner]",
        servers: TextServers,
        load_own: "Callable[[str], SeeingModel]",
    ) -> None:
        self._blobs, self._load, self._servers = blobs, load, servers
        self._load_own = load_own
        self._starter: Captioner | None = None
        self._own: SeeingModel | None = None
        self._opening, self._looking, self._seeing = Turns(1), Turns(1), Turns(1)
        self._asking: dict[str, Turns] = {}  # by server

    def describe(self, context: Context, language: Language, making: Making) -> list[Caption]:
        """A caption for each picture. Raises InvalidRequest where the starter knows nothing of what
        one shows, or its bytes are gone, CancelledError where it is not to go on, and as
        `SeeingModel` and `RemoteText` do.
        """
        if context.captioner == CAPTIONS:
            describe = self._by_starter
        else:
            describe = self._elsewhere if is_elsewhere(context.captioner) else self._by_own
        return [describe(one, context.captioner, language, making) for one in context.pictures]

    def _by_starter(
        self, content_hash: str, captioner: str, language: Language, making: Making
    ) -> Caption:
        with self._looking.of(making.job.account_id, making.goes_on):
            picture = self._opened(content_hash, making)
            if self._starter is None:
                self._starter = self._load()
            seen = self._starter.look(picture)
        if not seen.is_known:
            raise InvalidRequest(
                f"what the picture {content_hash[:8]} shows is nothing that the starter's "
                "captioner knows; say it in words, or name a captioner that sees"
            )
        return Caption(content_hash, seen.caption(language), captioner)

    def _by_own(
        self, content_hash: str, captioner: str, language: Language, making: Making
    ) -> Caption:
        goes_on = _at_ticks(making.goes_on)
        with self._seeing.of(making.job.account_id, making.goes_on):
            picture = self._opened(content_hash, making)
            if self._own is None or self._own.spec.model_id != captioner:
                self._own = None  # before there are two
                self._own = self._load_own(captioner)
            look = self._own.look(picture, ASKS[language], MOST_CAPTION_TOKENS, goes_on)
        read = min(look.prompt_tokens, MOST_READ_TOKENS)  # no more is charged than was held
        said = caption_in(look.text, captioner)
        return Caption(content_hash, said, captioner, read, look.answer_tokens)

    def _elsewhere(
        self, content_hash: str, captioner: str, language: Language, making: Making
    ) -> Caption:
        server, model = self._servers.open(captioner)
        looks = count(1)

        def look() -> bool:
            return next(looks) % LOOKS_A_TICK != 0 or making.goes_on()

        name, _, _ = captioner.partition(SLASH)
        turns = self._asking.setdefault(name, Turns(ASKED_AT_ONCE))
        with turns.of(making.job.account_id, making.goes_on):
            asked = ask_what_is_seen(self._opened(content_hash, making), language)
            (answer,) = RemoteText(server).answers(asked, model, look=look)
        said = caption_in(answer.text, captioner)
        return Caption(content_hash, said, captioner, answer.prompt_tokens, answer.answer_tokens)

    def _opened(self, content_hash: str, making: Making) -> Image.Image:
        """A picture as small as anyone looks at; a whole one may take 200 megabytes."""
        with self._opening.of(making.job.account_id, making.goes_on):
            if not making.goes_on():  # a turn that comes at once asks nothing
                raise CancelledError
            try:
                picture = Image.open(io.BytesIO(self._blobs.get(content_hash)))
            except KeyError:
                raise InvalidRequest(
                    f"the picture {content_hash[:8]} is not here any more; put it anew"
                ) from None
            if picture.mode not in ("RGB", "L"):  # others do not shrink well
                picture = picture.convert("RGB")
            picture.thumbnail((MOST_SIDE_PX, MOST_SIDE_PX))
            return picture.convert("RGB")


def caption_in(text: str, captioner: str) -> str:
    """The caption in what a model that sees said. Raises InvalidRequest where that is nothing."""
    said = " ".join(text.split())[:MOST_CAPTION_CHARACTERS]
    if not said:
        raise InvalidRequest(f"{captioner} said nothing of the picture; choose a model that sees")
    return said


def _at_ticks(goes_on: Callable[[], bool]) -> Callable[[], bool]:
    """The same for whoever asks at each token: the database is asked once a tick."""
    asked_s = time.monotonic()

    def asked() -> bool:
        nonlocal asked_s
        if time.monotonic() - asked_s < TICK_S:
            return True
        asked_s = time.monotonic()
        return goes_on()

    return asked


def ask_what_is_seen(picture: Image.Image, language: Language) -> TextRequest:
    """What a model that sees is asked."""
    picture.thumbnail((MOST_SIDE_PX, MOST_SIDE_PX))
    picture.save(file := io.BytesIO(), "PNG")
    url = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    message = ShownMessage("user", ASKS[language], (url,))
    return TextRequest((message,), TextParams(max_tokens=MOST_CAPTION_TOKENS, temperature=0.0))


class SeeingMaker:
    """Makes what another maker does, once what a job names as context was seen."""

    def __init__(self, maker: Maker, captioners: Captioners) -> None:
        self._maker, self._captioners = maker, captioners

    def make(self, making: Making) -> Made:
        """As the other does, and what its captions cost on top. Raises as `Captioners` does."""
        asked = making.job.request
        if SEEN not in asked:
            return self._maker.make(making)
        context, kept = Context.of(asked), making.last_kept()
        if kept is not None and TOLD in kept:
            seen = [Caption(**one) for one in kept[TOLD]]
        else:
            with tracing.span("see"):
                seen = self._captioners.describe(context, caption_language(asked), making)
        told = {TOLD: [asdict(one) for one in seen]}
        if kept is None:
            making.keep(told)
        goes_on = kept if kept and kept.keys() - {TOLD} else None

        def keep(data: Mapping[str, Any]) -> None:
            making.keep({**data, **told})

        inner = replace(
            making,
            job=replace(making.job, request=seen_request(asked, context, seen)),
            keep=keep,
            last_kept=lambda: goes_on,
        )
        made, price = self._maker.make(inner), captions_price(context, seen)
        whole = made.price_microcredits
        if whole is None:  # all that was held for it, which has the most of its captions in it
            whole = asked.get(UNSEEN_PRICE)  # jobs of before have none
        return replace(
            made,
            price_microcredits=None if whole is None else whole + price,
            told={**(made.told or {}), **told},
        )

    def kept(self, job: Job) -> Sequence[Path]:
        """The files that the other keeps."""
        return self._maker.kept(job)

    def fail(self, error: Exception) -> None:
        """As the other does."""
        self._maker.fail(error)


def seen_request(
    asked: Mapping[str, Any], context: Context, seen: Sequence[Caption]
) -> Mapping[str, Any]:
    """A job's request, with all that was seen in its words. Raises as `messages_of` does."""
    captions = {one.picture: one.caption for one in seen}
    if COPY in asked:
        filled = Assignment.model_validate(asked[COPY])
        messages = messages_of(copy_with(filled, context, captions), asked["model"])
    elif "messages" in asked:
        messages = talk_with([Message(**one) for one in asked["messages"]], context, captions)
    else:
        return {**asked, "prompt": code_with(read_code(asked), context, captions).prompt}
    return {**asked, "messages": [asdict(one) for one in messages]}


def captions_price(context: Context, seen: Sequence[Caption]) -> int:
    """What captions cost in microcredits: the starter's a piece, others by their tokens."""
    tokens = [(one.prompt_tokens, one.answer_tokens) for one in seen]
    return caption_price(context.thousand_tokens_microcredits, tokens)
