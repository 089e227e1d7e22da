"""The choice of the next token: pure functions on logits."""

import torch
from torch import Tensor

COLD = 1e-4
TOP = (64, 256)  # tokens that are put in order; where the nucleus has more, all are


def sample(logits: Tensor, temperature: Tensor, top_p: Tensor, uniform: Tensor) -> Tensor:
    """The next token of each row, (R,), from logits (R, V).

    Nucleus sampling (Holtzman et al. 2020, https://arxiv.org/abs/1904.09751) by inversion: the
    tokens in falling order of probability, or as they are numbered where none is left out,
    `uniform` (R,) in [0, 1) says how far along. So a row's token depends on its own number alone,
    whoever shares the pass. At temperature 0, or so near to it that logits would overflow, it is
    the likeliest.
    """
    logits = logits.float()
    greedy = temperature < COLD
    chosen = logits.argmax(-1)
    warm = torch.where(greedy, torch.ones_like(temperature), temperature)
    probabilities = (logits / warm[:, None]).softmax(-1)
    whole = ~greedy & (top_p >= 1)
    if whole.any():
        chosen[whole] = _invert(probabilities[whole], uniform[whole])
    nucleus = (~greedy & (top_p < 1)).nonzero().squeeze(-1)
    for most in (*(most for most in TOP if most < logits.shape[-1]), logits.shape[-1]):
        if len(nucleus) == 0:
            break
        likeliest, order = _likeliest(probabilities[nucleus], most)
        held = likeliest.sum(-1) >= top_p[nucleus]
        held |= most == logits.shape[-1]
        rows = nucleus[held]
        likeliest, order = likeliest[held], order[held]
        before = likeliest.cumsum(-1) - likeliest  # of all that are likelier
        kept = likeliest.masked_fill(before >= top_p[rows, None], 0.0)
        at = _invert(kept, uniform[rows])
        chosen[rows] = order.gather(-1, at[:, None]).squeeze(-1)
        nucleus = nucleus[~held]
    return chosen


def _likeliest(probabilities: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """So many of the largest, (R, most), in falling order, and where they are; of equal ones the
    first comes first.
    """
    places = probabilities.topk(most, dim=-1, sorted=False).indices.sort(dim=-1).values
    values, order = probabilities.gather(-1, places).sort(dim=-1, descending=True, stable=True)
    return values, places.gather(-1, order)


def _invert(weights: Tensor, uniform: Tensor) -> Tensor:
    """How far along its weights (R, N) each row is, (R,): never at a weight of zero."""
    reached = weights.cumsum(-1)
    whole = reached[:, -1:]
    at = (reached <= uniform[:, None] * whole).sum(-1)
    last = (reached < whole).sum(-1)  # rounding may say one past it
    return torch.minimum(at, last)
