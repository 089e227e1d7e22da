"""How texts are made on other servers: told as they come, begun anew by another attempt."""

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from maquette.copydesk.assignment import Assignment
from maquette.copydesk.tries import Tries, next_try, seed_of_try
from maquette.core import tracing
from maquette.core.text_requests import TextRequest, one_by_one
from maquette.engines.remote_answer import RemoteAnswer, usual_prompt_tokens
from maquette.engines.remote_text import RemoteText
from maquette.jobs.store import Job
from maquette.service.making import TICKS_A_PROGRESS, Made, MadeAsset, Maker, Making
from maquette.service.submissions import COPY
from maquette.service.text_maker import (
    JSON,
    LOOKS_A_TICK,
    MOST_UNKEPT_TOKENS,
    PLAIN,
    demands_of,
    find_judge,
    read_request,
)
from maquette.service.text_price import price_by_tokens
from maquette.service.text_servers import TextServers, is_elsewhere


class TextMakers:
    """Makes each text where its model is: here, or on another server."""

    def __init__(self, here: Maker | None, elsewhere: Maker) -> None:
        self._here, self._elsewhere = here, elsewhere

    def make(self, making: Making) -> Made:
        """The texts of a job, in order, and what they cost."""
        return self._of(making.job).make(making)

    def kept(self, job: Job) -> Sequence[Path]:
        """The files that are kept of a job while it runs."""
        return self._of(job).kept(job)

    def fail(self, error: Exception) -> None:
        """Ends the worker where its device is broken; another's device is not."""
        if self._here is not None:
            self._here.fail(error)

    def _of(self, job: Job) -> Maker:
        if is_elsewhere(job.request["model"]):
            return self._elsewhere
        assert self._here is not None  # a worker takes no jobs for models that it has not
        return self._here


class RemoteTextMaker:
    """Makes texts on the servers that operators added. No key of theirs is in a job."""

    def __init__(self, servers: TextServers) -> None:
        self._servers = servers

    def make(self, making: Making) -> Made:
        """The texts of a job, in order, and what they cost; of copy the best of what was tried, and
        where a further try fails, of what was tried before. Raises RemoteUnavailable,
        InvalidRequest.
        """
        job, request = making.job, read_request(making.job.request)
        server, model = self._servers.open(job.request["model"])
        firsts = one_by_one(request)
        saying = _Saying(making, firsts)
        with tracing.span("ask", server=server.name):
            talks = RemoteText(server).talks(firsts, model, saying.again, saying.take, saying.look)
        # Each text is asked for by itself, so that its server reads the talk as often.
        read, said = _used([answer for talk in talks for answer in talk])
        best, seed = [one.tries.best for one in saying.texts], request.params.seed
        told: dict[str, Any] = {
            "finish_reasons": [one["finished"] for one in best],
            "prompt_tokens": read,
            "answer_tokens": said,
        }
        if COPY in job.request:
            told["missed"] = [one["missed"] for one in best]
            told["tries"] = [len(talk) for talk in talks]
        media_type = PLAIN if request.params.schema is None else JSON
        return Made(
            [
                MadeAsset(one["text"].encode(), media_type, seed_of_try(seed + number, one["try"]))
                for number, one in enumerate(best)
            ],
            price_by_tokens(job.request["thousand_tokens_microcredits"], read, said),
            told,
        )

    def kept(self, job: Job) -> Sequence[Path]:
        """No files."""
        return ()

    def fail(self, error: Exception) -> None:
        """What breaks here is no device of ours."""


class _Text:
    """One text so far: what the try under way says, and what was read and said for those before."""

    def __init__(self) -> None:
        self.tries = Tries()
        self.said = ""
        self.kept_characters = 0
        self.pieces = 0  # since it was last kept
        self.before: Mapping[str, int] = {}  # as `service/said.py` has what was tried

    def begin_again(self, answers: Sequence[RemoteAnswer], asked: TextRequest) -> None:
        """A further try, of which nothing is said yet."""
        read, said = _used(answers)
        talk = usual_prompt_tokens(asked.messages)
        self.before = {"tries": self.tries.number, "read": read, "said": said, "talk": talk}
        self.said, self.kept_characters, self.pieces = "", 0, 0

    def news(self) -> dict[str, Any]:
        """What was said since it was last kept, and where that belongs."""
        told = {"at": self.kept_characters, "text": self.said[self.kept_characters :]}
        return told | ({"try": self.tries.number} if self.before else {})

    def part(self) -> dict[str, Any]:
        """What is new since the last one, to be kept."""
        at, pieces = self.kept_characters, self.pieces
        self.kept_characters, self.pieces = len(self.said), 0
        new = {"at": at, "text": self.said[at:], "pieces": pieces}
        return new | ({"tried": self.before} if self.before else {})


class _Saying:
    """The texts of one attempt so far. No server goes on where another answer of its was, so an
    attempt begins anew: what came before is not part of it. How many tokens were read for each is
    not known before the end, so who cancels is charged for as many as is usual.
    """

    def __init__(self, making: Making, firsts: Sequence[TextRequest]) -> None:
        self._making, self._firsts = making, firsts
        self._judge, self._most_tries = find_judge(demands_of(making.job))
        self.texts = [_Text() for _ in firsts]
        self._told, self._looks, self._begun = 0, count(1), False

    def take(self, number: int, more: str) -> None:
        """Goes on by a piece."""
        self.texts[number].said += more
        self.texts[number].pieces += 1

    def again(self, number: int, answers: Sequence[RemoteAnswer]) -> TextRequest | None:
        """What is asked after these answers; None where the last of them is to be it."""
        one, (*_, last), first = self.texts[number], answers, self._firsts[number]
        said = last.text, last.finish_reason
        if one.tries.end(*said, self._judge, self._most_tries):
            return None
        assignment = Assignment.model_validate(self._making.job.request[COPY])
        asked = next_try(first, assignment, *said, one.tries.number)
        one.begin_again(answers, asked)
        return asked

    def look(self) -> bool:
        """Tells what is new; says whether the job is to go on, where it is time to ask."""
        looks = next(self._looks)
        if (characters := sum(len(one.said) for one in self.texts)) != self._told:
            self._told = characters
            self._making.tell({"texts": [one.news() for one in self.texts]})
        pieces = sum(one.pieces for one in self.texts)
        due = looks % (LOOKS_A_TICK * TICKS_A_PROGRESS) == 0
        due |= looks % LOOKS_A_TICK == 0 and pieces >= MOST_UNKEPT_TOKENS
        if pieces and (due or not self._begun):
            self._keep()
        return looks % LOOKS_A_TICK != 0 or self._making.goes_on()

    def _keep(self) -> None:
        texts = [one.part() for one in self.texts]
        read = usual_prompt_tokens(self._firsts[0].messages)
        self._making.say({"read": read, "anew": not self._begun, "texts": texts})
        self._begun = True


def _used(answers: Sequence[RemoteAnswer]) -> tuple[int, int]:
    """The tokens that were read and said for answers."""
    return sum(one.prompt_tokens for one in answers), sum(one.answer_tokens for one in answers)
