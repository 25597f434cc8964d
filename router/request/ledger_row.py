"""What is said of a request afterwards: its ledger row, its outcome, its digests. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from router.errors import BudgetExceeded, TiergateError
from router.ledger.row_reading import expected_cost
from router.money import cost
from router.privacy.digest import digest
from router.request.state import Candidate, Walk
from router.routing.constraints import shape_of
from router.routing.decision_record import RECORD_VERSION, Record, RefusalNote, encode
from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    ChatRequest,
    Clock,
    CostBasis,
    JsonText,
    Message,
    Outcome,
    Reason,
    RequestRow,
    RequestState,
    Rung,
    Signals,
    Timings,
    Usage,
    Verdict,
    usd_to_nano,
)
from router.wire.body_keys import dropped


def open_row(walk: Walk, attempt: AttemptRow) -> RequestRow:
    """The intent: enough to attribute the money if nothing else is ever written."""
    rung = walk.decision.rungs[walk.decision.first]
    return RequestRow(
        request_id=walk.request_id,
        created_at_ms=walk.created_at_ms,
        finished_at_ms=0,
        tenant=walk.identity.tenant,
        key_id=walk.identity.key_id,
        state=RequestState.OPEN,
        endpoint=walk.request.endpoint,
        stream=walk.request.stream,
        mode=walk.runtime.policy.mode,
        policy=walk.runtime.policy.name,
        policy_hash=walk.runtime.policy_hash,
        requested_model=walk.request.requested_model,
        tier=attempt.tier,
        tier_number=attempt.level,
        answerer=attempt.answerer,
        model=attempt.model,
        verdict="",
        reason=rung.reasons[0].value,
        reasons=(),
        confidence=rung.p,
        escalations=walk.climbs,
        cost_nano_usd=attempt.held_nano_usd,
        baselines=Baselines(),
        usage=Usage(),
        latency_ms=0.0,
        first_token_ms=None,
        triage_ms=walk.triage_ms,
        prompt_digest="",
        answer_digest="",
        session_digest="",
        tags=walk.request.hints.tags,
        record=JsonText("{}"),
    )


def prompt_digest(request: ChatRequest, secret: bytes) -> str:
    """The keyed digest of all that the request says."""
    return digest(secret, transcript(request.messages))


def final_row(
    walk: Walk,
    candidate: Candidate | None,
    verdict: Verdict,
    state: RequestState,
    clock: Clock,
    secret_of: Callable[[str], bytes],
    error: TiergateError | None = None,
) -> RequestRow:
    """The row that is chained: all attempts, all arguments, digests instead of text."""
    tried = candidate or walk.unanswered
    secret = secret_of(walk.identity.tenant)
    answer = tried.answer
    attempts = tuple(walk.attempts)
    usage = answer.usage if answer else Usage()
    unknown = any(a.state is AttemptState.UNKNOWN_COST for a in attempts)
    answered = state is RequestState.SETTLED
    session = walk.request.hints.session
    if unknown and state is not RequestState.CANCELLED:
        state = RequestState.UNKNOWN_COST
    return RequestRow(
        request_id=walk.request_id,
        created_at_ms=walk.created_at_ms,
        finished_at_ms=clock.now_ms(),
        tenant=walk.identity.tenant,
        key_id=walk.identity.key_id,
        state=state,
        endpoint=walk.request.endpoint,
        stream=walk.request.stream,
        mode=walk.runtime.policy.mode,
        policy=walk.runtime.policy.name,
        policy_hash=walk.runtime.policy_hash,
        requested_model=walk.request.requested_model,
        tier=tried.rung.tier,
        tier_number=tried.rung.level,
        answerer=tried.rung.answerer,
        model=answer.model if answer else walk.plan(tried.rung.answerer).facts.model,
        verdict=verdict.value if answered else "",
        reason=why(walk, tried).value,
        reasons=tuple(r.value for r in _all_reasons(walk)),
        confidence=tried.said.p,
        escalations=walk.climbs,
        cost_nano_usd=walk.spent_nano_usd,
        baselines=walk.baselines if answered else Baselines(),
        usage=usage,
        latency_ms=clock.monotonic_ms() - walk.started_ms,
        first_token_ms=walk.first_token_ms,
        triage_ms=walk.triage_ms,
        prompt_digest=walk.prompt_digest or prompt_digest(walk.request, secret),
        answer_digest=digest(secret, answer.text) if answer else "",
        session_digest=digest(secret, session or ""),
        tags=walk.request.hints.tags,
        record=_record(walk, error),
        review_id=walk.review_id,
        error_code=error.code if error else "",
        attempts=attempts,
    )


def _record(walk: Walk, error: TiergateError | None) -> JsonText:
    """All that was told to decide, next_rung and verify, and what they said."""
    return encode(
        Record(
            RECORD_VERSION,
            _without_words(walk.signals),
            walk.facts,
            walk.asked,
            walk.decision,
            tuple(walk.steps),
            walk.observed,
            walk.pressure,
            walk.draw,
            shape_of(walk.request, _input_bound(walk)),
            walk.shadow,
            redirects_of(walk),
            _refusal(error),
            walk.would_cost_nano_usd,
        )
    )


def redirects_of(walk: Walk) -> tuple[str, ...]:
    """Each redirect of the request once, as people read it."""
    if not walk.redirects:
        return ()
    said = [f"{one.asked} -> {one.answered}" for one in walk.redirects]
    return tuple(dict.fromkeys(said))


def _refusal(error: TiergateError | None) -> RefusalNote | None:
    """Notes what a limit of money said when it refused; None for all else."""
    if not isinstance(error, BudgetExceeded):
        return None
    needed, left = error.needed_nano_usd, error.room_nano_usd
    limit = f"{error.limit} of {error.scope}"
    return None if needed is None or left is None else RefusalNote(limit, needed, left)


def _input_bound(walk: Walk) -> int:
    """Images left out. As `decide` was told it: only a cost cap asks for the worst case."""
    return 0 if walk.asked.max_cost_nano_usd is None else cost.input_bound(walk.request, 0)


def weigh(walk: Walk, candidate: Candidate, verdict: Verdict) -> None:
    """Compute the baselines once, for the row and the outcome alike.

    Approved words that stand in for an answer are compared with nothing: the matter is not done,
    and what a person will cost is not known yet.
    """
    if verdict in (Verdict.SAFE_ANSWER, Verdict.HELD):
        walk.baselines = Baselines()
    else:
        walk.baselines = _baselines(walk, candidate)
    if walk.observed is not None:
        walk.would_cost_nano_usd = _ladder_cost(walk, candidate)


def outcome_of(walk: Walk, candidate: Candidate, verdict: Verdict, clock: Clock) -> Outcome:
    """What surfaces are told; for a dry run the expected cost of the first rung stands for cost."""
    return Outcome(
        request_id=walk.request_id,
        signals=walk.signals,
        decision=walk.decision,
        policy=walk.runtime.policy.name,
        policy_hash=walk.runtime.policy_hash,
        answer=candidate.answer,
        rung=candidate.rung,
        verdict=verdict,
        reason=why(walk, candidate),
        confidence=candidate.said.p,
        escalations=walk.climbs,
        cost_nano_usd=walk.spent_nano_usd if walk.accounted else candidate.rung.cost_nano_usd,
        cost_known=all(a.cost_basis is not CostBasis.UNKNOWN for a in walk.attempts),
        baselines=walk.baselines,
        observed=walk.observed is not None,
        timings=_timings(walk, clock.monotonic_ms()),
        attempts=tuple(walk.attempts),
        review_id=walk.review_id,
        rates=walk.rates.states if walk.rates else (),
        cache=walk.cache,
        dropped=dropped(walk.request, walk.plan(candidate.rung.answerer).facts),
        unsupported_tools=walk.request.unsupported_tools,
        redirects=redirects_of(walk),
        max_output_tokens=lowered_cap(walk, candidate.rung),
    )


def lowered_cap(walk: Walk, rung: Rung) -> int | None:
    """The answerer's own cap of output where the client asked for more, else None."""
    asked, facts = walk.request.sampling.max_output_tokens, walk.plan(rung.answerer).facts
    lowered = asked is not None and asked > facts.max_output_tokens and facts.kind != "resolver"
    return facts.max_output_tokens if lowered else None


