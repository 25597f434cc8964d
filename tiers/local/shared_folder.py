"""Defines the folder that the host of the local model shares with the workers that use it.

The host (one per machine and model) owns the folder; a worker needs its path and a token. In it
    state.json          what the model is doing, replaced atomically whenever that changes
    gen-<n>/llm.sock    where the n-th child listens; a restarted child is a new generation
    gen-<n>/slots/<i>   one file per request that may be decoded or waiting
A slot is taken by flock(2), so the bound holds over all workers together and the kernel gives back
what a killed worker held. It knows nothing about GGUF, HTTP or policies.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path

from msgspec import Struct, structs

from router.errors import Overloaded
from router.locks.file_lock import FileLock
from router.types import AnswererState

STATE_FILE = "state.json"
RECENT_S = 0.02


class LocalAddress(Struct, frozen=True):
    """Holds where a local model is and the secret its child asks for.

    It goes to workers as text.
    """

    directory: str
    token: str
    threads: int = 1  # that the child decodes with

    def to_text(self) -> str:
        """Returns the text that goes to another process; it is secret."""
        return json.dumps(structs.asdict(self))

    @classmethod
    def from_text(cls, text: str) -> LocalAddress:
        """Returns the inverse of `to_text`."""
        return cls(**json.loads(text))


class HostState(Struct, frozen=True):
    """Holds the host's last state. `adapters` are file paths in the order of the runtime's ids."""

    state: AnswererState
    detail: str = ""
    generation: int = 0
    pid: int = 0
    context_tokens: int = 0  # what one request may hold, prompt and answer together
    adapters: tuple[str, ...] = ()


def generation_folder(directory: Path, generation: int) -> Path:
    """Returns the folder of the n-th child."""
    return directory / f"gen-{generation}"


def socket_path(directory: Path, generation: int) -> Path:
    """Returns the socket of the n-th child."""
    return generation_folder(directory, generation) / "llm.sock"


def write_state(directory: Path, state: HostState) -> None:
    """Replaces the state in one step: a reader sees the old or the new one, never a half."""
    with tempfile.NamedTemporaryFile("w", dir=directory, delete=False, encoding="utf-8") as file:
        json.dump(structs.asdict(state), file)
    os.replace(file.name, directory / STATE_FILE)


class StateReader:
    """Reads the host's state, parsing only when the file was replaced since the last look."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / STATE_FILE
        self._seen: tuple[int, int] | None = None
        self._state = HostState(AnswererState.LOADING, "the local model's host has not started")
        self._looked: tuple[float, HostState] | None = None

    def recent(self) -> HostState:
        """Returns the state of at most RECENT_S ago.

        Each look at a file hands the interpreter to another thread, and waits to get it back.
        """
        now = time.monotonic()
        if self._looked is None or not 0 <= now - self._looked[0] < RECENT_S:
            self._looked = (now, self.read())
        return self._looked[1]

    def read(self) -> HostState:
        """Returns the latest state; FAILED when the host and its folder are gone."""
        try:
            status = os.stat(self._path)
            if (seen := (status.st_ino, status.st_mtime_ns)) != self._seen:
                values = json.loads(self._path.read_text(encoding="utf-8"))
                values["state"] = AnswererState(values["state"])
                values["adapters"] = tuple(values["adapters"])
                self._state, self._seen = HostState(**values), seen
        except FileNotFoundError:
            detail = "the local model's host is gone; start Tiergate again"
            return HostState(AnswererState.FAILED, detail)
        return self._state


class Slots:
    """A counting semaphore over processes: files, each locked by the request that has it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def create(cls, folder: Path, count: int) -> Slots:
        """Returns a folder of `count` free slots."""
        folder.mkdir(parents=True)
        for index in range(count):
            (folder / str(index)).touch()
        return cls(folder)

    def take(self, retry_after_s: float) -> FileLock:
        """Returns a free slot; release it to give it back. Raises Overloaded when all are taken."""
        names = os.listdir(self._folder)
        for name in names:
            slot = self._slot(name)
            if slot is not None:
                return slot
        raise Overloaded(
            f"the local model has {len(names)} requests decoding and waiting, which is its limit "
            f"(parallel + queue); try again in {retry_after_s:.0f} s",
            retry_after_s=retry_after_s,
        )

    def taken(self) -> int:
        """Returns how many slots any process holds now.

        A slot that is gone, with the ended child's folder, is held by nobody.
        """
        count = 0
        with contextlib.suppress(FileNotFoundError):
            for name in os.listdir(self._folder):
                slot = self._slot(name)
                if slot is None:
                    count += 1
                else:
                    slot.release()
        return count

    def _slot(self, name: str) -> FileLock | None:
        return FileLock.take(self._folder / name, make=False)
