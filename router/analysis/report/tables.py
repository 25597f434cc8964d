"""Tables of a report as cells of text, for the terminal and the page alike.

Both show the same figures in the same words; only their form differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.analysis.report.breakdowns import NO_TAG
from router.analysis.report.figures import GroupFigures, NamedFigures, ReasonFigures, Report, Saving
from router.analysis.report.sentences import ENDING_WORDS
from router.ledger.aggregates import Ending
from router.rendering.figures_in_words import (
    NOTHING,
    Dollars,
    count,
    duration,
    percent,
    plain,
    saved_percent,
)
from router.types import RequestState

Row = tuple[str, ...]
TOTAL = "Total"

GROUP_COLUMNS = ("requests", "share", "spend", "p50", "p95", "accepted")
PAYING_COLUMNS = ("requests", "spend", "of spend", "refused", "failed", "accepted", "escalated")
SAVING_COLUMNS = (
    "baseline",
    "saved",
    "accepted only",
    "saved %",
    "95 % interval",
    "baseline cost",
    "own cost",
    "compared",
    "not",
)
ENDING_COLUMNS = ("how it ended", "reason", "requests", "spend", "short by", "on average")
REASON_COLUMNS = ("reason", "decided", "their spend", "climbed", "carried by", "their spend")


def money_of(report: Report, exact: bool) -> Dollars:
    """Returns what writes the amounts in the report's columns."""
    return Dollars(None if exact else report.places)


def group_cells(figures: GroupFigures, money: Dollars) -> Row:
    """A group's figures in the order of GROUP_COLUMNS."""
    return (
        count(figures.requests),
        percent(figures.share),
        money(figures.spend_nano_usd),
        duration(figures.p50_ms),
        duration(figures.p95_ms),
        percent(figures.acceptance),
    )


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One table by name; `whole` is False where its rows do not add up to all requests."""

    title: str
    first: str  # what the first column holds
    rows: tuple[NamedFigures, ...]
    whole: bool = True


def chargeback(report: Report) -> tuple[Breakdown, ...]:
    """Whom and what the spend may be charged to.

    Domains and request types are always there. Of the others one with a single name says what the
    whole says, and is left out.
    """
    combined = {one.name for one in report.tags} - {NO_TAG}
    several = {one.name for one in report.each_tag} - combined
    optional = (
        Breakdown("Tenants", "tenant", report.tenants),
        Breakdown("Keys", "key", report.keys),
        Breakdown("Tags", "tags", report.tags),
        Breakdown("Each tag", "tag", report.each_tag if several else (), whole=False),
        Breakdown("Endpoints", "endpoint", report.endpoints),
    )
    return (
        *(one for one in optional if len(one.rows) > 1),
        Breakdown("Domains", "domain", _in_words(report.domains)),
        Breakdown("Request types", "request type", _in_words(report.request_types)),
    )


def by_days(report: Report) -> Breakdown:
    """Spend over time, by month where there are many days."""
    monthly = report.days and len(report.days[0].name) == len("2026-11")
    days = "month" if monthly else "day"
    return Breakdown(f"By {days} ({report.period.zone})", days, report.days)


def others(report: Report) -> tuple[Breakdown, ...]:
    """By what answered and what decided; one with a single name is left out."""
    found = (
        Breakdown("Models", "model", report.models),
        Breakdown("Adapters", "adapter", report.adapters),
        Breakdown("Policies", "policy version", report.policies),
    )
    return tuple(one for one in found if len(one.rows) > 1)


def _in_words(rows: Sequence[NamedFigures]) -> tuple[NamedFigures, ...]:
    return tuple(NamedFigures(row.name, row.figures, plain(row.name)) for row in rows)


def paying_rows(report: Report, one: Breakdown, money: Dollars) -> list[Row]:
    """Name and PAYING_COLUMNS of each row, and the total where they add up to it."""
    rows = [(row.shown, *_paying(report, row.figures, money)) for row in one.rows]
    return [*rows, (TOTAL, *_paying(report, _sum(one.rows), money))] if one.whole else rows


def _paying(report: Report, figures: GroupFigures, money: Dollars) -> Row:
    spend = report.spend_nano_usd
    return (
        count(figures.requests),
        money(figures.spend_nano_usd),
        percent(figures.spend_nano_usd / spend if spend else None),
        count(figures.refused),
        count(figures.failed),
        percent(figures.acceptance),
        count(figures.escalated),
    )


def named_rows(one: Breakdown, money: Dollars) -> list[Row]:
    """Name, GROUP_COLUMNS and escalated of each row, and the total."""
    rows = [
        (row.shown, *group_cells(row.figures, money), count(row.figures.escalated))
        for row in one.rows
    ]
    total = _sum(one.rows)
    return [*rows, (TOTAL, *group_cells(total, money), count(total.escalated))]


def tier_rows(report: Report, money: Dollars) -> list[Row]:
    """Tier, level, model, GROUP_COLUMNS, moved on and own calls of each row, and the total."""
    rows = [
        (
            row.tier,
            str(row.level or NOTHING),
            row.model or NOTHING,
            *group_cells(row.figures, money),
            f"{count(row.figures.escalated)} of {count(row.tried)}" if row.level else NOTHING,
            money(row.own_spend_nano_usd),
        )
        for row in report.tiers
    ]
    total = _sum([NamedFigures(row.tier, row.figures) for row in report.tiers])
    own = money(sum(row.own_spend_nano_usd for row in report.tiers))
    return [*rows, (TOTAL, NOTHING, NOTHING, *group_cells(total, money), NOTHING, own)]


def _sum(rows: Sequence[NamedFigures]) -> GroupFigures:
    """The figures of all rows together; percentiles do not add up."""
    its = [row.figures for row in rows]
    return GroupFigures(
        requests=sum(one.requests for one in its),
        share=sum(one.share for one in its),
        spend_nano_usd=sum(one.spend_nano_usd for one in its),
        unknown_cost=sum(one.unknown_cost for one in its),
        p50_ms=None,
        p95_ms=None,
        judged=sum(one.judged for one in its),
        accepted=sum(one.accepted for one in its),
        escalated=sum(one.escalated for one in its),
        refused=sum(one.refused for one in its),
        failed=sum(one.failed for one in its),
    )


def saving_row(saving: Saving, money: Dollars) -> Row:
    """One baseline in the order of SAVING_COLUMNS."""
    return (
        saving.label,
        money(saving.saved_nano_usd),
        NOTHING if saving.accepted is None else money(saving.accepted_saved_nano_usd),
        saved_percent(saving.saved_share),
        interval_text(saving),
        money(saving.baseline_nano_usd),
        money(saving.own_nano_usd),
        count(saving.compared),
        count(saving.not_compared),
    )


def has_routed_savings(report: Report) -> bool:
    """False where all that can be compared was observed only: a table would say nothing."""
    known = any(saving.saved_nano_usd is not None for saving in report.savings)
    return known or not report.observed_savings


def interval_text(saving: Saving) -> str:
    """The saved share's interval, a dash where there is none."""
    if saving.share_interval is None:
        return NOTHING
    low, high = saving.share_interval.low, saving.share_interval.high
    return f"{saved_percent(low)} to {saved_percent(high)}"


