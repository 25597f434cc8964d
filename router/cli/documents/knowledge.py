"""Defines `tiergate knowledge`: adds, lists, removes and searches an operator's own documents."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.documents.encoders import PolicyOption, encoder_of, note_maker
from router.cli.documents.options import (
    Collection,
    Collections,
    Labels,
    TenantOption,
    collections_in,
)
from router.cli.exits import Exit
from router.cli.options import AsJson, Tenant, given_path
from router.cli.serve.serve import DATABASE, DOCUMENTS, DatabasePath, DocumentsPath, ModelDir
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.documents.adding import Change
    from router.documents.index.store import Document
    from router.types import DocumentPassage

EPOCH = date(1970, 1, 1)
MOST_SHOWN = 300
MOST_ELSEWHERE = 3

knowledge = typer.Typer(help="Keep and search your own documents, which answers may cite.")


@knowledge.command()
def add(
    paths: Annotated[
        list[Path],
        typer.Argument(
            parser=given_path, help="Folders and files: Markdown, HTML, PDF, DOCX, CSV, ..."
        ),
    ],
    collection: Collection = "documents",
    tenant: TenantOption = "*",
    access: Annotated[
        str, typer.Option(help="A label that a caller needs to read them; left out: none.")
    ] = "",
    valid_from: Annotated[
        str | None, typer.Option(help="First day on which they are cited: 2026-11-20.")
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option(help="Last day on which they are cited.")
    ] = None,
    sync: Annotated[
        bool, typer.Option("--sync", help="Remove documents of the collection that are not here.")
    ] = False,
    policy: PolicyOption = None,
    database: DatabasePath = DATABASE,
    documents: DocumentsPath = DOCUMENTS,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
) -> None:
    """Add documents; those that are kept already and did not change cost nothing.

    Exit code 1 says that a file could not be read: the others are kept all the same.
    """
    from router.documents.adding import Placed, add_files, files_under, remove_missing
    from router.documents.pieces import FAR
    from router.documents.stores import open_store

    first, last = _day(valid_from, "--valid-from", 0), _day(valid_until, "--valid-until", FAR)
    if first > last:
        raise typer.BadParameter("--valid-until is before --valid-from; expected a later day")
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(f"{path}: there is no such file or folder; name one")
    placed = Placed(tenant, collection, access, first, last)
    with (
        encoder_of(model_dir, policy, tenant, database) as (encoder, version),
        closing(open_store(documents, create=True)) as store,
    ):
        files = [file for path in paths for file in files_under(path)]
        _refuse_doubles(files)
        if not files:
            raise typer.BadParameter(
                f"found no file that is read under {', '.join(map(str, paths))}; expected Markdown,"
                " HTML, PDF, DOCX, CSV, JSON lines or source code"
            )
        note_maker(store, version, documents)
        tell = (lambda _: None) if as_json else _tell
        changes = add_files(store, files, placed, encoder, version, tell)
        if sync:
            gone = remove_missing(store, (source for source, _ in files), placed)
            for change in gone:
                tell(change)
            changes += gone
    _finish(changes, as_json)


@knowledge.command("list")
def list_(
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Of this collection only.")
    ] = None,
    tenant: Tenant = None,
    documents: DocumentsPath = DOCUMENTS,
    as_json: AsJson = False,
) -> None:
    """List the documents, with their access, dates and number of passages."""
    from router.documents.stores import open_store

    with closing(open_store(documents)) as store:
        kept = store.documents(tenant, collection)
    from router.cli.terminal import console, figures_table, print_json

    if as_json:
        print_json([_document_view(document) for document in kept])
        return
    from rich.markup import escape

    words = ("tenant", "collection", "source", "title", "access", "valid")
    table = figures_table((*words, "passages"), words)
    for d in kept:
        row = (d.tenant, d.collection, d.source, d.title, d.label or "-", _valid(d), f"{d.chunks}")
        table.add_row(*map(escape, row))
    console().print(table)


@knowledge.command()
def remove(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Sources as `list` shows them; or --all.")
    ] = None,
    collection: Collection = "documents",
    tenant: TenantOption = "*",
    everything: Annotated[
        bool, typer.Option("--all", help="Remove every document of the collection.")
    ] = False,
    documents: DocumentsPath = DOCUMENTS,
    as_json: AsJson = False,
) -> None:
    """Remove documents; the next question finds none of their passages."""
    if bool(sources) == everything:
        raise typer.BadParameter("give either SOURCES or --all")
    from router.documents.adding import Change
    from router.documents.index.store import Document
    from router.documents.stores import open_store

    changes = []
    with closing(open_store(documents)) as store:
        kept = [d.source for d in store.documents(tenant, collection)]
        for source in kept if everything else sources or []:
            gone = store.remove(Document(tenant, collection, source))
            because = "" if gone else _no_such(store.documents(), tenant, collection, source)
            changes.append(Change(source, "removed" if gone else "failed", because=because))
    if not as_json:
        for change in changes:
            _tell(change)
    _finish(changes, as_json)


def _no_such(kept: Sequence[Document], tenant: str, collection: str, source: str) -> str:
    """Says that there is no such document, and which options name one of the same source."""
    elsewhere = [d for d in kept if d.source == source][:MOST_ELSEWHERE]
    options = [f"--collection {d.collection} --tenant '{d.tenant}'" for d in elsewhere]
    expected = f"; expected {' or '.join(options)}" if options else ""
    return f"there is no such document of {tenant} in {collection}{expected}"


@knowledge.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for, in your own words.")],
    collection: Collections = None,
    tenant: TenantOption = "*",
    access: Labels = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="Passages at most.")] = 5,
    on: Annotated[
        str | None, typer.Option(show_default="today", help="The day of the question: 2026-11-20.")
    ] = None,
    policy: PolicyOption = None,
    database: DatabasePath = DATABASE,
    documents: DocumentsPath = DOCUMENTS,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
) -> None:
    """Show the passages that a question finds, best first, with the chance that each helps."""
    today = EPOCH + timedelta(days=_day(on, "--on", (datetime.now(UTC).date() - EPOCH).days))
    from router.documents.stores import open_index
    from router.types import Rights

    known = collections_in(documents)
    if unknown := sorted({*(collection or [])} - known):
        raise typer.BadParameter(
            f"--collection {', '.join(unknown)}: found none; expected one of "
            f"{', '.join(sorted(known)) or 'those that `add` makes'}"
        )
    rights = Rights(tenant, frozenset(collection or known), frozenset(access or ()))
    with (
        encoder_of(model_dir, policy, tenant, database) as encoder,
        closing(open_index(documents, *encoder)) as index,
    ):
        passages = index.find(question, rights, limit, today)
    from rich.markup import escape

    from router.cli.terminal import console, print_json

    if as_json:
        print_json([passage_view(passage) for passage in passages])
        return
    out = console()
    if not passages:
        out.print("no passage: nothing in these collections that this caller may read fits")
    for passage in passages:
        text = " ".join(passage.text.split())
        short = text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 3] + "..."
        out.print(f"[bold]{passage.p:.2f}  {escape(passage.place)}[/bold]  {passage.id}")
        out.print(escape(f"      {short}"), soft_wrap=True)


def passage_view(passage: DocumentPassage) -> dict[str, object]:
    """Returns a passage as JSON types."""
    return {
        "id": passage.id,
        "p": round(passage.p, 4),
        "source": passage.source,
        "title": passage.title,
        "section": passage.section,
        "page": passage.page or None,
        "collection": passage.collection,
        "text": passage.text,
    }


def _document_view(document: Document) -> dict[str, object]:
    first, last = _dates(document)
    return {
        "tenant": document.tenant,
        "collection": document.collection,
        "source": document.source,
        "title": document.title,
        "access": document.label or None,
        "valid_from": first,
        "valid_until": last,
        "modified_at_ms": document.modified_ms,
        "bytes": document.size,
        "passages": document.chunks,
    }


def _valid(document: Document) -> str:
    first, last = _dates(document)
    return f"{first or ''}..{last or ''}" if first or last else "always"


def _dates(document: Document) -> tuple[str | None, str | None]:
    """Returns the first and the last day on which a document is cited; None: no bound."""
    from router.documents.pieces import FAR

    return _shown(document.valid_from, 0), _shown(document.valid_until, FAR)


def _shown(day: int, none: int) -> str | None:
    return None if day == none else str(EPOCH + timedelta(days=day))


def _day(text: str | None, option: str, default: int) -> int:
    """Returns a date as days since 1970."""
    if text is None:
        return default
    try:
        return (date.fromisoformat(text) - EPOCH).days
    except ValueError as error:
        raise typer.BadParameter(
            f"{option} is {text!r}; expected a day such as 2026-11-20"
        ) from error


def _refuse_doubles(files: list[tuple[str, Path]]) -> None:
    """Raises BadParameter for two files of one source: the second would replace the first."""
    seen: dict[str, Path] = {}
    for source, path in files:
        if seen.setdefault(source, path).resolve() != path.resolve():
            raise typer.BadParameter(
                f"{seen[source]} and {path} have one source, {source}; expected another name, or "
                "another --collection"
            )


def _tell(change: Change) -> None:
    if change.what == "same":
        return
    if change.what == "failed":
        typer.echo(f"tiergate: {change.source}: {change.because}", err=True)
        return
    count = f"  {counted(change.chunks, 'passage', 'passages')}"
    count = "" if change.what == "removed" else count
    typer.echo(f"{change.what:<8} {change.source}{count}")


def _finish(changes: list[Change], as_json: bool) -> None:
    """Prints the sum, and ends with 1 where a file failed."""
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.what] = counts.get(change.what, 0) + 1
    if as_json:
        from router.cli.terminal import print_json

        print_json(
            {
                "changes": [
                    {"source": c.source, "what": c.what, "passages": c.chunks, "because": c.because}
                    for c in changes
                ],
                "counts": counts,
            }
        )
    else:
        typer.echo(
            ", ".join(f"{count} {what}" for what, count in counts.items()) or "nothing to do"
        )
    sys.stdout.flush()
    if counts.get("failed"):
        raise typer.Exit(Exit.FAILURE)
