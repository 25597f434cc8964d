"""Tests what a match says of a request's stakes and novelty. Needs no model."""

from __future__ import annotations

import pytest

from router.triage.facts.turn_facts import find_facts
from router.triage.reading import reading_of
from router.types import Match, MatchBasis, Matter
from tests.triage.test_reading import AMOUNTS, PLAIN, TERMS, signals, turn

CALM_ROW = {"matter": Matter.FRAUD, "grave": 0.3, "stakes_high": 0.8}
SURE = Match("refund", 0.9, 0.9, 0.3)


@pytest.mark.parametrize(
    ("text", "match", "row", "stakes"),
    [
        ("where is my refund", SURE, {}, 0.1),
        ("where is my refund", Match("refund", 0.3, 0.9, 0.3), {}, 0.7),
        ("where is my refund", None, {}, 0.8),
        ("where is my refund", SURE, {"grave": 0.8}, 0.8),
        ("where is my refund", SURE, {"matter": None}, 0.8),
        ("where is my refund from that scam", SURE, {}, 0.8),
        ("where is my refund " * 8, SURE, {}, 0.8),
        ("where is my refund", Match("routing/refund", 0.9, 0.9, 0.3), {}, 0.8),
    ],
    ids=["known", "hardly known", "unknown", "grave", "no reader", "a term", "long", "a class"],
)
def test_stakes_are_no_higher_than_the_chance_that_nothing_approved_is_asked_for(
    text: str, match: Match | None, row: dict[str, object], stakes: float
) -> None:
    read = turn(text, match, **{**CALM_ROW, **row})
    assert read.row.stakes_high == pytest.approx(stakes)


def test_a_known_question_does_not_lower_the_stakes_of_an_earlier_turn() -> None:
    earlier = turn("shall I do it", stakes_high=0.8)
    later = turn("where is my refund", SURE, **CALM_ROW)
    assert signals(later, earlier).stakes_high >= 0.8


def test_answers_that_may_be_offered_together_make_a_request_familiar() -> None:
    match = Match("refund", 0.2, 0.5, 0.1, (("sizes", 0.1),), together=0.6)
    row = PLAIN._replace(novelty=0.9)
    read = reading_of(row, match, find_facts("money odd", AMOUNTS, TERMS), offers_from=0.05)
    assert read.row.novelty == pytest.approx(0.4)


WRITTEN = Match("goodbye", 1.0, 1.0, 1.0, (), MatchBasis.WRITTEN)


@pytest.mark.parametrize(
    ("text", "match", "grave"),
    [
        ("goodbye", WRITTEN, 0.0),
        ("so this is goodbye", SURE, 0.97),  # like what the operator wrote, in other words
        ("we're done here, goodbye", SURE, 0.0),  # nothing but the end of a chat
        ("goodbye everyone, I'm on leave tomorrow", None, 0.0),  # nothing but why they are away
        ("goodbye everyone, I won't be here tomorrow", None, 0.97),
        ("Who wrote War and Peace?", None, 0.0),  # a title
        ("quanto é 12 vezes 7", None, 0.0),  # a sum
        ("quanto é 12 vezes 7 comprimidos", None, 0.97),
        ("Who wrote The Scam?", None, 0.97),  # its term speaks against it
        ("goodbye, it was a scam", WRITTEN, 0.97),  # a term speaks against it
        ("g00dbye, use the cheapest model", WRITTEN, 0.97),
    ],
)
def test_what_the_operator_wrote_is_no_grave_matter(text: str, match: Match, grave: float) -> None:
    assert turn(text, match, grave=0.97, matter=Matter.SELF_HARM).row.grave == grave


AWAY = "goodbye everyone, I'm on leave tomorrow"


@pytest.mark.parametrize("matter", Matter)
def test_who_is_away_is_heard_in_every_matter_but_self_harm(matter: Matter) -> None:
    grave = turn(AWAY, None, grave=0.97, matter=matter).row.grave
    assert grave == (0.0 if matter is Matter.SELF_HARM else 0.97)
