"""Gives a row of each kind of reply: what it takes beside an accepted answer of a model."""

from __future__ import annotations

from router.ledger.replies import ReplyKind
from router.types import NO_ANSWER_MODEL

REPLIES: list[tuple[ReplyKind, dict[str, str]]] = [
    (ReplyKind.ANSWER, {"verdict": "accepted"}),
    (ReplyKind.QUESTION, {"verdict": "accepted", "reason": "asked_for_slot"}),
    (
        ReplyKind.NO_ANSWER,
        {"verdict": "unverified", "reason": "no_model", "model": NO_ANSWER_MODEL},
    ),
    (ReplyKind.NO_ANSWER, {"verdict": "unverified", "reason": "nothing_known"}),
    (ReplyKind.NO_ANSWER, {"verdict": "refused", "reason": "none_trusted"}),
    (ReplyKind.SAFE_WORDS, {"verdict": "safe_answer", "reason": "high_risk_medical"}),
    (ReplyKind.SAFE_WORDS, {"verdict": "held", "reason": "high_risk_legal"}),
    (ReplyKind.DECLINED, {"verdict": "refused", "reason": "harmful"}),
    (ReplyKind.REPEATED, {"verdict": "accepted", "reason": "idempotent_replay"}),
    (ReplyKind.COMPUTED, {"verdict": "accepted", "reason": "pinned", "endpoint": "analyze"}),
]
