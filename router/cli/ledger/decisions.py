"""Defines `tiergate decisions`: dossiers of decisions, their outcomes, and those that are due."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.ledger.ledger import say_missing
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, Tenant, one_stdout, write_page
from router.cli.periods import now_ms, shown_time
from router.cli.serve.serve import DATABASE, DatabasePath
from router.cli.terminal import inert_json
from router.money.days import DAY_MS
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.analysis.dossier.dossier import Json
    from router.api.compose.books import Books
    from router.types import RequestRow

DecisionId = Annotated[str, typer.Argument(help="dec_..., req_... or chatcmpl-...")]

decisions = typer.Typer(help="Export, verify and follow up decisions.")


@decisions.command()
def export(
    decision: DecisionId,
    database: DatabasePath = DATABASE,
    html: Annotated[
        Path | None, typer.Option(help="Write the page to this file. `-`: standard output.")
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the JSON to this file. `-`: standard output."),
    ] = None,
) -> None:
    """Write the dossier of a decision, to read, to sign and to verify.

    Without a file it prints the JSON.
    """
    import json

    from router.analysis.dossier.dossier_html import dossier_page, nothing_to_sign

    aside = one_stdout(html, json_file, as_json=False)
    with opened_books(database) as books:
        document = _dossier(books, decision, database)
    if html is not None:
        write_page(html, dossier_page(document))
    text = inert_json(json.dumps(document, ensure_ascii=False, indent=2))
    if json_file is not None:
        write_page(json_file, text + "\n")
    if html is None and json_file is None:
        typer.echo(text)
    else:
        typer.echo(f"dossier {document['dossier_sha256']}", err=aside)
        if because := nothing_to_sign(document):
            typer.echo(f"tiergate: nothing to sign. {because}", err=True)


@decisions.command()
def verify(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A dossier, HTML or JSON.")
    ],
    database: Annotated[
        str | None, typer.Option(help="The ledger; without it only the file is checked.")
    ] = None,
) -> None:
    """Check a dossier: what its page shows, its hash, its row in the chain; with the ledger more.

    With the ledger it checks the steps, and that the ledger has the same row.
    """
    from router.analysis.dossier.dossier import dossier_faults, read_dossier
    from router.analysis.dossier.dossier_html import page_faults
    from router.wire.public_ids import request_id_of

    try:
        text = file.read_text(encoding="utf-8")
        document = read_dossier(text)
    except ValueError:
        typer.echo(
            f"tiergate: {file}: found no dossier; expected a file that `tiergate decisions export` "
            "wrote with --html or --json",
            err=True,
        )
        raise typer.Exit(Exit.FAILURE) from None
    if database is None:
        faults = dossier_faults(document)
    else:
        with opened_books(database) as books:
            chained = books.chain_row(request_id_of(str(document["decision_id"])))
            faults = dossier_faults(document, chained, books.digest)
            if chained is None:
                faults.append("the ledger has no such decision")
    faults += page_faults(text, document)
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(Exit.FAILURE)
    against = "its file" if database is None else "the ledger"
    typer.echo(f"whole: {document['decision_id']} fits {against}")


@decisions.command()
def outcome(
    decision: DecisionId,
    right: Annotated[bool, typer.Option("--right/--wrong", help="How the decision turned out.")],
    database: DatabasePath = DATABASE,
    loss_usd: Annotated[
        float | None, typer.Option(min=0.0, max=1e9, help="What a wrong decision cost.")
    ] = None,
) -> None:
    """Record how a decision turned out. It calibrates the confidence of later ones."""
    from router.types import Feedback, FeedbackSource, usd_to_nano

    with opened_books(database) as books:
        row = _row(books, decision, database)
        feedback = Feedback(
            request_id=row.request_id,
            tenant=row.tenant,
            source=FeedbackSource.CLIENT,
            key_id="cli",
            created_at_ms=now_ms(),
            correct=right,
            loss_nano_usd=None if loss_usd is None else usd_to_nano(loss_usd),
        )
        new = books.hear(feedback)
    typer.echo("recorded" if new else "known already")


@decisions.command()
def due(
    database: DatabasePath = DATABASE,
    tenant: Tenant = None,
    after_days: Annotated[
        int, typer.Option(min=1, help="For decisions that name no time of their own.")
    ] = 90,
    as_json: AsJson = False,
) -> None:
    """List decisions whose time has come and of which nobody told how they turned out."""
    from router.cli.terminal import print_json
    from router.ledger.record_reading import reasoning_of
    from router.wire.public_ids import decision_id

    now = now_ms()
    rows = []
    with opened_books(database, tenant) as books:
        judged = {o.request_id for o in books.outcomes(None, None, tenant) if o.correct is not None}
        for row in books.rows(None, now, tenant):
            note = reasoning_of(row.record)
            if note is None or row.request_id in judged:
                continue
            days = note.follow_up_days or after_days
            if row.finished_at_ms + days * DAY_MS <= now:
                rows.append((row, days))
    if as_json:
        print_json(
            [
                {"id": decision_id(row.request_id), "tenant": row.tenant, "after_days": days}
                for row, days in rows
            ]
        )
        return
    for row, days in rows:
        decided, after = shown_time(row.finished_at_ms), counted(days, "day", "days")
        typer.echo(f"{decision_id(row.request_id)}  {decided}  {row.tenant}  after {after}")
    typer.echo(f"{len(rows)} due")


def _row(books: Books, name: str, database: str) -> RequestRow:
    from router.wire.public_ids import request_id_of

    row = books.row(request_id_of(name))
    if row is None:
        say_missing(name, database)
        raise typer.Exit(Exit.FAILURE)
    return row


def _dossier(books: Books, name: str, database: str) -> Json:
    from router.analysis.dossier.dossier import KeptTexts, build_dossier
    from router.ledger.record_reading import reasoning_of
    from router.stats.stated_confidence import calibrated
    from router.wire.feedback import feedback_view
    from router.wire.public_ids import decision_id

    row = _row(books, name, database)
    chained = books.chain_row(row.request_id)
    if chained is None:
        typer.echo(f"tiergate: {name} is still open; it has no place in the chain yet", err=True)
        raise typer.Exit(Exit.FAILURE)
    note = reasoning_of(row.record)
    confidence = None
    if note is not None and note.stated_confidence is not None:
        confidence = calibrated(note.stated_confidence, books.stated_outcomes())
    texts = KeptTexts(
        books.kept_text(row.request_id, "prompt"),
        books.kept_text(row.request_id, "answer"),
        books.kept_text(row.request_id, "draft"),
        books.kept_text(row.request_id, "steps"),
        books.kept_text(row.request_id, "passages"),
    )
    return build_dossier(
        chained,
        texts,
        decision_id=decision_id(row.request_id),
        feedback=[feedback_view(heard) for heard in books.heard(row.request_id)],
        case=books.review(row.review_id) if row.review_id else None,
        confidence=confidence,
        exported_at_ms=now_ms(),
    )