def _timings(walk: Walk, now_ms: float) -> Timings:
    decided_ms = walk.started_ms + walk.triage_ms + walk.decide_ms
    answered_ms = walk.answered_ms or decided_ms
    return Timings(
        triage_ms=walk.triage_ms,
        decide_ms=walk.decide_ms,
        answer_ms=answered_ms - decided_ms,
        ledger_ms=now_ms - answered_ms if walk.answered_ms else 0.0,
        total_ms=now_ms - walk.started_ms,
    )


def _without_words(signals: Signals) -> Signals:
    """Signals as they may be stored: the wording of amounts is the user's and stays out."""
    if not signals.amounts:
        return signals
    return replace(signals, amounts=tuple(replace(a, text="") for a in signals.amounts))


def request_digest(walk: Walk, secret: bytes) -> str:
    """Equal for requests that must get equal answers, keyed so that it names nothing outside."""
    request = walk.request
    parts = (
        walk.runtime.policy_hash,
        (walk.decision.hard_rule, walk.exhausted),  # what an answer had to pass to be accepted
        request.requested_model,
        request.messages,
        request.sampling,
        request.response_format,
        dict(request.hints.context),
        dict(request.extra),
    )
    return digest(secret, msgspec.json.encode(parts).decode())


def transcript(messages: Sequence[Message]) -> str:
    """A conversation as the one text that is digested and, if the policy says so, stored."""
    return "\n\n".join(f"{m.role}: {m.text}" for m in messages)


