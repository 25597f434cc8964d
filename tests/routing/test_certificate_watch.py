"""The watch of a certificate's range: false alarms, detection, lifting, and what decide does."""

from __future__ import annotations

import random

import pytest

from router.api.compose.mounted.certificate_ground import CertificateGround
from router.policy.schema import DecisionSection
from router.routing.certificate_watch import (
    LIFT_AFTER,
    CertificateWatch,
    Watched,
    counted,
    larger,
)
from router.routing.decision import confidence_floor
from router.routing.decision_record import parse
from router.types import (
    NO_PRESSURE,
    CertificateTurned,
    DecisionMode,
    Domain,
    Match,
    Pressure,
    Reason,
)
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.checks.decided_again import decide_again
from tests.kits.fakes import ALICE, CALM, Houses, ask
from tests.kits.gateway_kit import low, mid

SUPPORT = Domain.CUSTOMER_SUPPORT
STRANGE = replace(CALM, novelty=0.9)
USUAL = replace(CALM, novelty=0.0, match=Match("greeting", 0.95, 0.9, 0.3))


def until_suspended(share: float, certified: float, seed: int, most: int = 20_000) -> int | None:
    draw, state = random.Random(seed), Watched()
    for number in range(1, most + 1):
        state = counted(state, draw.random() < share, certified)
        if state.suspended:
            return number
    return None


def test_traffic_at_the_certified_share_is_not_suspended() -> None:
    assert [until_suspended(0.2, 0.2, seed) for seed in range(5)] == [None] * 5


def test_twice_the_certified_share_is_noticed_within_400_requests() -> None:
    noticed = [until_suspended(0.4, 0.2, seed) or 9_999 for seed in range(20)]
    assert max(noticed) <= 400
    assert sorted(noticed)[10] <= 220


@pytest.mark.parametrize("certified", [0.0, 0.02, 0.2, 0.5, 0.95])
def test_one_request_more_has_a_mean_factor_of_one_at_the_certified_share(certified: float) -> None:
    p0, p1 = max(certified, 0.005), larger(max(certified, 0.005))
    one = counted(Watched(), True, certified).evidence
    other = counted(Watched(), False, certified).evidence
    assert (one, other) == (pytest.approx(p1 / p0), pytest.approx((1 - p1) / (1 - p0)))
    assert p0 * one + (1 - p0) * other == pytest.approx(1.0)


def test_a_suspension_ends_after_enough_familiar_requests() -> None:
    state = Watched(suspended=True)
    for _ in range(LIFT_AFTER - 1):
        state = counted(state, False, 0.2)
        assert state.suspended
    assert not counted(state, False, 0.2).suspended


def test_a_suspension_stays_while_the_share_is_too_large() -> None:
    state = Watched(suspended=True)
    for number in range(3 * LIFT_AFTER):
        state = counted(state, number % 4 == 0, 0.2)
    assert state.suspended


def test_the_watch_tells_each_turn_once_and_knows_only_certified_domains() -> None:
    told: list[CertificateTurned] = []
    watch = CertificateWatch(told.append)

    def see(signals: object, times: int) -> bool:
        return [watch.saw("p", "h", signals, {SUPPORT: 0.2}, 0.5) for _ in range(times)][-1]  # type: ignore[arg-type]

    assert see(STRANGE, 200)
    assert not watch.suspends("p", "other", SUPPORT)
    assert not see(replace(STRANGE, domain=Domain.LEGAL), 200)
    assert not see(USUAL, 2 * LIFT_AFTER)
    assert [turn.suspended for turn in told] == [True, False]
    watch.forget(set())
    assert watch.shown("p", "h", {SUPPORT: 0.2})["customer_support"]["unfamiliar_share"] is None


def test_a_weak_match_looks_unfamiliar_although_nothing_is_novel() -> None:
    watch = CertificateWatch(lambda _: None)
    weak = replace(USUAL, match=Match("greeting", 0.3, 0.5, 0.1))
    assert [watch.saw("p", "h", weak, {SUPPORT: 0.2}, 0.5) for _ in range(200)][-1]


@pytest.mark.parametrize(("certified", "expected"), [(0.6, 0.85), (0.97, 0.97)])
def test_a_suspended_certificate_never_lets_more_through(certified: float, expected: float) -> None:
    section = DecisionSection(
        mode=DecisionMode.CERTIFIED, certificates={SUPPORT: certified}, confidence_floor=0.85
    )
    assert confidence_floor(section, CALM, None) == certified
    assert confidence_floor(section, CALM, None, suspended=True) == expected


def test_a_domain_without_a_certificate_stays_without_one() -> None:
    section = DecisionSection(mode=DecisionMode.CERTIFIED, certificates={Domain.LEGAL: 0.5})
    assert confidence_floor(section, CALM, None, suspended=True) == 1.01


async def test_a_suspended_certificate_is_the_reason_and_replays_alike(houses: Houses) -> None:
    house = houses(
        [low(), mid()],
        thetas={"mid": 1.3865},  # p = .8, as the match: its price decides
        certified_shares={SUPPORT: 0.2},
        decision={"mode": "certified", "certificates": {"customer_support": 0.6}},
    )
    house.triage.signals = replace(USUAL, match=Match("greeting", 0.8, 0.9, 0.3))
    assert (await house.gateway.complete(ask(), ALICE)).rung.level == 1
    house.triage.signals = STRANGE
    for _ in range(60):
        await house.gateway.complete(ask(), ALICE)
    house.triage.signals = replace(USUAL, match=Match("greeting", 0.8, 0.9, 0.3))
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.rung.level == 2
    assert outcome.decision.first_rung.reasons[0] is Reason.CERTIFICATE_SUSPENDED
    await house.gateway.drain()
    record = parse(list(requests_in(house.ledger))[-1].record)
    assert record.pressure == Pressure(suspended=True)
    assert decide_again(record, house.gateway.router.default.policy) == outcome.decision


async def test_a_certificate_that_feedback_contradicts_is_suspended(houses: Houses) -> None:
    house = houses(
        [low(), mid()],
        thetas={"mid": 1.3865},
        decision={"mode": "certified", "certificates": {"customer_support": 0.6}},
    )
    house.triage.signals = replace(USUAL, match=Match("greeting", 0.8, 0.9, 0.3))
    ground = CertificateGround(frozenset, house.gateway.router.watch)
    assert (await house.gateway.complete(ask(), ALICE)).rung.level == 1
    ground.turn(frozenset({"another"}))
    assert (await house.gateway.complete(ask(), ALICE)).rung.level == 1
    ground.turn(frozenset({house.gateway.router.default.policy.name}))
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.rung.level == 2
    assert outcome.decision.first_rung.reasons[0] is Reason.CERTIFICATE_SUSPENDED
    ground.turn(frozenset())
    assert (await house.gateway.complete(ask(), ALICE)).rung.level == 1


def test_a_record_of_an_older_version_was_not_suspended() -> None:
    assert NO_PRESSURE.suspended is False
