"""Messages that say little by themselves are about the turns before them, and match no answer."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router import Gateway
from router.triage.conversation.fragments import (
    CONDITION_AT_MOST,
    only_a_condition,
    says_little,
)
from router.triage.conversation.signals import signals_of
from router.triage.facts.turn_facts import find_facts
from router.triage.reading import ModelRow, TurnReading, reading_of
from router.triage.text.amounts import AmountReader
from router.triage.text.folding import fold
from router.triage.text.terms import TermFinder
from router.triage.text.turns import Turns
from router.types import Domain, Match, MatchBasis, Message, RequestType, SessionMemory
from tests.kits.opened import gateway_of

ROW = ModelRow(
    RequestType.FAQ, 0.9, Domain.CUSTOMER_SUPPORT, 0.9, Domain.FINANCE, 0.01,
    0.0, 0.1, 0.1, 0.1, 0.2, 0.01, 0.02,
)  # fmt: skip
SIZE = Match("other_size", 0.88, 0.8, 0.2, basis=MatchBasis.RERANKED)
OTHER_WORK = "Write a limerick about our office plant"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("a bit warmer in tone", "en"),
        ("per quarter", "en"),
        ("keeps failing", "en"),
        ("could you drop the last line", "en"),
        ("I want it wider", "en"),
        ("ohne den letzten Absatz", "de"),
        ("encore plus court", "fr"),
        ("ahora sin tildes", "es"),
        ("senza esempi", "it"),
        ("em duas linhas", "pt"),
        ("zonder emoji", "nl"),
        ("bez przecinków", "pl"),
    ],
)
def test_words_without_a_matter_say_little(text: str, language: str) -> None:
    assert says_little(fold(text), language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my kettle leaks", "en"),
        ("do you deliver to Crete", "en"),
        ("where can we park", "en"),
        ("can you resend my voucher", "en"),
        ("wo ist der Beleg", "de"),
        ("mon colis est ouvert", "fr"),
        ("¿cuándo abren?", "es"),
        ("тепло", "ru"),
        ("please tell the driver to ring twice at the second gate", "en"),
        ("", "en"),
    ],
)
def test_a_question_or_a_matter_of_ones_own_says_enough(text: str, language: str) -> None:
    assert not says_little(fold(text), language)


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("what if I moved abroad?", True),
        ("and if the box was open?", True),
        ("und wenn ich umziehe?", True),
        ("et si je déménage ?", True),
        ("and if I moved, who pays the rest?", False),
        ("if I moved", False),
        ("and when do you open?", False),
        ("and who pays?", False),
    ],
)
def test_a_condition_alone_asks_nothing(text: str, alone: bool) -> None:
    assert only_a_condition(fold(text)) is alone


def turn(text: str, match: Match | None = None) -> TurnReading:
    return reading_of(ROW, match, find_facts(text, AmountReader({}), TermFinder({})))


def matched(
    last: str,
    match: Match,
    *before: tuple[str, Match | None],
    memory: SessionMemory | None = None,
) -> Match | None:
    turns = Turns(last, tuple(text for text, _ in before))
    readings = [turn(last, match), *(turn(text, found) for text, found in before)]
    return signals_of(turns, readings, (), memory, input_tokens=1, version="test").match


def test_what_says_little_after_other_work_matches_nothing() -> None:
    assert matched("a bit wider", SIZE, (OTHER_WORK, None)) is None
    # What says little between both is no other matter.
    assert matched("a bit wider", SIZE, ("per quarter", SIZE), (OTHER_WORK, None)) is None


def test_it_keeps_its_match_after_a_question_of_ours() -> None:
    asked = ("Can I swap my coat?", SIZE)
    assert matched("a bit wider", SIZE, asked) == SIZE
    assert matched("a bit wider", SIZE, ("hi there", None)) == SIZE  # a greeting is no work
    assert matched("a bit wider", SIZE) == SIZE


def test_a_question_of_ours_after_other_work_keeps_its_match() -> None:
    assert matched("how do I swap my coat?", SIZE, (OTHER_WORK, None)) == SIZE
    written = Match("other_size", 0.99, 1.0, 0.2, basis=MatchBasis.WRITTEN)
    assert matched("swap sizes", written, (OTHER_WORK, None)) == written


def test_a_condition_is_offered_another_answer_and_given_none() -> None:
    asked = ("How do I swap my coat?", SIZE)
    other = Match("lost_label", 0.93, 0.8, 0.2, basis=MatchBasis.RERANKED)
    found = matched("and if the label is gone?", other, asked)
    assert found is not None
    assert (found.intent_id, found.confidence) == ("lost_label", CONDITION_AT_MOST)
    likely = replace(other, confidence=0.6)
    assert matched("and if the label is gone?", likely, asked) == likely
    # What was just told is no answer to it, and after other work nothing is.
    assert matched("and if the label is gone?", SIZE, asked) is None
    assert matched("and if the label is gone?", other, (OTHER_WORK, None)) is None


def test_a_session_of_other_work_counts_as_its_turns_do() -> None:
    memory = SessionMemory(
        Domain.GENERAL, 0.9, RequestType.WRITING, 0.1, 0, 0.1, 0.1, (), 0.0, match=None
    )
    assert matched("a bit wider", SIZE, memory=memory) is None


gateway = gateway_of("default")


@pytest.mark.parametrize(
    ("first", "said", "last"),
    [
        ("Draft a toast for my uncle's retirement", "Dear uncle ...", "smaller please"),
        ("make a bash one liner that counts files", "ls | wc -l", "not working"),
        ("sum up chapter 3 of Emma", "Emma tries ...", "by weekday"),
        ("dame una frase sobre el mar", "El mar ...", "otra más corta"),
    ],
)
def test_follow_ups_of_other_work_get_no_approved_answer(
    gateway: Gateway, first: str, said: str, last: str
) -> None:
    roles = ("user", first), ("assistant", said), ("user", last)
    outcome = gateway.route([Message(role=role, text=text) for role, text in roles])
    assert outcome.signals.match is None or outcome.rung.level > 1
