"""Renders a repricing for a terminal and as JSON; outside names are plain text, never markup."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from router.analysis.prices.reprice import PricedAs, Repricing, Sums
from router.analysis.report.output.json import provider_object
from router.analysis.report.sentences import provider_line
from router.analysis.report.tallies import OTHER
from router.rendering.figures_in_words import (
    NOTHING,
    clean,
    count,
    counted,
    percent,
    signed_usd,
    usd,
)
from router.rendering.json_values import Json, money
from router.rendering.terminal_parts import add_row, fine_lines, text_table

SCHEMA = "tiergate.reprice/2"
"""Names the version; it rises when a key changes its meaning or goes away, not for a new key."""

ONE = {"tiers": "tier", "models": "model", "tenants": "tenant", "days": "day"}
"""Names one entry of each grouping."""


SourceOf = Callable[[str], str]
"""Returns in words where the policy of a hash was found."""


def reprice_json(repricing: Repricing, prices: str, source_of: SourceOf) -> Json:
    """Returns the whole repricing as plain values; money is an integer and an exact string."""
    return {
        "schema": SCHEMA,
        "prices": prices,
        **_sums(repricing.total),
        "outcomes": {outcome.value: repricing.outcomes[outcome] for outcome in PricedAs},
        **{
            name: [{ONE[name]: key, **_sums(sums)} for key, sums in group.items()]
            for name, group in repricing.groups.items()
        },
        "no_price": dict(repricing.no_price.most_common()),
        "price_versions": dict(repricing.versions.most_common()),
        "provider": provider_object(repricing.provider.figures()),
        "policies": [
            {
                "policy": name,
                "hash": version,
                "calls": calls,
                "read_from": _read_from(name, version, source_of),
            }
            for (name, version), calls in repricing.policies.most_common()
        ],
        "priced_as_another_model": [
            {"answerer": answerer, "model": model, "priced_as": there, "calls": calls}
            for (answerer, model, there), calls in repricing.others.most_common()
        ],
        "warnings": list(warnings(repricing)),
    }


def _sums(sums: Sums) -> Json:
    return {
        "calls": sums.calls,
        **money("booked", sums.booked_nano_usd),
        **money("repriced", sums.again_nano_usd if sums.compared else None),
        **money("difference", sums.difference_nano_usd if sums.compared else None),
        "left_out": sums.left_out,
        **money("left_out", sums.left_out_nano_usd),
        **money("newly_known", sums.newly_known_nano_usd),
    }


def reprice_renderable(repricing: Repricing, prices: str, source_of: SourceOf) -> RenderableType:
    """Renders the sentence, a table per grouping, and notes about calls that are left out."""
    said = Text(headline(repricing, prices), style="bold")
    parts: list[RenderableType] = [Padding(said, (0, 0, 1, 0))]
    for name, group in repricing.groups.items():
        columns = (ONE[name], "calls", "booked", "repriced", "difference", "change", "left out")
        table = text_table(f"By {ONE[name]}", columns)
        for key, sums in group.items():
            add_row(table, (key, *_cells(sums)), "red" if sums.difference_nano_usd > 0 else None)
        parts.append(Padding(table, (0, 0, 1, 0)))
    parts.append(fine_lines([*_about(repricing), *_versions(repricing, source_of)]))
    warned = [Text(f"Warning: {line}", style="yellow") for line in warnings(repricing)]
    return Group(*parts, *warned)


def _cells(sums: Sums) -> tuple[str, ...]:
    booked = sums.booked_nano_usd
    return (
        count(sums.calls),
        usd(booked),
        usd(sums.again_nano_usd if sums.compared else None),
        signed_usd(sums.difference_nano_usd) if sums.compared else NOTHING,
        percent(sums.difference_nano_usd / booked) if booked else NOTHING,
        f"{count(sums.left_out)} ({usd(sums.left_out_nano_usd)})" if sums.left_out else "0",
    )


def headline(repricing: Repricing, prices: str) -> str:
    """States in one sentence the booked cost and the cost of the same usage at the other prices."""
    total = repricing.total
    compared = total.calls - total.left_out
    if not total.calls:
        return "No calls in this period: there is nothing to price again."
    return (
        f"{count(compared)} of {count(total.calls)} calls are booked at "
        f"{usd(total.booked_nano_usd)}; at {prices} they cost {usd(total.again_nano_usd)}: "
        f"{signed_usd(total.difference_nano_usd)}."
    )


def _about(repricing: Repricing) -> list[str]:
    lines = [
        "A report only: no row is changed. What cannot be priced again is in no difference; booked "
        "and left out sum to what the ledger says was spent.",
        "The counts of tokens, images, and core-seconds are those of the rows; another model would "
        "have used others.",
    ]
    if repricing.versions:
        most = repricing.versions.most_common(5)
        used = ", ".join(f"{clean(version)}: {count(calls)}" for version, calls in most)
        # The line stays short; JSON lists all versions.
        more = len(repricing.versions) - 5
        lines.append(f"Calls by price version: {used}{f', and {more} more' if more > 0 else ''}.")
    if repricing.provider.calls:
        lines.append(provider_line(repricing.provider.figures()))
    return lines


SHOWN_VERSIONS = 10
"""The versions of policies that a terminal shows; JSON lists all."""


def _read_from(name: str, version: str, source_of: SourceOf) -> str:
    return (
        "versions beyond those that are counted one by one" if name == OTHER else source_of(version)
    )


def _versions(repricing: Repricing, source_of: SourceOf) -> list[str]:
    lines = [
        f"Policy {' '.join(filter(None, (name, version)))}: {counted(calls, 'call', 'calls')}, "
        f"{_read_from(name, version, source_of)}."
        for (name, version), calls in repricing.policies.most_common(SHOWN_VERSIONS)
    ]
    more = len(repricing.policies) - SHOWN_VERSIONS
    return [*lines, f"{more} more versions are in the JSON."] if more > 0 else lines


def warnings(repricing: Repricing) -> tuple[str, ...]:
    """Warns about prices that nobody states and costs that nobody knows."""
    outcomes, lines = repricing.outcomes, []
    if repricing.no_price:
        models = ", ".join(f"{m} ({count(n)})" for m, n in repricing.no_price.most_common(10))
        lines.append(
            f"Calls without a known price there, which is not a price of 0: {models}. State it in "
            "the price book, or name the policy of these rows with --policy."
        )
    if repricing.gone:
        gone = ", ".join(
            f"{name} {version} ({count(calls)})"
            for (name, version), calls in repricing.gone.most_common(10)
        )
        lines.append(
            "Calls that a policy's own price booked, and whose policy cannot be read, so they are "
            f"left out: {gone}. Name a file of it with --policy."
        )
    if repricing.others:
        others = ", ".join(
            f"{answerer}: {model} as {there} ({count(calls)})" if model else answerer
            for (answerer, model, there), calls in repricing.others.most_common(10)
        )
        lines.append(
            "Calls of another model than the named policy has, so the difference is one of models "
            f"too: {others}. Without --policy each call has the prices of the version that made it."
        )
    if outcomes[PricedAs.NEWLY_KNOWN]:
        lines.append(
            f"Calls that were booked at an unknown price: {count(outcomes[PricedAs.NEWLY_KNOWN])}. "
            f"They cost {usd(repricing.total.newly_known_nano_usd)} there, which no difference "
            "includes."
        )
    if outcomes[PricedAs.NO_USAGE]:
        lines.append(
            f"Calls booked at their worst case: {count(outcomes[PricedAs.NO_USAGE])}. Nobody said "
            "what they used."
        )
    if outcomes[PricedAs.OPEN]:
        lines.append(f"Calls that are still open: {count(outcomes[PricedAs.OPEN])}.")
    return tuple(lines)
