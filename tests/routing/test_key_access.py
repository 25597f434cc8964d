"""Tests what a key may reach, and until when: rotation with a grace, ends, policies, tiers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.errors import AuthenticationFailed, LedgerError, PermissionDenied
from router.ledger.sql.database import Database
from router.ledger.tables.keys import CreatedKey, SqlKeyStore
from router.money.days import DAY_MS
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.key_access import check_selected, reachable
from router.routing.policy_runtime import Selected
from router.types import Domain, Identity, Reason, Scope
from tests.kits.books.ledger_rows import NOW_MS, StandingClock
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, Houses, ask
from tests.kits.gateway_kit import deep, low, mid
from tests.money.test_budget_pressure import THREE, a_policy

CHAT = frozenset({Scope.CHAT})


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "ledger.db")
    yield database
    database.close()


@pytest.fixture
def keys(database: Database, clock: StandingClock) -> SqlKeyStore:
    return SqlKeyStore(database, clock)


def rotated(keys: SqlKeyStore, key_id: str, grace_ms: int = DAY_MS) -> CreatedKey:
    found = keys.rotate(key_id, grace_ms)
    assert found is not None
    return found


async def test_rotated_key_keeps_its_id_under_both_secrets(keys: SqlKeyStore) -> None:
    first = keys.create("acme", [Scope.CHAT], "web")
    second = rotated(keys, first.info.key_id)
    assert first.secret != second.secret
    for secret in (first.secret, second.secret):
        assert await keys.identify(secret) == Identity("acme", first.info.key_id, CHAT)


@pytest.mark.parametrize(("waited_ms", "good"), [(DAY_MS - 1, True), (DAY_MS, False)])
async def test_old_secret_is_good_until_the_grace_ends(
    keys: SqlKeyStore, clock: StandingClock, waited_ms: int, good: bool
) -> None:
    first = keys.create("acme", [Scope.CHAT])
    second = rotated(keys, first.info.key_id)
    clock.at_ms += waited_ms
    assert (await keys.identify(first.secret) is not None) is good
    assert await keys.identify(second.secret) is not None


async def test_rotation_without_grace_ends_the_old_secret_at_once(keys: SqlKeyStore) -> None:
    first = keys.create("acme", [Scope.CHAT])
    second = rotated(keys, first.info.key_id, 0)
    assert await keys.identify(first.secret) is None
    assert await keys.identify(second.secret) is not None


async def test_rotating_within_the_grace_ends_the_oldest_secret(keys: SqlKeyStore) -> None:
    first = keys.create("acme", [Scope.CHAT])
    second = rotated(keys, first.info.key_id)
    third = rotated(keys, first.info.key_id)
    good = [await keys.identify(one.secret) is not None for one in (first, second, third)]
    assert good == [False, True, True]


async def test_rotation_is_known_to_another_worker_within_a_second(
    database: Database, keys: SqlKeyStore, clock: StandingClock
) -> None:
    server = SqlKeyStore(database, clock)
    first = keys.create("acme", [Scope.CHAT])
    clock.at_ms += 1000
    assert await server.identify(first.secret) is not None
    second = rotated(keys, first.info.key_id, 0)
    clock.at_ms += 1000
    assert await server.identify(first.secret) is None
    assert await server.identify(second.secret) is not None


async def test_revoking_ends_both_secrets_of_a_rotated_key(keys: SqlKeyStore) -> None:
    first = keys.create("acme", [Scope.CHAT])
    second = rotated(keys, first.info.key_id)
    assert keys.revoke(first.info.key_id)
    assert await keys.identify(first.secret) is None
    assert await keys.identify(second.secret) is None


def test_only_an_active_key_is_rotated(keys: SqlKeyStore, clock: StandingClock) -> None:
    revoked = keys.create("acme", [Scope.CHAT])
    keys.revoke(revoked.info.key_id)
    ended = keys.create("acme", [Scope.CHAT], expires_at_ms=NOW_MS + 1)
    clock.at_ms += 1
    for key_id in (revoked.info.key_id, ended.info.key_id, "key_unknown"):
        assert keys.rotate(key_id) is None


async def test_key_is_good_until_it_expires(keys: SqlKeyStore, clock: StandingClock) -> None:
    created = keys.create("acme", [Scope.CHAT], expires_at_ms=NOW_MS + 1000)
    second = rotated(keys, created.info.key_id)
    (listed,) = keys.list()
    clock.at_ms += 999
    for secret in (created.secret, second.secret):
        assert await keys.identify(secret) is not None
    assert listed.active(clock.now_ms())
    clock.at_ms += 1
    for secret in (created.secret, second.secret):
        with pytest.raises(AuthenticationFailed, match="it expired at"):
            await keys.identify(secret)
    assert not listed.active(clock.now_ms())


def test_key_cannot_begin_expired(keys: SqlKeyStore) -> None:
    with pytest.raises(LedgerError, match="past"):
        keys.create("acme", [Scope.CHAT], expires_at_ms=NOW_MS)


async def test_rights_are_kept_and_listed(keys: SqlKeyStore) -> None:
    made = keys.create("acme", [Scope.CHAT], policies=["mail", "support"], tiers=["llm"])
    again = rotated(keys, made.info.key_id)
    (listed,) = keys.list()
    assert (listed.policies, listed.tiers) == (("mail", "support"), ("llm",))
    assert await keys.identify(again.secret) == Identity(
        "acme", made.info.key_id, CHAT, frozenset({"mail", "support"}), frozenset({"llm"})
    )


def test_no_secret_stands_in_the_database(database: Database, keys: SqlKeyStore) -> None:
    first = keys.create("acme", [Scope.CHAT])
    second = rotated(keys, first.info.key_id)
    with sqlite3.connect(database.address.path) as connection:
        dump = "\n".join(connection.iterdump())
    assert first.secret not in dump
    assert second.secret not in dump


@pytest.fixture
async def house(houses: Houses) -> House:
    return houses([low(), mid(), deep()])


def limited(policies: tuple[str, ...] = (), tiers: tuple[str, ...] = ()) -> Identity:
    return replace(ALICE, policies=frozenset(policies), tiers=frozenset(tiers))


async def test_key_of_another_policy_is_refused(house: House) -> None:
    with pytest.raises(PermissionDenied, match=r"policy 'test'.* for other") as refused:
        await house.gateway.complete(ask(), limited(("other",)))
    assert (refused.value.status, refused.value.code) == (403, "model_not_allowed")
    assert list(requests_in(house.ledger)) == []


async def test_key_of_this_policy_is_answered(house: House) -> None:
    outcome = await house.gateway.complete(ask(), limited(("test",), ("resolve",)))
    assert outcome.rung.tier == "resolve"


async def test_tier_out_of_reach_is_not_asked_for_by_name(house: House) -> None:
    request = ask(requested_model="tier:reasoning")
    with pytest.raises(PermissionDenied, match="tier 'reasoning'"):
        await house.gateway.complete(request, limited(tiers=("llm",)))
    outcome = await house.gateway.complete(replace(request, requested_model="tier:llm"), ALICE)
    assert outcome.rung.tier == "llm"


async def test_pinned_answerer_out_of_reach_is_refused(house: House) -> None:
    runtime = house.gateway.router.default
    for selected in (Selected(runtime, pinned="deep"), Selected(runtime, observed="deep")):
        with pytest.raises(PermissionDenied, match="tier 'reasoning'"):
            check_selected(limited(tiers=("llm",)), selected)
        check_selected(limited(tiers=("reasoning",)), selected)
        check_selected(ALICE, selected)


def test_ladder_has_only_the_keys_tiers() -> None:
    decision = decide(a_policy(), CALM, THREE, Asked(tiers=("llm",)))
    assert [r.answerer for r in decision.rungs if r.taken] == ["mid"]
    assert decision.rungs[2].reasons == (Reason.TIER_NOT_ALLOWED,)


def test_hard_rule_that_asks_for_a_tier_out_of_reach_is_refused_not_lowered() -> None:
    risky = replace(CALM, domain=Domain.MEDICAL, stakes_high=0.9)
    with pytest.raises(PermissionDenied, match=r"level 3 or higher \(high_risk_medical"):
        decide(a_policy(), risky, THREE, Asked(tiers=("resolve", "llm")))


def test_list_of_models_has_what_the_key_may_use(house: House) -> None:
    router = house.gateway.router
    names = router.models()
    assert router.models_for(ALICE) == names
    assert "tier:reasoning" not in router.models_for(limited(tiers=("llm",)))
    assert "tier:llm" in router.models_for(limited(tiers=("llm",)))
    assert router.models_for(limited(("other",))) == ()
    assert reachable(limited(("other",)), "auto:other", router.default)
