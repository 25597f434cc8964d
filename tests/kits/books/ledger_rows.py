"""Makes rows for the ledger's tests, and a clock that moves only when a test moves it."""

from __future__ import annotations

from router.types import (
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

NOW_MS = 1_795_000_000_000  # 2026-11-18, UTC
RECORD = JsonText('{"signals":{"domain":"finance","request_type":"decision"},"rungs":[]}')


class StandingClock:
    """Moves only when a test sets it."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.at_ms = now_ms

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> float:
        return float(self.at_ms)


def attempt(
    request_id: str,
    ordinal: int = 1,
    *,
    held: int = 400,
    cost: int = 120,
    state: AttemptState = AttemptState.SETTLED,
    started_at_ms: int = NOW_MS,
) -> AttemptRow:
    return AttemptRow(
        attempt_id=f"{request_id}/{ordinal}",
        request_id=request_id,
        ordinal=ordinal,
        role=Role.ANSWER,
        answerer="nano",
        tier="fast",
        level=1,
        model="nano-1",
        state=state,
        held_nano_usd=held,
        cost_nano_usd=cost,
        cost_basis=CostBasis.TOKEN_PRICE,
        price_version="2026-11-01",
        started_at_ms=started_at_ms,
        # The rows compare equal only if the store returns a float here.
        latency_ms=3,  # an int where a float is stored
        usage=Usage(100, 20, 0, 30, 5, True),
        p=0.25,
        reason="lowest_expected_loss",
        rung=ordinal + 1,
        upstream_id=f"chatcmpl-{request_id}",
    )


def request(request_id: str, *attempts: AttemptRow, tenant: str = "acme") -> RequestRow:
    """Returns a settled request whose cost is the sum of its attempts."""
    return RequestRow(
        request_id=request_id,
        created_at_ms=NOW_MS,
        finished_at_ms=NOW_MS + 7,
        tenant=tenant,
        key_id="key_1",
        state=RequestState.SETTLED,
        endpoint="chat.completions",
        stream=True,
        mode="route",
        policy="default",
        policy_hash="ab12",
        requested_model="auto",
        tier="fast",
        tier_number=1,
        answerer="nano",
        model="nano-1",
        verdict="accepted",
        reason="lowest_expected_loss",
        reasons=("novel", "lowest_expected_loss"),
        confidence=0.91,
        escalations=len(attempts) - 1 if attempts else 0,
        cost_nano_usd=sum(a.cost_nano_usd for a in attempts),
        baselines=Baselines(900, 800, 9_000, None),
        usage=Usage(100, 20, 0, 30, 5, True),
        latency_ms=4.25,
        first_token_ms=None,
        triage_ms=0.9,
        prompt_digest="",
        answer_digest="",
        session_digest="s" * 8,
        tags=("a", "ü"),
        record=RECORD,
        domain="finance",
        request_type="decision",
        attempts=attempts,
    )


def cancelled(row: RequestRow) -> RequestRow:
    return replace(row, state=RequestState.CANCELLED)
