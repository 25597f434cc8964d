"""A match of a text in a language that no model reads says less than it shows."""

from __future__ import annotations

import pytest

from router.triage.match import RANKED_SHARE, capped
from router.triage.matching.doubts import Shelf
from router.triage.matching.unread import SHIFT, SLOPE, of_unread
from router.types import Domain, Match, MatchBasis

HIGHEST = 0.901
SHELF = Shelf(
    [("hours", Domain.CUSTOMER_SUPPORT, ["wann haben Sie offen"], "Von 8 bis 18 Uhr.")],
    lambda word: True,
    HIGHEST,
)


def match(confidence: float, basis: MatchBasis = MatchBasis.FOREIGN) -> Match:
    return Match("hours", confidence, 0.8, 0.2, basis=basis, together=confidence)


@pytest.mark.parametrize(("shown", "worth"), [(0.8, 0.46), (0.6, 0.354), (0.1, 0.1)])
def test_an_unread_match_is_worth_less_by_its_log_odds(shown: float, worth: float) -> None:
    found = of_unread(match(shown), shown, HIGHEST)
    assert found.confidence == pytest.approx(worth, abs=0.001)


def test_an_unread_chance_behind_the_cap_counts_without_it() -> None:
    surest = capped(0.999, HIGHEST)
    assert surest > HIGHEST - RANKED_SHARE
    found = of_unread(match(surest), surest, HIGHEST)
    assert of_unread(match(0.9), 0.9, HIGHEST).confidence < 0.56 < found.confidence


def test_the_likeliest_together_are_as_likely_as_one_of_them() -> None:
    assert SLOPE > 0 > SHIFT
    for shown in (0.05, 0.3, 0.6, 0.9):
        found = of_unread(match(shown), 0.02, HIGHEST)
        assert found.confidence <= found.together <= shown


def test_an_unread_match_never_gains() -> None:
    for shown in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9):
        assert of_unread(match(shown), shown, HIGHEST).confidence <= shown


def test_only_foreign_chances_are_worth_less_unread() -> None:
    text = "bis wann ist der Laden auf"
    own = SHELF.judged(text, match(0.7, MatchBasis.OWN), unread=True)
    foreign = SHELF.judged(text, match(0.7), unread=True)
    assert own is not None
    assert foreign is not None
    assert own.confidence == 0.7
    assert foreign.confidence == pytest.approx(0.4, abs=0.01)


def test_a_text_that_is_read_is_judged_among_near_misses() -> None:
    read, unread = (
        SHELF.judged("when are you open", match(0.7), unread=one) for one in (False, True)
    )
    assert read is not None
    assert unread is not None
    assert read.confidence > unread.confidence
