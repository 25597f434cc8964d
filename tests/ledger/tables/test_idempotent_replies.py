"""Answers kept under idempotency keys: whose they are, how long, how many, and sealed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.ledger.sql.database import Database
from router.ledger.tables.idempotent_replies import LEASE_S, TTL_S, SqlReplies
from router.ledger.tables.tenant_secrets import TenantSecrets
from router.ledger.tables.texts import TextStore
from router.privacy.encryption import NONCE_BYTES, seal, sealing_key, unseal
from router.types import Reply, Standing
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.books.ledger_sql import query

NONCE = bytes(NONCE_BYTES)
HOUR_MS = 3_600_000


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    opened = Database.open(address)
    yield opened
    opened.close()


@pytest.fixture
def replies(database: Database, clock: StandingClock) -> SqlReplies:
    return store(database, clock)


def store(database: Database, clock: StandingClock, **bounds: int) -> SqlReplies:
    return SqlReplies(database, clock, TenantSecrets(database, clock).key_now, **bounds)


def a_reply(size: int = 10) -> Reply:
    headers = ((b"content-type", b"application/json"),)
    return Reply("r1", headers, (b"x" * size, b"", b"y"))


async def kept(replies: SqlReplies, key: str, reply: Reply | None = None) -> Reply:
    """Claim a key and keep an answer under it."""
    standing = await replies.claim("acme", key, "f")
    assert standing.token, standing
    reply = reply or a_reply()
    await replies.keep("acme", key, standing.token, reply)
    return reply


async def test_an_answer_comes_back_as_it_was(replies: SqlReplies) -> None:
    reply = await kept(replies, "k")
    assert await replies.claim("acme", "k", "f") == Standing(reply=reply)


async def test_another_process_finds_it(
    database: Database, clock: StandingClock, replies: SqlReplies
) -> None:
    reply = await kept(replies, "k")
    assert (await store(database, clock).claim("acme", "k", "f")).reply == reply


async def test_another_request_under_the_key_is_told_apart(replies: SqlReplies) -> None:
    await replies.claim("acme", "k", "f")
    assert await replies.claim("acme", "k", "other") == Standing(same=False)
    await kept(replies, "done")
    assert await replies.claim("acme", "done", "other") == Standing(same=False)


async def test_another_tenants_key_is_another_one(replies: SqlReplies) -> None:
    await kept(replies, "k")
    assert (await replies.claim("other", "k", "g")).token


async def test_while_one_answers_nobody_else_may(replies: SqlReplies) -> None:
    token = (await replies.claim("acme", "k", "f")).token
    assert await replies.claim("acme", "k", "f") == Standing(running=token)


async def test_a_failure_leaves_the_key_free(replies: SqlReplies) -> None:
    token = (await replies.claim("acme", "k", "f")).token
    await replies.release("acme", "k", token)
    assert (await replies.claim("acme", "k", "other")).token


async def test_who_lost_its_claim_changes_nothing(
    replies: SqlReplies, clock: StandingClock
) -> None:
    late = (await replies.claim("acme", "k", "f")).token
    clock.at_ms += round(LEASE_S * 1000)
    token = (await replies.claim("acme", "k", "f")).token
    await replies.release("acme", "k", late)
    await replies.keep("acme", "k", late, a_reply())
    assert await replies.claim("acme", "k", "f") == Standing(running=token)


async def test_a_claim_lasts_as_long_as_it_is_renewed(
    replies: SqlReplies, clock: StandingClock
) -> None:
    token = (await replies.claim("acme", "k", "f")).token
    clock.at_ms += round(LEASE_S * 1000) - 1
    await replies.renew("acme", "k", token)
    clock.at_ms += round(LEASE_S * 1000) - 1
    assert (await replies.claim("acme", "k", "f")).running == token
    clock.at_ms += 1
    assert (await replies.claim("acme", "k", "f")).token not in ("", token)


async def test_a_clock_that_goes_back_locks_no_key(
    replies: SqlReplies, clock: StandingClock
) -> None:
    await replies.claim("acme", "k", "f")
    clock.at_ms -= HOUR_MS
    assert (await replies.claim("acme", "k", "f")).token


async def test_an_answer_is_kept_for_a_day(
    replies: SqlReplies, clock: StandingClock, address: str
) -> None:
    await kept(replies, "k")
    clock.at_ms += TTL_S * 1000 - 1
    replies.purge_expired()
    assert (await replies.claim("acme", "k", "f")).reply is not None
    clock.at_ms += 1
    assert (await replies.claim("acme", "k", "other")).token
    replies.purge_expired()
    assert query(address, "SELECT count(*) FROM replies WHERE sealed IS NOT NULL") == [(0,)]


@pytest.mark.parametrize("bounds", [{"max_entries": 2}, {"max_bytes": 2_500}])
async def test_the_oldest_go_where_there_are_too_many(
    database: Database, clock: StandingClock, bounds: dict[str, int]
) -> None:
    replies = store(database, clock, **bounds)
    for name in ("a", "b", "c"):
        await kept(replies, name, a_reply(1_000))
        clock.at_ms += 1
    replies.purge_expired()
    found = [(await replies.claim("acme", name, "f")).reply is not None for name in ("a", "b", "c")]
    assert found == [False, True, True]


async def test_erasing_a_tenant_erases_its_answers(
    database: Database, clock: StandingClock, replies: SqlReplies, address: str
) -> None:
    await kept(replies, "k")
    TextStore(database, clock).erase("acme")
    assert query(address, "SELECT count(*) FROM replies") == [(0,)]
    assert (await replies.claim("acme", "k", "other")).token


@given(st.binary(max_size=3_000), st.text(min_size=1, max_size=40), st.binary(min_size=1))
def test_what_was_sealed_opens_with_its_key_alone(text: bytes, asked: str, secret: bytes) -> None:
    key = sealing_key(secret, asked)
    sealed = seal(key, NONCE, text)
    assert unseal(key, sealed) == text
    assert unseal(sealing_key(secret, asked + "x"), sealed) is None
    assert unseal(sealing_key(secret + b"x", asked), sealed) is None


@given(st.binary(max_size=200), st.data())
def test_a_byte_that_was_changed_is_noticed(text: bytes, data: st.DataObject) -> None:
    key = sealing_key(b"secret", "k")
    sealed = bytearray(seal(key, NONCE, text))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    assert unseal(key, bytes(sealed)) is None


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(47)])
def test_what_is_too_short_to_be_sealed_is_nothing(sealed: bytes) -> None:
    assert unseal(sealing_key(b"secret", "k"), sealed) is None


def test_two_nonces_hide_one_text_in_two_ways() -> None:
    key = sealing_key(b"secret", "k")
    once, again = (seal(key, bytes([n]) * NONCE_BYTES, bytes(64)) for n in (1, 2))
    assert once[NONCE_BYTES:] != again[NONCE_BYTES:]
    assert bytes(64) not in once


def test_sealing_is_that_of_the_standards_it_names() -> None:
    """The key by hand from RFC 2104; test case 13 of the GCM specification (McGrew, Viega 2004)."""
    key = hmac.new(b"secret", b"reply\0k", hashlib.sha256).digest()
    assert sealing_key(b"secret", "k") == key
    tag = bytes.fromhex("530f8afbc74536b9a963b4f1c4cb738b")
    assert seal(bytes(32), bytes(12), b"") == bytes(12) + tag
