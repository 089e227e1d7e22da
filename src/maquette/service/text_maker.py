"""How the texts of a job are made: decoded with everyone else's, told as they come, resumed.

Copy is checked when it is written, and written anew up to three times where it misses something.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from maquette.batching.loop import EngineLoop
from maquette.copydesk.assignment import Assignment
from maquette.copydesk.checks import Demands
from maquette.copydesk.tries import COPY_TRIES, Judge, judge_of, seed_of_try
from maquette.core import tracing
from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.decoding.request import DecodingOutput, DecodingRequest
from maquette.jobs.store import Job
from maquette.service.engine_clock import EngineClock
from maquette.service.making import TICK_S, TICKS_A_PROGRESS, Made, MadeAsset, Making
from maquette.service.saying import Saying
from maquette.service.submissions import COPY
from maquette.service.text_price import text_price

if TYPE_CHECKING:  # which takes seconds to import, and is handed in
    from maquette.engines.text import TextEngine

TELL_S = 0.05  # between two pieces of text that a reader sees
LOOKS_A_TICK = round(TICK_S / TELL_S)
# Kept a second, or sooner where so many are new: who cancels is charged for what was kept, and so
# hardly less than for what was told.
MOST_UNKEPT_TOKENS = 100
PLAIN, JSON = "text/plain", "application/json"


class TextMaker:
    """Makes texts on the engines of the language models, which it knows by name."""

    def __init__(
        self,
        texts: "Mapping[str, TextEngine]",
        loops: Mapping[str, "EngineLoop[DecodingRequest, DecodingOutput]"],
        clocks: Mapping[str, EngineClock[DecodingRequest, DecodingOutput]] = MappingProxyType({}),
    ) -> None:
        self._texts, self._loops, self._clocks = texts, loops, clocks

    def make(self, making: Making) -> Made:
        """The texts of a job, in order, and what they cost."""
        job, request = making.job, read_request(making.job.request)
        engine, loop = self._texts[job.request["model"]], self._loops[job.request["model"]]
        in_person, demands = job.priority == "interactive", demands_of(job)
        with tracing.span("read"):
            bounds = demands.bounds() if demands else None
            ones = engine.prepare(request, str(job.job_id), job.account_id, in_person, bounds)
        kept = making.said()
        said = [Saying(kept and kept["texts"][number]) for number in range(len(ones))]
        judge, most_tries = find_judge(demands)
        engine_s = 0.0
        with tracing.span("decode"):
            while left := [n for n, one in enumerate(said) if not one.settle(judge, most_tries)]:
                again = {number: _again(ones[number], said[number].tries) for number in left}
                engine_s += self._decode(making, loop, again, said)
        best = [one.best for one in said]
        read = len(ones[0].prompt) * max(one.tries for one in said)
        written = sum(one.spent + len(one.tokens) for one in said)
        media_type = PLAIN if request.params.schema is None else JSON
        told: dict[str, Any] = {
            "finish_reasons": [one["finished"] for one in best],
            "prompt_tokens": read,
            "answer_tokens": written,
        }
        if self._clocks and not kept:  # or it is not that of all tokens
            told["engine_s"] = engine_s
        if COPY in job.request:
            told["missed"] = [one["missed"] for one in best]
            told["tries"] = [one.tries for one in said]
        return Made(
            [
                MadeAsset(one["text"].encode(), media_type, _again(first, one["try"]).params.seed)
                for first, one in zip(ones, best, strict=True)
            ],
            text_price(job.request["model"], read, written),
            told,
        )

    def kept(self, job: Job) -> Sequence[Path]:
        """No files: what was said so far is kept as an event."""
        return ()

    def fail(self, error: Exception) -> None:
        """Ends the worker where its device is broken."""
        for loop in self._loops.values():
            loop.fail(error)

    def _decode(
        self,
        making: Making,
        loop: "EngineLoop[DecodingRequest, DecodingOutput]",
        ones: Mapping[int, DecodingRequest],
        said: Sequence[Saying],
    ) -> float:
        """These of all texts, by their numbers, to their end; the seconds that the engine was at
        them, where that has a clock. Raises CancelledError if someone ends the job meanwhile, or it
        is another worker's.
        """
        numbers = {one.request_id: number for number, one in ones.items()}

        def take(output: DecodingOutput) -> None:
            said[numbers[output.request.request_id]].take(output)

        futures: list[Future[DecodingOutput]] = [
            loop.add(one, take, said[number].tokens[:] or None) for number, one in ones.items()
        ]
        try:
            self._watch(making, futures, said, len(next(iter(ones.values())).prompt))
        finally:
            for one in ones.values():
                loop.cancel(one.request_id)  # nothing where it has finished
            wait(futures)
            clock = self._clocks.get(making.job.request["model"])
            engine_s = sum(clock.take(one.request_id) for one in ones.values()) if clock else 0.0
        for future in futures:
            _check(future)
        return engine_s

    def _watch(
        self,
        making: Making,
        futures: Sequence[Future[DecodingOutput]],
        said: Sequence[Saying],
        read: int,
    ) -> None:
        """Tells what is new until all have ended, one has failed, or the job is not to go on."""
        looks = told = 0
        begun = any(one.tokens for one in said)
        while (waited := wait(futures, TELL_S, FIRST_EXCEPTION)).not_done:
            for future in waited.done:
                _check(future)  # no more of a job is made where one text failed
            looks += 1
            characters = sum(len(one.text) for one in said)
            if characters > told:
                making.tell({"texts": [one.news() for one in said]})
                told = characters
            unkept = sum(one.unkept_tokens for one in said)
            due = looks % (LOOKS_A_TICK * TICKS_A_PROGRESS) == 0
            due |= looks % LOOKS_A_TICK == 0 and unkept >= MOST_UNKEPT_TOKENS
            if unkept and (due or not begun):  # the first at once: all that was asked was read
                making.say({"read": read, "texts": [one.part() for one in said]})
                begun = True
            if looks % LOOKS_A_TICK == 0 and not making.goes_on():
                return


def _check(future: "Future[DecodingOutput]") -> None:
    """Raises what ended a text before its end."""
    if (error := future.result().error) is not None:
        raise error


def demands_of(job: Job) -> Demands | None:
    """What texts have to meet, of copy alone."""
    return Assignment.model_validate(job.request[COPY]).demands() if COPY in job.request else None


def find_judge(demands: Demands | None) -> tuple[Judge, int]:
    """What says what a text misses, and how often it is written at most: copy alone is judged."""
    if demands is None:
        return lambda text, finished: [], 1
    return judge_of(demands), COPY_TRIES


def _again(one: DecodingRequest, tries: int) -> DecodingRequest:
    """The same text as it is to be said at its n-th try, by another seed."""
    if tries == 1:
        return one
    params = replace(one.params, seed=seed_of_try(one.params.seed, tries))
    return replace(one, request_id=f"{one.request_id}/{tries}", params=params)


def read_request(asked: Mapping[str, Any]) -> TextRequest:
    """The request as it was asked for."""
    params = dict(asked["params"])
    params["stop"] = tuple(params["stop"])  # JSON has no tuples
    messages = tuple(Message(**one) for one in asked["messages"])
    return TextRequest(messages, TextParams(**params), asked["count"])
