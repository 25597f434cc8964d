"""Runs the command line; a command of its own module is built without the modules of the others.

Of a short command as `tiergate route`, importing fifty modules of commands is a part that one sees.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Annotated

import typer
from typer.main import get_command_name
from typer.models import CommandInfo

from router.cli.exits import errors_end_the_program, own_version

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


WRITES_NOTHING = frozenset({"route"})
"""Commands that leave no file, thread or child behind: they need not be taken apart at their end,
which takes .03 s for what triage consists of."""


WITHOUT_LOOP = "asyncio"
"""Is imported by a dozen modules of what such a command decides with, and used for calls alone; it
takes .02 s, half of it for TLS."""


def run() -> None:
    """Parses the arguments, runs the command, and exits."""
    short = not WRITES_NOTHING.isdisjoint(sys.argv[1:2])
    if short:
        sys.modules.setdefault(WITHOUT_LOOP, Late(WITHOUT_LOOP))
    with errors_end_the_program():
        try:
            app_of(*sys.argv[1:2])(prog_name="tiergate")
        except SystemExit as end:
            if short and isinstance(end.code, int):
                _end_at_once(end.code)
            raise


class Late(ModuleType):
    """Stands for a module until somebody asks for a part of it.

    Python's own LazyLoader reads the module as soon as a second one imports it.
    """

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def _end_at_once(code: int) -> None:
    """Ends the process; returns where nobody takes its output, which Python has words for."""
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


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
