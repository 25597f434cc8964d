"""Feedback on answers: what counts, what is kept, and that nobody alters it unseen."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from router.analysis.report.outcomes import measures
from router.errors import FeedbackRefused, RequestError
from router.ledger.books.purge import purge
from router.ledger.books.verify import verify
from router.ledger.hash_chain import FindingKind
from router.ledger.replies import ReplyKind
from router.ledger.tables.feedback import MAX_REVISIONS, outcomes
from router.ledger.tables.told_words import told_rows
from router.money.days import DAY_MS
from router.types import NANO_PER_USD, FeedbackSource, Role, TrueOutcome
from router.wire.feedback import parse_feedback
from tests.kits.books.feedback_kit import learning, said
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.books.replies import REPLIES
from tests.kits.changed import replace


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement).rowcount >= 1
    connection.close()


async def three_words(folder: Path) -> Path:
    """Three requests with a word on each, anchored."""
    async with learning(folder) as house:
        for name in ("r1", "r2", "r3"):
            await house.answered(name)
            await house.feedback.add(said(name, correct=True, csat=4.5))
        return house.path


async def test_later_word_of_a_source_replaces_its_earlier_one(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        await house.feedback.add(said("r1", correct=True))
        heard, new = await house.feedback.add(said("r1", correct=False, loss_nano_usd=5))
        assert (new, heard.revisions, heard.feedback.correct) == (True, 2, False)
        assert [one.feedback.loss_nano_usd for one in await house.feedback.of("r1")] == [5]


async def test_same_word_again_changes_nothing(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        for new in (True, False, False):
            heard, found = await house.feedback.add(said("r1", csat=3.0), "so it is")
            assert (found, heard.revisions) == (new, 1)


async def test_words_of_one_source_on_one_decision_are_bounded(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        for loss in range(MAX_REVISIONS):
            await house.feedback.add(said("r1", loss_nano_usd=loss))
        with pytest.raises(FeedbackRefused, match="at most 32"):
            await house.feedback.add(said("r1", loss_nano_usd=99))


async def test_untouched_feedback_is_whole(tmp_path: Path) -> None:
    verification = verify(await three_words(tmp_path))
    assert (verification.findings, verification.rows) == ((), 3)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE feedback SET correct = 0 WHERE sequence = 2", FindingKind.EDITED),
        ("UPDATE feedback SET csat = 5.0 WHERE sequence = 3", FindingKind.EDITED),
        ("UPDATE feedback SET tenant = 'other' WHERE sequence = 1", FindingKind.EDITED),
        ("DELETE FROM feedback WHERE sequence = 2", FindingKind.REMOVED),
        ("DELETE FROM feedback WHERE sequence = 3", FindingKind.CUT_TAIL),
        ("DELETE FROM feedback", FindingKind.CUT_TAIL),
    ],
)
async def test_falsified_feedback_is_found(
    tmp_path: Path, statement: str, kind: FindingKind
) -> None:
    path = await three_words(tmp_path)
    change(path, statement)
    assert kind in {finding.kind for finding in verify(path).findings}


@pytest.mark.parametrize(
    ("store", "kept"),
    [("none", None), ("redacted", "write to [EMAIL]"), ("full", "write to jo@example.com")],
)
async def test_corrected_answer_is_kept_as_the_policy_says(
    tmp_path: Path, store: str, kept: str | None
) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1", store=store)
        heard, _ = await house.feedback.add(said("r1", correct=False), "write to jo@example.com")
        assert heard.corrected == kept
        assert heard.feedback.corrected_digest
        house.clock.at_ms += 11 * DAY_MS
        assert [one.corrected for one in await house.feedback.of("r1")] == [None]
        assert verify(house.path).findings == ()


async def test_erasure_takes_the_corrected_answer_and_leaves_the_chain(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1", store="full")
        await house.feedback.add(said("r1", correct=False), "the right answer")
        assert house.texts.erase("acme").texts == 1
        (heard,) = await house.feedback.of("r1")
        assert (heard.corrected, heard.feedback.correct) == (None, False)
        assert verify(house.path).findings == ()


@pytest.mark.parametrize(
    ("store", "kept"),
    [("none", None), ("redacted", "jo is [EMAIL]"), ("full", "jo is jo@example.com")],
)
async def test_comment_is_kept_as_the_policy_says(
    tmp_path: Path, store: str, kept: str | None
) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1", store=store)
        heard, new = await house.feedback.add(said("r1"), "the answer", "jo is jo@example.com")
        assert (heard.comment, heard.corrected is None, new) == (kept, store == "none", True)
        assert [one.comment for one in await house.feedback.of("r1")] == [kept]
        house.clock.at_ms += 11 * DAY_MS
        assert [one.comment for one in await house.feedback.of("r1")] == [None]
        assert verify(house.path).findings == ()


async def test_newest_comment_replaces_the_one_before(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1", store="full")
        for comment, kept, new in (("too long", "too long", True), ("rude", "rude", False)):
            heard, found = await house.feedback.add(said("r1", correct=False), comment=comment)
            assert (heard.comment, found, heard.revisions) == (kept, new, 1)
        heard, new = await house.feedback.add(said("r1", correct=True))
        assert (heard.comment, new, heard.revisions) == (None, True, 2)


async def test_same_statement_without_a_comment_keeps_the_one_before(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1", store="full")
        await house.feedback.add(said("r1", correct=False), comment="rude")
        heard, new = await house.feedback.add(said("r1", correct=False))
        assert (heard.comment, new) == ("rude", False)
        assert [one.comment for one in await house.feedback.of("r1")] == ["rude"]


async def test_erasure_takes_the_comment(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1", store="full")
        await house.feedback.add(said("r1", csat=1.0), comment="my name is Jo")
        assert house.texts.erase("acme").texts == 1
        assert [one.comment for one in await house.feedback.of("r1")] == [None]


async def test_edited_corrected_answer_is_found(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1", store="full")
        await house.feedback.add(said("r1", correct=False), "the right answer")
    change(house.path, "UPDATE texts SET content = 'another' WHERE kind = 'corrected'")
    assert [finding.kind for finding in verify(house.path).findings] == [FindingKind.TEXT_EDITED]


async def test_purge_drops_old_feedback_and_the_chain_goes_on(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1")
        await house.feedback.add(said("r1", correct=True))
        await house.feedback.add(said("r1", correct=False, created_at_ms=NOW_MS + DAY_MS))
        purge(house.ledger.database, NOW_MS + DAY_MS, NOW_MS + 2 * DAY_MS)
        await house.feedback.add(said("r1", csat=2.0, created_at_ms=NOW_MS + 3 * DAY_MS))
    assert verify(house.path).findings == ()
    with sqlite3.connect(house.path) as connection:
        left = connection.execute("SELECT sequence FROM feedback ORDER BY 1").fetchall()
    assert left == [(2,), (3,)]


async def test_reviewers_word_goes_before_the_clients_field_by_field(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        for name, tenant in (("r1", "acme"), ("r2", "acme"), ("r3", "other")):
            await house.answered(name, tenant=tenant)
        await house.feedback.add(said("r1", correct=True, csat=5.0, loss_nano_usd=7))
        review = {"source": FeedbackSource.REVIEW, "correct": False}
        await house.feedback.add(said("r1", **review))
        await house.feedback.add(said("r3", tenant="other", handle_minutes=2.5))
        database = house.ledger.database
        assert list(outcomes(database, tenant="acme", with_sources=True)) == [
            TrueOutcome(
                "r1",
                False,
                7,
                None,
                5.0,
                level=1,
                confidence=0.91,
                policy="default",
                reply="answer",
                confidence_source="unknown",
            )
        ]
        assert [outcome.request_id for outcome in outcomes(database)] == ["r1", "r3"]
        assert list(outcomes(database, since_ms=NOW_MS + 1)) == []


async def test_word_on_a_draft_is_told_from_one_on_an_answer(tmp_path: Path) -> None:
    """One safe answer replaced a call's answer; the other went out before any call. The client of
    the first said that it was wrong: of the words that it got, while the reviewer saw the draft.
    """
    async with learning(tmp_path) as house:
        await house.answered("r1")
        safe = replace(request("r2", attempt("r2")), verdict="safe_answer")
        read = replace(attempt("r3"), role=Role.TRIAGE)
        at_once = replace(request("r3", read), verdict="safe_answer")
        for row in (safe, at_once):
            await house.ledger.finish(row)
        for name in ("r1", "r2", "r3"):
            await house.feedback.add(
                said(name, correct=name != "r2", loss_nano_usd=2 * NANO_PER_USD)
            )
        clients = list(outcomes(house.ledger.database))
        await house.feedback.add(said("r2", source=FeedbackSource.REVIEW, correct=True))
        told = list(outcomes(house.ledger.database))
        shifts = {row.request_id: row.right for row in told_rows(house.ledger.database, -1, 0)}
    assert [one.draft for one in told] == [False, True, False]
    assert [one.words_correct for one in told] == [None, False, True]
    assert [one.correct for one in clients] == [True, None, None]
    assert shifts == {"r1": True, "r2": True, "r3": None}
    rates = {measure.key: (measure.value, measure.count) for measure in measures(told)}
    assert (rates["accuracy"], rates["accuracy_drafts"]) == ((1.0, 1), (1.0, 1))
    assert rates["accuracy_words"] == (0.5, 2)
    assert (rates["loss_usd"], rates["loss_words_usd"]) == ((2.0, 1), (4.0, 2))


@pytest.mark.parametrize(("kind", "changes"), REPLIES)
async def test_client_that_got_words_judges_the_words(
    tmp_path: Path, kind: ReplyKind, changes: dict[str, str]
) -> None:
    async with learning(tmp_path) as house:
        await house.ledger.finish(replace(request("r1", attempt("r1")), **changes))
        await house.feedback.add(said("r1", correct=False))
        (told,) = outcomes(house.ledger.database)
        (shift,) = told_rows(house.ledger.database, -1, 0)
    assert told.reply == kind.value
    stood_in = kind in (ReplyKind.NO_ANSWER, ReplyKind.SAFE_WORDS, ReplyKind.DECLINED)
    judged = (None, False) if stood_in else (False, None)
    assert (told.correct, told.words_correct) == judged
    assert (told.words, told.draft, shift.right) == (stood_in, stood_in, judged[0])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ("{}", "decision_id"),
        ('{"decision_id": "dec_1"}', "correct"),
        ('{"decision_id": "dec_1", "outcome": {}}', "correct"),
        ('{"decision_id": "dec_1", "correct": null}', "correct"),
        ('{"decision_id": 7, "correct": true}', "decision_id"),
        ('{"decision_id": "dec_1", "correct": 1}', "correct"),
        ('{"decision_id": "dec_1", "corect": true}', "corect"),
        ('{"decision_id": "dec_1", "loss_usd": -0.01}', "loss_usd"),
        ('{"decision_id": "dec_1", "loss_usd": 1000000001}', "loss_usd"),
        ('{"decision_id": "dec_1", "loss_usd": "1"}', "loss_usd"),
        ('{"decision_id": "dec_1", "corrected": ""}', "corrected"),
        ('{"decision_id": "dec_1", "correct": true, "corrected": "x"}', "corrected"),
        ('{"decision_id": "dec_1", "comment": ""}', "comment"),
        ('{"decision_id": "dec_1", "comment": "' + "x" * 2001 + '"}', "comment"),
        ('{"decision_id": "dec_1", "outcome": []}', "outcome"),
        ('{"decision_id": "dec_1", "outcome": {"csat": 0.9}}', "outcome.csat"),
        ('{"decision_id": "dec_1", "outcome": {"csat": 5.1}}', "outcome.csat"),
        ('{"decision_id": "dec_1", "outcome": {"csat": true}}', "outcome.csat"),
        ('{"decision_id": "dec_1", "outcome": {"stars": 5}}', "outcome.stars"),
        ('{"decision_id": "dec_1", "outcome": {"handle_minutes": -1}}', "outcome.handle_minutes"),
        ('{"decision_id": "dec_1", "outcome": {"handle_minutes": 10081}}',
         "outcome.handle_minutes"),
        ('{"decision_id": "dec_1", "outcome": {"resolved_first_contact": "yes"}}',
         "outcome.resolved_first_contact"),
    ],
)  # fmt: skip
def test_malformed_feedback_is_refused_by_name(body: str, param: str) -> None:
    with pytest.raises(RequestError) as refused:
        parse_feedback(body.encode())
    assert refused.value.param == param


@pytest.mark.parametrize("csat", [1, 5])
def test_satisfaction_reaches_from_one_to_five(csat: int) -> None:
    body = f'{{"decision_id": "dec_1", "outcome": {{"csat": {csat}, "handle_minutes": 10080}}}}'
    assert parse_feedback(body.encode()).csat == csat


def test_comment_alone_is_feedback() -> None:
    given = parse_feedback(b'{"decision_id": "dec_1", "comment": "the tone was rude"}')
    assert (given.comment, given.correct) == ("the tone was rude", None)


def test_corrected_answer_says_that_the_first_was_wrong() -> None:
    given = parse_feedback(b'{"decision_id": "dec_1", "corrected": "x", "loss_usd": 0.5}')
    assert (given.correct, given.loss_nano_usd) == (False, 500_000_000)
