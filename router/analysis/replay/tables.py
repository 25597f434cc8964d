"""A replay's tables as cells of text, which the terminal and the HTML file show alike."""

from __future__ import annotations

from dataclasses import dataclass

from router.analysis.replay.replay import Change, Replay
from router.analysis.replay.sentences import range_text, signed_percent
from router.analysis.replay.usage_cases import TokensAlone
from router.analysis.tune.offpolicy import Estimate
from router.rendering.figures_in_words import NOTHING, clean, count, percent, plain, signed_usd, usd

SHOWN_CHANGES = 12
"""The largest groups of changed decisions; JSON has all."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: `words` columns of words first, figures after them; `dearer` rows cost more."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    dearer: frozenset[int] = frozenset()


def grids(found: Replay) -> list[Grid]:
    """All tables of this replay, in their order; those with nothing to show are left out."""
    made = []
    if found.requests:
        made.append(mix(found))
        if found.changed:
            made.append(changes(found))
        made.append(errors(found))
    if found.agreements:
        made.append(agreements(found))
    if found.alone is not None:
        made.append(tokens_alone(found.alone))
    return made


def mix(found: Replay) -> Grid:
    """Who answers, on both sides."""
    columns = ("level", "tier", found.old_name, "share", found.new_name, "share", "change")
    old_total = sum(found.old.levels.values()) or 1.0
    new_total = sum(found.new.levels.values()) or 1.0
    rows = []
    for key in sorted({*found.old.levels, *found.new.levels}):
        old, new = found.old.levels.get(key, 0.0), found.new.levels.get(key, 0.0)
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


def changes(found: Replay) -> Grid:
    """The largest groups of decisions that change, with what that costs."""
    columns = ("from", "to", "why", "requests", "difference", "unknown", "for example")
    largest = largest_changes(found)[:SHOWN_CHANGES]
    rows = tuple(
        (
            clean(before),
            clean(after),
            plain(reason),
            count(change.requests),
            signed_usd(change.difference_nano_usd),
            count(change.unknown) if change.unknown else NOTHING,
            ", ".join(change.examples[:1]),
        )
        for (before, after, reason), change in largest
    )
    dearer = frozenset(i for i, (_, one) in enumerate(largest) if one.difference_nano_usd > 0)
    return Grid("Decisions that change: who is tried first", columns, rows, 3, dearer)


def largest_changes(found: Replay) -> list[tuple[tuple[str, str, str], Change]]:
    """Groups of changed decisions, the largest first."""
    return sorted(found.changes.items(), key=lambda one: (-one[1].requests, one[0]))


def errors(found: Replay) -> Grid:
    """What the outcomes say, and below it what the policies believe."""
    said = found.errors
    whole = "" if said.answerable else ", where the data tell"
    estimates: tuple[tuple[str, Estimate | None], ...] = (
        (f"doubly robust{whole}", said.dr),
        (f"inverse propensity{whole}", said.ips),
        (f"self-normalised{whole}", said.snips),
    )
    rows = [
        (
            name,
            percent(one.error, 2),
            range_text(one.interval),
            count(said.requests - said.no_overlap),
            count(said.observed),
            f"{said.effective:,.0f}",
        )
        for name, one in estimates
        if one is not None
    ]
    for name, side in ((found.new_name, found.new), (found.old_name, found.old)):
        believed, requests = percent(side.modelled_error, 2), count(side.modelled_requests)
        told = f"by its own p, not seen: {name}"
        rows.append((told, believed, NOTHING, requests, NOTHING, NOTHING))
    columns = ("estimate", "error", "95 %", "requests", "observed", "effective")
    return Grid("Expected error", columns, tuple(rows))


def agreements(found: Replay) -> Grid:
    """Shadow answers beside those that clients got."""
    rows = tuple(
        (clean(shown), clean(shadow), count(one.pairs), percent(one.mean), count(one.failed))
        for (shown, shadow), one in sorted(found.agreements.items())
    )
    return Grid("Shadow answers", ("given by", "shadow", "pairs", "agreement", "failed"), rows, 2)


def tokens_alone(alone: TokensAlone) -> Grid:
    """What the tokens of another gateway's log would cost at each answerer."""
    rows = []
    for answerer, costs in alone.at.items():
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
    return Grid("What the tokens alone tell", columns, tuple(rows))
