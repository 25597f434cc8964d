"""Builds a request's ledger row and its digests. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from router.errors import BudgetExceeded, ClientGone, TiergateError
from router.ledger.row_builder import (
    NO_BASELINES,
    NO_USAGE,
    Decided,
    Kept,
    Origin,
    Place,
    Spent,
    Times,
    build_row,
)
from router.money import cost
from router.privacy.digest import digest
from router.request.calls.failures import failure_notes
from router.request.conclusions.left_out import left_out
from router.request.conclusions.shortfalls import shortfall_of
from router.request.outcome import all_reasons, redirects_of, why
from router.request.outgoing import is_opened
from router.request.progress import Candidate, Progress, unanswered
from router.request.reasoning import note_of, passages_text, steps_text, worked_of
from router.routing.constraints import shape_of
from router.routing.decision_record import Record, RefusalNote, encode
from router.routing.policy_runtime import PolicyRuntime
from router.routing.routed_request import RoutedRequest
from router.types import (
    RECORD_VERSION,
    AttemptRow,
    AttemptState,
    ChatRequest,
    Clock,
    Domain,
    Identity,
    JsonText,
    Message,
    ReasoningNote,
    RequestRow,
    RequestState,
    Signals,
    Verdict,
    Worked,
)
from router.wire.body_keys import named


def open_row(routed: RoutedRequest, progress: Progress, attempt: AttemptRow) -> RequestRow:
    """Returns the intent: enough to attribute the money if nothing more is ever written."""
    rung = routed.decision.rungs[routed.decision.first]
    place = Place(attempt.tier, attempt.level, attempt.answerer, attempt.model)
    return build_row(
        _origin(routed),
        Spent(RequestState.OPEN, place, attempt.held_nano_usd),
        Times(routed.created_at_ms, 0, triage_ms=routed.triage_ms),
        Decided(reason=rung.reasons[0].value, confidence=rung.p, escalations=progress.climbs),
    )


def request_origin(
    request_id: str, request: ChatRequest, identity: Identity, runtime: PolicyRuntime
) -> Origin:
    """Returns who asked for what, and under which policy."""
    policy = runtime.policy
    return Origin(
        request_id,
        identity.tenant,
        identity.key_id,
        request.endpoint,
        policy.mode,
        policy.name,
        runtime.policy_hash,
        request.requested_model,
        request.stream,
        request.hints.tags,
    )


def _origin(routed: RoutedRequest) -> Origin:
    return request_origin(routed.request_id, routed.request, routed.identity, routed.runtime)


def prompt_digest(request: ChatRequest, secret: bytes) -> str:
    """Returns the keyed digest of all that the request says."""
    return digest(secret, transcript(request.messages))


class Ending(Struct, frozen=True):
    """Holds how a request ended: with an answer, with an error, or since its client left."""

    state: RequestState
    candidate: Candidate | None  # the best answer, also where none went out
    verdict: Verdict | None = None  # None: no answer went out
    error: TiergateError | None = None


def final_row(
    routed: RoutedRequest, progress: Progress, ending: Ending, clock: Clock, secret: bytes
) -> RequestRow:
    """Returns the row that is chained: all attempts, all arguments, digests instead of text.

    `secret` is the tenant's, which keys the digests.
    """
    tried = ending.candidate or unanswered(routed, progress)
    return build_row(
        _origin(routed),
        _spent(routed, progress, tried, ending),
        Times(
            routed.created_at_ms,
            clock.now_ms(),
            clock.monotonic_ms() - routed.started_ms,
            progress.first_token_ms,
            routed.triage_ms,
        ),
        Decided(
            "" if ending.verdict is None else ending.verdict.value,
            why(routed, progress, tried).value,
            all_reasons(routed, progress, tried),
            tried.verification.p,
            progress.climbs,
        ),
        _kept(routed, progress, tried, secret, ending),
    )


def _spent(routed: RoutedRequest, progress: Progress, tried: Candidate, ending: Ending) -> Spent:
    """Returns who answered and what all calls cost; baselines are only those of an answer.

    Approved words stay in the place of the rung whose turn it was, under the model that wrote its
    draft. Reports thus count the request once, next to that rung's calls; the verdict says who
    spoke. Where it wrote none, no model's figures have a request that it never answered: a call
    that failed is counted by its attempt.
    """
    rung, answer, attempts = tried.rung, tried.answer, tuple(progress.attempts.rows)
    model = routed.plans[tried.index].facts.model if answer is None else answer.model
    if answer is not None and tried.stands_in:
        drafts = [
            one.model
            for one in attempts
            if one.answerer == rung.answerer
            and one.state is not AttemptState.RELEASED
            and not one.error_code
        ]
        model = drafts[-1] if drafts else model
    state, error_code = ending.state, ending.error.code if ending.error else ""
    states = [attempt.state for attempt in attempts]
    if AttemptState.UNKNOWN_COST in states and state is not RequestState.CANCELLED:
        state = RequestState.UNKNOWN_COST
    return Spent(
        state,
        Place(rung.tier, rung.level, rung.answerer, model),
        progress.attempts.spent_nano_usd,
        answer.usage if answer else NO_USAGE,
        NO_BASELINES if ending.verdict is None else progress.comparison.baselines,
        attempts,
        ClientGone.code if ending.state is RequestState.CANCELLED else error_code,
    )


def _kept(
    routed: RoutedRequest,
    progress: Progress,
    tried: Candidate,
    secret: bytes,
    ending: Ending,
) -> Kept:
    """Returns digests of the texts, and the record with what triage read.

    The domain is the one under which a person takes the request, or that was read; "" for none.
    """
    taken = routed.taken_under(ending.verdict)
    read = routed.signals.domain.value if routed.signals.domain_read else ""
    return Kept(
        routed.prompt_digest or prompt_digest(routed.request, secret),
        digest(secret, tried.answer.text) if tried.answer else "",
        digest(secret, routed.request.hints.session or ""),
        _record(routed, progress, tried, secret, ending, taken),
        read if taken is None else taken.value,
        routed.signals.request_type.value if routed.signals.request_type_read else "",
        progress.review_id,
    )


def _record(
    routed: RoutedRequest,
    progress: Progress,
    tried: Candidate,
    secret: bytes,
    ending: Ending,
    taken: Domain | None,
) -> JsonText:
    """Returns the arguments and results of decide, next_rung and verify."""
    worked = worked_of(progress, tried)
    as_read = taken is routed.signals.domain and routed.signals.domain_read
    return encode(
        Record(
            RECORD_VERSION,
            without_words(routed.signals),
            routed.facts,
            routed.asked,
            routed.decision,
            tuple(progress.steps),
            routed.observed,
            routed.pressure,
            routed.draw,
            shape_of(routed.request, _input_bound(routed)),
            None if progress.shadow is None else progress.shadow.note,
            redirects_of(progress),
            _refusal(ending.error),
            progress.comparison.would_cost_nano_usd,
            None if routed.veil is None else routed.veil.counts,
            tried.answer.sources if tried.answer else (),
            UNSET if worked is None else _reasoning(routed, worked, secret),
            UNSET if routed.rollout is None else routed.rollout,
            models=routed.runtime.models or UNSET,
            gathered=(tried.answer.gathered or UNSET) if tried.answer else UNSET,
            passages_digest=_passages(routed, tried, secret),
            failures=failure_notes(progress) or UNSET,
            dropped=named(left_out(routed, progress, tried)) or UNSET,
            domain=UNSET if taken is None or as_read else taken,
            acute=routed.acute or UNSET,
            opened=is_opened(routed, tried.answer) or UNSET,
            shortfall=shortfall_of(routed, tried.answer) or UNSET,
        )
    )


def _reasoning(routed: RoutedRequest, worked: Worked, secret: bytes) -> ReasoningNote:
    """Returns the note of a deliberation, with the digest of its steps as they are stored."""
    return note_of(
        worked, _stored_digest(routed, steps_text(worked, routed.policy.privacy.store), secret)
    )


def _passages(routed: RoutedRequest, tried: Candidate, secret: bytes) -> str | UnsetType:
    """Returns the digest of the cited passages' words as they are stored, if they are."""
    text = passages_text(tried.answer, routed.policy.privacy.store)
    return _stored_digest(routed, text, secret) if text else UNSET


