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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Protocol

from router.errors import ClassifyError
from router.specialists.result import Said, document

WINDOW = 1_024
"""Sets the rows between two states: a kill loses about a second's work."""
MAX_LINE_BYTES = 16_000_000
FORMAT = 1


class Digest(Protocol):
    """Describes a running hash of bytes."""

    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Says(Protocol):
    """Describes the one method of a specialist that is used here."""

    def say(self, texts: list[str]) -> list[Said]: ...


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
    cut: bool = False  # the last part read ends within a line that is too long
    labels: dict[str, int] = field(default_factory=dict)  # verdicts, or labels of the only field


@dataclass(frozen=True, slots=True)
class Done:
    """Counts the results of one run; `resumed` rows were there already."""

    rows: int
    bad: int
    resumed: int
    labels: Mapping[str, int]
    first_bad: str = ""  # the number and the reason of the first bad line, "" without one


def classify_file(
    specialist: Says,
    identity: Mapping[str, str],
    files: Files,
    *,
    text_column: str,
    again: bool,
    progress: Callable[[int, int], None],
) -> Done:
    """Classifies every row of `files.source` and returns the counts.

    `progress` receives the input bytes and the rows read so far. An interrupted run continues, and
    so does one whose input has grown; `again` starts over. Raises ClassifyError where a file cannot
    be used, or where the policy, the model or the input changed since the run began.
    """
    try:
        with _opened(files.source) as source:
            state = _begin(files, identity, text_column, again)
            resumed = state.rows
            with files.out.open("r+b") as out, files.bad.open("r+b") as bad:
                # The last run may have written rows after its last state; they are classified
                # again.
                out.truncate(state.out_bytes)
                bad.truncate(state.bad_bytes)
                out.seek(state.out_bytes)
                bad.seek(state.bad_bytes)
                digest = _seen(source, state, files)
                progress(state.input_bytes, state.rows)
                for window in _windows(source):
                    for _, line in window:
                        digest.update(line)
                        state.input_bytes += len(line)
                    _run(specialist, window, state, out, bad)
                    state.digest = digest.hexdigest()
                    # The state comes after the rows on disk: a kill between them costs work, never
                    # a row.
                    _keep(state, files)
                    progress(state.input_bytes, state.rows)
    except OSError as error:
        # A full disk is told without a name.
        place = files.out if error.errno in (errno.ENOSPC, errno.EDQUOT) else files.source
        raise ClassifyError(
            f"{error.filename or place} cannot be used: {error.strerror or error}; "
            "expected a .jsonl or .jsonl.gz file, and places that may be written"
        ) from error
    except (EOFError, zlib.error) as error:
        raise ClassifyError(f"{files.source} is no whole gzip file: {error}") from error
    return Done(
        state.rows - resumed,
        state.bad,
        resumed,
        dict(sorted(state.labels.items(), key=lambda item: -item[1])),
        _first_bad(files.bad) if state.bad else "",
    )


def _first_bad(path: Path) -> str:
    with path.open(encoding="utf-8") as bad:
        row = json.loads(bad.readline())
    return f"{row['line']}: {row['error']}"


def _opened(path: Path) -> IO[bytes]:
    # Bytes, not text: a line that is no UTF-8 must become one bad row, not end the run.
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _windows(source: IO[bytes]) -> Iterator[list[tuple[bool, bytes]]]:
    """Yields lines in windows, each line with True if it is whole.

    A line beyond MAX_LINE_BYTES comes in parts.
    """
    window: list[tuple[bool, bytes]] = []
    while line := source.readline(MAX_LINE_BYTES):
        window.append((line.endswith(b"\n") or len(line) < MAX_LINE_BYTES, line))
        if len(window) >= WINDOW:
            yield window
            window = []
    if window:
        yield window


def _run(
    specialist: Says,
    window: list[tuple[bool, bytes]],
    state: State,
    out: IO[bytes],
    bad: IO[bytes],
) -> None:
    """Classifies one window; both files are on disk when it returns."""
    good: list[tuple[int, object, str]] = []
    wrong: list[tuple[int, str]] = []
    for whole, line in window:
        rest, state.cut = state.cut, not whole
        if rest:
            continue  # the line was refused at its first part
        state.lines += 1
        if not whole:
            wrong.append((state.lines, f"a line of over {MAX_LINE_BYTES} bytes"))
            continue
        # An empty line at the end is common, and no mistake.
        if not line.strip():
            continue
        try:
            good.append((state.lines, *row_of(line, state.text_column)))
        except ValueError as error:
            wrong.append((state.lines, str(error)))
    results = specialist.say([text for _, _, text in good]) if good else []
    for (number, name, _), result in zip(good, results, strict=True):
        head = {"line": number} if name is None else {"line": number, "id": name}
        _write(out, {**head, **document(result)})
        label = result.verdict or next(iter(result.fields.values())).label
        state.labels[label] = state.labels.get(label, 0) + 1
    for number, why in wrong:
        _write(bad, {"line": number, "error": why})
    state.rows += len(good)
    state.bad += len(wrong)
    # Both files must be on disk before the state says so.
    for file in (out, bad):
        file.flush()
        os.fsync(file.fileno())
    state.out_bytes, state.bad_bytes = out.tell(), bad.tell()


def row_of(line: bytes, text_column: str) -> tuple[object, str]:
    """Returns a row's `id` (None without one) and its text; subject and body where it has no text.

    Raises ValueError that names the row's mistake.
    """
    try:
        row = json.loads(line)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise ValueError(f"not an object but {type(row).__name__}")
    text = row.get(text_column)
    if text is None and text_column not in row:
        parts = [row[name] for name in ("subject", "body") if isinstance(row.get(name), str)]
        if not parts:
            raise ValueError(f"no {text_column!r}, and no subject or body")
        text = "\n\n".join(parts)
    if not isinstance(text, str):
        raise ValueError(f"{text_column!r} is {type(text).__name__}, not text")
    if not text.strip():
        raise ValueError(f"{text_column!r} is empty")
    return row.get("id"), text


def _write(file: IO[bytes], row: Mapping[str, object]) -> None:
    file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _begin(files: Files, identity: Mapping[str, str], text_column: str, again: bool) -> State:
    """Returns the state to continue from, or a fresh one where none exists or `again` is set."""
    stored = None if again else _stored(files)
    if stored is None:
        present = [str(file) for file in (files.out, files.bad) if file.exists()]
        if present and not again:
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
            f"{files.source} changed before line {state.lines}, which was classified already; "
            "start over with --again"
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
