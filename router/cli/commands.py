"""Collects all commands on one `typer` app; each module imports what it needs only when it runs.

Tiergate's own errors become a sentence on standard error and an exit code, never a traceback.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

import typer

from router.cli.documents import evaluate as evaluate_documents
from router.cli.documents import knowledge
from router.cli.learning import (
    alerts,
    dataset,
    learn,
    models,
    rollout,
    synthesize,
    told,
    train_answers,
)
from router.cli.ledger import (
    close,
    decisions,
    keys,
    ledger,
    privacy,
    reconcile,
    report,
    reprice,
    review,
)
from router.cli.models import (
    classify,
    compare,
    entities,
    evaluate,
    suggest,
    train,
    train_head,
    train_judge,
)
from router.cli.new_app import name_of, new_app
from router.cli.policies import plan, replay, route, tune
from router.cli.serve import demo, doctor, serve
from router.cli.tuning import adapter, embeddings, local_variants

app = new_app()


# The order of these lists is the order in `tiergate --help`.
for command in (
    serve.serve,
    route.route,
    route.check,
    classify.classify,
    report.report,
    replay.replay,
    tune.tune,
    plan.plan,
    demo.demo,
    doctor.doctor,
    evaluate.evaluate,
):
    app.command()(command)

OF_TRAIN = (
    train_head.head,
    train_head.routing,
    train_answers.answers,
    train_head.specialists,
    train_judge.judge,
    entities.entities,
    suggest.suggest,
    compare.compare,
    adapter.adapter,
    embeddings.embeddings,
    local_variants.compare_local,
)
"""Commands of `tiergate train` beside those of its own module."""

for name, group, of_other_modules in (
    ("ledger", ledger.ledger, (reprice.reprice, reconcile.reconcile, close.close)),
    ("keys", keys.keys, ()),
    ("review", review.review, ()),
    ("decisions", decisions.decisions, ()),
    ("knowledge", knowledge.knowledge, (evaluate_documents.evaluate,)),
    ("privacy", privacy.privacy, ()),
    ("train", train.train, OF_TRAIN),
    ("dataset", dataset.dataset, (synthesize.synthesize,)),
    ("models", models.models, ()),
    ("learn", learn.learn, (told.told, told.untell, told.retell)),
    ("alerts", alerts.alerts, ()),
    ("rollout", rollout.rollout, ()),
):
    for one in of_other_modules:
        group.command()(one)
    group.info.no_args_is_help = True
    app.add_typer(group, name=name)


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
