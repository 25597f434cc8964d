"""Runs a file of texts through a specialist: in order, no row lost or repeated, resumable.

Rows are read in windows. After each window the results and the bad rows are on disk, and then, in
one step, the state file that records the progress. Bytes that an interrupted run wrote beyond its
state are cut off when the next run begins. So every input line is in exactly one of the two files,
whenever the run was killed. It knows nothing about terminals.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Protocol

from router.api.compose.labelling.windows import Labelled, Place, places, windows_of
from router.api.compose.labelling.workers import Labels
from router.errors import ClassifyError

FORMAT = 1


class Digest(Protocol):
    """Describes a running hash of bytes."""

    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Files:
    """Names the input and output files. `bad` holds the rows that failed, with line and reason."""

    source: Path
    out: Path
    bad: Path

    @property
    def state(self) -> Path:
        """Returns the file of the run's progress, next to the results."""
        return self.out.with_name(f"{self.out.name}.state")


@dataclass(slots=True)
class State:
    """Holds a run's progress.

    `digest` covers all input bytes that were read: it detects a change.
    """

    identity: Mapping[str, str]
    text_column: str
    digest: str = ""
    input_bytes: int = 0
    lines: int = 0
    out_bytes: int = 0
    bad_bytes: int = 0
    rows: int = 0
    bad: int = 0
    cut: bool = False  # the last part read has no end of a line: more of that line may follow
    labels: dict[str, int] = field(default_factory=dict)  # verdicts, or labels of the only field


@dataclass(frozen=True, slots=True)
class Done:
    """Counts the results of one run; `resumed` rows were there already."""

    rows: int
    bad: int
    resumed: int
    labels: Mapping[str, int]
    early: int = 0  # rows of this run that were read by their words alone
    first_bad: str = ""  # the number and the reason of the first bad line, "" without one


def classify_file(
    labels: Labels,
    identity: Mapping[str, str],
    files: Files,
    *,
    text_column: str,
    again: bool,
    progress: Callable[[int, int], None],
) -> Done:
    """Classifies every row of `files.source` and returns the counts.

    `progress` receives the input bytes and the rows read so far. An interrupted run continues, and
    so does one whose input has grown; `again` starts over. No results are left behind where there
    is no row. Raises ClassifyError where a file cannot be used, or where the policy, the model or
    the input changed since the run began.
    """
    begun: State | None = None
    try:
        with _opened(files.source) as source:
            begun = state = _begin(files, identity, text_column, again)
            resumed, early = state.rows, 0
            with files.out.open("r+b") as out, files.bad.open("r+b") as bad:
                # The last run may have written rows after its last state; they are classified
                # again.
                out.truncate(state.out_bytes)
                bad.truncate(state.bad_bytes)
                out.seek(state.out_bytes)
                bad.seek(state.bad_bytes)
                digest = _seen(source, state, files)
                progress(state.input_bytes, state.rows)
                windows = places(windows_of(source), Place(state.lines, state.cut))
                for window, done in labels(windows, text_column):
                    for _, line in window:
                        digest.update(line)
                        state.input_bytes += len(line)
                    early += done.early
                    _write(done, state, out, bad)
                    state.digest = digest.hexdigest()
                    # The state comes after the rows on disk: a kill between them costs work, never
                    # a row.
                    _keep(state, files)
                    progress(state.input_bytes, state.rows)
    except OSError as error:
        _forget(begun, files)
        # A full disk is told without a name.
        place = files.out if error.errno in (errno.ENOSPC, errno.EDQUOT) else files.source
        raise ClassifyError(
            f"{error.filename or place} cannot be used: {error.strerror or error}; "
            "expected a .jsonl or .jsonl.gz file, and places that may be written"
        ) from error
    except (EOFError, zlib.error) as error:
        _forget(begun, files)
        raise ClassifyError(f"{files.source} is no whole gzip file: {error}") from error
    if state.bad and not state.rows:
        files.out.unlink(missing_ok=True)  # empty results would pass for those of an empty file
    return Done(
        state.rows - resumed,
        state.bad,
        resumed,
        dict(sorted(state.labels.items(), key=lambda item: -item[1])),
        early,
        _first_bad(files.bad) if state.bad else "",
    )


