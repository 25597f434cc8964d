"""Decides what the client gets after the climb: the answer in hand, a safe answer, or an error.

`conclude` is called once per request, after the last `next_rung`. An answer below `accept_at`, one
its own answerer would not vouch for, or none at all has failed; then `exhausted` in the policy says
what happens in this domain.
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
    context_exceeded,
    no_model_for_shape,
    no_trusted_shape,
    no_usable_answer,
)
from router.policy.content.deliberation import facts_in
from router.policy.content.safe_answers import SafeCase
from router.request.progress import (
    STAND_IN,
    Candidate,
    Progress,
    asking,
    showable,
    unasked,
    untried,
)
from router.request.review_row import review_of
from router.routing.answer_checks import shares_words
from router.routing.constraints import demanded_of
from router.routing.routed_request import RoutedRequest
from router.routing.rungs.allowed_rungs import fits
from router.routing.verification import Verification
from router.routing.wording.matters import (
    FoundMatter,
    fits_domain,
    in_danger,
    language_of,
    matter_of,
)
from router.types import (
    NO_ANSWER_MODEL,
    READ_LANGUAGES,
    REFUSAL_MODEL,
    SAFE_ANSWER_MODEL,
    Answer,
    Choice,
    Exhausted,
    Ids,
    Matter,
    PSource,
    Reason,
    ReviewItem,
    Usage,
    Verdict,
    VerifyMode,
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


def doubt_of(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> Reason | None:
    """Returns why an answer may not go out as accepted; None: it may."""
    doubt = _doubt_of_answer(routed, progress, candidate)
    return Reason.ANSWER_UNCHECKED if doubt is None and _is_unread(routed) else doubt


def _is_unread(routed: RoutedRequest) -> bool:
    """Returns True where triage could not read a part: nobody knows what stands in it."""
    return routed.signals.unread and routed.observed is None


def _doubt_of_answer(
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
        marked = _failed_checks(candidate)
        return verification.failure or (
            Reason.ANSWER_FAILED_CHECKS if marked else Reason.ANSWER_NOT_TRUSTED
        )
    if progress.stood_in_below(routed, candidate):
        return Reason.OUTAGE_LOWER
    if routed.observed is not None:
        return None
    if candidate.at == decision.in_hand:
        return Reason.NOTHING_BETTER
    floor = decision.confidence_floor
    if _from_shelf(candidate) and verification.p < floor and not _pinned(routed):
        return Reason.LOW_CONFIDENCE
    if candidate.answer is not None and candidate.answer.reason is Reason.ASKED_WHICH:
        return None  # a question of level 1 is judged by the floor that the policy sets for it
    mode = routed.verify_modes[candidate.at]
    judged = mode is not VerifyMode.NONE or decision.hard_rule
    if judged and verification.p < routed.policy.decision.accept_at:
        return Reason.ANSWER_NOT_TRUSTED
    unchecked = (judged and _unchecked(routed, candidate)) or _assumed(routed, candidate)
    return Reason.ANSWER_UNCHECKED if unchecked else None


def _from_shelf(candidate: Candidate) -> bool:
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
    if routed.needs_whole_answer and (routed.keeps_shape or not routed.acute):
        return False
    return candidate.rung.p_source is PSource.PRIOR or _off_topic(routed, answer)


def _assumed(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True where a mistake would be dear and the answer's chance is a prior, no more."""
    decision = routed.decision
    dear = (
        Reason.COSTLY_MISTAKE in decision.first_rung.reasons
        or Reason.HIGH_STAKES in decision.floor_reasons
    )
    guessed = candidate.verification.source == "rung" and candidate.rung.p_source is PSource.PRIOR
    return dear and guessed


def _off_topic(routed: RoutedRequest, answer: Answer) -> bool:
    return shares_words(answer.text, routed.request.last_user_text) is False


