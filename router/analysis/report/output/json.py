"""Renders the report as one JSON document. Keys are stable.

Money is an integer and an exact string.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from router.analysis.report.figures import (
    CacheFigures,
    EndingFigures,
    FixedModel,
    Forecast,
    GroupFigures,
    Interval,
    LevelShare,
    Measure,
    NamedFigures,
    Period,
    ProviderFigures,
    Quality,
    ReasonFigures,
    Report,
    RoleFigures,
    Saving,
    TierFigures,
    UnknownCost,
)
from router.analysis.report.headline import left_of_report
from router.analysis.report.replies import GroundsFigures, Replies, ReplyFigures
from router.rendering.json_values import Json, money

SCHEMA = "tiergate.report/3"
"""Names the version; it rises when a key changes its meaning or goes away, not for a new key."""


def report_json(report: Report) -> bytes:
    """Returns the report as indented UTF-8, ended by a line break. Unknown is null, never 0."""
    return orjson.dumps(report_object(report), option=orjson.OPT_INDENT_2) + b"\n"


def report_object(report: Report) -> Json:
    """Returns the document of `report_json` as plain values: for an API answer or another tool."""
    counts = report.counts
    return {
        "schema": SCHEMA,
        "headline": report.headline,
        "sentences": list(report.sentences),  # of the headline, one by one
        "period": _period(report.period),
        # A reader of the file must see that it does not cover all requests.
        "filters": {by: list(names) for by, names in report.chosen},
        "headline_baseline": report.leading,
        "not_told_because": report.unsaved or None,  # the reason, where there is no such baseline
        # Of the headline's saving after what bought no answer; null where nobody need be told.
        **money("saved_left", left_of_report(report)),
        # For surfaces that show amounts of this document as the report itself does.
        "shown_places": report.places,
        "requests": counts.requests,
        "states": dict(counts.states),
        "verdicts": dict(counts.verdicts),
        # What all requests got; only answers and questions back are compared.
        "replies": [_reply(x) for x in report.replies.lines],
        "replies_told": report.replies.told(),
        "waiting": report.replies.waiting,
        "quality": _quality(report.quality, report.replies),
        # What the chances of accepted answers rest on; nobody measured those of `prior`.
        "accepted_on": [_ground(x) for x in report.replies.grounds],
        "escalated": counts.escalated,
        "lowest_level": counts.lowest_level,  # answers above it are escalated
        "climbed": counts.climbed,  # replies after another tier's turn: escalations of the header
        "single_level": counts.single_level,
        "reviews": counts.reviews,
        "cache_hits": counts.cache_hits,
        "observed": counts.observed,
        **money("spend", report.spend_nano_usd),
        **money("discarded", report.discarded_nano_usd),
        **money("unattributed", report.unattributed_nano_usd),
        "latency": {"p50_ms": report.p50_ms, "p95_ms": report.p95_ms},
        **_breakdowns(report),
        "savings": [_saving(x) for x in report.savings],
        "observed_savings": [_saving(x) for x in report.observed_savings],
        "waste": [
            {"kind": x.kind.value, "calls": x.calls, **money("spend", x.spend_nano_usd)}
            for x in report.waste
        ],
        "cache": _cache(report.cache),
        "fixed_model": _fixed(report.fixed_model),
        "outcomes": [_outcome(x) for x in report.outcomes],
        "forecast": _forecast(report.forecast),
        "unknown_cost": _unknown(report.unknown),
        "estimated_cost": {
            "calls": report.estimated.calls,
            **money("spend", report.estimated.spend_nano_usd),
        },
        # What later bills say of calls of this period; it is in no figure of this document.
        "corrected_later": {
            "calls": report.later.calls,
            **money("spend", report.later.spend_nano_usd),
        },
        "provider": provider_object(report.provider),
        "assumptions": list(report.assumptions),
        "notes": list(report.notes),
    }


def _breakdowns(report: Report) -> Json:
    """Returns the lists, each entry with its key and its figures."""
    return {
        "levels": [_level(x) for x in report.levels],
        "tiers": [_tier(x) for x in report.tiers],
        "domains": _named(report.domains),
        "request_types": _named(report.request_types),
        "tenants": _named(report.tenants),
        "keys": [
            # The id stays the name, since two keys may share a name of their own.
            {"name": x.name, "key_name": x.label or None, **_group(x.figures)}
            for x in report.keys
        ],
        "tags": _named(report.tags),
        "each_tag": _named(report.each_tag),
        "endpoints": _named(report.endpoints),
        "models": _named(report.models),
        "adapters": _named(report.adapters),
        "policies": _named(report.policies),
        "days": _named(report.days),
        "escalation_reasons": [_reason(x) for x in report.escalation_reasons],
        "reasons": [_reason(x) for x in report.reasons],
        "unanswered": [_ending(x) for x in report.endings],
        "roles": [_role(x) for x in report.roles],
        "cost_bases": [
            {"basis": x.basis.value, "attempts": x.attempts, **money("spend", x.spend_nano_usd)}
            for x in report.bases
        ],
    }


def _period(period: Period) -> Json:
    return {
        "since_ms": period.since_ms,
        "until_ms": period.until_ms,
        "first_row_ms": period.first_row_ms,
        "last_row_ms": period.last_row_ms,
        "generated_at_ms": period.generated_at_ms,
        "zone": period.zone,
    }


def _reply(line: ReplyFigures) -> Json:
    return {
        "reply": line.name,
        "words": line.words,
        "requests": line.requests,
        **money("spend", line.spend_nano_usd),
        # Of the spend: the most that calls of unknown cost may have cost; null: not known by line.
        **money("held_unknown", line.held_nano_usd),
    }


def _ground(line: GroundsFigures) -> Json:
    return {
        "grounds": line.name,
        "words": line.words,
        "answers": line.answers,
        **money("spend", line.spend_nano_usd),
    }


def _quality(quality: Quality, replies: Replies) -> Json:
    return {
        "answered": quality.answered,
        "accepted": quality.accepted,
        "unverified": quality.unverified,
        "observed": quality.observed,
        "unverified_share": quality.unverified_share,
        **money("unverified", quality.unverified_nano_usd),
        "shortfalls": [
            {
                "kind": one.kind.value,
                "answers": one.answers,
                "accepted": one.accepted,
                **money("spend", one.spend_nano_usd),
            }
            for one in replies.shortfalls
        ],
    }


def _cache(cache: CacheFigures) -> Json:
    return {
        "hits": cache.hits,
        "priced": cache.priced,
        "replays": cache.replays,
        **money("value", cache.value_nano_usd),
    }


def _outcome(measure: Measure) -> Json:
    return {
        "measure": measure.key,
        "label": measure.label,
        "unit": measure.unit,
        "value": measure.value,
        "interval": _ends(measure.interval),
        "count": measure.count,
    }


def _unknown(unknown: UnknownCost) -> Json:
    return {
        "requests": unknown.requests,
        "request_ids": list(unknown.named),
        **money("held", unknown.held_nano_usd),
        "afterwards": dict(unknown.afterwards),
        "settled_by_bills": unknown.settled,
    }


def _level(share: LevelShare) -> Json:
    return {
        "level": share.level,
        "requests": share.requests,
        "share": share.share,
        "planned": share.planned,
        "without_model": share.without_model,
    }


def _tier(tier: TierFigures) -> Json:
    return {
        "tier": tier.tier,
        "level": tier.level,
        "model": tier.model,
        **_group(tier.figures),
        "tried": tier.tried,
        **money("own_spend", tier.own_spend_nano_usd),
        # Those that the model gave itself, where it gave several: its name with a day.
        "names": [name for name, _, _ in tier.names],
    }


def _ending(figures: EndingFigures) -> Json:
    return {
        "ending": figures.ending.value,
        "code": figures.code,
        "requests": figures.requests,
        **money("spend", figures.spend_nano_usd),
        "told": figures.told,
        # Without a limit of money nothing was missing, which is not the same as 0.
        **money("short", figures.short_nano_usd if figures.told else None),
    }


def _role(figures: RoleFigures) -> Json:
    return {
        "role": figures.role.value,
        "attempts": figures.attempts,
        **money("spend", figures.spend_nano_usd),
        "discarded": figures.discarded,
        **money("discarded_spend", figures.discarded_nano_usd),
    }


def _named(rows: Sequence[NamedFigures]) -> list[Json]:
    return [{"name": x.name, **_group(x.figures)} for x in rows]


def _reason(row: ReasonFigures) -> Json:
    return {
        "reason": row.reason,
        "first_requests": row.first_requests,
        **money("first_spend", row.first_spend_nano_usd),
        "any_requests": row.any_requests,
        **money("any_spend", row.any_spend_nano_usd),
    }


def _fixed(fixed: FixedModel) -> Json:
    return {
        "answerer": fixed.answerer,
        "why": fixed.why or None,
        "requests": fixed.requests,
        "p": fixed.p,
        **money("mean_cost", fixed.mean_cost_nano_usd),
        "own_p": fixed.own_p,
        **money("own_mean_cost", fixed.own_mean_cost_nano_usd),
    }


def _forecast(forecast: Forecast) -> Json:
    return {
        "month": forecast.month,
        "why": forecast.why or None,
        "days": forecast.days,
        **money("spent", forecast.spent_nano_usd),
        **money("expected", forecast.expected_nano_usd),
        **money("low", forecast.low_nano_usd),
        **money("high", forecast.high_nano_usd),
    }


def provider_object(figures: ProviderFigures) -> Json:
    """Compares the reported costs of providers with the booked ones; the difference is signed."""
    return {
        "calls": figures.calls,
        **money("booked", figures.booked_nano_usd),
        **money("reported", figures.reported_nano_usd),
        **money("difference", figures.difference_nano_usd),
    }


def _group(figures: GroupFigures) -> Json:
    return {
        "requests": figures.requests,
        "share": figures.share,
        **money("spend", figures.spend_nano_usd),
        "unknown_cost": figures.unknown_cost,
        "p50_ms": figures.p50_ms,
        "p95_ms": figures.p95_ms,
        "judged": figures.judged,
        "in_words": figures.in_words,
        "on_prior": figures.on_prior,
        "accepted": figures.accepted,
        "acceptance": figures.acceptance,
        "escalated": figures.escalated,
        "refused": figures.refused,
        "failed": figures.failed,
    }


def _saving(saving: Saving) -> Json:
    between = saving.saved_interval
    return {
        "baseline": saving.key,
        "label": saving.label,
        "compared": saving.compared,
        "not_compared": saving.not_compared,
        "without_answer": saving.without_answer,
        **money("baseline", saving.baseline_nano_usd),
        **money("own", saving.own_nano_usd),
        **money("saved", saving.saved_nano_usd),
        "answers_nothing": saving.silent,
        "partly_answers_nothing": saving.partly_silent,  # at the price of one of its models
        "tellable": saving.tellable,  # a sentence or a picture may name it
        "accepted": saving.accepted,
        **money("accepted_baseline", saving.accepted_baseline_nano_usd),
        **money("accepted_own", saving.accepted_own_nano_usd),
        **money("accepted_saved", saving.accepted_saved_nano_usd),
        "questions": saving.asked,  # of the compared ones, questions back
        **money("questions_saved", saving.asked_saved_nano_usd),
        "saved_share_without_questions": saving.share_without_asked,
        "answers_not_compared": saving.apart,  # of `not_compared`: the others are no answers
        **money("answers_not_compared_own", saving.apart_nano_usd),
        "saved_interval_nano_usd": None
        if between is None
        else [round(between.low), round(between.high)],
        "saved_share": saving.saved_share,
        "saved_share_interval": _ends(saving.share_interval),
        "interval": "95 %, bootstrap over stretches of time"
        if saving.by_blocks
        else "95 %, central limit theorem on paired differences",
    }


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
