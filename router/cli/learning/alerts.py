"""Defines `tiergate alerts`: watches recorded traffic beside the server, and tells people."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from router.cli.exits import Exit
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, one_policy
from router.cli.periods import now_ms
from router.cli.serve.serve import DATABASE, STATE_DIR, DatabasePath
from router.errors import LedgerError
from router.money.days import DAY_MS, MINUTE_MS
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.api.compose.books import Books
    from router.money.budgets import Budgets
    from router.policy.certificate import Certificate
    from router.policy.sections.learning import AlertsSection
    from router.triage.triage_model import TriageModel
    from router.watch.alarms import Alarm, Notice
    from router.watch.profiles import Profiles
    from router.watch.readings import Bounded
    from router.watch.state import State

PolicyOption = Annotated[
    str,
    typer.Option(
        "--policy",
        "-p",
        envvar="TIERGATE_POLICY",
        callback=one_policy,
        help="Whose `alerts` hold, by name or path.",
    ),
]
StateFile = Annotated[
    Path | None,
    typer.Option(show_default=".tiergate/alerts-POLICY.json", help="What is known of alarms."),
]
AN_ALERT = (
    "what to watch to its file, as `alerts: {rules: [{watch: errors, above: 0.1}]}` "
    "(docs/guides/alerts.md has all)"
)
LOOKS_EVERY_S = 20.0
MOST_WAITING = 200
"""Notices that are kept for a receiver that cannot be reached, the latest."""
WAITS_MS = 4 * MINUTE_MS
"""Longest wait for requests of a window that still run, less than the shortest window."""
LASTING = ("day", "month")


class Looked(NamedTuple):
    """Holds the policy whose alerts are looked at, and what it promises and allows."""

    name: str
    section: AlertsSection
    certificate: Certificate | None = None
    budgets: Budgets | None = None
    named: frozenset[str] = frozenset()  # the tenants with a budget of their own
    keeps_texts: bool = False  # their vectors are compared too
    unreachable: tuple[str, ...] = ()  # settings by which no alert can be delivered now


alerts = typer.Typer(help="Watch recorded traffic, and tell people what they must know.")


@alerts.command("list")
def list_alerts(
    policy: PolicyOption = "default", state: StateFile = None, as_json: AsJson = False
) -> None:
    """List the conditions of a policy, the alarms that are active, and who cannot be told."""
    from msgspec import to_builtins

    from router.cli.terminal import print_json
    from router.watch.alarms import condition
    from router.watch.state import load

    looked = _loaded(policy)
    name, section = looked.name, looked.section
    known = load(_state(state, name))
    active = {key: alarm for key, alarm in known.alarms.items() if alarm.active}
    if as_json:
        rules = [rule.model_dump(mode="json") for rule in section.rules]
        document = {"rules": rules, "active": to_builtins(active), "untold": len(_waiting(known))}
        print_json({**document, "unreachable": list(looked.unreachable)})
        return
    for rule in section.rules:
        typer.echo(condition(rule))
    for key, alarm in active.items():
        typer.echo(f"! {key}{_found(key, alarm)}")
    typer.echo(f"{len(active)} active")
    if waiting := _waiting(known):
        typer.echo(f"{counted(len(waiting), 'message waits', 'messages wait')} for a receiver")
    for fault in looked.unreachable:
        typer.echo(f"warning: {fault}", err=True)


def _waiting(known: State) -> set[Notice]:
    """Returns what somebody is still to be told."""
    return {*known.untold, *(one for waiting in known.waiting.values() for one in waiting)}


def _found(key: str, alarm: Alarm) -> str:
    """Returns what was found of an alarm when it was judged last, and when it began."""
    from router.rendering.figures_in_words import moment
    from router.watch.alarms import measured

    watched = key.partition(": ")[0]
    values = (("value", alarm.value), ("bound", alarm.bound))
    parts = [f"{name} {measured(watched, value)}" for name, value in values if value is not None]
    detail = "".join(f", {part}" for part in (alarm.detail, *parts) if part)
    return f"{detail}\n  since {moment(alarm.since_ms)}, judged last {moment(alarm.heard_ms)}"


@alerts.command("test")
def tell_all(policy: PolicyOption = "default") -> None:
    """Tell every receiver of a policy that this is a test."""
    from router.policy.sections.learning import Watched
    from router.watch.alarms import AlarmTurn, Notice
    from router.watch.delivery import AlarmMessage, deliver

    looked = _loaded(policy)
    name, section = looked.name, looked.section
    now = now_ms()
    notice = Notice(AlarmTurn.BEGAN, Watched.ERRORS, "test", 0.0, 0.0, "this is a test", now)
    faults = deliver(AlarmMessage(name, (notice,), test=True), section, os.environ)
    for fault in faults:
        typer.echo(f"tiergate: not told: {fault}", err=True)
    reached = len(section.webhooks) + (section.mail is not None) - len(faults)
    typer.echo(f"{counted(reached, 'receiver', 'receivers')} told")
    if faults:
        raise typer.Exit(Exit.FAILURE)


@alerts.command()
def run(
    policy: PolicyOption = "default",
    database: DatabasePath = DATABASE,
    state: StateFile = None,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Look once, as a timer needs it: at the last full window, without a wait for "
            "requests that still run.",
        ),
    ] = False,
) -> None:
    """Check each window of recorded traffic once; tell which alarms began and ended."""
    from router.watch.state import alone

    looked = _loaded(policy)
    path = _state(state, looked.name)
    for fault in looked.unreachable:
        typer.echo(f"warning: {fault}", err=True)
    with alone(path):
        _watch(looked, database, path, once=once)


def _watch(looked: Looked, database: str, path: Path, *, once: bool) -> None:
    """Looks once, or until it is stopped."""
    silent = once  # a timer mails what its command prints
    if not silent:
        typer.echo(_watching(looked, database), err=True)
    before: list[str] = []
    while True:
        try:
            lines = look(looked, database, path, now_ms(), once=once)
            for line in lines:
                if line not in before:  # a receiver that is away is told of once
                    typer.echo(line)
            before = lines
            if not silent:
                for line in _waits(looked, path):
                    typer.echo(line, err=True)
                silent = True
        except LedgerError as error:
            if once:
                raise
            # The window is looked at once the database answers again.
            typer.echo(f"tiergate: {error.message}", err=True)
        if once:
            return
        time.sleep(LOOKS_EVERY_S)


def _watching(looked: Looked, database: str) -> str:
    """Returns what is watched, where, how often, and who is told."""
    from router.api.compose.books import Address
    from router.watch.delivery import receivers

    section = looked.section
    rules = ", ".join(rule.watch.value for rule in section.rules)
    hosts = [receiver.host for receiver in receivers(section, os.environ)]
    whom = ", ".join(hosts) or "nobody (alarms are printed here only)"
    return (
        f"tiergate: watches policy {looked.name} in {Address.parse(database).shown}: {rules}\n"
        f"tiergate: looks at windows of {section.window_minutes} minutes once they end, and tells "
        f"{whom}"
    )


def _waits(looked: Looked, path: Path) -> list[str]:
    """Returns what the comparisons with the past still need."""
    from router.watch.past import waits
    from router.watch.state import load, load_past

    waiting = waits(load_past(path), looked.section, load(path).checked_ms)
    return [f"tiergate: {line}" for line in waiting]


def look(looked: Looked, database: str | Path, path: Path, now_ms: int, *, once: bool) -> list[str]:
    """Checks the last full window, unless it was checked; returns what was told, by lines.

    A window with requests that still run is checked `WAITS_MS` after its end at the latest. A timer
    looks `once` and checks it at once, since nothing would look again at a window that waits.
    """
    from msgspec.structs import replace

    from router.watch.alarms import grouped
    from router.watch.delivery import AlarmMessage, receivers, tell
    from router.watch.state import load, save

    known, section = load(path), looked.section
    width = section.window_minutes * MINUTE_MS
    until_ms = now_ms // width * width
    notices: list[Notice] = []
    checks = until_ms > known.checked_ms
    if checks and not once and now_ms < until_ms + WAITS_MS:
        checks = not _any_open(database, until_ms - width, until_ms)
    if checks:
        known, notices = _checked(looked, database, path, known, until_ms, now_ms)
    fresh = (*known.untold, *notices)
    # The state is kept before anybody is told: a crash in between tells twice, and loses nothing.
    if checks:
        save(path, replace(known, untold=fresh))
    if not fresh and not known.waiting:
        return []
    waiting, faults = {}, []
    for receiver in receivers(section, os.environ):
        due = (*known.waiting.get(receiver.key, ()), *fresh)[-MOST_WAITING:]
        if due and (fault := tell(AlarmMessage(looked.name, due), receiver, os.environ)):
            waiting[receiver.key] = due
            faults.append(f"not told yet: {fault}")
    save(path, replace(known, untold=(), waiting=waiting))
    return [*grouped(fresh).splitlines(), *faults]


def _any_open(database: str | Path, since_ms: int, until_ms: int) -> bool:
    with opened_books(database) as books:
        return books.any_open(since_ms, until_ms)


def _checked(
    looked: Looked, database: str | Path, path: Path, known: State, until_ms: int, now_ms: int
) -> tuple[State, list[Notice]]:
    from msgspec.structs import replace

    from router.policy.sections.learning import Watched
    from router.watch.alarms import SILENT_MS, seen, step
    from router.watch.readings import begun_anew, queue_age, shares, tallies

    section = looked.section
    watched, width = {rule.watch for rule in section.rules}, section.window_minutes * MINUTE_MS
    since_ms = until_ms - width
    with opened_books(database) as books:
        window = tallies(books.rows(since_ms, until_ms, None))
        every = shares(window)
        if Watched.QUEUE_AGE in watched:
            waiting = [item.created_at_ms for item in books.reviews(None)]
            every.append((queue_age(waiting, now_ms), None))
        if Watched.BUDGET in watched:
            budgets = _budgets(looked, books, now_ms)
            every += [*budgets, *begun_anew(known.alarms, budgets)]
        if watched & {Watched.WRONG_ANSWERS, Watched.CALIBRATION, Watched.CERTIFICATE}:
            every += _told(looked, books, set(window.tenants), until_ms)
        if watched & {Watched.DRIFT, Watched.PROVIDER}:
            every += _against_the_past(looked, books, path, since_ms, until_ms)
    silent_ms = max(SILENT_MS, 3 * width)
    alarms, notices = step(section.rules, every, known.alarms, until_ms, silent_ms, since_ms)
    latest = seen(section.rules, every)
    return replace(known, checked_ms=until_ms, alarms=alarms, seen=latest), notices


def _against_the_past(
    looked: Looked, books: Books, path: Path, since_ms: int, until_ms: int
) -> list[Bounded]:
    """Returns the drift of the window, and adds it to the past. Each row is read once."""
    from router.watch.past import degradations, drifts, read_until
    from router.watch.profiles import profiles
    from router.watch.state import load_past, save_past

    section = looked.section
    embedded = partial(_embedded, books) if looked.keeps_texts else None

    def read(begin_ms: int, end_ms: int) -> Profiles:
        return profiles(books.rows(begin_ms, end_ms, None), embedded)

    begin_ms = since_ms - section.reference_days * DAY_MS
    past = read_until(load_past(path), begin_ms, since_ms, read)
    now = read(since_ms, until_ms)
    parts = (now, past.reference(begin_ms), section, past.reference(until_ms=begin_ms))
    readings = [*drifts(*parts), *degradations(*parts)]
    past.add(since_ms, now)
    past.until_ms = until_ms
    save_past(path, past)
    return readings


def _embedded(books: Books, request_ids: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Returns the vectors of the prompts that are kept, by request; none without a model."""
    from router.watch.distance import shortened

    prompts = books.prompts_of(request_ids, os.environ)
    model = _model() if prompts else None
    if model is None:
        return {}
    vectors = shortened(model.vectors(list(prompts.values())))
    return dict(zip(prompts, vectors, strict=True))


