"""A reviewer reads why a matter came to a person, and what speaks against the draft."""

from __future__ import annotations

import pytest

from router.types import Domain, MatchBasis, Outcome, Reason, Signals, Urgency, Verdict
from router.types.signals import Match
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, Houses, ask
from tests.kits.gateway_kit import deep, drain, low, mid

NOVEL = replace(CALM, match=None, novelty=0.97)
NEAR = Match("returns", 0.31, 0.5, 0.1, basis=MatchBasis.FOREIGN)
ALL = {"default": "review"}


async def test_a_reviewer_of_a_novel_draft_reads_why_it_waits(houses: Houses) -> None:
    signals = replace(NOVEL, match=NEAR)
    house = houses([low(), mid(p=0.1), deep(p=0.2)], signals=signals, exhausted=ALL)
    outcome = await house.gateway.complete(ask("what is a blorp?"), ALICE)
    (item,) = house.reviews.items
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert Reason.NOVEL in outcome.decision.floor_reasons
    novel, nearest, draft = item.facts
    assert novel == "unlike what triage has learnt (novel): chance 0.97"
    assert nearest == "nearest approved answer: returns, confidence 0.310"
    assert draft.startswith("draft by ")
    assert "chance of being right 0." in draft


async def test_the_client_is_told_none_of_it(houses: Houses) -> None:
    house = houses([mid(p=0.1), deep(p=0.1)], signals=NOVEL, exhausted=ALL)
    outcome = await house.gateway.complete(ask("what is a blorp?"), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.facts == ()
    assert "chance" not in outcome.answer.text


@pytest.mark.parametrize(
    ("signals", "fact"),
    [
        (
            replace(NOVEL, novelty=0.0, strategic=0.98),
            "read as a decision about an organisation: chance 0.98",
        ),
        (replace(NOVEL, novelty=0.0, stakes_high=0.9), "much is at stake: chance 0.90"),
        (
            replace(NOVEL, novelty=0.0, stakes_high=0.4, domain=Domain.FINANCE, domain_p=0.75),
            "much is at stake in finance: chance 0.30",
        ),
        (
            replace(NOVEL, novelty=0.0, multi_factor=0.99),
            "several things have to be weighed: chance 0.99",
        ),
        (replace(NOVEL, novelty=0.0, toxic=0.9), "read as toxic (unsafe): chance 0.90"),
        (replace(NOVEL, novelty=0.0, spam=0.92), "read as spam (unsafe): chance 0.92"),
    ],
)
async def test_each_reason_without_words_is_told(
    houses: Houses, signals: Signals, fact: str
) -> None:
    house = houses([mid(p=0.1), deep(p=0.1)], signals=signals, exhausted=ALL)
    await house.gateway.complete(ask("what is a blorp?"), ALICE)
    (item,) = house.reviews.items
    assert item.facts[0] == fact


async def test_a_far_answer_is_not_named(houses: Houses) -> None:
    signals = replace(NOVEL, match=replace(NEAR, confidence=0.01))
    house = houses([low(), mid(p=0.1), deep(p=0.1)], signals=signals, exhausted=ALL)
    await house.gateway.complete(ask("what is a blorp?"), ALICE)
    assert not any("nearest" in fact for fact in house.reviews.items[0].facts)


async def test_an_unusable_draft_says_why(houses: Houses) -> None:
    house = houses([mid(text=""), deep(text="")], signals=NOVEL, exhausted=ALL)
    await house.gateway.complete(ask("what is a blorp?"), ALICE)
    assert house.reviews.items[0].facts[-1].startswith("draft by ")
    assert "unusable, " in house.reviews.items[0].facts[-1]


@pytest.mark.parametrize(
    ("text", "told"),
    [("The moon hums at night over seven hills.", True), ("A landlord has 21 days.", False)],
)
async def test_a_reviewer_is_told_of_a_draft_about_something_else(
    houses: Houses, text: str, *, told: bool
) -> None:
    drafts = [mid(p=0.1, text=text), deep(p=0.1, text=text)]
    house = houses(drafts, signals=NOVEL, exhausted=ALL)
    await house.gateway.complete(ask("my landlord kept my deposit"), ALICE)
    (item,) = house.reviews.items
    assert any("shares no word with the question" in fact for fact in item.facts) is told


HANDED = replace(CALM, match=None, given_text=True, text_despair=0.98)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cry_for_help_in_a_text_gets_its_label_while_a_person_looks_at_it(
    houses: Houses, *, stream: bool
) -> None:
    house = houses([mid(text="sad"), deep()], signals=HANDED)
    outcome = (await drain(house, ask("Nobody would miss me.", stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.verdict is Verdict.ACCEPTED
    (item,) = house.reviews.items
    assert outcome.review_id == item.review_id
    assert item.urgency is Urgency.GRAVE
    assert "a cry for help by a chance of 0.98" in item.facts[0]


@pytest.mark.parametrize("signals", [replace(HANDED, text_despair=0.49), replace(CALM, match=None)])
async def test_another_text_waits_for_nobody(houses: Houses, signals: Signals) -> None:
    house = houses([mid(text="sad"), deep()], signals=signals)
    outcome = await house.gateway.complete(ask("The bus was late."), ALICE)
    assert outcome.verdict is Verdict.ACCEPTED
    assert house.reviews.items == []


async def test_nobody_looks_at_a_cry_for_help_where_routing_only_observes(houses: Houses) -> None:
    house = houses([mid(text="sad"), deep()], signals=HANDED, mode="observe")
    request = replace(ask("Nobody would miss me."), requested_model="mid-model")
    outcome = await house.gateway.complete(request, ALICE)
    assert outcome.observed
    assert house.reviews.items == []
