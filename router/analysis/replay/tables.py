"""Builds a replay's tables as cells of text, which the terminal and the HTML file share."""

from __future__ import annotations

from dataclasses import dataclass

from router.analysis.replay.replay import Change, Replay
from router.analysis.replay.sentences import range_text, signed_percent
from router.analysis.replay.usage_cases import TokensAlone
from router.analysis.tune.offpolicy import Estimate
from router.rendering.figures_in_words import NOTHING, clean, count, percent, plain, signed_usd, usd

SHOWN_CHANGES = 12
"""Bounds the shown groups of changed decisions to the largest; JSON has all."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Holds a table: `words` columns of words first, then figures; `dearer` rows cost more."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    dearer: frozenset[int] = frozenset()


def grids(replay: Replay) -> list[Grid]:
    """Returns all tables of this replay in order; tables with nothing to show are left out."""
    tables = []
    if replay.requests:
        tables.append(mix(replay))
        if replay.changed:
            tables.append(changes(replay))
        tables.append(errors(replay))
    if replay.agreements:
        tables.append(agreements(replay))
    if replay.alone is not None:
        tables.append(tokens_alone(replay.alone))
    return tables


def mix(replay: Replay) -> Grid:
    """Shows who answers, on both sides."""
    columns = ("level", "tier", replay.old_name, "share", replay.new_name, "share", "change")
    # Shares are of answered requests on each side, since refused ones have no level.
    old_total = sum(replay.old.levels.values()) or 1.0
    new_total = sum(replay.new.levels.values()) or 1.0
    rows = []
    for key in sorted({*replay.old.levels, *replay.new.levels}):
        old, new = replay.old.levels.get(key, 0.0), replay.new.levels.get(key, 0.0)
        change = new / new_total - old / old_total
        rows.append(
            (
                str(key[0]),
                clean(key[1]) or NOTHING,
                count(round(old)),
                percent(old / old_total),
                count(round(new)),
                percent(new / new_total),
                f"{change * 100:+.1f} pp",
            )
        )
    return Grid("Who answers", columns, tuple(rows), words=2)


def changes(replay: Replay) -> Grid:
    """Shows the largest groups of decisions that change, with the cost difference."""
    columns = ("from", "to", "why", "requests", "difference", "unknown", "for example")
    largest = largest_changes(replay)[:SHOWN_CHANGES]
    rows = tuple(
        (
            clean(before),
            clean(after),
            plain(reason),
            count(change.requests),
            signed_usd(change.difference_nano_usd),
            count(change.unknown) if change.unknown else NOTHING,
            # One id fits the column; JSON has more.
            ", ".join(f"req_{request_id}" for request_id in change.examples[:1]),
        )
        for (before, after, reason), change in largest
    )
    dearer = frozenset(i for i, (_, change) in enumerate(largest) if change.difference_nano_usd > 0)
    return Grid("Decisions that change: who is tried first", columns, rows, 3, dearer)


def largest_changes(replay: Replay) -> list[tuple[tuple[str, str, str], Change]]:
    """Returns the groups of changed decisions, the largest first."""
    return sorted(replay.changes.items(), key=lambda entry: (-entry[1].requests, entry[0]))


def errors(replay: Replay) -> Grid:
    """Shows what the outcomes say, and below it what the policies believe."""
    known = replay.errors
    # Over only a part of the requests, an estimate must say so.
    whole = "" if known.answerable else ", where the data tell"
    estimates: tuple[tuple[str, Estimate | None], ...] = (
        (f"doubly robust{whole}", known.dr),
        (f"inverse propensity{whole}", known.ips),
        (f"self-normalised{whole}", known.snips),
    )
    rows = [
        (
            name,
            percent(estimate.error, 2),
            range_text(estimate.interval),
            count(known.requests - known.no_overlap),
            count(known.observed),
            f"{known.effective:,.0f}",
        )
        for name, estimate in estimates
        if estimate is not None
    ]
    for name, side in ((replay.new_name, replay.new), (replay.old_name, replay.old)):
        believed, requests = percent(side.modelled_error, 2), count(side.modelled_requests)
        label = f"by its own p, not seen: {name}"
        rows.append((label, believed, NOTHING, requests, NOTHING, NOTHING))
    columns = ("estimate", "error", "95 %", "requests", "observed", "effective")
    return Grid("Expected error", columns, tuple(rows))


def agreements(replay: Replay) -> Grid:
    """Compares shadow answers with those that clients got."""
    rows = tuple(
        (
            clean(shown),
            clean(shadow),
            count(agreement.pairs),
            percent(agreement.mean),
            count(agreement.failed),
        )
        for (shown, shadow), agreement in sorted(replay.agreements.items())
    )
    return Grid("Shadow answers", ("given by", "shadow", "pairs", "agreement", "failed"), rows, 2)


def tokens_alone(alone: TokensAlone) -> Grid:
    """Shows the cost of another gateway's tokens at each answerer."""
    rows = []
    for answerer, costs in alone.by_answerer.items():
        share = costs.saved_share()
        rows.append(
            (
                clean(answerer),
                count(costs.count),
                usd(costs.baseline_nano_usd),
                usd(costs.own_nano_usd),
                NOTHING if share is None else signed_percent(0.0 - share),
            )
        )
    columns = ("if all were answered by", "rows", "log", "there", "change")
    return Grid("Cost of the same tokens at each answerer", columns, tuple(rows))