def conclude(
    routed: RoutedRequest,
    progress: Progress,
    ids: Ids,
    failed: TiergateError | None,
) -> Conclusion:
    """Returns the answer to release and its verdict. Raises the last failure when there is none."""
    best, observed = progress.best, routed.observed is not None
    if routed.refused:
        return _refused(routed, ids)
    if routed.unanswerable:
        raise no_trusted_shape()
    if routed.safe_answer_first:
        return _hand_over(routed, best, ids, progress.why_words(routed))
    if best is None and routed.has_words and isinstance(failed, BudgetExceeded):
        return _hand_over(routed, None, ids, Reason.BUDGET_EXHAUSTED)
    doubt = None if best is None else _doubt_of_answer(routed, progress, best)
    if best is not None and doubt is None:
        if routed.acute and routed.keeps_shape:
            return Conclusion(_marked(best), Verdict.UNVERIFIED, review_of(routed, best, ids))
        whole = best.answer is None or best.answer.reason is not Reason.ANSWER_WITHHELD
        accepted = whole and not _is_unread(routed)
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
    if best is not None and routed.grave and _failed_checks(best) and rule is Exhausted.BEST_ANSWER:
        rule = Exhausted.REVIEW  # nobody is told in a grave matter what code found wrong
    if best is not None and rule is Exhausted.REVIEW and _sound(routed, best, doubt):
        return Conclusion(best, Verdict.UNVERIFIED)
    if rule.by_person and not routed.request.needs_shape:
        return _hand_over(routed, best, ids, progress.why_words(routed))
    if best is not None and rule is Exhausted.BEST_ANSWER and _showable(routed, progress, best):
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
        unfit = failed.reason in (Reason.NOTHING_TO_RESOLVE, Reason.KEPT_OFF_SHELF)
        if unfit and not _pinned(routed):
            return _no_answer(routed, None, Reason.NO_MODEL)
    raise failed or _no_usable_answer(routed, progress)


def _no_usable_answer(routed: RoutedRequest, progress: Progress) -> NoUsableAnswer:
    best = progress.best
    if best is None or best.verification.failure is None:
        return no_usable_answer()
    facts = routed.plans[best.at].facts
    cap = progress.attempts.caps.get(best.at, facts.max_output_tokens)
    shape = routed.request.needs_shape
    return no_usable_answer(best.verification.failure, facts.name, cap, shape=shape)


def _why_declined(routed: RoutedRequest, declined: CannotAnswer) -> TiergateError:
    """Returns why there is no answer where all that took the request declined it.

    Models that would have answered a shorter request are named by what they take. A shape that no
    model may write is asked for in vain, however often it is tried.
    """
    if declined.reason == Reason.NO_MODEL and routed.request.needs_shape:
        return no_model_for_shape(routed.policy.name, demanded_of(routed.request))
    short = [f for f in routed.facts if not fits(f, routed.signals)]
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


def _sound(routed: RoutedRequest, candidate: Candidate, doubt: Reason | None) -> bool:
    """Returns True for an answer to a grave matter against which only speaks that its model is new.

    It is whole, about the matter, and of the level that the matter demands, but its chance is a
    prior. It goes out unverified; a person is asked where the answer itself gives cause. Where
    somebody may need help now, it does not: approved words say whom to call.
    """
    if routed.acute:
        return False
    answer = candidate.answer
    unchecked = doubt is Reason.ANSWER_UNCHECKED
    return unchecked and answer is not None and not _off_topic(routed, answer)


