"""The reranker's network: what it learns in a few steps, and that frozen layers stay."""

from __future__ import annotations

import random

import pytest

torch = pytest.importorskip("torch")

from router.training.reranking import network  # noqa: E402
from router.training.reranking.network import FROZEN, Cross, Plan  # noqa: E402
from router.triage.reranking.cross_encoder import BEGIN, END  # noqa: E402

pytestmark = pytest.mark.train


def drawn(rng: random.Random) -> list[tuple[list[int], bool]]:
    """Draws pairs of which the right ones repeat a word of the message."""
    rows = []
    for _ in range(96):
        word, other = rng.randint(2_000, 9_000), rng.randint(2_000, 9_000)
        right = rng.random() < 0.5
        rows.append(([BEGIN, word, END, word if right else other, END], right))
    return rows


def test_a_few_steps_teach_what_makes_a_pair_right() -> None:
    cross = network.train(drawn, Plan(epochs=6, rate=1e-4))
    rows = drawn(random.Random(99))
    with torch.no_grad():
        odds = cross(torch.tensor([row for row, _ in rows]))[:, 0]
    told = [(float(one) > 0) == right for one, (_, right) in zip(odds, rows, strict=True)]
    assert sum(told) / len(told) > 0.8


def test_lower_layers_and_words_stay_as_they_are() -> None:
    before, cross = Cross(), network.train(drawn, Plan(epochs=1))
    kept = [cross.network.word, *cross.network.layers[:FROZEN]]
    were = [before.network.word, *before.network.layers[:FROZEN]]
    for now, was in zip(kept, were, strict=True):
        for one, other in zip(now.parameters(), was.parameters(), strict=True):
            assert torch.equal(one, other)
    assert not torch.equal(cross.network.layers[-1].up.weight, before.network.layers[-1].up.weight)


def test_padding_changes_nothing() -> None:
    cross = Cross().eval()
    row = [BEGIN, 2_054, END, 2_003, END]
    with torch.no_grad():
        alone = cross(torch.tensor([row]))
        padded = cross(torch.tensor([[*row, 0, 0]]))
    assert torch.allclose(alone, padded, atol=1e-4)


def test_networks_are_averaged_parameter_by_parameter() -> None:
    few, more = (network.train(drawn, Plan(epochs=1, rate=rate)) for rate in (1e-4, 1e-3))
    both = network.averaged([few, more])
    for one, other, mean in zip(
        few.parameters(), more.parameters(), both.parameters(), strict=True
    ):
        assert torch.allclose(mean, (one + other) / 2.0)
    assert not both.training
