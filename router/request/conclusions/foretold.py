"""Foretells what a call would give, before anybody is asked. Pure.

What rules, approved answers and approved words say is known before the call: the verdict, the
reason and the rung of a dry run are then those of the call. What a model says is not. Its answer is
then taken to be one against which nothing speaks, and words say what only the call can tell. An
answer to a grave matter whose chance is assumed is judged by its words, so that an explanation
which names only the answerer would promise too much.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from router.errors import CannotAnswer, TiergateError
from router.policy.content.offers import Offering
from router.policy.schema import DeliberationAnswerer
from router.policy.sections.base import beside_bound
from router.request.answer_verification import step_after
from router.request.final_answer import Conclusion, conclude, noted_failure
from router.request.outcome import outcome_of, why
from router.request.outgoing import outgoing
from router.request.progress import Candidate, Progress, untried
from router.routing.next_rung import NO_LIMIT
from router.routing.routed_request import RoutedRequest
from router.routing.rungs.allowed_rungs import UNFIT
from router.routing.verification import Verification
from router.types import (
    NO_ANSWER_MODEL,
    Answer,
    Choice,
    Clock,
    CostBasis,
    Exhausted,
    Foreseen,
    Outcome,
    Reason,
    Usage,
    Verdict,
)

_OUT = "its answer goes out marked unverified"
_ASKED_BACK = (Reason.ASKED_WHICH, Reason.ASKED_FOR_SLOT)
_KNOWN_KINDS = frozenset({"resolver", "exact"})
"""Kinds of answerers whose answers are known before the call, but for what a lookup finds."""


class _NoIds:
    """Gives the id of a review that nobody will get."""

    def new(self) -> str:
        return ""


class _End(Struct, frozen=True):
    """Holds how a call would end, and what only the call can tell."""

    candidate: Candidate
    verdict: Verdict
    progress: Progress
    open: str = ""  # what only the call can tell; "": nothing
    asked: int | None = None  # the rung whose answer nobody knows; None: none is asked
    error: TiergateError | None = None


def dry_outcome(routed: RoutedRequest, progress: Progress, clock: Clock) -> Outcome:
    """Returns the outcome of a request of which nothing is tried: what a call would say.

    Caches, rates and budgets are not asked, so one of them may still decide otherwise.

    A match that is likely enough by the policy's figures looks as if an offer was forgotten. So the
    reason why nothing is offered is told where a tier is asked, or words say that no answer is sure
    enough.
    """
    end = _end(routed)
    shown = _asked_first(routed, end) if end.asked is not None or end.error else end.candidate
    outcome = outcome_of(routed, progress, shown, end.verdict, clock)
    offering = _offering(routed)
    questions, least = _offered(routed, end, offering)
    told = Foreseen(
        _words(routed, end, offering),
        sure=not end.open,
        asks=end.asked is not None,
        error="" if end.error is None else end.error.code,
        unoffered=offering.unoffered if end.asked is not None or _no_answer(end) else "",
        offered=questions,
        offered_from=least,
    )
    reason = why(routed, end.progress, shown)
    opened = end.asked is not None and not end.verdict.of_words and outgoing(routed) is not None
    opened = opened and bool(routed.opening)
    if shown.index != routed.called_first and shown.index == end.asked:
        known = shown.rung.cost_basis is not CostBasis.UNKNOWN
        outcome = replace(outcome, cost_nano_usd=shown.rung.cost_nano_usd, cost_known=known)
    return replace(outcome, answer=None, reason=reason, foretold=told, opened=opened)


def _asked_first(routed: RoutedRequest, end: _End) -> Candidate:
    """Returns the rung that is called first: none that is known to have nothing to say.

    A calculator in a tier that the client names costs nothing, and the model behind it answers.
    """
    silent = routed.observed is None and routed.facts[routed.called_first].declined in UNFIT
    return untried(routed, end.asked) if silent and end.asked is not None else untried(routed)


def _offering(routed: RoutedRequest) -> Offering:
    """Returns what level 1 offers, or why it offers none of its questions."""
    known = [
        plan.offering(routed.request, routed.signals)
        for plan in routed.plans
        if plan.offering is not None
    ]
    return next((one for one in known if one.likeliest is not None), Offering())


def _offered(
    routed: RoutedRequest, end: _End, offering: Offering
) -> tuple[tuple[tuple[str, float], ...], float | None]:
    """Returns the questions that go out, with their chances, and the least chance of the offer.

    That chance is None where the offer has none: the likeliest question alone goes out in place of
    an answer of which level 1 is not sure enough.
    """
    answer, at = end.candidate.answer, end.candidate.index
    if end.asked is not None or answer is None or answer.reason is not Reason.ASKED_WHICH:
        return (), None
    if routed.facts[at].because is Reason.ASKED_WHICH:
        return offering.questions, routed.decision.confidence_floor
    return (() if offering.likeliest is None else (offering.likeliest,)), None


def _no_answer(end: _End) -> bool:
    answer = end.candidate.answer
    return end.asked is None and answer is not None and answer.model == NO_ANSWER_MODEL


def _end(routed: RoutedRequest) -> _End:
    """Returns how a call would end: as the gateway climbs, by what is known of each answer."""
    progress, failed = Progress(), None
    rung = routed.called_first
    asked, opened = None, ""
    try:
        for _ in routed.decision.rungs if not routed.uncalled else ():
            said = _said(routed, rung)
            if isinstance(said, CannotAnswer):
                failed = noted_failure(routed, progress, rung, said, failed)
                step = step_after(routed, progress, rung, None, said, NO_LIMIT)
            else:
                candidate, asked, opened = said
                progress.keep(routed, candidate)
                if asked is not None:
                    break
                step = step_after(routed, progress, rung, candidate, None, NO_LIMIT)
            progress.steps.append(step)
            if step.said.rung is None or routed.observed is not None:
                break
            rung = step.said.rung
        ended: Conclusion = conclude(routed, progress, _NoIds(), failed)
    except TiergateError as error:
        return _End(untried(routed), Verdict.UNVERIFIED, progress, opened, asked, error)
    return _End(ended.candidate, ended.verdict, progress, opened, asked, ended.error)


def _said(routed: RoutedRequest, rung: int) -> tuple[Candidate, int | None, str] | CannotAnswer:
    """Returns a rung's answer as far as it is known; of a model's it is one that nothing is said
    against.

    Beside it stand the rung, where its answer is not known, and what only the call can tell.
    """
    plan, facts, named = routed.plans[rung], routed.facts[rung], routed.decision.rungs[rung]
    request, kind = routed.request, plan.facts.kind
    if plan.words_only:
        if request.needs_shape:
            return CannotAnswer("approved words keep no shape", reason=Reason.NO_MODEL)
        words = _answer("words", NO_ANSWER_MODEL, p=0.0, approved=True, verified=False)
        return Candidate(rung, named, words, Verification(0.0, None, "match")), None, ""
    if facts.declined is not None and routed.observed is None:
        return CannotAnswer(f"declined: {facts.declined}", reason=facts.declined)
    if kind in _KNOWN_KINDS and routed.observed is None:
        none = (None, False)
        instead, looks_up = none if plan.knows is None else plan.knows(request, routed.signals)
        back = facts.because if facts.because in _ASKED_BACK else None
        answer = _answer("words", plan.facts.model, p=facts.p, approved=True, reason=back)
        answer = replace(answer, instead=instead)
        told = "what a lookup finds, only the call tells" if looks_up else ""
        return Candidate(rung, named, answer, Verification(facts.p, None, "match")), None, told
    vouched = not (isinstance(plan.section, DeliberationAnswerer) and not plan.section.trusted)
    # It repeats the question, so that it is about it.
    answer = _answer(request.last_user_text or "words", plan.facts.model)
    answer = replace(answer, verified=None if vouched else False)
    told = "only the call tells what it says"
    return Candidate(rung, named, answer, Verification(named.p, None, "rung")), rung, told


def _answer(
    text: str,
    model: str,
    *,
    p: float | None = None,
    approved: bool = False,
    verified: bool | None = None,
    reason: Reason | None = None,
) -> Answer:
    return Answer(
        (Choice(text, "stop"),),
        model,
        Usage(),
        p=p,
        approved=approved,
        verified=verified,
        reason=reason,
    )


def _words(routed: RoutedRequest, end: _End, offering: Offering) -> str:
    """Returns in one line what goes out, and what only the call can tell."""
    if end.error is not None:
        return f"an error goes out ({end.error.code}): {end.error.message}"
    if end.asked is None:
        lookup = f"; {end.open}" if end.open else ""
        return f"{_known_words(routed, end, offering)}{lookup}"
    grave = foretold(routed)
    if grave and end.asked == routed.decision.first:
        return grave
    answerer = routed.decision.rungs[end.asked].answerer
    if end.verdict.of_words:
        instead = f"approved words go out in place of its answer ({end.verdict.value})"
        return f"{answerer} is asked, and {instead}, whatever it says"
    sound = "keeps its form and nothing speaks against it"
    return f"{answerer} is asked: {end.verdict.value} where its answer {sound}; {end.open}"


def _known_words(routed: RoutedRequest, end: _End, offering: Offering) -> str:
    verdict, answer = end.verdict, end.candidate.answer
    if verdict.of_words:
        return f"approved words go out ({verdict.value}), no tier is asked"
    if answer is not None and _no_answer(end):
        signals = routed.signals
        if answer.text != routed.runtime.no_answer(signals.known_domain, signals.language):
            return f"words say that there is no answer ({verdict.value})"
        # There may be one: the likeliest may be the right one, and is not sure enough.
        unsure = f"words say that no approved answer is sure enough ({verdict.value})"
        known = answer.reason is Reason.NOTHING_KNOWN and offering.likeliest is not None
        return f"{unsure}; {_likeliest(offering)}" if known else unsure
    asks = answer is not None and answer.reason in _ASKED_BACK
    return f"{'a question goes out' if asks else 'its answer goes out'} ({verdict.value})"


def _likeliest(offering: Offering) -> str:
    """Returns the question that comes nearest with its chance, as `unoffered` writes it."""
    question, chance = offering.likeliest or ("", 0.0)
    written, _ = beside_bound(chance, offering.likely_from)
    return f'the likeliest, "{question}", has a chance of {written}'


def foretold(routed: RoutedRequest) -> str:
    """Returns what becomes of the first rung's answer, "" where nothing but the answer decides.

    It says nothing of words that go out before any call: the verdict tells those. It says nothing
    either where another rung, whose answers somebody measured or judges, may answer instead.
    """
    if routed.uncalled or routed.observed is not None:
        return ""
    if not (routed.grave and routed.words_first.all_guessed):
        return ""
    answerer = routed.decision.first_rung.answerer
    why_so = f"how often {answerer} is right in a grave matter is assumed, nobody measured it"
    return f"{_what_goes_out(routed)}: {why_so}"


def _what_goes_out(routed: RoutedRequest) -> str:
    rule, told = routed.exhausted, f"a person is told (exhausted: {routed.exhausted.value})"
    if rule.by_person and routed.keeps_shape and (routed.acute or routed.request.needs_shape):
        return f"{_OUT}, in the shape that was asked for, and {told}"
    if rule is Exhausted.REFUSE:
        # Words of refusal would break the shape.
        instead = "an error" if routed.request.needs_shape else "a refusal"
        return f"{instead} goes out in place of its answer (exhausted: refuse)"
    if not rule.by_person:
        return _OUT
    if rule is Exhausted.HOLD:
        return f"approved words go out in place of its answer, and {told}"
    if routed.acute or routed.decision.first_rung.p < routed.policy.decision.accept_at:
        return f"approved words go out in place of its answer, and {told}"
    return f"{_OUT} if it is about the question; otherwise approved words do, and {told}"
