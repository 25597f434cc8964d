"""Shares a policy of three tiers, a calm request and three rungs among tests of the decision."""

from __future__ import annotations

from router.policy.schema import Policy
from router.types import (
    NANO_PER_USD,
    CostBasis,
    Domain,
    PSource,
    RequestType,
    RungFacts,
    Signals,
)

USD = NANO_PER_USD


def a_policy(**decision: object) -> Policy:
    return Policy.model_validate(
        {
            "version": 1,
            "name": "test",
            "decision": decision,
            "stakes": {"default_cost_of_wrong_usd": 0.10, "default_loss_share": 0.01},
            "terms": [
                {"name": "emergency", "domain": "medical", "terms": ["chest pain"]},
                {"name": "vip", "terms": ["platinum member"]},
            ],
            "hard_rules": [
                {"name": "emergencies", "terms": ["emergency"], "floor": 3},
                {"name": "vip", "terms": ["vip"], "floor": 2},
            ],
            "tiers": [
                {"name": "resolve", "level": 1, "answerers": [{"name": "faq", "kind": "local"}]},
                {"name": "llm", "level": 2, "answerers": [{"name": "mid", "kind": "local"}]},
                {"name": "reasoning", "level": 3, "answerers": [{"name": "deep", "kind": "local"}]},
            ],
        }
    )


CALM = Signals(
    request_type=RequestType.FAQ,
    request_type_p=0.9,
    domain=Domain.CUSTOMER_SUPPORT,
    domain_p=0.9,
    difficulty=-2.0,
    stakes_high=0.02,
    impact_nano_usd=0,
    multi_factor=0.05,
    strategic=0.02,
    novelty=0.05,
    toxic=0.01,
    spam=0.01,
    input_tokens=20,
)


def facts(
    p1: float = 0.95, p2: float = 0.9, p3: float = 0.99, **changes: object
) -> list[RungFacts]:
    source = changes.pop("source", PSource.LABELLED)
    rows = [
        ("faq", "resolve", 1, p1, USD // 100_000),
        ("mid", "llm", 2, p2, USD // 500),
        ("deep", "reasoning", 3, p3, USD // 20),
    ]
    return [
        RungFacts(name, tier, level, p, source, 500, cost, CostBasis.TOKEN_PRICE, 100.0)
        for name, tier, level, p, cost in rows
    ]
