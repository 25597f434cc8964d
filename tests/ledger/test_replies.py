"""Replies are told apart by the columns of a row, in Python and in SQL alike."""

from __future__ import annotations

import itertools
import sqlite3

import pytest

from router.ledger.replies import ReplyKind, reply_of, reply_sql
from router.types import NO_ANSWER_MODEL, Reason, Verdict
from tests.kits.books.report_rows import a_row
from tests.kits.changed import replace


@pytest.mark.parametrize(
    ("verdict", "reason", "model", "reply"),
    [
        ("accepted", "lowest_expected_loss", "mid-1", ReplyKind.ANSWER),
        ("unverified", "nothing_better", "mid-1", ReplyKind.ANSWER),
        ("", "lowest_expected_loss", "tiergate-embed", ReplyKind.ANSWER),
        ("accepted", "key_not_found", "approved", ReplyKind.ANSWER),
        ("accepted", "asked_for_slot", "approved", ReplyKind.QUESTION),
        ("accepted", "asked_which", "approved", ReplyKind.QUESTION),
        ("unverified", "no_model", NO_ANSWER_MODEL, ReplyKind.NO_ANSWER),
        ("unverified", "pinned", NO_ANSWER_MODEL, ReplyKind.NO_ANSWER),
        ("unverified", "no_passage", "mid-1", ReplyKind.NO_ANSWER),
        ("unverified", "nothing_known", "mid-1", ReplyKind.NO_ANSWER),
        ("refused", "nothing_to_resolve", "approved", ReplyKind.NO_ANSWER),
        ("refused", "harmful", "approved", ReplyKind.DECLINED),
        ("safe_answer", "high_risk_medical", NO_ANSWER_MODEL, ReplyKind.SAFE_WORDS),
        ("held", "high_risk_legal", "mid-1", ReplyKind.SAFE_WORDS),
        ("accepted", "idempotent_replay", "mid-1", ReplyKind.REPEATED),
    ],
)
def test_a_reply_is_known_by_verdict_reason_and_model(
    verdict: str, reason: str, model: str, reply: ReplyKind
) -> None:
    assert reply_of(a_row(0, verdict=verdict, reason=reason, model=model)) is reply


@pytest.mark.parametrize("endpoint", ["analyze", "embeddings", "moderations"])
def test_labels_and_vectors_are_no_answers(endpoint: str) -> None:
    row = a_row(0, verdict="accepted", reason="pinned", model="mid-1", endpoint=endpoint)
    assert reply_of(row) is ReplyKind.COMPUTED
    assert reply_of(replace(row, reason="idempotent_replay")) is ReplyKind.REPEATED


def test_sql_tells_replies_apart_as_python_does() -> None:
    models, endpoints = ["", "mid-1", NO_ANSWER_MODEL], ["messages", "embeddings", "analyze"]
    kinds = itertools.product(["", *Verdict], Reason, models, endpoints)
    rows = [a_row(0, verdict=str(v), reason=str(r), model=m, endpoint=e) for v, r, m, e in kinds]
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE requests (verdict, reason, model, endpoint)")
    told = [(row.verdict, row.reason, row.model, row.endpoint) for row in rows]
    connection.executemany("INSERT INTO requests VALUES (?, ?, ?, ?)", told)
    found = connection.execute(f"SELECT {reply_sql()} FROM requests ORDER BY rowid").fetchall()
    connection.close()
    assert [reply for (reply,) in found] == [reply_of(row).value for row in rows]
    assert {reply for (reply,) in found} == {*ReplyKind}
