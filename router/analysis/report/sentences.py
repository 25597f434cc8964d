"""Writes a report's sentences that say what its reader must know; `assumptions` has more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise

from router.analysis.report.figures import (
    CacheFigures,
    FixedModel,
    Forecast,
    Measure,
    Period,
    ProviderFigures,
    TierFigures,
    UnknownCost,
)
from router.analysis.report.tallies import Tally
from router.ledger.aggregates import Cell, Waste, Whole
from router.ledger.replies import ReplyKind
from router.ledger.row_reading import REVIEW, SYNTHESIZE
from router.money.days import utc_minute
from router.rendering.figures_in_words import (
    NOTHING,
    clean,
    count,
    counted,
    percent,
    plain,
    usd,
)
from router.types import NANO_PER_USD, Role, Verdict

Money = Callable[[int | None], str]
"""Formats amounts as the tables beside a sentence do."""


def provider_line(figures: ProviderFigures, money: Money = usd) -> str:
    """Compares the costs that providers reported with the costs booked at our prices."""
    return (
        f"Calls whose provider reported their cost: {count(figures.calls)}. They cost "
        f"{money(figures.reported_nano_usd)} by the providers and "
        f"{money(figures.booked_nano_usd)} by our prices, as booked; difference "
        f"{_signed(figures.difference_nano_usd, money)}."
    )


def notes(
    tally: Tally,
    whole: Whole,
    provider: ProviderFigures,
    unknown: UnknownCost,
    judged: int,
    money: Money = usd,
) -> tuple[str, ...]:
    """Lists what the reader must know to read the figures correctly."""
    spend = tally.total().spend_nano_usd
    # Savings without a measured quality invite a wrong conclusion, so this comes first.
    quality = (
        "the share of wrong answers is unknown unless feedback was given"
        if judged == 0
        else f"the share of wrong answers rests on the {count(judged)} that somebody judged"
    )
    lines = [
        f"Savings hold at the quality that this report states, and no further: {quality}. Even a "
        "perfect choice of model at a strong model's accuracy saves what the traffic allows, not "
        "a fixed figure. Accepted means that the checks of the policy let an answer pass; tables "
        "show it as a share of the answers and of the words in place of one. A policy "
        "may check nothing (verify: none), and the chance of an answer may be a prior, which "
        "nobody measured.",
    ]
    lines += [
        *_of_people(whole, money),
        *_minutes(whole, money),
        *_of_amounts(whole, unknown, money),
    ]
    if whole.observed:
        lines.append(
            f"{counted(whole.observed, 'request was', 'requests were')} observed only: the "
            "requested model answered."
        )
    if whole.cache_hits:
        repeats = counted(whole.cache_hits, "request was a repeat", "requests were repeats")
        lines.append(f"{repeats}, answered from cache.")
    if tally.open_requests:
        lines.append(
            f"{counted(tally.open_requests, 'request is', 'requests are')} still open and in no "
            f"figure above; {money(tally.open_held)} is held for that."
        )
    if provider.calls:
        lines.append(provider_line(provider, money))
    # In sound books every request's cost is the sum of its attempts.
    if spend != whole.attempts_nano_usd:
        lines.append(
            f"{money(spend - whole.attempts_nano_usd)} of the spend is explained by "
            "no attempt; run `tiergate ledger verify`."
        )
    return tuple(lines)


def _of_people(whole: Whole, money: Money) -> list[str]:
    """Counts what went out unverified or waits for people, and what their minutes cost."""
    *_, unverified = whole.replies.get(ReplyKind.ANSWER.value, [0])
    safe = sum(whole.verdicts.get(v.value, 0) for v in (Verdict.SAFE_ANSWER, Verdict.HELD))
    reviewed = whole.roles.get(Role.REVIEW.value, [0, 0])[1]
    reviewed -= whole.taught.get(REVIEW, [0, 0])[1]
    if unverified or safe or whole.reviews or reviewed:
        return [
            f"{counted(unverified, 'answer', 'answers')} went out marked unverified, "
            f"{count(safe)} went out as approved safe or held words, "
            f"{counted(whole.reviews, 'request waits', 'requests wait')} for or had a review by "
            f"people; reviewers' minutes that were booked cost {money(reviewed)}, and are in spend "
            "and savings. They are booked when a matter is decided, so what waits costs more "
            "later."
        ]
    return []


def _of_amounts(whole: Whole, unknown: UnknownCost, money: Money) -> list[str]:
    """Says which amounts are not known, are estimated, or were corrected by bills."""
    lines = []
    if unknown.afterwards:
        each = ", ".join(f"{count(number)} {plain(name)}" for name, number in unknown.afterwards)
        lines.append(
            "Of rows that book money beside requests some have a cost that is not known: "
            f"{each}. They are no requests. A review without a price of a minute adds nothing to "
            "the spend, other calls count at their hold; neither is in a saving."
        )
    calls, estimated = whole.estimated
    if estimated > 0:
        lines.append(
            f"{money(estimated)} of the spend is estimated, never too low for what came: calls "
            "that a client left, that broke off, or whose provider did not say what they used "
            f"({count(calls)}). A provider that writes on after its reader left may bill more, up "
            "to what was held for the call, and so may a model that reasons unseen where neither "
            "its policy (`hidden_reasoning`) nor its own usage had told so by then. Where such a "
            "call gave no answer, savings count it as "
            "own cost at that bound, so they may be higher in truth. `tiergate ledger reconcile` "
            "lists these calls, and corrects spend and savings by a bill."
        )
    bills, corrected, *_ = whole.roles.get(Role.RECONCILE.value, [0, 0])
    if bills:
        lines.append(
            f"Bills corrected {counted(bills, 'call', 'calls')} by {_signed(corrected, money)}, "
            "which is in the spend."
        )
    if unknown.settled:
        lines.append(
            f"{counted(unknown.settled, 'request', 'requests')} whose cost was unknown at first: "
            "bills have stated it since. It is in the spend; no saving counts them."
        )
    return lines


def names_notes(tiers: Sequence[TierFigures], money: Money = usd) -> tuple[str, ...]:
    """States by which names a model of one line answered: its provider may add a day to them."""
    return tuple(
        f"{clean(tier.model)} at the tier {tier.tier} is one model under several names: {each}."
        for tier in tiers
        if (
            each := ", ".join(
                f"{name} ({counted(requests, 'request', 'requests')}, {money(spend)})"
                for name, requests, spend in tier.names
            )
        )
    )


def _minutes(whole: Whole, money: Money) -> list[str]:
    """States what minutes and training texts cost, and which price is assumed."""
    lines = []
    if whole.taught:
        labels, texts = (whole.taught.get(key, [0, 0]) for key in (REVIEW, SYNTHESIZE))
        each = [
            *([f"{counted(labels[0], 'label', 'labels')} by people"] if labels[0] else []),
            *([f"{counted(texts[0], 'text', 'texts')} to train on"] if texts[0] else []),
        ]
        lines.append(
            f"{' and '.join(each)} cost {money(labels[1] + texts[1])}. This is in the spend and in "
            "no saving: it teaches models for requests to come, and is no cost of the answers "
            "that are compared."
        )
    if whole.roles.get(Role.REVIEW.value):
        times, assumed = whole.assumed
        lines.append(
            "A person's minute costs `review.reviewer_usd_per_minute` of the policy, otherwise "
            "what the price book says under `reviewers`."
            + (
                f" {money(assumed)} of {counted(times, 'verdict', 'verdicts')} is at a price that "
                "the book calls assumed: nobody stated it."
                if times
                else ""
            )
        )
    return lines


def lost_sentence(lost: int, *, by_rows: bool) -> str:
    """States how many requests may be missing: a sum of fewer would pass for the period's."""
    if not lost:
        return ""
    requests = counted(lost, "request more is", "requests more are")
    why = "and this report reads rows alone" if by_rows else "of a UTC day that the period cuts"
    return f"Up to {requests} in no figure: purged, {why}."


