"""Shadow answers: called after the client has its own, booked like any call, never shown."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from router.analysis.replay.cases import case_of
from router.analysis.replay.correctness import Correctness, KnownCorrectness
from router.analysis.replay.facts import Side
from router.analysis.replay.replay import replay
from router.analysis.report.build import build_report
from router.errors import AnswererError, LedgerError
from router.ledger.tables.shadows import shadows_spent
from router.money.days import DAY_MS
from router.money.model_redirects import Redirect
from router.policy.schema import Policy, ReportSection, ShadowSection
from router.request.shadows.shadow_money import ShadowMoney, SpentSince
from router.routing.decision_record import parse
from router.types import (
    AttemptState,
    Price,
    RequestRow,
    RequestState,
    Role,
    RowUnwritten,
    Sampling,
    Usage,
)
from tests.kits.books.ledger_sql import change, query
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, House, Houses, ScriptedTriage, a_policy, a_runtime, ask
from tests.kits.gateway_kit import deep, low, mid
from tests.kits.inputs.policy_texts import added, mistakes_of
from tests.kits.upstreams.upstream_kit import eventually
from tests.kits.upstreams.upstream_tier_kit import Listener

ALWAYS = {"share": 1.0, "answerer": "deep"}
WORST = 100 * 2_000 + 19 * 1_000
"""100 output tokens at $2 a million, and 11 bytes with a message's overhead at $1."""


def shadowed(houses: Houses, shadow: dict[str, object], *tiers: object, **more: object) -> House:
    given = list(tiers) or [low(), mid(), deep()]
    return houses(given, draw=lambda: 0.5, shadow=shadow, **more)  # type: ignore[arg-type]


async def rows_of(house: House) -> tuple[list[RequestRow], list[RequestRow]]:
    """The clients' rows, and the shadows'."""
    await house.gateway.drain()
    rows = list(requests_in(house.ledger))
    own = [row for row in rows if row.endpoint != "shadow"]
    return own, [row for row in rows if row.endpoint == "shadow"]


async def test_shadow_is_booked_as_a_row_of_its_own(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS)
    outcome = await house.gateway.complete(ask(), ALICE)
    (own,), (shadow,) = await rows_of(house)
    assert (outcome.rung.answerer, own.cost_nano_usd) == ("faq", 0)
    (attempt,) = shadow.attempts
    assert (attempt.role, attempt.answerer, attempt.discarded) == (Role.SHADOW, "deep", True)
    assert shadow.cost_nano_usd == attempt.cost_nano_usd == 20_000
    assert (shadow.tenant, shadow.verdict, shadow.reason) == ("acme", "", "shadowed")


async def test_record_says_which_request_it_shadows(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS, low(text="one two"), mid(), deep(text="one three"))
    await house.gateway.complete(ask(), ALICE)
    (own,), (shadow,) = await rows_of(house)
    note, kept = parse(shadow.record).shadow, parse(own.record).shadow
    assert note is not None
    assert (note.of, note.shown, note.answerer) == (own.request_id, "faq", "deep")
    assert note.agreement == pytest.approx(1 / 3)
    assert kept is not None
    assert (kept.answerer, kept.share, kept.of) == ("deep", 1.0, "")


async def test_record_has_no_redirect_of_the_answer_that_was_shown(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS, mid(), deep())

    def redirected(asked: str, answered: str) -> Redirect | None:
        return Redirect(asked, "other", Price(1, 1)) if asked == "mid-model" else None

    router = house.gateway.router
    router.swap({"test": replace(router.default, redirected=redirected)})
    await house.gateway.complete(ask(), ALICE)
    (own,), (shadow,) = await rows_of(house)
    assert parse(own.record).redirects == ("mid-model -> other",)
    assert parse(shadow.record).redirects == ()


async def test_record_of_an_observed_request_alone_has_its_ladders_cost(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS, mid(), deep(), mode="observe")
    await house.gateway.complete(ask(requested_model="mid-model"), ALICE)
    (own,), (shadow,) = await rows_of(house)
    assert parse(own.record).would_cost_nano_usd is not None
    assert parse(shadow.record).would_cost_nano_usd is None


async def test_client_has_its_answer_before_the_shadow_is_done(houses: Houses) -> None:
    may_end = asyncio.Event()
    house = shadowed(houses, ALWAYS, low(), mid(), deep(gate=may_end))
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.answer is not None
    assert len(list(requests_in(house.ledger))) == 1
    may_end.set()
    assert len((await rows_of(house))[1]) == 1


async def test_failing_shadow_fails_no_request(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS, low(), mid(), deep(error=AnswererError("down")))
    await house.gateway.complete(ask(), ALICE)
    (own,), (shadow,) = await rows_of(house)
    assert own.state is RequestState.SETTLED
    assert shadow.state is RequestState.FAILED
    assert not any(a.state is AttemptState.HELD for a in shadow.attempts)


