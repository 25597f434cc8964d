"""Builds a report's tables as cells of text, which the terminal and the page share.

Both show the same figures in the same words; only their form differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.analysis.report.breakdowns import NO_TAG
from router.analysis.report.figures import (
    GroupFigures,
    LevelShare,
    NamedFigures,
    ReasonFigures,
    Report,
    Saving,
)
from router.analysis.report.output.titles import Title
from router.analysis.report.replies import ENDING_WORDS
from router.analysis.report.savings import MIN_FOR_INTERVAL
from router.analysis.report.sentences import NOT_MEASURED
from router.ledger.record_reading import READ_IN_ANSWER
from router.rendering.figures_in_words import (
    BEYOND,
    NOTHING,
    Dollars,
    count,
    counted,
    duration,
    parts_in_percent,
    percent,
    plain,
    share_of,
    shown_model,
    shown_saving,
)
from router.types import PSource, RequestState

Row = tuple[str, ...]
TOTAL = "Total"

ABOVE_LOWEST = "above lowest"
"""Names the column of requests answered above their policy's lowest level, climbed or not."""
GROUP_COLUMNS = ("requests", "of all", "spend", "p50", "p95", "accepted")
PAYING_COLUMNS = (
    "requests",
    "spend",
    "of spend",
    "not admitted",
    "failed or left",
    "accepted",
    ABOVE_LOWEST,
)
"""Names the columns by whom the spend is charged; a client that left got no answer either.
What was refused as harmful got its reply, so it is among none of those without one."""

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
REPLY_COLUMNS = ("they were", "requests", "of all", "spend")
NOT_KNOWN = "of it not known"
"""Names the column of what was held: the most that calls of unknown cost can have cost."""
GROUNDS_COLUMNS = ("their chance rests on", "answers", "of accepted", "spend", "of all spend")
ENDING_COLUMNS = ("how it ended", "reason", "requests", "spend", "short by", "on average")
REASON_COLUMNS = ("reason", "decided", "their spend", ABOVE_LOWEST, "carried by", "their spend")


def money_of(report: Report, exact: bool) -> Dollars:
    """Returns the formatter of the amounts in the report's columns."""
    return Dollars(None if exact else report.places)


def accepted_text(figures: GroupFigures, report: Report) -> str:
    """Writes "138 of 145, 95.2 %": accepted replies, so that a total can be added up by hand.

    A share of 0.0 % would pass for a verdict on replies. Nobody accepts approved words, so a group
    that has nothing else has "0 of 9, words". Answers of which nobody measured anything cannot be
    accepted. Where all that was accepted rests on priors, the share is marked as assumed. Every
    table has this rule, totals too.
    """
    if not figures.judged:
        return NOTHING
    return f"{count(figures.accepted)} of {count(figures.judged)}, {_accepted(figures, report)}"


def _accepted(figures: GroupFigures, report: Report) -> str:
    if figures.accepted and figures.on_prior >= figures.accepted:
        return f"{percent(figures.acceptance)} assumed"
    if figures.accepted:
        return percent(figures.acceptance)
    if figures.in_words >= figures.judged:
        return "words"
    measured = any(line.name in _MEASURED for line in report.replies.grounds)
    judged = any(measure.count for measure in report.outcomes)
    return percent(figures.acceptance) if measured or judged else NOT_MEASURED


def level_shares(levels: Sequence[LevelShare]) -> list[float]:
    """Returns the levels' shares of all replies as they are shown, in three places."""
    whole = sum(level.requests for level in levels)
    return [round(share_of(level.requests, whole) or 0.0, SHOWN_PLACES) for level in levels]


SHOWN_PLACES = 3
"""Rounds a share to tenths of a per cent: what a plan is off by is then that of what is shown."""

_MEASURED = {READ_IN_ANSWER, PSource.LABELLED.value, PSource.MEASURED.value}
"""Names the grounds of chances that come from answers of the models in use."""


