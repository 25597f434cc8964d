"""Defines `tiergate plan`: costs and savings of routing, for readers who have no traffic yet."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from router.cli.options import (
    AsJson,
    CsvFile,
    HtmlFile,
    keep_sources,
    one_stdout,
    put_page,
)
from router.cli.periods import now_ms


def plan(
    file: Annotated[
        str | None,
        typer.Argument(help="A plan file, or the name of a shipped one: platform, mail, crossing."),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print a plan file with comments, to start from.")
    ] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="KEY.PATH=VALUE in place of what the file says: traffic.requests_per_day=5000, "
            "tiers[0].price.list_price_usd=0.02. Repeatable.",
        ),
    ] = None,
    policy: Annotated[
        str,
        typer.Option(
            "--policy", "-p", help="Whose prices of models by name, and whose price book."
        ),
    ] = "default",
    as_json: AsJson = False,
    html: HtmlFile = None,
    csv: CsvFile = None,
) -> None:
    """Compute cost and savings: a month, the break-even, five years, what matters most."""
    from router.cli.terminal import console, inert_json
    from router.money.days import utc_day
    from router.money.price_book import PriceBook
    from router.plan.build import build_plan
    from router.plan.loading import EXAMPLE, find_plan, load_plan, plan_text
    from router.plan.output.html import plan_html
    from router.plan.output.json import plan_csv, plan_json
    from router.plan.output.text import print_plan
    from router.policy.loading import policies_dir

    if example:
        sys.stdout.write(plan_text(find_plan(EXAMPLE, policies_dir())))
        return
    if file is None:
        raise typer.BadParameter(
            "found no plan file; `tiergate plan --example` prints one to start from"
        )
    aside = one_stdout(html, csv, as_json=as_json)
    keep_sources((html, csv), (Path(file),))
    # Today's prices: a plan looks ahead from the day on which it is computed.
    book = PriceBook.named(policy, os.environ, utc_day(now_ms()))
    loaded = load_plan(find_plan(file, policies_dir()), changes or [], book)
    report = build_plan(loaded, book.find)
    if html is not None:
        put_page(html, plan_html(report), "Report", aside=aside)
    if csv is not None:
        put_page(csv, plan_csv(report), "Figures", aside=aside)
    if as_json:
        sys.stdout.write(inert_json(plan_json(report).decode()))
    elif html is None and csv is None:
        print_plan(report, console())
