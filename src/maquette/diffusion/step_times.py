"""How long a pass takes by bucket and rows, learned from the passes themselves."""

import math
import statistics
from collections import defaultdict, deque

from maquette.diffusion.request import Bucket

REMEMBERED = 9  # passes a median is taken of
LEAST_SAMPLES = 3
GOOD_ENOUGH = 1.05  # times the best milliseconds a row
RETRY_PASSES = 500  # then other sizes are measured anew, for a machine does not stay as it was
UNKNOWN_MS_PER_VALUE = 1e-3  # before anything was measured, only ratios count


class StepTimes:
    """Milliseconds of a pass by bucket and number of rows, as the median of the newest ones.

    The first pass of a kind is not counted: libraries prepare themselves in it.
    """

    def __init__(self) -> None:
        self._samples: dict[Bucket, dict[int, deque[float]]] = defaultdict(dict)
        self._medians: dict[Bucket, dict[int, float]] = defaultdict(dict)
        self._passes: dict[Bucket, int] = defaultdict(int)

    def record(self, bucket: Bucket, rows: int, pass_ms: float) -> None:
        """Takes note of a pass."""
        self._passes[bucket] += 1
        samples, medians = self._samples[bucket], self._medians[bucket]
        if self._passes[bucket] % RETRY_PASSES == 0:
            for other in samples.keys() - {rows}:
                del samples[other]
                medians.pop(other, None)
        if rows not in samples:
            samples[rows] = deque(maxlen=REMEMBERED)
            return
        samples[rows].append(pass_ms)
        if len(samples[rows]) >= LEAST_SAMPLES:
            medians[rows] = statistics.median(samples[rows])

    def pass_ms(self, bucket: Bucket, rows: int) -> float:
        """What a pass of so many rows takes: measured, or in proportion to the nearest that was."""
        known = self._medians[bucket]
        if rows in known:
            return known[rows]
        if known:
            nearest = min(known, key=lambda other: abs(math.log(other / rows)))
            return known[nearest] * rows / nearest
        values = math.prod(bucket[1])
        others = [other for other, medians in self._medians.items() if medians]
        if not others:
            return values * rows * UNKNOWN_MS_PER_VALUE
        like = min(others, key=lambda other: abs(math.log(math.prod(other[1]) / values)))
        return self.pass_ms(like, rows) * values / math.prod(like[1])

    def known(self) -> dict[Bucket, dict[int, float]]:
        """What was measured, by bucket and rows. May be asked from another thread."""
        return {bucket: dict(m) for bucket, m in list(self._medians.items()) if m}

    def best_rows(self, bucket: Bucket, limit: int) -> int:
        """The fewest rows that use the machine about as well as any number up to `limit`.

        More would only make everyone wait. The limit where nothing is known; twice the largest
        size that was tried where that was clearly the best.
        """
        costs = {rows: ms / rows for rows, ms in self._medians[bucket].items() if rows <= limit}
        if not costs:
            return limit
        best = min(costs.values())
        fewest = min(rows for rows, cost in costs.items() if cost <= best * GOOD_ENOUGH)
        return min(limit, 2 * fewest) if fewest == max(costs) else fewest