def group_cells(figures: GroupFigures, share: str, money: Dollars, report: Report) -> Row:
    """Returns a group's figures in the order of GROUP_COLUMNS."""
    return (
        count(figures.requests),
        share,
        money(figures.spend_nano_usd),
        duration(figures.p50_ms),
        duration(figures.p95_ms),
        accepted_text(figures, report),
    )


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Holds one table by name; `whole` is False where its rows do not add up to all requests."""

    title: str
    first: str  # heading of the first column
    rows: tuple[NamedFigures, ...]
    whole: bool = True


def chargeback(report: Report) -> tuple[Breakdown, ...]:
    """Returns the tables by which the spend may be charged.

    Domains and request types are always included. Another table with a single name only repeats the
    whole, and is left out.
    """
    combined = {entry.name for entry in report.tags} - {NO_TAG}
    # If every request has one tag at most, this table repeats the one before.
    several = {entry.name for entry in report.each_tag} - combined
    optional = (
        Breakdown("Tenants", "tenant", report.tenants),
        Breakdown("Keys", "key", report.keys),
        Breakdown("Tags", "tags", report.tags),
        Breakdown("Each tag", "tag", report.each_tag if several else (), whole=False),
        Breakdown("Endpoints", "endpoint", report.endpoints),
    )
    return (
        *(entry for entry in optional if len(entry.rows) > 1),
        Breakdown("Domains", "domain", _in_words(report.domains)),
        Breakdown("Request types", "request type", _in_words(report.request_types)),
    )


def by_days(report: Report) -> Breakdown:
    """Returns the spend over time, by month where there are many days."""
    monthly = report.days and len(report.days[0].name) == len("2026-11")
    days = "month" if monthly else "day"
    return Breakdown(f"By {days} ({report.period.zone})", days, report.days)


def others(report: Report) -> tuple[Breakdown, ...]:
    """Returns the tables by who answered and who decided; one with a single name is left out."""
    tables = (
        Breakdown(Title.MODELS, "model", _models(report.models)),
        Breakdown(Title.ADAPTERS, "adapter", report.adapters),
        Breakdown(Title.POLICIES, "policy version", report.policies),
    )
    return tuple(breakdown for breakdown in tables if len(breakdown.rows) > 1)


def _models(rows: Sequence[NamedFigures]) -> tuple[NamedFigures, ...]:
    return tuple(NamedFigures(row.name, row.figures, shown_model(row.name)) for row in rows)


def _in_words(rows: Sequence[NamedFigures]) -> tuple[NamedFigures, ...]:
    return tuple(NamedFigures(row.name, row.figures, plain(row.name)) for row in rows)


def paying_rows(report: Report, breakdown: Breakdown, money: Dollars) -> list[Row]:
    """Returns name and PAYING_COLUMNS of each row, and the total where they add up to it."""
    spend = report.spend_nano_usd
    shares = parts_in_percent([row.figures.spend_nano_usd for row in breakdown.rows], spend)
    rows = [
        (row.shown, *_paying(row.figures, share, money, report))
        for row, share in zip(breakdown.rows, shares, strict=True)
    ]
    if not breakdown.whole:
        return rows
    total = summed([row.figures for row in breakdown.rows])
    whole = percent(share_of(total.spend_nano_usd, spend))
    return [*rows, (TOTAL, *_paying(total, whole, money, report))]


def _paying(figures: GroupFigures, share: str, money: Dollars, report: Report) -> Row:
    return (
        count(figures.requests),
        money(figures.spend_nano_usd),
        share,
        count(figures.refused),
        count(figures.failed),
        accepted_text(figures, report),
        count(figures.escalated),
    )


def named_rows(report: Report, breakdown: Breakdown, money: Dollars) -> list[Row]:
    """Returns name, GROUP_COLUMNS and ABOVE_LOWEST of each row, and the total."""
    shares = _shares(breakdown.rows)
    rows = [
        (
            row.shown,
            *group_cells(row.figures, share, money, report),
            count(row.figures.escalated),
        )
        for row, share in zip(breakdown.rows, shares, strict=True)
    ]
    total = summed([row.figures for row in breakdown.rows])
    whole = percent(total.share)
    return [*rows, (TOTAL, *group_cells(total, whole, money, report), count(total.escalated))]


def _shares(rows: Sequence[NamedFigures]) -> list[str]:
    """Returns each row's share of the requests of all rows; 0.0 % where there are none."""
    requests = [row.figures.requests for row in rows]
    whole = sum(requests)
    return parts_in_percent(requests, whole) if whole else [percent(0.0)] * len(rows)


