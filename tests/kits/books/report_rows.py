"""Makes ledger rows for the tests of the report: one line each, with defaults of a calm day."""

from __future__ import annotations

import json
from collections.abc import Sequence

from router.types import (
    NANO_PER_USD,
    AttemptRow,
    AttemptState,
    Baselines,
    CostBasis,
    JsonText,
    RequestRow,
    RequestState,
    Role,
    Usage,
)
from tests.kits.changed import replace

USD = NANO_PER_USD
NOON_MS = 1_793_707_200_000  # 2026-11-03 12:00 UTC
TIERS = {1: ("resolve", "approved-answers"), 2: ("llm", "mid-1"), 3: ("reasoning", "deep-1")}
PRICES = {1: USD // 100, 2: USD // 2, 3: 5 * USD}
TOKENS = Usage(20, 0, 0, 50, 0, True)


def an_attempt(request_id: str, level: int, cost: int, **changes: object) -> AttemptRow:
    tier, model = TIERS[level]
    row = AttemptRow(
        attempt_id=f"{request_id}-{level}",
        request_id=request_id,
        ordinal=0,
        role=Role.ANSWER,
        answerer=model,
        tier=tier,
        level=level,
        model=model,
        state=AttemptState.SETTLED,
        held_nano_usd=cost,
        cost_nano_usd=cost,
        cost_basis=CostBasis.LIST_PRICE,
        price_version="test",
        started_at_ms=NOON_MS,
        latency_ms=5.0,
        usage=TOKENS,
    )
    return replace(row, **changes)


def a_row(
    number: int = 0,
    level: int = 1,
    *,
    attempts: Sequence[AttemptRow] | None = None,
    domain: str = "customer_support",
    request_type: str = "faq",
    **changes: object,
) -> RequestRow:
    """Returns a settled request at `level` for its list price, with every baseline priced."""
    request_id = f"req-{number:05d}"
    cost = PRICES[level]
    calls = tuple(attempts) if attempts is not None else (an_attempt(request_id, level, cost),)
    tier, model = TIERS[level]
    row = RequestRow(
        request_id=request_id,
        created_at_ms=NOON_MS + number,
        finished_at_ms=NOON_MS + number + 5,
        tenant="acme",
        key_id="key-1",
        state=RequestState.SETTLED,
        endpoint="chat.completions",
        stream=False,
        mode="route",
        policy="test",
        policy_hash="abc",
        requested_model="auto",
        tier=tier,
        tier_number=level,
        answerer=model,
        model=model,
        verdict="accepted",
        reason="lowest_expected_loss" if level == 1 else "low_confidence",
        reasons=("answer_accepted",) if level == 1 else ("low_confidence", "novel"),
        confidence=0.9,
        escalations=0,
        cost_nano_usd=sum(call.cost_nano_usd for call in calls),
        baselines=Baselines(None, PRICES[2], PRICES[3], None),
        usage=TOKENS,
        latency_ms={1: 2.0, 2: 400.0, 3: 4_000.0}[level],
        first_token_ms=None,
        triage_ms=1.0,
        prompt_digest="p",
        answer_digest="a",
        session_digest="",
        tags=(),
        record=JsonText(
            json.dumps({"signals": {"domain": domain, "request_type": request_type, "x": [1]}})
        ),
        domain=domain,
        request_type=request_type,
        attempts=calls,
    )
    return replace(row, **changes)


def a_day(level_1: int = 1_000, level_2: int = 40, level_3: int = 5) -> list[RequestRow]:
    """Returns the worked example: requests of $0.01, $0.50 and $5.00."""
    levels = [1] * level_1 + [2] * level_2 + [3] * level_3
    return [a_row(number, level) for number, level in enumerate(levels)]
