"""Builds the app of the command line without any command, for one command alone or for all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_name
from typer.models import CommandInfo

from router.api.release import own_version
from router.cli.exits import in_our_words
from router.cli.meant_options import (
    is_no_such_option,
    is_of_use,
    with_meant_option,
    with_meant_place,
)


class Commands(TyperGroup):
    """Runs the command that is called, whose wrong values are told in our words."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Returns a command whose options refuse odd numbers; None for an unknown name."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _read_plainly(command)
        return command

    def invoke(self, ctx: Any) -> Any:  # of the click within typer, whose type is private
        """Runs the command. Raises typer.BadParameter for a wrong value or option of it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            raise in_our_words(error) from error.__cause__
        except typer.TyperException as error:
            if is_no_such_option(error):
                with_meant_option(error)
            elif is_of_use(error):
                with_meant_place(error)
            raise


def _read_plainly(command: Any) -> None:
    """Makes all options of a command, and of the commands within it, refuse odd numbers."""
    for param in command.params:
        if not isinstance(param.process_value, partial):  # a group gives the same command again
            param.process_value = partial(_plain, param, param.process_value)
    for inner in getattr(command, "commands", {}).values():
        _read_plainly(inner)


def _plain(param: Any, process: Callable[[Any, Any], Any], context: Any, written: Any) -> Any:
    """Returns the value of an option. Raises typer.BadParameter for a number such as "1_000".

    Python reads it as 1000, and headers and queries refuse it. A small number may have an
    exponent, as rates of learning do: "3e-4".
    """
    value = process(context, written)
    if type(value) in (int, float) and isinstance(written, str):
        from router.wire.checks import plain_decimal  # only a number needs it

        digits, _, exponent = written.lower().partition("e-")
        if plain_decimal(digits) is None or (exponent and not exponent.isdecimal()):
            raise typer.BadParameter(
                f"found {written!r}; expected a number in digits, with at most one point: "
                f"{value:.15g}",
                context,
                param,
            )
    return value


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
