"""An acute emergency gets approved words and a person, whatever the money or the client's shape."""

from __future__ import annotations

import dataclasses

import pytest

from router.analysis.report.build import build_report
from router.errors import BudgetExceeded, NotCapable, RateLimited, UpstreamRejected
from router.ledger.row_reading import derived_values, row_names
from router.routing.decision_record import parse
from router.types import (
    AnswererFacts,
    Capability,
    Domain,
    Hints,
    JsonText,
    Matter,
    Outcome,
    PSource,
    Reason,
    ResponseFormat,
    Sampling,
    Signals,
    ToolSpec,
    Verdict,
)
from tests.kits.changed import replace
from tests.kits.checks.decided_again import differs
from tests.kits.fakes import ALICE, CALM, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import RISKY, UNSURE, deep, drain, low, mid, only_row
from tiers.resilience.refusals import error_for_status

SURE = replace(CALM, match=None, language="en", brief=True, matter=Matter.SELF_HARM, grave=0.99)
HEALTH = replace(CALM, match=None, language="en", brief=True, risk_terms=("medical_emergency:en",))
FIRE = replace(HEALTH, language="de", risk_terms=("engineering_safety:de",), novelty=1.0)
DOUBTED = replace(SURE, grave=0.9)
BUDGETS = [
    {"budgets": {"*": {"usd_per_day": 0.000001}}},
    {"limits": [{"key": "*", "usd_per_day": 0.000001}]},
]
FULL = {"default": "full"}
WORDS = "I want to end it, the answer says"  # shares a word with `ANSWER`
ANSWER = "an answer that says nothing else"


def guessing(house: House) -> House:
    """Returns the gateway with answers whose chance is a mere prior by level."""
    runtime = house.gateway.router.default
    plans = tuple(
        replace(plan, ability=replace(plan.ability, source=PSource.PRIOR)) for plan in runtime.plans
    )
    house.gateway.router.swap({"test": dataclasses.replace(runtime, plans=plans)})
    return house


@pytest.mark.parametrize("limits", BUDGETS)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("signals", [SURE, HEALTH, FIRE])
async def test_a_spent_budget_leaves_the_words_of_an_emergency(
    houses: Houses, limits: dict[str, object], signals: Signals, *, stream: bool
) -> None:
    house = houses([low(), mid(), deep()], signals=signals, **limits)
    events = await drain(house, ask(stream=stream))
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert outcome.reason is Reason.BUDGET_EXHAUSTED
    assert [item.review_id for item in house.reviews.items] == [outcome.review_id]
    assert outcome.cost_nano_usd == 0


UNMET = [
    {"sampling": Sampling(n=3)},
    {"sampling": Sampling(logprobs=True)},
    {"hints": Hints(max_cost_nano_usd=1)},
]
"""What no `plain` rung gives: several choices, log-probabilities, a call so cheap."""


class Plain(ScriptedTier):
    """Gives one answer, without log-probabilities."""

    @property
    def facts(self) -> AnswererFacts:
        lacking = {Capability.MULTIPLE_CHOICES, Capability.LOGPROBS}
        return replace(super().facts, capabilities=frozenset(Capability) - lacking)


def plain() -> list[ScriptedTier]:
    return [Plain(f"m{level}", f"t{level}", level) for level in (1, 2, 3)]


@pytest.mark.parametrize("unmet", UNMET)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("signals", [SURE, HEALTH, FIRE])
async def test_an_emergency_gets_words_whatever_no_rung_can_give(
    houses: Houses, unmet: dict[str, object], signals: Signals, *, stream: bool
) -> None:
    tiers = plain()
    house = houses(tiers, signals=signals)
    outcome = (await drain(house, ask(stream=stream, **unmet)))[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.verdict, outcome.cost_nano_usd) == (Verdict.SAFE_ANSWER, 0)
    assert [item.review_id for item in house.reviews.items] == [outcome.review_id]
    assert [tier.calls for tier in tiers] == [0, 0, 0]
    row = await only_row(house)
    assert differs(parse(row.record), house.gateway.router.default.policy) is None


@pytest.mark.parametrize("unmet", UNMET)
async def test_what_no_rung_can_give_is_refused_to_all_others(
    houses: Houses, unmet: dict[str, object]
) -> None:
    house = houses(plain(), signals=UNSURE)
    with pytest.raises(NotCapable):
        await house.gateway.complete(ask(**unmet), ALICE)
    shaped = ask(response_format=ResponseFormat("json_object"), **unmet)
    house = houses(plain(), signals=SURE)
    with pytest.raises(NotCapable):
        await house.gateway.complete(shaped, ALICE)


