"""Prints `tiergate ledger reconcile --invoice`: a bill compared with the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from router.cli.ledger.bill_files import Rates, read_invoice, read_names, read_rates
from router.cli.opened_books import opened_books

if TYPE_CHECKING:
    from router.analysis.prices.invoice import Booked, Compared, InvoiceCheck

TOLD = {
    "credits": "credits, lines below 0",
    "failed_calls": "calls that failed, booked at $0",
    "calls_lacking": "calls that only one side counts",
    "unknown_calls": "calls of unknown cost, booked at their hold",
    "estimated_calls": "calls of estimated cost, mostly too high",
    "rounding": "rounding of the bill's decimals",
    "prices": "other prices than the ledger's",
    "not_in_ledger": "not in the ledger",
    "not_on_bill": "not on the bill",
}


def check_invoice(
    database: str,
    invoice: Path,
    currency: str,
    rate: Sequence[str],
    named: Sequence[str],
    tenant: str | None,
    as_json: bool,
) -> None:
    """Prints the bill compared with the ledger. Raises typer.BadParameter, LedgerError."""
    from router.analysis.prices.invoice import compare
    from router.cli.terminal import print_json

    rates = read_rates(rate)
    lines = read_invoice(invoice, currency.strip().upper(), rates)
    first = min(line.day for line in lines)
    # A call can begin after its request, and a later row may correct its cost.
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    with opened_books(database) as books:
        rows = books.rows(int(begin.timestamp() * 1000), None, tenant)
        check = compare(lines, rows, read_names(named))
    if as_json:
        print_json(_json(check, rates))
        return
    _print(check, rates)


def _print(check: InvoiceCheck, rates: Rates) -> None:
    from rich.table import Table

    from router.cli.terminal import console
    from router.rendering.figures_in_words import EXACT

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("day", "model", "calls", "ledger", "bill", "difference", "why"):
        right = name in ("calls", "ledger", "bill", "difference")
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "why")
    for cell in check.cells:
        table.add_row(
            cell.day.isoformat(),
            cell.model or "(no model)",
            _calls(cell),
            EXACT(cell.booked.booked_nano_usd),
            EXACT(cell.billed_nano_usd),
            _signed(cell.difference_nano_usd),
            _why(cell),
        )
    screen = console()
    screen.print(table)
    screen.print()
    screen.print(
        f"{check.first} to {check.last}, UTC: the ledger says {EXACT(check.booked_nano_usd)}, the "
        f"bill {EXACT(check.billed_nano_usd)}; the difference is "
        f"{_signed(check.difference_nano_usd)}"
    )
    for cause, amount in check.causes.items():
        if amount:
            screen.print(f"  {_signed(amount)}  {TOLD[cause]}")
    _print_notes(check, rates)


def _print_notes(check: InvoiceCheck, rates: Rates) -> None:
    from router.analysis.prices.invoice import Cause
    from router.cli.terminal import console
    from router.rendering.figures_in_words import EXACT

    screen = console()
    for used in sorted(rates.used, key=lambda rate: (rate.currency, rate.since)):
        screen.print(f"1 {used.currency} is ${used.usd} from {used.since} on")
    # A bill by model cannot settle single calls, so the note says how many are in doubt.
    _print_failed(check)
    unknown = sum(cell.booked.unknown_calls for cell in check.cells)
    estimated = sum(cell.booked.estimated_calls for cell in check.cells)
    doubted = {
        "an unknown cost, booked at their hold": unknown,
        "an estimated cost, too low where a provider wrote on after its reader left": estimated,
    }
    for doubt, number in doubted.items():
        if number:
            screen.print(f"{'1 call has' if number == 1 else f'{number} calls have'} {doubt}")
    if unknown or estimated:
        screen.print(
            "`tiergate ledger reconcile` lists them, and corrects them by a bill of single calls"
        )
    if check.causes[Cause.CREDITS]:
        screen.print("Credits are on the bill alone: reports and budgets keep what calls cost")
    if check.causes[Cause.PRICES]:
        screen.print("Prices are kept in the policy or its price book; see docs/guides/prices.md")
    if check.causes[Cause.NOT_IN_LEDGER]:
        screen.print("Where the ledger has a model under another name, say so: --map BILL=LEDGER")
    for model, booked in check.elsewhere.items():
        screen.print(
            f"Only in the ledger, maybe on another bill: {model}, calls: {booked.calls}, "
            f"{EXACT(booked.booked_nano_usd)}"
        )


def _print_failed(check: InvoiceCheck) -> None:
    """Says what the ledger does not know of calls that failed, where a bill may have them."""
    from router.cli.terminal import console

    failed = sum(cell.booked.failed_calls for cell in check.cells)
    more = sum(max(0, cell.more_calls) for cell in check.cells)
    if failed:
        console().print(
            f"{'1 call' if failed == 1 else f'{failed} calls'} failed with an error of the "
            "provider, booked at $0: it may bill them, and each try of a call that was tried again"
        )
    elif more:
        console().print(
            "A call that was tried again is one in the ledger, and may be two on a bill"
        )


def _why(cell: Compared) -> str:
    """Names the calls that one side lacks, whatever they cost, and then each cause."""
    parts = [counts] if (counts := _counts(cell.more_calls, cell.booked.failed_calls)) else []
    return "; ".join([*parts, *(f"{TOLD[c]} {_signed(n)}" for c, n in cell.causes.items())])


def _counts(more: int, failed: int) -> str:
    """Compares the counts: "12 calls more on the bill, 8 failed here"; "" where they agree."""
    if not more:
        return ""
    number = "1 call" if abs(more) == 1 else f"{abs(more)} calls"
    here = f", {failed} failed here" if more > 0 and failed else ""
    return f"{number} {'more' if more > 0 else 'fewer'} on the bill{here}"


def _calls(cell: Compared) -> str:
    # Two counts are shown only where they differ.
    if cell.billed_calls is None or cell.billed_calls == cell.booked.calls:
        return f"{cell.booked.calls}"
    return f"{cell.booked.calls} / {cell.billed_calls}"


def _signed(nano_usd: int) -> str:
    from router.rendering.figures_in_words import EXACT

    return f"{'-' if nano_usd < 0 else '+' if nano_usd else ''}{EXACT(abs(nano_usd))}"


def _json(check: InvoiceCheck, rates: Rates) -> dict[str, object]:
    return {
        "first_day": check.first.isoformat(),
        "last_day": check.last.isoformat(),
        "ledger_nano_usd": check.booked_nano_usd,
        "billed_nano_usd": check.billed_nano_usd,
        "difference_nano_usd": check.difference_nano_usd,
        "causes_nano_usd": {cause.value: amount for cause, amount in check.causes.items()},
        "lines": [
            {
                "day": cell.day.isoformat(),
                "model": cell.model,
                **_booked(cell.booked),
                "billed_nano_usd": cell.billed_nano_usd,
                "billed_calls": cell.billed_calls,
                "difference_nano_usd": cell.difference_nano_usd,
                "causes_nano_usd": {cause.value: n for cause, n in cell.causes.items()},
            }
            for cell in check.cells
        ],
        "only_in_ledger": {model: _booked(booked) for model, booked in check.elsewhere.items()},
        "rates": [
            {"currency": used.currency, "usd": str(used.usd), "since": used.since.isoformat()}
            for used in sorted(rates.used, key=lambda rate: (rate.currency, rate.since))
        ],
    }


def _booked(booked: Booked) -> dict[str, int]:
    return {
        "calls": booked.calls,
        "ledger_nano_usd": booked.booked_nano_usd,
        "unknown_calls": booked.unknown_calls,
        "unknown_nano_usd": booked.unknown_nano_usd,
        "estimated_calls": booked.estimated_calls,
        "estimated_nano_usd": booked.estimated_nano_usd,
        "failed_calls": booked.failed_calls,
    }