def _baselines(walk: Walk, candidate: Candidate) -> Baselines:
    """What the same request would have cost elsewhere; None where a price is unknown.

    The returned answer's own token counts stand for every baseline model's, an assumption that the
    report prints under its table; a stand-in's are estimated.
    """
    policy, plans = walk.runtime.policy, walk.runtime.by_name
    usage, images = _usage_of(walk, candidate), cost.count_images(walk.request)

    def at(name: str | None, level: int) -> int | None:
        plan = plans.get(name) if name else None
        if plan is None:
            plan = next((p for p in walk.runtime.plans if p.facts.level == level), None)
        return None if plan is None else _known(plan.would_cost(usage, images))

    asked = walk.runtime.price_of(walk.request.requested_model)
    people = policy.report.people_usd_per_request
    return Baselines(
        requested_model=_known(cost.attempt_cost(asked, usage, 0.0, images))
        if asked is not None
        else _answerers_cost(walk, usage, images),
        all_level_2=at(policy.report.level_2, 2),
        all_level_3=at(policy.report.level_3, 3),
        people=None if people is None else usd_to_nano(people),
    )


def _usage_of(walk: Walk, candidate: Candidate) -> Usage:
    """The tokens of an answer, estimated where it has none."""
    usage = candidate.answer.usage if candidate.answer else Usage()
    if usage.total_tokens:
        return usage
    expected = walk.plan(candidate.rung.answerer).facts.expected_output_tokens
    return Usage(input_tokens=walk.signals.input_tokens, output_tokens=expected)


def _ladder_cost(walk: Walk, candidate: Candidate) -> int | None:
    """Cost of the ladder that was decided and not climbed, nano-dollars; None: a price is unknown.

    Each rung at this answer's tokens, as often as those below it are expected to be wrong.
    """
    usage, images = _usage_of(walk, candidate), cost.count_images(walk.request)
    ladder = [rung for rung in walk.decision.rungs[walk.decision.first :] if rung.taken]
    costs = [_known(walk.plan(rung.answerer).would_cost(usage, images)) for rung in ladder]
    known = [(rung.p, one) for rung, one in zip(ladder, costs, strict=True) if one is not None]
    return expected_cost(known) if len(known) == len(ladder) else None


def _answerers_cost(walk: Walk, usage: Usage, images: int) -> int | None:
    """The cost at the answerer that the asked model's name stands for, if there is one."""
    model = walk.request.requested_model
    alias = walk.runtime.policy.alias(model)
    name = alias.answerer if alias is not None else None
    plan = walk.runtime.by_name.get(name) if name else None
    if plan is None:
        plan = next((p for p in walk.runtime.plans if p.facts.model == model), None)
    return None if plan is None else _known(plan.would_cost(usage, images))


def _known(priced: cost.Cost) -> int | None:
    return None if priced.basis is CostBasis.UNKNOWN else priced.nano_usd


def why(walk: Walk, candidate: Candidate) -> Reason:
    """Why this tier answered."""
    for hit in (Reason.CACHE_HIT, Reason.SEMANTIC_CACHE_HIT):
        if hit in candidate.rung.reasons:
            return hit
    if walk.observed is not None:
        return Reason.OBSERVED
    return walk.reached_by(candidate.at)


def _all_reasons(walk: Walk) -> tuple[Reason, ...]:
    """The first rung's reasons, then why each later rung was reached, then why the climb ended."""
    reasons = [*walk.decision.first_rung.reasons, *(s.said.reason for s in walk.steps)]
    return tuple(dict.fromkeys(reasons))
