"""The bodies of `POST /v1/feedback` and `POST /v1/reviews/{id}`, and what is told of both.

JSON in, values out, and back. An unknown key is refused: feedback that was mistyped would be
silently lost. It knows nothing about who may give it.
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
"""Characters; above any answer that a tier may write in one call."""

MAX_NAME = 100
FEEDBACK_KEYS = ("decision_id", "correct", "corrected", "loss_usd", "outcome")
OUTCOME_KEYS = ("resolved_first_contact", "csat", "handle_minutes")
VERDICT_KEYS = ("verdict", "minutes", "corrected", "by")


class GivenFeedback(Struct, frozen=True):
    """What a client says of a decision; None where it does not say."""

    decision_id: str
    correct: bool | None = None
    corrected: str = ""
    loss_nano_usd: int | None = None
    resolved_first_contact: bool | None = None
    csat: float | None = None
    handle_minutes: float | None = None


class GivenVerdict(Struct, frozen=True):
    """What a reviewer says of a matter."""

    verdict: ReviewVerdict
    minutes: float
    corrected: str = ""
    by: str = ""


def parse_feedback(body: bytes) -> GivenFeedback:
    """The feedback of a body. Raises RequestError that names the key."""
    told = _known(json_object(body), FEEDBACK_KEYS, "")
    if "decision_id" not in told:
        raise missing("decision_id", "the id of an answer, as x-tiergate-decision-id gives it")
    outcome = _known(mapping(told.get("outcome", {}), "outcome"), OUTCOME_KEYS, "outcome.")
    if not outcome and told.keys() <= {"decision_id", "outcome"}:
        expected = "at least one of correct, corrected, loss_usd and outcome"
        raise missing("correct", expected)
    loss_usd = _number(told, "loss_usd", "", MAX_LOSS_USD)
    corrected = _text(told, "corrected", MAX_CORRECTED)
    correct = _flag(told, "correct", "")
    if correct and corrected:
        raise unsupported("corrected", "an answer that is correct needs no other one")
    return GivenFeedback(
        decision_id=bounded_text(told["decision_id"], "decision_id", 1, MAX_NAME),
        correct=False if corrected else correct,
        corrected=corrected,
        loss_nano_usd=None if loss_usd is None else usd_to_nano(loss_usd),
        resolved_first_contact=_flag(outcome, "resolved_first_contact", "outcome."),
        csat=_number(outcome, "csat", "outcome.", CSAT_HIGHEST, CSAT_LOWEST),
        handle_minutes=_number(outcome, "handle_minutes", "outcome.", MAX_HANDLE_MINUTES),
    )


def parse_verdict(body: bytes) -> GivenVerdict:
    """The verdict of a body. Raises RequestError that names the key."""
    told = _known(json_object(body), VERDICT_KEYS, "")
    for key in ("verdict", "minutes"):
        if key not in told:
            raise missing(key, "approve, correct or reject" if key == "verdict" else "a number")
    verdict = ReviewVerdict(
        one_of(told["verdict"], "verdict", [one.value for one in ReviewVerdict])
    )
    corrected = _text(told, "corrected", MAX_CORRECTED)
    if verdict is ReviewVerdict.CORRECT and not corrected:
        raise missing("corrected", "the right answer, since the verdict is correct")
    if corrected and verdict is not ReviewVerdict.CORRECT:
        raise unsupported("corrected", "only the verdict correct gives another answer")
    return GivenVerdict(
        verdict,
        number(told["minutes"], "minutes", 0, MAX_REVIEW_MINUTES),
        corrected,
        _text(told, "by", MAX_NAME),
    )


def _known(told: dict[str, object], keys: Sequence[str], at: str) -> dict[str, object]:
    """What is said without nulls, which say nothing. Raises RequestError for an unknown key."""
    for key in told:
        if key not in keys:
            raise unsupported(f"{at}{key[:80]}", f"known here are {', '.join(keys)}")
    return {key: value for key, value in told.items() if value is not None}


def _number(
    told: Mapping[str, object], key: str, at: str, high: float, low: float = 0
) -> float | None:
    return number(told[key], f"{at}{key}", low, high) if key in told else None


def _flag(told: Mapping[str, object], key: str, at: str) -> bool | None:
    return boolean(told[key], f"{at}{key}") if key in told else None


def _text(told: Mapping[str, object], key: str, high: int) -> str:
    return bounded_text(told[key], key, 1, high) if key in told else ""


# --- what is told --------------------------------------------------------------------------------


def feedback_view(heard: Heard) -> dict[str, object]:
    """What one source says now, as JSON types; dollars as an exact decimal string."""
    said = heard.feedback
    loss = said.loss_nano_usd
    return {
        "source": said.source.value,
        "recorded_at": said.created_at_ms,
        "revisions": heard.revisions,
        "correct": said.correct,
        "corrected": heard.corrected,
        "loss_usd": None if loss is None else exact_usd(loss, 1),
        "outcome": {
            "resolved_first_contact": said.resolved_first_contact,
            "csat": said.csat,
            "handle_minutes": said.handle_minutes,
        },
    }


def review_view(case: ReviewCase, decision_id: str) -> dict[str, object]:
    """A matter as reviewers see it, as JSON types; texts are null where they are not kept."""
    item = case.item
    return {
        "object": "review",
        "id": item.review_id,
        "decision_id": decision_id,
        "tenant": item.tenant,
        "domain": item.domain.value,
        "created_at": item.created_at_ms,
        "status": item.status,
        "question": item.question or None,
        "facts": list(item.facts),
        "draft": case.draft,
        **verdict_view(case),
    }


def verdict_view(case: ReviewCase) -> dict[str, object]:
    """What a person decided, all null while the matter waits."""
    said = case.reviewed
    cost = None if said is None else said.cost_nano_usd
    return {
        "verdict": None if said is None else said.verdict.value,
        "answer": case.answer,
        "minutes": None if said is None else said.minutes,
        "by": None if said is None or not said.by else said.by,
        "decided_at": None if said is None else said.decided_at_ms,
        "cost_usd": None if cost is None else exact_usd(cost, 1),
    }
