"""Judges answers on the way up the ladder, and asks `next_rung` what to do with each.

The gateway keeps what it returns. It notes only on the held answer that its beginning is doubted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from router.errors import NOT_ADMITTED, AnswererError, CannotAnswer, LedgerError, TiergateError
from router.request.calls.priced_calls import Spender
from router.request.conclusions.doubts import doubt_of, usable
from router.request.conclusions.told_failure import outgrown
from router.request.final_answer import stranded
from router.request.outgoing import below_opening, let_out
from router.request.progress import Candidate, HeldAnswer, Progress
from router.routing.decision_record import StepRecord, evidence
from router.routing.next_rung import Left, Turn, next_rung
from router.routing.routed_request import RoutedRequest
from router.routing.verification import (
    PREFIX_TOKENS,
    bare_json,
    judged_by_samples,
    one_call,
    verify,
)
from router.threads.offload import offloaded
from router.types import LONG_CHARACTERS, Action, Answer, PSource, Reason, VerifyMode


async def judged(routed: RoutedRequest, rung: int, answer: Answer) -> Candidate:
    """Returns a rung's answer with its verification.

    A thread reads what takes long: schemas of clients, and long texts.
    """
    request = routed.request
    promised = request.response_format.kind != "text" or answer.calls_tools
    long = promised or request.is_long or len(answer.text) > LONG_CHARACTERS
    return await offloaded(partial(_judged, routed, rung, answer), when=long)


def _judged(routed: RoutedRequest, rung: int, answer: Answer) -> Candidate:
    """Returns what `judged` says, on the caller's thread.

    Where the client forbids parallel tool calls, one is left. JSON stands without its code fence.
    """
    answer = one_call(answer, routed.request)
    if routed.observed is None:
        answer = bare_json(answer, routed.request)
    plan, named = routed.plans[rung], routed.decision.rungs[rung]
    mode = routed.verify_modes[rung]
    if answer.reason is Reason.NO_PASSAGE:
        named = replace(named, p_source=PSource.KNOWN)  # such words surely answer nothing
    grave = routed.grave and not routed.asks_for_label
    verification = verify(answer, routed.request, named, mode, plan.reader, grave=grave)
    if routed.changes_answers:
        answer, climbs = let_out(routed, answer)
        if climbs and verification.failure is None:
            verification = replace(verification, failure=Reason.ANSWER_WITHHELD)
    return Candidate(rung, named, answer, verification)


async def judged_again(
    routed: RoutedRequest, spender: Spender, rung: int, candidate: Candidate
) -> Candidate:
    """Returns the answer judged again: further samples that differ lower its chance."""
    plan = routed.plans[rung]
    samples = plan.section.verify.self_consistency
    if not samples or candidate.answer is None or routed.request.tools:
        return candidate
    texts = [below_opening(routed, candidate.answer).text]
    for i in range(samples):
        try:
            sample = await spender.sample_rung(rung, plan, seed=i + 1)
        except (AnswererError, *NOT_ADMITTED):
            break  # the answer is judged by the samples there are
        texts.append(bare_json(sample, routed.request).text)  # as the answer stands
    verification = judged_by_samples(candidate.verification, texts, routed.request, plan.reader)
    return replace(candidate, verification=verification)


def may_commit(
    routed: RoutedRequest,
    progress: Progress,
    rung: int,
    held: HeldAnswer,
    left: Callable[[], Left],
) -> bool:
    """Returns True when enough of a stream was seen and nothing in it speaks for another rung.

    Once a beginning is doubted, all of the answer is held back. `left` is called only when a
    beginning is judged, not for each piece.
    """
    plan = routed.plans[rung]
    tools = bool(routed.request.tools)
    waits = tools or routed.observed is None  # a call or blanks alone can still be another rung's
    if held.uninvited or (waits and not held.begun):
        return False
    if routed.verify_modes[rung] is VerifyMode.NONE or routed.observed is not None:
        return True
    if progress.has_last_word(routed, rung):
        return held.has_text or tools
    above = 0 if progress.opened else len(routed.opening) // 4
    if held.doubted or held.tokens < PREFIX_TOKENS + above:
        return False
    beginning = below_opening(routed, held.beginning(plan.facts.model))
    named = routed.decision.rungs[rung]
    verification = verify(beginning, routed.request, named, VerifyMode.PREFIX, plan.reader)
    seen = Candidate(rung, named, None, verification)
    step = step_after(routed, progress, rung, seen, None, left())
    climbs = step.said.action is Action.CLIMB
    held.doubted = climbs or progress.outdoes(verification)
    return not held.doubted


def step_after(
    routed: RoutedRequest,
    progress: Progress,
    rung: int,
    candidate: Candidate | None,
    failed: TiergateError | None,
    left: Left,
) -> StepRecord:
    """Returns what next_rung was given of an answer or a failure, and what it decided.

    The record of a whole answer keeps its evidence; a beginning has none yet.
    """
    mode = routed.verify_modes[rung]
    verification = None if candidate is None else candidate.verification
    seen = None
    if candidate is not None and candidate.answer is not None:
        seen = evidence(mode, candidate.answer, candidate.verification)
    failure = verification.failure if verification else failure_reason(failed)
    p = verification.p if verification and failure is None else None
    verified = mode is not VerifyMode.NONE
    is_stranded = stranded(routed, progress) and not isinstance(failed, LedgerError)
    best = progress.best
    in_hand = best.verification.p if best is not None and usable(best) else None
    doubt = None if best is None else doubt_of(routed, progress, best)
    long = outgrown(routed, progress) if failure is Reason.ANSWERER_FAILED else ()
    turn = Turn(rung, p, failure, left, verified, is_stranded, in_hand, doubt, long)
    step = next_rung(routed.decision, turn, routed.policy.decision)
    return StepRecord.of(turn, verification.source if verification else "", step, seen)


def failure_reason(error: TiergateError | None) -> Reason | None:
    """Returns the reason that next_rung gets for an error."""
    if error is None:
        return None
    if isinstance(error, CannotAnswer):
        return Reason(error.reason)
    if isinstance(error, NOT_ADMITTED):
        return Reason.BUDGET_EXHAUSTED
    return Reason.ANSWERER_FAILED
