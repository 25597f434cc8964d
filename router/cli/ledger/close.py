"""Defines `tiergate ledger close`: it closes months, whose figures never change again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.opened_books import opened_books
from router.cli.options import AsJson
from router.cli.periods import shown_time
from router.cli.serve.serve import DATABASE, DatabasePath

if TYPE_CHECKING:
    from router.api.compose.books import ClosedMonth


def close(
    month: Annotated[
        str | None, typer.Argument(help="The month to close, in UTC, as 2026-10.")
    ] = None,
    database: DatabasePath = DATABASE,
    as_json: AsJson = False,
) -> None:
    """Close a month that is over, and those before it; without one, list closed months.

    Later corrections count in a month that is open.
    """
    since_ms = None if month is None else _begin_ms(month)
    with opened_books(database) as books:
        if since_ms is not None:
            books.close_month(since_ms)
        _tell(books.closed_months(), as_json)


def _begin_ms(month: str) -> int:
    try:
        # strptime accepts "2026-1" too, which other commands refuse.
        if not re.fullmatch(r"\d{4}-\d{2}", month):
            raise ValueError
        begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise typer.BadParameter(
            f"{month!r} is no month; expected one like 2026-10", param_hint="MONTH"
        ) from error
    return round(begin.timestamp() * 1000)


def _tell(months: Sequence[ClosedMonth], as_json: bool) -> None:
    from router.cli.terminal import print_json
    from router.rendering.figures_in_words import counted, usd

    if as_json:
        print_json(
            [
                {
                    "month": month.month,
                    "since_ms": month.since_ms,
                    "until_ms": month.until_ms,
                    "closed_at_ms": month.closed_at_ms,
                    "rows": month.rows,
                    "cost_nano_usd": month.cost_nano_usd,
                }
                for month in months
            ]
        )
        return
    for month in months:
        rows = counted(month.rows, "row", "rows")
        typer.echo(
            f"{month.month}  closed {shown_time(month.closed_at_ms)}  {rows}  "
            f"{usd(month.cost_nano_usd)}"
        )
    if not months:
        typer.echo("No month is closed; `tiergate ledger close 2026-10` closes one that is over.")
