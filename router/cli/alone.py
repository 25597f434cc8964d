"""Runs the command line; a command of its own module is built without the modules of the others.

Of a short command as `tiergate route`, importing fifty modules of commands is a part that one sees.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_name
from typer.models import CommandInfo

from router.cli.exits import errors_end_the_program, in_our_words, own_version
from router.cli.meant_options import is_no_such_option, with_meant_option

MODULES = {
    "serve": "router.cli.serve.serve",
    "route": "router.cli.policies.route",
    "check": "router.cli.policies.route",
    "classify": "router.cli.models.classify",
    "report": "router.cli.ledger.report",
    "replay": "router.cli.policies.replay",
    "tune": "router.cli.policies.tune",
    "plan": "router.cli.policies.plan",
    "demo": "router.cli.serve.demo",
    "doctor": "router.cli.serve.doctor",
    "evaluate": "router.cli.models.evaluate",
}
"""Names the module of each command that is no group; several modules make one group."""


class Commands(TyperGroup):
    """Runs the command that is called, whose wrong values are told in our words."""

    def invoke(self, ctx: Any) -> Any:  # of the click within typer, whose type is private
        """Runs the command. Raises typer.BadParameter for a wrong value or option of it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            raise in_our_words(error) from error.__cause__
        except typer.TyperException as error:
            if is_no_such_option(error):
                with_meant_option(error)
            raise


def run() -> None:
    """Parses the arguments, runs the command, and exits."""
    with errors_end_the_program():
        app_of(*sys.argv[1:2])(prog_name="tiergate")


def app_of(name: str = "") -> typer.Typer:
    """Returns the app with one command or group alone, or all that there are."""
    if name not in MODULES:
        from router.cli.commands import app_for

        return app_for(name)
    app = new_app()
    import_module(MODULES[name]).register(app)
    app.registered_commands = [one for one in app.registered_commands if name == name_of(one)]
    return app


def name_of(command: CommandInfo) -> str:
    """Returns the name of a command, "" for one that nobody can call."""
    return command.name or (get_command_name(command.callback.__name__) if command.callback else "")


def new_app() -> typer.Typer:
    """Returns the app without any command."""
    app = typer.Typer(
        name="tiergate",
        cls=Commands,
        invoke_without_command=True,
        help="A gateway that answers each request at the lowest tier that can be trusted with it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(shown_first)
    return app


def shown_first(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Shows the version before any command runs."""
    if version:
        typer.echo(f"tiergate {own_version()}")
        raise typer.Exit
