"""Builds the ledger row of one analysed text: an ordinary request row at level 1. Pure.

It costs only own compute: the processor time of reading the text, at the price book's rate.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from router.ledger.row_builder import (
    Decided,
    Kept,
    Place,
    Times,
    build_row,
    only_call,
    spent_on,
)
from router.ledger.row_reading import SPECIALIST, derived_values
from router.money import cost
from router.privacy.digest import digest
from router.request.ledger_row import request_origin, transcript, without_words
from router.routing.decision_record import Record, encode
from router.routing.policy_runtime import PolicyRuntime
from router.specialists.builtin_models import asked_baseline
from router.specialists.result import Said, document
from router.types import (
    AttemptRow,
    Baselines,
    ChatRequest,
    CostBasis,
    Identity,
    Price,
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
    """Holds one analysed text with all that its row says."""

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
        """Returns the cost of reading the text, at the price book's rate of a core.

        0 without one.
        """
        return cost.own_compute(self.price, self.compute_ms)

    @property
    def started_at_ms(self) -> int:
        """Returns when the text came."""
        return self.now_ms - round(self.latency_ms)

    @property
    def price(self) -> Price:
        """Returns the price of a core's second when the text came."""
        return self.runtime.on(self.started_at_ms).triage_price


def settled_row(booked: Booked, secret: bytes) -> RequestRow:
    """Returns the row that is chained.

    Digests instead of the text, and the baselines of the policy.
    """
    record, request, runtime = booked.record, booked.request, booked.runtime
    signals = record.signals
    answer = msgspec.json.encode(document(booked.said)).decode()
    reasons = tuple(
        dict.fromkeys(
            [*(r.value for r in record.decision.first_rung.reasons)]
            + [step.said.reason.value for step in record.steps]
        )
    )
    call = _call(booked)
    encoded = encode(replace(record, signals=without_words(signals)))
    domain, request_type = derived_values(encoded)  # "" for a guess, as of every other row
    return build_row(
        request_origin(booked.request_id, request, booked.identity, runtime),
        spent_on(call, RequestState.SETTLED, _baselines(booked, call.usage)),
        Times(call.started_at_ms, booked.now_ms, booked.latency_ms, triage_ms=booked.triage_ms),
        Decided(Verdict.ACCEPTED.value, reasons[0], reasons, booked.said.confidence),
        Kept(
            digest(secret, transcript(request.messages)),
            digest(secret, answer),
            record=encoded,
            domain=domain,
            request_type=request_type,
        ),
    )


def _call(booked: Booked) -> AttemptRow:
    """Returns the line of the heads' work: own compute on one core."""
    signals, price = booked.record.signals, booked.price
    call = only_call(
        booked.request_id,
        Role.ANSWER,
        Place(SPECIALIST, LEVEL, SPECIALIST, signals.triage_version),
        cost.Cost(booked.cost_nano_usd, CostBasis.OWN_COMPUTE),
        booked.started_at_ms,
        booked.latency_ms,
        Usage(input_tokens=signals.input_tokens),
    )
    return replace(
        call,
        price_version=price.version,
        compute_ms=booked.compute_ms,
        cores=1,
        p=booked.said.confidence,
        rung=0,
    )


def _baselines(booked: Booked, usage: Usage) -> Baselines:
    """Returns what the text would have cost elsewhere: its input only, since answers are short.

    Nobody would have had a person or an LLM read every text that an application moderates in
    passing, so there only the model that it asked for counts.
    """
    runtime = booked.runtime
    if booked.request.endpoint == MODERATIONS:
        return asked_baseline(runtime.policy, booked.request.requested_model, usage)
    report = runtime.policy.report

    people = report.people_usd_per_request
    return Baselines(
        all_level_2=runtime.cost_at_level(2, usage),
        all_level_3=runtime.cost_at_level(3, usage),
        people=None if people is None else usd_to_nano(people),
    )
