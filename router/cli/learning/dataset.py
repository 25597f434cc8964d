"""Defines `tiergate dataset`: what was told of past answers, as versioned training data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.ledger.ledger import Since, Until
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, Tenant, in_state_folder, to_write
from router.cli.periods import now_ms, period_of
from router.cli.serve.serve import DATABASE, DatabasePath
from router.learning.export import Target
from router.learning.rows import CLIP, Split
from router.learning.splits import DEV_SHARE, TEST_SHARE
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.learning.collect import HumanLabel

OUT = Path(".tiergate/datasets")
SHOWN = 20
Folder = Annotated[Path, typer.Argument(help="The folder that `tiergate dataset build` named.")]

dataset = typer.Typer(help="Make training data from verdicts, corrections and labels.")


@dataset.command()
def build(
    database: DatabasePath = DATABASE,
    out: Annotated[
        Path,
        typer.Option(
            callback=in_state_folder,
            help="Where datasets are kept, each in a folder named by its hash.",
        ),
    ] = OUT,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(
            show_default="none",
            help="HEAD=FILE: a filled file of `train suggest --out`; repeat for several.",
        ),
    ] = None,
    dev: Annotated[
        float, typer.Option(min=0, max=1, help="Share of rows for choosing settings.")
    ] = DEV_SHARE,
    test: Annotated[
        float, typer.Option(min=0, max=1, help="Share of rows for judging: the latest ones.")
    ] = TEST_SHARE,
    clip: Annotated[
        float,
        typer.Option(
            min=1, max=1_000_000, help="Largest weight of a request that chance sent elsewhere."
        ),
    ] = CLIP,
    most_per_class: Annotated[
        int, typer.Option(min=0, help="Keep at most so many rows of each class; 0: all.")
    ] = 0,
    parent: Annotated[
        list[Path] | None,
        typer.Option(show_default="none", help="A dataset that this one replaces or continues."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a dataset from the ledger. The same ledger and options give the same hash."""
    from router.learning.dataset import Options
    from router.learning.dataset import build as build_dataset
    from router.learning.folder import read, write

    files = [_named(str(file)) for file in labels or []]
    given = _labels(files)
    begin, end = period_of(since, until, now_ms())
    options = Options(
        begin,
        end,
        tenant or "",
        dev,
        test,
        clip,
        most_per_class,
        tuple(sha256(path.read_bytes()).hexdigest() for _, path in files),
    )
    parents = [read(folder).manifest.hash for folder in parent or []]
    with opened_books(database, tenant) as books:
        past = books.past_requests(begin, end, tenant, os.environ)
        made = build_dataset(past, options, given, parents)
    folder = write(made, out)
    if not as_json:
        typer.echo(str(folder))
    show(folder, as_json=as_json)


@dataset.command()
def show(folder: Folder, as_json: AsJson = False) -> None:
    """Print the card of a dataset, after checking that nobody changed its files."""
    from msgspec import to_builtins

    from router.cli.terminal import print_json
    from router.learning.card import card
    from router.learning.folder import read

    stored = read(folder)
    if as_json:
        print_json({"folder": str(folder), **to_builtins(stored.manifest)})
        return
    for line in card(stored.manifest, now_ms()):
        typer.echo(line)


@dataset.command()
def diff(
    before: Annotated[Path, typer.Argument(help="The folder of one dataset.")],
    after: Annotated[Path, typer.Argument(help="The folder of another.")],
    as_json: AsJson = False,
) -> None:
    """Show which rows were added or removed, and which have another label or split."""
    from msgspec import to_builtins

    from router.cli.terminal import print_json
    from router.learning.compare import difference
    from router.learning.folder import read

    changes = difference(read(before).rows, read(after).rows)
    if as_json:
        print_json(to_builtins(changes))
        return
    typer.echo(
        f"{len(changes.came)} came, {len(changes.went)} went, {len(changes.relabelled)} say "
        f"something else, {len(changes.moved)} moved to another split, {changes.same} are the same"
    )
    for sign, rows in (("+", changes.came), ("-", changes.went)):
        for row in rows[:SHOWN]:
            typer.echo(f"{sign} {row.decisions[0]}  {row.kind}  {row.class_name}")
    for changed in changes.relabelled[:SHOWN]:
        typer.echo(f"~ {changed.decision}  {changed.before} -> {changed.after}")
    left = sum(
        max(0, len(part) - SHOWN) for part in (changes.came, changes.went, changes.relabelled)
    )
    if left:
        typer.echo(f"and {left} more; --json prints all")