def _too_unsure(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True for an approved answer that is probably about something else."""
    unsure = candidate.verification.p < routed.decision.unverified_from
    return unsure and _from_shelf(candidate) and not routed.request.needs_shape


def _nothing_there(routed: RoutedRequest, message: str) -> Conclusion:
    """Returns what documents say that have no answer, where no other rung has one."""
    signals = routed.signals
    if signals.language not in READ_LANGUAGES:
        message = routed.runtime.no_answer(signals.domain, signals.language)
    words = _stand_in(routed, None, message, (), refusal=False, reason=Reason.NO_PASSAGE)
    return Conclusion(words, Verdict.UNVERIFIED)


def _no_answer(routed: RoutedRequest, best: Candidate | None, why: Reason) -> Conclusion:
    """Returns the approved words that there is no answer; they are unverified, whatever the why."""
    signals = routed.signals
    text = routed.runtime.no_answer(signals.domain, signals.language)
    words = _stand_in(routed, best, text, (), refusal=False, reason=why)
    return Conclusion(words, Verdict.UNVERIFIED)


def _is_outage(error: TiergateError) -> bool:
    """Returns True for a failure of an answerer, False where a limit refused the call."""
    return not isinstance(error, NOT_ADMITTED)


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
    if _is_outage(error):
        progress.outage = True
    elif progress.steps and progress.steps[-1].said.rises:
        progress.climbs -= 1  # the climb to a rung that was refused is none
    if not _goes_on(progress, error) and not routed.has_words_after(error):
        raise error
    # A failure of the ladder is told, not that of a rung that stands in; a rung that declines the
    # request hides no outage.
    declined, before = isinstance(error, CannotAnswer), isinstance(earlier, CannotAnswer)
    differ = declined != before and (declined or _is_outage(error))
    told = before if differ else routed.decision.rungs[rung].taken
    return error if earlier is None or told else earlier


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


def _showable(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> bool:
    return showable(routed, candidate, progress.attempts.caps.get(candidate.at))


def _marked(candidate: Candidate) -> Candidate:
    """Returns an answer of a promised shape with the reason why a person looks at its matter."""
    answer = candidate.answer
    if answer is None:
        return candidate
    return replace(candidate, answer=replace(answer, reason=Reason.ANSWER_UNCHECKED))


def _hand_over(
    routed: RoutedRequest, best: Candidate | None, ids: Ids, reason: Reason | None = None
) -> Conclusion:
    """Returns a review item for a person, and the words that the client gets meanwhile.

    These are the domain's approved safe answer with the facts of the request. Under `hold` they are
    the holding text, since the answer comes later, unless somebody may need help now. `reason` says
    why they go out; None: the reason of the rung whose place they take says it.
    """
    domain = routed.risk_domain or routed.signals.domain
    review = review_of(routed, best, ids)
    review_id, question = review.review_id, review.question
    facts = facts_in(routed.request, routed.signals)  # the client is told no chances
    held = routed.held
    if held:
        text = routed.runtime.holding(domain, review_id)
    else:
        matter = matter_of(routed.policy, routed.signals)
        if matter.matter is None and routed.refused_self_harm:
            matter = FoundMatter(Matter.SELF_HARM)
        domain = matter.domain or domain
        case = SafeCase(
            domain,
            question,
            review_id,
            facts,
            now=matter.urgent and in_danger(routed.policy, routed.signals),
            matter=matter.matter,
            named=matter.named,
            unclear=matter.unclear,
            fits=fits_domain(routed.policy, routed.signals, domain),
            language=language_of(routed.signals),
        )
        text = routed.runtime.safe_answer(case)
    words = _stand_in(routed, best, text, () if held else facts, refusal=False, reason=reason)
    return Conclusion(words, Verdict.HELD if held else Verdict.SAFE_ANSWER, review)


def _stand_in(
    routed: RoutedRequest,
    best: Candidate | None,
    text: str,
    facts: tuple[str, ...],
    *,
    refusal: bool,
    reason: Reason | None = None,
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
    return Candidate(tried.at, rung, answer, Verification(0.0, None, STAND_IN))


def usable(candidate: Candidate) -> bool:
    """Returns True for an answer of sound structure that its own answerer trusts."""
    verification, answer = candidate.verification, candidate.answer
    return verification.failure is None and answer is not None and answer.verified is not False


def _failed_checks(candidate: Candidate) -> bool:
    """Returns True for a deliberation in which code found faults that no repair mended."""
    worked = None if candidate.answer is None else candidate.answer.worked
    return worked is not None and bool(worked.marks)


def _named(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True when the client named who answers, and so wants a doubtful answer too.

    A hard rule's matter goes by `exhausted` all the same.
    """
    return _pinned(routed) and not routed.decision.hard_rule and usable(candidate)


def _pinned(routed: RoutedRequest) -> bool:
    return Reason.PINNED in routed.decision.first_rung.reasons