def lost_note(lost: int, *, by_rows: bool) -> tuple[str, ...]:
    """Explains why these purged requests are in no figure; nothing where there are none."""
    if not lost:
        return ()
    requests = counted(lost, "request", "requests")
    were = "was" if lost == 1 else "were"
    if by_rows:
        return (
            f"{requests} of this period {were} purged. This report reads rows and no kept sums, so "
            "those of them that it is about are in no figure above.",
        )
    # Roll-ups keep whole UTC days, so a day cut by the period cannot be divided.
    return (
        f"{requests} {were} purged on a day that this period cuts; only sums of whole UTC days are "
        "kept, so what part of them falls within it is in no figure above.",
    )


AHEAD_MS = 120_000
"""Lead of a row that is no wrong clock: machines that share a ledger may differ by so much."""
YEAR_10000_MS = 253_402_300_800_000
SPARSE_DAYS = 28
"""Shortest range whose empty days are told; a quarter of its days may then have requests."""


def clock_notes(period: Period, days: Mapping[date | None, Cell]) -> tuple[str, ...]:
    """Tells of rows that a wrong clock may have dated: in the future, or far from all others.

    A clock that was a year ahead for an hour leaves a range of 366 days with requests on two.
    """
    lines, newest = [], period.last_row_ms
    if newest is not None and newest - period.generated_at_ms > AHEAD_MS:
        # A clock outside any calendar must not break the report.
        shown = utc_minute(newest) if newest < YEAR_10000_MS else "a year that no calendar has"
        lines.append(
            f"The newest row is of {shown}, which is still to come: the clock is "
            "wrong now, or was when the row was written. Such rows are in the figures above, and "
            "count in the budgets of their own day."
        )
    used = sorted(day for day, cell in days.items() if day is not None and cell.requests)
    length = (used[-1] - used[0]).days + 1 if used else 0
    if length >= SPARSE_DAYS and 4 * len(used) <= length:
        gap, after, before = max((b - a, a, b) for a, b in pairwise(used))
        lines.append(
            f"Of the {count(length)} days from {used[0]} to {used[-1]}, {count(len(used))} have "
            f"requests, and for {count(gap.days - 1)} days between {after} and {before} there is "
            "none. If nobody was away, a clock was wrong; --since and --until leave such rows out."
        )
    return tuple(lines)


