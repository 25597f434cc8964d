"""Builds the app of the command line without any command, for one command alone or for all."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_name
from typer.models import CommandInfo

from router.cli.exits import in_our_words, own_version
from router.cli.meant_options import is_no_such_option, with_meant_option


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
