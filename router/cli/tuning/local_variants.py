"""Defines `tiergate train compare-local`: forms of the embedded LLM, measured side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.models.train import WORK, with_torch
from router.cli.options import AsJson, folder_to_write
from router.cli.terminal import to_stderr

if TYPE_CHECKING:
    from router.training.tuning.variants import Measured


def compare_local(
    out: Annotated[
        Path, typer.Option(parser=folder_to_write, help="Folder of the forms and their figures.")
    ] = WORK / "local",
    data: Annotated[
        Path | None,
        typer.Option(
            show_default="none", help="The folder of training data, whose dev questions are graded."
        ),
    ] = None,
    questions: Annotated[int, typer.Option(min=4, help="How many of them, about.")] = 40,
    general: Annotated[
        int, typer.Option(min=1, max=200, help="How many of our own general questions.")
    ] = 200,
    distilled: Annotated[
        Path | None,
        typer.Option(
            show_default="none",
            help="The folder of a `train adapter --teacher` on a pruned form: measure it too.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the embedded LLM in four and eight bits and pruned: size, speed, right answers."""
    with with_torch():
        from router.training.adapter.train import packaged_model
        from router.training.tuning.variants import compare

        rows = compare(
            packaged_model(),
            out,
            to_stderr,
            data,
            questions,
            general,
            distilled,
        )
    if as_json:
        from dataclasses import asdict

        from router.cli.terminal import print_json

        print_json([asdict(row) for row in rows])
    else:
        _show(rows, general)


def _show(rows: Sequence[Measured], general: int) -> None:
    """Prints a row per form; `general` questions are behind each change."""
    from router.cli.terminal import console, figures_table
    from router.stats.measures import change_text

    titles = (
        *("form", "layers", "MB", "tokens/s", "general right", "change (95 %)"),
        *("graded right", "same words"),
    )
    table = figures_table(titles, words=("form",), padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(
            row.name,
            str(row.layers),
            f"{row.megabytes:g}",
            f"{row.tokens_per_s:g}",
            f"{row.general_right:.3f}",
            change_text(general, *row.change),
            "-" if row.graded_right is None else f"{row.graded_right:.3f}",
            f"{row.same_answer:.3f}",
        )
    console().print(table)
