"""Says what the client of a request got: an answer, or words that stand in for one.

Reports, roll-ups and the dashboard count by this one table. The ledger keeps no text, so a reply is
known by the columns of its row: verdict, model and reason. A request that ended without any reply
has an `Ending` instead.
"""

from __future__ import annotations

from enum import StrEnum

from router.types import NO_ANSWER_MODEL, Reason, RequestRow, Verdict

NO_TIER = "(no tier)"
"""Names the tier of a harmful request: it got approved words before any tier was asked."""


class ReplyKind(StrEnum):
    """Names what a client got that got a reply. A reply is in exactly one of these."""

    ANSWER = "answer"
    QUESTION = "question"  # asks for what the answer lacks, or which of some questions was meant
    NO_ANSWER = "no_answer"  # words that say that there is no answer
    SAFE_WORDS = "safe_words"  # approved words for a grave matter, which goes to a person
    DECLINED = "declined"  # words that refuse a request to harm
    REPEATED = "repeated"  # the first reply again, under its idempotency key
    COMPUTED = "computed"  # labels or vectors, which are no answer and which no ladder gave


ANSWERED = (ReplyKind.ANSWER, ReplyKind.QUESTION)
"""Lists the replies that do what was asked for, or ask for what that takes. They can save money:
whoever else answered would have had to ask, too."""

COMPUTING = frozenset({"analyze", "embeddings", "moderations"})
"""Endpoints whose replies are computed: nothing could go out unverified, escalate or be asked back,
so figures of answers leave them out. Where somebody else's price is known they are compared."""

RULES: tuple[tuple[ReplyKind, str, frozenset[str]], ...] = (
    (ReplyKind.REPEATED, "reason", frozenset({Reason.IDEMPOTENT_REPLAY.value})),
    (ReplyKind.COMPUTED, "endpoint", COMPUTING),
    (ReplyKind.SAFE_WORDS, "verdict", frozenset({Verdict.SAFE_ANSWER.value, Verdict.HELD.value})),
    (ReplyKind.DECLINED, "reason", frozenset({Reason.HARMFUL.value})),
    (ReplyKind.NO_ANSWER, "verdict", frozenset({Verdict.REFUSED.value})),
    (ReplyKind.NO_ANSWER, "model", frozenset({NO_ANSWER_MODEL})),
    (
        ReplyKind.NO_ANSWER,
        "reason",
        frozenset({Reason.NO_PASSAGE.value, Reason.NOTHING_KNOWN.value}),
    ),
    (
        ReplyKind.QUESTION,
        "reason",
        frozenset({Reason.ASKED_FOR_SLOT.value, Reason.ASKED_WHICH.value}),
    ),
)
"""Gives the reply of the first row that fits: its column has one of the values. Words that stand in
for an answer keep the model of the rung whose turn it was, so the verdict comes before the model.
"""


def reply_of(row: RequestRow) -> ReplyKind:
    """Returns what the client of an answered request got (`row_reading.answered`)."""
    for reply, column, values in RULES:
        if getattr(row, column) in values:
            return reply
    return ReplyKind.ANSWER


def no_tier_asked(row: RequestRow) -> bool:
    """Returns True for a harmful request, and for a repeat of its reply.

    Rows of older versions name the tier whose turn it would have been.
    """
    return row.reason == Reason.HARMFUL.value or row.tier == NO_TIER


def reply_sql(table: str = "") -> str:
    """Returns `reply_of` as an SQL expression over a row's columns, those of `table` ("r.")."""
    cases = []
    for reply, column, values in RULES:
        listed = ", ".join(map(repr, sorted(values)))
        cases.append(f"WHEN {table}{column} IN ({listed}) THEN '{reply}'")
    return f"CASE {' '.join(cases)} ELSE '{ReplyKind.ANSWER}' END"
