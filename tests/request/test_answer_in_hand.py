"""Level 1's answer stays in hand while a trigger looks higher; what goes out says so truthfully."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from router.api.http.decision_headers import committed_headers, outcome_headers
from router.errors import AnswererError, CannotAnswer, NotCapable
from router.types import (
    Baselines,
    Committed,
    Domain,
    Match,
    Outcome,
    PSource,
    Reason,
    RequestRow,
    RequestState,
    Signals,
    Verdict,
    Worked,
)
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import deep, low, mid, only_row

WEAK = {"mid": -2.5, "deep": 4.0}  # chances .08 and .98
MILLIONS = "Should we acquire the supplier for $40 million before the audit is finished?"


def matched(p: float) -> Signals:
    return replace(CALM, match=Match("greeting", p, 0.9, 0.3))


def a_house(houses: Houses, p: float, *tiers: ScriptedTier, **sections: object) -> House:
    """An approved answer of this chance, a level 2 that is known to be worse, a level 3."""
    scripted = tiers or (mid(), deep())
    sections = {"thetas": WEAK, "signals": matched(p)} | sections
    return houses([low(p=p), *scripted], **sections)


def agrees(row: RequestRow) -> None:
    """The verdict, the reasons and the confidence of a row do not contradict each other."""
    assert ("answer_accepted" in row.reasons) <= (row.verdict == "accepted")


async def test_an_unsure_answer_goes_out_unverified_where_nothing_is_better(houses: Houses) -> None:
    house = a_house(houses, 0.56)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.answerer, outcome.verdict) == ("faq", Verdict.UNVERIFIED)
    assert (outcome.reason, outcome.escalations) == (Reason.NOTHING_BETTER, 0)
    row = await only_row(house)
    assert [a.answerer for a in row.attempts] == ["faq"]
    assert row.reasons == ("nothing_better", "low_confidence")
    assert dict(outcome_headers(outcome))[b"x-tiergate-reason"] == row.reason.encode()
    agrees(row)


@pytest.mark.parametrize(
    ("instead", "verdict", "reason", "text"),
    [
        ("Did you mean this?", Verdict.UNVERIFIED, Reason.ASKED_WHICH, "Did you mean this?"),
        (
            "",
            Verdict.UNVERIFIED,
            Reason.NOTHING_KNOWN,
            "I am not sure that any approved answer here fits",
        ),
    ],
)
async def test_an_answer_below_the_floor_is_asked_for_or_not_given(
    houses: Houses, instead: str, verdict: Verdict, reason: Reason, text: str
) -> None:
    tiers = [low(p=0.56, instead=instead), mid(), deep()]
    house = houses(tiers, thetas=WEAK, signals=matched(0.56))
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text.startswith(text)
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    assert outcome.answer.matched is None
    agrees(await only_row(house))


async def test_a_stream_says_so_in_its_headers(houses: Houses) -> None:
    house = a_house(houses, 0.56)
    async with aclosing(house.gateway.stream(ask(stream=True), ALICE)) as events:
        seen = [event async for event in events]
    assert isinstance(seen[0], Committed)
    assert isinstance(seen[-1], Outcome)
    headers = dict(committed_headers(seen[0]))
    assert headers[b"x-tiergate-verdict"] == b"unverified"
    assert headers[b"x-tiergate-reason"] == seen[-1].reason.value.encode() == b"nothing_better"
    assert headers[b"x-tiergate-confidence"] == b"0.5600"


async def test_a_domain_that_needs_a_trusted_answer_gets_its_safe_one(houses: Houses) -> None:
    house = a_house(houses, 0.56, exhausted={"default": "review"})
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    agrees(await only_row(house))


async def test_a_probably_unrelated_answer_goes_on_to_the_next_tier(houses: Houses) -> None:
    house = a_house(houses, 0.3)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.answerer, outcome.verdict) == ("mid", Verdict.UNVERIFIED)
    agrees(await only_row(house))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_probably_unrelated_answer_is_replaced_where_no_tier_is_left(
    houses: Houses, stream: bool
) -> None:
    house = houses([low(p=0.3, text="Our shop opens at nine.")], signals=matched(0.3))
    async with aclosing(house.gateway.stream(ask(stream=stream), ALICE)) as events:
        last = [event async for event in events][-1]
    assert isinstance(last, Outcome)
    assert last.verdict is Verdict.UNVERIFIED
    assert last.answer is not None
    assert "not sure that any approved answer" in last.answer.text
    row = await only_row(house)
    agrees(row)
    assert row.baselines == Baselines()  # words that say so spare no tier an answer


async def test_a_higher_tier_that_may_help_is_asked_and_named(houses: Houses) -> None:
    house = a_house(houses, 0.7, decision={"level_3_not_below_usd": 0})
    plans = house.gateway.router.default.plans
    guessed = replace(plans[2].ability, source=PSource.PRIOR)
    object.__setattr__(
        house.gateway.router.default, "plans", (*plans[:2], replace(plans[2], ability=guessed))
    )
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.answerer, outcome.verdict) == ("deep", Verdict.ACCEPTED)
    assert (outcome.reason, outcome.escalations) == (Reason.LOW_CONFIDENCE, 1)
    row = await only_row(house)
    assert [a.answerer for a in row.attempts] == ["faq", "deep"]
    assert row.reasons[0] == "answer_in_hand"


async def test_a_failed_answer_in_hand_leads_to_the_worse_tier(houses: Houses) -> None:
    house = houses(
        [low(error=AnswererError("the lookup is down")), mid(), deep()],
        thetas=WEAK,
        signals=matched(0.7),
    )
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.rung.answerer == "mid"
    agrees(await only_row(house))


GRAVE = replace(CALM, domain=Domain.FINANCE, stakes_high=0.97, impact_nano_usd=40 * 10**15)
REVIEW = {"default": "best_answer", "by_domain": {"finance": "review"}}
ADVICE = "Do not acquire the supplier yet. Finish the audit, then decide on the price."


def _guess(house: House, rung: int, source: PSource) -> None:
    """Makes the ability of a rung one of this source."""
    plans = list(house.gateway.router.default.plans)
    plans[rung] = replace(plans[rung], ability=replace(plans[rung].ability, source=source))
    object.__setattr__(house.gateway.router.default, "plans", tuple(plans))


@pytest.mark.parametrize(
    ("text", "source", "verdict"),
    [
        ("The moon hums at night.", PSource.LABELLED, Verdict.SAFE_ANSWER),
        ("The moon hums at night. " * 10, PSource.LABELLED, Verdict.SAFE_ANSWER),
        (MILLIONS, PSource.LABELLED, Verdict.SAFE_ANSWER),
        (ADVICE, PSource.LABELLED, Verdict.ACCEPTED),
        (ADVICE, PSource.PRIOR, Verdict.UNVERIFIED),
    ],
)
async def test_nonsense_to_a_grave_question_is_not_accepted(
    houses: Houses, text: str, source: PSource, verdict: Verdict
) -> None:
    house = houses([low(), mid(), deep(text=text)], signals=GRAVE, exhausted=REVIEW)
    _guess(house, 2, source)
    outcome = await house.gateway.complete(ask(MILLIONS), ALICE)
    assert outcome.verdict is verdict
    row = await only_row(house)
    agrees(row)
    assert ("answer_unchecked" in row.reasons) == (verdict is Verdict.UNVERIFIED)


DEAR = {"cost_of_wrong": [{"domain": "medical", "usd": 200}]}
KNOWLEDGE = replace(CALM, domain=Domain.MEDICAL, knowledge=1.0)


@pytest.mark.parametrize("verify", ["none", "full"])
@pytest.mark.parametrize(
    ("signals", "source", "verdict"),
    [
        (KNOWLEDGE, PSource.PRIOR, Verdict.UNVERIFIED),
        (KNOWLEDGE, PSource.LABELLED, Verdict.ACCEPTED),
        (CALM, PSource.PRIOR, Verdict.ACCEPTED),  # a mistake costs cents
    ],
)
async def test_a_prior_is_no_evidence_where_a_mistake_would_be_dear(
    houses: Houses, signals: Signals, source: PSource, verdict: Verdict, verify: str
) -> None:
    """The matter is not grave: the answer goes out, whatever `exhausted` says."""
    sections = {
        "stakes": DEAR,
        "thetas": {"mid": 1.5, "deep": 4.0},
        "exhausted": {"default": "refuse"},
    }
    house = houses([mid(), deep()], signals=signals, verify_deep={"default": verify}, **sections)
    _guess(house, 0, PSource.PRIOR)
    _guess(house, 1, source)
    outcome = await house.gateway.complete(ask(), ALICE)
    level = 2 if signals is CALM else 3
    assert (outcome.verdict, outcome.rung.level) == (verdict, level)
    assert outcome.answer.text == "an answer"
    row = await only_row(house)
    agrees(row)
    assert ("answer_unchecked" in row.reasons) == (verdict is Verdict.UNVERIFIED)


def own_rule(floor: int) -> dict[str, object]:
    """A rule of the policy's own for high stakes, whatever the domain."""
    return {"name": "own", "stakes_high_at": 0.9, "floor": floor}


