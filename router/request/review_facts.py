"""Builds a matter that waits for a person, with what is known of its request. Pure.

The client is told none of it but the facts in its own words.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from router.policy.content.deliberation import facts_in
from router.policy.refusal import cries_for_help
from router.request.conclusions.doubts import off_topic
from router.request.progress import Candidate
from router.routing.hard_rules import findings_of, risk_at_stake
from router.routing.routed_request import RoutedRequest
from router.routing.wording.risk_reasons import RISK_OF, likeliest_risk
from router.types import ChatRequest, Ids, PSource, Reason, ReviewItem, Urgency

MOST_PHRASES = 6
"""Phrases that a reviewer reads. It is chosen by hand, not measured: a few lines are read at a
glance, and each costs a search of its own."""

EARLIER = 4
"""Earlier messages that are searched for the words of a phrase, each within its own bound."""

NEAR_FROM = 0.02
"""Chance of an approved answer from which a reviewer is told of it, as a question is offered."""

MOST_CALLS = 4
MOST_OF_CALL = 1_000
"""Calls of tools that a reviewer reads, and characters of the arguments of each: a ticket's worth,
and far less than a file that a call may write."""

RISKS = frozenset({*RISK_OF, Reason.HIGH_RISK})
"""Reasons that a domain of high risk gives together with high stakes."""

SENT = "the client has this draft, marked unverified: a program expects its shape"
"""Tells a reviewer that the answer in question went out."""


def review_of(
    routed: RoutedRequest, best: Candidate | None, ids: Ids, *, sent: bool = False
) -> ReviewItem:
    """Returns the matter as it waits for a person; `best` is the draft that is in question.

    `sent`: the client gets that draft at once, unverified.
    """
    return ReviewItem(
        review_id=f"rev_{ids.new()}",
        request_id=routed.request_id,
        tenant=routed.identity.tenant,
        domain=routed.matter_domain,
        created_at_ms=routed.created_at_ms,
        question=routed.request.last_user_text,
        facts=_facts_of(routed, best, sent=sent),
        store=routed.policy.privacy.for_reviewers,
        retention_days=routed.policy.privacy.retention_days,
        urgency=_urgency(routed),
    )


def _urgency(routed: RoutedRequest) -> Urgency:
    """Returns how urgent a matter is; a refused one that calls for help is grave at least."""
    if routed.acute or routed.words_first.emergency or routed.refused_self_harm:
        return Urgency.EMERGENCY
    grave = routed.grave or routed.calls_for_help or cries_for_help(routed.signals)
    return Urgency.GRAVE if grave else Urgency.ORDINARY


def _facts_of(
    routed: RoutedRequest, best: Candidate | None, *, sent: bool = False
) -> tuple[str, ...]:
    """Returns what is known, a line each: facts, phrases, why it is no usual request, the draft.

    `sent`: the client has that draft.
    """
    return (
        *facts_in(routed.request, routed.signals),
        *_found_words(routed),
        *_read_matter(routed),
        *_unusual(routed),
        *_nearest(routed),
        *_draft(routed, best),
        *([SENT] if sent else []),
    )


def _found_words(routed: RoutedRequest) -> tuple[str, ...]:
    """Returns by which words phrases were found, from the latest message that has them."""
    names = routed.signals.risk_terms
    if not names:
        return ()
    lines = islice(routed.runtime.found_words(latest_texts(routed.request), names), MOST_PHRASES)
    return tuple(_in_words(*line.partition(": ")) for line in lines)


def latest_texts(request: ChatRequest) -> tuple[str, ...]:
    """Returns the user's messages that are searched for words again, the last one first."""
    return (request.last_user_text, *reversed(request.earlier_user_texts[-EARLIER:]))


def _in_words(name: str, _colon: str, words: str) -> str:
    """Returns a phrase's line: `words found for medical emergency (en): chest, tight`."""
    matter, _, language = name.replace("_", " ").partition(":")
    return f"words found for {matter}{language and f' ({language})'}: {words}"


