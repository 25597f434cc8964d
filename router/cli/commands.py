"""Collects all commands on one `typer` app; each module imports what it needs only when it runs.

Tiergate's own errors become a sentence on standard error and an exit code, never a traceback.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

import typer

from router.cli.documents import knowledge
from router.cli.learning import alerts, dataset, learn, models, rollout, synthesize, told
from router.cli.ledger import close, decisions, ledger, privacy, reconcile, report, reprice, review
from router.cli.models import classify, compare, entities, evaluate, suggest, train, train_head
from router.cli.new_app import name_of, new_app
from router.cli.policies import plan, replay, route, tune
from router.cli.serve import demo, doctor, serve
from router.cli.tuning import adapter, embeddings, local_variants

app = new_app()


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


def app_for(name: str = "") -> typer.Typer:
    """Returns the app with one command or group alone, for help with names and summaries alone,
    else the whole app.

    `typer` reads the options of all commands of an app before it runs one, which takes longer than
    most of them.
    """
    if name in HELP:
        return _summaries()
    commands = [one for one in app.registered_commands if name == name_of(one)]
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
