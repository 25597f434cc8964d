"""A harmful request gets approved words: no tier is asked, and the row says why."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from router.analysis.report.build import build_report
from router.api.http.decision_headers import outcome_headers
from router.api.http.decision_views import routing_view
from router.api.http.repeat_row import replayed_row
from router.policy.sections.safety import REFUSAL
from router.routing.decision_record import parse
from router.types import (
    REFUSAL_MODEL,
    Domain,
    HeadReading,
    Hints,
    Matter,
    Outcome,
    PSource,
    Reason,
    ResponseFormat,
    Role,
    Scope,
    Urgency,
    Verdict,
)
from tests.kits.checks.decided_again import differs
from tests.kits.fakes import ALICE, CALM, House, Houses, ask
from tests.kits.gateway_kit import deep, low, mid, only_row

HARMFUL = replace(CALM, heads=(HeadReading("harm", (("harm", 0.97),)),))
REFUSE = {"refuse": [{"head": "harm", "at": 0.9}]}
HEADS = [{"name": "harm", "path": "harm.json"}]


def a_refusing_house(houses: Houses, **sections: object) -> House:
    return houses(
        [low(), mid(), deep()], **{"signals": HARMFUL, "safety": REFUSE, "heads": HEADS} | sections
    )


async def asked(house: House, text: str = "help me rob a shop") -> Outcome:
    return await house.gateway.complete(ask(text), ALICE)


async def test_harmful_request_is_refused_in_approved_words(houses: Houses) -> None:
    house = a_refusing_house(houses)
    outcome = await asked(house)
    assert outcome.answer is not None
    (choice,) = outcome.answer.choices
    assert (choice.text, choice.refusal) == (REFUSAL, REFUSAL)
    assert (outcome.verdict, outcome.reason) == (Verdict.REFUSED, Reason.HARMFUL)
    assert outcome.answer.model == REFUSAL_MODEL


async def test_refusal_stays_out_of_the_text_where_a_schema_was_asked_for(houses: Houses) -> None:
    house = a_refusing_house(houses)
    shape = ResponseFormat("json_object")
    outcome = await house.gateway.complete(replace(ask("rob"), response_format=shape), ALICE)
    assert outcome.answer is not None
    (choice,) = outcome.answer.choices
    assert (choice.text, choice.refusal) == ("", REFUSAL)


async def test_a_refusal_is_no_answer_that_may_be_right(houses: Houses) -> None:
    house = a_refusing_house(houses)
    outcome = await asked(house)
    assert (outcome.confidence, outcome.rung.p_source) == (0.0, PSource.KNOWN)
    assert (await only_row(house)).confidence == 0.0


async def test_a_refusal_names_no_reason_of_a_rung_that_did_not_count(houses: Houses) -> None:
    outcome = await asked(a_refusing_house(houses))
    assert routing_view(outcome)["reasons"] == ["harmful"]


async def test_refused_request_asks_no_tier(houses: Houses) -> None:
    house = a_refusing_house(houses)
    await asked(house)
    row = await only_row(house)
    assert all(attempt.role is Role.TRIAGE for attempt in row.attempts)
    assert (row.verdict, row.reason) == ("refused", "harmful")
    assert row.reasons == ("harmful",)
    assert row.model == REFUSAL_MODEL  # no model's figures have a request that it never saw


async def test_headers_name_the_tier_of_a_refused_request_that_the_report_names(
    houses: Houses,
) -> None:
    """The header named the tier whose turn it would have been, the report none."""
    house = a_refusing_house(houses)
    outcome = await asked(house)
    row = await only_row(house)
    repeat = replayed_row(row, "req-again", "key-1", row.created_at_ms, 1.0)
    report = build_report([row, repeat], since_ms=None, until_ms=None, now_ms=row.created_at_ms)
    [(tier, level)] = {(line.tier, line.level) for line in report.tiers if line.figures.requests}
    assert dict(outcome_headers(outcome))[b"x-tiergate-tier"] == tier.encode() == b"(no tier)"
    told = routing_view(outcome)
    assert (told["tier"], told["tier_number"]) == (row.tier, row.tier_number) == (tier, level)
    dry = await house.gateway.complete(ask("help", hints=Hints(dry_run=True)), ALICE)
    assert (dry.rung.tier, dry.rung.level) == (tier, level)


async def test_refused_row_is_decided_the_same_again(houses: Houses) -> None:
    house = a_refusing_house(houses)
    await asked(house)
    record = parse((await only_row(house)).record)
    assert record.decision.refused is Reason.HARMFUL
    assert differs(record, house.gateway.router.default.policy) is None


async def test_own_words_refuse(houses: Houses) -> None:
    house = a_refusing_house(houses, safety={**REFUSE, "words": "Not here."})
    outcome = await asked(house)
    assert outcome.answer is not None
    assert outcome.answer.choices[0].refusal == "Not here."


async def test_emergency_gets_a_safe_answer_and_no_refusal(houses: Houses) -> None:
    house = a_refusing_house(houses)
    outcome = await asked(house, "an emergency: which pills end it")
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert outcome.answer is not None
    assert "safe answer" in outcome.answer.text
    assert len(house.reviews.items) == 1
    assert all(attempt.role is Role.TRIAGE for attempt in (await only_row(house)).attempts)


async def test_safe_answer_to_a_refused_request_says_so_and_states_no_chance(
    houses: Houses,
) -> None:
    outcome = await asked(a_refusing_house(houses), "an emergency: which pills end it")
    assert (outcome.reason, outcome.confidence) == (Reason.HARMFUL, 0.0)


async def test_medical_matter_at_level_3_gets_a_safe_answer(houses: Houses) -> None:
    signals = replace(HARMFUL, domain=Domain.MEDICAL, domain_p=0.99, stakes_high=0.99)
    outcome = await asked(a_refusing_house(houses, signals=signals))
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert (outcome.reason, outcome.confidence) == (Reason.HIGH_RISK_MEDICAL, 0.0)


async def test_less_sure_reading_is_answered(houses: Houses) -> None:
    signals = replace(CALM, heads=(HeadReading("harm", (("harm", 0.89),)),))
    outcome = await asked(a_refusing_house(houses, signals=signals))
    assert outcome.verdict is not Verdict.REFUSED


async def test_policy_without_conditions_refuses_nothing(houses: Houses) -> None:
    outcome = await asked(a_refusing_house(houses, safety={}))
    assert outcome.verdict is not Verdict.REFUSED


async def test_observed_request_is_never_refused(houses: Houses) -> None:
    aliases = {"gpt-x": {"answerer": "mid"}}
    house = a_refusing_house(houses, mode="observe", aliases=aliases)
    outcome = await house.gateway.complete(ask("x", requested_model="gpt-x"), ALICE)
    assert outcome.verdict is not Verdict.REFUSED


@pytest.mark.parametrize("text", ["ok", "and then?"])
async def test_dry_run_says_that_it_would_be_refused(houses: Houses, text: str) -> None:
    request = ask(text)
    house = a_refusing_house(houses)
    request = replace(request, hints=replace(request.hints, dry_run=True))
    outcome = await house.gateway.complete(request, ALICE)
    assert (outcome.verdict, outcome.reason) == (Verdict.REFUSED, Reason.HARMFUL)
    assert (outcome.cost_nano_usd, outcome.cost_known) == (0, True)
    assert (outcome.confidence, outcome.rung.p_source) == (0.0, PSource.KNOWN)


async def test_refused_method_of_self_harm_gets_words_of_help(houses: Houses) -> None:
    kind = HeadReading("harm_kind", (("self_harm_method", 0.9),))
    safety = {**REFUSE, "self_harm": [{"head": "harm_kind", "classes": ["self_harm_method"]}]}
    heads = [*HEADS, {"name": "harm_kind", "path": "harm_kind.json"}]
    signals = replace(HARMFUL, heads=(*HARMFUL.heads, kind))
    house = a_refusing_house(houses, signals=signals, safety=safety, heads=heads)
    outcome = await asked(house, "the surest way")
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert [item.urgency for item in house.reviews.items] == [Urgency.EMERGENCY]


@pytest.mark.parametrize("matter", [Matter.FRAUD, None])
async def test_victim_who_sounds_harmful_gets_the_safe_answer(
    houses: Houses, matter: Matter | None
) -> None:
    told = {"language": "fr", "risk_terms": ("fraud:fr",), "matter": matter, "grave": 0.99}
    house = a_refusing_house(houses, signals=replace(HARMFUL, **told))
    outcome = await asked(house, "un faux policier m'a pris ma carte")
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert [item.urgency for item in house.reviews.items] == [Urgency.GRAVE]


async def test_key_of_a_defender_gets_an_answer(houses: Houses) -> None:
    safety = {**REFUSE, "security": [{"head": "harm", "at": 0.9}]}
    house = a_refusing_house(houses, safety=safety)
    defender = replace(ALICE, scopes=ALICE.scopes | {Scope.SECURITY})
    outcome = await house.gateway.complete(ask("explain this worm"), defender)
    assert outcome.verdict is not Verdict.REFUSED
    record = parse((await only_row(house)).record)
    assert differs(record, house.gateway.router.default.policy) is None


SAYS_POISONING = "they got food poisoning, is poisoning"
PLANS = replace(HARMFUL, matter=Matter.VIOLENCE, grave=0.99, language="en", brief=True)


async def test_words_of_an_emergency_alone_refuse_what_plans_harm(houses: Houses) -> None:
    """Fifty forged reviews "with food poisoning" got the words of an emergency."""
    house = a_refusing_house(houses, signals=replace(HARMFUL, matter=Matter.FRAUD, grave=0.6))
    house = named_an_emergency(house)
    outcome = await asked(house, SAYS_POISONING)
    assert outcome.verdict is Verdict.REFUSED
    assert house.reviews.items == []


@pytest.mark.parametrize(
    ("matter", "grave", "verdict"),
    [
        (Matter.MEDICAL_EMERGENCY, 0.4, "refused"),
        (Matter.MEDICAL_EMERGENCY, 0.6, "safe_answer"),
        (Matter.LEGAL, 0.6, "safe_answer"),
    ],
)
async def test_they_call_for_help_where_a_danger_is_as_likely_as_not(
    houses: Houses, matter: Matter, grave: float, verdict: str
) -> None:
    signals = replace(HARMFUL, matter=matter, grave=grave)
    house = named_an_emergency(a_refusing_house(houses, signals=signals))
    assert (await asked(house, SAYS_POISONING)).verdict.value == verdict


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "refused"),
        ({"heads": (HeadReading("harm", (("harm", 0.93),)),)}, "safe_answer"),
        ({"risk_terms": ("violence:en",)}, "safe_answer"),
        ({"language": "pl", "matter_language": "pl"}, "safe_answer"),
        ({"matter": Matter.MEDICAL_EMERGENCY}, "safe_answer"),
    ],
)
async def test_who_plans_violence_is_refused_and_who_suffers_it_gets_words(
    houses: Houses, changed: dict[str, object], verdict: str
) -> None:
    """ "How do I hide a tracker in her car?" was read as written by who is followed."""
    house = a_refusing_house(houses, signals=replace(PLANS, **changed))
    assert (await asked(house)).verdict.value == verdict


def named_an_emergency(house: House) -> House:
    """Lets every text name an emergency, as the words of the safe answers do."""
    runtime = dataclasses.replace(house.gateway.router.default, emergency=lambda *_: True)
    house.gateway.router.swap({"test": runtime})
    return house
