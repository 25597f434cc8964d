"""The dashboard's queries over a real ledger: what they find, and that they read no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from router.analysis.last_hour import hour_of
from router.api.http.decision_views import decision_document
from router.ledger.books import overview
from router.ledger.books.store import SqlLedger
from router.ledger.row_reading import answered, cost_known
from router.types import (
    NO_ANSWER_MODEL,
    AttemptState,
    CostBasis,
    DecisionLine,
    DecisionPage,
    DecisionQuery,
    RequestRow,
    RequestState,
)
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.books.report_rows import NOON_MS, PRICES, a_row, an_attempt
from tests.kits.changed import replace


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    clock = StandingClock(NOON_MS)
    opened = SqlLedger.open(tmp_path / "ledger.db", clock=clock, budget_of=lambda _: None)
    yield opened
    opened.close_now()


async def kept(ledger: SqlLedger, *rows: RequestRow) -> None:
    for row in rows:
        await ledger.finish(row)


def found(ledger: SqlLedger, scanned: int = 1_000, **asked: object) -> DecisionPage:
    query = replace(DecisionQuery(), **asked)  # type: ignore[arg-type]
    return overview.decisions(ledger.database, query, scanned)


def ids(lines: tuple[DecisionLine, ...]) -> list[str]:
    return [line.request_id for line in lines]


async def test_pages_hold_every_decision_once_newest_first(ledger: SqlLedger) -> None:
    rows = [a_row(number, created_at_ms=NOON_MS + number // 3) for number in range(20)]
    await kept(ledger, *rows)
    page, lines = found(ledger, limit=7), list[DecisionLine]()
    for _ in range(9):
        lines += page.lines
        if page.before is None:
            break
        page = found(ledger, limit=7, before=page.before)
    expected = sorted(rows, key=lambda row: (row.created_at_ms, row.request_id), reverse=True)
    assert ids(tuple(lines)) == [row.request_id for row in expected]
    assert page.before is None


FILTERED = [
    ({"tier": "llm"}, [2]),
    ({"domain": "legal"}, [3]),
    ({"reason": "low_confidence"}, [4, 3, 2]),
    ({"reason": "novel"}, [4, 3, 2]),  # on the way, not the one that decided
    ({"reason": "nove_"}, []),
    ({"verdict": "unverified"}, [4]),
    ({"state": "failed"}, [5]),
    ({"text": "MID-1"}, [2]),
    ({"text": "100%"}, [6]),
    ({"text": "100_"}, []),
    ({"text": "'; --"}, []),
    ({"tenant": "globex"}, [7]),
    ({"id_prefix": "req-00003"}, [3]),
    ({"id_prefix": "req-0000"}, [7, 6, 5, 4, 3, 2, 1]),
    ({"min_cost_nano_usd": 5_000_000_000}, [4, 3]),
    ({"min_cost_nano_usd": 5_000_000_001}, []),
    ({"tier": "reasoning", "verdict": "accepted"}, [3]),
]


@pytest.mark.parametrize(("asked", "numbers"), FILTERED, ids=[str(asked) for asked, _ in FILTERED])
async def test_filters_find_what_fits(
    ledger: SqlLedger, asked: dict[str, object], numbers: list[int]
) -> None:
    await kept(
        ledger,
        a_row(1),
        a_row(2, 2),
        a_row(3, 3, domain="legal"),
        a_row(4, 3, verdict="unverified"),
        a_row(5, state=RequestState.FAILED, verdict=""),
        a_row(6, tags=("100%",)),
        a_row(7, tenant="globex"),
    )
    assert ids(found(ledger, **asked).lines) == [f"req-{number:05d}" for number in numbers]


async def test_a_search_reads_so_many_rows_and_says_where_it_stopped(ledger: SqlLedger) -> None:
    await kept(ledger, a_row(0, 2), *(a_row(number) for number in range(1, 11)))
    page = found(ledger, 10, tier="llm")
    assert (page.lines, page.before) == ((), (NOON_MS + 1, "req-00001"))
    again = found(ledger, 10, tier="llm", before=page.before)
    assert (ids(again.lines), again.before) == (["req-00000"], None)


async def test_a_search_that_may_read_all_rows_ends(ledger: SqlLedger) -> None:
    await kept(ledger, a_row(0, 2), *(a_row(number) for number in range(1, 11)))
    page = found(ledger, 12, tier="llm")
    assert (ids(page.lines), page.before) == (["req-00000"], None)


async def test_slices_add_up_by_minute_tier_and_state(ledger: SqlLedger) -> None:
    minute = overview.MINUTE_MS
    await kept(
        ledger,
        *(a_row(number, created_at_ms=NOON_MS) for number in range(3)),
        a_row(3, 3, created_at_ms=NOON_MS + minute),
        a_row(4, created_at_ms=NOON_MS, state=RequestState.FAILED),
        a_row(5, created_at_ms=NOON_MS, tenant="globex"),
        a_row(6, created_at_ms=NOON_MS, endpoint="review"),  # people's minutes are no traffic
        a_row(7, created_at_ms=NOON_MS + 2 * minute),
    )
    slices = overview.slices(ledger.database, NOON_MS, NOON_MS + 2 * minute, "acme")
    told = sorted((s.minute - NOON_MS // minute, s.tier, s.state.value, s.requests) for s in slices)
    assert told == [(0, "", "settled", 0), (0, "resolve", "failed", 1),
                    (0, "resolve", "settled", 3), (1, "reasoning", "settled", 1)]  # fmt: skip
    assert sum(s.spend_nano_usd for s in slices) == 5 * 10_000_000 + 5_000_000_000


async def test_slices_tell_what_is_impossible_from_what_a_limit_refused(
    ledger: SqlLedger,
) -> None:
    codes = ("unsupported_capability", "residency", "context_length_exceeded", "unknown_price")
    states = {"state": RequestState.FAILED, "attempts": ()}
    rows = [a_row(at, error_code=code, **states) for at, code in enumerate(codes)]
    await kept(ledger, *rows, a_row(9, error_code="server_error", **states))
    slices = overview.slices(ledger.database, NOON_MS, NOON_MS + 10, None)
    assert (sum(s.refused for s in slices), sum(s.impossible for s in slices)) == (4, 3)


async def test_words_in_place_of_a_model_are_no_call_of_an_answerer(ledger: SqlLedger) -> None:
    words = an_attempt("req-00000", 2, 0, model=NO_ANSWER_MODEL)
    await kept(ledger, a_row(0, 2, attempts=(words,)), a_row(1, 2))
    (turn,) = overview.turns(ledger.database, 0, None)
    assert turn.answerer == "mid-1"


@pytest.mark.parametrize("state", sorted(set(RequestState) - {RequestState.OPEN}))
@pytest.mark.parametrize("verdict", ["", "accepted"])
async def test_slices_are_answered_as_the_report_counts_answers(
    ledger: SqlLedger, state: RequestState, verdict: str
) -> None:
    row = a_row(0, state=state, verdict=verdict)
    await kept(ledger, row)
    (part,) = overview.slices(ledger.database, NOON_MS, NOON_MS + 1, None)
    assert part.answered is answered(row)


async def test_routed_answers_are_counted_apart_from_observed_and_failed_ones(
    ledger: SqlLedger,
) -> None:
    await kept(
        ledger,
        a_row(0),
        a_row(1, 2),
        a_row(2, 3, mode="observe"),
        a_row(3, 3, state=RequestState.FAILED, verdict=""),
    )
    slices = overview.slices(ledger.database, NOON_MS, NOON_MS + 10, None)
    assert sorted((s.tier, s.requests, s.routed) for s in slices) == [
        ("llm", 1, 1), ("reasoning", 1, 0), ("reasoning", 1, 0), ("resolve", 1, 1)]  # fmt: skip


async def test_a_refused_harmful_request_is_above_no_level(ledger: SqlLedger) -> None:
    await kept(ledger, a_row(0), a_row(1, 3, attempts=(), verdict="refused", reason="harmful"))
    slices = overview.slices(ledger.database, NOON_MS, NOON_MS + 10, None)
    assert {(s.tier, s.level, s.requests) for s in slices} == {
        ("resolve", 1, 1),
        ("(no tier)", 0, 1),
    }
    whole = hour_of(slices, NOON_MS // overview.MINUTE_MS, overview.bucket_ms).whole
    assert (whole.requests, whole.answered, whole.escalated) == (2, 1, 0)


@pytest.mark.parametrize("ms", [0.0, 0.05, 0.1, 2.0, 400.0, 4_000.0, 900_000.0, 1e9])
async def test_the_database_counts_latencies_in_the_buckets_of_the_edges(
    ledger: SqlLedger, ms: float
) -> None:
    await kept(ledger, a_row(0, latency_ms=ms))
    (one,) = overview.slices(ledger.database, NOON_MS, NOON_MS + 1, None)
    assert one.bucket == sum(edge <= ms for edge in overview.EDGES_MS)


async def test_samples_are_answers_alone(ledger: SqlLedger) -> None:
    failed = a_row(1, state=RequestState.FAILED, verdict="")
    words = a_row(3, 2, model=NO_ANSWER_MODEL, confidence=0.0)
    await kept(ledger, a_row(0, escalations=1), failed, a_row(2, created_at_ms=NOON_MS - 1), words)
    (sample,), requests = overview.samples(ledger.database, NOON_MS, "acme")
    assert (sample.tier, sample.confidence, sample.climbed) == ("resolve", 0.9, True)
    assert requests == 3


async def test_samples_tell_questions_back_from_answers(ledger: SqlLedger) -> None:
    """The chance of a question back is that of what was meant: it stood among the answers."""
    asked = [a_row(1, reason="asked_which"), a_row(2, reason="asked_for_slot")]
    await kept(ledger, a_row(0), *asked)
    samples, _ = overview.samples(ledger.database, NOON_MS, "acme")
    assert sorted(sample.asks for sample in samples) == [False, True, True]


@pytest.mark.parametrize(
    ("reason", "reasons", "led_by"),
    [
        ("no_model", ("novel", "no_model", "answer_not_trusted"), "novel"),
        ("no_model", ("no_model", "nothing_to_resolve", "only_one_allowed"), "nothing_to_resolve"),
        ("no_passage", ("no_passage", "only_one_allowed"), ""),
        ("low_confidence", ("low_confidence", "novel"), ""),
    ],
)
async def test_a_line_says_which_rule_led_to_words_that_there_is_no_answer(
    ledger: SqlLedger, reason: str, reasons: tuple[str, ...], led_by: str
) -> None:
    """It said `no_model` alone, which hid why a model was asked for."""
    await kept(ledger, a_row(0, 2, reason=reason, reasons=reasons))
    (line,) = found(ledger).lines
    assert (line.reason, line.led_by) == (reason, led_by)


@pytest.mark.parametrize(
    "shown",
    [
        {"reason": "no_model", "reasons": ("no_model", "strategic"), "model": NO_ANSWER_MODEL},
        {"reason": "none_trusted", "reasons": ("novel", "none_trusted"), "verdict": "refused"},
        {"reason": "asked_which", "reasons": ("asked_which",)},
        {"reason": "low_confidence", "reasons": ("low_confidence", "novel")},
        {"reason": "high_stakes", "reasons": ("high_stakes",), "verdict": "held"},
    ],
)
async def test_a_line_says_of_a_decision_what_its_document_says(
    ledger: SqlLedger, shown: dict[str, Any]
) -> None:
    """The page named the first reason of the floor where the line named what led to its tier."""
    row = a_row(0, 2, **shown)
    await kept(ledger, row)
    (line,) = found(ledger).lines
    document = json.loads(decision_document(row))
    assert (line.led_by or None, line.in_place) == (document["led_by"], document["in_place"])


async def test_turns_are_those_of_the_newest_requests(ledger: SqlLedger) -> None:
    await kept(ledger, *(a_row(number, 1 + number % 2) for number in range(6)))
    turns = overview.turns(ledger.database, NOON_MS, None, 4)
    assert sorted(turn.answerer for turn in turns) == ["approved-answers"] * 2 + ["mid-1"] * 2
    assert {turn.policy for turn in turns} == {"test"}
    assert overview.turns(ledger.database, NOON_MS, "globex", 4) == ()


async def test_so_many_newest_begin_after_the_one_that_is_too_many(ledger: SqlLedger) -> None:
    await kept(ledger, *(a_row(number) for number in range(5)))
    assert overview.newest_since(ledger.database, NOON_MS, None, 5) is None
    assert overview.newest_since(ledger.database, NOON_MS, None, 4) == NOON_MS + 1
    assert overview.newest_since(ledger.database, NOON_MS, "globex", 1) is None


async def test_windows_are_those_of_this_day_and_month(ledger: SqlLedger) -> None:
    with ledger.database.writing() as connection:
        for tenant, kind, start, spent in (
            ("acme", "day", 100, 7),
            ("acme", "day", 99, 8),
            ("acme", "month", 50, 9),
            ("globex", "day", 100, 11),
        ):
            connection.exec_driver_sql(
                "INSERT INTO budget_windows VALUES (?, '', '', '', ?, ?, ?, 1, 0)",
                (tenant, kind, start, spent),
            )
    every = overview.budget_windows(ledger.database, {"day": 100, "month": 50}, None)
    assert [(w.tenant, w.kind, w.spent_nano_usd) for w in every] == [
        ("globex", "day", 11), ("acme", "month", 9), ("acme", "day", 7)]  # fmt: skip
    own = overview.budget_windows(ledger.database, {"day": 100, "month": 50}, "acme")
    assert {window.tenant for window in own} == {"acme"}


async def test_money_for_earlier_requests_is_in_the_hours_spend_and_no_request(
    ledger: SqlLedger,
) -> None:
    """A second answer, a reviewer and a bill cost money that the report has in its spend."""
    later = [a_row(n, 3, endpoint=name) for n, name in ((1, "shadow"), (2, "review"))]
    await kept(ledger, a_row(0), *later)
    slices = overview.slices(ledger.database, NOON_MS, NOON_MS + 10, None)
    assert sum(s.spend_nano_usd for s in slices) == PRICES[1] + 2 * PRICES[3]
    assert sum(s.requests for s in slices) == 1
    hour = hour_of(slices, NOON_MS // 60_000, overview.bucket_ms)
    assert (hour.whole.requests, hour.whole.failed) == (1, 0)
    assert hour.whole.spend_nano_usd == PRICES[1] + 2 * PRICES[3]


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, True),
        ({"state": AttemptState.UNKNOWN_COST}, False),
        ({"cost_basis": CostBasis.UNKNOWN}, False),
        ({"state": AttemptState.RELEASED, "cost_basis": CostBasis.UNKNOWN}, True),
    ],
)
async def test_a_listed_cost_that_is_not_known_is_no_amount(
    ledger: SqlLedger, changes: dict[str, object], known: bool
) -> None:
    calls = [an_attempt("r", 1, 7), an_attempt("r", 2, 0, **changes)]
    row = a_row(0, 2, attempts=[replace(call, request_id="req-00000") for call in calls])
    await kept(ledger, row)
    (line,) = found(ledger).lines
    assert cost_known(row) is known
    assert line.cost_nano_usd == (7 if known else None)
