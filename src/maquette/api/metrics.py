"""Figures for Prometheus, read anew whenever they are asked for."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from maquette.jobs.store import ENDS
from maquette.service.figures import Figures, Reading


def registry(
    figures: Figures, worker_restarts: Callable[[], int], streams: Callable[[], int]
) -> CollectorRegistry:
    """The figures of one studio; `streams` says how many are open."""
    made = CollectorRegistry()
    made.register(_StudioCollector(figures, worker_restarts, streams))
    return made


class _StudioCollector(Collector):
    """What is in the database is read there, for more than one process changes it. While it is away
    its figures are left out: a gap is honest, a nought would be a lie.
    """

    def __init__(
        self, figures: Figures, worker_restarts: Callable[[], int], streams: Callable[[], int]
    ) -> None:
        self._figures, self._worker_restarts, self._streams = figures, worker_restarts, streams

    def collect(self) -> Iterator[Metric]:
        yield _counter("worker_restarts", "Times that a worker had died.", self._worker_restarts())
        yield _gauge("streams", "Streams of events open.", self._streams())
        reading = self._figures.read()
        up = int(reading is not None)
        yield _gauge("database_up", "Whether the database answers.", up)
        if reading is not None:
            yield from _jobs(reading)
            yield from _credits(reading)
            yield from _ages(reading)


def _jobs(reading: Reading) -> Iterator[Metric]:
    by_state = reading.unfinished.by_state
    yield _gauge("jobs_unfinished", "Jobs not ended.", sum(by_state.values()))
    now = GaugeMetricFamily("maquette_jobs", "Jobs not ended, by state.", labels=["state"])
    for state in ("queued", "running"):
        now.add_metric([state], by_state.get(state, 0))
    yield now
    text = "Jobs that ended since this process began, by their end."
    ended = CounterMetricFamily("maquette_jobs_ended", text, labels=["state"])
    for state in ENDS:
        ended.add_metric([state], reading.ended.get(state, 0))
    yield ended


def _credits(reading: Reading) -> Iterator[Metric]:
    text = "Microcredits charged for jobs since this process began."
    yield _counter("charged_microcredits", text, reading.charged_microcredits)
    text = "Microcredits that open holds have of all accounts."
    yield _gauge("held_microcredits", text, reading.held_microcredits)
    text = "What accounts that moved lately are off by; not 0: run maquette ledger verify."
    yield _gauge("ledger_drift_microcredits", text, reading.drift_microcredits)
    text = "Accounts that were looked at for that, since this process began."
    yield _counter("ledger_accounts_checked", text, reading.accounts_checked)


def _ages(reading: Reading) -> Iterator[Metric]:
    text = "Age of the oldest job that waits to be begun; 0 where none does."
    yield _gauge("queue_age_seconds", text, reading.unfinished.queue_age_s)
    if reading.heartbeat_age_s is not None:
        text = "Since a worker was last heard of."
        yield _gauge("heartbeat_age_seconds", text, reading.heartbeat_age_s)
    if reading.backup_age_s is not None:  # left out where there never was one
        yield _gauge("backup_age_seconds", "Since the last backup.", reading.backup_age_s)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"maquette_{name}", text, value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"maquette_{name}", text, value)
