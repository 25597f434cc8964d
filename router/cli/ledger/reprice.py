"""Defines `tiergate ledger reprice`: it prices the usage in the ledger at other prices."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.ledger.ledger import Since, Until
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, Tenant
from router.cli.periods import now_ms, period_of
from router.cli.serve.serve import DATABASE, DatabasePath
from router.types import KeptPolicy

if TYPE_CHECKING:
    from router.policy.loading import LoadedPolicy
    from router.policy.price_list import LoadedPrices


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
            show_default="the version that made each call, as the ledger keeps it",
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
    from router.cli.terminal import console, print_json
    from router.money.price_book import RowPrices
    from router.policy.loading import policies_dir
    from router.policy.price_list import load_prices

    day = None if on is None else _day(on)
    instead = None if prices is None else load_prices(prices)
    shipped = load_prices(policies_dir() / "prices.yaml")
    fixed = None if policy is None else fixed_policy(policy)("")
    with opened_books(database, tenant) as books:
        policies = Policies(books.kept_policies(), shipped, os.environ)
        rows_prices = RowPrices(policies.of, shipped, instead, day, fixed)
        begin, end = period_of(since, until, now_ms())
        rows = books.rows(begin, end, tenant)
        repricing = price_again(rows, rows_prices.price, rows_prices)
    book = "the prices of their policies" if policy is None else f"the prices of policy {policy}"
    book = book if instead is None else f"the prices of {prices}"
    prices_used = f"{book} on {'their own days' if day is None else day.isoformat()}"
    source = policies.source if fixed is None else lambda _hash: f"priced by {policy}"
    if as_json:
        print_json(reprice_json(repricing, prices_used, source))
        return
    console().print(reprice_renderable(repricing, prices_used, source))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no day; expected one like 2027-01-15", param_hint="--on"
        ) from error


def fixed_policy(name: str) -> Callable[[str], LoadedPolicy]:
    """Returns a function that finds this policy for every row. It must be valid.

    Raises PolicyError.
    """
    from router.policy.loading import find_policy, load_policy, policies_dir

    # Loaded here, so that its mistakes end the command before any row is read.
    loaded = load_policy(find_policy(name, policies_dir()), os.environ)
    return lambda _name: loaded


def shipped_policy(name: str) -> LoadedPolicy | None:
    """Returns the shipped policy of this name; None where there is none, or it cannot be read."""
    from router.errors import PolicyError
    from router.policy.loading import find_policy, load_policy, policies_dir, policy_names

    if name not in policy_names(policies_dir()):
        return None
    try:
        return load_policy(find_policy(name, policies_dir()), os.environ)
    except PolicyError:
        return None


class Policies:
    """Finds the policies that made calls, by the hash that a row names: one name has many versions.

    A rollout's candidate is such a version, with models of its own. Its price book is the one that
    the ledger keeps beside it: files may be on another machine. A policy whose book an earlier
    version did not keep is not read, nor one whose variables `environ` lacks. The shipped policy
    counts where the ledger has the same text.
    """

    def __init__(
        self, kept: Iterable[KeptPolicy], shipped: LoadedPrices, environ: Mapping[str, str]
    ) -> None:
        """Sets what the ledger keeps."""
        self._shipped = shipped
        self._environ = environ
        self._kept = {policy.hash: policy for policy in kept}
        self._found: dict[str, LoadedPolicy | None] = {}

    def of(self, policy_hash: str) -> LoadedPolicy | None:
        """Returns the policy of this hash; None where it cannot be read."""
        if policy_hash not in self._found:
            kept = self._kept.get(policy_hash)
            self._found[policy_hash] = None if kept is None else self._read(kept)
        return self._found[policy_hash]

    def source(self, policy_hash: str) -> str:
        """Returns in words where the policy of this hash was found."""
        kept, loaded = self._kept.get(policy_hash), self.of(policy_hash)
        if kept is None:
            return "not kept in this ledger"
        if loaded is None:
            return (
                "kept, but not readable here: a variable that it names is not set, or its "
                "price book was not kept"
            )
        shipped = shipped_policy(loaded.policy.name)
        if shipped is not None and _is_shipped(kept, shipped):
            return "the shipped one"
        return "as the ledger keeps it"

    def _read(self, kept: KeptPolicy) -> LoadedPolicy | None:
        from router.errors import PolicyError
        from router.policy.loading import LoadedPolicy
        from router.policy.parsing.environment import substituted
        from router.policy.parsing.validation import validated
        from router.policy.parsing.yaml_lines import load_yaml
        from router.policy.price_list import read_prices
        from router.policy.schema import Policy

        tree, lines = load_yaml("policy", kept.content)
        if not isinstance(tree, dict) or ("prices" in tree and not kept.prices):
            return None
        try:
            policy = validated(Policy, substituted(tree, (), self._environ, lines, {}, []), lines)
            prices = read_prices(kept.prices, Path()) if kept.prices else self._shipped
        except PolicyError:
            return None  # of an older version, or a variable is not set here
        return LoadedPolicy(policy, Path(), "", (), prices)


def _is_shipped(kept: KeptPolicy, shipped: LoadedPolicy) -> bool:
    return not kept.prices and kept.content == shipped.path.read_text(encoding="utf-8")
