"""Defines `tiergate ledger`: it reads and maintains a ledger, also next to a running server."""

from __future__ import annotations

import os
import shlex
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.ledger.filters import (
    Domains,
    Endpoints,
    Keys,
    Sessions,
    Tags,
    Types,
    Wanted,
)
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, FileFormat, Tenant, given_name, to_write_or_stdout
from router.cli.periods import moment_ms, now_ms, period_of, shown_time
from router.cli.serve.serve import DATABASE, AnchorsPath, DatabasePath
from router.types import RequestRow

if TYPE_CHECKING:
    from router.api.compose.books import Books

SHOWN_ROWS = 20
MOST_ROWS = 1_000_000_000  # more would be held in memory, and no counter takes any number
BESIDE = {
    "reconcile": ("correction by a bill", "corrections by bills"),
    "review": ("review", "reviews"),
    "rollout": ("stage of a rollout", "stages of rollouts"),
    "shadow": ("shadow", "shadows"),
    "synthesize": ("text written to train on", "texts written to train on"),
    "vectors": ("call for vectors of documents", "calls for vectors of documents"),
}
"""Names what the rows of an endpoint book that are no requests."""
Since = Annotated[
    str | None, typer.Option(help="From when on: 24h, 7d, 2026-11, 2026-11-20, 2026-11-20T08:00.")
]
Until = Annotated[str | None, typer.Option(help="Up to when; as --since.")]
ledger = typer.Typer(help="Show what was spent, line by line, and check that the books are whole.")


@ledger.command()
def rows(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            help="Ids of requests, decisions or answers: req_..., dec_..., chatcmpl-..."
        ),
    ] = None,
    database: DatabasePath = DATABASE,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_ROWS,
            show_default="all with --json, else 20",
            help="The latest so many.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print requests with their attempts, oldest first; or the named ones, in that order."""
    from router.analysis.report.output.row_json import rows_json
    from router.cli.ledger.row_lines import row_lines
    from router.cli.terminal import console, inert_json

    if ids and (since or until or tenant or limit):
        raise typer.BadParameter("give ids or a period, tenant and limit, not both")
    period = period_of(since, until, now_ms())
    missing: list[str] = []
    with opened_books(database, tenant) as books:
        shown: Iterable[RequestRow]
        if ids:
            shown = _named(books, ids, missing)
        else:
            shown = books.rows(*period, tenant)
            if limit is not None or not as_json:
                # The latest rows come last; a deque keeps them without holding all rows.
                shown = deque(shown, maxlen=limit or SHOWN_ROWS)
        if as_json:
            key_names = books.key_names()
            for row in shown:
                line = inert_json(rows_json(row, key_names).decode())
                sys.stdout.buffer.write(line.encode() + b"\n")
            sys.stdout.buffer.flush()
        else:
            heading, *lines = row_lines(shown, console().width)
            # A heading without rows would say nothing.
            if lines:
                typer.echo("\n".join((heading, *lines)))
            elif not ids:
                typer.echo(_no_rows(since, until, tenant))
    for name in missing:
        say_missing(name, database)
    if missing:
        raise typer.Exit(Exit.FAILURE)


def say_missing(name: str, database: str) -> None:
    """Says on standard error that a ledger has no row with this id, and what to do."""
    from router.api.compose.books import Address

    typer.echo(
        f"tiergate: {name!r} is not in this ledger; expected an id of a request, a decision or an "
        "answer, as `tiergate ledger rows` and the answer's headers show them. Check the id, or "
        f"name another ledger than {Address.parse(database).shown} by --database",
        err=True,
    )


def _no_rows(since: str | None, until: str | None, tenant: str | None) -> str:
    """Returns what is printed in place of an empty table."""
    named = {"--since": since, "--until": until, "--tenant": tenant}
    given = [option for option, value in named.items() if value]
    return f"No row fits {' and '.join(given)}." if given else "No rows yet."


def _named(books: Books, ids: Iterable[str], missing: list[str]) -> Iterator[RequestRow]:
    """Yields the rows of these ids; ids without a row go to `missing`."""
    from router.wire.public_ids import request_id_of

    for name in ids:
        row = books.row(request_id_of(name))
        if row is None:
            # The other rows are still printed; the exit code tells of the missing ones.
            missing.append(name)
        else:
            yield row


