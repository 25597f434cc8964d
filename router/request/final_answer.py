"""Decides what the client gets after the climb: the answer in hand, a safe answer, or an error.

`conclude` is called once per request, after the last `next_rung`. An answer below `accept_at`, one
its own answerer would not vouch for, or none at all has failed; then `exhausted` in the policy says
what happens in this domain. What the climb asks after a failure stands at the end (`noted_failure`,
`stranded`).
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from router.errors import (
    NOT_ADMITTED,
    AnswererError,
    BudgetExceeded,
    CannotAnswer,
    NoUsableAnswer,
    RateLimited,
    TiergateError,
)
from router.errors.incapable import (
    UnusableAnswer,
    context_exceeded,
    declined_by_all,
    named_is_silent,
    no_model_for_shape,
    no_trusted_shape,
    no_usable_answer,
    untrusted_shape,
)
from router.policy.content.deliberation import facts_in
from router.policy.refusal import cries_for_help
from router.request.conclusions.doubts import (
    doubt_of_answer,
    failed_checks,
    from_shelf,
    is_unread,
    off_topic,
    pinned,
    usable,
)
from router.request.conclusions.safe_words import safe_words
from router.request.conclusions.told_failure import (
    awaited,
    is_outage,
    must_be_changed,
    told_failure,
)
from router.request.progress import (
    STAND_IN,
    Candidate,
    Progress,
    asking,
    is_quiet_end,
    showable,
    unasked,
    untried,
)
from router.request.review_facts import review_of
from router.routing.constraints import demanded_of
from router.routing.routed_request import RoutedRequest
from router.routing.rungs.allowed_rungs import UNFIT, fits
from router.routing.verification import Verification
from router.routing.wording.matters import language_of
from router.routing.wording.words_first import place_of_no_answer
from router.types import (
    NO_ANSWER_MODEL,
    READ_LANGUAGES,
    REFUSAL_MODEL,
    SAFE_ANSWER_MODEL,
    Answer,
    Choice,
    Exhausted,
    Ids,
    PSource,
    Reason,
    ReviewItem,
    Usage,
    Verdict,
)

REFUSED_TEXT = (
    "No answer to this request could be verified, so none is given. Please ask a person, or ask "
    "again with more detail."
)


class Conclusion(Struct, frozen=True):
    """Holds what goes out when the climb is over."""

    candidate: Candidate
    verdict: Verdict
    review: ReviewItem | None = None  # the matter that waits for a person
    error: TiergateError | None = None  # what the client gets instead, once the matter waits


def conclude(
    routed: RoutedRequest, progress: Progress, ids: Ids, failed: TiergateError | None
) -> Conclusion:
    """Returns the answer to release and its verdict. Raises the last failure when there is none.

    Where a person must hear of the matter all the same, it returns the error with the review. Of a
    cry for help in a text that was handed over a person hears beside any answer, except in mode
    observe.
    """
    failed = awaited(routed, progress, failed)
    try:
        concluded = _concluded(routed, progress, ids, failed)
        told = concluded.review is not None or routed.observed is not None
        if told or not cries_for_help(routed.signals):
            return concluded
        return replace(concluded, review=review_of(routed, concluded.candidate, ids))
    except TiergateError as error:
        if not _told_beside_error(routed, progress):
            raise
        best = progress.best or untried(routed)
        return Conclusion(best, Verdict.UNVERIFIED, review_of(routed, progress.best, ids), error)


def _concluded(
    routed: RoutedRequest, progress: Progress, ids: Ids, failed: TiergateError | None
) -> Conclusion:
    """Returns what `conclude` says; the first condition that holds decides.

    In this order: words that were due before any call, an answer that is accepted, one that goes
    out as unverified whatever `exhausted` says, what `exhausted` says, approved words, the error.
    """
    best, observed = progress.best, routed.observed is not None
    if routed.refused:
        return _refused(routed, ids)
    if routed.unanswerable:
        raise no_trusted_shape()
    if routed.safe_answer_first:
        return _hand_over(routed, best, ids, progress.why_words(routed))
    if best is None and routed.has_words and isinstance(failed, BudgetExceeded):
        if not routed.has_words_after(failed):
            raise failed
        return _hand_over(routed, None, ids, Reason.BUDGET_EXHAUSTED)
    doubt = None if best is None else doubt_of_answer(routed, progress, best)
    if best is not None and doubt is None:
        if routed.acute and routed.keeps_shape:
            return _beside_review(routed, best, Reason.ANSWER_UNCHECKED, ids)
        whole = best.answer is None or best.answer.reason is not Reason.ANSWER_WITHHELD
        accepted = whole and not is_unread(routed)
        return Conclusion(best, Verdict.ACCEPTED if accepted else Verdict.UNVERIFIED)
    if best is not None and doubt is Reason.ANSWER_UNCHECKED and not routed.grave:
        return Conclusion(best, Verdict.UNVERIFIED)  # a mistake would merely be dear
    unchanged = progress.committed is not None or observed
    wanted = unchanged or routed.request.compacts  # an agent can go on with no other words
    if best is not None and (wanted or _named(routed, best)):
        return Conclusion(best, Verdict.UNVERIFIED)
    if observed:
        raise failed or AnswererError("The model that was asked for gave no usable answer.")
    if isinstance(failed, CannotAnswer) and best is None:
        failed = _why_declined(routed, failed)
    rule = routed.exhausted
    if best is not None and routed.grave and failed_checks(best) and rule is Exhausted.BEST_ANSWER:
        rule = Exhausted.REVIEW  # nobody is told in a grave matter what code found wrong
    if best is not None and rule.by_person and _keeps_shape(routed, best):
        return _beside_review(routed, best, doubt, ids)
    if best is not None and rule is Exhausted.REVIEW and _sound(routed, best, doubt):
        if not _calls_tools(best) or routed.request.in_tool_loop:
            return Conclusion(best, Verdict.UNVERIFIED)
        return _beside_review(routed, best, doubt, ids)
    if rule.by_person and _takes_words(routed, best, failed):
        return _hand_over(routed, best, ids, progress.why_words(routed))
    if best is not None and rule is Exhausted.BEST_ANSWER and _may_go_out(routed, progress, best):
        question = None if best.answer is None else best.answer.instead
        if question and not _too_unsure(routed, best):
            return Conclusion(asking(best, question), Verdict.UNVERIFIED)
        if question is not None or _too_unsure(routed, best):
            return _no_answer(routed, best, Reason.NOTHING_KNOWN)
        return Conclusion(best, Verdict.UNVERIFIED)
    nobody_answered = best is None and failed is not None and not isinstance(failed, CannotAnswer)
    if rule is Exhausted.REFUSE and not (routed.request.needs_shape or nobody_answered):
        why = Reason.NONE_TRUSTED
        refusal = _stand_in(routed, best, REFUSED_TEXT, (), refusal=True, reason=why)
        return Conclusion(refusal, Verdict.REFUSED)
    if best is None and isinstance(failed, CannotAnswer) and not routed.request.needs_shape:
        if failed.words:
            return _nothing_there(routed, failed.words)
        if failed.reason in UNFIT and not pinned(routed):
            return _no_answer(routed, None, Reason.NO_MODEL)
    if isinstance(failed, CannotAnswer) and not failed.passes:
        failed = declined_by_all(failed)
    raise failed or _no_usable_answer(routed, progress)


def _told_beside_error(routed: RoutedRequest, progress: Progress) -> bool:
    """Returns True where a person hears of a grave matter whose client gets an error.

    Words would break the demanded shape. A call that failed or that a limit refused tells nobody by
    itself, since clients repeat it, unless somebody may need help now.
    """
    shape = routed.request.needs_shape and not routed.request.compacts
    if not shape or routed.observed is not None or not routed.exhausted.by_person:
        return False
    return routed.acute or (routed.grave and progress.best is not None)


def _takes_words(
    routed: RoutedRequest, best: Candidate | None, failed: TiergateError | None
) -> bool:
    """Returns True where words may replace the answer: no shape is needed, nor another request."""
    mends = best is None and must_be_changed(failed) and not routed.acute
    return not (mends or routed.request.needs_shape)


def _no_usable_answer(routed: RoutedRequest, progress: Progress) -> NoUsableAnswer:
    best = progress.best
    if best is None:
        return no_usable_answer()
    if best.verification.failure is None:
        return untrusted_shape(routed.exhausted.value if usable(best) else "")
    faults = [_fault(routed, progress, faulty) for faulty in progress.faulty.values()]
    return no_usable_answer(faults, shape=routed.request.needs_shape)


def _fault(routed: RoutedRequest, progress: Progress, faulty: Candidate) -> UnusableAnswer:
    facts, judged = routed.plans[faulty.index].facts, faulty.verification
    assert judged.failure is not None
    words = "" if judged.fault is None else judged.fault.words
    cap = progress.attempts.own_cap(faulty.index, facts, routed.request)
    return UnusableAnswer(facts.name, judged.failure, words, cap)


def _why_declined(routed: RoutedRequest, declined: CannotAnswer) -> TiergateError:
    """Returns why there is no answer where all that took the request declined it.

    Models that would have answered a shorter request are named by what they take. A shape that no
    model may write is asked for in vain, however often it is tried, and so is what a tier that the
    client names does not know.
    """
    if declined.reason == Reason.NO_MODEL and routed.request.needs_shape:
        return no_model_for_shape(routed.policy.name, demanded_of(routed.request))
    short = [f for f in routed.facts if not fits(f, routed.signals)]
    if not short and declined.reason in UNFIT and pinned(routed):
        return named_is_silent(routed.request.requested_model)
    if not short:
        return declined
    return context_exceeded(short, routed.signals, "no model of this policy")


def _refused(routed: RoutedRequest, ids: Ids) -> Conclusion:
    """Returns the approved refusal of a harmful request, or a safe answer where help is due."""
    if routed.calls_for_help and not routed.request.needs_shape:
        # A grave matter says why by itself; of any other the refusal is why nobody was asked.
        return _hand_over(routed, None, ids, None if routed.grave else Reason.HARMFUL)
    words = routed.runtime.refusal(language_of(routed.signals)) or routed.policy.safety.words
    refusal = _stand_in(routed, None, words, (), refusal=True, reason=Reason.HARMFUL)
    return Conclusion(refusal, Verdict.REFUSED)


def _keeps_shape(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True for a usable answer in a shape that a program expects; words would break it.

    Where somebody may need help now, a tool loop is such a shape, whatever its answer says.
    """
    expected = routed.request.needs_shape or (routed.acute and routed.keeps_shape)
    return expected and usable(candidate)


