"""Picks the requests of the next pass: fair between accounts, interactive before batch."""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable

from maquette.diffusion.request import Bucket, RequestState
from maquette.diffusion.step_times import RETRY_PASSES, StepTimes

BATCH_TURN = 10  # one pass in so many is a batch's, whoever waits in person
MOST_SLOWDOWN = 1.25  # of an interactive pass by what rides along in batch

Queues = dict[str, list[RequestState]]


class Scheduler:
    """Deficit round-robin between accounts (Shreedhar & Varghese 1995), in measured milliseconds.

    The account whose turn it is leads: its most urgent request says which bucket is run. What room
    is left in the pass goes to other requests of that bucket, account by account. Each pays its
    share of the pass.

    Within an account the request comes first that would be done first if all went on at the same
    pace (after the Fair Sojourn Protocol of Friedman & Henderson 2003): a short one overtakes long
    ones, and no one waits for ever. Interactive requests lead before any of a batch, which leads
    one pass in BATCH_TURN.
    """

    def __init__(self, step_times: StepTimes, max_rows: int) -> None:
        self._step_times, self._max_rows = step_times, max_rows
        self._ring: deque[str] = deque()
        self._deficit_ms: dict[str, float] = {}
        self._passes = 0
        self._limits: dict[Bucket, tuple[int, int]] = {}  # rows, and up to which pass

    def schedule(self, states: Iterable[RequestState]) -> list[RequestState]:
        """The requests that take their next step together, all of one bucket; [] if none waits."""
        waiting = [state for state in states if not state.paused]
        if not waiting:
            return []
        self._passes += 1
        queues = self._queues(waiting)
        leader = self._lead(queues)
        batch = [leader, *self._riders(leader, queues)]
        self._charge(batch)
        return batch

    def shrink(self, bucket: Bucket, rows: int) -> None:
        """A pass of so many rows lacked memory: for long, none of its bucket has more than half of
        them. Then as many as ever are tried again, for something else may have held the memory.
        """
        self._limits[bucket] = (rows // 2, self._passes + RETRY_PASSES)

    def _limit(self, bucket: Bucket) -> int:
        """The most rows of a pass."""
        rows, until = self._limits.get(bucket, (self._max_rows, 0))
        return rows if self._passes < until else self._max_rows

    def _queues(self, waiting: list[RequestState]) -> Queues:
        """The waiting requests by account, the most urgent first; who waits is in the ring."""
        row_ms = {b: self._step_times.pass_ms(b, 1) for b in {s.request.bucket for s in waiting}}
        crowd = Counter(state.request.account for state in waiting)

        def urgency(state: RequestState) -> tuple[bool, float]:
            alone_ms = state.rows_left * row_ms[state.request.bucket]
            shared_ms = alone_ms * crowd[state.request.account]
            return not state.request.interactive, state.arrival_ms + shared_ms

        queues: Queues = {}
        for state in sorted(waiting, key=urgency):
            queues.setdefault(state.request.account, []).append(state)
        # Who left with a debt keeps it; what an account did not use it does not save up.
        debts = {a: d for a, d in self._deficit_ms.items() if a in queues or d < 0}
        self._deficit_ms = {**dict.fromkeys(queues, 0.0), **debts}
        self._ring = deque(dict.fromkeys([*(a for a in self._ring if a in queues), *queues]))
        return queues

    def _lead(self, queues: Queues) -> RequestState:
        """The most urgent request of the account whose turn it is."""
        persons, others = (
            {account: s for account, queue in queues.items() if (s := _first(queue, interactive))}
            for interactive in (True, False)
        )
        heads = persons or others
        if others and self._passes % BATCH_TURN == 0:
            heads = others
        costs = {
            account: self._step_times.pass_ms(state.request.bucket, state.row_count)
            for account, state in heads.items()
        }
        quantum_ms = min(costs.values())
        # All rounds in which no one could lead, at once.
        rounds = min(math.ceil((costs[a] - self._deficit_ms[a]) / quantum_ms) for a in heads)
        for account in heads:
            self._deficit_ms[account] += max(0, rounds - 1) * quantum_ms
        while True:
            account = self._ring[0]
            if account in heads:
                if self._deficit_ms[account] >= costs[account]:
                    return heads[account]
                self._deficit_ms[account] += quantum_ms
            self._ring.rotate(-1)

    def _riders(self, leader: RequestState, queues: Queues) -> list[RequestState]:
        """Who goes along in the room that is left: interactive first, and of the account that has
        least of this pass.
        """
        bucket = leader.request.bucket
        room = self._step_times.best_rows(bucket, self._limit(bucket)) - leader.row_count
        queues = {
            account: [s for s in queue if s is not leader and s.request.bucket == bucket]
            for account, queue in queues.items()
        }
        taken: dict[str, int] = defaultdict(int, {leader.request.account: leader.row_count})
        persons = leader.row_count if leader.request.interactive else 0
        riders: list[RequestState] = []
        while room > 0:
            heads = {a: s for a, queue in queues.items() if (s := _first_that_fits(queue, room))}
            if not heads:
                break
            account = min(
                heads,
                key=lambda a: (not heads[a].request.interactive, taken[a], -self._deficit_ms[a]),
            )
            rider = heads[account]
            if rider.request.interactive:
                persons += rider.row_count
            elif persons and self._slows(bucket, persons, sum(taken.values()) + rider.row_count):
                break
            queues[account].remove(rider)
            riders.append(rider)
            taken[account] += rider.row_count
            room -= rider.row_count
        return riders

    def _slows(self, bucket: Bucket, persons: int, rows: int) -> bool:
        """Whether a pass of `rows` keeps those with `persons` of them waiting too long."""
        alone_ms = self._step_times.pass_ms(bucket, persons)
        return self._step_times.pass_ms(bucket, rows) > MOST_SLOWDOWN * alone_ms

    def _charge(self, batch: list[RequestState]) -> None:
        """Takes each account's share of the pass.

        Who rode along took what no one else wanted, and does not come to owe more than a pass.
        """
        rows = sum(state.row_count for state in batch)
        pass_ms = self._step_times.pass_ms(batch[0].request.bucket, rows)
        shares: dict[str, float] = defaultdict(float)
        for state in batch:
            shares[state.request.account] += pass_ms * state.row_count / rows
        for account, share_ms in shares.items():
            before_ms = self._deficit_ms[account]
            self._deficit_ms[account] = max(before_ms - share_ms, min(before_ms, -pass_ms))
        for account in self._deficit_ms.keys() - set(self._ring):
            self._deficit_ms[account] += pass_ms  # time passes for who is away, too


def _first(queue: list[RequestState], interactive: bool) -> RequestState | None:
    return next((s for s in queue if s.request.interactive == interactive), None)


def _first_that_fits(queue: list[RequestState], room: int) -> RequestState | None:
    return next((state for state in queue if state.row_count <= room), None)
