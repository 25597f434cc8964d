"""Words in place of an answer have a reason that agrees with them, in headers, rows and reports."""

from __future__ import annotations

import pytest

from router.api.http.decision_headers import committed_headers, outcome_headers
from router.api.http.decision_views import routing_view
from router.errors import CannotAnswer, UpstreamRejected, UpstreamUnreachable
from router.ledger.replies import ReplyKind, reply_of
from router.routing.decision_record import parse
from router.types import (
    NO_ANSWER_MODEL,
    SAFE_ANSWER_MODEL,
    Committed,
    Hints,
    Match,
    Outcome,
    Price,
    Reason,
    Role,
    Signals,
    Verdict,
    usd_to_nano,
)
from tests.kits.changed import replace
from tests.kits.checks.decided_again import differs
from tests.kits.fakes import ALICE, CALM, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import RISKY, deep, drain, low, mid, only_row, words_only
from tiers.resilience.refusals import error_for_status

NOTHING = CannotAnswer("none fits", reason=Reason.NOTHING_TO_RESOLVE)
UNSURE = replace(CALM, match=Match("greeting", 0.3, 0.9, 0.3))


async def test_words_that_a_cap_of_cost_led_to_say_so(houses: Houses) -> None:
    """They had `no_model` alone, though a model stood there that the client's cap left out."""
    quoting = ScriptedTier("quotes", "llm", 2, "passages", error=NOTHING, price=Price())
    rules = {"default": "best_answer"}
    house = houses([low(error=NOTHING), quoting, mid()], signals=UNSURE, exhausted=rules)
    capped = ask(hints=Hints(max_cost_nano_usd=1))
    outcome = await house.gateway.complete(capped, ALICE)
    headers = dict(outcome_headers(outcome))
    assert headers[b"x-tiergate-reason"] == b"over_max_cost, no_model"
    assert "over_max_cost" in routing_view(outcome)["reasons"]  # type: ignore[operator]
    row = await only_row(house)
    assert row.reasons[:2] == ("no_model", "over_max_cost")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("exhausted", "signals", "verdict", "told", "reply"),
    [
        ("refuse", CALM, Verdict.REFUSED, "none_trusted", ReplyKind.NO_ANSWER),
        ("refuse", RISKY, Verdict.REFUSED, "high_risk_medical, none_trusted", "no_answer"),
        ("review", CALM, Verdict.SAFE_ANSWER, "handed_over", ReplyKind.SAFE_WORDS),
        ("hold", CALM, Verdict.HELD, "handed_over", ReplyKind.SAFE_WORDS),
        ("review", RISKY, Verdict.SAFE_ANSWER, "high_risk_medical", ReplyKind.SAFE_WORDS),
    ],
)
async def test_words_say_why_they_go_out(
    houses: Houses,
    stream: bool,
    exhausted: str,
    signals: Signals,
    verdict: Verdict,
    told: str,
    reply: str,
) -> None:
    rules = {"default": exhausted, "by_domain": {"medical": exhausted}}
    store = {"store": "redacted"}  # which `hold` needs
    house = houses([mid(p=0.1), deep(p=0.1)], signals=signals, exhausted=rules, privacy=store)
    committed, *_, outcome = await drain(house, ask(stream=stream))
    assert isinstance(committed, Committed)
    assert isinstance(outcome, Outcome)
    assert outcome.verdict is verdict
    for headers in (committed_headers(committed), outcome_headers(outcome)):
        assert dict(headers)[b"x-tiergate-reason"].decode() == told
    row = await only_row(house)
    assert row.reason == outcome.reason.value == told.rpartition(", ")[2]
    assert row.reason in row.reasons
    reasons = routing_view(outcome)["reasons"]
    assert isinstance(reasons, list)
    assert row.reason in reasons
    assert reply_of(row) == reply
    assert differs(parse(row.record), house.gateway.router.default.policy) is None


@pytest.mark.parametrize(
    ("shelf", "reason"),
    [
        ({"p": 0.3}, "nothing_known"),
        ({"error": NOTHING}, "no_model"),
    ],
)
async def test_words_that_there_is_no_answer_have_one_model_and_verdict(
    houses: Houses, shelf: dict[str, object], reason: str
) -> None:
    house = houses([low(text="Our shop opens at nine.", **shelf)], signals=UNSURE)
    *_, outcome = await drain(house, ask())
    assert isinstance(outcome, Outcome)
    assert outcome.answer is not None
    assert outcome.answer.text.startswith("I am not sure that any approved answer here fits")
    assert outcome.answer.model == NO_ANSWER_MODEL
    row = await only_row(house)
    assert (row.verdict, row.reason) == ("unverified", reason)
    assert dict(outcome_headers(outcome))[b"x-tiergate-reason"].decode().endswith(reason)
    assert reply_of(row) is ReplyKind.NO_ANSWER


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("kind", "impact_usd", "min_tier", "level"),
    [
        ("exact", 0, None, 1),
        ("passages", 0, None, 1),
        ("exact", 6_000, None, 1),
        ("exact", 12_000, None, 3),
        ("exact", 0, 3, 3),
        ("upstream", 0, None, 3),
    ],
)
async def test_words_of_no_answer_count_above_only_where_a_rule_or_a_model_stands_behind_them(
    houses: Houses, kind: str, impact_usd: int, min_tier: int | None, level: int, *, stream: bool
) -> None:
    """Behind an `exact` at level 3 they were traffic of level 3, and an alert ran high."""
    signals = replace(UNSURE, match=None, impact_nano_usd=usd_to_nano(impact_usd))
    tiers = [low(error=NOTHING), deep(kind=kind, error=NOTHING)]
    house = houses(tiers, signals=signals, exhausted={"default": "best_answer"})
    asked = ask(stream=stream, hints=Hints(min_tier=min_tier))
    *_, outcome = await drain(house, asked)
    assert isinstance(outcome, Outcome)
    row = await only_row(house)
    assert (row.verdict, row.reason) == ("unverified", "no_model")
    assert (row.tier_number, outcome.rung.level) == (level, level)
    assert differs(parse(row.record), house.gateway.router.default.policy) is None