def _stored_digest(routed: RoutedRequest, text: str, secret: bytes) -> str:
    return digest(secret, text if routed.veil is None else routed.veil.said(text))


def _refusal(error: TiergateError | None) -> RefusalNote | None:
    """Notes what a limit of money said when it refused; None for every other error."""
    if not isinstance(error, BudgetExceeded):
        return None
    needed, left = error.needed_nano_usd, error.room_nano_usd
    limit = f"{error.limit} of {error.scope}"
    return None if needed is None or left is None else RefusalNote(limit, needed, left)


def _input_bound(routed: RoutedRequest) -> int:
    """Returns the input's bound in tokens, without images; 0 where no cost cap asked for it."""
    return 0 if routed.asked.max_cost_nano_usd is None else cost.input_bound(routed.request, 0)


def without_words(signals: Signals) -> Signals:
    """Returns signals without the wording of amounts, which is the user's and is not stored."""
    if not signals.amounts:
        return signals
    return replace(signals, amounts=tuple([replace(a, text="") for a in signals.amounts]))


def request_digest(routed: RoutedRequest, secret: bytes) -> str:
    """Returns a keyed digest, equal for requests that must get equal answers."""
    request = routed.request
    parts = (
        routed.runtime.policy_hash,
        (routed.decision.hard_rule, routed.exhausted),  # what an answer had to pass to be accepted
        routed.asked.rights,
        request.requested_model,
        request.messages,
        request.sampling,
        request.response_format,
        dict(request.hints.context),
        dict(request.extra),
    )
    return digest(secret, msgspec.json.encode(parts).decode())


def transcript(messages: Sequence[Message]) -> str:
    """Returns a conversation as one text, which is digested and, where allowed, stored."""
    return "\n\n".join([f"{message.role}: {message.text}" for message in messages])
