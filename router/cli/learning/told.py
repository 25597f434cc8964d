"""Defines `tiergate learn told|untell|retell`: what was told moves chances at once."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.learning.learn import learn
from router.cli.names import user_name
from router.cli.options import AsJson
from router.cli.serve.serve import DATABASE, DatabasePath
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.policy.sections.learning import OnlineSection

PolicyOption = Annotated[
    str, typer.Option("--policy", "-p", help="Whose `online` holds, by name or path.")
]
KeyOption = Annotated[
    str, typer.Option("--key", help="Only what this key told.", show_default="all")
]
TenantOption = Annotated[str, typer.Option(help="Only what this tenant told.", show_default="all")]
Because = Annotated[str, typer.Option(help="Why; it is kept.")]


def register(_: typer.Typer) -> None:
    """Adds the commands to `tiergate learn`, which `learn` registers on the app."""
    learn.command("told")(told)
    learn.command()(untell)
    learn.command()(retell)


def told(
    policy: PolicyOption = "default", database: DatabasePath = DATABASE, as_json: AsJson = False
) -> None:
    """Show which chances verdicts and feedback move, by how much, and what was set aside."""
    from msgspec import to_builtins

    from router.api.compose.books import Books
    from router.cli.terminal import print_json

    name, section = _section(policy)
    with Books.open(database) as books:
        cells = books.told().moved(name, section)
        aside = books.told().set_aside()
    if as_json:
        print_json({"cells": to_builtins(cells), "set_aside": to_builtins(aside)})
        return
    width = max((len(cell) for cell in cells), default=4)
    if cells:
        typer.echo(f"{'cell':<{width}}   shift  words  right  voices  weigh")
    for cell, moved in cells.items():
        typer.echo(
            f"{cell:<{width}}  {moved.shift:+6.2f}  {moved.words:>5}  {moved.right:>5}  "
            f"{moved.voices:>6}  {moved.weight:>5.1f}"
        )
    if not cells:
        typer.echo("nothing was told that moves a chance of this policy")
    for one in aside:
        verb = "counts again" if one.lifted else "is set aside"
        typer.echo(f"{_day(one.at_ms)}  {_whose(one.key_id, one.tenant)} {verb}: {one.because}")


def untell(
    because: Because,
    key: KeyOption = "",
    tenant: TenantOption = "",
    database: DatabasePath = DATABASE,
) -> None:
    """Set earlier verdicts and feedback aside; servers move the chances back within seconds."""
    _put(key, tenant, because, database, lifted=False)


def retell(
    because: Because,
    key: KeyOption = "",
    tenant: TenantOption = "",
    database: DatabasePath = DATABASE,
) -> None:
    """Let verdicts and feedback that were set aside count again."""
    _put(key, tenant, because, database, lifted=True)


def _put(key: str, tenant: str, because: str, database: DatabasePath, *, lifted: bool) -> None:
    from router.api.compose.books import Books

    with Books.open(database) as books:
        words = books.told().put_aside(
            user_name(), because, key_id=key, tenant=tenant, lifted=lifted
        )
    if not words:
        typer.echo(
            f"tiergate: there is no word: {_whose(key, tenant)}; expected the id of a key "
            "(`tiergate keys list`) or a tenant that said one",
            err=True,
        )
        raise typer.Exit(Exit.FAILURE)
    verb = "count again" if lifted else "are set aside"
    typer.echo(f"{counted(words, 'word', 'words')}: {_whose(key, tenant)} {verb}")


def _whose(key: str, tenant: str) -> str:
    parts = [f"key {key}"] * bool(key) + [f"tenant {tenant}"] * bool(tenant)
    return f"what was said by {', '.join(parts)}" if parts else "what was said by anybody"


def _section(policy: str) -> tuple[str, OnlineSection]:
    """Returns a policy's name and its `online`. Raises PolicyError, and Exit where it has none."""
    from router.policy.loading import find_policy, load_policy, policies_dir

    loaded = load_policy(find_policy(policy, policies_dir()), os.environ).policy
    if loaded.online is None:
        typer.echo(f"tiergate: policy {loaded.name} has no `online`", err=True)
        raise typer.Exit(Exit.FAILURE)
    return loaded.name, loaded.online


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()