def reason_rows(report: Report, money: Dollars) -> list[Row]:
    """All reasons in the order of REASON_COLUMNS, and the total of what they decided."""
    climbed = {row.reason: row.first_requests for row in report.escalation_reasons}
    rows = [_reason(row, climbed.get(row.reason, 0), money) for row in report.reasons]
    decided = sum(row.first_requests for row in report.reasons)
    spend = sum(row.first_spend_nano_usd for row in report.reasons)
    total = (TOTAL, count(decided), money(spend), count(sum(climbed.values())), NOTHING, NOTHING)
    return [*rows, total]


def _reason(row: ReasonFigures, climbed: int, money: Dollars) -> Row:
    return (
        plain(row.reason),
        count(row.first_requests),
        money(row.first_spend_nano_usd),
        count(climbed),
        count(row.any_requests),
        money(row.any_spend_nano_usd),
    )


def ending_rows(report: Report, money: Dollars) -> list[Row]:
    """Requests without an answer in the order of ENDING_COLUMNS."""
    return [
        (
            ENDING_WORDS[row.ending],
            plain(row.code),
            count(row.requests),
            money(row.spend_nano_usd),
            money(row.short_nano_usd) if row.told else NOTHING,
            money(row.short_nano_usd // row.told) if row.told else NOTHING,
        )
        for row in report.endings
    ]


def states_line(report: Report) -> str:
    """ "1,042 settled, 1 failed, 2 refused"; a refused request is no failed one."""
    refused = sum(row.requests for row in report.endings if row.ending is Ending.REFUSED)
    states = [
        (state, number - refused if state == RequestState.FAILED.value else number)
        for state, number in report.counts.states
    ]
    shown = (*states, (Ending.REFUSED.value, refused))
    return ", ".join(f"{count(number)} {plain(state)}" for state, number in shown if number)


def unverified_note(report: Report) -> str:
    """ "37 of 1,045 answers", "5 observed answers, which nothing checked"."""
    quality = report.quality
    passed_on = f"{count(quality.observed)} observed answers, which nothing checked"
    if quality.unverified_share is None and quality.observed:
        return passed_on
    said = f"{count(quality.unverified)} of {count(quality.answered)} answers"
    return f"{said}, among them {passed_on}" if quality.observed else said


def filters_line(report: Report) -> str:
    """ "tag sales, spring; key ci"; "" for a report of everything."""
    return "; ".join(f"{by} {', '.join(names)}" for by, names in report.chosen)
