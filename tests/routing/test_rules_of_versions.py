"""Each version of the rules decides as it did: stored rows are decided again by those of theirs."""

from __future__ import annotations

import random
from hashlib import blake2b

import pytest
from msgspec.structs import replace

from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.types import (
    RECORD_VERSION,
    CostBasis,
    Decision,
    Domain,
    Match,
    Matter,
    PSource,
    Reason,
    RequestType,
    RungFacts,
    Signals,
)
from tests.kits.decision_kit import USD, a_policy

REQUESTS = 400
DOMAINS = (Domain.CUSTOMER_SUPPORT, Domain.TECHNOLOGY, Domain.MEDICAL, Domain.FINANCE)
SOURCES = (PSource.LABELLED, PSource.MATCH, PSource.PRIOR)
DECISION = {
    "mode": "guarded", "confidence_floor": 0.85, "novel_at": 0.5, "multi_factor_at": 0.22,
    "strategic_at": 0.5, "high_stakes_at": 0.34, "high_risk_at": 0.22, "unsafe_at": 0.8,
    "domain_at": 0.55, "grave_at": 0.7, "level_2_from_usd": 5_000, "level_3_from_usd": 10_000,
    "level_3_not_below_usd": 1_000, "min_gain": 0.02, "knowledge_at": 0.5, "max_rungs": 3,
}  # fmt: skip
STAKES = {
    "default_cost_of_wrong_usd": 0.1,
    "cost_of_wrong": [{"domain": "medical", "usd": 200}, {"domain": "finance", "usd": 40}],
}
POLICY = Policy.model_validate(a_policy(**DECISION).model_dump() | {"stakes": STAKES})
"""States its thresholds and costs, so that other defaults change nothing here."""

ALONE = Policy.model_validate(
    POLICY.model_dump(exclude_unset=True)
    | {
        "tiers": [
            {
                "name": "resolve",
                "level": 1,
                "answerers": [{"name": name, "kind": "local"} for name in ("faq", "mid")],
            }
        ]
    }
)

DECIDED = {
    1: "20b30ee899144ab4",
    2: "a0f2450c4ab3d51a",
    3: "2d3c58737165b274",
    4: "efafcf8ef8cee11c",
    5: "5b6e9017f294206b",
    6: "2ae9193f2b81a415",
    7: "7e5c98774a6df176",
    8: "785c972a59c718fa",
    9: "785c972a59c718fa",
    10: "785c972a59c718fa",
    11: "785c972a59c718fa",
}
"""Digests of what each version decides."""

DECIDED_ALONE = {
    1: "b1d1cfb2448b89d7",
    2: "9da6d73d9a201d07",
    3: "3175eaf08cbe2bf9",
    4: "6468b782dfa442fe",
    5: "024543258c1f33e1",
    6: "8ab6cd49237957bf",
    7: "8ab6cd49237957bf",
    8: "144c68dff2dba3ac",
    9: "e661a10dd8c7c201",
    10: "e661a10dd8c7c201",
    11: "e661a10dd8c7c201",
}
"""Digests of what each version decides in a policy of level 1 alone."""

DECIDED_ABROAD = {
    1: "2572a6b00fe47f49",
    2: "127b89a8fb72077a",
    3: "a932f1ea408afc18",
    4: "a932f1ea408afc18",
    5: "4ebef30313c27b59",
    6: "f8fe815ece47ad19",
    7: "24845f377592d346",
    8: "418d46a88475df71",
    9: "418d46a88475df71",
    10: "99ba88f4a623d8d1",
    11: "99ba88f4a623d8d1",
}
"""Digests of what each version decides of a phrase in a language whose decisions nobody learnt."""

DECIDED_KNOWN = {
    1: "877a76e82eaf09e8",
    2: "300ae1980d7462ff",
    3: "56ff2678488fcd61",
    4: "517c4d8c5324c12f",
    5: "caa8d142f24df14d",
    6: "a20618d0220bb8ac",
    7: "61b6ce1dfd55c521",
    8: "132cc12e8ab6d8f6",
    9: "132cc12e8ab6d8f6",
    10: "132cc12e8ab6d8f6",
    11: "122b0aec92721ae7",
}
"""Digests of what each version decides where the second answerer of level 1 knows the answer."""


