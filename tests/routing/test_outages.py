"""Another answerer replaces one that fails: of the same level, then a higher, then a lower."""

from __future__ import annotations

import asyncio
import math
import tempfile
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.api.http.decision_headers import committed_headers
from router.errors import (
    AnswererError,
    AnswererNotReady,
    DeadlineExceeded,
    TiergateError,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamUnreachable,
)
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.decision_record import parse
from router.routing.next_rung import Turn, next_rung, turns
from router.types import (
    Action,
    AnswererState,
    AnswererStatus,
    Committed,
    Hints,
    Outcome,
    Price,
    PSource,
    Reason,
    Verdict,
)
from tests import ROOT
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.checks.decided_again import decide_again, differs
from tests.kits.decision_kit import CALM as EASY
from tests.kits.decision_kit import USD, facts
from tests.kits.decision_kit import a_policy as three_tiers
from tests.kits.fakes import ALICE, CALM, PRICE, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import only_row
from tiers.resilience.refusals import error_for_status

DOWN = UpstreamError("The upstream failed with status 500.", upstream_status=500)
KINDS: dict[str, AnswererError] = {
    "5xx": DOWN,
    "429": UpstreamRateLimited("The upstream is limiting our rate.", upstream_status=429),
    "timeout": DeadlineExceeded("It did not answer in time."),
    "refused key": UpstreamRejected("The upstream refused our key.", upstream_status=401),
    "refused connection": UpstreamUnreachable("It cannot be reached.", sent=False),
    "open breaker": AnswererNotReady("No replica answers; all breakers are open."),
}
CALMLY = replace(CALM, match=None)
LIFTED = {"outage_lifts": ["level_3_not_below_usd"]}


class NotReady(ScriptedTier):
    """An answerer whose breaker is open."""

    def status(self) -> AnswererStatus:
        return AnswererStatus(AnswererState.OPEN_BREAKER)


def one(name: str, level: int, **changes: object) -> ScriptedTier:
    return ScriptedTier(name, f"tier{level}", level, **changes)


def three(houses: Houses, *failing: str, theta: float = 0.8, **sections: object) -> House:
    """Three levels, of which level 1 is not sure enough to be asked; chance .69 by default."""
    tiers = [
        one(name, level, error=DOWN if name in failing else None)
        for name, level in (("low", 1), ("mid", 2), ("deep", 3))
    ]
    thetas = {"low": theta, "mid": 2.0, "deep": 4.0}
    return houses(tiers, signals=CALMLY, thetas=thetas, **sections)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_sibling_written_earlier_answers_where_the_chosen_one_fails(
    houses: Houses, kind: str
) -> None:
    tiers = [one("a", 2), one("b", 2, error=KINDS[kind])]
    stakes = {"default_cost_of_wrong_usd": 10.0}
    house = houses(tiers, signals=CALMLY, thetas={"a": 2, "b": 6}, stakes=stakes)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.decision.first_rung.answerer == "b"
    assert (outcome.rung.answerer, outcome.verdict) == ("a", Verdict.ACCEPTED)
    row = await only_row(house)
    assert [(a.answerer, a.error_code != "") for a in row.attempts] == [("b", True), ("a", False)]
    assert row.attempts[1].reason == row.reason == "outage_same_level"


async def test_a_sibling_of_higher_expected_loss_answers_before_a_higher_level(
    houses: Houses,
) -> None:
    tiers = [one("worse", 2), one("best", 2, error=DOWN), one("deep", 3)]
    thetas = {"worse": 1.0, "best": 6.0, "deep": 8.0}
    stakes = {"default_cost_of_wrong_usd": 10.0}
    house = houses(tiers, signals=CALMLY, thetas=thetas, stakes=stakes, decision=LIFTED)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.decision.rungs[0].reasons == (Reason.HIGHER_EXPECTED_LOSS,)
    assert (outcome.rung.answerer, outcome.reason) == ("worse", Reason.OUTAGE_SAME_LEVEL)
    assert tiers[2].calls == 0


async def test_a_ceiling_of_money_gives_way_in_an_outage_where_the_policy_says_so(
    houses: Houses,
) -> None:
    house = three(houses, "mid", decision=LIFTED)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.answerer, outcome.verdict) == ("deep", Verdict.ACCEPTED)
    assert (outcome.reason, outcome.escalations) == (Reason.OUTAGE_HIGHER, 1)