@dataset.command()
def export(
    folder: Folder,
    to: Annotated[
        Target,
        typer.Option(
            help="head, answers: for `tiergate train`. outcomes: for `tiergate tune` and `replay`. "
            "pairs, messages: for preference and supervised training."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", callback=to_write, readable=False, help="The .jsonl file."),
    ],
    split: Annotated[
        list[Split] | None,
        typer.Option(show_default="train", help="A part of the dataset; repeat for several."),
    ] = None,
    head: Annotated[
        str, typer.Option(help="Whose labels, where the dataset has those of several heads.")
    ] = "",
    answerer: Annotated[
        str,
        typer.Option(
            help="Only rows of this answerer; `answers` needs it where several have some.",
            show_default="all",
        ),
    ] = "",
) -> None:
    """Write rows in the form that a command trains on. Rows past their retention are left out."""
    from router.files.writing import write_private
    from router.learning.export import export as export_rows
    from router.learning.folder import read

    made = export_rows(read(folder).rows, to, split or [Split.TRAIN], head, now_ms(), answerer)
    write_private(out, b"".join(made.lines))
    typer.echo(
        f"{counted(len(made.lines), 'row is', 'rows are')} in {out}"
        + (f"; the time of {made.expired} was over" if made.expired else "")
    )


def _named(option: str) -> tuple[str, Path]:
    """Returns head and file of HEAD=FILE. Raises BadParameter."""
    head, equals, path = option.partition("=")
    if not head or not equals or not Path(path).is_file():
        raise typer.BadParameter(
            f"{option} is no HEAD=FILE with a file that is there", param_hint="--labels"
        )
    from router.training.heads.train_head import NAME

    if not NAME.match(head):
        raise typer.BadParameter(
            f"{head!r} names no head; expected lower-case letters, digits and underscores",
            param_hint="--labels",
        )
    return head, Path(path)


def _labels(files: Sequence[tuple[str, Path]]) -> list[HumanLabel]:
    """Returns the labels of these files. Raises BadParameter for a file that gives none."""
    labels: list[HumanLabel] = []
    for head, path in files:
        given = list(_of_file(head, path))
        if not any(one.label for one in given):
            rows = f"none of its {counted(len(given), 'row', 'rows')} has one" if given else "empty"
            raise typer.BadParameter(
                f"{path} holds no label ({rows}); expected one JSON object a line with ref and "
                "label",
                param_hint="--labels",
            )
        labels += given
    return labels


def _of_file(head: str, path: Path) -> Iterator[HumanLabel]:
    """Yields the rows of a file of labels; a row that nobody filled in has the label ""."""
    from router.learning.collect import HumanLabel

    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--labels") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            # The id of a decision, as a header has it, names the same request.
            ref, value = str(row["ref"]).strip().removeprefix("dec_"), row["label"]
        except (ValueError, KeyError, TypeError) as error:
            raise typer.BadParameter(
                f"{path}, line {number}: expected a JSON object with ref (the id of the "
                "text's request, as `train suggest --out` writes it) and label",
                param_hint="--labels",
            ) from error
        yield HumanLabel(ref, head, _label_of(value, f"{path}, line {number}"))


def _label_of(value: object, place: str) -> str:
    """Returns a label as text, "" where it is missing, as `train head` reads it.

    Raises BadParameter for what is no label. NaN is the mark of a writer of tables, and no class.
    """
    from router.training.heads.labelled_rows import MISSING

    if not isinstance(value, str | int | None):
        raise typer.BadParameter(
            f"{place}: the label is {json.dumps(value)[:40]}; expected a text, or null where "
            "nobody gave one",
            param_hint="--labels",
        )
    label = "" if value is None else str(value).strip()
    return "" if label in MISSING else label
