"""Heads over the turns of a conversation: the highest counts, but for momentary heads."""

from __future__ import annotations

from router.triage.turn_heads import heads_of
from router.types import HeadReading


def harm(p: float) -> tuple[HeadReading, ...]:
    return (HeadReading("harm", (("harm", p),)),)


def test_a_head_is_the_highest_of_the_conversation():
    assert heads_of(harm(0.1), [harm(0.9)], None, frozenset()) == harm(0.9)


def test_a_momentary_head_says_something_of_this_turn_alone():
    assert heads_of(harm(0.1), [harm(0.9)], None, frozenset({"harm"})) == harm(0.1)
