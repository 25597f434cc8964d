"""Makes two rungs, as the gateway would know them, and records of requests, for replay's tests."""

from __future__ import annotations

from msgspec import UNSET

from router.analysis.replay.cases import Case, case_of
from router.routing.constraints import shape_of
from router.routing.decision_record import Record, encode
from router.routing.routed_request import RoutedRequest
from router.types import (
    RECORD_VERSION,
    CostBasis,
    PSource,
    Reason,
    RungFacts,
    Signals,
    Verdict,
)
from tests.kits.books.ledger_rows import request
from tests.kits.changed import replace


def facts_of(signals: Signals, p_mid: float) -> tuple[RungFacts, RungFacts]:
    """Returns an approved answer at its match confidence, and a level-2 model at `p_mid`."""
    p = signals.match.confidence if signals.match else 0.0
    return (
        RungFacts("faq", "resolve", 1, p, PSource.MATCH, 1, 0, CostBasis.OWN_COMPUTE, 10.0),
        RungFacts("mid", "llm", 2, p_mid, PSource.LABELLED, 100, 20, CostBasis.TOKEN_PRICE, 10.0),
    )


def recorded(routed: RoutedRequest) -> Case:
    """Returns a routed request as replay reads its row, by a policy whose hash is `recorded`.

    Approved words that are due have gone out; else nothing is noted of any call.
    """
    record = Record(
        version=RECORD_VERSION,
        signals=routed.signals,
        facts=routed.facts,
        asked=routed.asked,
        decision=routed.decision,
        steps=(),
        observed=routed.observed,
        pressure=routed.pressure,
        shape=shape_of(routed.request),
        acute=routed.acute or UNSET,
    )
    row = replace(request(routed.request_id), record=encode(record), policy_hash="recorded")
    if routed.refused and not routed.calls_for_help:
        row = replace(row, reason=Reason.HARMFUL.value, verdict=Verdict.REFUSED.value)
    elif routed.refused or routed.safe_answer_first:
        row = replace(row, verdict=Verdict.SAFE_ANSWER.value)
    case = case_of(row)
    assert isinstance(case, Case)
    return case
