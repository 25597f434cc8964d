"""Renders the head of the report's page: its first sentence, the figures that a payer decides by,
and what else is told of each subject, of which all but the first sentence is folded. It knows
nothing about the sections below.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.analysis.report.figures import Report
from router.analysis.report.headline import left_of_report, questions_told
from router.analysis.report.named_savings import people_told, within
from router.analysis.report.replies import REPLY_WORDS
from router.analysis.report.tables import filters_line, states_line, unverified_note
from router.ledger.replies import ReplyKind
from router.rendering.figures_in_words import NOTHING, Dollars, count, duration, moment, percent
from router.rendering.markup import Markup
from router.rendering.page import page_header


def report_header(report: Report, money: Dollars, lines: Sequence[str]) -> Markup:
    """Returns the head of the page. `lines` stand under its first sentence."""
    period, counts = report.period, report.counts
    # Without bounds, the rows themselves show the period.
    begin = period.since_ms if period.since_ms is not None else period.first_row_ms
    end = period.until_ms if period.until_ms is not None else period.last_row_ms
    tiles = (
        ("Spend", money(report.spend_nano_usd), _spend_note(report, money)),
        _saved_tile(report, money),
        ("Unverified", percent(report.quality.unverified_share), unverified_note(report)),
        *_waiting_tile(report),
        # Open requests are in the states, but in no figure of this page.
        ("Requests", count(counts.requests), states_line(report) or "none"),
        _above_tile(report),
        ("Median latency", duration(report.p50_ms), f"of replies; p95 {duration(report.p95_ms)}"),
    )
    when = f"{moment(begin, period.zone)} to {moment(end, period.zone)}"
    chosen = filters_line(report)
    eyebrow = ("Cost report", when, *((f"only {chosen}",) if chosen else ()))
    first, *paid = report.told.paid
    told = dict(zip(SUBJECTS, report.told.parts, strict=True)) | {SUBJECTS[0]: tuple(paid)}
    by_subject = [(subject, sentences) for subject, sentences in told.items() if sentences]
    return page_header(eyebrow, first, tiles, lines, by_subject)


SUBJECTS = ("Spend", "Savings", "Quality", "Failures", "Later bills")
"""Names what the first sentences are about, in the order of `Sentences.parts`."""


def _spend_note(report: Report, money: Dollars) -> str:
    """Writes what of the spend is no known cost, and what of it was discarded."""
    held, discarded = report.unknown.held_nano_usd, money(report.discarded_nano_usd)
    unknown = f"{money(held)} of it is not known, and counts at its most; " if held else ""
    return f"{unknown}{discarded} discarded"


def _above_tile(report: Report) -> tuple[str, str, str]:
    """Returns the share of replies above the policies' lowest level, and what it is a share of."""
    counts, answered = report.counts, sum(level.requests for level in report.levels)
    if counts.single_level:
        one = "one level each" if counts.lowest_level is None else f"level {counts.lowest_level}"
        only = f"the policies have only {one}"
        return ("Above the lowest level", NOTHING, only)
    share = percent(counts.escalated / answered if answered else None)
    above = f"Above level {counts.lowest_level}"
    if counts.lowest_level is None:
        above = "Above the lowest level of their policy"
    climbed = "" if counts.climbed is None else f": {count(counts.climbed)} of all replies climbed"
    replies = f"{count(counts.escalated)} of {count(answered)} replies"
    return (above, share, f"{replies}, at once or after another tier's turn{climbed}")


def _saved_tile(report: Report, money: Dollars) -> tuple[str, str, str]:
    """Returns the saving against the headline's baseline, and its part with accepted replies."""
    saving = report.leading_saving
    if saving is None:
        observed = report.leading_observed_saving
        if observed is not None:
            unknown = "the quality of those answers is not known: none was made"
            return ("Would have saved", money(observed.saved_nano_usd), unknown)
        return ("Saved", NOTHING, _unsaved(report, money))
    accepted = money(saving.accepted_saved_nano_usd)
    asked = questions_told(saving, money)
    part = f"{accepted} with accepted replies only{f', {asked}' * bool(asked)}. "
    part += f"Baseline: {saving.label}"
    answers = saving.compared + saving.apart
    if saving.apart:
        part += (
            f", over {count(saving.compared)} of {count(answers)} {report.replies.compared_words}"
        )
    left = left_of_report(report)
    if left is not None:
        part = f"{money(left)} after what bought no answer. {part}"
    if saving.may_be_chance:
        part = f"This may be chance. {part}"
    return ("Saved", money(saving.saved_nano_usd), part)


def _unsaved(report: Report, money: Dollars) -> str:
    """Writes why no saving is named, and what the table tells against people."""
    people = people_told(report.savings)
    if people is None:
        return report.unsaved
    return f"{report.unsaved}; against {within(people.label)}: {money(people.saved_nano_usd)}"


def _waiting_tile(report: Report) -> list[tuple[str, str, str]]:
    """Returns what waits for a person, where that is known and anything was handed to people."""
    handed, waiting = report.replies.of(ReplyKind.SAFE_WORDS), report.replies.waiting
    if waiting is None or not (handed or waiting):
        return []
    return [
        (
            "Wait for a person",
            count(waiting),
            f"{count(handed)} {REPLY_WORDS[ReplyKind.SAFE_WORDS]}"
            f"{'; other matters wait too' if waiting > handed else ''}",
        )
    ]
