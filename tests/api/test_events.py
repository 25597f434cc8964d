"""Events as lines: their fields, and how often one subject is written."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from router.api.observability.event_lines import EVERY_MS, MOST_SUBJECTS, Line, LineLimit, line_of
from router.errors import LedgerUnavailable
from router.types import (
    BreakerTurned,
    CallFailed,
    CallRefused,
    CertificateTurned,
    Domain,
    Event,
    LostCall,
    RowLost,
    RowUnwritten,
    StoreTurned,
)
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace
from tests.kits.upstreams.upstream_tier_kit import Listener

FAILED = CallFailed(
    "mid", "gpu-1:8000", 503, "upstream_error", "goes on with deep", False, "01k", "It failed."
)
REFUSED = CallRefused(
    "acme", "key_1", "insufficient_quota", "usd_per_day", "tenant 'acme'", "mid", True, "01k"
)
LOST_CALL = LostCall(
    "a1", "llm", "mid", "m-1", "chatcmpl-1", "settled", 1_795_000_000_000, 1_500_000
)


@pytest.mark.parametrize(
    ("event", "name", "warns", "fields"),
    [
        (
            FAILED,
            "call_failed",
            True,
            {
                "answerer": "mid",
                "host": "gpu-1:8000",
                "status": 503,
                "code": "upstream_error",
                "reason": "It failed.",
                "next": "goes on with deep",
                "request_id": "req_01k",
            },
        ),
        (
            CallFailed("own", "", None, "answerer_not_ready", "x", False, ""),
            "call_failed",
            True,
            {"answerer": "own", "code": "answerer_not_ready", "next": "x"},
        ),
        (
            BreakerTurned("mid", "gpu-1:8000", True, 10.0),
            "breaker_opened",
            True,
            {
                "answerer": "mid",
                "host": "gpu-1:8000",
                "next": "no call goes there for 10 s, then one tries it",
            },
        ),
        (
            BreakerTurned("mid", "gpu-1:8000", False, 10.0),
            "breaker_closed",
            False,
            {"answerer": "mid", "host": "gpu-1:8000", "next": "calls go there again"},
        ),
        (
            CertificateTurned("shop", Domain.FINANCE, True, 0.41234, 0.2),
            "certificate_suspended",
            True,
            {
                "policy": "shop",
                "domain": "finance",
                "unfamiliar_share": 0.412,
                "certified_share": 0.2,
                "next": "level 1 answers from confidence_floor on",
            },
        ),
        (StoreTurned("redis", True, "timed out"), "redis_lost", True, {"reason": "timed out"}),
        (StoreTurned("ledger", False), "ledger_back", False, {}),
        (
            RowUnwritten("01k", "ledger_unavailable"),
            "row_not_written",
            True,
            {"request_id": "req_01k", "code": "ledger_unavailable"},
        ),
        (
            RowLost("01k", "acme", "key_1", "shop", 1_500_000, (LOST_CALL,)),
            "row_lost",
            True,
            {
                "request_id": "req_01k",
                "tenant": "acme",
                "key_id": "key_1",
                "policy": "shop",
                "cost_usd": "0.0015",
                "next": "calls that were held count at their hold from the next start on; book "
                "each by `tiergate ledger reconcile --attempt ATTEMPT --cost-usd COST`",
                "calls": [
                    {
                        "attempt": "a1",
                        "cost_usd": "0.0015",
                        "state": "settled",
                        "tier": "llm",
                        "answerer": "mid",
                        "model": "m-1",
                        "upstream_id": "chatcmpl-1",
                        "started_at_ms": 1_795_000_000_000,
                    }
                ],
            },
        ),
        (
            RowLost("01k", "acme", "key_1", "shop", 0, ()),
            "row_lost",
            True,
            {
                "request_id": "req_01k",
                "tenant": "acme",
                "key_id": "key_1",
                "policy": "shop",
                "cost_usd": "0.00",
                "next": "no call of it is left to book",
            },
        ),
        (
            StoreTurned("embedder", True, "large gave no vector", "large"),
            "embedder_lost",
            True,
            {"embedder": "large", "reason": "large gave no vector"},
        ),
        (
            StoreTurned("embedder", False, name="large"),
            "embedder_back",
            False,
            {"embedder": "large"},
        ),
        (
            REFUSED,
            "refused",
            True,
            {
                "tenant": "acme",
                "key_id": "key_1",
                "code": "insufficient_quota",
                "limit": "usd_per_day",
                "scope": "tenant 'acme'",
                "answerer": "mid",
                "never_fits": True,
                "request_id": "req_01k",
            },
        ),
    ],
)
def test_line_of_an_event(event: Event, name: str, warns: bool, fields: dict[str, object]) -> None:
    line = line_of(event)
    assert (line.name, line.warns, line.fields) == (name, warns, fields)


def test_reason_of_a_lost_store_shows_no_password() -> None:
    said = "connection to postgresql://me:sesame-open@db:5432/x failed"
    assert "sesame" not in str(line_of(StoreTurned("ledger", True, said)).fields)


def written(limit: LineLimit, event: Event, at_ms: float) -> Line | None:
    return limit.pass_on(line_of(event), at_ms)


def test_same_trouble_is_written_once_in_ten_seconds() -> None:
    limit = LineLimit()
    lines = [written(limit, FAILED, at_ms) for at_ms in (0.0, 1.0, EVERY_MS - 1.0, EVERY_MS)]
    assert [line is not None for line in lines] == [True, False, False, True]
    assert lines[3] is not None
    assert lines[3].fields["repeated"] == 2


def test_each_lost_row_is_written() -> None:
    """A line that is only counted books nothing."""
    limit = LineLimit()
    for number in range(2 * MOST_SUBJECTS):
        lost = RowLost(f"r{number}", "acme", "key_1", "shop", 1, (LOST_CALL,))
        assert written(limit, lost, 0.0) is not None


@pytest.mark.parametrize(
    "other",
    [
        replace(FAILED, answerer="deep"),
        replace(FAILED, host="gpu-2:8000"),
        replace(FAILED, status=500),
        replace(FAILED, code="stream_cut"),
        replace(FAILED, retried=True),
        REFUSED,
    ],
)
def test_other_trouble_has_a_line_of_its_own(other: Event) -> None:
    limit = LineLimit()
    assert written(limit, FAILED, 0.0) is not None
    assert written(limit, other, 1.0) is not None


def test_request_does_not_make_a_trouble_another() -> None:
    limit = LineLimit()
    assert written(limit, FAILED, 0.0) is not None
    assert written(limit, replace(FAILED, request_id="01l", next="other words"), 1.0) is None


def test_what_was_held_back_is_written_when_it_is_due() -> None:
    limit = LineLimit()
    for at_ms in (0.0, 1.0, 2.0):
        written(limit, replace(FAILED, request_id=f"{at_ms:g}"), at_ms)
    assert limit.overdue(EVERY_MS - 1.0) == []
    (line,) = limit.overdue(EVERY_MS)
    assert (line.fields["request_id"], line.fields["repeated"]) == ("req_2", 1)
    assert limit.overdue(2 * EVERY_MS) == []


def turned_at(*times_s: float) -> list[tuple[float, str]]:
    """Returns the lines of a store that is lost, back, lost ... at these times, by the second."""
    limit, lines = LineLimit(), list[tuple[float, str]]()
    for second in range(60):
        now_ms = 1000.0 * second
        due = limit.overdue(now_ms)
        for count in [n for n, time_s in enumerate(times_s) if time_s == second]:
            due.append(written(limit, StoreTurned("redis", count % 2 == 0, "gone"), now_ms))
        lines += [(second, line.name) for line in due if line is not None]
    return lines


@pytest.mark.parametrize(
    ("times_s", "lines"),
    [
        ((0, 1), [(0, "redis_lost"), (1, "redis_back")]),
        # The line of the second outage comes late, and before that of its end.
        (
            (0, 1, 4, 15),
            [(0, "redis_lost"), (1, "redis_back"), (10, "redis_lost"), (15, "redis_back")],
        ),
        ((0, 1, 4), [(0, "redis_lost"), (1, "redis_back"), (10, "redis_lost")]),
        # One that is over before its line is due has none.
        ((0, 1, 4, 5), [(0, "redis_lost"), (1, "redis_back"), (10, "redis_back")]),
        (
            (0, 1, 9, 12),
            [(0, "redis_lost"), (1, "redis_back"), (10, "redis_lost"), (12, "redis_back")],
        ),
    ],
)
def test_the_last_line_of_a_store_says_how_it_is(
    times_s: tuple[int, ...], lines: list[tuple[float, str]]
) -> None:
    assert turned_at(*times_s) == lines


def test_a_store_that_turns_all_the_time_has_two_lines_in_ten_seconds() -> None:
    assert len(turned_at(*range(60))) == 12


def test_end_writes_all_that_was_held_back() -> None:
    limit = LineLimit()
    for at_ms in (0.0, 1.0):
        written(limit, FAILED, at_ms)
    assert len(limit.overdue(2.0, all_of_them=True)) == 1


def test_crowd_of_tenants_shares_a_line() -> None:
    limit = LineLimit()
    lines = [
        written(limit, replace(REFUSED, tenant=f"tenant-{n}"), 0.0)
        for n in range(3 * MOST_SUBJECTS)
    ]
    assert sum(line is not None for line in lines) == MOST_SUBJECTS + 1
    assert len(limit.subjects) == MOST_SUBJECTS + 1
    limit.overdue(EVERY_MS)
    limit.overdue(2 * EVERY_MS)
    assert limit.subjects == {}


async def test_ledger_that_cannot_be_written_is_told_once_and_when_it_is_back(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    listener, path = Listener(), tmp_path / "ledger.db"
    ledger = ledgers(
        path,
        busy_timeout_ms=20,
        events=listener,
    )
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for name in ("r1", "r2"):
        with pytest.raises(LedgerUnavailable):
            await ledger.finish(request(name, attempt(name)))
    other.execute("ROLLBACK")
    other.close()
    async with asyncio.timeout(30):
        while not ledger.healthy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await ledger.close()
    assert [type(event) for event in listener.events] == [StoreTurned, StoreTurned]
    lost, back = listener.events
    assert isinstance(lost, StoreTurned)
    assert (lost.store, lost.lost, bool(lost.reason)) == ("ledger", True, True)
    assert back == StoreTurned("ledger", False)
