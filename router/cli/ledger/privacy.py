"""Defines `tiergate privacy`: what is stored about a person, its erasure, figures for auditors."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from router.cli.exits import Exit
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, Tenant
from router.cli.periods import shown_time
from router.cli.serve.serve import DATABASE, DatabasePath
from router.privacy.redact import redact
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.api.compose.books import SubjectTexts

privacy = typer.Typer(help="Find and erase what is stored about a person.")


def _given_values(values: list[str]) -> list[str]:
    """Refuses a value that an unset variable of a shell makes. Raises typer.BadParameter."""
    for value in values:
        if not any(map(str.isalnum, value)):
            raise typer.BadParameter(f"found {value!r}; expected a name, an address or a number")
    return values


Values = Annotated[
    list[str],
    typer.Argument(
        callback=_given_values, help="Names, addresses, numbers or user ids of one person."
    ),
]
SEEN_S = 1.0
"""Waits until every running server has seen an erasure: it looks more often than once a second."""
KEPT_BECAUSE = {
    "requests.tags": "kept, since the chain covers them; `tiergate ledger purge` drops old ones.",
    "requests.record": "kept: a body's key had the name, in the chain and in the log's "
    "`keys_left_out`; `tiergate ledger purge` drops old rows.",
    "rollups.name": "kept, since the sums are by it; `tiergate ledger erase` of a tenant drops it.",
    "reviews.decided_by": "kept, since it says who decided; `tiergate ledger purge` drops it.",
}
NOT_REACHED = (
    "Not reached: what is being answered now, logs, exports, backups, datasets and models made "
    "from texts, your documents, and what providers keep."
)
LOG_IS_HELD = (
    "The database's -wal file was in use, so it may still hold what was erased, until the servers "
    "stop or it reaches 16 MB. Run the command again to empty it."
)
KEYS_AGAIN = (
    "Set TIERGATE_TEXT_KEYS, or TIERGATE_TEXT_KEYS_FILE, as the server has it, and run the command "
    "again. Where a key is lost for good, `tiergate ledger purge` drops old texts, and `tiergate "
    "ledger erase` those of a tenant."
)
STORES = {"full": "whole text", "redacted": "details left out"}
SEALS = {"sealed": "encrypted", "open": "not encrypted"}


@privacy.command()
def find(
    values: Values,
    tenant: Tenant = None,
    database: DatabasePath = DATABASE,
    as_json: AsJson = False,
) -> None:
    """List the stored texts, files and batches in which any of the values stands."""
    from router.cli.terminal import print_json

    with opened_books(database, tenant) as books:
        subject_texts = books.subjects(os.environ).find(values, tenant)
    if as_json:
        print_json(msgspec.to_builtins(subject_texts))
        return _end_unread(subject_texts.closed, "what they say of this person is not found")
    for text in subject_texts.texts:
        created = shown_time(text.created_at_ms)
        typer.echo(f"req_{text.request_id}  {created}  {text.kind}  {text.tenant}")
    _tell(subject_texts, "found")
    left_out = [redact(value) for value in values if redact(value) != value]
    if left_out:
        typer.echo(
            f"Texts that were stored redacted hold {', '.join(dict.fromkeys(left_out))} instead, "
            "so they are in no count here. Search by the person's name too, where texts hold it."
        )
    _end_unread(subject_texts.closed, "what they say of this person is not found")


@privacy.command()
def erase(
    values: Values,
    tenant: Tenant = None,
    database: DatabasePath = DATABASE,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete all texts, files and batches in which any value stands, and all kept answers."""
    with opened_books(database, tenant) as books:
        subjects = books.subjects(os.environ)
        subject_texts = subjects.find(values, tenant)
        stored = (*subject_texts.texts, *subject_texts.files, *subject_texts.batches)
        if stored and not yes:
            typer.confirm(
                f"Erase all texts of {_requests(subject_texts)} and {_files(subject_texts)} for "
                "good?",
                abort=True,
            )
        subject_texts = subjects.erase(values, tenant)
        _tell(subject_texts, "erased")
        if not subjects.emptied_log():
            typer.echo(LOG_IS_HELD)
    time.sleep(SEEN_S)
    whose = "all tenants" if tenant is None else tenant
    typer.echo(
        f"Dropped all kept answers of {whose}, which nobody can search: those in the caches of "
        "running servers, and those under an Idempotency-Key."
    )
    typer.echo(NOT_REACHED)
    _end_unread(subject_texts.closed, "what they say of this person is NOT erased")


