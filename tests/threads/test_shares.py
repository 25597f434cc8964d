"""Tests how much one tenant may hold of what all share."""

from __future__ import annotations

import pytest

from router.threads.shares import LATELY_S, Shares


@pytest.mark.parametrize(("whole", "most"), [(64, 56), (15, 14), (8, 7), (7, 7), (1, 1)])
def test_an_eighth_is_kept_for_others_who_asked_lately(whole: int, most: int) -> None:
    shares = Shares()
    shares.note("other", 0.0)
    shares.note("greedy", LATELY_S)
    assert shares.most("greedy", whole, LATELY_S) == most
    assert shares.most("greedy", whole, LATELY_S + 0.001) == whole


def test_a_tenant_who_is_alone_has_all() -> None:
    shares = Shares()
    assert shares.most("alone", 64, 0.0) == 64
    for at_s in (0.0, 1.0, 2.0):
        shares.note("alone", at_s)
    assert shares.most("alone", 64, 2.0) == 64


def test_each_of_two_has_a_share_however_often_one_asks() -> None:
    shares = Shares()
    shares.note("seldom", 0.0)
    for at_s in range(1, 100):
        shares.note("often", float(at_s))
    assert shares.most("often", 64, 99.0) == 56
    assert shares.most("seldom", 64, 99.0) == 56


def test_a_third_one_counts_by_the_newest() -> None:
    shares = Shares()
    for at_s, tenant in enumerate(("first", "second", "third")):
        shares.note(tenant, float(at_s))
    assert shares.most("first", 64, LATELY_S + 1.5) == 56