@pytest.mark.parametrize(
    ("signals", "rules", "verdict"),
    [
        (GRAVE, [], Verdict.UNVERIFIED),
        (replace(CALM, stakes_high=0.97), [], Verdict.UNVERIFIED),
        (replace(CALM, stakes_high=0.97), [own_rule(2)], Verdict.UNVERIFIED),
        (replace(CALM, stakes_high=0.97), [own_rule(3)], Verdict.UNVERIFIED),
    ],
)
async def test_a_prior_is_no_evidence_where_much_is_at_stake_and_no_level_3_exists(
    houses: Houses, signals: Signals, rules: list[object], verdict: Verdict
) -> None:
    house = houses([low(), mid(text=ADVICE)], signals=signals, hard_rules=rules)
    _guess(house, 1, PSource.PRIOR)
    outcome = await house.gateway.complete(ask(MILLIONS), ALICE)
    assert (outcome.rung.answerer, outcome.verdict) == ("mid", verdict)
    row = await only_row(house)
    agrees(row)
    assert ("answer_unchecked" in row.reasons) == (verdict is Verdict.UNVERIFIED)


@pytest.mark.parametrize("rule", ["review", "best_answer"])
async def test_a_deliberation_that_failed_its_checks_is_held_with_the_reason(
    houses: Houses, rule: str
) -> None:
    worked = Worked("finance", "0" * 16, "full", (), marks=("the probabilities sum to 0.00",))
    thinker = deep(
        kind="deliberation", trusted=True, verified=False, text=ADVICE, worked=worked
    )  # fmt: skip
    rules = {"default": "best_answer", "by_domain": {"finance": rule}}
    house = houses([low(), mid(), thinker], signals=GRAVE, exhausted=rules)
    outcome = await house.gateway.complete(ask(MILLIONS), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert [item.domain for item in house.reviews.items] == [Domain.FINANCE]
    row = await only_row(house)
    assert "answer_failed_checks" in row.reasons
    assert "answer_accepted" not in row.reasons


@pytest.mark.parametrize("rule", ["hold", "refuse"])
async def test_a_prior_does_not_pass_where_only_trusted_answers_may_go_out(
    houses: Houses, rule: str
) -> None:
    house = houses(
        [low(), mid(), deep(text=ADVICE)],
        signals=GRAVE,
        exhausted={"default": rule, "by_domain": {"finance": rule}},
        privacy={"store": "redacted"},
    )
    plans = house.gateway.router.default.plans
    plan = replace(plans[2], ability=replace(plans[2].ability, source=PSource.PRIOR))
    object.__setattr__(house.gateway.router.default, "plans", (*plans[:2], plan))
    outcome = await house.gateway.complete(ask(MILLIONS), ALICE)
    assert outcome.verdict in (Verdict.HELD, Verdict.REFUSED)


async def test_a_request_that_is_too_long_for_all_models_is_not_an_upstreams_failure(
    houses: Houses,
) -> None:
    tools = low(error=CannotAnswer("no exact tool fits"), p=0.9, context_tokens=0)
    house = houses([tools, mid(), deep()], signals=replace(CALM, input_tokens=9_000))
    with pytest.raises(NotCapable, match=r"about 9000 tokens.* longest context there is 8000"):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert (row.state, row.error_code) == (RequestState.FAILED, "context_length_exceeded")
