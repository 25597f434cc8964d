"""Formats decisions as response headers.

The functions are pure: they take an Outcome, what a stream begins with, or rates.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.api.http.decision_views import usage_estimated, usd
from router.ledger.replies import led_beside
from router.types import (
    Begun,
    Committed,
    Decision,
    Outcome,
    RateState,
    Reason,
    Rung,
    Timings,
    Verdict,
)
from router.wire.public_ids import decision_id, request_name

Headers = list[tuple[bytes, bytes]]
DROPPED_IN_HEADER = 10
"""Bounds the names of dropped keys that are shown: a client can invent very many of them."""
UNVERIFIED = Verdict.UNVERIFIED.value.encode()


def request_header(request_id: str) -> Headers:
    """Returns the headers of every response, of errors too."""
    return [(b"x-request-id", request_name(request_id).encode())]


def id_headers(request_id: str) -> Headers:
    """Returns the headers of a response with a ledger row, so that clients can look it up."""
    return [
        *request_header(request_id),
        (b"x-tiergate-decision-id", decision_id(request_id).encode()),
    ]


def begun_headers(event: Begun | Committed) -> Headers:
    """Returns the headers that a stream knows before any rung is committed."""
    return [
        *id_headers(event.request_id),
        *_budget_headers(event.decision),
        *rate_headers(event.rates),
        (b"x-tiergate-policy", f"{event.policy}@{event.policy_hash}".encode()),
    ]


def committed_headers(event: Committed) -> Headers:
    """Returns the headers that a stream knows when its first byte goes out."""
    rung = event.rung
    return [
        *begun_headers(event),
        *_rung_headers(rung, reason_told(event), event.confidence, event.escalations),
        *model_header(event.model),
        *_verdict_header(event),
        *([(b"x-tiergate-review", b"pending")] if event.review_id else []),
        *_notes(event),
    ]


def outcome_headers(outcome: Outcome) -> Headers:
    """Returns all headers, for an answer that is sent whole."""
    rung = outcome.rung
    ids = id_headers if outcome.answer else request_header  # a dry run writes no row
    headers = [
        *ids(outcome.request_id),
        *_rung_headers(rung, reason_told(outcome), outcome.confidence, outcome.escalations),
        *_budget_headers(outcome.decision),
        *(rate_headers(outcome.rates) if outcome.rates else ()),
        (b"x-tiergate-verdict", outcome.verdict.encode() if outcome.answer else b"dry_run"),
        *model_header(outcome.answer.model if outcome.answer else ""),
        (b"x-tiergate-policy", f"{outcome.policy}@{outcome.policy_hash}".encode()),
        (b"server-timing", _server_timing(outcome.timings)),
        *_notes(outcome),
    ]
    # A missing header is honest; a zero would be read as free of charge.
    if outcome.cost_known:
        headers.append((b"x-tiergate-cost-usd", usd(outcome.cost_nano_usd).encode()))
    if outcome.saved_nano_usd is not None:
        headers.append((b"x-tiergate-saved-usd", usd(outcome.saved_nano_usd).encode()))
    if outcome.review_id:
        headers.append((b"x-tiergate-review", b"pending"))
    if usage_estimated(outcome):
        headers.append((b"x-tiergate-usage", b"estimated"))
    return headers


def model_header(model: str) -> Headers:
    """Returns the header that names the model; a header without a value would say nothing."""
    return [(b"x-tiergate-model", _ascii(model))] if model else []


def _verdict_header(event: Committed) -> Headers:
    """Returns the verdict where it is known before the stream's end: of an answer held back whole.

    What stands in from below in an outage is unverified whatever it says.
    """
    if event.verdict is not None:
        return [(b"x-tiergate-verdict", event.verdict.value.encode())]
    below = event.reason is Reason.OUTAGE_LOWER
    return [(b"x-tiergate-verdict", UNVERIFIED)] if below else []


def _notes(answered: Committed | Outcome) -> Headers:
    """Returns the headers that few answers have: what was left out, and what else to know."""
    notes: Headers = []
    if answered.cache:
        notes.append((b"x-tiergate-cache", answered.cache.encode()))
    notes += dropped_header(answered.dropped)
    if answered.unsupported_tools:
        kinds = ", ".join(answered.unsupported_tools[:16])
        notes.append((b"x-tiergate-unsupported-tools", _ascii(kinds)))
    if answered.redirects:
        notes.append((b"x-tiergate-redirected", _ascii(", ".join(answered.redirects))))
    if answered.max_output_tokens is not None:
        notes.append((b"x-tiergate-max-output-tokens", b"%d" % answered.max_output_tokens))
    if answered.disclaimer:
        notes.append((b"x-tiergate-disclaimer", _ascii(answered.disclaimer)))
    return notes


def dropped_header(names: Sequence[str]) -> Headers:
    """Returns the header that names keys of the body without effect, the first few and the number
    of the others; none where there are none.
    """
    if not names:
        return []
    # A comma separates the names, so a name may not have one.
    shown = [_ascii(name[:64].replace(",", "?")) for name in names[:DROPPED_IN_HEADER]]
    if len(names) > DROPPED_IN_HEADER:
        shown.append(f"and {len(names) - DROPPED_IN_HEADER} more".encode())
    return [(b"x-tiergate-dropped", b", ".join(shown))]


_KINDS = frozenset({Reason.QUOTED, Reason.BOTH_ANSWERED, Reason.EXACT_TOOL})
"""The kinds of answer that stand before the rule which led to their level."""


def reason_told(answered: Committed | Outcome) -> str:
    """Returns why a tier answered: one word, or what led to its level and the kind of answer.

    A kind of answer alone would hide the rule: `impact_level_2, no_model`. It would also hide that
    an answer without a model was left out for tools. What led to words in place of an answer is the
    reason that the dashboard names, too.
    """
    reason, decision = answered.reason, answered.decision
    capped = (Reason.OVER_MAX_COST,) if decision.kept_by_cap else ()
    led = led_beside(reason, (*capped, *decision.first_rung.reasons))
    if reason in _KINDS and decision.floor_reasons:
        led = decision.floor_reasons[0]
    elif reason in _KINDS and Reason.TOOLS_OFFERED in answered.rung.reasons:
        led = Reason.TOOLS_OFFERED
    return f"{led}, {reason}" if led else reason


def _rung_headers(rung: Rung, reason: str, confidence: float, escalations: int) -> Headers:
    return [
        (b"x-tiergate-tier", rung.tier.encode()),
        (b"x-tiergate-reason", reason.encode()),
        (b"x-tiergate-confidence", b"%.4f" % confidence),
        (b"x-tiergate-confidence-source", rung.p_source.encode()),
        (b"x-tiergate-escalations", b"%d" % escalations),
    ]


def _budget_headers(decision: Decision) -> Headers:
    """Describes how a budget steered the decision: its soft limit's effect, the price of money."""
    if decision.soft_limit is None and not decision.pacing:
        return []
    effects = [] if decision.soft_limit is None else [decision.soft_limit.value]
    if decision.pacing:
        effects.append(f"pacing={decision.pacing:.4f}")
    return [(b"x-tiergate-budget", ", ".join(effects).encode())]