async def test_shadow_that_is_not_written_is_told_by_its_own_request(houses: Houses) -> None:
    listener, may_end = Listener(), asyncio.Event()
    house = shadowed(houses, ALWAYS, low(), mid(), deep(gate=may_end), events=listener)
    path = house.ledger.database.address.path
    assert path is not None
    change(
        path,
        "CREATE TRIGGER refuse BEFORE UPDATE ON requests WHEN new.endpoint = 'shadow' "
        "BEGIN SELECT raise(FAIL, 'refused'); END",
    )
    await house.gateway.complete(ask(), ALICE)
    may_end.set()
    await house.gateway.drain()
    ((shadow,),) = query(path, "SELECT request_id FROM requests WHERE state = 'open'")
    assert [e for e in listener.events if isinstance(e, RowUnwritten)] == [
        RowUnwritten(shadow, "ledger_error")
    ]


async def test_there_is_no_shadow_by_default(houses: Houses) -> None:
    house = houses([low(), mid(), deep()], draw=lambda: 0.0)
    await house.gateway.complete(ask(), ALICE)
    (own,), shadows = await rows_of(house)
    assert not shadows
    assert parse(own.record).shadow is None


@pytest.mark.parametrize(("share", "called"), [(0.5, 0), (0.51, 1)])
async def test_share_is_what_the_draw_must_be_below(
    houses: Houses, share: float, called: int
) -> None:
    house = shadowed(houses, ALWAYS | {"share": share})
    await house.gateway.complete(ask(), ALICE)
    assert len((await rows_of(house))[1]) == called


@pytest.mark.parametrize(("spare", "called"), [(0, 1), (-1, 0)])
async def test_day_has_its_money(houses: Houses, spare: int, called: int) -> None:
    limit = (WORST + spare) / 1e9
    house = shadowed(houses, ALWAYS | {"max_usd_per_day": limit})
    await house.gateway.complete(ask(), ALICE)
    (own,), shadows = await rows_of(house)
    note = parse(own.record).shadow
    assert len(shadows) == called
    assert note is not None
    assert note.share == called  # the chance it really had


def spent_of(house: House) -> SpentSince:
    """Returns what the server asks its ledger for: what shadows have cost since a time."""
    return partial(shadows_spent, house.ledger.database)


async def test_restart_within_the_day_begins_no_new_money(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS | {"max_usd_per_day": 2 * WORST / 1e9})
    await house.gateway.complete(ask(), ALICE)
    _, (first,) = await rows_of(house)
    money = ShadowMoney(house.clock, spent_of(house))
    section = ShadowSection(**ALWAYS, max_usd_per_day=2 * WORST / 1e9)
    assert not money.has_room("test", section, WORST)  # not known yet
    await eventually(lambda: money.has_room("test", section, WORST))
    assert money.has_room("test", section, 2 * WORST - first.cost_nano_usd)
    assert not money.has_room("test", section, 2 * WORST - first.cost_nano_usd + 1)
    assert money.has_room("another", section, 2 * WORST)


async def test_shadow_that_still_runs_counts_at_its_hold(houses: Houses) -> None:
    may_end = asyncio.Event()
    house = shadowed(houses, ALWAYS, low(), mid(), deep(gate=may_end))
    await house.gateway.complete(ask(), ALICE)
    await eventually(lambda: shadows_spent(house.ledger.database, 0))
    assert shadows_spent(house.ledger.database, 0) == {"test": WORST}
    may_end.set()
    _, (shadow,) = await rows_of(house)
    assert shadows_spent(house.ledger.database, 0) == {"test": shadow.cost_nano_usd}


async def test_what_shadows_cost_yesterday_is_not_counted_after_a_restart(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS)
    await house.gateway.complete(ask(), ALICE)
    await rows_of(house)
    house.clock.now += DAY_MS
    money = ShadowMoney(house.clock, spent_of(house))
    section = ShadowSection(**ALWAYS, max_usd_per_day=WORST / 1e9)
    await eventually(lambda: money.has_room("test", section, WORST))


async def test_ledger_that_cannot_be_read_is_asked_again(houses: Houses) -> None:
    house, answers = shadowed(houses, ALWAYS), iter([LedgerError("down"), {"test": 0}])

    def spent_since(_: int) -> dict[str, int]:
        answer = next(answers)
        if isinstance(answer, LedgerError):
            raise answer
        return answer

    money, section = ShadowMoney(house.clock, spent_since), ShadowSection(**ALWAYS)
    assert not money.has_room("test", section, WORST)
    await eventually(lambda: money.has_room("test", section, WORST))
    assert next(answers, None) is None


async def test_what_yesterdays_shadow_did_not_cost_is_not_todays_money(houses: Houses) -> None:
    limited, may_end = ALWAYS | {"max_usd_per_day": WORST / 1e9}, asyncio.Event()
    house = shadowed(houses, limited, low(), mid(), deep(gate=may_end))
    await house.gateway.complete(ask(), ALICE)
    house.clock.now += DAY_MS
    await house.gateway.complete(ask(), ALICE)  # its shadow runs beside yesterday's
    may_end.set()
    await house.gateway.drain()
    await house.gateway.complete(ask(), ALICE)  # what is left of today is less than a shadow holds
    assert len((await rows_of(house))[1]) == 2


