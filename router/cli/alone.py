"""Runs the command line; a command of its own module is built without the modules of the others.

Of a short command as `tiergate route`, importing fifty modules of commands is a part that one sees.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from router.cli.exits import errors_end_the_program
from router.cli.new_app import new_app

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
    app.command()(getattr(import_module(MODULES[name]), name))
    return app