@cache
def _model() -> TriageModel | None:
    """Returns the shipped triage model, loaded once; None where it is missing."""
    from router.api.compose.core import load_model
    from router.triage.triage_model import DEFAULT_FOLDER

    return load_model(DEFAULT_FOLDER)[0]


def _told(looked: Looked, books: Books, tenants: set[str], until_ms: int) -> list[Bounded]:
    """Returns what feedback says of the answers of the reference's days."""
    from router.watch.outcomes import certified, outcome_readings

    since_ms = until_ms - looked.section.reference_days * DAY_MS
    by_tenant = {one: list(books.outcomes(since_ms, until_ms, one)) for one in tenants}
    readings = outcome_readings(by_tenant)
    if looked.certificate is not None:
        risk, confidence = looked.certificate.risk, looked.certificate.confidence
        # Words on answers before it was made are what it was made from, or about another one.
        begun_ms = max(since_ms, looked.certificate.created_ms)
        every = books.outcomes(begun_ms, until_ms, None)
        readings.append(certified(looked.name, every, risk, confidence))
    return readings


def _budgets(looked: Looked, books: Books, now_ms: int) -> list[Bounded]:
    """Returns how much of each day's and month's budget is used; shorter windows end too soon."""
    from router.analysis.budget_uses import budget_uses
    from router.watch.readings import budget_share

    budgets = looked.budgets
    if budgets is None:
        return []
    uses = budget_uses(books.budget_windows(now_ms), budgets.money, looked.named)
    return [
        (
            budget_share(
                str(use.scope), use.kind, use.spent_nano_usd + use.held_nano_usd, use.limit_nano_usd
            ),
            None,
        )
        for use in uses
        if use.limit_nano_usd is not None and use.kind in LASTING
    ]


def _loaded(policy: str) -> Looked:
    """Returns a policy's name and its `alerts`. Raises PolicyError, and Exit where it has none."""
    from router.money.budgets import Budgets
    from router.policy.loading import (
        find_policy,
        load_policy,
        policies_dir,
        unreachable_receivers,
    )

    loaded = load_policy(find_policy(policy, policies_dir()), os.environ)
    held = loaded.policy
    if held.alerts is None:
        typer.echo(f"tiergate: policy {held.name} has no `alerts`; add {AN_ALERT}", err=True)
        raise typer.Exit(Exit.FAILURE)
    budgets = Budgets(held.budgets, held.limits)
    named = frozenset(held.budgets) - {"*"}
    keeps = held.privacy.store != "none"
    faults = tuple(f"{k}: {why}" for k, why in unreachable_receivers(loaded, os.environ).items())
    return Looked(held.name, held.alerts, loaded.certificate, budgets, named, keeps, faults)


def _state(path: Path | None, policy: str) -> Path:
    folder = Path(os.environ.get("TIERGATE_STATE_DIR") or STATE_DIR)
    return path or folder / f"alerts-{policy}.json"
