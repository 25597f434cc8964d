"""Collects all commands on one `typer` app; each module imports what it needs only when it runs.

Tiergate's own errors become a sentence on standard error and an exit code, never a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import copy
from typing import Annotated

import typer
from typer.main import get_command_name

from router.cli.documents import knowledge
from router.cli.exits import errors_end_the_program, own_version
from router.cli.learning import alerts, dataset, learn, models, rollout, synthesize, told
from router.cli.ledger import close, decisions, ledger, privacy, reconcile, report, reprice, review
from router.cli.models import classify, compare, entities, evaluate, suggest, train, train_head
from router.cli.policies import plan, replay, route, tune
from router.cli.serve import demo, doctor, serve
from router.cli.tuning import adapter, embeddings, local_variants

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


@app.callback()
def shown_first(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Shows the version before any command runs."""
    if version:
        typer.echo(f"tiergate {own_version()}")
        raise typer.Exit


# The order of this list is the order of the commands in `tiergate --help`.
for module in (
    serve,
    route,
    classify,
    report,
    replay,
    tune,
    plan,
    ledger,
    review,
    decisions,
    knowledge,
    reprice,
    reconcile,
    close,
    privacy,
    demo,
    doctor,
    train,
    train_head,
    entities,
    suggest,
    dataset,
    synthesize,
    models,
    learn,
    told,
    alerts,
    rollout,
    compare,
    adapter,
    embeddings,
    local_variants,
    evaluate,
):
    module.register(app)


HELP = ("", "--help", "-h")
"""First arguments that only show which commands there are."""


def run() -> None:
    """Parses the arguments, runs the command, and exits."""
    with errors_end_the_program():
        app_for(*sys.argv[1:2])(prog_name="tiergate")


def app_for(name: str = "") -> typer.Typer:
    """Returns the app with one command or group alone, for help with names and summaries alone,
    else the whole app.

    `typer` reads the options of all commands of an app before it runs one, which takes longer than
    most of them.
    """
    if name in HELP:
        return _summaries()
    commands = [
        one
        for one in app.registered_commands
        if one.callback and name == (one.name or get_command_name(one.callback.__name__))
    ]
    groups = [group for group in app.registered_groups if group.name == name]
    if not commands and not groups:
        return app
    alone = copy(app)
    alone.registered_commands, alone.registered_groups = commands, groups
    return alone


def _summaries() -> typer.Typer:
    """Returns the app with commands that have no options and groups that have no commands."""
    shown = copy(app)
    shown.registered_commands = []
    for command in app.registered_commands:
        callback = command.callback
        shown.registered_commands.append(copy(command))
        shown.registered_commands[-1].callback = callback and _without_options(callback)
    shown.registered_groups = []
    for group in app.registered_groups:
        shown.registered_groups.append(copy(group))
        empty = shown.registered_groups[-1].typer_instance = copy(group.typer_instance)
        if empty is not None:
            empty.registered_commands, empty.registered_groups = [], []
    return shown


def _without_options(command: Callable[..., object]) -> Callable[[], None]:
    def summary() -> None: ...

    summary.__name__, summary.__doc__ = command.__name__, command.__doc__
    return summary
