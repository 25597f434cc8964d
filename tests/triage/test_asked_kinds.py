"""What the second of two questions asks for, and which answers tell it."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from router.triage.matching import asked_kinds
from router.triage.matching.asked_kinds import kinds_told, second_kind
from router.triage.matching.doubts import UNSURE, Shelf
from router.types import Domain, Match
from tests.kits.examples import examples

SHOP = Domain.CUSTOMER_SUPPORT


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What does a tuning cost, and how long does it take?", "how long"),
        ("How long does it take and how much?", "how much"),
        ("Do you tune harps? How much is it?", "how much"),
        ("Was kostet eine Stimmung und wie lange dauert sie?", "how long"),
        ("Combien coûte un accord et combien de temps dure-t-il ?", "how long"),
        ("¿Cuánto cuesta una afinación y cuánto tarda?", "how long"),
        ("How long does a tuning take?", ""),
        ("My parcel is late, how long must I wait?", ""),
        ("When I order two, how much is delivery?", ""),
        ("Do we need a trial day, and which shots?", ""),
        ("", ""),
    ],
)
def test_the_second_of_two_questions_is_read(text: str, kind: str) -> None:
    assert second_kind(text) == kind


@pytest.mark.parametrize("kind", sorted(asked_kinds._ASKING))
@given(st.sampled_from(["", "¿"]), st.data())
@examples(100)
def test_each_question_of_a_kind_has_one_of_the_words_that_are_looked_for_first(
    kind: str, mark: str, data: st.DataObject
) -> None:
    asking = asked_kinds._ASKING[kind]
    in_any_case = re.compile(asking.pattern, re.IGNORECASE)
    question = data.draw(st.from_regex(in_any_case, fullmatch=True))
    text = f"Where is my order, {mark}{question}"
    joint = asked_kinds._SECOND.search(text.lower())
    assume(joint is not None and asking.match(text.lower(), joint.end()))
    assert second_kind(text)


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order, and is it free, by the way?",
        "¿Dónde está mi pedido y ¿quienes vienen?",
        "¿Dónde está mi pedido, ¿cuando llega?",
    ],
)
def test_signs_beside_the_words_that_are_looked_for_hide_none(text: str) -> None:
    assert second_kind(text)


@pytest.mark.parametrize(
    ("utterances", "answer", "kind", "told"),
    [
        ([], "It takes {days} days.", "how long", True),
        ([], "It costs $5.", "how long", False),
        ([], "Wir brauchen drei Wochen.", "how long", True),
        ([], "See our page on fees.", "how much", True),
        (["how often should it be tuned"], "Ask us.", "how often", True),
        ([], "Ask at the desk.", "how often", False),
    ],
)
def test_what_an_answer_tells(utterances: list[str], answer: str, kind: str, told: bool) -> None:
    assert (kind in kinds_told(utterances, answer)) is told


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("What does a tuning cost, and how long does it take?", UNSURE),
        ("What does a tuning cost, and how much is it for a grand?", 0.9),
        ("What does a tuning cost?", 0.9),
    ],
)
def test_an_answer_is_unsure_that_lacks_what_is_asked_second(text: str, confidence: float) -> None:
    shelf = Shelf([("price", SHOP, ["tuning price"], "It costs $95.")], str.isalpha)
    match = shelf.telling_both(text, Match("price", 0.9, 0.9, 0.3))
    assert match is not None
    assert match.confidence == confidence
