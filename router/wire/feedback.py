"""Reads the bodies of `POST /v1/feedback` and `POST /v1/reviews/{id}`, and renders both.

Unknown keys are refused, since mistyped feedback would be lost without a message. This module knows
nothing about the right to give feedback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from router.types import (
    CSAT_HIGHEST,
    CSAT_LOWEST,
    MAX_REVIEW_MINUTES,
    Heard,
    ReviewCase,
    ReviewVerdict,
    exact_usd,
    usd_to_nano,
)
from router.wire.checks import (
    boolean,
    bounded_text,
    json_object,
    mapping,
    missing,
    number,
    one_of,
    unsupported,
)

MAX_LOSS_USD = 1e9
MAX_HANDLE_MINUTES = 7 * 24 * 60.0
MAX_CORRECTED = 200_000
"""Limits the characters of a corrected answer, above any answer that a tier may write in one
call."""

MAX_REASON = 2_000
MAX_COMMENT = 2_000
MAX_NAME = 100
FEEDBACK_KEYS = ("decision_id", "correct", "corrected", "comment", "loss_usd", "outcome")
OUTCOME_KEYS = ("resolved_first_contact", "csat", "handle_minutes")
VERDICT_KEYS = ("verdict", "minutes", "corrected", "by", "reason", "new_class")


class GivenFeedback(Struct, frozen=True):
    """Holds a client's feedback on a decision. None means that the client gave no value."""

    decision_id: str
    correct: bool | None = None
    corrected: str = ""
    comment: str = ""
    loss_nano_usd: int | None = None
    resolved_first_contact: bool | None = None
    csat: float | None = None
    handle_minutes: float | None = None


class GivenVerdict(Struct, frozen=True):
    """Holds a reviewer's verdict on an item."""

    verdict: ReviewVerdict
    minutes: float
    corrected: str = ""
    by: str = ""
    reason: str = ""
    new_class: bool = False


def parse_feedback(body: bytes) -> GivenFeedback:
    """Returns the feedback of a body. Raises RequestError that names the key."""
    given = _known(json_object(body), FEEDBACK_KEYS, "")
    if "decision_id" not in given:
        raise missing("decision_id", "the id of an answer, as x-tiergate-decision-id gives it")
    outcome = _known(mapping(given.get("outcome", {}), "outcome"), OUTCOME_KEYS, "outcome.")
    # A body with only an id contains no feedback.
    if not outcome and given.keys() <= {"decision_id", "outcome"}:
        expected = "at least one of correct, corrected, comment, loss_usd and outcome"
        raise missing("correct", expected)
    loss_usd = _number(given, "loss_usd", "", MAX_LOSS_USD)
    corrected = _text(given, "corrected", MAX_CORRECTED)
    correct = _flag(given, "correct", "")
    if correct and corrected:
        raise unsupported("corrected", "an answer that is correct needs no other one")
    return GivenFeedback(
        decision_id=bounded_text(given["decision_id"], "decision_id", 1, MAX_NAME),
        # A corrected answer tells that the given one was wrong.
        correct=False if corrected else correct,
        corrected=corrected,
        comment=_text(given, "comment", MAX_COMMENT),
        loss_nano_usd=None if loss_usd is None else usd_to_nano(loss_usd),
        resolved_first_contact=_flag(outcome, "resolved_first_contact", "outcome."),
        csat=_number(outcome, "csat", "outcome.", CSAT_HIGHEST, CSAT_LOWEST),
        handle_minutes=_number(outcome, "handle_minutes", "outcome.", MAX_HANDLE_MINUTES),
    )


def parse_verdict(body: bytes) -> GivenVerdict:
    """Returns the verdict of a body. Raises RequestError that names the key."""
    given = _known(json_object(body), VERDICT_KEYS, "")
    for key in ("verdict", "minutes"):
        if key not in given:
            raise missing(key, "approve, correct or reject" if key == "verdict" else "a number")
    verdict = ReviewVerdict(
        one_of(given["verdict"], "verdict", [known.value for known in ReviewVerdict])
    )
    corrected = _text(given, "corrected", MAX_CORRECTED)
    if verdict is ReviewVerdict.CORRECT and not corrected:
        raise missing("corrected", "the right answer, since the verdict is correct")
    if corrected and verdict is not ReviewVerdict.CORRECT:
        raise unsupported("corrected", "only the verdict correct gives another answer")
    new_class = _flag(given, "new_class", "") or False
    if new_class and not corrected:
        raise unsupported("new_class", "it says of the label in corrected that the head lacks it")
    return GivenVerdict(
        verdict,
        number(given["minutes"], "minutes", 0, MAX_REVIEW_MINUTES),
        corrected,
        _text(given, "by", MAX_NAME),
        _text(given, "reason", MAX_REASON),
        new_class,
    )


def _known(given: dict[str, object], keys: Sequence[str], path: str) -> dict[str, object]:
    """Returns the given values without nulls, which mean nothing.

    Raises RequestError for an unknown key.
    """
    for key in given:
        if key not in keys:
            raise unsupported(f"{path}{key[:80]}", f"known here are {', '.join(keys)}")
    return {key: value for key, value in given.items() if value is not None}


def _number(
    given: Mapping[str, object], key: str, path: str, high: float, low: float = 0
) -> float | None:
    return number(given[key], f"{path}{key}", low, high) if key in given else None


def _flag(given: Mapping[str, object], key: str, path: str) -> bool | None:
    return boolean(given[key], f"{path}{key}") if key in given else None


def _text(given: Mapping[str, object], key: str, high: int) -> str:
    return bounded_text(given[key], key, 1, high) if key in given else ""


def feedback_view(heard: Heard) -> dict[str, object]:
    """Returns one source's current feedback as JSON types, dollars as an exact decimal string."""
    feedback = heard.feedback
    loss = feedback.loss_nano_usd
    return {
        "source": feedback.source.value,
        "recorded_at": feedback.created_at_ms,
        "revisions": heard.revisions,
        "correct": feedback.correct,
        "corrected": heard.corrected,
        "comment": heard.comment,
        "loss_usd": None if loss is None else exact_usd(loss, 1),
        "outcome": {
            "resolved_first_contact": feedback.resolved_first_contact,
            "csat": feedback.csat,
            "handle_minutes": feedback.handle_minutes,
        },
    }


def review_view(case: ReviewCase, decision_id: str) -> dict[str, object]:
    """Returns a review item for reviewers as JSON types. Texts are null when they are not kept."""
    item = case.item
    return {
        "object": "review",
        "id": item.review_id,
        "decision_id": decision_id,
        "tenant": item.tenant,
        "domain": item.domain.value,
        "urgency": item.urgency.value,
        "created_at": item.created_at_ms,
        "status": item.status,
        "question": item.question or None,
        "facts": list(item.facts),
        "draft": case.draft,
        "no_draft": case.no_draft,
        **verdict_view(case),
    }


def verdict_view(case: ReviewCase) -> dict[str, object]:
    """Returns a person's decision, with null in every field while the item waits."""
    reviewed = case.reviewed
    cost = None if reviewed is None else reviewed.cost_nano_usd
    return {
        "verdict": None if reviewed is None else reviewed.verdict.value,
        "answer": case.answer,
        "minutes": None if reviewed is None else reviewed.minutes,
        "by": None if reviewed is None or not reviewed.by else reviewed.by,
        "decided_at": None if reviewed is None else reviewed.decided_at_ms,
        "cost_usd": None if cost is None else exact_usd(cost, 1),
    }
