"""Defines `tiergate train suggest`: the unlabelled texts whose labels would teach most."""

from __future__ import annotations

import gzip
import json
import math
import os
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.ledger.ledger import Since, Until
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, Tenant, keep_sources, to_write
from router.cli.periods import now_ms, period_of
from router.cli.serve.serve import ModelDir
from router.errors import ClassifyError
from router.errors.system import in_words
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.learning.labelling import Askable
    from router.training.heads.labelled_rows import Repair
    from router.training.heads.suggest import Suggested, Unlabelled

SHOWN_CHARACTERS = 90
MOST_STORED = 50_000


def suggest(
    source: Annotated[
        Path | None,
        typer.Argument(help="A .jsonl or .jsonl.gz file of texts; without it, --database."),
    ] = None,
    policy: Annotated[
        str, typer.Option("--policy", "-p", help="Whose heads --head names.")
    ] = "email_pipeline",
    head: Annotated[
        str, typer.Option(help="A head of the policy, a built-in one, or a head's .json file.")
    ] = "department",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many texts.")] = 50,
    text_column: Annotated[
        str, typer.Option(help="The text's key; without it, subject and body are read.")
    ] = "text",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            callback=to_write,
            readable=False,
            help="Write them as .jsonl with an empty label, to be filled.",
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            "-d",
            show_default="$TIERGATE_DATABASE, where no file is given",
            help="A ledger whose policies store texts.",
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1, max=1e6, show_default="no limit", help="Minutes that labelling may take."
        ),
    ] = None,
    queue: Annotated[
        bool,
        typer.Option("--queue", help="Ask reviewers: put them into the queue, with the reason."),
    ] = False,
    model_dir: ModelDir = None,
) -> None:
    """List the unlabelled texts that would teach a head most, best first."""
    database = _ledger_of(source, database)
    if queue and database is None:
        raise typer.BadParameter("--queue needs --database: its reviewers are asked")
    keep_sources((out,), (source,))
    _keep_labels(out)
    from router.training.heads.suggest import suggest as best_of

    named = _head_of(policy, head)
    skipped: tuple[Repair, ...] = ()
    asked: dict[str, Askable] = {}
    name = named.stem if isinstance(named, Path) else named
    if source is not None:
        pool, skipped = _file(source, text_column)
    else:
        assert database is not None
        pool, asked = _stored(database, since, until, tenant, name)
    budget = math.inf if minutes is None else minutes
    suggested = best_of(pool, named, count, model_dir=model_dir, budget=budget)
    if out is not None:
        _write(out, suggested)
    if queue and database is not None:
        _ask(database, name, suggested, asked)
    _show(suggested, skipped, out, as_json)
    if not as_json:
        if not head.endswith(".json"):
            # A policy's head may have the name of one that the user made and no policy names yet.
            typer.echo(
                f"Read by the head {head} of the policy {policy}; --head FILE.json names another."
            )
        needed = sum(suggestion.minutes for suggestion in suggested.suggestions)
        where = "They wait in the queue of reviews" if queue else "To label them"
        typer.echo(f"{where}: about {needed:.1f} minutes.")


def _ledger_of(source: Path | None, database: str | None) -> str | None:
    """Returns the ledger to read, None where a file is given. Raises BadParameter for both."""
    # The variable names this machine's ledger for all commands, so a file that is given goes first.
    if source is None and database is None:
        database = os.environ.get("TIERGATE_DATABASE") or None
    if (source is None) == (database is None):
        raise typer.BadParameter("give either a file of texts or --database")
    return database


def _write(out: Path, suggested: Suggested) -> None:
    """Writes the suggestions as lines with an empty label, readable by their owner alone."""
    from router.files.writing import write_private

    rows = [
        {"ref": s.ref, "text": s.text, "suggested": s.label, "label": ""}
        for s in suggested.suggestions
    ]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    write_private(out, "".join(lines).encode())


def _keep_labels(out: Path | None) -> None:
    """Refuses to write over labels that somebody filled in. Raises typer.BadParameter."""
    if out is None or not out.is_file():
        return
    filled = 0
    for line in out.read_bytes().splitlines():
        # A line of another form holds no label of ours; `to_write` keeps databases.
        with suppress(ValueError):
            row = json.loads(line)
            filled += isinstance(row, dict) and bool(row.get("label"))
    if filled:
        raise typer.BadParameter(
            f"{out} has {counted(filled, 'filled label', 'filled labels')}, which would be lost; "
            "expected the name of another file"
        )