async def test_few_shadows_run_at_the_same_time(houses: Houses) -> None:
    may_end = asyncio.Event()
    house = shadowed(houses, ALWAYS | {"max_at_once": 2}, low(), mid(), deep(gate=may_end))
    await asyncio.gather(*(house.gateway.complete(ask(f"hello {i}"), ALICE) for i in range(5)))
    may_end.set()
    own, shadows = await rows_of(house)
    assert len(shadows) == 2
    notes = [parse(row.record).shadow for row in own]
    assert sorted(note.share for note in notes if note) == [0, 0, 0, 1, 1]


async def test_answerer_does_not_shadow_itself(houses: Houses) -> None:
    house = shadowed(houses, {"share": 1.0, "level": 1})
    await house.gateway.complete(ask(), ALICE)
    (own,), shadows = await rows_of(house)
    note = parse(own.record).shadow
    assert not shadows
    assert note is not None
    assert note.share == 1.0


async def test_cached_answer_has_no_shadow(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS, mid(), deep())
    request = replace(ask(), sampling=Sampling(temperature=0))
    await house.gateway.complete(request, ALICE)
    await house.gateway.complete(request, ALICE)
    own, shadows = await rows_of(house)
    assert (len(own), len(shadows)) == (2, 1)


async def test_a_tier_that_the_key_may_not_use_is_not_asked_in_the_shadow(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS)
    await house.gateway.complete(ask(), replace(ALICE, tiers=("resolve", "llm")))
    own, shadows = await rows_of(house)
    assert (len(own), shadows) == (1, [])


async def test_budget_of_the_tenant_is_not_passed(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS, budgets={"*": {"usd_per_day": 0.0001}})
    await house.gateway.complete(ask(), ALICE)
    _, (shadow,) = await rows_of(house)
    assert (shadow.state, shadow.cost_nano_usd) == (RequestState.FAILED, 0)


def test_shadow_by_an_unknown_answerer_is_a_mistake(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path, added("shadow: {share: 0.1, answerer: smoll}"))
    assert mistake.key_path == "shadow.answerer"
    assert "did you mean `smol`" in mistake.expected


async def test_report_counts_the_cost_and_no_answer(houses: Houses) -> None:
    house = shadowed(houses, ALWAYS)
    await house.gateway.complete(ask(), ALICE)
    own, shadows = await rows_of(house)
    found = build_report(
        [*own, *shadows], config=ReportSection(), since_ms=None, until_ms=None, now_ms=0
    )
    tiers = {tier.tier: tier.figures.spend_nano_usd for tier in found.tiers}
    assert tiers == {"resolve": 0, "reasoning": 0, "(shadow)": 20_000}
    assert found.spend_nano_usd == 20_000


async def test_shadow_tells_the_error_of_the_other_policy(houses: Houses) -> None:
    """Nothing was explored; every request has a shadow by the answerer the policy would take."""
    house = shadowed(houses, ALWAYS, low(), deep())
    for i in range(40):
        await house.gateway.complete(ask(f"hello {i}"), ALICE)
    own, shadows = await rows_of(house)
    labels = [Correctness(row.request_id, i >= 10) for i, row in enumerate(own)]
    labels += [Correctness(row.request_id, True, "deep") for row in own]
    replayed_day = replay(
        lambda: map(case_of, [*own, *shadows]), _strict(), None, KnownCorrectness.of(labels)
    )
    assert replayed_day.changed == 40
    assert replayed_day.errors.answerable
    assert replayed_day.errors.dr is not None
    assert replayed_day.errors.logged is not None
    assert (replayed_day.errors.dr.error, replayed_day.errors.logged.error) == (0.0, 0.25)
    assert replayed_day.agreements["faq", "deep"].pairs == 40


def _strict() -> Side:
    tiers = [low(), deep()]
    policy: Policy = a_policy(tiers, decision={"confidence_floor": 0.99})
    surer = {"deep": 6.0}  # than the answer in hand, so that a higher floor buys it
    return Side(policy, "strict", a_runtime(policy, tiers, ScriptedTriage(), surer).plans)


async def test_repaired_steps_of_a_deliberation_pass_no_limit_of_a_day(houses: Houses) -> None:
    """Its five steps fit the day's money; the repairs that follow do not."""
    wordy = mid(usage=Usage(input_tokens=19, output_tokens=100, reported=True))
    thinker = deep(kind="deliberation", asks=("mid",) * 9, price=Price())
    limit = ALWAYS | {"max_usd_per_day": 5 * WORST / 1e9}
    house = shadowed(houses, limit, low(), wordy, thinker)
    await house.gateway.complete(ask(), ALICE)
    _, (shadow,) = await rows_of(house)
    assert shadow.state is RequestState.FAILED
    assert 4 * WORST <= shadow.cost_nano_usd <= 5 * WORST
