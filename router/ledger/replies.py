"""Says what the client of a request got: an answer, or words that stand in for one.

Reports, roll-ups, the dashboard, datasets and replays count by this one table. The ledger keeps no
text, so a reply is known by the columns of its row: verdict, model and reason. A request that ended
without any reply has an `Ending` instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeAlias

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


class Shortfall(StrEnum):
    """Says what a model's answer lacks as it stands; nobody needs to judge it to see that."""

    REFUSED = "refused"  # it says that it will not or cannot answer
    UNKNOWING = "unknowing"  # it says that it does not know, and nothing more
    CUT = "cut"  # a cap of output ended it, the client's or the answerer's


ANSWERED = (ReplyKind.ANSWER, ReplyKind.QUESTION)
"""Lists the replies that do what was asked for, or ask for what that takes. They can save money:
whoever else answered would have had to ask, too."""

COMPUTING = frozenset({"analyze", "embeddings", "moderations"})
"""Endpoints whose replies are computed: nothing could go out unverified, escalate or be asked back,
so figures of answers leave them out. Where somebody else's price is known they are compared."""

Rules: TypeAlias = tuple[tuple[ReplyKind, str, frozenset[str]], ...]
RULES: Rules = (
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


IN_PLACE = frozenset({ReplyKind.NO_ANSWER, ReplyKind.SAFE_WORDS, ReplyKind.DECLINED})
"""Replies that are approved words in place of an answer. What a client says of them is said of the
words: no answerer is right or wrong by it."""

NO_ANSWER = frozenset(
    {
        Reason.NO_MODEL.value,
        Reason.NO_PASSAGE.value,
        Reason.NOTHING_KNOWN.value,
        Reason.NONE_TRUSTED.value,
    }
)
"""Reasons that say which words went out in place of an answer. Why a request was taken to the tier
whose place they took is another of its reasons."""

LEADS = frozenset(
    {
        *(Reason.LOW_CONFIDENCE, Reason.MULTI_FACTOR, Reason.NOVEL, Reason.HIGH_STAKES),
        *(Reason.IMPACT_LEVEL_2, Reason.IMPACT_LEVEL_3, Reason.STRATEGIC, Reason.ARCHITECTURE),
        *(Reason.HIGH_RISK_FINANCIAL, Reason.HIGH_RISK_LEGAL, Reason.HIGH_RISK_MEDICAL),
        *(Reason.HIGH_RISK_ENGINEERING_SAFETY, Reason.HIGH_RISK_PERSONAL_SAFETY, Reason.HIGH_RISK),
        *(Reason.UNSAFE, Reason.POLICY_RULE, Reason.TRIAGE_DEGRADED, Reason.COSTLY_MISTAKE),
        *(Reason.HINT_MIN_TIER, Reason.TOOL_LOOP, Reason.PINNED, Reason.CERTIFICATE_SUSPENDED),
        *(Reason.TOOLS_OFFERED, Reason.KEPT_OFF_SHELF, Reason.ASKS_TWICE, Reason.SLOT_UNFILLED),
        *(Reason.NOT_CAPABLE, Reason.NOTHING_TO_RESOLVE, Reason.OVER_MAX_COST),
    }
)
"""Reasons that lead to a tier: rules, what keeps a lower one from answering, a client's wish."""


def led_by(reason: str, reasons: Iterable[str]) -> str:
    """Returns the reason that led to a row's tier, which is not always the one that it gives.

    `no_model` says which words went out: the rule that asked for a model stands behind it.
    `reasons` are all of the row. Returns `reason` where an answer went out, or where there is no
    such rule.
    """
    return led_beside(reason, reasons) or reason


def led_beside(reason: str, reasons: Iterable[str]) -> str:
    """Returns `led_by` where it is another reason than the row's own, else ""."""
    if reason not in NO_ANSWER:
        return ""
    return next((one for one in reasons if one in LEADS), "")


_FIRST_TIME = tuple(rule for rule in RULES if rule[0] is not ReplyKind.REPEATED)


def reply_of(row: RequestRow) -> ReplyKind:
    """Returns what the client of an answered request got (`row_reading.answered`)."""
    return _first(row, RULES)


def in_place(row: RequestRow, reply: ReplyKind | None = None) -> bool:
    """Returns True where words went out in place of an answer, for the first time or again.

    A repeat is known by what its row keeps of the first one, the verdict and the model. `reply` is
    what `reply_of` returns, from a caller that has it.
    """
    if reply is None or reply is ReplyKind.REPEATED:
        reply = _first(row, _FIRST_TIME)
    return row.verdict != "" and reply in IN_PLACE


def no_tier_asked(row: RequestRow) -> bool:
    """Returns True for a harmful request, and for a repeat of its reply.

    Rows of older versions name the tier whose turn it would have been.
    """
    return row.reason == Reason.HARMFUL.value or row.tier == NO_TIER


def reply_sql(table: str = "") -> str:
    """Returns `reply_of` as an SQL expression over a row's columns, those of `table` ("r.")."""
    return _first_sql(table, RULES)


def in_place_sql(table: str = "") -> str:
    """Returns `in_place` as an SQL condition over a row's columns, those of `table` ("r.")."""
    listed = ", ".join(repr(str(reply)) for reply in sorted(IN_PLACE))
    return f"({table}verdict <> '' AND {_first_sql(table, _FIRST_TIME)} IN ({listed}))"


def _first(row: RequestRow, rules: Rules) -> ReplyKind:
    for reply, column, values in rules:
        if getattr(row, column) in values:
            return reply
    return ReplyKind.ANSWER


def _first_sql(table: str, rules: Rules) -> str:
    cases = []
    for reply, column, values in rules:
        listed = ", ".join(map(repr, sorted(values)))
        cases.append(f"WHEN {table}{column} IN ({listed}) THEN '{reply}'")
    return f"CASE {' '.join(cases)} ELSE '{ReplyKind.ANSWER}' END"