def _forget(state: State | None, files: Files) -> None:
    """Removes the files of a run that failed before it wrote any line."""
    if state is not None and not state.lines:
        for file in (files.out, files.bad, files.state):
            file.unlink(missing_ok=True)


def _first_bad(path: Path) -> str:
    with path.open(encoding="utf-8") as bad:
        row = json.loads(bad.readline())
    return f"{row['line']}: {row['error']}"


def _opened(path: Path) -> IO[bytes]:
    # Bytes, not text: a line that is no UTF-8 must become one bad row, not end the run.
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _write(done: Labelled, state: State, out: IO[bytes], bad: IO[bytes]) -> None:
    """Writes what a window became; both files are on disk when it returns."""
    # Both files must be on disk before the state says so.
    for file, lines in ((out, done.good), (bad, done.bad)):
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    state.rows += done.rows
    state.bad += done.bad_rows
    state.lines, state.cut = done.end.lines, done.end.cut
    for label, count in done.labels.items():
        state.labels[label] = state.labels.get(label, 0) + count
    state.out_bytes, state.bad_bytes = out.tell(), bad.tell()


def _begin(files: Files, identity: Mapping[str, str], text_column: str, again: bool) -> State:
    """Returns the state to continue from, or a fresh one where none has rows or `again` is set."""
    stored = None if again else _stored(files)
    if stored is None or not stored.rows:  # a run without a row has nothing to go on from
        present = [str(file) for file in (files.out, files.bad) if file.exists()]
        if present and not again and stored is None:
            raise ClassifyError(
                f"{' and '.join(present)} exist, but no state of a run that could continue; "
                "name another file with --out, or overwrite them with --again"
            )
        for file in (files.out, files.bad):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"")
        # The state exists before the first row, so that a kill in the first window can resume.
        fresh = State(dict(identity), text_column)
        _keep(fresh, files)
        return fresh
    settings = {**identity, "text_column": text_column}
    stored_settings = {**stored.identity, "text_column": stored.text_column}
    changed = [
        f"{key} {stored_settings.get(key)} -> {settings[key]}"
        for key in settings
        if settings[key] != stored_settings.get(key)
    ]
    if changed:
        raise ClassifyError(
            f"{files.out} was begun with another {', '.join(changed)}; start over with --again, or "
            "name another file with --out"
        )
    # A longer file is fine: its end is cut off. A shorter one has lost rows.
    for file, size in ((files.out, stored.out_bytes), (files.bad, stored.bad_bytes)):
        if not file.exists() or file.stat().st_size < size:
            raise ClassifyError(
                f"{file} is shorter than its state records: it was changed; start over with --again"
            )
    return stored


def _stored(files: Files) -> State | None:
    """Returns the state of an earlier run, None where there is none."""
    try:
        raw = json.loads(files.state.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ClassifyError(
            f"{files.state} is no state: {error}; start over with --again"
        ) from error
    if not isinstance(raw, dict) or raw.pop("format", None) != FORMAT:
        raise ClassifyError(f"{files.state} has another format; start over with --again")
    try:
        return State(**raw)
    except TypeError as error:
        raise ClassifyError(f"{files.state} is malformed; start over with --again") from error


def _seen(source: IO[bytes], state: State, files: Files) -> Digest:
    """Reads over the earlier input and compares it: a run may only continue in the same file."""
    # The same digest goes on over the new rows.
    digest, left = hashlib.sha256(), state.input_bytes
    while left > 0:
        block = source.read(min(left, 1 << 20))
        if not block:
            break
        digest.update(block)
        left -= len(block)
    if left or (state.digest and digest.hexdigest() != state.digest):
        raise ClassifyError(
            f"{files.source} changed within its first {state.lines} lines, which were classified "
            "already; start over with --again"
        )
    return digest


def _keep(state: State, files: Files) -> None:
    """Writes the state in one step, so that a reader sees the old one or the new one."""
    part = files.state.with_name(f"{files.state.name}.part")
    text = json.dumps({"format": FORMAT, **asdict(state)}, indent=1) + "\n"
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, files.state)
