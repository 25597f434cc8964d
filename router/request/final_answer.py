"""What the client gets when the climb is over: the answer in hand, a safe answer, or an error.

Called once per request, after the last `next_rung`. An answer below `accept_at`, one its own
answerer would not vouch for, or none at all has failed; then `exhausted` in the policy says what
happens in this domain.
"""

from __future__ import annotations

from router.errors import (
    NOT_ADMITTED,
    AnswererError,
    BudgetExceeded,
    NotCapable,
    NoUsableAnswer,
    RateLimited,
    TiergateError,
)
from router.policy.content.deliberation import found_facts
from router.request.state import STAND_IN, Candidate, Walk
from router.routing.verification import Verification, cut_by_client
from router.types import (
    Answer,
    Choice,
    Domain,
    Exhausted,
    Ids,
    Reason,
    ReviewItem,
    ReviewQueue,
    Usage,
    Verdict,
    VerifyMode,
)

REFUSED_TEXT = (
    "No answer to this request could be verified, so none is given. Please ask a person, or ask "
    "again with more detail."
)

NO_TRUSTED_SHAPE = (
    "This request must go to a reasoning model, and the only ones of this policy are not trusted "
    "to decide (trusted: false): their drafts go to a person, and approved words stand in, which "
    "keep no schema and call no tool. Leave out response_format and the forced tool, or add an "
    "answerer that is trusted at that level to the policy."
)


def trusted(walk: Walk, candidate: Candidate) -> bool:
    """Whether an answer may go out as accepted.

    Where the policy asks for no verification (`verify: none`), an answer of sound structure is
    taken as it is; a deliberation that its own tier does not vouch for never is, nor what a lower
    level says in an outage.
    """
    if not _usable(candidate) or walk.stood_in_below(candidate):
        return False
    mode = walk.verify_mode(walk.plan(candidate.rung.answerer))
    if walk.observed is not None or (mode is VerifyMode.NONE and not walk.decision.hard_rule):
        return True
    return candidate.said.p >= walk.runtime.policy.decision.accept_at


async def conclude(
    walk: Walk, reviews: ReviewQueue, ids: Ids, failed: TiergateError | None
) -> tuple[Candidate, Verdict]:
    """The answer to release and its verdict. Raises the last failure when there is none."""
    best = walk.best
    if walk.hopeless:
        raise NotCapable(NO_TRUSTED_SHAPE)
    if walk.foregone:
        return await _hand_over(walk, reviews, ids, walk.risk_domain or walk.signals.domain)
    if best is not None and trusted(walk, best):
        return best, Verdict.ACCEPTED
    unchanged = walk.released or walk.observed is not None
    if best is not None and (unchanged or _named(walk, best)):
        return best, Verdict.UNVERIFIED
    if walk.observed is not None:
        raise failed or AnswererError("The model that was asked for gave no usable answer.")
    rule = walk.exhausted
    if rule in (Exhausted.REVIEW, Exhausted.HOLD) and not walk.promises:
        return await _hand_over(walk, reviews, ids, walk.risk_domain or walk.signals.domain)
    if best is not None and rule is Exhausted.BEST_ANSWER and showable(walk, best):
        return best, Verdict.UNVERIFIED
    if rule is not Exhausted.BEST_ANSWER and not walk.promises:
        return _stand_in(walk, REFUSED_TEXT, (), refusal=True), Verdict.REFUSED
    raise failed or NoUsableAnswer(
        "Every tier that may answer this request gave an unusable answer: the last one "
        f"{best.said.failure.value if best and best.said.failure else 'none'}. Relax the format "
        "that was asked for, or raise the cap on the answer's length."
    )


def goes_on(walk: Walk, error: TiergateError) -> bool:
    """Notes this rung's failure; returns True when another one may have its turn."""
    if isinstance(error, NOT_ADMITTED):
        walk.refused()
        may = walk.outage and isinstance(error, BudgetExceeded | RateLimited)
        return may or walk.best is not None
    walk.outage = True
    return error.retryable or walk.best is not None


def stranded(walk: Walk) -> bool:
    """Returns True when an answerer failed and nothing in hand may be shown: others stand in."""
    return walk.outage if walk.best is None else not showable(walk, walk.best)


async def _hand_over(
    walk: Walk, reviews: ReviewQueue, ids: Ids, domain: Domain
) -> tuple[Candidate, Verdict]:
    """A review item for a person, and the words that the client gets meanwhile.

    The domain's approved safe answer with what was found; under `hold` the holding text, since the
    answer comes later, unless somebody may need help now.
    """
    walk.review_id = f"rev_{ids.new()}"
    question = walk.request.last_user_text
    facts = found_facts(walk.request, walk.signals)
    held = walk.exhausted is Exhausted.HOLD and not walk.runtime.emergency(domain, question)
    if held:
        text = walk.runtime.holding(domain, walk.review_id)
    else:
        text = walk.runtime.safe_answer(domain, question, walk.review_id, facts)
    await reviews.add(
        ReviewItem(
            review_id=walk.review_id,
            request_id=walk.request_id,
            tenant=walk.identity.tenant,
            domain=domain,
            created_at_ms=walk.created_at_ms,
            question=question,
            facts=facts,
            store=walk.runtime.policy.privacy.store,
        )
    )
    said = _stand_in(walk, text, () if held else facts, refusal=False)
    return said, Verdict.HELD if held else Verdict.SAFE_ANSWER


def _stand_in(walk: Walk, text: str, facts: tuple[str, ...], *, refusal: bool) -> Candidate:
    """Approved words in place of an answer, attributed to the best rung tried.

    Its reasoning stays out too: a deliberation's holds the very text that could not be verified.
    """
    tried = walk.best or walk.untried
    model = walk.plan(tried.rung.answerer).facts.model
    choice = Choice(
        text="" if refusal else text,
        finish_reason="stop",
        refusal=text if refusal else None,
    )
    answer = Answer((choice,), model, Usage(), approved=True, facts=facts)
    return Candidate(tried.at, tried.rung, answer, Verification(tried.said.p, None, STAND_IN))


def _usable(candidate: Candidate) -> bool:
    """Whether there is an answer of sound structure that its own answerer vouches for."""
    said, answer = candidate.said, candidate.answer
    return said.failure is None and answer is not None and answer.verified is not False


def _named(walk: Walk, candidate: Candidate) -> bool:
    """Whether the client named who answers, so that a doubtful answer is still what it wants.

    A hard rule's matter goes by `exhausted` all the same.
    """
    named = Reason.PINNED in walk.decision.first_rung.reasons
    return named and not walk.decision.hard_rule and _usable(candidate)


def showable(walk: Walk, candidate: Candidate) -> bool:
    """An unverified answer may be shown unless it breaks the shape it promised.

    Where the client's own cap cut it, its finish reason says that it is not whole.
    """
    if candidate.said.failure is not Reason.ANSWER_INVALID:
        return True
    own_cap = walk.plan(candidate.rung.answerer).facts.max_output_tokens
    answer = candidate.answer
    return answer is not None and cut_by_client(answer, walk.request, own_cap)
