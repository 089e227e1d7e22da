"""Attention of a pass: of rows that say a token each, or of rows that read."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from maquette.core.errors import InvalidRequest
from maquette.decoding.slots import Pass, PassRow, windows_of

NAME = "slots"
KINDS = {"full_attention", "sliding_attention"}
OWN_WAY = "they attend in a way of their own"
NOT_THERE = ("softcap", "s_aux", "position_bias")  # what some models ask of attention besides


def use_slots(model: Any) -> None:
    """Has a model attend by `attend`. Raises InvalidRequest of those that cannot: that keep
    something else than keys and values, or attend in ways of their own.
    """
    text = model.config.get_text_config(decoder=True)
    kinds = set(getattr(text, "layer_types", None) or ())
    if kinds - KINDS or not hasattr(text, "num_attention_heads"):
        raise _unsupported(model, "they keep something else than keys and values")
    AttentionInterface.register(NAME, attend)
    model.set_attn_implementation(NAME)
    if text._attn_implementation != NAME:
        raise _unsupported(model, OWN_WAY)
    with torch.inference_mode():  # which is told of what `attend` does not know
        logits_of(model, [0, 0])


def logits_of(model: Any, tokens: Sequence[int]) -> Tensor:
    """The logits (T, V) after each of these tokens, by a model that uses slots, and without any."""
    ids = torch.tensor([tokens], device=model.device)
    now = Pass([PassRow(0, 0, len(tokens))], windows_of(model.config), model.device)
    return model(input_ids=ids, use_cache=False, under_way=now).logits[0]


def attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    under_way: Pass | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    """What the tokens of a pass see of their slots, (1, T, H, D), from queries (1, H, T, D), and
    the keys and values (S, K, L, D) of all slots and K heads that H share.

    Keys lie in memory with positions last: one query a row times those is several times faster on
    a CPU than PyTorch's fused attention, which packs them anew for each pass (`docs/log.md`).
    Raises InvalidRequest where the model does not hand `under_way` on, or asks for more than this.
    """
    if under_way is None or any(more.get(name) is not None for name in NOT_THERE):
        raise _unsupported(module, OWN_WAY)
    window = under_way.windows[module.layer_idx]
    if under_way.is_said:
        return _say(under_way, query[0], key, value, scaling, window), None
    seen, at = list[Tensor](), 0
    for row in under_way.rows:
        slot = slice(row.slot, row.slot + 1)
        read, _ = sdpa_attention_forward(
            module,
            query[:, :, at : at + row.count],
            key[slot, :, : row.end].contiguous(),
            value[slot, :, : row.end],
            under_way.read_mask(row, window),
            dropout,
            scaling,
            **more,
        )
        seen.append(read)
        at += row.count
    return torch.cat(seen, 1), None


def _say(
    under_way: Pass,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    scaling: float | None,
    window: int | None,
) -> Tensor:
    """The same of rows with one query each, (H, R, D): by the span of their slots, so that nothing
    is copied; slots in between that say nothing are computed along.
    """
    heads, _, size = query.shape
    span, reach = under_way.span, under_way.reach
    asked, places = query.transpose(0, 1), under_way.slots - span.start  # (R, H, D), (R,)
    if not under_way.is_whole:
        asked = query.new_zeros(span.stop - span.start, heads, size)
        asked[places] = query.transpose(0, 1)
    shared = asked.reshape(len(asked), key.shape[1], -1, size)  # (S, K, H / K, D)
    scores = shared @ key[span, :, :reach].transpose(2, 3)
    scores = scores.float() * (scaling or size**-0.5)
    scores = scores.masked_fill(~under_way.said_mask(window)[:, :, None], -torch.inf)
    seen = scores.softmax(-1).to(value.dtype) @ value[span, :, :reach]
    seen = seen.reshape(len(asked), heads, size)
    return (seen if under_way.is_whole else seen[places])[None]


def _unsupported(model: Any, why: str) -> InvalidRequest:
    kind = model.config.get_text_config(decoder=True).model_type
    return InvalidRequest(
        f"{kind} models are not supported here, for {why}; serve this one with another server "
        "and name that"
    )
