"""Defines `tiergate train entities` and the kind `privacy` of `tiergate evaluate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from router.cli.models.train import card_command
from router.cli.options import SEED, AsJson, Seed, to_write


def entities(
    out: Annotated[
        Path | None,
        typer.Option(
            callback=to_write,
            help="The head's .npz file.",
            show_default="the one that Tiergate reads",
        ),
    ] = None,
    seed: Seed = SEED,
    as_json: AsJson = False,
) -> None:
    """Fit the head that finds names and addresses in texts; without torch, in some minutes."""
    from router.cli.terminal import print_json
    from router.evaluation.kinds.privacy import measure
    from router.privacy.entities.head import PATH
    from router.training.entities.fit_head import fit, save
    from router.training.entities.material import FOLDER

    path = out or PATH
    head = fit(seed)
    card: dict[str, object] = {
        "command": card_command(sys.argv[1:]),
        "labels": "names of people and postal addresses, in English, German, French and Spanish",
        "method": "mean of three averaged perceptrons over sequences, Viterbi",
        "material": "templates of ours in router/training/data/entities",
        "features": len(head.names),
        "seed": seed,
    }
    save(head, path, card)
    if out is None:
        report = measure(FOLDER / "held_out")
        card["held_out"] = {one.kind: round(one.f1, 3) for one in report.kinds}
        save(head, path, card)
    if as_json:
        print_json({**card, "out": str(path)})
        return
    typer.echo(f"{len(head.names):,} features, {path.stat().st_size // 1024} KiB, in {path}")


def evaluate_privacy(file: Path, resamples: int, seed: int, as_json: bool) -> None:
    """Prints how well personal details are found in marked texts, by kind."""
    from router.cli.terminal import console, figures_table, print_json
    from router.evaluation.kinds.privacy import measure

    report = measure(file, resamples, seed)
    if as_json:
        return print_json(msgspec.to_builtins(report))
    out = console()
    titles = ("kind", "details", "precision", "recall", "F1", "95 % interval")
    table = figures_table(titles, words=("kind",))
    for one in report.kinds:
        # Nothing was marked and nothing was found, so there is nothing to say of the kind.
        if not one.details and one.f1 == 1.0:
            continue
        row = (f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}")
        table.add_row(one.kind, f"{one.details}", *row, f"{one.low:.3f} .. {one.high:.3f}")
    out.print(table)
    out.print(
        f"{report.texts} texts, {report.harmless} of them without any detail; something was found "
        f"in {report.disturbed} of those. {report.texts_per_second:,.0f} texts a second.",
        soft_wrap=True,
    )
