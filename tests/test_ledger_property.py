"""Whatever happens to requests, the sums agree and the chain holds."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from router.ledger.store import SqlLedger
from router.ledger.verify import verify
from router.types import AttemptRow, AttemptState, RequestState
from tests.ledger_rows import NOW_MS, StandingClock, attempt, request

if TYPE_CHECKING:
    from tests.postgres_kit import Postgres

DAY_MS = 86_400_000
Lives = list[dict[str, object]]

LINE = st.fixed_dictionaries(
    {
        "held": st.integers(0, 10**12),
        "cost": st.integers(0, 2 * 10**12),
        "start": st.integers(-40, 40),
        "end": st.sampled_from(["held", "settled", "failed", "released", "direct", "forgotten"]),
        "twice": st.booleans(),
    }
)
HISTORY = st.fixed_dictionaries(
    {
        "tenant": st.sampled_from(["acme", "other"]),
        "lines": st.lists(LINE, max_size=4),
        "end": st.sampled_from(["settled", "failed", "cancelled", "crash"]),
        "twice": st.booleans(),
    }
)


async def play(ledger: SqlLedger, request_id: str, history: dict[str, object]) -> None:
    """One request's life: holds, settlements, and an end or a crash."""
    tenant = str(history["tenant"])
    lines: list[AttemptRow] = []
    for ordinal, spec in enumerate(history["lines"], start=1):  # type: ignore[arg-type, var-annotated]
        state = {"failed": AttemptState.FAILED, "released": AttemptState.RELEASED}.get(
            spec["end"], AttemptState.SETTLED
        )
        cost = 0 if spec["end"] == "released" else spec["cost"]
        line = attempt(
            request_id,
            ordinal,
            held=spec["held"],
            cost=cost,
            state=state,
            started_at_ms=NOW_MS + spec["start"] * DAY_MS,
        )
        if spec["end"] != "direct":
            for _ in range(1 + spec["twice"]):
                await ledger.hold(request(request_id, tenant=tenant), line)
        if spec["end"] in ("settled", "failed", "released"):
            for _ in range(1 + spec["twice"]):
                await ledger.settle(line, tenant)
        if spec["end"] == "held":
            line = replace(line, state=AttemptState.HELD, cost_nano_usd=0)
        if spec["end"] != "forgotten":
            lines.append(line)
    if history["end"] != "crash":
        row = replace(
            request(request_id, *lines, tenant=tenant), state=RequestState(history["end"])
        )
        for _ in range(1 + bool(history["twice"])):
            await ledger.finish(row)


LIVES = (st.lists(HISTORY, max_size=8), st.lists(HISTORY, max_size=3))


def conserves(address: str, anchors: Path, before: Lives, after: Lives) -> None:
    """Three workers, one after the other, leave books whose sums agree."""
    for name, histories in (("a", before), ("b", after), ("c", [])):
        asyncio.run(life(address, anchors, name, histories))
    report = verify(address, anchors if anchors.exists() else None)
    assert report.findings == ()
    assert (report.open_requests, report.held_nano_usd) == (0, 0)


@settings(max_examples=25, deadline=None)
@given(*LIVES)
def test_any_histories_with_crashes_conserve_every_nano_dollar(before: Lives, after: Lives) -> None:
    with tempfile.TemporaryDirectory() as folder:
        conserves(f"{folder}/ledger.db", Path(folder) / "anchors", before, after)


@settings(max_examples=5, deadline=None)
@given(*LIVES)
def test_they_are_conserved_by_a_server_too(
    postgres: Postgres, before: Lives, after: Lives
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        conserves(postgres.new_database(), Path(folder) / "anchors", before, after)


async def life(address: str, anchors: Path, name: str, histories: Lives) -> None:
    """A worker from its start to its death, which leaves open what a history says."""
    ledger = SqlLedger.open(
        address, clock=StandingClock(), budget_of=lambda _: None, anchors_file=anchors
    )
    await asyncio.gather(*(play(ledger, f"{name}{n}", h) for n, h in enumerate(histories)))
    await ledger.close()
    assert verify(address).findings == ()