async def test_a_ceiling_of_money_holds_where_the_policy_does_not_lift_it(houses: Houses) -> None:
    house = three(houses, "mid", "low")
    with pytest.raises(UpstreamError) as failed:
        await house.gateway.complete(ask(), ALICE)
    assert failed.value.told.endswith(
        " deep was left out: less is at stake than `decision.level_3_not_below_usd` states "
        "($1,000 by default). Who keeps the gateway's policy may let it stand in: "
        "`decision.outage_lifts: [level_3_not_below_usd]`."
    )
    row = await only_row(house)
    assert [a.answerer for a in row.attempts] == ["mid", "low"]


async def test_a_refused_key_advises_nothing_but_the_key(houses: Houses) -> None:
    resting = AnswererNotReady("The key is refused.", key_refused=True)
    for error in (resting, error_for_status(401)):
        tiers = [one("mid", 2, error=error), one("deep", 3)]
        house = houses.inside(type(error).__name__)(tiers, signals=CALMLY)
        with pytest.raises(AnswererError) as failed:
            await house.gateway.complete(ask(), ALICE)
        assert "mid of tier" in failed.value.told
        assert "outage_lifts" not in failed.value.told


async def test_an_answerer_that_takes_no_calls_was_not_left_out(houses: Houses) -> None:
    tiers = [one("mid", 2, error=DOWN), NotReady("deep", "tier3", 3)]
    house = houses(tiers, signals=CALMLY)
    with pytest.raises(UpstreamError) as failed:
        await house.gateway.complete(ask(), ALICE)
    assert "mid of tier" in failed.value.told
    assert "outage_lifts" not in failed.value.told


async def test_an_answerer_that_stood_in_and_failed_was_not_left_out(houses: Houses) -> None:
    house = three(houses, "mid", "low", "deep", decision=LIFTED)
    with pytest.raises(UpstreamError) as failed:
        await house.gateway.complete(ask(), ALICE)
    assert "deep of tier tier3" in failed.value.told
    assert "left out" not in failed.value.told


async def test_a_lower_level_stands_in_unverified(houses: Houses) -> None:
    house = three(houses, "mid")
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.answerer, outcome.verdict) == ("low", Verdict.UNVERIFIED)
    assert (outcome.reason, outcome.escalations) == (Reason.OUTAGE_LOWER, 0)
    row = await only_row(house)
    assert (row.verdict, row.reason) == ("unverified", "outage_lower")
    assert [(a.answerer, a.reason) for a in row.attempts] == [
        ("mid", "low_confidence"),
        ("low", "outage_lower"),
    ]


async def test_a_lower_answer_that_nobody_verifies_is_unverified_all_the_same(
    houses: Houses,
) -> None:
    house = three(houses, "mid", verify_low={"default": "none"})
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.answerer, outcome.verdict) == ("low", Verdict.UNVERIFIED)


async def test_a_level_1_that_would_more_likely_be_wrong_does_not_stand_in(houses: Houses) -> None:
    house = three(houses, "mid", theta=-0.5)
    with pytest.raises(UpstreamError):
        await house.gateway.complete(ask(), ALICE)


async def test_a_hard_rule_forbids_the_lower_level(houses: Houses) -> None:
    house = three(houses, "mid", "deep", decision=LIFTED)
    house.triage.signals = replace(CALMLY, multi_factor=0.9)
    with pytest.raises(UpstreamError):
        await house.gateway.complete(ask(), ALICE)
    assert [a.answerer for a in (await only_row(house)).attempts] == ["mid", "deep"]


async def test_the_clients_min_tier_forbids_the_lower_level(houses: Houses) -> None:
    house = three(houses, "mid")
    with pytest.raises(UpstreamError):
        await house.gateway.complete(ask(hints=Hints(min_tier=2)), ALICE)


async def test_a_pinned_model_is_not_exchanged(houses: Houses) -> None:
    aliases = {"the-mid": {"answerer": "mid", "pinned": True}}
    house = three(houses, "mid", decision=LIFTED, aliases=aliases)
    for model in ("the-mid", "tier:tier2"):
        with pytest.raises(UpstreamError):
            await house.gateway.complete(ask(requested_model=model), ALICE)
    await house.gateway.drain()
    assert {a.answerer for row in requests_in(house.ledger) for a in row.attempts} == {"mid"}


async def test_an_observed_model_is_not_exchanged(houses: Houses) -> None:
    house = three(houses, "mid", decision=LIFTED, mode="observe")
    with pytest.raises(UpstreamError):
        await house.gateway.complete(ask(requested_model="mid-model"), ALICE)
    assert [a.answerer for a in (await only_row(house)).attempts] == ["mid"]


