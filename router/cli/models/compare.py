"""Defines `tiergate train compare`: what smaller and faster encoders cost in accuracy."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.models.train import WORK, Data, Work, with_torch
from router.cli.options import SEED, AsJson, Seed

if TYPE_CHECKING:
    from router.training.compare.compare import Comparison

TRIAGE = "triage"
"""Names the folder of the stages of `train triage` within --work."""


def compare(
    data: Data,
    work: Work = WORK,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            show_default="compare in --work",
            help="Folder of compare.md, compare.json and compare.svg.",
        ),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            show_default="all", help="Only this one and what it is compared with; repeatable."
        ),
    ] = None,
    rows: Annotated[
        int, typer.Option(min=50, help="Training rows of a probe at most; half as many judge.")
    ] = 1_000,
    turns: Annotated[
        int, typer.Option(min=1, help="How often each variant takes its turn in timing.")
    ] = 60,
    seed: Seed = SEED,
    as_json: AsJson = False,
) -> None:
    """Measure fp32, INT8, INT4, distilled, pruned, narrow and static encoders side by side."""
    with with_torch():
        from router.training.compare.compare import compare as measure
        from router.training.compare.report import to_json

        # People may point --work at the stages themselves.
        folder = work / TRIAGE if (work / TRIAGE).is_dir() else work
        made = measure(
            data,
            folder,
            out,
            names=variant or (),
            rows=rows,
            turns=turns,
            seed=seed,
            progress=not as_json or sys.stderr.isatty(),
            command=shlex.join(["tiergate", *sys.argv[1:]]),
        )
    if as_json:
        from router.cli.terminal import print_json

        print_json({**to_json(made.setting, made.rows), "files": [str(p) for p in made.files]})
        return
    _show(made)


def _show(made: Comparison) -> None:
    """Prints the measurements, and compares them with the usual claims."""
    from router.cli.terminal import console
    from router.training.compare.report import (
        CLAIMED,
        MEASURED,
        claim_cells,
        kind,
        measured_cells,
    )

    setting = made.setting
    _table("Measured", MEASURED, [measured_cells(row) for row in made.rows])
    compared = [claim_cells(row) for row in made.rows if row.ratios is not None]
    _table("Compared with the usual claims", CLAIMED, compared)
    screen = console()
    probes = [f"{p.name} ({kind(p)}, {p.train_rows} + {p.dev_rows} rows)" for p in setting.probes]
    screen.print(f"Probes: {', '.join(probes)}.", soft_wrap=True)
    screen.print(
        f"{setting.machine}; load average {setting.load[0]} to {setting.load[1]}; "
        f"{setting.seconds} s.",
        soft_wrap=True,
    )
    screen.print(f"Written: {', '.join(map(str, made.files))}", soft_wrap=True, markup=False)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    from router.cli.terminal import console

    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
        title=title,
        title_justify="left",
    )
    for name in head:
        words = name in ("variant", "against", "the claim here")
        table.add_column(name, justify="left" if words else "right")
    for row in rows:
        table.add_row(*row)
    console().print(table)
