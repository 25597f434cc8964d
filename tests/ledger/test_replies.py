"""Replies are told apart by the columns of a row, in Python and in SQL alike."""

from __future__ import annotations

import itertools
import sqlite3

import pytest

from router.ledger.replies import (
    LEADS,
    NO_ANSWER,
    ReplyKind,
    in_place,
    in_place_sql,
    reply_of,
    reply_sql,
)
from router.types import NO_ANSWER_MODEL, Reason, Verdict
from tests.kits.books.replies import REPLIES
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


def test_words_in_place_are_told_from_a_reply_that_is_known_as_from_the_row() -> None:
    models, endpoints = ["", "mid-1", NO_ANSWER_MODEL], ["messages", "analyze"]
    for v, r, m, e in itertools.product(["", *Verdict], Reason, models, endpoints):
        row = a_row(0, verdict=str(v), reason=str(r), model=m, endpoint=e)
        assert in_place(row, reply_of(row)) is in_place(row)


def test_sql_tells_replies_apart_as_python_does() -> None:
    models, endpoints = ["", "mid-1", NO_ANSWER_MODEL], ["messages", "embeddings", "analyze"]
    kinds = itertools.product(["", *Verdict], Reason, models, endpoints)
    rows = [a_row(0, verdict=str(v), reason=str(r), model=m, endpoint=e) for v, r, m, e in kinds]
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE requests (verdict, reason, model, endpoint)")
    told = [(row.verdict, row.reason, row.model, row.endpoint) for row in rows]
    connection.executemany("INSERT INTO requests VALUES (?, ?, ?, ?)", told)
    found = connection.execute(f"SELECT {reply_sql()} FROM requests ORDER BY rowid").fetchall()
    words = connection.execute(f"SELECT {in_place_sql()} FROM requests ORDER BY rowid").fetchall()
    connection.close()
    assert [reply for (reply,) in found] == [reply_of(row).value for row in rows]
    assert {reply for (reply,) in found} == {*ReplyKind}
    assert [bool(stood_in) for (stood_in,) in words] == [in_place(row) for row in rows]


@pytest.mark.parametrize(("kind", "changes"), REPLIES)
def test_words_in_place_of_an_answer_are_three_kinds(
    kind: ReplyKind, changes: dict[str, str]
) -> None:
    row = a_row(0, **changes)
    assert reply_of(row) is kind
    words = {ReplyKind.NO_ANSWER, ReplyKind.SAFE_WORDS, ReplyKind.DECLINED}
    assert in_place(row) is (kind in words)


def test_each_kind_of_reply_has_a_row() -> None:
    assert {kind for kind, _ in REPLIES} == {*ReplyKind}


@pytest.mark.parametrize(
    ("changes", "stood_in"),
    [
        ({"verdict": "safe_answer"}, True),
        ({"verdict": "refused"}, True),
        ({"verdict": "unverified", "model": NO_ANSWER_MODEL}, True),
        ({"verdict": "accepted"}, False),
    ],
)
def test_a_repeat_of_words_is_words_too(changes: dict[str, str], stood_in: bool) -> None:
    again = a_row(0, **changes, reason="idempotent_replay")
    assert (reply_of(again), in_place(again)) == (ReplyKind.REPEATED, stood_in)


def test_a_request_that_failed_got_no_words() -> None:
    assert not in_place(a_row(0, verdict="", reason="no_passage"))


BESIDE_LEADS = frozenset(
    {
        *(Reason.LOWEST_EXPECTED_LOSS, Reason.LOWEST_LOSS_ALLOWED, Reason.ONLY_ONE_ALLOWED),
        *(Reason.GAIN_TOO_SMALL, Reason.ANSWER_IN_HAND, Reason.NOTHING_BETTER, Reason.FLOOR),
        *(Reason.FIXED_TRIGGERS_DECIDE, Reason.FALLBACK, Reason.CACHE_HIT),
        *(Reason.SEMANTIC_CACHE_HIT, Reason.IDEMPOTENT_REPLAY, Reason.OBSERVED),
        *(Reason.SHADOWED, Reason.EXPLORED, Reason.WARM_CACHE, Reason.SPECULATED),
        *(Reason.EXACT_TOOL, Reason.SMALL_TALK, Reason.READ_BY_RULES, Reason.QUOTED),
        *(Reason.BOTH_ANSWERED, Reason.NO_MODEL, Reason.NO_PASSAGE, Reason.NOTHING_KNOWN),
        *(Reason.NONE_TRUSTED, Reason.HANDED_OVER, Reason.ASKED_FOR_SLOT, Reason.ASKED_WHICH),
        *(Reason.KEY_NOT_FOUND, Reason.HARMFUL, Reason.BELOW_FLOOR, Reason.ABOVE_CEILING),
        *(Reason.LOW_IMPACT, Reason.HINT_MAX_TIER, Reason.HIGHER_EXPECTED_LOSS),
        *(Reason.WOULD_NOT_HELP, Reason.LADDER_FULL, Reason.RESIDENCY, Reason.NOT_READY),
        *(Reason.TIER_NOT_ALLOWED, Reason.UNKNOWN_PRICE),
        *(Reason.BUDGET_SOFT_LIMIT, Reason.BUDGET_SOFT_LIMIT_KEPT, Reason.ANSWER_ACCEPTED),
        *(Reason.ANSWER_NOT_TRUSTED, Reason.ANSWER_REFUSED, Reason.ANSWER_INVALID),
        *(Reason.ANSWER_CUT, Reason.ANSWER_OFF_TOPIC, Reason.ANSWER_GARBLED),
        *(Reason.ANSWER_FAILED_CHECKS, Reason.ANSWER_UNCHECKED, Reason.ANSWER_JUDGED_LOW),
        *(Reason.ANSWER_MARKED, Reason.ANSWER_WITHHELD, Reason.ANSWERER_FAILED),
        *(Reason.OUTAGE_SAME_LEVEL, Reason.OUTAGE_HIGHER, Reason.OUTAGE_LOWER),
        *(Reason.GAIN_BELOW_COST, Reason.BUDGET_EXHAUSTED, Reason.TIME_EXHAUSTED),
        Reason.LADDER_EXHAUSTED,
    }
)
"""Reasons that say how the ladder was ordered, which words went out or what became of an answer."""


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_leads_to_a_tier_or_is_known_not_to(reason: Reason) -> None:
    """A new reason is put into `LEADS` or into the list above: the dashboard names what led."""
    assert (reason in LEADS) is not (reason in BESIDE_LEADS)


def test_a_reason_of_words_of_no_answer_never_leads() -> None:
    assert not NO_ANSWER & LEADS
