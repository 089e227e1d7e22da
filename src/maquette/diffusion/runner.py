"""Carries the requests of a batch over one step: one pass of the network, one fused update."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from maquette.diffusion.device import to_device
from maquette.diffusion.request import DenoisingRequest, RequestState, Snapshot
from maquette.diffusion.samplers import stack_rows, update


@dataclass(frozen=True, slots=True)
class StepOutput:
    """One step of one request. All tensors are (C, *grid).

    `seen` is what the network was given, `predicted` the clean latents that it took it for,
    `latents` the state after the step; after the last step, the result.
    """

    request: DenoisingRequest
    step_index: int
    seen: Tensor
    predicted: Tensor
    latents: Tensor

    @property
    def finished(self) -> bool:
        return self.step_index + 1 == len(self.request.table)

    def snapshot(self, waited_ms: float) -> Snapshot:
        """What the request needs to go on from here, as copies on the CPU."""
        latents, previous = (t.to("cpu", copy=True) for t in (self.latents, self.predicted))
        return Snapshot(self.step_index + 1, latents, previous, waited_ms)


@torch.inference_mode()
def run(batch: Sequence[RequestState]) -> list[StepOutput]:
    """Advances every state of a batch by one step. All are of one bucket; the batch is not empty.

    States are gathered for the pass and scattered back after it; where it raises, none has changed.
    Nothing waits for the device.
    """
    latents = torch.stack([state.latents for state in batch])
    row = stack_rows([state.coefficients for state in batch], latents)
    noise = _fresh_noise(batch, latents)
    seen = latents * row.input_scale
    out = _guided(batch, seen, row.timestep.flatten())
    previous = torch.stack([state.previous for state in batch])
    stepped, predicted = update(row, latents, out, previous, noise)
    stepped = _put_back(batch, stepped)
    outputs: list[StepOutput] = []
    for place, state in enumerate(batch):
        # Copies, so that no request keeps the whole batch's memory.
        after, clean = stepped[place].clone(), predicted[place].clone()
        outputs.append(StepOutput(state.request, state.step_index, seen[place], clean, after))
    for state, output in zip(batch, outputs, strict=True):
        state.advance(output.latents, output.predicted)
    return outputs


def _guided(batch: Sequence[RequestState], seen: Tensor, timesteps: Tensor) -> Tensor:
    """out = uncond + scale (cond - uncond) (Ho & Salimans 2022), each request by its own scale.

    Requests that are not guided in this step have no unconditional row.
    """
    contexts = [state.context[1] for state in batch]
    guided = [place for place, state in enumerate(batch) if state.row_count == 2]
    network = batch[0].request.network
    adapters = [state.request.adapters for state in batch]
    if not guided:
        return network(seen, timesteps, torch.stack(contexts), adapters)
    contexts += [batch[place].context[0] for place in guided]
    adapters += [adapters[place] for place in guided]
    asked = to_device(torch.tensor([*range(len(batch)), *guided]), seen.device)
    # Not seen[asked]: that shares out even so little among threads, which then spin.
    given = seen.index_select(0, asked), timesteps.index_select(0, asked)
    out = network(*given, torch.stack(contexts), adapters)
    conditional, unconditional = out[: len(batch)], out[len(batch) :]
    scales = to_device(torch.tensor([batch[place].guidance for place in guided]), seen.device)
    scales = scales.view(-1, *(1,) * (seen.ndim - 1))
    places = asked[len(batch) :]
    change = conditional.index_select(0, places) - unconditional
    mixed = unconditional + scales * change
    return conditional.index_copy(0, places, mixed)


def _fresh_noise(batch: Sequence[RequestState], like: Tensor) -> Tensor:
    """The noise that stochastic samplers put back; none is drawn for the others."""
    if not any(state.coefficients.d for state in batch):
        return torch.zeros((), device=like.device)
    zeros = torch.zeros(like.shape[1:])
    drawn = [state.fresh_noise() if state.coefficients.d else zeros for state in batch]
    return to_device(torch.stack(drawn), like.device)


def _put_back(batch: Sequence[RequestState], stepped: Tensor) -> Tensor:
    """What masks spare, at the noise of the moment (Lugmayr et al. 2022, without resampling)."""
    if all(state.mask is None for state in batch):
        return stepped
    result: list[Tensor] = []
    for state, latents in zip(batch, stepped, strict=True):
        if state.mask is None or state.source is None or state.first is None:
            result.append(latents)
            continue
        signal, noise_level = state.spared_level()
        spared = signal * state.source + noise_level * state.first
        result.append(state.mask * latents + (1 - state.mask) * spared)
    return torch.stack(result)
