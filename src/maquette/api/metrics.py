"""Figures for Prometheus, read anew whenever they are asked for."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from maquette.jobs.store import ENDS
from maquette.service.studio import Studio


def registry(
    studio: Studio, worker_restarts: Callable[[], int], streams: Callable[[], int]
) -> CollectorRegistry:
    """The figures of one studio; `streams` says how many are open."""
    made = CollectorRegistry()
    made.register(_StudioCollector(studio, worker_restarts, streams))
    return made


class _StudioCollector(Collector):
    """Jobs are counted in the database, for more than one process ends them. While it is away
    their figures are left out: a gap is honest, a nought would be a lie.
    """

    def __init__(
        self, studio: Studio, worker_restarts: Callable[[], int], streams: Callable[[], int]
    ) -> None:
        self._studio, self._worker_restarts, self._streams = studio, worker_restarts, streams

    def collect(self) -> Iterator[Metric]:
        restarts = CounterMetricFamily("maquette_worker_restarts", "Times that a worker had died.")
        restarts.add_metric([], self._worker_restarts())
        yield restarts
        yield GaugeMetricFamily("maquette_streams", "Streams of events open.", self._streams())
        counts = self._studio.job_counts()
        up = counts is not None
        yield GaugeMetricFamily("maquette_database_up", "Whether the database answers.", int(up))
        if counts is None:
            return
        yield GaugeMetricFamily("maquette_jobs_unfinished", "Jobs not ended.", counts.unfinished)
        age = "Age of the oldest job that waits to be begun; 0 where none does."
        yield GaugeMetricFamily("maquette_queue_age_seconds", age, counts.queue_age_s)
        ended = CounterMetricFamily("maquette_jobs_ended", "Jobs, by their end.", labels=["state"])
        for state in ENDS:
            ended.add_metric([state], counts.by_state.get(state, 0))
        yield ended
