"""Keeps what is known of alarms in a file, so that a restart neither forgets nor repeats one."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from router.errors import LedgerUnavailable
from router.watch.alarms import Alarm, Notice


class State(Struct, frozen=True):
    """Holds the alarms, the window that was looked at last, and what nobody could be told yet."""

    checked_ms: int = 0
    alarms: dict[str, Alarm] = {}
    untold: tuple[Notice, ...] = ()


def load(path: Path) -> State:
    """Returns the state, an empty one where there is no file. Raises LedgerUnavailable."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except (OSError, msgspec.DecodeError) as error:
        raise LedgerUnavailable(f"{path} holds no state of alerts: {error}") from error


def save(path: Path, state: State) -> None:
    """Replaces the file at once, so that a crash leaves the state before or after."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.new")
        new.write_bytes(msgspec.json.encode(state))
        os.replace(new, path)
    except OSError as error:
        raise LedgerUnavailable(f"{path} cannot be written: {error}") from error