async def test_a_stream_falls_back_before_anything_is_sent(houses: Houses) -> None:
    house = three(houses, verify_mid={"default": "prefix"}, verify_low={"default": "prefix"})
    house.gateway.router.default.plans[1].answerer.cut_after = 0
    async with aclosing(house.gateway.stream(ask(stream=True), ALICE)) as events:
        seen = [event async for event in events]
    assert isinstance(seen[0], Committed)
    assert dict(committed_headers(seen[0]))[b"x-tiergate-reason"] == b"outage_lower"
    assert dict(committed_headers(seen[0]))[b"x-tiergate-verdict"] == b"unverified"
    assert isinstance(seen[-1], Outcome)
    assert (seen[-1].rung.answerer, seen[-1].verdict) == ("low", Verdict.UNVERIFIED)
    assert "".join(e.text for e in seen[1:-1]) == "an answer"


async def test_a_domain_that_needs_a_trusted_answer_gets_its_safe_one(houses: Houses) -> None:
    house = three(houses, "mid", exhausted={"default": "review"})
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert house.reviews.items


async def test_what_the_ladder_ran_into_is_told_not_what_a_stand_in_did(houses: Houses) -> None:
    house = three(houses, "low")
    house.gateway.router.default.plans[1].answerer.error = KINDS["429"]
    with pytest.raises(UpstreamRateLimited):
        await house.gateway.complete(ask(), ALICE)


async def test_a_level_known_to_be_down_is_passed_over_for_a_lower_one(houses: Houses) -> None:
    mid = NotReady("mid", "tier2", 2)
    house = houses([one("low", 1), mid, one("deep", 3)], signals=CALMLY, thetas={"low": 0.8})
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.answerer, outcome.verdict) == ("low", Verdict.UNVERIFIED)
    assert (outcome.reason, mid.calls) == (Reason.OUTAGE_LOWER, 0)


async def test_a_level_known_to_be_down_is_passed_over_for_a_higher_one_first(
    houses: Houses,
) -> None:
    tiers = [one("low", 1), NotReady("mid", "tier2", 2), one("deep", 3)]
    house = houses(tiers, signals=CALMLY, thetas={"low": 0.8}, decision=LIFTED)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.answerer, outcome.reason) == ("deep", Reason.OUTAGE_HIGHER)


@pytest.mark.parametrize(
    ("source", "mid_p", "ready", "reason"),
    [
        (PSource.PRIOR, 0.9, False, Reason.NOT_READY),
        (PSource.PRIOR, 0.9, True, Reason.NOTHING_TO_RESOLVE),
        (PSource.LABELLED, 0.9, False, Reason.NOT_READY),
        # It would not have gone first: a mistake costs more than the dearer model.
        (PSource.LABELLED, 0.1, False, Reason.NOTHING_TO_RESOLVE),
    ],
)
@pytest.mark.parametrize("declined", [Reason.NOTHING_TO_RESOLVE, Reason.KEPT_OFF_SHELF])
def test_the_reason_is_the_model_that_is_down_not_the_shelf(
    source: PSource, mid_p: float, ready: bool, reason: Reason, declined: Reason
) -> None:
    faq, mid, deep = facts(p2=mid_p, source=source)
    rows = [replace(faq, declined=declined), replace(mid, ready=ready), deep]
    first = decide(three_tiers(level_3_not_below_usd=0), EASY, rows, Asked()).first_rung
    assert first.answerer == ("mid" if ready else "deep")
    assert first.reasons[0] is (declined if reason is Reason.NOTHING_TO_RESOLVE else reason)


def test_records_of_version_1_decide_again_to_their_own_ladders_and_steps() -> None:
    lines = (ROOT / "tests/fixtures/records_version_1.jsonl").read_text().splitlines()
    records = [parse(line) for line in lines]
    assert [differs(record, three_tiers()) for record in records] == [None] * len(records)
    assert {record.version for record in records} == {1}
    assert any(decide_again(replace(r, version=2), three_tiers()) != r.decision for r in records)


def test_each_rung_has_at_most_one_turn() -> None:
    policy = three_tiers(mode="expected_loss", outage_lifts=["level_3_not_below_usd"])
    decision = decide(policy, replace(EASY, impact_nano_usd=900 * USD), facts(p2=0.999), Asked())
    at: int | None = decision.first
    had = []
    while at is not None:
        had.append(at)
        at = next_rung(
            decision, Turn(at, failure=Reason.ANSWERER_FAILED, stranded=True), policy.decision
        ).rung
    assert had == turns(decision) == [1, 2, 0]


@pytest.mark.parametrize(("outgrown", "rung"), [((), 2), ((2,), 0), ((0, 2), None)])
def test_a_prompt_that_is_too_long_goes_to_no_model_that_takes_no_more(
    outgrown: tuple[int, ...], rung: int | None
) -> None:
    policy = three_tiers(mode="expected_loss", outage_lifts=["level_3_not_below_usd"])
    decision = decide(policy, replace(EASY, impact_nano_usd=900 * USD), facts(p2=0.999), Asked())
    failed = Turn(1, failure=Reason.ANSWERER_FAILED, outgrown=(1, *outgrown), stranded=True)
    assert next_rung(decision, failed, policy.decision).rung == rung


