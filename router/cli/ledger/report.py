"""Defines `tiergate report`: the ledger's figures as text, JSON, HTML, CSV or Parquet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, cast

import typer

from router.cli.learning.rollout import standing_lines
from router.cli.ledger.filters import (
    Domains,
    Endpoints,
    Keys,
    Sessions,
    Tags,
    Types,
    Wanted,
)
from router.cli.ledger.ledger import Since, Until
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, CsvFile, HtmlFile, Tenant, one_stdout, put_page, to_write
from router.cli.periods import UNIT_MS, now_ms, period_of, zone_of
from router.cli.serve.serve import DATABASE, DatabasePath
from router.cli.terminal import console, inert_json
from router.errors import LedgerUnavailable

if TYPE_CHECKING:
    from router.analysis.report.build import Extra
    from router.analysis.report.figures import Report
    from router.api.compose.books import Books
    from router.policy.schema import ReportSection
    from router.types import MinutePrice, RequestRow


class Shown(NamedTuple):
    """Says how a report is told: the zone whose midnights cut days, and all digits or some."""

    zone: str
    exact: bool


MANY_ROWS = 20_000
"""Sets the rows that are added up in about two seconds; for more the wait is announced."""


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
    full: Annotated[
        bool, typer.Option("--all", help="Show every table and note, not only the first page.")
    ] = False,
    words: Annotated[
        bool, typer.Option("--words", help="As --all, with every word explained.")
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
    aside = one_stdout(html, csv, as_json=as_json)
    wanted = Wanted.of(tag, key, domain, request_type, endpoint, session)
    for_people, for_programs = _reports(
        database, (since, until), tenant, Shown(tz, exact), policy, wanted
    )
    if html is not None:
        from router.analysis.report.output.html import report_html

        put_page(html, report_html(for_people, exact=exact), "Report", aside=aside)
    _put_figures(for_programs, csv, parquet, as_json=as_json, aside=aside)
    if (html, csv, parquet) == (None, None, None) and not as_json:
        if full or words:
            from router.analysis.report.output.text import print_report

            print_report(for_people, console(), exact=exact, words=words)
        else:
            from router.analysis.report.output.one_page import print_page

            print_page(for_people, console(), exact=exact)
        _show_rollouts(database, tenant, tz)


def _put_figures(
    report: Report, csv: Path | None, parquet: Path | None, *, as_json: bool, aside: bool
) -> None:
    """Writes the report in the forms for programs that are asked for."""
    if csv is not None or parquet is not None:
        from router.analysis.report.output.csv import report_csv

        figures = report_csv(report)
        if csv is not None:
            put_page(csv, figures, "Figures", aside=aside)
        if parquet is not None:
            from router.cli.ledger.parquet_files import write_tidy_parquet

            write_tidy_parquet(figures, parquet)
            typer.echo(f"Figures written to {parquet}.", err=aside)
    if as_json:
        from router.analysis.report.output.json import report_json

        sys.stdout.write(inert_json(report_json(report).decode()))


def _show_rollouts(database: str, tenant: str | None, tz: str) -> None:
    """Prints where each rollout stands: now and of all traffic, whatever the report is of."""
    from router.api.compose.mounted.rollout_standings import standings
    from router.rendering.figures_in_words import moment

    # Both sides of a rollout are of all tenants.
    stands = standings(database) if tenant is None else []
    if stands:
        typer.echo(
            f"\nRollouts as they stand now ({moment(now_ms(), tz)}), whatever period and choice "
            "of requests this report has. Their figures are of all requests of the present stage."
        )
    for one in stands:
        standing, *figures_of_sides = standing_lines(one)
        since = f"  this stage began {moment(cast(int, one['since_ms']), tz)}"
        typer.echo("\n".join(["", f"rollout {standing}", since, *figures_of_sides]))


def _reports(
    database: str,
    period: tuple[str | None, str | None],
    tenant: str | None,
    shown: Shown,
    policy: str | None,
    wanted: Wanted,
) -> tuple[Report, Report]:
    """Reads the ledger once; returns the report for people, and that for programs.

    Raises typer.BadParameter for an unknown session: an empty report would look as if it had cost
    nothing.
    """
    now, zone = now_ms(), zone_of(shown.zone)
    begin, end = period_of(*period, now, zone)
    section = None if policy is None else _section(policy)
    with opened_books(database, tenant) as books:
        made = _read(books, section, (begin, end, now), tenant, shown, wanted)
        empty = not (made[0].counts.requests or made[0].spend_nano_usd)
        wanted.say_unknown(books, (begin, end, tenant), database, empty=empty)
    return made


def _section(policy: str) -> ReportSection:
    """Returns the `report` section of a policy. Raises PolicyError."""
    from router.api.compose.core import Settings, load_policies

    return load_policies(Settings(policies=(policy,)), os.environ)[0].policy.report


def _read(
    books: Books,
    section: ReportSection | None,
    times: tuple[int | None, int | None, int],
    tenant: str | None,
    shown: Shown,
    wanted: Wanted,
) -> tuple[Report, Report]:
    """Builds both reports from roll-ups, after adding the rows that are not in them yet.

    That for people names the largest payers, that for programs each of them.

    Sums are kept by each name, never by two names together. Chosen requests are therefore read as
    rows.
    """
    from router.analysis.report.breakdowns import MAX_SHOWN
    from router.analysis.report.build import Extra, build_reports
    from router.analysis.report.filters import ChosenOutcomes

    since_ms, until_ms, now = times
    choice = wanted.choice(books)
    settled, billed_later, of_before = books.bills(since_ms, until_ms, tenant)
    extra = Extra(
        zone=shown.zone,
        exact=shown.exact,
        policy_text=books.policy_text,
        minute_price=lambda policy_hash: _minute_price(books, policy_hash, now),
        planned=None if section is None else section.planned_shares,
        key_names=books.key_names(),
        chosen=(*([("tenant", (tenant,))] if tenant else []), *wanted.told),
        pairs=books.pairs(since_ms, until_ms, tenant),
        settled=choice.settled(settled),
        later=choice.bills(billed_later),
        of_before=choice.of(of_before),
    )
    waiting = books.unfolded()
    if waiting > MANY_ROWS:
        typer.echo(f"Adding up {waiting:,} rows once; later reports read the sums.", err=True)
    with suppress(LedgerUnavailable):  # on a full disk, or a standby, the rows themselves are read
        books.fold()
    if choice.everything:
        rows, extra = _all_rows(books, extra, times, tenant)
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
    for_people, for_programs = build_reports(
        rows,
        (MAX_SHOWN, None),
        config=section,
        since_ms=since_ms,
        until_ms=until_ms,
        now_ms=now,
        extra=extra,
    )
    return for_people, for_programs


def _minute_price(books: Books, policy_hash: str, now_ms: int) -> MinutePrice | None:
    """Returns what a person's minute costs by a policy that the ledger kept. Raises PolicyError."""
    from router.cli.ledger.review import stated_in
    from router.money.days import utc_day

    kept = books.kept_policy(policy_hash)
    return None if kept is None else stated_in(kept, utc_day(now_ms), os.environ)


def _all_rows(
    books: Books, extra: Extra, times: tuple[int | None, int | None, int], tenant: str | None
) -> tuple[Iterable[RequestRow], Extra]:
    """Returns the rows that no roll-up has, and the rest in `extra`."""
    from router.analysis.report.build import LONG_DAYS

    since_ms, until_ms, now = times
    first, last = books.span() or (now, now)
    begin = first if since_ms is None else since_ms
    end = last if until_ms is None else until_ms
    # Stored day sums are by UTC day, so other zones need the finer cells.
    by_day = extra.zone == "UTC" and min(end, last) - max(begin, first) >= LONG_DAYS * UNIT_MS["d"]
    parts = books.portion(since_ms, until_ms, tenant, by_day=by_day)
    return parts.rows, replace(
        extra,
        by_day=by_day,
        cells=parts.cells,
        lost=parts.lost,
        outcomes=books.outcomes(since_ms, until_ms, tenant),
        waiting=len(books.waits(since_ms, until_ms, tenant)),
        waiting_failed=books.failed_waits(since_ms, until_ms, tenant),
    )
