"""Defines `tiergate learn told|untell|retell`: what was told moves chances at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from router.cli.exits import Exit
from router.cli.learning.learn import STATE, State
from router.cli.names import user_name
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, given_reason
from router.cli.periods import now_ms, shown_day
from router.cli.serve.serve import DATABASE, DatabasePath
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.ledger.set_aside import SetAside
    from router.policy.sections.learning import OnlineSection

PolicyOption = Annotated[
    str, typer.Option("--policy", "-p", help="Whose `online` holds, by name or path.")
]
KeyOption = Annotated[
    str | None, typer.Option("--key", help="Only what this key told.", show_default="all")
]
TenantOption = Annotated[
    str | None, typer.Option(help="Only what this tenant told.", show_default="all")
]
ReviewerOption = Annotated[
    str | None, typer.Option(help="Only what the reviewer of this name told.", show_default="all")
]
HeadOption = Annotated[
    str | None, typer.Option(help="Only labels of this head.", show_default="words and labels")
]
RunOption = Annotated[
    str | None,
    typer.Option(help="Only labels that this run used; needs --head.", show_default="all"),
]
DatasetOption = Annotated[
    Path | None,
    typer.Option(help="Only labels in this dataset; needs --head.", show_default="all"),
]
Because = Annotated[str, typer.Option(callback=given_reason, help="Why; it is kept.")]


def told(
    policy: PolicyOption = "default", database: DatabasePath = DATABASE, as_json: AsJson = False
) -> None:
    """Show which chances verdicts and feedback move, by how much, and what was set aside."""
    from msgspec import to_builtins

    from router.cli.terminal import print_json

    name, section = _section(policy)
    with opened_books(database) as books:
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
        typer.echo(f"{shown_day(one.at_ms)}  {_whose(one)} {verb}: {one.because}")


def untell(
    because: Because,
    key: KeyOption = None,
    tenant: TenantOption = None,
    reviewer: ReviewerOption = None,
    head: HeadOption = None,
    run: RunOption = None,
    dataset: DatasetOption = None,
    state: State = STATE,
    database: DatabasePath = DATABASE,
) -> None:
    """Set earlier verdicts, feedback and labels aside.

    Servers move the chances back within seconds. Datasets that are built later leave them out.
    """
    chosen = Chosen.of(key, tenant, reviewer, head, run)
    _put(chosen, False, because, _requests(chosen, dataset, state), database)


def retell(
    because: Because,
    key: KeyOption = None,
    tenant: TenantOption = None,
    reviewer: ReviewerOption = None,
    head: HeadOption = None,
    run: RunOption = None,
    dataset: DatasetOption = None,
    state: State = STATE,
    database: DatabasePath = DATABASE,
) -> None:
    """Let verdicts, feedback and labels that were set aside count again."""
    chosen = Chosen.of(key, tenant, reviewer, head, run)
    _put(chosen, True, because, _requests(chosen, dataset, state), database)


class Chosen(NamedTuple):
    """Holds what the options choose; "" where one is not given, and so chooses all."""

    key: str
    tenant: str
    reviewer: str
    head: str
    run: str

    @classmethod
    def of(cls, *given: str | None) -> Chosen:
        """Returns the given options, in order. Raises typer.BadParameter for an empty one.

        An unset variable of a shell makes one, and it would choose what everybody said.
        """
        for name, value in zip(cls._fields, given, strict=True):
            if value is not None and not value.strip():
                raise typer.BadParameter(
                    f"found an empty name; expected one, or no --{name}, which chooses all",
                    param_hint=f"--{name}",
                )
        return cls(*(value or "" for value in given))


def _requests(chosen: Chosen, dataset: Path | None, state: Path) -> frozenset[str]:
    """Returns the requests whose labels a run or a dataset has; none: all."""
    from router.learning.folder import read
    from router.training.continual.stage import Memory

    head, run = chosen.head, chosen.run
    if not run and dataset is None:
        return frozenset()
    if not head:
        raise typer.BadParameter("a run or dataset needs it", param_hint="--head")
    decisions = Memory(state, head).decisions_of(run) if run else []
    if dataset is not None:
        rows = [row for row in read(dataset).rows if row.head == head]
        decisions = [name for row in rows for name in row.decisions if not run or name in decisions]
    if not decisions:
        raise typer.BadParameter(f"no label of {head} is there", param_hint="--run, --dataset")
    return frozenset(name.removeprefix("dec_") for name in decisions)


def _put(
    chosen: Chosen, lifted: bool, because: str, requests: frozenset[str], database: DatabasePath
) -> None:
    from router.ledger.set_aside import SetAside

    whose = (because, chosen.key, chosen.tenant, lifted, chosen.reviewer, chosen.head)
    entry = SetAside(now_ms(), user_name(), *whose, requests)
    with opened_books(database) as books:
        words, labels = books.told().put_aside(entry)
    if not words and not labels:
        typer.echo(
            f"tiergate: there is no word or label: {_whose(entry)}; expected the id of a key "
            "(`tiergate keys list`), a reviewer or a tenant that told one",
            err=True,
        )
        raise typer.Exit(Exit.FAILURE)
    verb = "count again" if entry.lifted else "are set aside"
    parts = [counted(words, "word", "words")] * (words > 0)
    parts += [counted(labels, "label", "labels")] * (labels > 0)
    typer.echo(f"{', '.join(parts)}: {_whose(entry)} {verb}")


def _whose(entry: SetAside) -> str:
    given = {"key": entry.key_id, "reviewer": entry.reviewer, "tenant": entry.tenant}
    by = ", ".join(f"{part} {name}" for part, name in given.items() if name) or "anybody"
    what = f"labels of {entry.head}" if entry.head else "what was said"
    of = f" for {counted(len(entry.requests), 'request', 'requests')}" * bool(entry.requests)
    return f"{what}{of} by {by}"


def _section(policy: str) -> tuple[str, OnlineSection]:
    """Returns a policy's name and its `online`. Raises PolicyError, and Exit where it has none."""
    from router.policy.loading import find_policy, load_policy, policies_dir

    loaded = load_policy(find_policy(policy, policies_dir()), os.environ).policy
    if loaded.online is None:
        typer.echo(f"tiergate: policy {loaded.name} has no `online`", err=True)
        raise typer.Exit(Exit.FAILURE)
    return loaded.name, loaded.online
