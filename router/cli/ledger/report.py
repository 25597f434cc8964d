"""Defines `tiergate report`: the ledger's figures as text, JSON, HTML, CSV or Parquet."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.learning.rollout import standing_lines
from router.cli.ledger.filters import Domains, Endpoints, Keys, Sessions, Tags, Types, Wanted
from router.cli.ledger.ledger import Since, Until
from router.cli.options import AsJson, CsvFile, HtmlFile, Tenant, one_stdout, put_page, to_write
from router.cli.periods import UNIT_MS, now_ms, period_of, zone_of
from router.cli.serve.serve import DATABASE, DatabasePath

if TYPE_CHECKING:
    from router.analysis.report.figures import Report
    from router.api.compose.books import Books
    from router.policy.schema import ReportSection

MANY_ROWS = 20_000
"""Sets the rows that are added up in about two seconds; for more the wait is announced."""


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
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
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            "-p",
            show_default="the policies that decided the requests",
            help="Whose planned shares to compare with.",
        ),
    ] = None,
    tz: Annotated[
        str, typer.Option(help="Time zone whose midnights cut days and months: Europe/Berlin.")
    ] = "UTC",
    exact: Annotated[
        bool, typer.Option("--exact", help="Show amounts to the nano-dollar.")
    ] = False,
    as_json: AsJson = False,
    html: HtmlFile = None,
    csv: CsvFile = None,
    parquet: Annotated[
        Path | None,
        typer.Option(
            callback=to_write, readable=False, help="Write them as Parquet (extra `parquet`)."
        ),
    ] = None,
) -> None:
    """Show what was spent, where, why, and what it saved against which baseline."""
    from router.analysis.report.breakdowns import MAX_SHOWN
    from router.analysis.report.output.csv import report_csv
    from router.analysis.report.output.html import report_html
    from router.analysis.report.output.json import report_json
    from router.analysis.report.output.text import print_report
    from router.api.compose.books import Books
    from router.api.compose.mounted.rollout_standings import standings
    from router.cli.terminal import console

    aside = one_stdout(html, csv, as_json=as_json)
    now, zone = now_ms(), zone_of(tz)
    begin, end = period_of(since, until, now, zone)
    wanted = Wanted.of(tag, key, domain, request_type, endpoint, session)
    section = None if policy is None else _section(policy)
    with Books.open(database) as books:
        for_programs = as_json or csv is not None or parquet is not None
        read = partial(_report, books, section, (begin, end, now), tenant, tz, wanted)
        figures = read(most_names=MAX_SHOWN) if html is not None or not for_programs else None
        every = read(most_names=None) if for_programs else None
        made = [one for one in (figures, every) if one is not None]
        if not any(one.counts.requests or one.spend_nano_usd for one in made):
            # An empty report would look as if the session had cost nothing.
            wanted.say_unknown_sessions(books, begin, end, tenant, database)
    if html is not None and figures is not None:
        put_page(html, report_html(figures, exact=exact), "Report", aside=aside)
    if csv is not None and every is not None:
        put_page(csv, report_csv(every), "Figures", aside=aside)
    if parquet is not None and every is not None:
        from router.cli.ledger.parquet_files import write_tidy_parquet

        write_tidy_parquet(report_csv(every), parquet)
        typer.echo(f"Figures written to {parquet}.", err=aside)
    if as_json and every is not None:
        sys.stdout.write(report_json(every).decode())
    elif html is None and figures is not None:
        print_report(figures, console(), exact=exact)
        # Both sides of a rollout are of all tenants.
        for one in standings(database) if tenant is None else ():
            standing, *figures_of_sides = standing_lines(one)
            typer.echo("\n".join(["", f"rollout {standing}", *figures_of_sides]))


def _section(policy: str) -> ReportSection:
    """Returns the `report` section of a policy. Raises PolicyError."""
    from router.api.compose.core import Settings, load_policies

    return load_policies(Settings(policies=(policy,)), os.environ)[0].policy.report


def _report(
    books: Books,
    section: ReportSection | None,
    times: tuple[int | None, int | None, int],
    tenant: str | None,
    tz: str,
    wanted: Wanted,
    *,
    most_names: int | None,
) -> Report:
    """Builds the report from roll-ups, after adding the rows that are not in them yet.

    Sums are kept by each name, never by two names together. Chosen requests are therefore read as
    rows.
    """
    from router.analysis.report.build import LONG_DAYS, Extra, build_report
    from router.analysis.report.filters import ChosenOutcomes

    since_ms, until_ms, now = times
    choice = wanted.choice(books)
    settled, billed_later = books.bills(since_ms, until_ms, tenant)
    extra = Extra(
        zone=tz,
        policy_text=books.policy_text,
        planned=None if section is None else section.planned_shares,
        key_names=books.key_names(),
        chosen=(*([("tenant", (tenant,))] if tenant else []), *wanted.told),
        pairs=books.pairs(since_ms, until_ms, tenant),
        settled=choice.settled(settled),
        later=choice.bills(billed_later),
        most_names=most_names,
    )
    waiting = books.unfolded()
    if waiting > MANY_ROWS:
        typer.echo(f"Adding up {waiting:,} rows once; later reports read the sums.", err=True)
    books.fold()
    if choice.everything:
        first, last = books.span() or (now, now)
        begin = first if since_ms is None else since_ms
        end = last if until_ms is None else until_ms
        # Stored day sums are by UTC day, so other zones need the finer cells.
        by_day = tz == "UTC" and min(end, last) - max(begin, first) >= LONG_DAYS * UNIT_MS["d"]
        parts = books.portion(since_ms, until_ms, tenant, by_day=by_day)
        rows, outcomes = parts.rows, books.outcomes(since_ms, until_ms, tenant)
        extra = replace(extra, by_day=by_day, cells=parts.cells, lost=parts.lost, outcomes=outcomes)
        extra = replace(extra, waiting=len(books.waits(since_ms, until_ms, tenant)))
    else:
        judged = tuple(books.outcomes(since_ms, until_ms, tenant))
        chosen = ChosenOutcomes(choice, judged)
        rows = chosen.rows(books.rows(since_ms, until_ms, tenant))
        extra = replace(
            extra,
            lost=books.purged(since_ms, until_ms, tenant),
            by_rows=True,
            outcomes=chosen,
            waits=books.waits(since_ms, until_ms, tenant),
        )
    return build_report(
        rows, config=section, since_ms=since_ms, until_ms=until_ms, now_ms=now, extra=extra
    )
