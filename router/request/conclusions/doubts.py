"""Finds what speaks against an answer: a broken check, a guess, a lower level. Pure.

`doubt_of` is asked after each answer and once more at the end; what goes out then is decided in
`request.final_answer`.
"""

from __future__ import annotations

from router.request.outgoing import below_opening
from router.request.progress import Candidate, Progress
from router.routing.answers.answer_checks import shares_words
from router.routing.routed_request import RoutedRequest
from router.types import Answer, PSource, Reason, VerifyMode


def doubt_of(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> Reason | None:
    """Returns why an answer may not go out as accepted; None: it may."""
    doubt = doubt_of_answer(routed, progress, candidate)
    return Reason.ANSWER_UNCHECKED if doubt is None and is_unread(routed) else doubt


def is_unread(routed: RoutedRequest) -> bool:
    """Returns True where triage could not read a part: nobody knows what stands in it."""
    return routed.signals.unread and routed.observed is None


def doubt_of_answer(
    routed: RoutedRequest, progress: Progress, candidate: Candidate
) -> Reason | None:
    """Returns what speaks against the answer itself, to a request that was read whole.

    Where the policy asks for no verification (`verify: none`), an answer of sound structure is
    taken as it is. A deliberation that its own tier does not vouch for never is, nor what a lower
    level says in an outage, nor an approved answer below the confidence floor, nor level 1's answer
    that a trigger looks past. In a grave matter, and where a mistake would be dear, a prior is no
    evidence of an answer.
    """
    verification, decision = candidate.verification, routed.decision
    if not usable(candidate):
        marked = failed_checks(candidate)
        return verification.failure or (
            Reason.ANSWER_FAILED_CHECKS if marked else Reason.ANSWER_NOT_TRUSTED
        )
    if progress.is_spare_below(routed, candidate):
        return Reason.OUTAGE_LOWER
    if routed.observed is not None:
        return None
    if candidate.index == decision.in_hand:
        return Reason.NOTHING_BETTER
    floor = decision.confidence_floor
    if from_shelf(candidate) and verification.p < floor and not pinned(routed):
        return Reason.LOW_CONFIDENCE
    if candidate.answer is not None and candidate.answer.reason is Reason.ASKED_WHICH:
        return None  # a question of level 1 is judged by the floor that the policy sets for it
    mode = routed.verify_modes[candidate.index]
    judged = mode is not VerifyMode.NONE or decision.hard_rule
    if judged and verification.p < routed.policy.decision.accept_at:
        return Reason.ANSWER_NOT_TRUSTED
    unchecked = (judged and _unchecked(routed, candidate)) or _assumed(routed, candidate)
    return Reason.ANSWER_UNCHECKED if unchecked else None


def from_shelf(candidate: Candidate) -> bool:
    """Returns True for an approved answer of level 1, which says one thing and may be unrelated."""
    answer = candidate.answer
    if answer is None or answer.reason is Reason.NO_PASSAGE:
        return False
    return candidate.rung.level == 1 and answer.approved


def _unchecked(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True where nothing speaks for the answer to a grave matter but a guess or its length.

    Its chance is a prior by level, or it shares no word with the question. A head of answers reads
    no meaning, so what it says is no evidence of its own here.
    """
    verification, answer = candidate.verification, candidate.answer
    guessed = verification.source in ("rung", "head")
    if not routed.grave or not guessed or answer is None:
        return False
    guess = candidate.rung.p_source is PSource.PRIOR
    if routed.request.needs_shape and not routed.request.compacts:
        return guess  # a label or a call need not have a word of the question
    if routed.needs_whole_answer and (routed.keeps_shape or not routed.acute):
        return False
    return guess or off_topic(routed, answer)


def _assumed(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True where a mistake would be dear and the answer's chance is a prior, no more."""
    decision = routed.decision
    dear = (
        Reason.COSTLY_MISTAKE in decision.first_rung.reasons
        or Reason.HIGH_STAKES in decision.floor_reasons
    )
    guessed = candidate.verification.source == "rung" and candidate.rung.p_source is PSource.PRIOR
    return dear and guessed


def off_topic(routed: RoutedRequest, answer: Answer) -> bool:
    """Returns True for words that share none with the question. Calls of tools are no words.

    The words above an answer say whom to call, whatever it is about: they count for nothing.
    """
    text = below_opening(routed, answer).text
    return shares_words(text, routed.request.last_user_text) is False


def usable(candidate: Candidate) -> bool:
    """Returns True for an answer of sound structure that its own answerer trusts."""
    verification, answer = candidate.verification, candidate.answer
    return verification.failure is None and answer is not None and answer.verified is not False


def failed_checks(candidate: Candidate) -> bool:
    """Returns True for a deliberation in which code found faults that no repair mended."""
    worked = None if candidate.answer is None else candidate.answer.worked
    return worked is not None and bool(worked.marks)


def pinned(routed: RoutedRequest) -> bool:
    """Returns True when the client named the tier or the answerer."""
    return Reason.PINNED in routed.decision.first_rung.reasons
