"""Keeps alarms and profiles of the past in files, so that a restart repeats no message.

They name tenants and answerers, so only their owner may read them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from router.errors import LedgerUnavailable
from router.errors.system import in_words
from router.files.writing import write_all
from router.locks.file_lock import FileLock
from router.money.days import DAY_MS
from router.watch.alarms import Alarm, Notice, Seen
from router.watch.past import Past
from router.watch.profiles import Profiles

FOLDER_MODE = 0o700


class State(Struct, frozen=True):
    """Holds the alarms, the end of the last checked window, and the messages to send."""

    checked_ms: int = 0
    alarms: dict[str, Alarm] = {}
    untold: tuple[Notice, ...] = ()  # to everybody: the program ended before it was tried
    seen: tuple[Seen, ...] = ()  # at the last check, for the dashboard
    waiting: dict[str, tuple[Notice, ...]] = {}  # to this receiver, which was not to be reached


class _Day(Struct, frozen=True):
    """Holds one day of the past, and how far the past was read when it was written."""

    since_ms: int = 0
    until_ms: int = 0
    profiles: Profiles = msgspec.field(default_factory=Profiles)


Kept = TypeVar("Kept", State, _Day)


def alone(path: Path) -> FileLock:
    """Returns the lock of a state; a second watcher would send each message twice.

    Raises LedgerUnavailable where another process holds it, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        lock = FileLock.take(path.with_name(f"{path.name}.lock"))
    except OSError as error:
        raise LedgerUnavailable(f"{path} cannot be written: {in_words(error)}") from error
    if lock is None:
        raise LedgerUnavailable(
            f"another `tiergate alerts run` keeps {path}, and would send each message twice; stop "
            "it, or name another file with --state"
        )
    return lock


def load(path: Path) -> State:
    """Returns the state, an empty one where there is no file. Raises LedgerUnavailable."""
    return _loaded(path, State)


def load_past(path: Path) -> Past:
    """Returns the past beside a state; an empty one is read again from the ledger.

    Raises LedgerUnavailable.
    """
    days = {int(file.stem): _loaded(file, _Day) for file in _beside(path).glob("[0-9]*.json")}
    if not days:
        return Past()
    last = days[max(days)]
    return Past(
        last.since_ms, last.until_ms, {number: day.profiles for number, day in days.items()}
    )


def save(path: Path, state: State) -> None:
    """Replaces the file at once, so that a crash leaves the state before or after."""
    _save(path, state)


def save_past(path: Path, past: Past) -> None:
    """Writes the days that changed, each into a file of its own beside the state."""
    folder = _beside(path)
    # In order, and none says more than the end of its own day: after a crash the last file says how
    # far the past was read.
    for number in sorted(past.changed & set(past.days)):
        until_ms = min(past.until_ms, (number + 1) * DAY_MS)
        day = _Day(past.since_ms, until_ms, past.days[number])
        _save(folder / f"{number}.json", day)
    for file in folder.glob("[0-9]*.json"):
        if int(file.stem) not in past.days:
            file.unlink(missing_ok=True)
    past.changed.clear()


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}.past")


def _loaded(path: Path, kind: type[Kept]) -> Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return kind()
    except (OSError, msgspec.DecodeError) as error:
        raise LedgerUnavailable(f"{path} holds no state of alerts: {error}") from error


def _save(path: Path, kept: State | _Day) -> None:
    try:
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        write_all({path: msgspec.json.encode(kept)}, private=True)
    except OSError as error:
        raise LedgerUnavailable(f"{path} cannot be written: {in_words(error)}") from error
