"""The ledger row of one analysed text: a request row like any other, at level 1. Pure.

It costs own compute alone: the processor time that reading the text took, at the book's rate.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from router.ledger.row_reading import SPECIALIST
from router.money import cost
from router.privacy.digest import digest
from router.request.ledger_row import transcript
from router.routing.decision_record import Record, encode
from router.routing.policy_runtime import PolicyRuntime
from router.specialists.builtin_models import asked_baseline
from router.specialists.result import Said, document
from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    ChatRequest,
    CostBasis,
    Identity,
    RequestRow,
    RequestState,
    Role,
    Usage,
    Verdict,
    usd_to_nano,
)

LEVEL = 1
MODERATIONS = "moderations"


class Booked(Struct, frozen=True):
    """One analysed text with all that its row says."""

    request_id: str
    request: ChatRequest
    identity: Identity
    runtime: PolicyRuntime
    record: Record
    said: Said
    now_ms: int
    latency_ms: float
    triage_ms: float
    compute_ms: float

    @property
    def cost_nano_usd(self) -> int:
        """What reading the text took, at the price book's rate of a core; 0 where it has none."""
        return cost.own_compute(self.runtime.triage_price, self.compute_ms)


def settled_row(booked: Booked, secret: bytes) -> RequestRow:
    """The row that is chained: digests instead of the text, and the baselines of the policy."""
    record, request, runtime = booked.record, booked.request, booked.runtime
    signals = record.signals
    words_out = replace(signals, amounts=tuple(replace(a, text="") for a in signals.amounts))
    answer = msgspec.json.encode(document(booked.said)).decode()
    reasons = tuple(
        dict.fromkeys(
            [*(r.value for r in record.decision.first_rung.reasons)]
            + [step.said.reason.value for step in record.steps]
        )
    )
    usage = Usage(input_tokens=signals.input_tokens)
    return RequestRow(
        request_id=booked.request_id,
        created_at_ms=booked.now_ms - round(booked.latency_ms),
        finished_at_ms=booked.now_ms,
        tenant=booked.identity.tenant,
        key_id=booked.identity.key_id,
        state=RequestState.SETTLED,
        endpoint=request.endpoint,
        stream=False,
        mode=runtime.policy.mode,
        policy=runtime.policy.name,
        policy_hash=runtime.policy_hash,
        requested_model=request.requested_model,
        tier=SPECIALIST,
        tier_number=LEVEL,
        answerer=SPECIALIST,
        model=signals.triage_version,
        verdict=Verdict.ACCEPTED.value,
        reason=reasons[0],
        reasons=reasons,
        confidence=booked.said.confidence,
        escalations=0,
        cost_nano_usd=booked.cost_nano_usd,
        baselines=_baselines(booked, usage),
        usage=usage,
        latency_ms=booked.latency_ms,
        first_token_ms=None,
        triage_ms=booked.triage_ms,
        prompt_digest=digest(secret, transcript(request.messages)),
        answer_digest=digest(secret, answer),
        session_digest="",
        tags=request.hints.tags,
        record=encode(replace(record, signals=words_out)),
        attempts=(_attempt(booked, usage),),
    )


def _attempt(booked: Booked, usage: Usage) -> AttemptRow:
    return AttemptRow(
        attempt_id=f"{booked.request_id}-0",
        request_id=booked.request_id,
        ordinal=0,
        role=Role.ANSWER,
        answerer=SPECIALIST,
        tier=SPECIALIST,
        level=LEVEL,
        model=booked.record.signals.triage_version,
        state=AttemptState.SETTLED,
        held_nano_usd=0,
        cost_nano_usd=booked.cost_nano_usd,
        cost_basis=CostBasis.OWN_COMPUTE,
        price_version=booked.runtime.triage_price.version,
        started_at_ms=booked.now_ms - round(booked.latency_ms),
        latency_ms=booked.latency_ms,
        compute_ms=booked.compute_ms,
        cores=1,
        usage=usage,
        p=booked.said.confidence,
        rung=0,
    )


def _baselines(booked: Booked, usage: Usage) -> Baselines:
    """What the text would have cost elsewhere: an LLM's short answer is not counted, only input.

    Nobody would have had a person or an LLM read every text that an application moderates in
    passing, so there only the model that it asked for counts.
    """
    runtime = booked.runtime
    if booked.request.endpoint == MODERATIONS:
        return asked_baseline(runtime.policy, booked.request.requested_model, usage)
    report = runtime.policy.report

    def at(name: str | None, level: int) -> int | None:
        plan = runtime.by_name.get(name) if name else None
        if plan is None:
            plan = next((p for p in runtime.plans if p.facts.level == level), None)
        priced = None if plan is None else plan.would_cost(usage)
        return None if priced is None or priced.basis is CostBasis.UNKNOWN else priced.nano_usd

    people = report.people_usd_per_request
    return Baselines(
        all_level_2=at(report.level_2, 2),
        all_level_3=at(report.level_3, 3),
        people=None if people is None else usd_to_nano(people),
    )
