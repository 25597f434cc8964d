"""Defines `tiergate train head`, `routing` and `specialists`: heads without torch."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from router.cli.exits import Exit
from router.cli.models.train import Data, Force, card_command
from router.cli.options import (
    SEED,
    AsJson,
    DeviceOption,
    Seed,
    folder_to_write,
)
from router.cli.serve.serve import ModelDir
from router.rendering.figures_in_words import counted
from router.types import Device

if TYPE_CHECKING:
    from rich.table import Table

    from router.training.heads.train_head import Comparison, Made


FEW_ROWS = 20
"""A class with fewer rows is warned of. Among classes of 40 rows, cross-validated recall of classes
of 3, 5 and 10 rows was off from that on 40 held rows by .18, .12 and .13 on average (subjects of
MATH) and .07, .29 and .07 (Davidson's labels), of 20 rows by .08 and .05; MedQuAD's kinds, all
found, by none."""
NAMED_CLASSES = 8  # a warning of more takes over two lines


CHANCE_AUROC = 0.5
"""Who guesses ranks half of the pairs rightly."""


def head(
    data: Annotated[
        Path, typer.Option(help="A .csv, .tsv, .jsonl or .jsonl.gz file of labelled texts.")
    ],
    name: Annotated[str, typer.Option(help="What the head is called: department, spam.")],
    out: Annotated[
        Path,
        typer.Option(
            parser=folder_to_write, help="Folder of the head; a policy names its .json file."
        ),
    ],
    text_column: Annotated[str, typer.Option(help="The column with the text.")] = "text",
    label_column: Annotated[str, typer.Option(help="The column with the label.")] = "label",
    positive: Annotated[
        str | None,
        typer.Option(help="Of two labels, the one whose chance the head gives, as `spam` does."),
    ] = None,
    seed: Seed = SEED,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Install it even where the one that is there is better, or it may only guess.",
        ),
    ] = False,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
    device: DeviceOption = Device.CPU,
) -> None:
    """Fit a head of the shipped encoder on labelled texts; no torch, 1,000 in seconds."""
    from router.training.heads.train_head import train_head

    made = train_head(
        data,
        name,
        out,
        model_dir=model_dir,
        text_column=text_column,
        label_column=label_column,
        positive=positive,
        seed=seed,
        force=force,
        command=shlex.join(["tiergate", *sys.argv[1:]]),
        device=device,
        say=_say,
    )
    if as_json:
        _print_json(made)
    else:
        _show(made)
    _warn_of_a_guess(made.card)
    _warn_of_forms(made.card)
    _warn_of_mistyped(made.card)
    _warn_of_few_rows(made.card)
    # A script must notice that the old head still serves.
    if not made.installed:
        raise typer.Exit(Exit.FAILURE)


def _warn_of_mistyped(card: Mapping[str, Any]) -> None:
    """Names classes that are learned, and may only be another one mistyped."""
    from router.training.heads.labelled_rows import mistyped

    counts: Mapping[str, int] = card["rows_per_class"]
    for rare, near in mistyped(counts):
        typer.echo(
            f"warning: the class {rare!r} has {counted(counts[rare], 'row', 'rows')}; is it "
            f"{near!r} mistyped ({counted(counts[near], 'row', 'rows')})? It is learned as a class "
            "of its own.",
            err=True,
        )


def _warn_of_few_rows(card: Mapping[str, Any]) -> None:
    """Names the classes whose figures rest on few rows."""
    counts: Mapping[str, int] = card["rows_per_class"]
    few = sorted((rows, label) for label, rows in counts.items() if rows < FEW_ROWS)
    if few:
        named = ", ".join(f"{label!r} ({rows})" for rows, label in few[:NAMED_CLASSES])
        more = f" and {len(few) - NAMED_CLASSES} more" if len(few) > NAMED_CLASSES else ""
        typer.echo(
            f"warning: under {FEW_ROWS} rows teach {named}{more}. Their figures may be far off, as "
            "the intervals of their recall show. Label more texts of them.",
            err=True,
        )


def _warn_of_forms(card: Mapping[str, Any]) -> None:
    """Says so where most rows are one of a few forms: their cross-validation is no test."""
    from router.rendering.figures_in_words import percent
    from router.training.data.filled_forms import MANY

    if card["filled_forms"] >= MANY:
        typer.echo(
            f"warning: {percent(card['filled_forms'], 0)} of the rows share most of their words "
            "with another row of their class, as a form does that is filled in with other names or "
            "numbers. The head was judged on forms that it has seen, so these figures are too good "
            "for what people write. Judge it on texts that somebody else wrote: `tiergate evaluate "
            "head`.",
            err=True,
        )


def _warn_of_a_guess(card: Mapping[str, Any]) -> None:
    """Says so where a head may read no more than how large its classes are."""
    from router.training.heads.train_head import may_only_guess

    if may_only_guess(card):
        (low, _), most = card["intervals"]["accuracy"], card["figures"]["majority"]
        typer.echo(
            f"warning: {card['name']} may be no better than always the largest class (accuracy may "
            f"be {low:.3f}, that of the largest class is {most:.3f}). It needs more rows, or "
            "labels that its texts tell.",
            err=True,
        )


def _say(step: str) -> None:
    """Tells a person at a terminal what is under way: 20,000 texts take minutes."""
    if sys.stderr.isatty():
        typer.echo(f"tiergate: {step}", err=True)


def routing(
    data: Annotated[
        Path, typer.Option(help="A table of graded answers, as `evaluate routing` reads it.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            parser=folder_to_write, help="Folder of the heads; a policy names their .json."
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(show_default="every model", help="Only this model; repeat for several."),
    ] = None,
    seed: Seed = SEED,
    force: Force = False,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
) -> None:
    """Fit a head for each model that predicts from the prompt if the model will be wrong."""
    from router.api.compose.core import Settings
    from router.cli.terminal import print_json
    from router.evaluation.outcome_heads import train_outcomes

    made = train_outcomes(
        data,
        out,
        model_dir=model_dir or Settings().model_dir,
        models=model or [],
        seed=seed,
        command=card_command(sys.argv[1:]),
        force=force,
    )
    if as_json:
        print_json([asdict(head) for head in made])
        return
    for head in made:
        low, high = head.intervals["auroc"]
        typer.echo(
            f"{head.model}: {head.rows} graded answers to {head.texts} distinct prompts, "
            "cross-validated, with 95 % intervals: "
            f"AUROC {head.figures['auroc']:.3f} ({low:.3f} to {high:.3f}), "
            f"ECE {head.figures['ece']:.3f}; name {head.name}.json "
            f"under heads, and ability: {{head: {head.name}, labels: {head.texts}}}"
        )
        if head.texts < head.rows:
            typer.echo("Repeats stay in one fold, and intervals draw them together.")
        warn_of_chance(head.name, low)


def warn_of_chance(name: str, low: float) -> None:
    """Says so where a head tells right from wrong no better than chance: `low` of its AUROC."""
    if not low > CHANCE_AUROC:
        typer.echo(
            f"warning: {name} may tell right from wrong no better than chance (its AUROC may be "
            f"{min(low, CHANCE_AUROC):.2f}); let no policy read it before more rows show otherwise",
            err=True,
        )


def specialists(
    data: Data,
    out: Annotated[
        Path,
        typer.Option(parser=folder_to_write, help="Folder of the heads; policies/heads ships."),
    ],
    seed: Seed = SEED,
    only: Annotated[
        str | None, typer.Option(help="Fit this one head; the others stay.", show_default="all")
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
) -> None:
    """Refit the heads of the shipped specialists for the encoder that is there."""
    from router.cli.terminal import print_json
    from router.training.heads.specialists import render, train_specialists

    cards = train_specialists(
        data,
        out,
        model_dir=model_dir,
        seed=seed,
        command=card_command(sys.argv[1:]),
        shown=not as_json and sys.stderr.isatty(),
        only=only,
        force=force,
    )
    if as_json:
        print_json(cards)
    else:
        typer.echo(render(cards))
        names = ", ".join(f"{card['name']}.json" for card in cards)
        typer.echo(f"Written into {out}, with CARD.md: {names}. `heads` of a policy names them.")


def _print_json(made: Made) -> None:
    from router.cli.terminal import print_json

    compared = made.comparison
    against = None if compared is None else {**asdict(compared), "worse": compared.worse}
    print_json(
        {
            **{key: value for key, value in made.card.items() if key != "seen"},
            "comparison": against,
            "installed": made.installed,
            "out": str(made.folder),
        }
    )


def _show(made: Made) -> None:
    """Prints repairs, figures, the table per class, and the result of the installation."""
    from rich.markup import escape

    from router.cli.terminal import console

    out, card, name = console(), made.card, made.card["name"]
    figures = card["figures"]
    assert isinstance(figures, dict)
    for repair in made.repairs:
        out.print(f"mended: {escape(repair)}", soft_wrap=True)
    out.print(_class_table(figures["per_class"]))
    spans = card["intervals"]
    assert isinstance(spans, dict)
    shown = {
        name: f"{figures[name]:.3f} ({low:.3f} to {high:.3f})"
        for name, (low, high) in spans.items()
    }
    auroc = f", AUROC {shown['auroc']}" if "auroc" in shown else ""
    out.print(
        f"{figures['rows']} rows, cross-validated, with 95 % intervals: accuracy "
        f"{shown['accuracy']}, macro-F1 {shown['macro_f1']}{auroc}, ECE {figures['ece']:.3f}. "
        f"Always the largest class: accuracy {figures['majority']:.3f}",
        soft_wrap=True,
    )
    out.print(
        f"It says {card['says_at_most']:.3f} at most, which is what these rows support, and less "
        "of texts that are unlike them.",
        soft_wrap=True,
    )
    compared = made.comparison
    if compared is not None:
        out.print(
            f"The installed head {name}: {_against(compared)} ({compared.basis}).", soft_wrap=True
        )
    if made.installed:
        path = escape(str(made.folder.resolve() / f"{name}.json"))
        out.print(f"Head {name} is in {escape(str(made.folder))}: {name}.json, .npz, .card.json")
        out.print(f"A policy reads it by `heads: [{{name: {name}, path: {path}}}]`", soft_wrap=True)
    else:
        worse = compared is not None and compared.worse
        unfit = "it is worse than the head that is there" if worse else "it may only guess"
        out.print(
            f"Not installed: {unfit}. --force installs it all the "
            f"same; {escape(str(made.folder))} is unchanged.",
            soft_wrap=True,
        )


def _against(compared: Comparison) -> str:
    """Returns both figures with the rows that each rests on."""
    old, new = f"macro-F1 {compared.old:.3f}", f"{compared.new:.3f} of the new one"
    if compared.rows == compared.old_rows:
        return f"{old} against {new}, on {counted(compared.rows, 'row', 'rows')}"
    of_old = counted(compared.old_rows, "row", "rows") if compared.old_rows else "rows unknown"
    return f"{old} ({of_old}) against {new} ({counted(compared.rows, 'row', 'rows')})"


def _class_table(per_class: Mapping[str, Mapping[str, float]]) -> Table:
    """Returns the figures of each class."""
    from rich.markup import escape

    from router.cli.terminal import figures_table
    from router.stats.wilson import wilson

    titles = ("class", "rows", "precision", "recall", "95 % of recall", "F1")
    table = figures_table(titles, words=("class",))
    # Large classes first: their figures decide most requests.
    for label, row in sorted(per_class.items(), key=lambda item: -item[1]["rows"]):
        low, high = wilson(round(row["recall"] * row["rows"]), int(row["rows"]))
        table.add_row(
            escape(label),
            f"{row['rows']:.0f}",
            # Nothing was taken for the class, so there is no precision.
            "-" if math.isnan(row["precision"]) else f"{row['precision']:.3f}",
            f"{row['recall']:.3f}",
            f"{low:.3f} to {high:.3f}",
            f"{row['f1']:.3f}",
        )
    return table