def _read_matter(routed: RoutedRequest) -> tuple[str, ...]:
    """Returns the grave matter that the reader found and its chance, where no phrase names one, or
    the chance that a text handed over is a cry for help.

    In another language than English the chance is sound, and which matter it is is a guess.
    """
    signals, findings = routed.signals, findings_of(routed.policy, routed.signals)
    if cries_for_help(signals):
        chance = f"{signals.text_despair:.2f}"
        return (f"a text handed over for work on it: a cry for help by a chance of {chance}",)
    if signals.matter is None or not findings.grave or findings.lists:
        return ()
    matter = signals.matter.replace("_", " ")
    return (f"read as a grave matter: chance {signals.grave:.2f}, most likely {matter}",)


def _unusual(routed: RoutedRequest) -> Iterator[str]:
    """Yields why it is no usual request, of the reasons that have no facts in the text."""
    signals, section = routed.signals, routed.policy.decision
    reasons = routed.decision.floor_reasons
    if Reason.STRATEGIC in reasons and signals.strategic >= section.strategic_at:
        yield f"read as a decision about an organisation: chance {signals.strategic:.2f}"
    risk = risk_at_stake(section, signals, findings_of(routed.policy, signals))
    if risk is not None and not RISKS.isdisjoint(reasons):
        chance = likeliest_risk(signals)[1] * signals.stakes_high
        yield f"much is at stake in {risk.value.replace('_', ' ')}: chance {chance:.2f}"
    if Reason.HIGH_STAKES in reasons:
        yield f"much is at stake: chance {signals.stakes_high:.2f}"
    if Reason.MULTI_FACTOR in reasons:
        yield f"several things have to be weighed: chance {signals.multi_factor:.2f}"
    if Reason.UNSAFE in reasons:
        chance, kind = max((signals.toxic, "toxic"), (signals.spam, "spam"))
        yield f"read as {kind} (unsafe): chance {chance:.2f}"
    if Reason.NOVEL in reasons:
        yield f"unlike what triage has learnt (novel): chance {signals.novelty:.2f}"


def _nearest(routed: RoutedRequest) -> Iterator[str]:
    """Yields the approved answer that comes nearest; a reviewer may confirm it or see a gap."""
    match = routed.signals.match
    if match is not None and match.confidence >= NEAR_FROM:
        yield f"nearest approved answer: {match.intent_id}, confidence {match.confidence:.3f}"


def _draft(routed: RoutedRequest, best: Candidate | None) -> Iterator[str]:
    """Yields who wrote the draft, and what speaks against it."""
    if best is None or best.answer is None:
        return
    verification, worked = best.verification, best.answer.worked
    who = f"draft by {best.rung.answerer}, level {best.rung.level}"
    if verification.failure is not None:
        yield f"{who}: unusable, {verification.failure.value.replace('_', ' ')}"
    else:
        on = " (assumed, nobody measured it)" if _is_guess(best) else ""
        yield f"{who}: chance of being right {verification.p:.2f}{on}"
    shaped = routed.request.needs_shape or best.answer.calls_tools
    if not shaped and off_topic(routed, best.answer):
        yield "the draft shares no word with the question: it may be about something else"
    for mark in () if worked is None else worked.marks:
        yield f"a check found in the draft: {_one_line(mark)}"
    # A call is no text that is kept as the draft, and nobody can judge what they do not see.
    calls = (call for one in best.answer.choices for call in one.tool_calls)
    for call in islice(calls, MOST_CALLS):
        yield f"the draft calls {call.name}: {_one_line(call.arguments, MOST_OF_CALL)}"


def _is_guess(best: Candidate) -> bool:
    return best.verification.source == "rung" and best.rung.p_source is PSource.PRIOR


def _one_line(text: str, most: int = 200) -> str:
    return " ".join(text.split())[:most]
