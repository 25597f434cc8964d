"""What reports on a terminal are made of: tables without rules, notes, bars of block characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

BAR_WIDTH = 32
EIGHTHS = " ▏▎▍▌▋▊▉█"


def text_table(title: str, columns: Iterable[str], left: int = 1) -> Table:
    """A table without rules; the first `left` columns are words."""
    table = Table(
        title=Text(title), title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    for at, column in enumerate(columns):
        table.add_column(
            Text(column, style="dim"), justify="left" if at < left else "right", overflow="fold"
        )
    return table


def add_row(table: Table, cells: Sequence[str], style: str | None = None) -> None:
    """One row; names from outside go in as plain text, never as rich markup."""
    table.add_row(*(Text(cell) for cell in cells), style=style)


def fine_lines(lines: Iterable[str]) -> RenderableType:
    """Notes under a table, a dot before each."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(width=1)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(Text("·", style="dim"), Text(line, style="dim"))
    return Padding(table, (1, 0, 0, 0))


def add_bar(table: Table, name: str, share: float, mark: float | None, *cells: str) -> None:
    """One row whose second cell is a bar."""
    table.add_row(Text(name), Text(bar(share, mark), style="cyan"), *(Text(c) for c in cells))


def stretch(begin: float, end: float, mark: float, width: int = BAR_WIDTH) -> str:
    """A block from one place to another, each 0..1, with a line where `mark` stands.

    stretch(0.25, 0.75, 0.5, width=8) is "  ██│█  ".
    """
    low, high = sorted((round(begin * width), round(end * width)))
    high = max(high, low + 1)
    cells = ["█" if low <= at < high else " " for at in range(width)]
    cells[min(width - 1, int(mark * width))] = "│"
    return "".join(cells)


def bar(share: float, mark: float | None = None, width: int = BAR_WIDTH) -> str:
    """A bar of block characters, `width` wide at 1.0, with a line where `mark` stands.

    bar(0.5, width=4) is "██  ".
    """
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    cells = list(("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width))
    if mark is not None:
        cells[min(width - 1, int(min(max(mark, 0.0), 1.0) * width))] = "│"
    return "".join(cells)