@pytest.mark.parametrize("limits", BUDGETS)
async def test_a_spent_budget_leaves_the_words_of_a_grave_matter(
    houses: Houses, limits: dict[str, object]
) -> None:
    house = houses([low(), mid(), deep()], signals=RISKY, **limits)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.verdict, outcome.reason) == (Verdict.SAFE_ANSWER, Reason.BUDGET_EXHAUSTED)
    assert [item.review_id for item in house.reviews.items] == [outcome.review_id]


async def test_a_spent_budget_still_refuses_what_has_no_words(houses: Houses) -> None:
    calm = replace(CALM, match=None, language="en", brief=True)
    house = houses([low(), mid(), deep()], signals=calm, **BUDGETS[0])
    with pytest.raises(BudgetExceeded):
        await house.gateway.complete(ask(), ALICE)
    assert house.reviews.items == []


@pytest.mark.parametrize("signals", [SURE, HEALTH, FIRE])
async def test_a_guessed_answer_gives_way_to_words(houses: Houses, signals: Signals) -> None:
    house = guessing(houses([low(), mid(), deep(text=ANSWER)], signals=signals, verify_deep=FULL))
    outcome = await house.gateway.complete(ask(WORDS), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert len(house.reviews.items) == 1


async def test_the_readers_doubtful_word_leaves_the_answer(houses: Houses) -> None:
    house = guessing(houses([low(), mid(), deep(text=ANSWER)], signals=DOUBTED, verify_deep=FULL))
    outcome = await house.gateway.complete(ask(WORDS), ALICE)
    assert outcome.verdict is Verdict.UNVERIFIED
    assert house.reviews.items == []


async def test_offered_tools_give_way_to_words(houses: Houses) -> None:
    house = guessing(houses([low(), mid(), deep(text=ANSWER)], signals=SURE, verify_deep=FULL))
    offered = ask(WORDS, tools=(ToolSpec("lookup", "", JsonText("{}")),))
    outcome = await house.gateway.complete(offered, ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert len(house.reviews.items) == 1


async def test_a_promised_shape_is_kept_beside_a_review(houses: Houses) -> None:
    house = houses([low(), mid(), deep(text='{"label": "self-harm"}')], signals=SURE)
    shaped = ask(WORDS, response_format=ResponseFormat("json_object"))
    outcome = await house.gateway.complete(shaped, ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text == '{"label": "self-harm"}'
    assert (outcome.verdict, outcome.reason) == (Verdict.UNVERIFIED, Reason.ANSWER_UNCHECKED)
    assert [item.review_id for item in house.reviews.items] == [outcome.review_id]


async def test_the_words_are_those_of_the_dangers_domain(houses: Houses) -> None:
    guessed = replace(FIRE, domain=Domain.LEGAL, matter=Matter.LEGAL, grave=0.95)
    house = houses([low(), mid(), deep()], signals=guessed, **BUDGETS[0])
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.answer is not None
    assert "engineering_safety" in outcome.answer.text


@pytest.mark.parametrize(
    ("signals", "domain"), [(SURE, "medical"), (HEALTH, "medical"), (FIRE, "engineering_safety")]
)
async def test_an_emergency_stands_under_its_own_domain_in_a_report(
    houses: Houses, signals: Signals, domain: str
) -> None:
    """The head of domains read "I am having a heart attack" as general, and so did the report."""
    read = replace(signals, domain=Domain.GENERAL)
    house = houses([low(), mid(), deep()], signals=read, **BUDGETS[0])
    outcome = await house.gateway.complete(ask(WORDS), ALICE)
    row = await only_row(house)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    report = build_report([row], since_ms=None, until_ms=None, now_ms=0)
    assert [line.name for line in report.domains] == [domain]
    assert {row.domain, row_names(row)[0], derived_values(row.record)[0]} == {domain}
    assert [item.domain.value for item in house.reviews.items] == [domain]
    assert differs(parse(row.record), house.gateway.router.default.policy) is None


async def test_an_answer_stands_under_the_domain_that_was_read(houses: Houses) -> None:
    house = houses([low(), mid(), deep(p=0.95)], signals=RISKY)
    await house.gateway.complete(ask(WORDS), ALICE)
    row = await only_row(house)
    assert (row.verdict, row.domain) == ("accepted", "medical")
    assert '"domain":"medical","domain_p"' in row.record
    assert row.record.count('"domain":"medical"') == 1


@pytest.mark.parametrize(
    ("terms", "facts"),
    [
        ((), ("read as a grave matter: chance 0.93, most likely medical emergency",)),
        (("medical_emergency:fr",), ("risk: medical emergency",)),
    ],
)
async def test_a_review_says_what_was_read_where_no_phrase_names_the_matter(
    houses: Houses, terms: tuple[str, ...], facts: tuple[str, ...]
) -> None:
    matter = {"matter": Matter.MEDICAL_EMERGENCY, "grave": 0.93, "risk_terms": terms}
    signals = replace(DOUBTED, language="fr", **matter)
    house = houses([low(), mid(), deep()], signals=signals, **BUDGETS[0])
    outcome = await house.gateway.complete(ask("mon chien va mal"), ALICE)
    (item,) = house.reviews.items
    assert item.facts == facts
    assert outcome.answer is not None
    assert "chance" not in outcome.answer.text + " ".join(outcome.answer.facts)


@pytest.mark.parametrize(
    ("signals", "urgency"),
    [(SURE, "emergency"), (FIRE, "emergency"), (RISKY, "grave"), (CALM, "ordinary")],
)
async def test_a_matter_that_waits_says_how_urgent_it_is(
    houses: Houses, signals: Signals, urgency: str
) -> None:
    rules = {"default": "review", "by_domain": {"medical": "review"}}
    house = houses([mid(p=0.1), deep(p=0.1)], signals=signals, exhausted=rules)
    await house.gateway.complete(ask(), ALICE)
    assert [item.urgency for item in house.reviews.items] == [urgency]


@pytest.mark.parametrize(("stakes", "verdict"), [(0.9, "unverified"), (0.02, "accepted")])
async def test_a_prior_accepts_no_answer_where_stakes_are_high(
    houses: Houses, stakes: float, verdict: str
) -> None:
    signals = replace(UNSURE, stakes_high=stakes)
    none = {"verify_mid": {"default": "none", "hard_rule": "none"}}
    outcome = await guessing(houses([mid()], signals=signals, **none)).gateway.complete(
        ask(), ALICE
    )
    assert outcome.verdict.value == verdict
    assert ("high_stakes" in outcome.decision.floor_reasons) == (stakes > 0.5)


EMERGENCIES = [SURE, HEALTH, FIRE]
STORED = {"privacy": {"store": "redacted"}}
REFUSED_KEY = [mid(error=error_for_status(401)), deep(error=error_for_status(401))]


def everywhere(rule: str) -> dict[str, object]:
    domains = ("medical", "legal", "finance", "engineering_safety")
    return {"default": rule, "by_domain": dict.fromkeys(domains, rule)}


@pytest.mark.parametrize("rule", ["refuse", "best_answer"])
@pytest.mark.parametrize("signals", EMERGENCIES)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("tiers", [[mid(p=0.1), deep(p=0.1)], REFUSED_KEY])
async def test_an_emergency_gets_words_whatever_exhausted_says(
    houses: Houses, rule: str, signals: Signals, tiers: list[ScriptedTier], *, stream: bool
) -> None:
    house = houses(tiers, signals=signals, exhausted=everywhere(rule))
    outcome = (await drain(house, ask(stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert [item.review_id for item in house.reviews.items] == [outcome.review_id]


@pytest.mark.parametrize("error", [None, error_for_status(401)])
async def test_a_danger_in_a_long_text_is_enough_in_place_of_a_refusal(
    houses: Houses, error: Exception | None
) -> None:
    tiers = [mid(p=0.1, error=error), deep(p=0.1, error=error)]
    long = replace(SURE, brief=False)
    house = houses(tiers, signals=long, exhausted=everywhere("refuse"))
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert len(house.reviews.items) == 1


@pytest.mark.parametrize("signals", EMERGENCIES)
async def test_a_demanded_shape_is_refused_as_the_policy_says(
    houses: Houses, signals: Signals
) -> None:
    house = houses(REFUSED_KEY, signals=signals, exhausted=everywhere("refuse"))
    with pytest.raises(UpstreamRejected):
        await house.gateway.complete(ask(response_format=ResponseFormat("json_object")), ALICE)
    assert house.reviews.items == []


async def test_a_calm_matter_is_refused_as_the_policy_says(houses: Houses) -> None:
    calm = replace(CALM, match=None, language="en", brief=True)
    house = houses([mid(p=0.1), deep(p=0.1)], signals=calm, exhausted=everywhere("refuse"))
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.REFUSED
    assert house.reviews.items == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("signals", [SURE, HEALTH, FIRE])
async def test_who_needs_help_now_waits_for_no_model_that_nobody_measured(
    houses: Houses, signals: Signals, *, stream: bool
) -> None:
    tiers = plain()
    house = guessing(houses(tiers, signals=signals))
    outcome = (await drain(house, ask(stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.verdict, outcome.cost_nano_usd) == (Verdict.SAFE_ANSWER, 0)
    assert [item.review_id for item in house.reviews.items] == [outcome.review_id]
    assert [tier.calls for tier in tiers] == [0, 0, 0]


@pytest.mark.parametrize("signals", [SURE, HEALTH, FIRE])
async def test_hold_keeps_no_words_back_from_who_needs_help_now(
    houses: Houses, signals: Signals
) -> None:
    """A smell of gas abroad, and an overdose, were told that the answer would come later."""
    house = guessing(houses(plain(), signals=signals, exhausted=everywhere("hold"), **STORED))
    dry = await house.gateway.complete(ask(hints=Hints(dry_run=True)), ALICE)
    real = await house.gateway.complete(ask(), ALICE)
    assert (dry.verdict, real.verdict) == (Verdict.SAFE_ANSWER, Verdict.SAFE_ANSWER)
    assert real.answer is not None
    assert real.answer.text.startswith("safe answer for")


async def test_hold_keeps_no_words_back_from_an_overdose(houses: Houses) -> None:
    named = replace(SURE, grave=0.9, matter=Matter.MEDICAL_EMERGENCY)  # the text alone is sure
    house = guessing(houses(plain(), signals=named, exhausted=everywhere("hold"), **STORED))
    runtime = house.gateway.router.default
    overdose = dataclasses.replace(runtime, overdose=lambda *_: True)
    house.gateway.router.swap({"test": overdose})
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER


@pytest.mark.parametrize("signals", [SURE, CALM])
async def test_a_dry_run_says_what_would_go_out(houses: Houses, signals: Signals) -> None:
    """It said "accepted" of words that no model would have written."""
    house = guessing(houses(plain(), signals=signals))
    dry = await house.gateway.complete(ask(hints=Hints(dry_run=True)), ALICE)
    real = await house.gateway.complete(ask(), ALICE)
    assert dry.verdict is real.verdict
    assert (dry.verdict is Verdict.SAFE_ANSWER) is (signals is SURE)


async def test_a_measured_model_is_asked_in_an_emergency(houses: Houses) -> None:
    tiers = plain()
    await houses(tiers, signals=SURE).gateway.complete(ask(), ALICE)
    assert [tier.calls for tier in tiers] == [0, 0, 1]


async def test_a_program_that_expects_a_shape_has_its_model_asked(houses: Houses) -> None:
    answering = deep(text='{"call": "112"}')
    house = guessing(houses([low(), mid(), answering], signals=SURE))
    await house.gateway.complete(ask(response_format=ResponseFormat("json_object")), ALICE)
    assert answering.calls == 1


RATED = {"limits": [{"tier": "reasoning", "requests_per_minute": 1}]}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("signals", EMERGENCIES)
async def test_a_tiers_rate_leaves_the_words_of_an_emergency(
    houses: Houses, signals: Signals, *, stream: bool
) -> None:
    """The second emergency of a minute was 429, though words cost nothing and count in no rate."""
    house = houses([low(), mid(), deep()], signals=signals, **RATED)
    first, second = [(await drain(house, ask(stream=stream)))[-1] for _ in range(2)]
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    assert (first.verdict, second.verdict) == (Verdict.ACCEPTED, Verdict.SAFE_ANSWER)
    assert [item.review_id for item in house.reviews.items] == [second.review_id]


async def test_a_tiers_rate_still_refuses_what_is_no_emergency(houses: Houses) -> None:
    house = houses([low(), mid(), deep()], signals=RISKY, **RATED)
    await house.gateway.complete(ask(), ALICE)
    with pytest.raises(RateLimited):
        await house.gateway.complete(ask(), ALICE)
    assert house.reviews.items == []