def _ask(database: str, head: str, suggested: Suggested, asked: Mapping[str, Askable]) -> None:
    """Puts the suggestions into the queue of reviews."""
    from router.learning.labelling import item_of

    with opened_books(database, environ=os.environ) as books:
        books.ask(
            item_of(
                asked[s.ref], head, s.label, s.confidence, s.minutes, now_ms(), suggested.classes
            )
            for s in suggested.suggestions
        )


def _head_of(policy: str, head: str) -> Path | str:
    """Returns the file of a head, or the name of a built-in one. Raises PolicyError."""
    # A path needs no policy; any other name is one of its heads or a built-in head.
    if head.endswith(".json"):
        return Path(head)
    from router.policy.loading import find_policy, load_policy, policies_dir

    loaded = load_policy(find_policy(policy, policies_dir()), os.environ)
    for section in loaded.policy.heads:
        if section.name == head:
            return loaded.file(section.path)
    return head


def _file(source: Path, text_column: str) -> tuple[list[Unlabelled], tuple[Repair, ...]]:
    """Returns the texts of a file, and the skipped lines by reason. Blank lines are not rows.

    Raises ClassifyError for a file that cannot be read or holds no text.
    """
    from router.api.compose.labelling.windows import row_of
    from router.training.heads.labelled_rows import Repair
    from router.training.heads.suggest import Unlabelled

    texts: list[Unlabelled] = []
    bad: dict[str, list[int]] = {}
    try:
        with gzip.open(source) if source.suffix == ".gz" else source.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    texts.append(Unlabelled(str(number), row_of(line, text_column)[1]))
                except ValueError as error:
                    # The part after a colon is particular to this line: the place of the mistake.
                    bad.setdefault(str(error).partition(": ")[0], []).append(number)
    except (OSError, EOFError, zlib.error) as error:
        raise ClassifyError(f"{source} cannot be read: {in_words(error)}") from error
    skipped = tuple(Repair(f"skipped: {why}", tuple(lines)) for why, lines in bad.items())
    if not texts:
        problems = "; ".join(map(str, skipped)) or "no line"
        raise ClassifyError(
            f"{source} holds no text: {problems}. Each line is a JSON object with {text_column!r}, "
            "or subject and body; name another key by --text-column."
        )
    return texts, skipped


def _stored(
    database: str, since: str | None, until: str | None, tenant: str | None, head: str
) -> tuple[list[Unlabelled], dict[str, Askable]]:
    """Returns the last user turns of stored prompts: only they are routed, and worth a label.

    Those that reviewers were asked to label for this head already are left out.
    """
    from router.api.compose.books import Address
    from router.learning.labelling import askable, minutes_of
    from router.training.heads.suggest import Unlabelled

    begin, end = period_of(since, until, now_ms())
    with opened_books(database, tenant) as books:
        past = books.past_requests(begin, end, tenant, os.environ)
        texts, pace = askable(past, head)
    if not texts:
        raise ClassifyError(
            f"{Address.parse(database).shown} holds no prompts that nobody was asked about: "
            "policies store none by default. Give a file of texts, or set privacy.store to "
            "redacted or full and let traffic come."
        )
    latest = texts[-MOST_STORED:]
    pool = [
        Unlabelled(text.request_id, text.text, text.novelty, minutes_of(text.text, pace))
        for text in latest
    ]
    return pool, {text.request_id: text for text in latest}


def _show(suggested: Suggested, skipped: Sequence[Repair], out: Path | None, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        from router.cli.terminal import print_json

        print_json({**asdict(suggested), "skipped": [asdict(repair) for repair in skipped]})
        return
    from rich.markup import escape

    from router.cli.terminal import console, figures_table

    titles = ("worth", "says", "chance", "where", "text")
    table = figures_table(titles, words=("says", "where", "text"))
    for suggestion in suggested.suggestions:
        text = " ".join(suggestion.text.split())[:SHOWN_CHARACTERS]
        table.add_row(
            f"{suggestion.score:.3f}",
            escape(suggestion.label),
            f"{suggestion.confidence:.2f}",
            suggestion.ref,
            escape(text),
        )
    console().print(table)
    left = [f"{suggested.repeated} repeated or empty", f"{suggested.taught} that taught the head"]
    left += [f"{suggested.beyond} beyond what is read"] * bool(suggested.beyond)
    typer.echo(
        f"{len(suggested.suggestions)} of {suggested.read} texts; left out: {', '.join(left)}"
    )
    for rows in skipped:
        typer.echo(str(rows))
    if out is not None:
        typer.echo(
            f"Fill in `label` in {out}, and add its lines to the rows that taught the head; then "
            "tiergate train head --data ALL_ROWS ..."
        )
