"""A replay for a terminal; names from outside go in as plain text, not as markup."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from router.analysis.replay.fail_conditions import Answer, Judged
from router.analysis.replay.replay import Replay
from router.analysis.replay.sentences import all_lines, headline
from router.analysis.replay.tables import Grid, grids
from router.rendering.terminal_parts import add_row, fine_lines, text_table


def replay_renderable(found: Replay, judged: Sequence[Judged]) -> RenderableType:
    """The sentence, the tables, what they rest on, and the conditions."""
    parts: list[RenderableType] = [Padding(Text(headline(found), style="bold"), (1, 0))]
    parts += [_table(grid) for grid in grids(found)]
    lines = all_lines(found)
    if lines:
        parts.append(fine_lines(lines))
    if found.bad_lines:
        parts.append(Text(f"Warning: {found.bad_lines}", style="yellow"))
    parts += [_judged(one) for one in judged]
    return Group(*parts)


def _table(grid: Grid) -> RenderableType:
    table = text_table(grid.title, grid.columns, left=grid.words)
    for at, cells in enumerate(grid.rows):
        add_row(table, cells, "red" if at in grid.dearer else None)
    return Padding(table, (0, 0, 1, 0))


SHOWN = {
    Answer.HOLDS: ("FAILS", "bold red"),
    Answer.DOES_NOT: ("ok", "green"),
    Answer.CANNOT_SAY: ("CANNOT SAY", "bold yellow"),
}


def _judged(one: Judged) -> Text:
    word, style = SHOWN[one.answer]
    return Text(f"{word}  {one.condition.text}: {one.told}", style=style)