def _sound(routed: RoutedRequest, candidate: Candidate, doubt: Reason | None) -> bool:
    """Returns True for an answer to a grave matter against which only speaks that its model is new.

    It is whole, about the matter, and of the level that the matter demands, but its chance is a
    prior. It goes out unverified; a person is asked where the answer itself gives cause. A call of
    an offered tool has no words that could be about the matter. Where somebody may need help now,
    nothing is sound: approved words say whom to call.
    """
    answer = candidate.answer
    if routed.acute or answer is None or doubt is not Reason.ANSWER_UNCHECKED:
        return False
    return _calls_tools(candidate) or not off_topic(routed, answer)


def _calls_tools(candidate: Candidate) -> bool:
    return candidate.answer is not None and candidate.answer.calls_tools


def _too_unsure(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True for an approved answer that is probably about something else."""
    unsure = candidate.verification.p < routed.decision.unverified_from
    return unsure and from_shelf(candidate) and not routed.request.needs_shape


def _nothing_there(routed: RoutedRequest, message: str) -> Conclusion:
    """Returns what documents say that have no answer, where no other rung has one."""
    signals = routed.signals
    if signals.language not in READ_LANGUAGES:
        message = routed.runtime.no_answer(signals.known_domain, signals.language)
    place = _place_of_words(routed)
    words = _stand_in(routed, place, message, (), refusal=False, reason=Reason.NO_PASSAGE)
    return Conclusion(words, Verdict.UNVERIFIED)


def _no_answer(routed: RoutedRequest, best: Candidate | None, why: Reason) -> Conclusion:
    """Returns the approved words that there is no answer; they are unverified, whatever the why."""
    signals = routed.signals
    text = routed.runtime.no_answer(signals.known_domain, signals.language)
    place = best or _place_of_words(routed)
    words = _stand_in(routed, place, text, (), refusal=False, reason=why)
    return Conclusion(words, Verdict.UNVERIFIED)


def _place_of_words(routed: RoutedRequest) -> Candidate:
    without_model = [plan.facts.without_model for plan in routed.plans]
    return untried(routed, place_of_no_answer(routed.decision, without_model))


def _showable(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> bool:
    return showable(routed, candidate, progress.attempts.caps.get(candidate.index))


def _may_go_out(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> bool:
    """Returns True for an answer that goes out unverified once every rung was asked."""
    return _showable(routed, progress, candidate) or is_quiet_end(routed, candidate)


def _beside_review(
    routed: RoutedRequest, best: Candidate, doubt: Reason | None, ids: Ids
) -> Conclusion:
    """Returns an answer that goes out unverified while a person looks at its matter."""
    review = review_of(routed, best, ids, sent=True)
    if best.answer is not None:
        best = replace(best, answer=replace(best.answer, reason=doubt or Reason.ANSWER_UNCHECKED))
    return Conclusion(best, Verdict.UNVERIFIED, review)


def _hand_over(
    routed: RoutedRequest, best: Candidate | None, ids: Ids, reason: Reason | None
) -> Conclusion:
    """Returns a review item for a person, and the words that the client gets meanwhile.

    These are the domain's approved safe answer with the facts of the request. Under `hold` they are
    the holding text, since the answer comes later, unless somebody may need help now. `reason` says
    why they go out; None: the reason of the rung whose place they take says it.
    """
    domain = routed.risk_domain or routed.signals.domain
    review = review_of(routed, best, ids)
    review_id = review.review_id
    facts = facts_in(routed.request, routed.signals)  # the client is told no chances
    held = routed.held
    if held:
        text = routed.runtime.holding(domain, review_id)
    else:
        text = safe_words(routed, review_id, facts)
    words = _stand_in(routed, best, text, () if held else facts, refusal=False, reason=reason)
    return Conclusion(words, Verdict.HELD if held else Verdict.SAFE_ANSWER, review)


def _stand_in(
    routed: RoutedRequest,
    best: Candidate | None,
    text: str,
    facts: tuple[str, ...],
    *,
    refusal: bool,
    reason: Reason | None,
) -> Candidate:
    """Returns approved words in place of an answer, at the place of the best rung tried.

    They name no model: none wrote them. A refusal stands in the text too, since plain clients read
    nothing else; only where a shape was asked for, it would break what parses the text. They answer
    nothing, so their chance of being right is 0, whatever a draft had. The reasoning stays
    out too: that of a deliberation holds the very text that could not be verified.
    """
    tried = best or untried(routed)
    nothing = reason in (Reason.NO_PASSAGE, Reason.NO_MODEL, Reason.NOTHING_KNOWN)
    model = REFUSAL_MODEL if refusal else NO_ANSWER_MODEL if nothing else SAFE_ANSWER_MODEL
    choice = Choice(
        text="" if refusal and routed.request.needs_shape else text,
        finish_reason="stop",
        refusal=text if refusal else None,
    )
    answer = Answer((choice,), model, Usage(), approved=True, facts=facts, reason=reason)
    rung = unasked(tried.rung) if reason is Reason.HARMFUL else tried.rung
    rung = replace(rung, p_source=PSource.KNOWN)  # a rule says it, nobody assumed it
    return Candidate(tried.index, rung, answer, Verification(0.0, None, STAND_IN))


def _named(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True when the client named who answers, and so wants a doubtful answer too.

    A hard rule's matter goes by `exhausted` all the same.
    """
    return pinned(routed) and not routed.decision.hard_rule and usable(candidate)


def noted_failure(
    routed: RoutedRequest,
    progress: Progress,
    rung: int,
    error: TiergateError,
    earlier: TiergateError | None,
) -> TiergateError:
    """Notes a rung's failure. Returns the failure that the client is told if nothing answers.

    Raises the error again where no other rung may have its turn.
    """
    error.forget_frames()
    if is_outage(error):
        progress.outage = True
    elif progress.steps and progress.steps[-1].said.rises:
        progress.climbs -= 1  # the climb to a rung that was refused is none
    if not _goes_on(progress, error) and not _told_of_limit(routed, progress, error):
        raise error
    return error if earlier is None else told_failure(routed, progress, rung, error, earlier)


def _told_of_limit(routed: RoutedRequest, progress: Progress, error: TiergateError) -> bool:
    """Returns True where a person hears of a call that a limit refused, by words or an error."""
    limited = isinstance(error, BudgetExceeded | RateLimited)
    return routed.has_words_after(error) or (limited and _told_beside_error(routed, progress))


def _goes_on(progress: Progress, error: TiergateError) -> bool:
    """Returns True when another rung may have its turn after this rung's failure."""
    if progress.best is not None:
        return True
    if isinstance(error, NOT_ADMITTED):
        return progress.outage and isinstance(error, BudgetExceeded | RateLimited)
    return error.retryable


def stranded(routed: RoutedRequest, progress: Progress) -> bool:
    """Returns True when an answerer failed and no answer in hand may be shown: others take over."""
    if progress.best is None:
        return progress.outage
    return not _showable(routed, progress, progress.best)
