"""All commands on one `typer` app. Their modules are cheap to import: what they need comes later.

Errors of ours become a sentence on standard error and an exit code, never a traceback.
"""

from __future__ import annotations

from typing import Annotated

import typer

from router.cli import (
    classifying,
    closing,
    comparing,
    deciding,
    doctoring,
    evaluating,
    heading,
    learning,
    ledger,
    planning,
    playing,
    reconciling,
    replaying,
    reporting,
    repricing,
    reviewing,
    serving,
    suggesting,
    tuning,
)
from router.cli.exits import own_version, told

app = typer.Typer(
    name="tiergate",
    invoke_without_command=True,
    help="A gateway that answers each request at the lowest tier that can be trusted with it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def shown_first(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"tiergate {own_version()}")
        raise typer.Exit


for module in (
    serving,
    deciding,
    classifying,
    reporting,
    replaying,
    tuning,
    planning,
    ledger,
    reviewing,
    repricing,
    reconciling,
    closing,
    playing,
    doctoring,
    learning,
    heading,
    suggesting,
    comparing,
    evaluating,
):
    module.register(app)


def run() -> None:
    """Parse the arguments, run the command, exit."""
    with told():
        app(prog_name="tiergate")
