"""The semantic cache: the same question in other words, and all that speaks against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from router.analysis.replay.cases import case_of
from router.analysis.replay.correctness import KnownCorrectness
from router.analysis.replay.facts import Side
from router.analysis.replay.replay import replay
from router.api.compose.text_vectors import TextVectors
from router.caches.policy_caches import PolicyCaches
from router.caches.semantic import MemorySemanticCache
from router.policy.schema import CacheSection
from router.triage.triage_model import TriageModel
from router.types import (
    Amount,
    Answer,
    CachedAnswer,
    ChatRequest,
    Choice,
    Domain,
    Message,
    Outcome,
    Reason,
    ResponseFormat,
    Role,
    Sampling,
    Scope,
    Signals,
    ToolSpec,
    Usage,
)
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import low, mid
from tests.kits.inputs.minimal_pairs import ALIKE, PAIRS
from tests.kits.server_kit import Served, Upstream, write_policy

SHARING = {"cache": {"semantic": {"enabled": True, "threshold": 0.7}}}
ONE, OTHER = "Where is my parcel?", "where is my package"


@pytest.fixture(scope="module")
def vectors() -> Iterator[TextVectors]:
    found = TextVectors(TriageModel.load())
    yield found
    found.close()


def house_of(houses: Houses, vectors: TextVectors, *tiers: ScriptedTier, **more: object) -> House:
    signals = more.pop("signals", CALM)
    assert isinstance(signals, Signals)
    return houses(list(tiers), signals=signals, embedder=vectors, **{**SHARING, **more})


async def test_what_a_defender_asked_is_no_answer_for_others(
    houses: Houses, vectors: TextVectors
) -> None:
    house = house_of(houses, vectors, low())
    await house.gateway.complete(ask(ONE), replace(ALICE, scopes=ALICE.scopes | {Scope.SECURITY}))
    assert (await house.gateway.complete(ask(OTHER), ALICE)).cache == "miss"


async def asked(house: House, request: ChatRequest, tenant: str = "acme") -> Outcome:
    return await house.gateway.complete(request, replace(ALICE, tenant=tenant))


async def test_the_same_in_other_words_is_answered_again_for_nothing(
    houses: Houses, vectors: TextVectors
) -> None:
    tier = low()
    house = house_of(houses, vectors, tier)
    first, again = await asked(house, ask(ONE)), await asked(house, ask(OTHER))
    assert (first.cache, again.cache) == ("miss", "semantic")
    assert (again.reason, again.cost_nano_usd) == (Reason.SEMANTIC_CACHE_HIT, 0)
    assert again.answer == first.answer
    assert [a.role for a in again.attempts] == [Role.CACHE, Role.TRIAGE]
    assert again.attempts[-1].compute_ms > 0  # of the question's vector
    assert tier.calls == 1


async def test_own_policy_replays_a_hit_in_other_words_as_one(
    houses: Houses, vectors: TextVectors
) -> None:
    alone = {"exact": False, **SHARING["cache"]}
    house = house_of(houses, vectors, mid(), signals=replace(CALM, match=None), cache=alone)
    for text in (ONE, OTHER):
        await asked(house, ask(text))
    runtime = house.gateway.router.default
    rows = list(requests_in(house.ledger))
    side = Side(runtime.policy, runtime.policy_hash, runtime.plans)
    none = KnownCorrectness()
    replayed_day = replay(lambda: map(case_of, rows), side, None, none)
    assert replayed_day.costs.count == 2
    assert replayed_day.costs.own_nano_usd == replayed_day.costs.baseline_nano_usd > 0
    assert replayed_day.new.uncertain == 0
    unshared = runtime.policy.model_copy(update={"cache": CacheSection(exact=True)})
    other = replay(lambda: map(case_of, rows), Side(unshared, "other", runtime.plans), None, none)
    assert other.new.uncertain == 1  # what only the semantic cache gave is called for


@pytest.mark.parametrize(("one", "other"), PAIRS)
async def test_no_minimal_pair_shares_an_answer_at_any_threshold(
    vectors: TextVectors, one: str, other: str
) -> None:
    cache = MemorySemanticCache(clock=StandingClock(), ttl_s=10, max_entries=10)
    a, b = (await vectors.embed([one, other])).vectors
    cache.put("t", "s", a, one, cached("1"))
    assert cache.find("t", "s", a, one, 0.5) == cached("1")
    assert cache.find("t", "s", b, other, 0.0) is None


async def test_what_may_share_an_answer_does_by_default(vectors: TextVectors) -> None:
    found = 0
    for one, other in ALIKE:
        cache = MemorySemanticCache(clock=StandingClock(), ttl_s=10, max_entries=10)
        a, b = (await vectors.embed([one, other])).vectors
        cache.put("t", "s", a, one, cached("1"))
        found += cache.find("t", "s", b, other, 0.8) is not None
    assert found >= 9


GRAVE = {
    "stakes": {"stakes_high": 0.9},
    "a risk domain": {"domain": Domain.MEDICAL, "domain_p": 0.9},
    "a likely risk": {"risk_p": 0.6},
    "a risk term": {"risk_terms": ("legal",)},
    "a sum": {"impact_nano_usd": 1},
    "an amount": {"amounts": (Amount("$5", "USD", 5),)},
    "a reading by rules": {"degraded": True},
}
OTHERWISE = {
    "sampled": {"sampling": Sampling(temperature=0.7)},
    "several choices": {"sampling": Sampling(n=2)},
    "logprobs": {"sampling": Sampling(logprobs=True)},
    "tools": {"tools": (ToolSpec("f", "", "{}"),)},
    "a schema": {"response_format": ResponseFormat("json_object")},
}


@pytest.mark.parametrize("what", GRAVE)
async def test_where_something_is_at_stake_no_answer_is_shared(
    houses: Houses, vectors: TextVectors, what: str
) -> None:
    signals = replace(CALM, **GRAVE[what])  # type: ignore[arg-type]
    house = house_of(houses, vectors, low(), signals=signals)
    found = [await asked(house, ask(text)) for text in (ONE, OTHER)]
    assert [one.cache for one in found] == ["", ""]


@pytest.mark.parametrize("what", OTHERWISE)
async def test_what_is_no_plain_question_shares_no_answer(
    houses: Houses, vectors: TextVectors, what: str
) -> None:
    house = house_of(houses, vectors, low(text="{}"))
    for text in (ONE, OTHER):
        request = replace(ask(text), **OTHERWISE[what])  # type: ignore[arg-type]
        assert (await asked(house, request)).cache in ("", "miss")
    assert all(row.reason != "semantic_cache_hit" for row in requests_in(house.ledger))


async def test_another_tenant_has_its_own(houses: Houses, vectors: TextVectors) -> None:
    house = house_of(houses, vectors, low())
    await asked(house, ask(ONE), "acme")
    assert (await asked(house, ask(OTHER), "other")).cache == "miss"


async def test_another_conversation_before_it_is_another_question(
    houses: Houses, vectors: TextVectors
) -> None:
    house = house_of(houses, vectors, low())
    before = (Message("system", "Be brief."),)
    await asked(house, ask(ONE))
    later = replace(ask(OTHER), messages=(*before, Message("user", OTHER)))
    assert (await asked(house, later)).cache == "miss"
    same = replace(ask(ONE), messages=(*before, Message("user", ONE)))
    assert (await asked(house, same)).cache == "semantic"


async def test_an_answer_that_was_not_accepted_is_not_kept(
    houses: Houses, vectors: TextVectors
) -> None:
    house = house_of(houses, vectors, low(p=0.01))
    await asked(house, ask(ONE))
    assert (await asked(house, ask(OTHER))).cache == "miss"


async def test_without_it_nothing_is_embedded(houses: Houses) -> None:
    class Never:
        width, version = 1, ""

        async def embed(self, texts: object, dimensions: int | None = None) -> object:
            raise AssertionError("embedded")

    house = houses([low()], embedder=Never())  # type: ignore[arg-type]
    assert (await asked(house, ask(ONE))).cache == ""


def cached(text: str) -> CachedAnswer:
    return CachedAnswer(Answer((Choice(text, "stop"),), "m", Usage()), "fast", 1, "nano")


def unit(*numbers: float) -> bytes:
    vector = np.array(numbers, "<f4")
    return (vector / np.linalg.norm(vector)).astype("<f4").tobytes()


def test_the_threshold_is_a_cosine() -> None:
    cache = MemorySemanticCache(clock=StandingClock(), ttl_s=10, max_entries=10)
    cache.put("t", "s", unit(1, 0), "the cat", cached("1"))
    near = unit(3, 4)  # cosine 0.6
    assert cache.find("t", "s", near, "a cat", 0.599) is not None
    assert cache.find("t", "s", near, "a cat", 0.601) is None


def test_an_answer_is_kept_for_its_time() -> None:
    clock = StandingClock()
    cache = MemorySemanticCache(clock=clock, ttl_s=10, max_entries=10)
    cache.put("t", "s", unit(1, 0), "cat", cached("1"))
    clock.at_ms += 9_999
    assert cache.find("t", "s", unit(1, 0), "cat", 0.9) is not None
    clock.at_ms += 1
    assert cache.find("t", "s", unit(1, 0), "cat", 0.9) is None
    assert len(cache) == 0


def test_the_least_recently_used_make_room() -> None:
    cache = MemorySemanticCache(clock=StandingClock(), ttl_s=10, max_entries=2)
    cache.put("t", "s", unit(1, 0), "cat", cached("1"))
    cache.put("t", "s", unit(0, 1), "dog", cached("2"))
    assert cache.find("t", "s", unit(1, 0), "cat", 0.9) == cached("1")
    cache.put("t", "s", unit(1, 1), "cow", cached("3"))
    assert cache.find("t", "s", unit(0, 1), "dog", 0.9) is None
    assert cache.find("t", "s", unit(1, 0), "cat", 0.9) == cached("1")
    assert cache.find("t", "s", unit(1, 1), "cow", 0.9) == cached("3")


def test_answers_are_bounded_in_bytes() -> None:
    cache = MemorySemanticCache(clock=StandingClock(), ttl_s=10, max_entries=99, max_bytes=10_000)
    for i in range(50):
        cache.put("t", "s", unit(1, i), f"cat number{i}x", cached("x" * 1_500))
    cache.put("t", "s", unit(1, 0), "huge", cached("x" * 20_000))
    assert len(cache) == 5


def test_ten_thousand_questions_leave_the_bound() -> None:
    cache = MemorySemanticCache(clock=StandingClock(), ttl_s=10, max_entries=100)
    for i in range(10_000):
        cache.put(f"t{i % 7}", f"s{i % 3}", unit(1, i), f"cat c{i}", cached("x"))
    assert len(cache) == 100
    assert cache._vectors.shape == (100, 2)
    assert sum(map(len, cache._places.values())) == 100


def test_each_policy_has_limits_of_its_own() -> None:
    caches = PolicyCaches(StandingClock())
    assert caches.exact("a", 10, 1) is caches.exact("a", 10, 1)
    assert caches.exact("a", 10, 1) is not caches.exact("b", 10, 1)
    assert caches.exact("a", 10, 1) is not caches.exact("a", 10, 2)


@pytest.mark.process
def test_clients_see_where_an_answer_came_from(tmp_path: Path) -> None:
    def put(served: Served, text: str, **fields: object) -> tuple[str | None, object, object]:
        response = served.chat(messages=[{"role": "user", "content": text}], **fields)
        row = served.row(response)
        return response.headers.get("x-tiergate-cache"), row["reason"], row["cost_nano_usd"]

    with Upstream(tmp_path) as upstream:
        policy = write_policy(
            tmp_path, upstream.url, cache={"semantic": {"enabled": True, "threshold": 0.7}}
        )
        with Served(tmp_path, policy) as served:
            assert put(served, ONE, temperature=0)[0] == "miss"
            assert put(served, ONE, temperature=0) == ("exact", "cache_hit", 0)
            assert put(served, OTHER, temperature=0) == ("semantic", "semantic_cache_hit", 0)
            assert put(served, ONE + " Not that one.", temperature=0)[0] == "miss"
            assert put(served, OTHER, temperature=0.5)[0] is None
            streamed = served.chat(
                messages=[{"role": "user", "content": ONE}], temperature=0, stream=True
            )
            assert streamed.headers["x-tiergate-cache"] == "exact"