def test_an_answer_that_is_merely_doubted_does_not_fall_back() -> None:
    policy = three_tiers(outage_lifts=["level_3_not_below_usd"])
    decision = decide(policy, EASY, facts(p1=0.5), Asked())
    assert decision.spare
    step = next_rung(decision, Turn(decision.first, 0.1), policy.decision)
    assert step.action is Action.ACCEPT


@dataclass(frozen=True)
class Drawn:
    """One answerer: its level, what it fails with, how able and how dear it is, if it is known to
    be down."""

    level: int
    error: AnswererError | None
    theta: float
    dear: bool
    ready: bool

    def tier(self, i: int, stream: bool) -> ScriptedTier:
        kind = ScriptedTier if self.ready else NotReady
        error = self.error if self.ready else KINDS["open breaker"]
        cut = 0 if stream and error is not None else None
        price = Price(per_request_nano_usd=5 * USD) if self.dear else PRICE
        tier = f"tier{self.level}"
        return kind(f"a{i}", tier, self.level, error=error, cut_after=cut, price=price)

    def is_left(self, guarded: bool, lifted: bool, floor: int) -> bool:
        """Returns True when it is alive, affordable and allowed, as the policy reference says."""
        if self.error is not None or not self.ready or self.dear:
            return False
        if not guarded:
            return True
        sure = 1 / (1 + math.exp(-self.theta)) >= 0.5
        return self.level >= floor and (self.level < 3 or lifted) and (self.level > 1 or sure)


seldom = st.sampled_from([False] * 4 + [True])
any_answerer = st.builds(
    Drawn,
    level=st.integers(1, 3),
    error=st.sampled_from([None] * 4 + list(KINDS.values())),
    theta=st.floats(-2, 6),
    dear=seldom,
    ready=seldom.map(lambda down: not down),
)


@given(
    st.lists(any_answerer, min_size=2, max_size=6),
    st.booleans(),
    st.booleans(),
    st.sampled_from([1, 1, 2]),
    st.booleans(),
)
@example([Drawn(1, None, 1.0, False, True), Drawn(2, DOWN, 3.0, False, True)], True, False, 1, True)
@example([Drawn(2, DOWN, 3.0, False, True), Drawn(3, None, 4.0, False, True)], True, True, 2, False)
def test_nothing_fails_while_an_allowed_and_affordable_answerer_is_alive(
    answerers: list[Drawn], guarded: bool, lifted: bool, floor: int, stream: bool
) -> None:
    answerers.sort(key=lambda one: one.level)
    floor = min(floor, answerers[-1].level)  # as a policy's floors are, at most its highest level
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(answers(Path(folder), answerers, guarded, lifted, floor, stream))


async def answers(
    folder: Path, answerers: list[Drawn], guarded: bool, lifted: bool, floor: int, stream: bool
) -> None:
    prefix = {f"verify_a{i}": {"default": "prefix"} for i in range(len(answerers))}
    async with Houses(folder) as houses:
        house = houses(
            [one.tier(i, stream) for i, one in enumerate(answerers)],
            signals=replace(CALMLY, stakes_high=0.9 if floor == 2 else 0.0),
            thetas={f"a{i}": one.theta for i, one in enumerate(answerers)},
            decision={
                "mode": "guarded" if guarded else "expected_loss",
                "outage_lifts": ["level_3_not_below_usd"] if lifted else [],
            },
            stakes={"default_cost_of_wrong_usd": 1.0},
            budgets={"acme": {"usd_per_day": 1.0}},
            **(prefix if stream else {}),
        )
        error: TiergateError | None = None
        try:
            async with aclosing(house.gateway.stream(ask(stream=stream), ALICE)) as events:
                last = [event async for event in events][-1]
            assert isinstance(last, Outcome)
            below = last.rung.level < floor
            assert not (guarded and below), "no hard rule is passed"
        except TiergateError as raised:
            error = raised
        row = await only_row(house)
        record = parse(row.record)
        assert differs(record, house.gateway.router.default.policy) is None
        assert len(row.attempts) <= len(answerers)
        alive = any(answerer.is_left(guarded, lifted, floor) for answerer in answerers)
        if error is not None and alive:
            # What money refuses before anything has failed is refused, as it is without an outage.
            assert error.status == 429
            assert [a.error_code for a in row.attempts] == ["insufficient_quota"]
