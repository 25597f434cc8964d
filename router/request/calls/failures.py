"""Notes which calls of a request failed, for its row and for the client. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from router.errors import (
    AnswererError,
    AnswererNotReady,
    DeadlineExceeded,
    NoUsableAnswer,
    TiergateError,
    UpstreamError,
    UpstreamRejected,
)
from router.privacy.redact import redact
from router.request.conclusions.openings import first_words
from router.request.progress import Progress
from router.routing.decision_record import FailureNote
from router.routing.hard_rules import LIFTS
from router.routing.routed_request import RoutedRequest
from router.types import AttemptRow, Reason

MOST_MESSAGE = 400
"""Bounds a message in the row, in characters; ours are shorter, also with a provider's words."""
NOTED_OR_UNCALLED = (None, Reason.ANSWERER_FAILED, Reason.BUDGET_EXHAUSTED, Reason.NO_MODEL)
"""Ends steps whose failed call is noted by itself, or that called nobody: words came instead."""
CEILING_WORDS = {
    "level_3_not_below_usd": "less is at stake than `decision.level_3_not_below_usd` states "
    "($1,000 by default)",
    "soft_share": "a budget has passed its `soft_share`",
}
"""Says what each ceiling of LIFTS means."""
MOST_NAMED = 8
"""Bounds the answerers that an error names; a ladder rarely has as many rungs."""


def failure_notes(progress: Progress) -> tuple[FailureNote, ...]:
    """Returns the request's failed and refused calls, in their order; often none."""
    attempts = progress.attempts
    if not attempts.troubles:
        return ()
    return tuple([failure_note(attempts.rows[at], error) for at, error in attempts.troubles])


def failure_note(call: AttemptRow, error: TiergateError) -> FailureNote:
    """Returns what one call failed with."""
    status = error.upstream_status if isinstance(error, UpstreamError) else None
    message = redact(error.noted[:MOST_MESSAGE])
    return FailureNote(call.ordinal, call.answerer, call.tier, error.code, status, message)


def tried_notes(routed: RoutedRequest, progress: Progress) -> tuple[FailureNote, ...]:
    """Returns the failed calls, then the answers that could not be used.

    A deliberation fails as its step did, and is named in place of its steps: the tier of the model
    that it asks had no turn of its own.
    """
    rows, troubles = progress.attempts.rows, progress.attempts.troubles
    turns = {rows[at].rung for at, _ in troubles if rows[at].reason}
    failed = [
        failure_note(rows[at], error)
        for at, error in troubles
        if rows[at].reason or rows[at].rung not in turns
    ]
    unusable = [
        FailureNote(-1, rung.answerer, rung.tier, step.failure.value, None, "")
        for step in progress.steps
        if step.failure not in NOTED_OR_UNCALLED
        for rung in [routed.decision.rungs[step.rung]]
    ]
    return (*failed, *unusable)


def told_in(error: TiergateError, routed: RoutedRequest, progress: Progress) -> None:
    """Notes in a request's error who was tried, and who might have been, which its client reads."""
    notes = tried_notes(routed, progress)
    told_with(error, notes, routed.request_id, _resting(routed, notes))
    error.first = first_words(routed, progress, error)
    refused = isinstance(error, AnswererNotReady) and error.key_refused
    # With a refused key, mending the key is the advice: others often have the same one.
    late = isinstance(error, DeadlineExceeded) and error.by_request
    unusable = isinstance(error, NoUsableAnswer) and not error.declined
    others = (progress.outage or unusable) and not late
    if error.tried and others and not (refused or isinstance(error, UpstreamRejected)):
        error.tried += _left_out(routed)
    if progress.review_id:
        told = f"A person has been told of the matter ({progress.review_id})."
        error.tried = f"{error.tried} {told}".lstrip()


def _left_out(routed: RoutedRequest) -> str:
    """Names the answerers whom only a ceiling of money kept from standing in; "" for none.

    One that takes no calls now could not have stood in.
    """
    decision, facts = routed.decision, routed.facts
    lifts = {reason: name for name, reason in LIFTS.items()}
    kept = {
        rung.answerer: lifts[rung.reasons[0]]
        for i, rung in enumerate(decision.rungs)
        if rung.reasons and rung.reasons[0] in lifts and not rung.taken and i not in decision.spare
        if facts[i].ready
    }
    if not kept:
        return ""
    verb = "was" if len(kept) == 1 else "were"
    names = sorted(set(kept.values()))
    return (
        f" {', '.join([*kept][:MOST_NAMED])} {verb} left out: "
        f"{' and '.join(CEILING_WORDS[name] for name in names)}. Who keeps the gateway's policy "
        f"may let it stand in: `decision.outage_lifts: [{', '.join(names)}]`."
    )


def _resting(routed: RoutedRequest, notes: Sequence[FailureNote]) -> tuple[str, ...]:
    """Names those that took no call, in ladder order: what was decided, or tried, found them so.

    One that failed once is not among them, also where it takes no calls since.
    """
    refused = {note.answerer for note in notes if note.code == AnswererNotReady.code}
    called = {note.answerer for note in notes} - refused
    return tuple(
        [
            f"{rung.answerer} of tier {rung.tier}"
            for rung in routed.decision.rungs
            if rung.answerer not in called
            and (rung.answerer in refused or rung.reasons[:1] == (Reason.NOT_READY,))
        ]
    )


def told_with(
    error: TiergateError,
    notes: Sequence[FailureNote],
    request_id: str,
    resting: Sequence[str] = (),
) -> None:
    """Notes in an error whose decision it is and who was tried, which its client reads.

    `resting` are those that took no call. Nobody is named where one limit refused all calls: the
    error says which.
    """
    error.request_id = request_id
    if not notes or not (
        isinstance(error, AnswererError) or {n.code for n in notes} != {error.code}
    ):
        return
    called = [note for note in notes if not (resting and note.code == AnswererNotReady.code)]
    told = [f"Tried: {_tried(called)}."] if called else []
    if resting:
        more = len(resting) - MOST_NAMED
        names = ", ".join(resting[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        told.append(f"Not called, since not ready: {names}.")
    error.tried = " ".join([*told, f"The decision is dec_{request_id}."])


def _tried(notes: Sequence[FailureNote]) -> str:
    """Names each answerer once for each of its failures: `fast of tier llm (upstream_error, 500)`.

    >>> _tried([FailureNote(0, "fast", "llm", "stream_cut", None, "")])
    'fast of tier llm (stream_cut)'
    """
    named = list(dict.fromkeys([_named(note) for note in notes]))
    more = len(named) - MOST_NAMED
    return ", ".join(named[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _named(note: FailureNote) -> str:
    why = note.code if note.status is None else f"{note.code}, {note.status}"
    return f"{note.answerer} of tier {note.tier} ({why})"
