"""Keeps what a head remembers between two runs, in a folder of its own.

    .tiergate/learn/department/
        current            the number of the stage that counts
        history.jsonl      one line for each run, refused ones too
        stages/3/          memory.jsonl, old.jsonl, importance.npz, head/, stage.json, noted.json
        under_way.npz      a run that was cut off goes on from here
        candidates/<run>/  head, card, decisions.json: those whose labels the run used

A stage is written whole before `current` names it, with the line of the history for the run that
led to it: a process that is killed in between loses neither. The stage before it stays, so that one
run can be taken back; older ones go. Files are readable by their owner only: they hold what people
wrote.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from router.errors import TrainingDataError
from router.errors.system import in_words
from router.files.writing import write_private
from router.locks.file_lock import FileLock
from router.stats import heads
from router.stats.heads import Head
from router.training.continual.forgetting import Recall
from router.training.continual.gates import Doubted
from router.training.continual.plane import Matrix, Plane
from router.training.continual.reservoir import Kept, in_time

CURRENT, HISTORY, UNDER_WAY = "current", "history.jsonl", "under_way.npz"
MEMORY, OLD, IMPORTANCE, STAGE = "memory.jsonl", "old.jsonl", "importance.npz", "stage.json"
DECISIONS, NOTED = "decisions.json", "noted.json"
STAGES_KEPT = 2


class Task(Struct, frozen=True):
    """Names one dataset that a head was taught."""

    name: str
    dataset: str  # its hash
    at_ms: int
    guess: float  # what a guess reaches on it: one over its classes


class Noted(Struct, frozen=True):
    """Holds one line of the history."""

    run: str
    at_ms: int
    dataset: str
    method: str
    seed: int
    new_rows: int
    stage: int  # the stage that it led to; the one before where it was refused
    refused: tuple[str, ...] = ()
    accuracy: Mapping[str, float] = {}  # of the candidate, by task
    before: Mapping[str, float] = {}  # of the head of before, by task
    recall: Recall = {}  # of the candidate on the fixed old set, by class
    rows_judged: Mapping[str, int] = {}
    updates: int = 0
    ended: str = ""
    drift: float = 1.0
    processor_s: float = 0.0
    candidate: str = ""
    taken_back: str = ""  # why the run no longer counts
    version: str = ""  # of the candidate in the registry of models
    expired: int = 0  # rows that left the memory because their time was over
    set_aside: int = 0  # rows that teach no more, since the run was taken back
    doubted: tuple[Doubted, ...] = ()  # of a refused run: whose labels contradict a sure head
    untaught: Mapping[str, int] = {}  # rows that judge nothing, by their class, which nobody taught
    waiting: Mapping[str, int] = {}  # rows that taught nothing, by their class, which has too few


class Stage(Struct, frozen=True):
    """Holds what a head remembers."""

    number: int
    head: Head
    memory: tuple[Kept, ...]
    old: tuple[Kept, ...]
    tasks: tuple[Task, ...]
    seen: frozenset[str]  # keys of rows that taught
    classes: tuple[str, ...]
    importance: tuple[Plane, Matrix] | None = None
    used: frozenset[str] = frozenset()  # keys of rows that the run used and did not teach
    aside: frozenset[str] = frozenset()  # keys of rows of runs that were taken back


class _Listed(Struct, frozen=True):
    tasks: tuple[Task, ...]
    seen: tuple[str, ...]
    classes: tuple[str, ...]
    used: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


class Memory:
    """Reads and writes the folder of one head."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder / name, name

    @property
    def under_way(self) -> bool:
        """Returns True where a run was cut off; the same command goes on with it."""
        return (self.folder / UNDER_WAY).exists()

    def alone(self) -> FileLock:
        """Lets no other run of this head begin within a `with` block.

        Raises TrainingDataError where one is under way.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock.take(self.folder / ".lock")
        except OSError as error:
            raise TrainingDataError(
                f"{self.folder} cannot be written: {error.strerror}; expected a folder that this "
                "user may write to"
            ) from error
        if lock is None:
            raise TrainingDataError(f"{self.name} is being taught by another process")
        return lock

    def current(self) -> int:
        """Returns the number of the stage that counts; 0 before the first."""
        try:
            return int((self.folder / CURRENT).read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0
        except (OSError, ValueError) as error:
            raise TrainingDataError(
                f"{self.folder / CURRENT} cannot be read: {in_words(error)}"
            ) from error

    def stage(self, now_ms: int, encoder_sha256: str | None) -> Stage | None:
        """Returns the stage that counts, without rows whose time is over; None before the first.

        Raises TrainingDataError, and ModelFileError for a head of another encoder.
        """
        number = self.current()
        if not number:
            return None
        folder = self.folder / "stages" / str(number)
        head = heads.load(folder / "head", self.name, encoder_sha256=encoder_sha256)
        try:
            listed = msgspec.json.decode((folder / STAGE).read_bytes(), type=_Listed)
            memory, old = (_lines(folder / name) for name in (MEMORY, OLD))
            importance = _importance(folder / IMPORTANCE)
        except (OSError, ValueError, KeyError, msgspec.DecodeError) as error:
            raise TrainingDataError(f"{folder} cannot be read: {in_words(error)}") from error
        return Stage(
            number,
            head,
            tuple(in_time(memory, now_ms)),
            tuple(in_time(old, now_ms)),
            listed.tasks,
            frozenset(listed.seen),
            listed.classes,
            importance,
            frozenset(listed.used),
            frozenset(listed.aside),
        )

    def put(self, stage: Stage, card: Mapping[str, object], noted: Noted | None = None) -> None:
        """Writes a stage whole, and then lets it count. Raises TrainingDataError.

        `noted` is the run that led to it; the history has it from the moment when it counts.
        """
        folder = self.folder / "stages" / str(stage.number)
        try:
            shutil.rmtree(folder, ignore_errors=True)  # what a run that was cut off left
            (folder / "head").mkdir(mode=0o700, parents=True)
            put_head(stage.head, card, folder / "head")
            write_private(folder / MEMORY, _text(stage.memory))
            write_private(folder / OLD, _text(stage.old))
            if stage.importance is not None:
                write_private(folder / IMPORTANCE, _packed(*stage.importance))
            seen, used, aside = (
                tuple(sorted(keys)) for keys in (stage.seen, stage.used, stage.aside)
            )
            listed = _Listed(stage.tasks, seen, stage.classes, used, aside)
            write_private(folder / STAGE, msgspec.json.encode(listed))
            if noted is not None:
                write_private(folder / NOTED, msgspec.json.encode(noted))
            self.count(stage.number)
            self._sweep(stage.number)
        except OSError as error:
            raise TrainingDataError(f"{folder} cannot be written: {in_words(error)}") from error

    def count(self, number: int) -> None:
        """Lets another stage count, from now on. Raises TrainingDataError."""
        with _changing(self.folder / CURRENT):
            write_private(self.folder / CURRENT, str(number).encode())

    def has(self, number: int) -> bool:
        """Returns True where a stage is still there."""
        return (self.folder / "stages" / str(number) / STAGE).is_file()

    def prune(self, now_ms: int) -> int:
        """Takes texts whose time is over out of every stage; returns how many.

        Raises TrainingDataError.
        """
        return self._keep(lambda rows: in_time(rows, now_ms))

    def forget(self, decisions: Collection[str]) -> int:
        """Takes rows whose every decision is among these out of every stage; returns how many.

        Raises TrainingDataError.
        """
        return self._keep(
            lambda rows: [row for row in rows if not _all_in(row.decisions, decisions)]
        )

    def withdraw(self, keys: Collection[str]) -> int:
        """Takes rows out of every stage as if they had never been told; returns how many.

        Raises TrainingDataError.
        """
        gone = self._keep(lambda rows: [row for row in rows if row.key not in keys])
        for path in self.folder.glob(f"stages/*/{STAGE}"):
            with _changing(path):
                listed = msgspec.json.decode(path.read_bytes(), type=_Listed)
                seen, used = (
                    tuple(key for key in told if key not in keys)
                    for told in (listed.seen, listed.used)
                )
                if (seen, used) != (listed.seen, listed.used):
                    write_private(path, msgspec.json.encode(replace(listed, seen=seen, used=used)))
        return gone

    def _keep(self, kept_of: Callable[[Sequence[Kept]], Sequence[Kept]]) -> int:
        """Keeps these of the rows of every stage; returns how many left."""
        gone = 0
        for path in sorted(self.folder.glob("stages/*/*.jsonl")):
            with _changing(path):
                rows = _lines(path)
                kept = kept_of(rows)
                if len(kept) < len(rows):
                    gone += len(rows) - len(kept)
                    write_private(path, _text(kept))
        return gone

    def decisions_of(self, run: str) -> list[str]:
        """Returns the decisions whose labels a run used. Raises TrainingDataError."""
        path = self.folder / "candidates" / run / DECISIONS
        try:
            return msgspec.json.decode(path.read_bytes(), type=list[str])
        except (OSError, msgspec.DecodeError) as error:
            raise TrainingDataError(f"{path} cannot be read: {in_words(error)}") from error

    def _sweep(self, number: int) -> None:
        for folder in (self.folder / "stages").iterdir():
            if folder.name.isdigit() and not number - STAGES_KEPT < int(folder.name) <= number:
                shutil.rmtree(folder, ignore_errors=True)

    def history(self) -> list[Noted]:
        """Returns all runs, the oldest first; of a run that was noted twice the last line."""
        noted = [_noted(line) for line in self._told_lines(HISTORY)]
        known = {one.run: one for one in noted if one is not None}
        for line in self._told_lines(f"stages/{self.current()}/{NOTED}"):
            last = _noted(line)
            if last is not None and last.run not in known:
                known[last.run] = last  # its process was killed before it could note it
        return list(known.values())

    def _told_lines(self, name: str) -> list[bytes]:
        try:
            return (self.folder / name).read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise TrainingDataError(
                f"{self.folder / name} cannot be read: {in_words(error)}"
            ) from error

    def note(self, noted: Noted) -> None:
        """Adds a line to the history. Raises TrainingDataError."""
        before = self.history()
        after = [one for one in before if one.run != noted.run]
        text = b"".join(msgspec.json.encode(one) + b"\n" for one in [*after, noted])
        with _changing(self.folder / HISTORY):
            write_private(self.folder / HISTORY, text)

    def take_back(self, why: str, *, keep_labels: bool = False) -> Noted:
        """Lets the stage before the last run count again. Raises TrainingDataError.

        Rows that only this run used are set aside, so that no later run is taught or judged by
        them; with `keep_labels` they count as new again.
        """
        number = self.current()
        # Where a process was killed between the note and the count, this goes on with that run.
        runs = [one for one in self.history() if one.stage == number and not one.refused]
        if not runs or number < 2 or not self.has(number - 1):
            raise TrainingDataError(
                f"{self.name} has no earlier stage to go back to; to begin anew, move "
                f"{self.folder} away"
            )
        aside = 0 if keep_labels else self._set_aside(number)
        noted = replace(runs[-1], taken_back=why, set_aside=aside)
        self.note(noted)
        self.count(number - 1)
        return noted

    def _set_aside(self, number: int) -> int:
        """Tells the stage before this one which rows only this one used; returns how many."""
        this, before = (self.folder / "stages" / str(n) / STAGE for n in (number, number - 1))
        with _changing(before):
            last, kept = (
                msgspec.json.decode(path.read_bytes(), type=_Listed) for path in (this, before)
            )
            own = {*last.seen, *last.used} - {*kept.seen, *kept.used}
            aside = tuple(sorted({*kept.aside, *last.aside, *own}))
            write_private(before, msgspec.json.encode(replace(kept, aside=aside)))
        return len(own)


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    """Turns what goes wrong while a file is read and written into TrainingDataError."""
    try:
        yield
    except (OSError, msgspec.DecodeError) as error:
        raise TrainingDataError(f"{path} cannot be changed: {in_words(error)}") from error


def _all_in(named: Collection[str], decisions: Collection[str]) -> bool:
    return bool(named) and all(name in decisions for name in named)


def put_head(head: Head, card: Mapping[str, object], folder: Path) -> None:
    """Writes a head with its card, last."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    heads.save(head, folder)
    text = msgspec.json.format(msgspec.json.encode(card), indent=1)
    write_private(folder / f"{head.name}.card.json", text + b"\n")


def _text(rows: Sequence[Kept]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _lines(path: Path) -> list[Kept]:
    return [msgspec.json.decode(line, type=Kept) for line in path.read_bytes().splitlines()]


def _noted(line: bytes) -> Noted | None:
    try:
        return msgspec.json.decode(line, type=Noted)
    except msgspec.DecodeError:
        return None  # half a line


def _packed(plane: Plane, importance: Matrix) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, width=plane.width, used=plane.used, importance=importance)
    return buffer.getvalue()


def _importance(path: Path) -> tuple[Plane, Matrix] | None:
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        used = arrays["used"]
        plane = Plane(int(arrays["width"]), used, np.ones(len(used), np.float32))
        return plane, arrays["importance"]
