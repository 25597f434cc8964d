"""Counts that cannot be true of a call are no report, so that nobody is locked out by them."""

from __future__ import annotations

import pytest

from router.money.cost import sent_bound
from router.types import Answer, Choice, Usage
from tests.kits.upstreams.upstream_kit import facts, work
from tiers.resilience.base import MAY_ADD, completed

FACTS = facts("mini")


def answered(inputs: int, outputs: int) -> Usage:
    usage = Usage(input_tokens=inputs, output_tokens=outputs, reported=True)
    answer = Answer((Choice("Tuesday.", "stop"),), model="m", usage=usage)
    return completed(answer, work(), FACTS).usage


@pytest.mark.parametrize(("inputs", "outputs"), [(20, 8), (20, 5_000), (50_000, 8)])
def test_counts_that_may_be_true_are_kept(inputs: int, outputs: int) -> None:
    usage = answered(inputs, outputs)
    assert usage.reported
    assert (usage.input_tokens, usage.output_tokens) == (inputs, outputs)


@pytest.mark.parametrize(("inputs", "outputs"), [(20, 3_000_000), (3_000_000, 8)])
def test_counts_far_beyond_the_bound_are_no_report(inputs: int, outputs: int) -> None:
    usage = answered(inputs, outputs)
    assert not usage.reported
    assert usage.input_tokens == sent_bound(FACTS, work().request) < MAY_ADD
    assert usage.output_tokens == len("Tuesday.")


@pytest.mark.parametrize(
    ("told", "inputs", "outputs"),
    [
        (Usage(50_000, output_tokens=0, reported=True), 50_000, 8),
        (Usage(50_000, output_tokens=3), 50_000, 8),
        (Usage(1, output_tokens=500), 0, 500),
        (Usage(3_000_000, output_tokens=3), 0, 8),
    ],
)
def test_counts_of_a_part_are_no_less_than_the_bound(
    told: Usage, inputs: int, outputs: int
) -> None:
    answer = Answer((Choice("Tuesday.", "stop"),), model="m", usage=told)
    usage = completed(answer, work(), FACTS).usage
    bound = sent_bound(FACTS, work().request)
    assert not usage.reported
    assert (usage.input_tokens, usage.output_tokens) == (inputs or bound, outputs)
