"""`tiergate report`: the ledger's figures in the terminal, as JSON, HTML or CSV."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from router.cli.ledger import Since, Tenant, Until, now_ms
from router.cli.options import AsJson
from router.cli.periods import moment_ms
from router.cli.serving import DATABASE, DatabasePath


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    database: DatabasePath = DATABASE,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    policy: Annotated[
        str,
        typer.Option(
            "--policy", "-p", help="Whose `report:` section names baselines and planned shares."
        ),
    ] = "default",
    as_json: AsJson = False,
    html: Annotated[
        Path | None, typer.Option(help="Write one HTML file with charts; opens offline.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the figures as CSV.")] = None,
) -> None:
    """What was spent, where, why, and what it saved against which baseline."""
    from router.analysis.render_csv import report_csv
    from router.analysis.render_html import report_html
    from router.analysis.render_json import report_json
    from router.analysis.render_text import print_report
    from router.analysis.report import build_report
    from router.api.books import Books
    from router.api.core import Settings, load_policies
    from router.cli.terminal import console

    now = now_ms()
    since_ms = None if since is None else moment_ms(since, now)
    until_ms = None if until is None else moment_ms(until, now)
    section = load_policies(Settings(policies=(policy,)), os.environ)[0].policy.report
    with Books.open(database) as books:
        found = build_report(
            books.rows(since_ms, until_ms, tenant),
            config=section,
            since_ms=since_ms,
            until_ms=until_ms,
            now_ms=now,
        )
    if html is not None:
        html.write_text(report_html(found), encoding="utf-8")
        typer.echo(f"Report written to {html}.", err=as_json)
    if csv is not None:
        csv.write_text(report_csv(found), encoding="utf-8")
        typer.echo(f"Figures written to {csv}.", err=as_json)
    if as_json:
        sys.stdout.write(report_json(found).decode())
    elif html is None and csv is None:
        print_report(found, console())
