"""What is told moves chances: by hand, and bounded whatever anybody says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from router.routing.told.shifts import (
    Bounds,
    Shifts,
    ToldWord,
    answerer_cell,
    base_of,
    intent_cell,
    log_odds,
    moved_cells,
    shift_of,
    shifted,
    weights_of,
)
from router.types import CostBasis, Domain, Match, PSource, RungFacts
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM as SIGNALS

BOUNDS = Bounds()
ROUNDED = 1e-5


def word(right: bool, voice: str = "v", tenant: str = "t", p: float = 0.8) -> ToldWord:
    return ToldWord(("c",), log_odds(p), right, voice, tenant)


def words(voices: st.SearchStrategy[str]) -> st.SearchStrategy[list[ToldWord]]:
    return st.lists(
        st.builds(
            ToldWord,
            cells=st.just(("c",)),
            base=st.floats(-5, 5),
            right=st.booleans(),
            voice=voices,
            tenant=st.sampled_from(["acme", "zeta"]),
        ),
        max_size=30,
    )


def facts(p: float, source: PSource = PSource.LABELLED, answerer: str = "small") -> RungFacts:
    return RungFacts(answerer, "t", 2, p, source, 50, 1, CostBasis.LIST_PRICE, 1.0)


OTHERS, ONE = words(st.sampled_from("abcdefgh")), words(st.just("reviewer"))


@given(OTHERS, ONE)
def test_one_reviewer_cannot_turn_a_chance(others: list[ToldWord], said: list[ToldWord]) -> None:
    # A voice is a key, and a key has one tenant.
    said = [replace(one, tenant="acme") for one in said]
    without, together = shift_of(others, BOUNDS), shift_of([*others, *said], BOUNDS)
    assert abs(together - without) <= 2 * BOUNDS.per_voice / BOUNDS.prior + ROUNDED


@given(OTHERS, words(st.integers(0, 1_000).map(str)))
def test_one_tenant_cannot_turn_a_chance(others: list[ToldWord], said: list[ToldWord]) -> None:
    others = [replace(one, tenant="acme") for one in others]
    said = [replace(one, tenant="zeta") for one in said]
    without, together = shift_of(others, BOUNDS), shift_of([*others, *said], BOUNDS)
    assert abs(together - without) <= BOUNDS.per_tenant / BOUNDS.prior + ROUNDED


@given(words(st.sampled_from("abc")), st.randoms(use_true_random=False))
def test_order_of_words_does_not_matter(said: list[ToldWord], chance) -> None:  # type: ignore[no-untyped-def]
    mixed = list(said)
    chance.shuffle(mixed)
    assert shift_of(mixed, BOUNDS) == pytest.approx(shift_of(said, BOUNDS), abs=ROUNDED)


@given(words(st.sampled_from("abc")), st.floats(-5, 5))
def test_another_wrong_answer_never_raises_a_chance(said: list[ToldWord], base: float) -> None:
    # Of a voice that has said little: one of many words of a voice makes its others weigh less.
    more = ToldWord(("c",), base, False, "new", "new")
    assert shift_of([*said, more], BOUNDS) <= shift_of(said, BOUNDS) + ROUNDED


@given(words(st.sampled_from("abc")))
def test_shift_stays_within_its_bounds(said: list[ToldWord]) -> None:
    assert -BOUNDS.most_down <= shift_of(said, BOUNDS) <= BOUNDS.most_up


def test_shift_is_the_minimum_of_the_loss() -> None:
    said = [word(False, str(n), str(n)) for n in range(6)] + [word(True, "x", "x")]

    def loss(shift: float) -> float:
        chances = [1 / (1 + math.exp(-(one.base + shift))) for one in said]
        told = -sum(
            math.log(p if one.right else 1 - p) for one, p in zip(said, chances, strict=True)
        )
        return told + BOUNDS.prior / 2 * shift**2

    tried = np.linspace(-1, 0.5, 30_001)
    best = tried[int(np.argmin([loss(s) for s in tried]))]
    assert shift_of(said, BOUNDS) == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize(("tenants", "chance"), [(79, 0.868), (1, 0.905)])
def test_words_that_doubt_a_chance_move_it_slowly(tenants: int, chance: float) -> None:
    """docs/guides/continual.md states these figures."""
    said = [word(n < 62, tenant=str(n % tenants), p=0.908) for n in range(79)]
    moved = log_odds(0.908) + shift_of(said, BOUNDS)
    assert 1 / (1 + math.exp(-moved)) == pytest.approx(chance, abs=5e-4)


def test_nobody_weighs_more_than_a_share() -> None:
    loud = [word(False, "loud") for _ in range(50)] + [word(True, f"v{n}") for n in range(20)]
    weights = weights_of(loud, BOUNDS)
    assert sum(weights) == pytest.approx(16.0)  # one tenant
    assert sum(weights[:50]) == pytest.approx(4.0 * 16 / 24)


def test_words_that_agree_with_a_chance_leave_it() -> None:
    said = [word(n % 5 > 0, str(n), str(n)) for n in range(50)]  # 80 % right, as was foretold
    assert shift_of(said, BOUNDS) == pytest.approx(0.0, abs=1e-6)


def test_cells_say_what_they_rest_on() -> None:
    found = moved_cells([word(False, "a"), word(True, "b"), word(False, "b")], BOUNDS)
    moved = found["c"].moved
    assert (moved.words, moved.voices, moved.right) == (3, 2, 1)
    assert moved.shift < 0


def test_cells_without_a_new_word_are_not_worked_out_again() -> None:
    old, new = word(False, "a"), replace(word(True, "b"), cells=("d",))
    first = moved_cells([old, new], BOUNDS)
    second = moved_cells([old, new, replace(new, voice="c")], BOUNDS, first)
    assert second["c"] is first["c"]
    assert second["d"].moved.words == 2
    assert moved_cells([old], Bounds(prior=8.0), first)["c"].moved.shift < first["c"].moved.shift


def test_chance_moves_in_its_cell_only() -> None:
    signals = replace(SIGNALS, domain=Domain.FINANCE)
    shifts = {answerer_cell("small", "finance"): -1.0}
    small, large = shifted((facts(0.8), facts(0.8, answerer="large")), signals, shifts)
    assert small.p == pytest.approx(0.5954, abs=1e-4)
    assert small.told == -1.0
    assert (large.p, large.told) == (0.8, UNSET)
    assert base_of(small) == pytest.approx(log_odds(0.8))


def test_match_is_doubted_and_never_raised() -> None:
    match = Match("opening_hours", 0.88, 0.9, 0.2)
    signals = replace(SIGNALS, match=match)
    rung = facts(0.88, PSource.MATCH)
    (down,) = shifted((rung,), signals, {intent_cell("opening_hours"): -0.5})
    (up,) = shifted((rung,), signals, {intent_cell("opening_hours"): 0.5})
    assert down.p < 0.88
    assert up == rung


def test_what_a_tool_works_out_is_not_moved() -> None:
    known = facts(1.0, PSource.KNOWN)
    shifts = {answerer_cell("small", SIGNALS.domain.value): -1.0}
    assert shifted((known,), SIGNALS, shifts) == (known,)


def test_shifts_without_words_give_the_same_facts() -> None:
    given_facts = (facts(0.8),)
    assert Shifts().of(given_facts, SIGNALS) is given_facts
