"""CUDA graphs: a GPU is told of all kernels of a pass at once, not of one after another."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

log = logging.getLogger(__name__)

MOST_GRAPHS = 64  # of one function; each holds its list of kernels on the device

_RECORDING = threading.Lock()  # one at a time in a process, as CUDA asks


@dataclass(slots=True)
class _Pass:
    """What is computed of one shape, from places in memory that stay."""

    inputs: list[Tensor]
    computed: bool = False
    graph: torch.cuda.CUDAGraph | None = None
    output: Tensor | None = None


class CudaGraphs:
    """A function of tensors (B, ...) on a GPU, whose rows do not see each other, to one (B, ...).

    A shape is computed as it comes once, recorded when it comes again, and replayed from then on.
    The rows are padded to a power of two, at least `least_rows`; each number has its own graph. All
    share their working memory. Where one cannot be recorded, all is computed as it comes from then
    on. For one thread at a time, though not always the same; `torch.compile`'s own graphs belong to
    the thread that recorded them.
    """

    def __init__(self, act: Callable[..., Tensor], least_rows: int = 1) -> None:
        self._act, self._least_rows = act, least_rows
        self._pool, self._stream = torch.cuda.graph_pool_handle(), torch.cuda.Stream()
        self._failed = False
        self._passes: dict[tuple[tuple[int, ...], ...], _Pass] = {}

    @torch.inference_mode()
    def __call__(self, *given: Tensor) -> Tensor:
        count = len(given[0])
        rows = max(self._least_rows, 1 << (count - 1).bit_length())
        shapes = tuple((rows, *one.shape[1:]) for one in given)
        one = self._passes.pop(shapes, None) or _Pass(
            [torch.zeros(shape, device=given[0].device) for shape in shapes]
        )
        while len(self._passes) >= MOST_GRAPHS:
            del self._passes[next(iter(self._passes))]
        self._passes[shapes] = one
        for place, tensor in zip(one.inputs, given, strict=True):
            place[:count].copy_(tensor)
        return self._computed(one)[:count].clone()  # the next pass writes over it

    def _computed(self, one: _Pass) -> Tensor:
        if not one.computed or self._failed:
            one.computed = True
            return self._act(*one.inputs)
        if one.graph is None or one.output is None:
            try:
                one.graph, one.output = self._record(one.inputs)
            except RuntimeError:
                log.exception("a CUDA graph could not be recorded; going on without")
                self._failed = True
                return self._act(*one.inputs)
        one.graph.replay()
        return one.output

    def _record(self, inputs: list[Tensor]) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        graph, ours = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        self._stream.wait_stream(ours)
        with torch.cuda.stream(self._stream):  # what libraries keep for this thread and stream
            self._act(*inputs)
        ours.wait_stream(self._stream)
        # Other threads decode meanwhile: what they ask of CUDA does not end the recording.
        with (
            _RECORDING,
            torch.cuda.graph(graph, self._pool, self._stream, capture_error_mode="thread_local"),
        ):
            output = self._act(*inputs)
        return graph, output