def cache_line(cache: CacheFigures, money: Money = usd) -> str:
    """States what exact repeats would have cost, and how that is computed."""
    if cache.hits == 0:
        return "Cache: no exact repeat was answered from it."
    if cache.value_nano_usd is None:
        return (
            f"Cache: {counted(cache.hits, 'exact repeat', 'exact repeats')}; what that would have "
            "cost is unknown, since none of their models gave a fresh answer in this period."
        )
    rest = cache.hits - cache.priced
    left_out = f"; {count(rest)} have no fresh answer to go by" if rest else ""
    retries = counted(cache.replays, "retry that got its", "retries that got their")
    again = f", except {retries} first answer again: those are in no saving"
    return (
        f"Cache: {counted(cache.hits, 'exact repeat', 'exact repeats')} would have cost about "
        f"{money(cache.value_nano_usd)}, each at the mean of its model's fresh requests, "
        "with their drafts and what was held for calls of unknown "
        f"cost{left_out}. Baselines count a repeat at its full price, so this is part of the "
        f"savings, not an addition to them{again if cache.replays else ''}."
    )


def waste_lines(unknown: UnknownCost, cache: CacheFigures, money: Money = usd) -> list[str]:
    """States how waste counts calls of unknown cost, where there are any; then the cache's worth.

    A call that broke off is among those that failed, and may have cost nothing.
    """
    held = money(unknown.held_nano_usd)
    line = (
        "A call of unknown cost counts here at the most that it can cost; all of them, also those "
        f"that are no waste, come to {held}."
    )
    return [*([line] if unknown.held_nano_usd else []), cache_line(cache, money)]


def fixed_line(fixed: FixedModel) -> str:
    """Names the best single model at equal spend, or the reason why there is none."""
    if fixed.answerer is None:
        return f"One model for everything, at no more cost: none can be named, because {fixed.why}."
    return (
        "One model for everything: of those whose chance is more than a prior and that would have "
        f"cost no more than routing did, {clean(fixed.answerer)} had the best chances. Asked all "
        f"{count(fixed.requests)} requests, it was expected to be right in {percent(fixed.p)} of "
        f"them, at {usd(fixed.mean_cost_nano_usd)} each; routing in {percent(fixed.own_p)}, at "
        f"{usd(fixed.own_mean_cost_nano_usd)} each. These chances were estimated before the "
        "answers; nobody measured them. They count every mistake alike and know no hard rule, "
        "while rules send grave and costly requests to a higher tier even where a cheap answer "
        "looks right. So judge some answers before you send everything to one model."
    )


def forecast_line(month: Forecast, money: Money = usd) -> str:
    """States the spend to the end of the month, or why there is no forecast."""
    if month.expected_nano_usd is None:
        return f"Forecast for {month.month}: none, because {month.why}."
    interval = (
        "no interval, since the days before today do not differ"
        if month.low_nano_usd is None
        else f"95 % prediction interval {money(month.low_nano_usd)} to {money(month.high_nano_usd)}"
    )
    return (
        f"Forecast for {month.month}: {money(month.spent_nano_usd)} so far, "
        f"{money(month.expected_nano_usd)} expected at its end ({interval}), from "
        f"{count(month.days)} complete days; it knows weekdays from 14 days on, and neither growth "
        "nor holidays."
    )


def _signed(nano_usd: int, money: Money) -> str:
    return f"{'+' if nano_usd > 0 else ''}{money(nano_usd)}"


def measured(measure: Measure) -> str:
    """Formats a measure's value; NOT_MEASURED where nobody measured it."""
    if measure.value is None:
        return NOT_MEASURED
    return _in_unit(measure, measure.value)


def measured_between(measure: Measure) -> str:
    """Formats a measure's 95 % interval; a dash where there is none."""
    if measure.interval is None:
        return NOTHING
    low, high = measure.interval.low, measure.interval.high
    return f"{_in_unit(measure, low)} to {_in_unit(measure, high)}"


def _in_unit(measure: Measure, value: float) -> str:
    if measure.unit == "share":
        return percent(value)
    if measure.unit == "kappa":
        return f"{value:.2f}"
    if measure.unit == "usd":
        return usd(round(value * NANO_PER_USD))
    return f"{value:,.1f}"


NOT_MEASURED = "not measured"
WASTE_WORDS = {
    Waste.FAILED: "calls that failed or were cut short, some made again",
    Waste.DRAFTS: "drafts that nobody saw",
    Waste.CHECKS: "checks, samples and shadows that judged",
}