@privacy.command()
def rotate(database: DatabasePath = DATABASE) -> None:
    """Seal all stored texts by the first of TIERGATE_TEXT_KEYS."""
    with opened_books(database) as books:
        done, closed = books.subjects(os.environ).reseal()
    typer.echo(f"{counted(done, 'text', 'texts')} encrypted again; {_unread(closed)}.")
    _end_unread(closed, "they stay sealed as they are, so keep their keys")


@privacy.command()
def report(database: DatabasePath = DATABASE, as_json: AsJson = False) -> None:
    """Print figures for auditors: what is stored, hidden, kept back and erased; no text."""
    from router.cli.terminal import print_json

    with opened_books(database) as books:
        figures = books.privacy_figures()
    if as_json:
        return print_json(msgspec.to_builtins(figures))
    typer.echo(counted(figures.requests, "request", "requests"))
    colon = ":" if figures.hidden else ""
    typer.echo(f"{figures.requests_hidden} had details that no provider saw{colon}")
    for kind, count in sorted(figures.hidden.items()):
        typer.echo(f"  {count} {kind}")
    typer.echo(f"{figures.requests_barred} were kept from an answerer by a residency rule")
    typer.echo(f"{figures.requests_erased} had their texts erased for the person they are about")
    colon = ":" if figures.texts else ""
    typer.echo(f"{counted(sum(figures.texts.values()), 'stored text', 'stored texts')}{colon}")
    for form, count in sorted(figures.texts.items()):
        kind, store, sealed = form.split(", ")
        plural = "" if count == 1 or kind in ("facts", "steps", "passages") else "s"
        words = (f"{kind}{plural}", STORES.get(store, store), SEALS[sealed])
        typer.echo(f"  {count} {', '.join(words)}")


def _tell(subject_texts: SubjectTexts, done: str) -> None:
    texts = counted(len(subject_texts.texts), "text", "texts")
    # With a text that names the person, its request loses the others too.
    what = done if done == "found" else f"found, and all texts of these requests {done}"
    typer.echo(f"{texts} of {_requests(subject_texts)} {what}; {_unread(subject_texts.closed)}.")
    typer.echo(f"{_files(subject_texts)} {done}.")
    for column, rows in subject_texts.kept_names.items():
        typer.echo(f"{counted(rows, 'row', 'rows')} of {column}: {KEPT_BECAUSE[column]}")


def _files(subject_texts: SubjectTexts) -> str:
    files = counted(len(subject_texts.files), "file", "files")
    return f"{files} and {counted(len(subject_texts.batches), 'batch', 'batches')}"


def _requests(subject_texts: SubjectTexts) -> str:
    """Returns the number of requests that the texts belong to, in words."""
    return counted(len({text.request_id for text in subject_texts.texts}), "request", "requests")


def _unread(closed: int) -> str:
    return f"{counted(closed, 'text', 'texts')} could not be read (key missing)"


def _end_unread(closed: int, what_of_them: str) -> None:
    """Ends the command as failed where there are texts that no key here opens."""
    if not closed:
        return
    texts = "1 text is" if closed == 1 else f"{closed:,} texts are"
    typer.echo(
        f"tiergate: {texts} sealed by a key that is missing here: {what_of_them}. {KEYS_AGAIN}",
        err=True,
    )
    raise typer.Exit(Exit.FAILURE)
