"""A repricing for a terminal and as JSON; names from outside go in as plain text, not as markup."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from router.analysis.prices.reprice import Outcome, Repricing, Sums
from router.analysis.report.build import provider_line
from router.analysis.report.output.json import provider_object
from router.rendering.figures_in_words import NOTHING, clean, count, percent, signed_usd, usd
from router.rendering.json_values import Json, money
from router.rendering.terminal_parts import add_row, fine_lines, text_table

SCHEMA = "tiergate.reprice/1"
"""Raised when a key changes its meaning or goes away; new keys leave it as it is."""

ONE = {"tiers": "tier", "models": "model", "tenants": "tenant", "days": "day"}
"""What one entry of each grouping is called."""


def reprice_json(found: Repricing, prices: str) -> Json:
    """The whole repricing as plain values; money is an integer and an exact string."""
    return {
        "schema": SCHEMA,
        "prices": prices,
        **_sums(found.total),
        "outcomes": {outcome.value: found.outcomes[outcome] for outcome in Outcome},
        **{
            name: [{ONE[name]: key, **_sums(sums)} for key, sums in group.items()]
            for name, group in found.groups.items()
        },
        "no_price": dict(found.no_price.most_common()),
        "price_versions": dict(found.versions.most_common()),
        "provider": provider_object(found.provider.figures()),
        "warnings": list(warnings(found)),
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


def reprice_renderable(found: Repricing, prices: str) -> RenderableType:
    """The sentence, a table per grouping, and what is not in them."""
    parts: list[RenderableType] = [Padding(Text(headline(found, prices), style="bold"), (1, 0))]
    for name, group in found.groups.items():
        columns = (ONE[name], "calls", "booked", "repriced", "difference", "change", "left out")
        table = text_table(f"By {ONE[name]}", columns)
        for key, sums in group.items():
            add_row(table, (key, *_cells(sums)), "red" if sums.difference_nano_usd > 0 else None)
        parts.append(Padding(table, (0, 0, 1, 0)))
    parts.append(fine_lines(_about(found)))
    told = [Text(f"Warning: {line}", style="yellow") for line in warnings(found)]
    return Group(*parts, *told)


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


def headline(found: Repricing, prices: str) -> str:
    """One sentence: what was booked, and what the same usage costs at the other prices."""
    total = found.total
    compared = total.calls - total.left_out
    if not total.calls:
        return "No calls in this period: there is nothing to price again."
    return (
        f"{count(compared)} of {count(total.calls)} calls are booked at "
        f"{usd(total.booked_nano_usd)}; at {prices} they cost {usd(total.again_nano_usd)}: "
        f"{signed_usd(total.difference_nano_usd)}."
    )


def _about(found: Repricing) -> list[str]:
    lines = [
        "A report only: no row is changed. What cannot be priced again is in no difference; booked "
        "and left out sum to what the ledger says was spent.",
        "The counts of tokens, images, and core-seconds are those of the rows; another model would "
        "have used others.",
    ]
    if found.versions:
        most = found.versions.most_common(5)
        used = ", ".join(f"{clean(version)}: {count(calls)}" for version, calls in most)
        more = len(found.versions) - 5
        lines.append(f"Calls by price version: {used}{f', and {more} more' if more > 0 else ''}.")
    if found.provider.calls:
        lines.append(provider_line(found.provider.figures()))
    return lines


def warnings(found: Repricing) -> tuple[str, ...]:
    """What a reader must not overlook: prices that nobody states, costs that nobody knows."""
    outcomes, lines = found.outcomes, []
    if found.no_price:
        models = ", ".join(f"{m} ({count(n)})" for m, n in found.no_price.most_common(10))
        lines.append(
            f"Calls without a known price there, which is not a price of 0: {models}. State it in "
            "the price book, or name the policy of these rows with --policy."
        )
    if outcomes[Outcome.NEWLY_KNOWN]:
        lines.append(
            f"Calls that were booked at an unknown price: {count(outcomes[Outcome.NEWLY_KNOWN])}. "
            f"They cost {usd(found.total.newly_known_nano_usd)} there, which is in no difference."
        )
    if outcomes[Outcome.NO_USAGE]:
        lines.append(
            f"Calls booked at their worst case: {count(outcomes[Outcome.NO_USAGE])}. Nobody said "
            "what they used."
        )
    if outcomes[Outcome.OPEN]:
        lines.append(f"Calls that are still open: {count(outcomes[Outcome.OPEN])}.")
    return tuple(lines)