@pytest.mark.parametrize(
    ("impact_usd", "told"),
    [(0, "handed_over"), (6_000, "impact_level_2"), (12_000, "impact_level_3")],
)
async def test_a_rung_without_a_model_is_no_reason_to_hand_over(
    houses: Houses, impact_usd: int, told: str
) -> None:
    signals = replace(UNSURE, match=None, impact_nano_usd=usd_to_nano(impact_usd))
    house = words_only(houses([mid()], signals=signals, exhausted={"default": "review"}))
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert dict(outcome_headers(outcome))[b"x-tiergate-reason"].decode() == told
    row = await only_row(house)
    assert row.reason == told
    assert "no_model" in row.reasons


async def test_an_answer_keeps_the_reason_of_its_rung(houses: Houses) -> None:
    house = houses([mid(), deep()], signals=CALM)
    *_, outcome = await drain(house, ask())
    assert isinstance(outcome, Outcome)
    assert outcome.verdict is Verdict.ACCEPTED
    assert outcome.reason.value == "lowest_expected_loss"


async def test_a_refusal_hides_no_outage(houses: Houses) -> None:
    """The client is not told to ask again where an upstream refuses the gateway's key."""
    tiers = [mid(error=error_for_status(401)), deep(error=error_for_status(401))]
    house = houses(tiers, signals=CALM, exhausted={"default": "refuse"})
    with pytest.raises(UpstreamRejected, match="Tell who runs this gateway") as caught:
        await house.gateway.complete(ask(), ALICE)
    assert "mid of tier llm (upstream_rejected, 401)" in caught.value.tried
    row = await only_row(house)
    assert (row.state.value, row.error_code) == ("failed", "upstream_rejected")


@pytest.mark.parametrize("rule", ["refuse", "best_answer"])
@pytest.mark.parametrize("declines", ["mid", "deep"])
async def test_a_rung_that_declines_hides_no_outage(
    houses: Houses, rule: str, declines: str
) -> None:
    errors = {"mid": error_for_status(401), "deep": error_for_status(401), declines: NOTHING}
    tiers = [mid(error=errors["mid"]), deep(error=errors["deep"])]
    signals = replace(CALM, impact_nano_usd=usd_to_nano(6_000))  # level 3 may be asked, too
    house = houses(tiers, signals=signals, exhausted={"default": rule})
    with pytest.raises(UpstreamRejected, match="Tell who runs this gateway"):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert [call.answerer for call in row.attempts if call.role is Role.ANSWER] == ["mid", "deep"]
    assert (row.state.value, row.error_code) == ("failed", "upstream_rejected")


async def test_a_shelf_that_has_nothing_is_no_outage(houses: Houses) -> None:
    house = houses([low(error=NOTHING)], signals=UNSURE, exhausted={"default": "refuse"})
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.verdict, outcome.reason) == (Verdict.REFUSED, Reason.NONE_TRUSTED)


async def test_words_in_place_of_a_failed_call_are_not_that_models_answer(houses: Houses) -> None:
    """Reports gave the model the request, its latency and its share."""
    failing = deep(error=UpstreamUnreachable("refused", sent=True))
    house = houses([low(), mid(), failing], signals=RISKY)
    outcome = await house.gateway.complete(ask("is this clause enforceable"), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    row = await only_row(house)
    assert [one.model for one in row.attempts if one.answerer == "deep"] == ["deep-model"]
    assert (row.answerer, row.model) == ("deep", SAFE_ANSWER_MODEL)


async def test_words_in_place_of_a_draft_stand_under_the_model_that_wrote_it(
    houses: Houses,
) -> None:
    """They stood under the name that was asked for, the draft's call under the one that wrote it:
    a report had two lines, one with the request and one with its cost."""
    house = houses([low(), mid(), deep(p=0.1, says_model="deep-2026-04-14")], signals=RISKY)
    outcome = await house.gateway.complete(ask("is this clause enforceable"), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    row = await only_row(house)
    assert [one.model for one in row.attempts if one.answerer == "deep"] == [row.model]
    assert row.model == "deep-2026-04-14"