def a_request(draw: random.Random) -> tuple[Signals, list[RungFacts], Asked]:
    """Draws signals, facts and wishes, ordinary ones mostly."""
    signals = Signals(
        request_type=draw.choice((RequestType.FAQ, RequestType.DECISION)),
        request_type_p=draw.random(),
        domain=draw.choice(DOMAINS),
        domain_p=draw.random(),
        difficulty=draw.uniform(-3, 3),
        stakes_high=draw.random() ** 3,
        impact_nano_usd=draw.choice((0, 0, 0, 500, 2_000, 7_000, 20_000)) * USD,
        multi_factor=draw.random() ** 3,
        strategic=draw.random() ** 4,
        novelty=draw.random() ** 3,
        toxic=draw.random() ** 8,
        spam=draw.random() ** 8,
        match=Match("refund", draw.random(), 0.5, 0.1) if draw.random() < 0.5 else None,
        risk_terms=draw.choice(((), (), (), ("vip",), ("emergency",), ("violence:en",))),
        matter=draw.choice((None, Matter.VIOLENCE, Matter.LEGAL)),
        grave=draw.random() ** 4,
        language="en",
        brief=True,
        degraded=draw.random() < 0.05,
        input_tokens=20,
    )
    known = draw.random() < 0.15
    facts = [
        RungFacts(
            name,
            tier,
            level,
            round(draw.random() ** 0.2, 3),
            PSource.KNOWN if known and level == 1 else draw.choice(SOURCES),
            500,
            round(10 ** draw.uniform(4, 8)),
            CostBasis.TOKEN_PRICE,
            100.0,
            because=Reason.EXACT_TOOL if known and level == 1 else None,
            declined=Reason.NOTHING_TO_RESOLVE if level == 1 and draw.random() < 0.2 else None,
            ready=draw.random() < 0.9,
        )
        for name, tier, level in (
            ("faq", "resolve", 1),
            ("mid", "llm", 2),
            ("deep", "reasoning", 3),
        )
    ]
    tier = draw.choice((None, None, None, "resolve", "llm"))
    return signals, facts, Asked(pinned_tier=tier)


def told(ladder: Decision) -> tuple[object, ...]:
    """Returns what a digest holds of a decision."""
    rungs = [(rung.taken, [reason.value for reason in rung.reasons]) for rung in ladder.rungs]
    levels = (ladder.first, ladder.floor, ladder.ceiling, ladder.in_hand, ladder.spare)
    return (*levels, ladder.stakes_nano_usd, rungs)


def decided(version: int) -> str:
    """Returns the digest of what this version decides of all requests."""
    draw, digest = random.Random(20261129), blake2b(digest_size=8)
    for _ in range(REQUESTS):
        ladder = decide(POLICY, *a_request(draw), version=version)
        digest.update(repr(told(ladder)).encode())
    return digest.hexdigest()


def decided_alone(version: int) -> str:
    """Returns the digest of what this version decides where all answerers are of level 1."""
    draw, digest = random.Random(20261130), blake2b(digest_size=8)
    for _ in range(REQUESTS):
        signals, facts, _ = a_request(draw)
        facts = [replace(rung, level=1, tier="resolve", declined=None) for rung in facts[:2]]
        ladder = decide(ALONE, signals, facts, Asked(), version=version)
        digest.update(repr((*told(ladder), ladder.hard_rule)).encode())
    return digest.hexdigest()


def decided_abroad(version: int) -> str:
    """Returns the digest of what this version decides where a Swedish phrase names a decision."""
    draw, digest = random.Random(20261201), blake2b(digest_size=8)
    for _ in range(REQUESTS):
        signals, facts, asked = a_request(draw)
        signals = replace(signals, risk_terms=("strategy:sv",), language="sv")
        digest.update(repr(told(decide(POLICY, signals, facts, asked, version=version))).encode())
    return digest.hexdigest()


def decided_known(version: int) -> str:
    """Returns the digest of what this version decides where the first answerer is less sure."""
    draw, digest = random.Random(20261202), blake2b(digest_size=8)
    for _ in range(REQUESTS):
        signals, (faq, *higher), asked = a_request(draw)
        asking = replace(faq, p_source=PSource.MATCH, because=Reason.ASKED_WHICH)
        exact = replace(faq, p=0.99, p_source=PSource.KNOWN, because=Reason.EXACT_TOOL)
        rungs = [asking, replace(exact, answerer="exact"), *higher]
        digest.update(repr(told(decide(POLICY, signals, rungs, asked, version=version))).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("version", DECIDED)
def test_a_version_of_the_rules_decides_as_it_did(version: int) -> None:
    """Rules that changed need a version of their own (`types.decisions`), and a digest here."""
    assert decided(version) == DECIDED[version]


@pytest.mark.parametrize("version", DECIDED_ALONE)
def test_a_version_of_the_rules_decides_as_it_did_for_level_1_alone(version: int) -> None:
    assert decided_alone(version) == DECIDED_ALONE[version]


@pytest.mark.parametrize("version", DECIDED_ABROAD)
def test_a_version_of_the_rules_decides_as_it_did_for_phrases_abroad(version: int) -> None:
    assert decided_abroad(version) == DECIDED_ABROAD[version]


@pytest.mark.parametrize("version", DECIDED_KNOWN)
def test_a_version_of_the_rules_decides_as_it_did_for_known_answers(version: int) -> None:
    assert decided_known(version) == DECIDED_KNOWN[version]


def test_every_version_has_a_digest() -> None:
    versions = [*range(1, RECORD_VERSION + 1)]
    assert [*DECIDED] == [*DECIDED_ALONE] == versions
    assert [*DECIDED_ABROAD] == [*DECIDED_KNOWN] == versions


def test_no_two_versions_decide_alike() -> None:
    told_apart = [
        tuple(
            digests[version] for digests in (DECIDED, DECIDED_ALONE, DECIDED_ABROAD, DECIDED_KNOWN)
        )
        for version in DECIDED
    ]
    assert len(set(told_apart)) == len(DECIDED)
