"""The choice of a token: as often as its probability says, and by its row's own number alone."""

import pytest
import torch

from maquette.decoding.sampling import TOP, sample


def choose(
    logits: torch.Tensor, uniform: torch.Tensor, temperature: float, top_p: float
) -> list[int]:
    rows = len(uniform)
    return sample(
        logits.expand(rows, -1),
        torch.full((rows,), temperature),
        torch.full((rows,), top_p),
        uniform,
    ).tolist()


def test_tokens_come_as_often_as_their_probabilities_say() -> None:
    logits = torch.tensor([0.1, 0.6, 0.3]).log()
    even = (torch.arange(1000) + 0.5) / 1000
    counts = torch.bincount(torch.tensor(choose(logits, even, 1.0, 1.0)), minlength=3)
    assert counts.tolist() == [100, 600, 300]


def test_the_nucleus_has_the_likeliest_tokens_that_reach_top_p() -> None:
    logits = torch.tensor([0.1, 0.6, 0.3]).log()
    even = (torch.arange(900) + 0.5) / 900
    counts = torch.bincount(torch.tensor(choose(logits, even, 1.0, 0.7)), minlength=3)
    assert counts.tolist() == [0, 600, 300]
    assert set(choose(logits, even, 1.0, 0.5)) == {1}


def test_at_temperature_0_it_is_the_likeliest() -> None:
    logits = torch.tensor([0.1, 0.6, 0.3]).log()
    for cold in (0.0, 1e-38):
        assert choose(logits, torch.tensor([0.0, 0.999]), cold, 1.0) == [1, 1]


def test_a_higher_temperature_evens_them_out() -> None:
    logits = torch.tensor([0.1, 0.9]).log()
    even = (torch.arange(1000) + 0.5) / 1000
    cold, hot = (sum(t == 0 for t in choose(logits, even, t, 1.0)) for t in (0.5, 2.0))
    assert cold < 50 < 200 < hot


def test_what_may_not_come_never_does() -> None:
    logits = torch.tensor([0.0, -torch.inf, 0.0])
    even = (torch.arange(100) + 0.5) / 100
    assert set(choose(logits, even, 1.0, 1.0)) == {0, 2}
    assert set(choose(logits, torch.tensor([0.9999999]), 1.0, 1.0)) <= {0, 2}


def in_order(logits: torch.Tensor, top_p: float, uniform: float) -> int:
    """The same by putting all tokens in order, in double precision."""
    probabilities, order = logits.double().softmax(-1).sort(descending=True, stable=True)
    before = probabilities.cumsum(-1) - probabilities
    kept = probabilities[before < top_p]
    along = torch.tensor(uniform) * kept.sum()
    return int(order[int((kept.cumsum(-1) <= along).sum().clamp(max=len(kept) - 1))])


@pytest.mark.parametrize("spread", [0.1, 1.0, 4.0])  # over all tokens, over many, over few
def test_it_is_the_same_whether_some_or_all_tokens_are_put_in_order(spread: float) -> None:
    torch.manual_seed(3)
    logits = (torch.randn(60, 4 * TOP[-1]) * spread).bfloat16().float()  # where many are equal
    uniform = torch.rand(60)
    chosen = sample(logits, torch.ones(60), torch.full((60,), 0.9), uniform).tolist()
    expected = [in_order(row, 0.9, float(one)) for row, one in zip(logits, uniform, strict=True)]
    assert sum(a == b for a, b in zip(chosen, expected, strict=True)) >= 58  # but for rounding
    alone = [
        int(sample(row[None], torch.ones(1), torch.full((1,), 0.9), one[None]))
        for row, one in zip(logits, uniform, strict=True)
    ]
    assert chosen == alone


@pytest.mark.parametrize("top_p", [0.9, 1.0])
def test_a_number_next_to_one_does_not_lead_past_what_may_come(top_p: float) -> None:
    logits = torch.full((1, 2 * TOP[-1]), -torch.inf)
    logits[0, 5], logits[0, 9] = 0.0, 0.1
    assert choose(logits[0], torch.tensor([1.0]), 1.0, top_p)[0] in (5, 9)
