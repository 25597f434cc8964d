"""Renders a replay for a terminal; names from outside are plain text, never markup."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from router.analysis.replay.fail_conditions import ConditionState, Judged
from router.analysis.replay.replay import Replay
from router.analysis.replay.sentences import all_lines, headline
from router.analysis.replay.tables import Grid, grids
from router.rendering.terminal_parts import add_row, fine_lines, text_table


def replay_renderable(replay: Replay, judged: Sequence[Judged]) -> RenderableType:
    """Renders the sentence, the tables, their assumptions, and the conditions."""
    parts: list[RenderableType] = [Padding(Text(headline(replay), style="bold"), (0, 0, 1, 0))]
    parts += [_table(grid) for grid in grids(replay)]
    lines = all_lines(replay)
    if lines:
        parts.append(fine_lines(lines))
    if replay.bad_lines:
        parts.append(Text(f"Warning: {replay.bad_lines}", style="yellow"))
    parts += [_judged(result) for result in judged]
    return Group(*parts)


def _table(grid: Grid) -> RenderableType:
    table = text_table(grid.title, grid.columns, left=grid.words)
    for index, cells in enumerate(grid.rows):
        add_row(table, cells, "red" if index in grid.dearer else None)
    return Padding(table, (0, 0, 1, 0))


SHOWN = {
    ConditionState.HOLDS: ("FAILS", "bold red"),
    ConditionState.DOES_NOT: ("ok", "green"),
    ConditionState.CANNOT_SAY: ("CANNOT SAY", "bold yellow"),
}


def _judged(result: Judged) -> Text:
    word, style = SHOWN[result.answer]
    return Text(f"{word}  {result.condition.text}: {result.told}", style=style)
