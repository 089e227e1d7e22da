"""The engine: one pass brings each request that takes part a token, and new ones their first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil
from random import Random
from typing import Any

import torch
from torch import Tensor

from maquette.core.errors import InvalidRequest
from maquette.decoding.request import (
    DecodingOutput,
    DecodingRequest,
    FinishReason,
    RequestState,
)
from maquette.decoding.sampling import sample
from maquette.decoding.slots import PassRow, SlotCache
from maquette.decoding.words import Decode, WordStream

MAX_ROWS = 32
MOST_READ = 2048  # tokens of prompts between two tokens of who decodes, who waits for them
MOST_BYTES = 4 * 2**30  # of keys and values


class DecodingEngine:
    """Decodes many texts at once. For one thread.

    A step reads on in prompts, in order of arrival and without padding between them, or has rows
    whose prompts are read say a token, `pass_rows` of them at most, in turn. Prompts come first,
    for a while: who comes is told a first token sooner than where a pass does both, or where all
    rows say one (`docs/log.md`). `decode` makes tokens to text, `ends` are the tokens that end a
    text, `most_bytes` what keys and values may take. The model uses slots
    (`attention.use_slots`).
    """

    def __init__(
        self,
        model: Any,
        decode: Decode,
        ends: Sequence[int],
        max_rows: int = MAX_ROWS,
        pass_rows: int = MAX_ROWS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._model, self._decode, self._ends = model, decode, frozenset(ends)
        self._max_rows, self._pass_rows, self._most_bytes = max_rows, pass_rows, most_bytes
        self._next = 0  # the slot whose turn it is to say something
        self._device = model.device
        self._cache = SlotCache(model.config, model.dtype.itemsize, most_bytes)
        self._context = int(model.config.get_text_config(decoder=True).max_position_embeddings)
        self._read_tokens = 0  # since rows went on by a token
        self._states: dict[str, RequestState] = {}  # all, in order of arrival
        self._rows: list[RequestState] = []  # those in the cache, by their slots

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._states

    @property
    def size_bytes(self) -> int:
        """What keys and values take now."""
        return self._cache.size_bytes

    def add(self, request: DecodingRequest, snapshot: Sequence[int] | None = None) -> None:
        """Admits a request to the next pass, from its beginning or after tokens that were sampled
        elsewhere. Raises InvalidRequest where it is longer than the model reads, or than there is
        memory for; ValueError where one of its name is here.
        """
        if request.request_id in self._states:
            raise ValueError(f"request {request.request_id} is already here")
        params = request.params
        if len(request.prompt) >= self._context:
            raise InvalidRequest(
                f"the prompt has {len(request.prompt)} tokens, and this model reads "
                f"{self._context}, its answer included; shorten the prompt or choose another model"
            )
        words = WordStream(self._decode, params.stop)
        constraint = request.constrain() if request.constrain else None
        tokens = list(request.prompt)
        state = RequestState(request, words, Random(params.seed), tokens, constraint)
        needed = self._cache.room_bytes(1, self._most_tokens(state))
        if needed > self._most_bytes:
            raise InvalidRequest(
                f"{self._most_tokens(state)} tokens need {needed / 2**30:.1f} GiB for their keys "
                f"and values, and this worker keeps {self._most_bytes / 2**30:.1f}; ask for fewer "
                "max_tokens"
            )
        for token in snapshot or ():
            state.random.random()
            state.take(token)
        self._states[request.request_id] = state

    @torch.inference_mode()
    def cancel(self, request_id: str) -> None:
        """Drops a request before the next pass. Raises KeyError where it is not here."""
        self._leave(self._states[request_id])

    @torch.inference_mode()
    def step(self) -> list[DecodingOutput]:
        """One pass: rows whose prompts are read a token further, or, in turn with that, some of the
        prompts that are yet to be read.

        Those whose pass raised something have left, and the others are as they were.
        """
        self._join()
        saying = [state for state in self._rows if state.due == 1]
        reading = self._reading(MOST_READ - (self._read_tokens if saying else 0))
        self._read_tokens += sum(count for _, count in reading)
        taking = reading or self._in_turn(saying)
        if not reading and (not saying or taking[-1][0] is saying[-1]):
            self._read_tokens = 0
        if not taking:
            return []
        try:
            logits = self._forward(taking)
        except Exception:
            for state, _ in taking:
                self._leave(state)
            raise
        for state, count in taking:
            state.cached += count
        done = [row for row, (state, _) in enumerate(taking) if state.due == 0]
        return self._say([taking[row][0] for row in done], logits[done]) if done else []

    def _in_turn(self, saying: Sequence[RequestState]) -> list[tuple[RequestState, int]]:
        """Who says a token in this step: all, or as many as others in each of some passes, from
        where the last one ended.
        """
        passes = max(1, ceil(len(saying) / self._pass_rows))
        after = [state for state in saying if state.slot >= self._next]
        taking = (after if after and passes > 1 else saying)[: ceil(len(saying) / passes)]
        if taking:
            self._next = taking[-1].slot + 1
        return [(state, 1) for state in taking]

    def _reading(self, left: int) -> list[tuple[RequestState, int]]:
        """Who reads in this step, by arrival, and how many of the tokens that are left for that."""
        reading = []
        for state in self._states.values():
            if left > 0 and state.slot >= 0 and state.due > 1:
                reading.append((state, min(state.due, left)))
                left -= reading[-1][1]
        return reading

    def _join(self) -> None:
        """Takes requests in as long as there is room: in person first, and of the account that has
        fewest rows. Where there is none, others may make way.
        """
        while waiting := [state for state in self._states.values() if state.slot < 0]:
            rows = Counter(state.request.account for state in self._rows)
            following = min(
                waiting, key=lambda s: (not s.request.interactive, rows[s.request.account])
            )
            if self._has_room(following):
                following.slot = len(self._rows)
                self._rows.append(following)
            elif not self._make_way(following, rows):
                return

    def _has_room(self, following: RequestState) -> bool:
        longest = max(self._most_tokens(state) for state in (*self._rows, following))
        needed = self._cache.room_bytes(len(self._rows) + 1, longest)
        return not self._rows or (len(self._rows) < self._max_rows and needed <= self._most_bytes)

    def _make_way(self, following: RequestState, rows: Mapping[str, int]) -> bool:
        """Whether a row was freed for a request: one that no one waits for in person, where that
        one does, or else one of an account that has more; of these the one that came last of the
        account that has most. It reads anew what it had, when it is its turn again.
        """
        in_person, own = following.request.interactive, rows[following.request.account]
        able = [state for state in self._rows if in_person and not state.request.interactive] or [
            state
            for state in self._rows
            if rows[state.request.account] > own + 1
            and (in_person or not state.request.interactive)
        ]
        if not able:
            return False
        names = list(self._states)
        last = max(
            able,
            key=lambda s: (rows[s.request.account], names.index(s.request.request_id)),
        )
        self._free(last)
        last.slot, last.cached = -1, 0
        return True

    def _forward(self, taking: Sequence[tuple[RequestState, int]]) -> Tensor:
        """The logits (R, V) after the last token of each row, from a pass of so many of each."""
        ids = [
            token for one, count in taking for token in one.tokens[one.cached : one.cached + count]
        ]
        rows = [PassRow(state.slot, state.cached, count) for state, count in taking]
        longest = max(len(state.tokens) for state in self._rows)
        now = self._cache.begin(rows, self._device, len(self._rows), longest)
        return self._model(
            input_ids=torch.tensor([ids], device=self._device),
            position_ids=now.positions[None],
            cache=self._cache,
            use_cache=True,
            logits_to_keep=now.ends,
            under_way=now,
        ).logits[0]

    def _say(self, states: Sequence[RequestState], logits: Tensor) -> list[DecodingOutput]:
        logits = logits.float()
        broken: dict[int, Exception] = {}  # whose schema cannot be held to any more
        for row, state in enumerate(states):
            try:
                if (constraint := state.constraint) is not None:
                    constraint.mask(logits[row])
            except Exception as error:
                broken[row] = error
                logits[row] = 0.0
        params = [state.request.params for state in states]
        tokens = sample(
            logits,
            logits.new_tensor([one.temperature for one in params]),
            logits.new_tensor([one.top_p for one in params]),
            logits.new_tensor([state.random.random() for state in states]),
        ).tolist()
        return [
            self._end(state, broken[row]) if row in broken else self._try(state, tokens[row])
            for row, state in enumerate(states)
        ]

    def _end(self, state: RequestState, error: Exception) -> DecodingOutput:
        """Ends a row for an error that is no one else's."""
        self._leave(state)
        return DecodingOutput(state.request, 0, "", "error", error)

    def _try(self, state: RequestState, token: int) -> DecodingOutput:
        try:
            return self._take(state, token)
        except Exception as error:
            return self._end(state, error)

    def _take(self, state: RequestState, token: int) -> DecodingOutput:
        """A row's next token, and whether it was the last."""
        finished: FinishReason | None = None
        text = ""
        if token in self._ends:
            finished = "stop"
        else:
            text = state.take(token)
            constraint = state.constraint
            if state.words.stopped or (constraint is not None and constraint.ended):
                finished = "stop"
            elif state.sampled >= state.request.params.max_tokens or self._is_full(state):
                finished = "length"
        if finished is not None:
            text += state.words.end()
            self._leave(state)
        return DecodingOutput(state.request, token, text, finished)

    def _is_full(self, state: RequestState) -> bool:
        return len(state.tokens) >= self._context

    def _most_tokens(self, state: RequestState) -> int:
        return min(state.most_tokens, self._context)

    def _leave(self, state: RequestState) -> None:
        del self._states[state.request.request_id]
        if state.slot >= 0:
            self._free(state)
        if not self._rows:
            self._cache.rest()

    def _free(self, state: RequestState) -> None:
        """Frees a row: the last one takes its slot, so that there is no gap."""
        last = self._rows.pop()
        if last is not state:
            if last.cached:  # or it has nothing there yet, not even the place
                self._cache.move(last.slot, state.slot)
            last.slot = state.slot
            self._rows[state.slot] = last
