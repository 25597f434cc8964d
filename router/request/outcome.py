"""Tells what became of a request, and why: its outcome, and what is said before. Pure."""

from __future__ import annotations

from router.ledger.replies import NO_ANSWER
from router.ledger.row_reading import attempt_cost_known
from router.request.conclusions.left_out import left_out, lowered_cap, tools_left_out
from router.request.outgoing import is_opened
from router.request.progress import Candidate, Progress, shown_rung
from router.routing.hard_rules import disclaimer_of
from router.routing.routed_request import RoutedRequest
from router.types import (
    Begun,
    Clock,
    Committed,
    CostBasis,
    Outcome,
    Reason,
    Timings,
    Usage,
    Verdict,
)


def redirects_of(progress: Progress) -> tuple[str, ...]:
    """Returns each redirect of the request once, as people read it."""
    if not progress.attempts.redirects:
        return ()
    shown = [f"{redirect.asked} -> {redirect.answered}" for redirect in progress.attempts.redirects]
    return tuple(dict.fromkeys(shown))


def outcome_of(
    routed: RoutedRequest,
    progress: Progress,
    candidate: Candidate,
    verdict: Verdict,
    clock: Clock,
) -> Outcome:
    """Returns the outcome of a request; a dry run's cost is what is expected of it."""
    spent, known = progress.attempts.spent_nano_usd, True
    if not progress.accounted:
        spent, known = _expected_cost(routed)
    return Outcome(
        request_id=routed.request_id,
        signals=routed.signals,
        decision=routed.decision,
        policy=routed.runtime.policy.name,
        policy_hash=routed.runtime.policy_hash,
        answer=candidate.answer,
        rung=candidate.rung,
        verdict=verdict,
        reason=why(routed, progress, candidate),
        confidence=candidate.verification.p,
        escalations=progress.climbs,
        cost_nano_usd=spent,
        cost_known=known and all(map(attempt_cost_known, progress.attempts.rows)),
        baselines=progress.comparison.baselines,
        observed=routed.observed is not None,
        timings=_timings(routed, progress, clock.monotonic_ms()),
        attempts=tuple(progress.attempts.rows),
        review_id=progress.review_id,
        rates=progress.rate_states,
        cache=progress.lookup.outcome,
        dropped=left_out(routed, progress, candidate),
        unsupported_tools=tools_left_out(routed, candidate),
        redirects=redirects_of(progress),
        max_output_tokens=lowered_cap(routed, progress, candidate),
        disclaimer=disclaimer_of(routed.policy, routed.signals),
        opened=is_opened(routed, candidate.answer),
    )


def _expected_cost(routed: RoutedRequest) -> tuple[int, bool]:
    """Returns the expected cost of the rung that would be called, and False where it is unknown.

    Where approved words go out, or a budget refuses the call, nothing is called and nothing paid.
    """
    rung = routed.decision.rungs[routed.called_first]
    if routed.uncalled or Reason.UNKNOWN_PRICE in rung.reasons:
        return 0, True
    return rung.cost_nano_usd, rung.cost_basis is not CostBasis.UNKNOWN


def begun(routed: RoutedRequest, progress: Progress) -> Begun:
    """Returns the event after which a client may be told that its answer is awaited."""
    return Begun(
        routed.request_id,
        routed.decision,
        routed.policy.name,
        routed.runtime.policy_hash,
        progress.rate_states,
    )


def committed(
    routed: RoutedRequest,
    progress: Progress,
    candidate: Candidate,
    verdict: Verdict | None = None,
) -> Committed:
    """Returns the event after which the client has this answer; `verdict` None: not known yet."""
    answer = candidate.answer
    named = candidate.rung if candidate.stands_in else shown_rung(routed, progress, candidate.index)
    facts = routed.plans[candidate.index].facts
    estimated = Usage(input_tokens=routed.signals.input_tokens)
    return Committed(
        request_id=routed.request_id,
        decision=routed.decision,
        rung=named,
        model=answer.model if answer else facts.model,
        policy=routed.policy.name,
        policy_hash=routed.runtime.policy_hash,
        escalations=progress.climbs,
        rates=progress.rate_states,
        review_id=progress.review_id,
        cache=progress.lookup.outcome,
        usage=answer.usage if answer and answer.usage.input_tokens else estimated,
        dropped=left_out(routed, progress, candidate),
        unsupported_tools=tools_left_out(routed, candidate),
        redirects=redirects_of(progress),
        max_output_tokens=lowered_cap(routed, progress, candidate),
        reason=why(routed, progress, candidate),
        confidence=candidate.verification.p,
        verdict=verdict,
        disclaimer=disclaimer_of(routed.policy, routed.signals),
    )


def _timings(routed: RoutedRequest, progress: Progress, now_ms: float) -> Timings:
    decided_ms = routed.started_ms + routed.triage_ms + routed.decide_ms
    answered_ms = progress.answered_ms or decided_ms
    return Timings(
        triage_ms=routed.triage_ms,
        decide_ms=routed.decide_ms,
        answer_ms=answered_ms - decided_ms,
        ledger_ms=now_ms - answered_ms if progress.answered_ms else 0.0,
        total_ms=now_ms - routed.started_ms,
    )


def why(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> Reason:
    """Returns why this tier answered."""
    if progress.lookup.hit is not None:
        for hit in (Reason.CACHE_HIT, Reason.SEMANTIC_CACHE_HIT):
            if hit in candidate.rung.reasons:
                return hit
    if routed.observed is not None:
        return Reason.OBSERVED
    if candidate.answer is not None and candidate.answer.reason is not None:
        return candidate.answer.reason
    if routed.refused and not routed.calls_for_help:
        return Reason.HARMFUL
    return progress.reached_by(routed, candidate.index)


def all_reasons(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> tuple[str, ...]:
    """Returns why something is said in place of an answer, the first rung's reasons, those of each
    later rung, then why the climb ended.
    """
    reasons = [*routed.decision.first_rung.reasons, *[step.said.reason for step in progress.steps]]
    if routed.refused:  # before any rung counts
        reasons = [Reason.HARMFUL]
    if candidate.answer is not None and candidate.answer.reason is not None:
        reasons.insert(0, candidate.answer.reason)
        if candidate.answer.reason in NO_ANSWER and routed.decision.kept_by_cap:
            reasons.insert(1, Reason.OVER_MAX_COST)
    # `_value_` is read in C; the property `value` would call two Python functions for each.
    return tuple(dict.fromkeys([reason._value_ for reason in reasons]))
