"""Caches in memory are bounded, and a tenant sees only its own answers."""

from __future__ import annotations

from router.caches.exact import MemoryAnswerCache
from router.ledger.sql.database import Database
from router.ledger.tables.reviews import SqlReviewQueue
from router.ledger.tables.sessions import SqlSessionStore
from router.types import (
    Answer,
    CachedAnswer,
    Choice,
    Domain,
    Match,
    RequestType,
    ReviewItem,
    SessionMemory,
    Usage,
    WarmCache,
)
from tests.kits.books.ledger_rows import NOW_MS, StandingClock


def cached(text: str) -> CachedAnswer:
    return CachedAnswer(Answer((Choice(text, "stop"),), "m", Usage()), "fast", 1, "nano")


async def test_cached_answer_belongs_to_its_tenant() -> None:
    cache = MemoryAnswerCache(clock=StandingClock(), ttl_s=10, max_entries=10)
    await cache.put("acme", "d", cached("yes"))
    assert await cache.get("acme", "d") == cached("yes")
    assert await cache.get("other", "d") is None


async def test_cached_answer_expires() -> None:
    clock = StandingClock()
    cache = MemoryAnswerCache(clock=clock, ttl_s=10, max_entries=10)
    await cache.put("acme", "d", cached("yes"))
    clock.at_ms += 9_999
    assert await cache.get("acme", "d") is not None
    clock.at_ms += 1
    assert await cache.get("acme", "d") is None
    assert len(cache) == 0


async def test_least_recently_used_answer_makes_room() -> None:
    cache = MemoryAnswerCache(clock=StandingClock(), ttl_s=10, max_entries=2)
    for digest in ("a", "b"):
        await cache.put("acme", digest, cached(digest))
    await cache.get("acme", "a")
    await cache.put("acme", "c", cached("c"))
    assert [await cache.get("acme", d) is not None for d in "abc"] == [True, False, True]


async def test_cache_is_bounded_in_bytes() -> None:
    cache = MemoryAnswerCache(clock=StandingClock(), ttl_s=10, max_entries=100, max_bytes=10_000)
    for number in range(50):
        await cache.put("acme", str(number), cached("x" * 1_500))
    await cache.put("acme", "huge", cached("x" * 20_000))
    assert len(cache) == 5
    assert await cache.get("acme", "huge") is None


def item(review_id: str, tenant: str = "acme") -> ReviewItem:
    return ReviewItem(
        review_id, "r1", tenant, Domain.MEDICAL, NOW_MS, "pending", "mail jo@example.com", ("f",)
    )


async def test_resolved_review_leaves_the_list(address: str) -> None:
    database = Database.open(address)
    queue = SqlReviewQueue(database, clock=StandingClock())
    await queue.add(item("v1"))
    assert not await queue.resolve("v1", "other")
    assert await queue.resolve("v1", "acme")
    assert await queue.list(None) == []
    database.close()


def a_memory(impact_usd: int) -> SessionMemory:
    return SessionMemory(
        domain=Domain.LEGAL,
        domain_p=0.9,
        request_type=RequestType.DECISION,
        stakes_high=0.8,
        impact_nano_usd=impact_usd * 10**9,
        strategic=0.1,
        multi_factor=0.2,
        risk_terms=("legal",),
        difficulty=0.5,
        match=Match("terms", 0.9, 0.8, 0.2),
        prefix="f00",
        warm=(WarmCache("mid", "mid-model", 2_000, NOW_MS),),
    )


async def test_two_workers_know_the_same_session(address: str) -> None:
    one, two = Database.open(address), Database.open(address)
    clock = StandingClock()
    first = SqlSessionStore(one, clock, lambda tenant: tenant.encode())
    second = SqlSessionStore(two, clock, lambda tenant: tenant.encode())
    await first.put("acme", ["chat-1", "prefix:f00"], a_memory(2_000_000))
    assert await second.get("acme", "chat-1") == a_memory(2_000_000)
    assert await second.get("acme", "prefix:f00") == a_memory(2_000_000)
    assert await second.get("other", "chat-1") is None
    one.close()
    two.close()


async def test_an_old_session_is_forgotten(address: str) -> None:
    database, clock = Database.open(address), StandingClock()
    store = SqlSessionStore(database, clock, lambda tenant: tenant.encode(), ttl_s=60)
    await store.put("acme", ["chat-1"], a_memory(1))
    later = SqlSessionStore(database, LaterClock(), lambda tenant: tenant.encode(), ttl_s=60)
    assert await later.get("acme", "chat-1") is None
    assert later.purge_expired() == 1
    database.close()


class LaterClock(StandingClock):
    """Two minutes on."""

    def now_ms(self) -> int:
        return super().now_ms() + 120_000
