"""Attention to slots: as PyTorch's own has it, and not for models that ask for more."""

from dataclasses import replace

import pytest
import torch
from torch.nn import Module
from torch.nn.functional import scaled_dot_product_attention
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)

from maquette.core.errors import InvalidRequest
from maquette.decoding.attention import attend, use_slots
from maquette.decoding.engine import DecodingEngine
from maquette.decoding.slots import Pass, PassRow

SAID = [PassRow(0, 6, 1), PassRow(1, 0, 1), PassRow(2, 19, 1)]


@pytest.mark.parametrize("window", [None, 5])
@pytest.mark.parametrize("shared", [1, 4])
@pytest.mark.parametrize(
    "rows",
    [
        SAID,
        [replace(SAID[0], slot=4), *SAID[1:]],  # while others read
        [PassRow(3, 0, 7), PassRow(5, 4, 9), PassRow(0, 6, 1)],
    ],
)
def test_it_is_what_pytorch_computes(rows: list[PassRow], shared: int, window: int | None) -> None:
    torch.manual_seed(0)
    heads, length, size = 4, 20, 8
    module = Module()
    module.num_key_value_groups = shared  # type: ignore[assignment]
    module.layer_idx = 1  # type: ignore[assignment]
    now = Pass(rows, [None, window], torch.device("cpu"))
    query = torch.randn(1, heads, sum(row.count for row in rows), size)
    key = torch.randn(6, heads // shared, size, length).transpose(2, 3)
    value = torch.randn(6, heads // shared, length, size)
    seen, _ = attend(module, query, key, value, None, scaling=0.3, under_way=now)
    at = 0
    for row in rows:
        places, keys = torch.arange(row.start, row.end)[:, None], torch.arange(row.end)
        mask = keys <= places
        if window is not None:
            mask &= keys > places - window
        expected = scaled_dot_product_attention(
            query[:, :, at : at + row.count],
            key[row.slot, None, :, : row.end],
            value[row.slot, None, :, : row.end],
            attn_mask=mask,
            scale=0.3,
            enable_gqa=True,
        )
        torch.testing.assert_close(seen[:, at : at + row.count], expected.transpose(1, 2))
        at += row.count


def _small(kind: type) -> PreTrainedModel:
    if kind is GPT2LMHeadModel:
        return GPT2LMHeadModel(GPT2Config(vocab_size=32, n_embd=16, n_layer=1, n_head=2))
    if kind is Gemma2ForCausalLM:
        config = Gemma2Config(
            vocab_size=32,
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
        )
        return Gemma2ForCausalLM(config)
    config = T5Config(vocab_size=32, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    return T5ForConditionalGeneration(config)


def test_models_that_cap_their_scores_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="gemma2 models are not supported here"):
        use_slots(_small(Gemma2ForCausalLM))


def test_a_model_whose_positions_are_learned_is_served() -> None:
    model = _small(GPT2LMHeadModel).eval()
    use_slots(model)
    assert len(DecodingEngine(model, lambda tokens: "x" * len(tokens), [0])) == 0
