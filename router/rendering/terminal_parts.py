"""Builds reports for a terminal: tables without rules, notes, bars of block characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

BAR_WIDTH = 32
EIGHTHS = " ▏▎▍▌▋▊▉█"


def text_table(title: str, columns: Iterable[str], left: int = 1) -> Table:
    """Builds a table without rules; the first `left` columns are words."""
    table = Table(
        title=Text(title), title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    for index, column in enumerate(columns):
        table.add_column(
            Text(column, style="dim"), justify="left" if index < left else "right", overflow="fold"
        )
    return table


def add_row(table: Table, cells: Sequence[str], style: str | None = None) -> None:
    """Adds one row; names from outside are plain text, never rich markup."""
    table.add_row(*(Text(cell) for cell in cells), style=style)


def fine_lines(lines: Iterable[str]) -> RenderableType:
    """Renders notes under a table, with a dot before each."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(width=1)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(Text("·", style="dim"), Text(line, style="dim"))
    return Padding(table, (1, 0, 0, 0))


def add_bar(table: Table, name: str, share: float, mark: float | None, *cells: str) -> None:
    """Adds one row whose second cell is a bar."""
    table.add_row(Text(name), Text(bar(share, mark), style="cyan"), *(Text(c) for c in cells))


def stretch(begin: float, end: float, mark: float, width: int = BAR_WIDTH) -> str:
    """Draws a block between two places, each 0..1, with a line at `mark`.

    stretch(0.25, 0.75, 0.5, width=8) is "  ██│█  ".
    """
    low, high = sorted((round(begin * width), round(end * width)))
    # A span too short for a block still shows one.
    high = max(high, low + 1)
    cells = ["█" if low <= cell < high else " " for cell in range(width)]
    cells[min(width - 1, int(mark * width))] = "│"
    return "".join(cells)


def bar(share: float, mark: float | None = None, width: int = BAR_WIDTH) -> str:
    """Draws a bar of block characters, `width` wide at 1.0, with a line at `mark`.

    bar(0.5, width=4) is "██  ".
    """
    # Block characters come in eighths, so short bars still differ.
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    cells = list(("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width))
    if mark is not None:
        cells[min(width - 1, int(min(max(mark, 0.0), 1.0) * width))] = "│"
    return "".join(cells)


class Sheet:
    """Renders a table whose figures are never cut: columns that do not fit go into a table below.

    Each table repeats the names. The first `left` columns are words, which may fold; every other
    cell stays on one line.
    """

    GAP = 2
    LEAST_NAMES = 12

    def __init__(self, title: str, columns: Sequence[str], left: int = 1) -> None:
        self._title = title
        self._columns = tuple(columns)
        self._left = left
        self._rows: list[tuple[tuple[str, ...], str | None]] = []

    def add(self, cells: Sequence[str], style: str | None = None) -> None:
        """Adds one row; names from outside are plain text, never rich markup."""
        self._rows.append((tuple(cells), style))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [
            max(cell_len(text) for text in (column, *(cells[index] for cells, _ in self._rows)))
            for index, column in enumerate(self._columns)
        ]
        # The width is known only here, when rich renders.
        for part, chosen in enumerate(self._parts(widths, options.max_width)):
            title = self._title if part == 0 else f"{self._title}, continued"
            yield self._table(title, chosen)

    def _parts(self, widths: list[int], width: int) -> list[tuple[int, ...]]:
        """Returns the columns of each table; every table begins with the names."""
        names = tuple(range(self._left))
        names_width = sum(widths[index] + self.GAP for index in names)
        least = min(names_width, max(self.LEAST_NAMES * self._left, width // 3))
        figures = range(self._left, len(self._columns))
        # Names may fold, so they count only with the width that they need at least.
        if least + sum(widths[index] + self.GAP for index in figures) - self.GAP <= width:
            return [tuple(range(len(self._columns)))]
        parts: list[tuple[int, ...]] = []
        room, chosen = width + self.GAP - names_width, list[int]()
        if room < width // 2:  # names that need more than half of the width fold
            room = width + self.GAP - max(least, width // 2)
        left_over = room
        for index in figures:
            if chosen and widths[index] + self.GAP > left_over:
                parts.append((*names, *chosen))
                left_over, chosen = room, []
            chosen.append(index)
            left_over -= widths[index] + self.GAP
        return [*parts, (*names, *chosen)]

    def _table(self, title: str, chosen: tuple[int, ...]) -> Table:
        table = Table(
            title=Text(title),
            title_justify="left",
            title_style="bold",
            box=None,
            pad_edge=False,
            padding=(0, self.GAP, 0, 0),
        )
        for index in chosen:
            words = index < self._left
            table.add_column(
                Text(self._columns[index], style="dim"),
                justify="left" if words else "right",
                overflow="fold",
                no_wrap=not words,
            )
        for cells, style in self._rows:
            table.add_row(*(Text(cells[index]) for index in chosen), style=style)
        return table
