"""Tests verdicts on matters that wait: which one counts, what is booked, and who is too late."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from router.analysis.report.build import build_report
from router.analysis.report.figures import Report
from router.errors import BudgetExceeded, NotFound, RequestError, ReviewConflict
from router.ledger.books.purge import purge
from router.ledger.books.reconcile import Settlement, correction, unknown_calls
from router.ledger.books.verify import verify
from router.ledger.sql import reading
from router.ledger.tables.feedback import outcomes
from router.ledger.tables.reviews import failed_waits, waiting
from router.policy.schema import LimitSection, ReportSection
from router.request.review_verdicts import BookedLeft, Judgement
from router.types import (
    ASKS_LABEL,
    NO_ANSWER_MODEL,
    AttemptState,
    CostBasis,
    Domain,
    FeedbackSource,
    RequestRow,
    RequestState,
    ReviewItem,
    ReviewVerdict,
    Role,
    Urgency,
)
from router.wire.feedback import parse_verdict, review_view
from tests.kits.books.feedback_kit import Learning, learning
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.books.ledger_sql import become, query
from tests.kits.changed import replace

APPROVE = Judgement(ReviewVerdict.APPROVE, 2.5, by="Ann", key_id="key_9")
CORRECT = Judgement(ReviewVerdict.CORRECT, 1.0, "the right answer")
REJECT = Judgement(ReviewVerdict.REJECT, 0.0)


def review_rows(house: Learning) -> list[RequestRow]:
    return [row for row in reading.rows(house.ledger.database) if row.endpoint == "review"]


def report_of(house: Learning) -> Report:
    rows = reading.rows(house.ledger.database)
    return build_report(rows, config=ReportSection(), since_ms=None, until_ms=None, now_ms=NOW_MS)


@pytest.mark.parametrize(("said", "correct"), [(APPROVE, True), (CORRECT, False), (REJECT, False)])
async def test_verdict_is_feedback(tmp_path: Path, said: Judgement, correct: bool) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        case = await house.reviewer.decide(await house.handed_over("r1"), None, said)
        assert (case.item.status, case.booked) == ("decided", False)
        (heard,) = await house.feedback.of("r1")
        assert (heard.feedback.source, heard.feedback.correct) == (FeedbackSource.REVIEW, correct)
        assert await house.desk.list(None) == []


async def test_minutes_are_booked_as_a_row_of_their_own(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        (row,) = review_rows(house)
        (line,) = row.attempts
        assert (line.role, line.cost_basis) == (Role.REVIEW, CostBasis.REVIEWER_TIME)
        assert (row.tenant, row.review_id, line.upstream_id) == ("acme", "rev_r1", "r1")
        assert row.cost_nano_usd == line.cost_nano_usd == 2_500_000_000
        verification = verify(house.path)
        assert (verification.findings, verification.cost_nano_usd) == ((), 120 + 2_500_000_000)


async def test_minutes_without_a_price_are_of_unknown_cost(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        house.price = None
        await house.answered("r1")
        case = await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        assert case.reviewed is not None
        assert case.reviewed.cost_nano_usd is None
        (row,) = review_rows(house)
        assert row.state is RequestState.UNKNOWN_COST
        assert row.attempts[0].state is AttemptState.UNKNOWN_COST
        assert row.attempts[0].cost_basis is CostBasis.UNKNOWN
        assert verify(house.path).findings == ()


async def test_correction_is_kept_where_the_policy_stores_text(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        keeps = {"r1": "full", "r2": "none, waiting: full", "r3": "none, waiting: none"}
        for name, store in keeps.items():
            await house.answered(name, store=store)
            await house.reviewer.decide(await house.handed_over(name), None, CORRECT)
        kept = [await house.desk.of_request(name) for name in keeps]
        answers = [case and case.answer for case in kept]
        assert answers == ["the right answer", "the right answer", None]
        assert verify(house.path).findings == ()


@pytest.mark.parametrize(
    ("changes", "judged"),
    [
        ({"state": AttemptState.SETTLED}, True),
        ({"state": AttemptState.UNKNOWN_COST, "cost_basis": CostBasis.UNKNOWN}, True),
        ({"state": AttemptState.FAILED, "error_code": "upstream_error"}, False),
        ({"role": Role.TRIAGE}, False),
        ({"model": NO_ANSWER_MODEL}, False),
    ],
)
async def test_words_without_an_answer_are_no_wrong_answer(
    tmp_path: Path, changes: dict[str, Any], judged: bool
) -> None:
    async with learning(tmp_path) as house:
        row = request("r1", replace(attempt("r1"), **changes))
        await house.ledger.finish(replace(row, verdict="safe_answer"))
        await house.reviewer.decide(await house.handed_over("r1"), None, CORRECT)
        (outcome,) = outcomes(house.ledger.database)
        assert (outcome.correct, outcome.draft) == (False if judged else None, judged)


async def test_an_error_is_no_wrong_answer(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        row = replace(request("r1", attempt("r1")), state=RequestState.FAILED)
        await house.ledger.finish(replace(row, verdict="", error_code="no_usable_answer"))
        await house.reviewer.decide(await house.handed_over("r1"), None, CORRECT)
        (outcome,) = outcomes(house.ledger.database)
        assert (outcome.correct, outcome.draft) == (None, False)


async def test_a_reviewers_own_words_reach_whoever_asked_whole(tmp_path: Path) -> None:
    words = "Call 01632 960 441 or write to office@kerbside.example, DE89 3704 0044 0532 0130 00."
    async with learning(tmp_path) as house:
        for name, store in (("r1", "redacted"), ("r2", "none, waiting: redacted")):
            await house.answered(name, store=store)
            said = Judgement(ReviewVerdict.CORRECT, 1.0, words)
            await house.reviewer.decide(await house.handed_over(name), None, said)
            case = await house.desk.of_request(name)
            assert case is not None
            assert case.answer == words
        assert verify(house.path).findings == ()


async def test_words_that_no_model_wrote_are_no_draft(tmp_path: Path) -> None:
    keep = {"store": "full", "retention_days": 10}
    async with learning(tmp_path) as house:
        for name, model in (("r1", NO_ANSWER_MODEL), ("r2", "large")):
            row = request(name, replace(attempt(name), model=model))
            await house.ledger.finish(replace(row, verdict="safe_answer"))
            await house.handed_over(name)
            # An older version kept such words as a draft.
            await house.texts.put(name, "acme", "draft", "Text.", **keep)  # type: ignore[arg-type]
        words, drafted = await house.desk.cases(None, "pending", 10)
        assert (words.draft, words.no_draft) == (
            None,
            "no model wrote one that could be judged: approved words went out, or an error",
        )
        assert (drafted.draft, drafted.no_draft) == ("Text.", None)
        shown = review_view(words, "dec_r1")
        assert (shown["draft"], shown["no_draft"]) == (None, words.no_draft)


async def test_missing_draft_says_that_a_verdict_may_have_deleted_it(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        review_id = await house.handed_over("r1")
        await house.ledger.finish(replace(request("r1", attempt("r1")), verdict="safe_answer"))
        (waits,) = await house.desk.cases(None, "pending", 10)
        assert "verdict" not in str(waits.no_draft)
        assert str(waits.no_draft).endswith("or it was tool calls alone")
        await house.reviewer.decide(review_id, None, APPROVE)
        (decided,) = await house.desk.cases(None, "decided", 10)
        assert "it was deleted with the verdict" in str(decided.no_draft)


async def test_most_urgent_matters_come_first(tmp_path: Path) -> None:
    asked = ("ordinary", "grave", "emergency", "grave", "emergency")
    async with learning(tmp_path) as house:
        for i, urgency in enumerate(asked):
            await house.answered(f"r{i}")
            item = ReviewItem(f"rev_{i}", f"r{i}", "acme", Domain.LEGAL, NOW_MS + i)
            await house.desk.add(replace(item, urgency=Urgency(urgency)))
        waiting = [case.item.review_id for case in await house.desk.cases(None, "pending", 4)]
        assert waiting == ["rev_2", "rev_4", "rev_1", "rev_3"]
        await house.reviewer.decide("rev_2", None, APPROVE)
        every = [case.item.review_id for case in await house.desk.cases(None, None, 9)]
        assert every == ["rev_4", "rev_1", "rev_3", "rev_0", "rev_2"]


async def test_approved_draft_is_what_stands(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1", store="full")
        keep = {"store": "full", "retention_days": 10}
        await house.texts.put("r1", "acme", "draft", "a draft", **keep)  # type: ignore[arg-type]
        case = await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        assert (case.draft, case.answer) == ("a draft", "a draft")


async def test_first_of_two_reviewers_is_heard(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        review_id = await house.handed_over("r1")
        both = [house.reviewer.decide(review_id, None, one) for one in (APPROVE, REJECT)]
        ended = await asyncio.gather(*both, return_exceptions=True)
        assert [isinstance(one, ReviewConflict) for one in ended].count(True) == 1
        assert len(review_rows(house)) == 1
        with pytest.raises(ReviewConflict, match="decided"):
            await house.reviewer.decide(review_id, None, CORRECT)


async def test_matter_of_another_tenant_is_not_found(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        with pytest.raises(NotFound):
            await house.reviewer.decide(await house.handed_over("r1"), "other", APPROVE)


async def test_only_matters_of_the_period_that_nobody_decided_wait(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        for name, tenant in (("r1", "acme"), ("r2", "acme"), ("r3", "bolt")):
            await house.answered(name, tenant=tenant)
            await house.handed_over(name, tenant=tenant)
        label = ReviewItem(f"{ASKS_LABEL}x.r1", "r1", "acme", Domain.LEGAL, NOW_MS)
        await house.desk.add(label)
        database = house.ledger.database
        assert waiting(database, None, None, None) == 3
        assert waiting(database, NOW_MS, NOW_MS + 1, "acme") == 2
        assert waiting(database, NOW_MS + 1, None, None) == 0
        assert waiting(database, None, NOW_MS, None) == 0
        await house.reviewer.decide("rev_r1", None, APPROVE)
        assert waiting(database, None, None, "acme") == 1


async def test_matters_of_failed_requests_are_counted_apart(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        for name, tenant in (("r1", "acme"), ("r2", "acme"), ("r3", "bolt")):
            await house.answered(name, tenant=tenant)
            await house.handed_over(name, tenant=tenant)
        with sqlite3.connect(house.path) as connection:
            connection.execute("UPDATE requests SET state = 'failed' WHERE request_id <> 'r1'")
        connection.close()
        database = house.ledger.database
        assert failed_waits(database, None, None, None) == 2
        assert failed_waits(database, None, None, "acme") == 1
        assert failed_waits(database, NOW_MS + 1, None, None) == 0


async def test_matter_of_an_unfinished_request_waits(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        with pytest.raises(ReviewConflict, match="gone"):
            await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        assert len(await house.desk.list(None)) == 1


async def test_verdict_that_a_crash_left_unbooked_is_booked_once(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        with sqlite3.connect(house.path) as connection:
            connection.execute("UPDATE reviews SET booked = 0")
        connection.close()
        assert await house.reviewer.book_left() == BookedLeft(1, ())
        assert await house.reviewer.book_left() == BookedLeft(0, ())
        assert len(review_rows(house)) == 1
        assert verify(house.path).findings == ()


async def test_matter_whose_request_is_gone_is_let_go(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        with sqlite3.connect(house.path) as connection:
            connection.execute("UPDATE reviews SET booked = 0, request_id = 'r0'")
        connection.close()
        assert await house.reviewer.book_left() == BookedLeft(0, ("rev_r1",))
        assert await house.reviewer.book_left() == BookedLeft(0, ())


async def test_review_of_unknown_cost_is_no_request_of_unknown_cost(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        house.price = None
        await house.answered("r1")
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        report = report_of(house)
    assert (report.unknown.requests, report.unknown.afterwards) == (0, (("review", 1),))
    assert "not known" not in report.headline
    assert any("a cost that is not known: 1 review." in note for note in report.notes)


async def test_review_lowers_the_saving_and_is_no_request(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        house.price = replace(house.price, nano_usd=100)  # type: ignore[type-var]
        await house.answered("r1")
        before = report_of(house)
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        after = report_of(house)
    saved = [one.savings[0].saved_nano_usd for one in (before, after)]
    assert saved == [900 - 120, 900 - 120 - 250]
    assert (before.counts.requests, after.counts.requests) == (1, 1)
    assert after.spend_nano_usd == 120 + 250
    assert {role.role: role.spend_nano_usd for role in after.roles}[Role.REVIEW] == 250


async def test_reviews_stand_in_one_line_of_the_tiers(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        house.price = replace(house.price, nano_usd=100)  # type: ignore[type-var]
        await house.answered("r1")
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        tiers = report_of(house).tiers
    (review,) = [tier for tier in tiers if "review" in tier.tier]
    assert (review.tier, review.figures.spend_nano_usd) == ("review", 250)


async def test_report_of_reviews_alone_says_what_they_cost(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        report = build_report(
            review_rows(house), config=ReportSection(), since_ms=None, until_ms=None, now_ms=NOW_MS
        )
    assert "what was booked for earlier ones (reviews, bills) comes to $2.50" in report.headline


@pytest.mark.parametrize(
    "scope", [{"tenant": "acme"}, {"key": "*"}, {"policy": "*"}, {"tier": "*"}, {}]
)
async def test_minutes_count_in_no_budget(
    tmp_path: Path, address: str, scope: dict[str, str]
) -> None:
    limit = LimitSection(usd_per_hour=1, usd_per_day=1, usd_per_month=1, **scope)
    async with learning(tmp_path, address, limit) as house:
        await house.answered("r1")
        await house.ledger.hold(request("r2"), attempt("r2", held=400))  # its windows are kept now
        for name in ("r1", "r2"):
            if name == "r2":
                await house.ledger.finish(request("r2", attempt("r2")))
            await house.reviewer.decide(await house.handed_over(name), None, APPROVE)
        await house.ledger.hold(request("r3"), attempt("r3", held=10**9 - 240))
        assert verify(address).findings == ()
        with pytest.raises(BudgetExceeded):
            await house.ledger.hold(request("r4"), attempt("r4", held=1))


async def test_limit_that_comes_later_counts_no_minutes(tmp_path: Path, address: str) -> None:
    async with learning(tmp_path, address) as house:
        await house.answered("r1")
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
    async with learning(tmp_path, address, LimitSection(key="*", usd_per_month=1)) as house:
        await house.ledger.hold(request("r2"), attempt("r2", held=10**9 - 120))
    assert verify(address).findings == ()


async def test_minutes_of_unknown_cost_count_in_no_budget_once_they_are_known(
    tmp_path: Path, address: str
) -> None:
    async with learning(tmp_path, address) as house:
        house.price = None
        await house.answered("r1")
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        database = house.ledger.database
        (unknown,) = unknown_calls(database)
        await house.ledger.finish(correction(database, Settlement(unknown, 10**9), NOW_MS))
    assert set(query(address, "SELECT spent_nano_usd FROM budget_windows")) == {(120,)}
    verification = verify(address)
    assert (verification.findings, verification.cost_nano_usd) == ((), 120 + 10**9)


async def test_purged_minutes_leave_windows_that_add_up(tmp_path: Path, address: str) -> None:
    async with learning(tmp_path, address) as house:
        await house.answered("r1")
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
        purge(house.ledger.database, NOW_MS + 1, NOW_MS + 1, tmp_path / "anchors")
    sums = "SELECT spent_nano_usd, purged_nano_usd FROM budget_windows"
    assert set(query(address, sums)) == {(120, 120)}


async def test_minutes_that_counted_before_are_taken_out(tmp_path: Path) -> None:
    limit = LimitSection(key="*", usd_per_hour=1)
    async with learning(tmp_path, limit=limit) as house:
        await house.answered("r1")
        await house.ledger.hold(request("r2"), attempt("r2"))
        await house.reviewer.decide(await house.handed_over("r1"), None, APPROVE)
    with sqlite3.connect(house.path) as connection:  # as a ledger of 0005 has it
        connection.execute(f"UPDATE budget_windows SET spent_nano_usd = {120 + 2_500_000_000}")
        become(connection, "0005_rollups")
    connection.close()
    assert verify(house.path).findings == ()
    assert set(query(str(house.path), "SELECT spent_nano_usd FROM budget_windows")) == {(120,)}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ('{"minutes": 1}', "verdict"),
        ('{"verdict": "approve"}', "minutes"),
        ('{"verdict": "maybe", "minutes": 1}', "verdict"),
        ('{"verdict": "approve", "minutes": -1}', "minutes"),
        ('{"verdict": "approve", "minutes": 10081}', "minutes"),
        ('{"verdict": "correct", "minutes": 1}', "corrected"),
        ('{"verdict": "reject", "minutes": 1, "corrected": "x"}', "corrected"),
        ('{"verdict": "reject", "minutes": 1, "why": "x"}', "why"),
    ],
)
def test_malformed_verdict_is_refused_by_name(body: str, param: str) -> None:
    with pytest.raises(RequestError) as refused:
        parse_verdict(body.encode())
    assert refused.value.param == param
