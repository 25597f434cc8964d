"""Defines `tiergate alerts`: watches recorded traffic beside the server, and tells people."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.options import AsJson
from router.cli.serve.serve import DATABASE, DatabasePath
from router.errors import LedgerError
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.policy.sections.learning import AlertsSection
    from router.watch.alarms import Notice
    from router.watch.readings import Reading
    from router.watch.state import State

PolicyOption = Annotated[
    str, typer.Option("--policy", "-p", help="Whose `alerts` hold, by name or path.")
]
StateFile = Annotated[
    Path | None,
    typer.Option(show_default=".tiergate/alerts-POLICY.json", help="What is known of alarms."),
]
LOOKS_EVERY_S = 20.0
DAY_MS, MINUTE_MS = 86_400_000, 60_000

alerts = typer.Typer(help="Watch recorded traffic, and tell people what they must know.")


def register(app: typer.Typer) -> None:
    alerts.info.no_args_is_help = True
    app.add_typer(alerts, name="alerts")


@alerts.command("list")
def list_alerts(
    policy: PolicyOption = "default", state: StateFile = None, as_json: AsJson = False
) -> None:
    """List the conditions of a policy, and the alarms that are active."""
    from msgspec import to_builtins

    from router.cli.terminal import print_json
    from router.watch.state import load

    name, section = _section(policy)
    known = load(_state(state, name))
    active = {key: alarm for key, alarm in known.alarms.items() if alarm.active}
    if as_json:
        rules = [rule.model_dump(mode="json") for rule in section.rules]
        print_json({"rules": rules, "active": to_builtins(active), "untold": len(known.untold)})
        return
    for rule in section.rules:
        bound = "its own bound" if rule.above is None else f"{rule.above:g}"
        typer.echo(f"{rule.watch.value}: above {bound}, of at least {rule.least} requests")
    for key in active:
        typer.echo(f"! {key}")
    typer.echo(f"{len(active)} active")


@alerts.command("test")
def tell_all(policy: PolicyOption = "default") -> None:
    """Tell every receiver of a policy that this is a test."""
    from router.policy.sections.learning import Watched
    from router.watch.alarms import Notice, Turn
    from router.watch.delivery import deliver

    name, section = _section(policy)
    now_ms = time.time_ns() // 1_000_000
    notice = Notice(Turn.BEGAN, Watched.ERRORS, "test", 0.0, 0.0, "this is a test", now_ms)
    faults = deliver(name, section, [notice], os.environ)
    for fault in faults:
        typer.echo(f"tiergate: not told: {fault}", err=True)
    if faults:
        raise typer.Exit(Exit.FAILURE)
    told = len(section.webhooks) + (section.mail is not None)
    typer.echo(f"{counted(told, 'receiver', 'receivers')} told")


@alerts.command()
def run(
    policy: PolicyOption = "default",
    database: DatabasePath = DATABASE,
    state: StateFile = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, as a timer needs it.")] = False,
) -> None:
    """Look at each window of recorded traffic once, and tell what began and what ended."""
    name, section = _section(policy)
    path = _state(state, name)
    while True:
        try:
            for line in look(name, section, database, path, time.time_ns() // 1_000_000):
                typer.echo(line)
        except LedgerError as error:
            if once:
                raise
            # The window is looked at once the database answers again.
            typer.echo(f"tiergate: {error.message}", err=True)
        if once:
            return
        time.sleep(LOOKS_EVERY_S)


def look(
    name: str, section: AlertsSection, database: str | Path, path: Path, now_ms: int
) -> list[str]:
    """Checks the last full window, unless it was checked; returns what was told, by lines."""
    from msgspec.structs import replace

    from router.watch.alarms import grouped
    from router.watch.delivery import deliver
    from router.watch.state import load, save

    known, width = load(path), section.window_minutes * MINUTE_MS
    until_ms = now_ms // width * width
    notices: list[Notice] = []
    if until_ms > known.checked_ms:
        known, notices = _checked(section, database, known, until_ms, now_ms)
    told = [*known.untold, *notices]
    # The state is kept before anybody is told: a crash in between tells twice, and loses nothing.
    save(path, replace(known, untold=tuple(told)))
    if not told:
        return []
    faults = deliver(name, section, told, os.environ)
    if faults:
        return [f"not told yet: {fault}" for fault in faults]
    save(path, replace(known, untold=()))
    return grouped(told).splitlines()


def _checked(
    section: AlertsSection, database: str | Path, known: State, until_ms: int, now_ms: int
) -> tuple[State, list[Notice]]:
    from msgspec.structs import replace

    from router.api.compose.books import Books
    from router.policy.sections.learning import Watched
    from router.watch.alarms import drifts, step
    from router.watch.readings import queue_age, shares, tallies

    watched = {rule.watch for rule in section.rules}
    since_ms = until_ms - section.window_minutes * MINUTE_MS
    with Books.open(database) as books:
        now = tallies(books.rows(since_ms, until_ms, None))
        every: list[tuple[Reading, float | None]] = [(share, None) for share in shares(now)]
        if Watched.QUEUE_AGE in watched:
            waiting = [item.created_at_ms for item in books.reviews(None)]
            every.append((queue_age(waiting, now_ms), None))
        if Watched.DRIFT in watched:
            begin_ms = since_ms - section.reference_days * DAY_MS
            every += drifts(now, tallies(books.rows(begin_ms, since_ms, None)), section)
    alarms, notices = step(section.rules, every, known.alarms, until_ms)
    return replace(known, checked_ms=until_ms, alarms=alarms), notices


def _section(policy: str) -> tuple[str, AlertsSection]:
    """Returns a policy's name and its `alerts`. Raises PolicyError, and Exit where it has none."""
    from router.policy.loading import find_policy, load_policy, policies_dir

    loaded = load_policy(find_policy(policy, policies_dir()), os.environ).policy
    if loaded.alerts is None:
        typer.echo(f"tiergate: policy {loaded.name} has no `alerts`", err=True)
        raise typer.Exit(Exit.FAILURE)
    return loaded.name, loaded.alerts


def _state(path: Path | None, policy: str) -> Path:
    return path or Path(".tiergate") / f"alerts-{policy}.json"