def rate_headers(rates: Sequence[RateState]) -> Headers:
    """Returns the rest of requests and tokens in OpenAI's form; of several rates the scarcest."""
    headers: Headers = []
    for unit in ("requests", "tokens"):
        states = [rate for rate in rates if rate.unit == unit]
        if states:
            # The scarcest rate is the one that refuses first; among equal ones the one that lasts
            # longest.
            rate = min(states, key=lambda state: (state.remaining / state.limit, -state.reset_ms))
            headers += [
                (f"x-ratelimit-limit-{unit}".encode(), str(rate.limit).encode()),
                (f"x-ratelimit-remaining-{unit}".encode(), str(rate.remaining).encode()),
                (f"x-ratelimit-reset-{unit}".encode(), duration(rate.reset_ms).encode()),
            ]
    return headers


def duration(ms: int) -> str:
    """Formats a length of time as OpenAI does: 120 -> "120ms", 6_000 -> "6s", 61_500 -> "1m1.5s".

    From an hour on, whole seconds are precise enough: 3_661_500 -> "1h1m1s".
    """
    if ms < 1_000:
        return f"{ms}ms"
    minutes, rest = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest // 1000}s"
    return f"{minutes}m{rest / 1000:g}s" if minutes else f"{rest / 1000:g}s"


def _server_timing(t: Timings) -> bytes:
    times = (t.triage_ms, t.decide_ms, t.answer_ms, t.ledger_ms, t.total_ms)
    return (
        b"triage;dur=%.3f, decide;dur=%.3f, answer;dur=%.3f, ledger;dur=%.3f, total;dur=%.3f"
        % times
    )


def _ascii(text: str) -> bytes:
    """Returns a text as visible ASCII; an upstream's model name may hold any character."""
    if text.isascii() and text.isprintable():
        return text[:200].encode("ascii")
    return "".join(c if " " <= c <= "~" else "?" for c in text[:200]).encode("ascii")
