"""Formats decisions for clients as JSON: the `routing` object, the decision document.

The functions are pure: they take an Outcome or a ledger row. Amounts are dollars as decimal
strings, exact to the nano-dollar; the JSON also has the integers.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from router.ledger.record_reading import source_of
from router.ledger.replies import in_place, led_beside
from router.ledger.row_reading import (
    call_price_unknown,
    cost_known,
    price_unknown,
    provider_difference,
)
from router.routing.verification import ends_short
from router.types import (
    READ_LANGUAGES,
    AttemptRow,
    ChatRequest,
    CostBasis,
    Decision,
    Heard,
    JsonText,
    Outcome,
    Reason,
    RequestRow,
    ReviewCase,
    Rung,
    Signals,
    exact_usd,
)
from router.wire.feedback import feedback_view, verdict_view
from router.wire.public_ids import decision_id

DROPPED_IN_BODY = 100
"""Bounds the names of dropped keys that are shown: a client can invent very many of them."""
EVEN = 0.5  # from this chance on something is likelier than not


def usd(nano_usd: int) -> str:
    """Returns nano-dollars as a decimal string: 12_500_000 -> "0.0125", -1 -> "-0.000000001"."""
    return exact_usd(nano_usd, 1)


def usage_estimated(outcome: Outcome) -> bool:
    """Returns True where the upstream did not say what it used, so that the tokens are a bound.

    A call may report its tokens though its cost is a bound: one with sound does.
    """
    if outcome.answer is None or outcome.answer.usage.reported:
        return False
    return any(call.estimated and not call.discarded for call in outcome.attempts)


def routing_object(outcome: Outcome) -> JsonText:
    """Returns the `routing` object of the body, for `debug` or `dry_run`.

    A sum above nine billion dollars has more nano-dollars than orjson writes.
    """
    return JsonText(msgspec.json.encode(routing_view(outcome)).decode())


def stream_end(outcome: Outcome, first: ChatRequest) -> JsonText | None:
    """Returns the `routing` object that ends a stream, None for nothing.

    With `debug` it is the whole one. Otherwise it says what was unknown when the headers went out,
    and the cost to a client that asked for the usage.
    """
    if first.hints.debug:
        return routing_object(outcome)
    told: dict[str, object] = {}
    if first.include_usage and first.endpoint in ("chat.completions", "completions"):
        told["cost_usd"] = usd(outcome.cost_nano_usd) if outcome.cost_known else None
    if usage_estimated(outcome):
        told["usage_estimated"] = True
    if outcome.max_output_tokens is not None and ends_short(outcome.answer):
        told["max_output_tokens"] = outcome.max_output_tokens
    return JsonText(msgspec.json.encode(told).decode()) if told else None


_CHANCES = {
    Reason.ASKED_WHICH.value: "one_of_the_questions_is_meant",
    Reason.ASKED_FOR_SLOT.value: "the_request_is_understood",
}


def routing_view(outcome: Outcome) -> dict[str, object]:
    """Returns the `routing` object as JSON types."""
    return {
        "decision_id": decision_id(outcome.request_id) if outcome.answer else None,
        "policy": f"{outcome.policy}@{outcome.policy_hash}",
        "tier": outcome.rung.tier,
        "tier_number": outcome.rung.level,
        "answerer": outcome.answers_as,
        "verdict": outcome.verdict.value if outcome.answer else "dry_run",
        "reason": outcome.reason.value,
        "reasons": [reason.value for reason in outcome.reasons],
        "foretold": _foretold(outcome),
        "cache": outcome.cache or None,
        "dropped": list(outcome.dropped[:DROPPED_IN_BODY]),
        "unsupported_tools": list(outcome.unsupported_tools),
        "redirects": list(outcome.redirects),
        "max_output_tokens": outcome.max_output_tokens,
        "disclaimer": outcome.disclaimer or None,
        "opened": outcome.opened,
        "confidence": outcome.confidence,
        "confidence_of": chance_of(outcome.reason.value),
        "confidence_source": outcome.rung.p_source.value,
        "escalations": outcome.escalations,
        "signals": signals_view(outcome.signals),
        **ladder_view(outcome.decision),
        "cost_nano_usd": outcome.cost_nano_usd if outcome.cost_known else None,
        "cost_usd": usd(outcome.cost_nano_usd) if outcome.cost_known else None,
        "saved_usd": None if outcome.saved_nano_usd is None else usd(outcome.saved_nano_usd),
        "baselines_nano_usd": _plain(outcome.baselines),
        "attempts": [attempt_view(a) for a in outcome.attempts],
        "usage_estimated": usage_estimated(outcome),
        "review_id": outcome.review_id or None,
        "facts": list(outcome.answer.facts) if outcome.answer else [],
        "sources": [_plain(note) for note in outcome.answer.sources] if outcome.answer else [],
        "gathered": list(outcome.answer.gathered) if outcome.answer else [],
        "matched": outcome.answer.matched if outcome.answer else None,
    }


def chance_of(reason: str) -> str:
    """Returns what a confidence is the chance of: a question back is no answer that is right."""
    return _CHANCES.get(reason, "the_answer_is_right")


def _foretold(outcome: Outcome) -> dict[str, object] | None:
    """Returns what a dry run knows of the answer that a call would give; None beside an answer."""
    told = outcome.foretold
    if told is None:
        return None
    verdict = None if told.error else outcome.verdict.value
    return {
        "verdict": verdict,
        "sure": told.sure,
        "error": told.error or None,
        "words": told.words,
        "unoffered": told.unoffered or None,
        "offered": [{"question": text, "chance": round(p, 4)} for text, p in told.offered],
    }


def ladder_view(decision: Decision) -> dict[str, object]:
    """Returns the ladder as JSON types, with dollars as strings."""
    return {
        "mode": decision.mode.value,
        "stakes_usd": usd(decision.stakes_nano_usd),
        "floor": decision.floor,
        "ceiling": decision.ceiling,
        "floor_reasons": [r.value for r in decision.floor_reasons],
        "ceiling_reasons": [r.value for r in decision.ceiling_reasons],
        "confidence_floor": decision.confidence_floor,
        "soft_limit": decision.soft_limit.value if decision.soft_limit else None,
        "pacing": decision.pacing,
        "expected_loss": [rung_view(rung) for rung in decision.rungs],
        "in_hand": None if decision.in_hand is None else decision.rungs[decision.in_hand].answerer,
        "unverified_from": decision.unverified_from,
        "stand_ins": [decision.rungs[i].answerer for i in decision.spare],
    }


def rung_view(rung: Rung) -> dict[str, object]:
    """Returns one rung as JSON types."""
    return {
        "answerer": rung.answerer,
        "tier": rung.tier,
        "tier_number": rung.level,
        "taken": rung.taken,
        "reasons": [r.value for r in rung.reasons],
        "p": round(rung.p, 6),
        "p_source": rung.p_source.value,
        "p_count": rung.p_count,
        "cost_usd": None if rung.cost_basis is CostBasis.UNKNOWN else usd(rung.cost_nano_usd),
        "cost_basis": rung.cost_basis.value,
        "latency_ms": rung.latency_ms,
        "cache_usd": usd(rung.cache_nano_usd),
        "expected_loss_usd": usd(rung.expected_loss_nano_usd),
        "propensity": rung.propensity,
    }


def signals_view(signals: Signals) -> dict[str, object]:
    """Returns the signals of triage as JSON types. `matter` is null where none is likely.

    `guessed` names those whose heads cannot read the language.
    """
    view = _plain(signals)
    assert isinstance(view, dict)
    _name_guesses(view)
    _name_no_unlikely_matter(view)
    view["impact_usd"] = usd(signals.impact_nano_usd)
    view["heads"] = {reading.name: dict(reading.classes) for reading in signals.heads}
    return view


def _name_guesses(signals: dict[str, object]) -> None:
    """Adds the names of the signals that are guesses: their heads cannot read the language.

    Rows of earlier versions say the language alone.
    """
    language = signals.get("matter_language") or signals.get("language") or ""
    read = language in READ_LANGUAGES
    told = {name: signals.get(f"{name}_read", read) for name in ("request_type", "domain")}
    guesses = [name for name, is_read in told.items() if not is_read]
    signals["guessed"] = guesses + ([] if read else ["risk_domain", "stakes_high"])


def _name_no_unlikely_matter(signals: dict[str, object]) -> None:
    """Hides the likeliest grave matter of a request that is likelier to have none.

    Every request has a likeliest one, and its name on a harmless request frightens whoever reads
    it. Rows keep it, since it says that a reader was there.
    """
    grave = signals.get("grave")
    if isinstance(grave, float) and grave < EVEN:
        signals["matter"], signals["matter_language"] = None, ""


def attempt_view(attempt: AttemptRow) -> dict[str, object]:
    """Returns one attempt as JSON types; an unknown cost is null."""
    return {
        "role": attempt.role.value,
        "answerer": attempt.answerer,
        "model": attempt.model,
        "state": attempt.state.value,
        "cost_nano_usd": None if call_price_unknown(attempt) else attempt.cost_nano_usd,
        "cost_basis": attempt.cost_basis.value,
        "provider_cost_nano_usd": attempt.provider_cost_nano_usd,
        "provider_difference_nano_usd": provider_difference(attempt),
        "discarded": attempt.discarded,
        "estimated": attempt.estimated,
        "latency_ms": round(attempt.latency_ms, 3),
        "error_code": attempt.error_code or None,
        "adapter": attempt.adapter or None,
        "usage": _plain(attempt.usage),
    }


def decision_document(
    row: RequestRow,
    heard: Sequence[Heard] = (),
    case: ReviewCase | None = None,
    steps: str | None = None,
) -> bytes:
    """Returns the body of `GET /v1/decisions/{id}`.

    It holds the row, its attempts, the record behind the decision, the feedback that came since,
    and a reviewer's decision; with `steps`, the stored text of a deliberation's steps.
    """
    document = _plain(row)
    assert isinstance(document, dict)
    for name in ("domain", "request_type"):
        del document[name]  # the record's signals have both
    document["decision_id"] = decision_id(row.request_id)
    document["confidence_of"] = chance_of(row.reason) if row.verdict else None
    document["confidence_source"] = source_of(row) or None
    document["led_by"] = led_beside(row.reason, row.reasons) or None
    document["in_place"] = in_place(row)
    # A request that failed early has no record. orjson makes a float of a sum beyond 64 bits.
    record = msgspec.json.decode(row.record or "{}")
    if record.get("signals"):
        _name_guesses(record["signals"])
        _name_no_unlikely_matter(record["signals"])
    document["record"] = record
    document["attempts"] = [attempt_view(a) for a in row.attempts]
    document["models"] = _models(row, record)
    # The calls whose price is known are not what the request cost.
    if price_unknown(row):
        document["cost_nano_usd"] = None
    document["cost_usd"] = None if price_unknown(row) else usd(row.cost_nano_usd)
    # In observe mode the client called its model anyway, so nothing was saved.
    paired = row.mode != "observe" and cost_known(row)
    saved = row.baselines.requested_model if paired else None
    document["saved_usd"] = None if saved is None else usd(saved - row.cost_nano_usd)
    document["review"] = case.item.status if case else "pending" if row.review_id else None
    document["reviewed"] = verdict_view(case) if case and case.reviewed else None
    document["feedback"] = [feedback_view(feedback) for feedback in heard]
    if steps is not None:
        document["reasoning"] = msgspec.Raw(steps.encode())
    return msgspec.json.encode(document)


def _models(row: RequestRow, record: dict[str, object]) -> list[str]:
    """Returns NAME@VERSION of each registered model that read, judged or wrote the answer."""
    models = record.get("models")
    written = [attempt.adapter for attempt in row.attempts if "@" in attempt.adapter]
    return list(dict.fromkeys([*(models if isinstance(models, list) else ()), *written]))


def _plain(value: object) -> object:
    """Returns a frozen value as JSON types."""
    return msgspec.to_builtins(value)