def tier_rows(report: Report, money: Dollars) -> list[Row]:
    """Returns tier, level, model, GROUP_COLUMNS, moved on, own calls of each row, and the total."""
    named = [NamedFigures(row.tier, row.figures) for row in report.tiers]
    rows = [
        (
            row.tier,
            str(row.level or NOTHING),
            shown_model(row.model) if row.model else NOTHING,
            *group_cells(row.figures, share, money, report),
            f"{count(row.figures.escalated)} of {count(row.tried)}" if row.level else NOTHING,
            money(row.own_spend_nano_usd),
        )
        for row, share in zip(report.tiers, _shares(named), strict=True)
    ]
    total = summed([row.figures for row in named])
    whole = group_cells(total, percent(total.share), money, report)
    own = money(sum(row.own_spend_nano_usd for row in report.tiers))
    return [*rows, (TOTAL, NOTHING, NOTHING, *whole, NOTHING, own)]


def summed(groups: Sequence[GroupFigures]) -> GroupFigures:
    """Returns the figures of all groups together; percentiles do not add up, so they are None."""
    return GroupFigures(
        requests=sum(group.requests for group in groups),
        share=sum(group.share for group in groups),
        spend_nano_usd=sum(group.spend_nano_usd for group in groups),
        unknown_cost=sum(group.unknown_cost for group in groups),
        p50_ms=None,
        p95_ms=None,
        judged=sum(group.judged for group in groups),
        in_words=sum(group.in_words for group in groups),
        on_prior=sum(group.on_prior for group in groups),
        accepted=sum(group.accepted for group in groups),
        escalated=sum(group.escalated for group in groups),
        refused=sum(group.refused for group in groups),
        failed=sum(group.failed for group in groups),
    )


def reply_columns(report: Report) -> Row:
    """Returns REPLY_COLUMNS, with what of the spend is no known cost where there is any."""
    return (*REPLY_COLUMNS, *([NOT_KNOWN] if report.unknown.held_nano_usd else []))


def reply_rows(report: Report, money: Dollars) -> list[Row]:
    """Returns what the requests got, in the order of `reply_columns`, and the total."""
    requests, lines = report.counts.requests, report.replies.lines
    shares = parts_in_percent([line.requests for line in lines], requests)
    total = report.unknown.held_nano_usd

    def held(nano: int | None) -> list[str]:
        return [] if not total else [NOTHING if nano is None else money(nano)]

    rows = [
        (
            report.replies.words(line),
            count(line.requests),
            share,
            money(line.spend_nano_usd),
            *held(line.held_nano_usd),
        )
        for line, share in zip(lines, shares, strict=True)
    ]
    whole = percent(1.0 if requests else None)
    spend = money(report.spend_nano_usd)
    return [*rows, (TOTAL, count(requests), whole, spend, *held(total))]


def grounds_rows(report: Report, money: Dollars) -> list[Row]:
    """Returns what the chances of accepted answers rest on, in the order of GROUNDS_COLUMNS.

    Their total is not all spend: other requests cost money too.
    """
    lines, spend = report.replies.grounds, report.shared_nano_usd
    accepted = report.replies.accepted_routed
    sums = [
        (line.words, line.answers, share, line.spend_nano_usd)
        for line, share in zip(lines, report.replies.grounds_shares, strict=True)
    ]
    if len(sums) > 1:
        spent = sum(line.spend_nano_usd for line in lines)
        sums.append((TOTAL, accepted, percent(1.0 if accepted else None), spent))
    return [
        (words, count(answers), share, money(spent), percent(share_of(spent, spend)))
        for words, answers, share, spent in sums
    ]


