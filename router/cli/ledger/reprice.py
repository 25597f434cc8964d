"""Defines `tiergate ledger reprice`: it prices the usage in the ledger at other prices."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.ledger.ledger import Since, Tenant, Until, ledger, now_ms
from router.cli.options import AsJson
from router.cli.periods import period_of
from router.cli.serve.serve import DATABASE, DatabasePath

if TYPE_CHECKING:
    from router.policy.loading import LoadedPolicy
    from router.policy.price_list import LoadedPrices


def register(_app: typer.Typer) -> None:
    ledger.command()(reprice)


def reprice(
    database: DatabasePath = DATABASE,
    prices: Annotated[
        Path | None,
        typer.Option(
            help="A price book that goes before all other prices; see docs/guides/prices.md."
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            help="The day whose prices hold, as 2027-01-15.", show_default="each call's own"
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            "-p",
            help="Whose answerers and price book price the rows, by name or path.",
            show_default="the one each row names: the shipped one, or what the ledger keeps of it",
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Print what the same usage costs at other prices: signed, by tier, model, tenant and day.

    It is a report: no row is changed.
    """
    from router.analysis.prices.reprice import reprice as price_again
    from router.analysis.prices.reprice_output import reprice_json, reprice_renderable
    from router.api.compose.books import Books
    from router.cli.terminal import console, print_json
    from router.money.price_book import RowPrices
    from router.policy.loading import policies_dir
    from router.policy.price_list import load_prices

    day = None if on is None else _day(on)
    instead = None if prices is None else load_prices(prices)
    shipped = load_prices(policies_dir() / "prices.yaml")
    of_row = policy_reader(policy)
    with Books.open(database) as books:
        recorded = {} if policy else recorded_policies(books.policy_texts(), shipped, os.environ)
        rows_prices = RowPrices(
            lambda name: of_row(name) or recorded.get(name), shipped, instead, day
        )
        begin, end = period_of(since, until, now_ms())
        repricing = price_again(books.rows(begin, end, tenant), rows_prices.price)
    book = "the prices of their policies" if instead is None else f"the prices of {prices}"
    prices_used = f"{book} on {'their own days' if day is None else day.isoformat()}"
    if as_json:
        print_json(reprice_json(repricing, prices_used))
        return
    console().print(reprice_renderable(repricing, prices_used))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no day; expected one like 2027-01-15", param_hint="--on"
        ) from error


def policy_reader(fixed: str | None) -> Callable[[str], LoadedPolicy | None]:
    """Returns a function that finds a row's policy: the requested one, otherwise a shipped one.

    A requested policy must be valid; the one that a row names may be gone or changed.
    """
    from router.errors import PolicyError
    from router.policy.loading import find_policy, load_policy, policies_dir, policy_names

    # Loaded once, here, so that its mistakes end the command before any row is read.
    if fixed is not None:
        loaded = load_policy(find_policy(fixed, policies_dir()), os.environ)
        return lambda _name: loaded

    def shipped(name: str) -> LoadedPolicy | None:
        if name not in policy_names(policies_dir()):
            return None
        try:
            return load_policy(find_policy(name, policies_dir()), os.environ)
        except PolicyError:
            return None

    return shipped


def recorded_policies(
    texts: Iterable[str], shipped: LoadedPrices, environ: Mapping[str, str]
) -> dict[str, LoadedPolicy]:
    """Returns the latest readable version of each policy, by name; `texts` are latest first.

    They have prices alone: the files beside them may be on another machine. So a policy with a
    price book of its own is left out, and so is one whose variables `environ` lacks.
    """
    from router.errors import PolicyError
    from router.policy.loading import LoadedPolicy
    from router.policy.parsing.environment import substituted
    from router.policy.parsing.validation import validated
    from router.policy.parsing.yaml_lines import load_yaml
    from router.policy.schema import Policy

    policies: dict[str, LoadedPolicy] = {}
    for text in texts:
        tree, lines = load_yaml("policy", text)
        if not isinstance(tree, dict) or "prices" in tree or tree.get("name") in policies:
            continue
        try:
            policy = validated(Policy, substituted(tree, (), environ, lines, {}, []), lines)
        except PolicyError:
            continue  # of an older version, or a variable is not set here
        policies[policy.name] = LoadedPolicy(policy, Path(), "", (), shipped)
    return policies