@ledger.command()
def verify(
    database: DatabasePath = DATABASE,
    anchors: AnchorsPath = None,
    as_json: AsJson = False,
) -> None:
    """Check chains, anchors and sums. Exit code 1 means that something is wrong; all is named."""
    from router.cli.terminal import print_json
    from router.rendering.figures_in_words import counted, usd
    from router.wire.public_ids import request_name

    with opened_books(database) as books:
        books_check = books.verify(anchors)
    if as_json:
        print_json(
            {
                "whole": books_check.whole,
                "rows": books_check.rows,
                "requests": books_check.requests,
                "rows_beside_requests": dict(books_check.beside),
                "writers": books_check.writers,
                "anchors": books_check.anchors,
                "outside_anchors": books_check.outside_anchors,
                "anchors_differ": books_check.anchors_differ,
                "open_requests": books_check.open_requests,
                "cost_nano_usd": books_check.cost_nano_usd,
                "held_nano_usd": books_check.held_nano_usd,
                "findings": [
                    {
                        "kind": finding.kind.value,
                        "detail": finding.detail,
                        "writer_id": finding.writer_id,
                        "sequence": finding.sequence,
                        "request_id": finding.request_id,
                    }
                    for finding in books_check.findings
                ],
            }
        )
    else:
        for finding in books_check.findings:
            place = f" (request {request_name(finding.request_id)})" if finding.request_id else ""
            typer.echo(f"{finding.kind.value}: {finding.detail}{place}")
        if books_check.anchors_differ:
            typer.echo(f"The anchors file: {books_check.anchors_differ}.")
        findings = counted(len(books_check.findings), "finding", "findings")
        typer.echo(
            f"{'The books are whole' if books_check.whole else findings}: "
            f"{_rows_in_words(books_check.requests, books_check.beside)} by "
            f"{counted(books_check.writers, 'writer', 'writers')} cost "
            f"{usd(books_check.cost_nano_usd)} ({books_check.cost_nano_usd} nano-dollars); "
            f"{books_check.open_requests} open, {usd(books_check.held_nano_usd)} held; "
            f"{counted(books_check.anchors, 'anchor', 'anchors')} inside, "
            f"{books_check.outside_anchors} outside."
        )
    if not books_check.whole:
        raise typer.Exit(Exit.FAILURE)


def _rows_in_words(requests: int, beside: Mapping[str, int]) -> str:
    """Returns how many rows were checked, and how many of them are no requests, by endpoint."""
    from router.rendering.figures_in_words import counted

    parts = [counted(requests, "request", "requests")]
    parts += [counted(number, *BESIDE[endpoint]) for endpoint, number in beside.items()]
    rows = counted(requests + sum(beside.values()), "row", "rows")
    return f"{rows} ({', '.join(parts)})" if beside else parts[0]


@ledger.command()
def copy(
    to: Annotated[
        str,
        typer.Option(help="The empty database to copy into: as --database.", show_default=False),
    ],
    database: DatabasePath = DATABASE,
    anchors: AnchorsPath = None,
) -> None:
    """Copy a ledger with its keys and budgets into another database, as from SQLite to PostgreSQL.

    Stop its servers before: rows that come later are in no copy.
    """
    from router.api.compose.books import Address
    from router.api.compose.command_line import ledger_commands
    from router.rendering.figures_in_words import counted

    with opened_books(database) as books:
        copied = books.copy_to(to)
    old, new = anchors or Address.parse(database).anchors, Address.parse(to)
    steps = [ledger_commands(to, os.environ)("ledger", "verify")]
    if old.exists():
        steps.insert(0, shlex.join(["cp", "-p", str(old), str(new.anchors)]))
        if not new.anchors.parent.exists():
            steps.insert(0, shlex.join(["mkdir", "-m", "700", str(new.anchors.parent)]))
    typer.echo(f"{counted(copied, 'row', 'rows')} copied to {new.shown}. Next:")
    for step in steps:
        typer.echo(f"  {step}")
    typer.echo("Then start the servers with the new --database; the old ledger is a backup.")