def saving_row(saving: Saving, money: Dollars) -> Row:
    """Returns one baseline in the order of SAVING_COLUMNS.

    Where the first sentences tell no saving, the row has both costs and leaves the rest open.
    """
    told = not (saving.silent or saving.few)
    return (
        saving.label,
        money(saving.saved_nano_usd) if told else NOTHING,
        money(saving.accepted_saved_nano_usd) if told and saving.accepted is not None else NOTHING,
        shown_saving(saving.saved_share) if told else NOTHING,
        interval_text(saving),
        money(saving.baseline_nano_usd),
        money(saving.own_nano_usd),
        count(saving.compared),
        count(saving.not_compared),
    )


def has_routed_savings(report: Report) -> bool:
    """Returns False where only observed requests can be compared: the table would be empty."""
    known = any(saving.saved_nano_usd is not None for saving in report.savings)
    return known or not report.observed_savings


def interval_text(saving: Saving) -> str:
    """Formats the saved share's interval; a dash where there is none, or no answer to compare.

    Where the first sentences tell nothing since too few were compared, the cell says so too.
    """
    if saving.few and saving.compared and not saving.silent:
        return f"too few: {MIN_FOR_INTERVAL} needed"
    if saving.silent or saving.share_interval is None:
        return NOTHING
    low, high = map(shown_saving, (saving.share_interval.low, saving.share_interval.high))
    return BEYOND if low == high == BEYOND else f"{low} to {high}"


def reason_rows(report: Report, money: Dollars) -> list[Row]:
    """Returns all reasons in the order of REASON_COLUMNS, and the total of what they decided."""
    raised = {row.reason: row.first_requests for row in report.escalation_reasons}
    rows = [_reason(row, raised.get(row.reason, 0), money) for row in report.reasons]
    decided = sum(row.first_requests for row in report.reasons)
    spend = sum(row.first_spend_nano_usd for row in report.reasons)
    # Requests carry several reasons, so the columns "carried by" have no total.
    total = (TOTAL, count(decided), money(spend), count(sum(raised.values())), NOTHING, NOTHING)
    return [*rows, total]


def _reason(row: ReasonFigures, raised: int, money: Dollars) -> Row:
    return (
        plain(row.reason),
        count(row.first_requests),
        money(row.first_spend_nano_usd),
        count(raised),
        count(row.any_requests),
        money(row.any_spend_nano_usd),
    )


def ending_rows(report: Report, money: Dollars) -> list[Row]:
    """Returns requests without an answer in the order of ENDING_COLUMNS."""
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
    """Writes "91 answered, 1 failed, 2 refused, 3 open", as the first sentence counts.

    The books' states would say otherwise: a request that failed at an unknown cost is not `failed`
    there, and one that a limit refused is.
    """
    shown = (
        ("open", dict(report.counts.states).get(RequestState.OPEN.value, 0)),
        ("at a cost that is not known", report.unknown.requests),
    )
    others = [f"{count(number)} {words}" for words, number in shown if number]
    return ", ".join([phrase for phrase in (report.replies.told(), *others) if phrase])


def unverified_note(report: Report) -> str:
    """Writes "37 of 1,045 answers; ..." with who judged any, or "5 observed answers, ...".

    What was accepted on a prior is not marked unverified, and nobody knows how often it is right.
    """
    quality = report.quality
    passed_on = f"{count(quality.observed)} observed answers, which nothing checked"
    if quality.unverified_share is None and quality.observed:
        return passed_on
    unverified = f"{count(quality.unverified)} of {count(quality.answered)} answers"
    note = f"{unverified}, among them {passed_on}" if quality.observed else unverified
    prior = report.replies.on_prior
    if prior is not None:
        note += f"; {count(prior.answers)} accepted on a prior"
    return f"{note}; {_judged_note(report)}" if quality.answered else note


def _judged_note(report: Report) -> str:
    """Writes "4 of 60 judged answers were wrong", or that nobody judged any."""
    judged = next((one for one in report.outcomes if one.key == "accuracy"), None)
    if judged is None or judged.value is None:
        return "no person or client judged any"
    wrong = judged.count - round(judged.value * judged.count)
    answers = counted(judged.count, "judged answer was", "judged answers were")
    return f"{count(wrong)} of {answers} wrong"


def filters_line(report: Report) -> str:
    """Writes "tag sales, spring; key ci"; "" for a report of everything."""
    return "; ".join(f"{by} {', '.join(names)}" for by, names in report.chosen)
