"""Sums that are only what a question works with put nothing at stake, until somebody owns them."""

from __future__ import annotations

import pytest

from router import Gateway
from router.triage.conversation.memory import memory_after
from router.triage.facts.turn_facts import find_facts
from router.triage.reading import (
    CALM_GRAVE,
    CALM_STAKES,
    MATERIAL_FROM,
    WRITING_FROM,
    ModelRow,
    asks_for_text,
    reading_of,
)
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.types import ChatRequest, Domain, Matter, Message, RequestType
from tests.kits.opened import gateway_of

TEXT = "How many zeros does $1,000,000 have?"
ROW = ModelRow(
    RequestType.FACTUAL,
    MATERIAL_FROM,
    Domain.GENERAL,
    0.9,
    Domain.FINANCE,
    0.1,
    difficulty=0.0,
    stakes_high=0.0,
    multi_factor=0.0,
    strategic=0.0,
    novelty=0.0,
    toxic=0.0,
    spam=0.0,
    matter=Matter.FRAUD,
)


def at_stake(text: str = TEXT, **row: object) -> bool:
    facts = find_facts(text, AmountReader({"USD": 1.0}), TermFinder({"fraud": ["scam"]}))
    (amount,) = reading_of(ROW._replace(**row), None, facts).amounts  # type: ignore[arg-type]
    return not amount.quoted


def test_a_sum_in_a_question_of_facts_is_material() -> None:
    assert not at_stake()


@pytest.mark.parametrize(
    ("field", "below", "at"),
    [("grave", CALM_GRAVE - 0.01, CALM_GRAVE), ("stakes_high", CALM_STAKES - 0.01, CALM_STAKES)],
)
def test_it_is_at_stake_from_a_bound_on(field: str, below: float, at: float) -> None:
    assert not at_stake(**{field: below})
    assert at_stake(**{field: at})


@pytest.mark.parametrize(
    "row",
    [
        {"request_type_p": MATERIAL_FROM - 0.01},
        {"request_type": RequestType.DECISION},
        {"request_type": RequestType.WRITING},
        {"matter": None},  # without a reader of grave matters
    ],
)
def test_it_is_at_stake_where_the_type_is_another_or_nobody_read_the_matter(
    row: dict[str, object],
) -> None:
    assert at_stake(**row)


@pytest.mark.parametrize(
    "text",
    [
        "What is the exchange rate for the $150,000 we receive from Canada today?",
        "How many zeros do our $1,000,000 have?",
        "I have $90,000, how many euros are that?",
        "How many euros are $1,000,000, is it a scam?",
    ],
)
def test_it_is_at_stake_where_it_is_somebodys(text: str) -> None:
    assert at_stake(text)


def test_how_one_does_something_is_nobodys_own_matter() -> None:
    assert not at_stake("How do I write $15,000 in Spanish?")


@pytest.mark.parametrize(("chance", "asks"), [(WRITING_FROM, True), (WRITING_FROM - 0.01, False)])
def test_a_text_is_asked_for_from_a_chance_on(chance: float, asks: bool) -> None:
    row = ROW._replace(request_type=RequestType.WRITING, request_type_p=chance)
    assert asks_for_text(row) is asks


gateway = gateway_of("openai", OPENAI_API_KEY="x")


def test_a_session_counts_a_mere_sum_from_its_next_request_on(gateway: Gateway) -> None:
    signals = gateway.route(EUROS).signals
    assert signals.impact_nano_usd == 0
    assert memory_after(signals, None, 1).impact_nano_usd == 300_000 * 10**9


EUROS = "How many euros are $300,000?"


def levels(gateway: Gateway, *turns: str) -> int:
    messages = [Message("user", turns[0])]
    for text in turns[1:]:
        messages += [Message("assistant", "About 276,000."), Message("user", text)]
    return gateway.route(ChatRequest(tuple(messages), "auto")).decision.floor


def test_a_conversation_about_a_mere_sum_stays_low(gateway: Gateway) -> None:
    assert levels(gateway, EUROS) == 1
    assert levels(gateway, EUROS, "And how many pounds are that?") == 1


@pytest.mark.parametrize(
    "then",
    [
        "That is what I lost in the scam. What now?",
        "That much went missing from the till.",
        "I have put all of it on red.",
        "They want it by tomorrow or they publish our data.",
        "It's in cash under my bed.",
    ],
)
def test_a_turn_that_is_no_such_question_puts_it_at_stake(gateway: Gateway, then: str) -> None:
    assert levels(gateway, EUROS, then) == 3


@pytest.mark.parametrize(
    "text",
    [
        "How much are 4 machines at $25,000?",
        "What do 4 machines at $25,000 cost",
        "What would 4 chairs at $25,000 each cost together?",
    ],
)
def test_the_same_sum_of_goods_is_material_however_its_cost_is_asked_for(text: str) -> None:
    assert not at_stake(text, request_type=RequestType.EXPLANATION)


def test_a_price_of_goods_that_somebody_needs_is_at_stake() -> None:
    assert at_stake("We need 4 machines at $25,000", request_type=RequestType.EXPLANATION)