@ledger.command()
def purge(
    before: Annotated[str, typer.Option(help="Drop what was created before: 90d, 2026-08-01.")],
    database: DatabasePath = DATABASE,
    anchors: AnchorsPath = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Drop old requests for good; a checkpoint keeps the rest verifiable."""
    before_ms = moment_ms(before, now_ms())
    if before_ms > now_ms():
        raise typer.BadParameter(
            f"{before!r} is still to come; expected a time that is past, as 90d or 2026-08-01 (0h "
            "drops all there is)",
            param_hint="--before",
        )
    from router.rendering.figures_in_words import counted

    with opened_books(database) as books:
        waiting = books.waits(None, before_ms, None)
        if not yes:
            matters = counted(len(waiting), "matter", "matters")
            undecided = f", with {matters} that nobody has decided" if waiting else ""
            begin = shown_time(before_ms)
            typer.confirm(f"Drop all requests before {begin} UTC{undecided}?", abort=True)
        dropped = books.purge(before_ms, anchors)
        # A request behind one that is to be kept stays, and so does its matter.
        gone = len(waiting - books.waits(None, before_ms, None))
    matters = counted(gone, "matter", "matters")
    undecided = f"; {matters} that nobody had decided went with them" if gone else ""
    typer.echo(f"{counted(dropped, 'row', 'rows')} dropped{undecided}.")


@ledger.command()
def erase(
    tenant: Annotated[
        str, typer.Option(callback=given_name, help="Whose texts and key are deleted.")
    ],
    database: DatabasePath = DATABASE,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a tenant's stored texts and the key of its digests; the sums stay verifiable."""
    from router.cli.ledger.privacy import LOG_IS_HELD
    from router.rendering.figures_in_words import counted

    if not yes:
        typer.confirm(f"Erase all texts of {tenant} for good?", abort=True)
    with opened_books(database) as books:
        gone = books.erase(tenant)
        emptied = books.subjects(os.environ).emptied_log()
    if gone.nothing:
        # A second erasure is no failure; only a mistyped name would be one, and nobody can tell.
        typer.echo(
            f"Nothing left to erase of {tenant!r}: this ledger holds no text or file of a tenant "
            "with this name, and no key of its digests."
        )
    else:
        typer.echo(
            f"{counted(gone.texts, 'text', 'texts')} erased, those that wait for a person among "
            f"them; {'its key is gone too' if gone.key else 'it had no key'}."
        )
    if not emptied:
        typer.echo(LOG_IS_HELD)


@ledger.command()
def export(
    out: Annotated[
        Path | None,
        typer.Option(
            callback=to_write_or_stdout,
            readable=False,
            show_default="standard output",
            help="The file to write; Parquet needs one.",
        ),
    ] = None,
    form: Annotated[
        FileFormat, typer.Option("--format", help="csv, jsonl or parquet (extra `parquet`).")
    ] = FileFormat.CSV,
    csv: Annotated[
        Path | None,
        typer.Option(
            callback=to_write_or_stdout, readable=False, help="The same as --format csv --out."
        ),
    ] = None,
    database: DatabasePath = DATABASE,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    tag: Tags = None,
    key: Keys = None,
    domain: Domains = None,
    request_type: Types = None,
    endpoint: Endpoints = None,
    session: Sessions = None,
) -> None:
    """Write one line per attempt with its request; the costs sum to the bill.

    JSON Lines has one line per request, with its attempts.
    """
    from router.cli.ledger.export import write_file

    path = csv or out or Path("-")
    if (csv and out) or (csv and form is not FileFormat.CSV):
        raise typer.BadParameter("expected one file: --out FILE, or --csv FILE for CSV")
    if str(path) == "-" and form is FileFormat.PARQUET:
        raise typer.BadParameter("Parquet goes to a file: --out ledger.parquet")
    period = period_of(since, until, now_ms())
    wanted = Wanted.of(tag, key, domain, request_type, endpoint, session)
    with opened_books(database, tenant) as books:
        rows = wanted.choice(books).of(books.rows(*period, tenant))
        count = write_file(rows, path, form, books.key_names())
        wanted.say_unknown_tags(books, tenant, empty=not count)
    noun = "row" if form is FileFormat.JSONL else "attempt"
    written = f"{count} {noun}{'' if count == 1 else 's'} written"
    if str(path) == "-":
        typer.echo(f"{written}.", err=True)
    else:
        typer.echo(f"{written} to {path}.")
