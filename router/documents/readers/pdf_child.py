"""Reads PDF files in a child process whose processor time and memory are bounded.

pypdf is Python: one page of a few kilobytes may keep it busy for minutes, or ask for more memory
than there is, and nothing interrupts it in between. The child is started for the first file and
reads all that follow, so a small file costs no start of its own. Where the system cannot bound a
process (Windows), the child has as much time by the clock, and all the memory that it can get. It
knows nothing of other formats.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from router.documents.pieces import Reading
from router.errors import DocumentError

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]

MOST_SECONDS = 300
"""Processor time of one file: a book of 1,000 pages takes some twenty. A file of four kilobytes may
unpack and read a megabyte anew on each of 5,000 pages."""
MOST_MEMORY = 2_000_000_000
"""Address space of the child, in bytes: a file of the largest size takes about a fifth of it."""
NO_MEMORY = 3
"""Exit code of a child whose memory was not enough."""
SIGKILL, SIGXCPU = 9, 24
"""Windows has no such names."""
_LENGTH = 8  # bytes before each message


class FileResult(Struct):
    """Holds what came of one file: what was read, or why it was refused."""

    reading: Reading | None = None
    refused: str = ""


class PdfChild:
    """Holds the child; any thread may use it, one at a time."""

    def __init__(self, most_seconds: int = MOST_SECONDS, most_memory: int = MOST_MEMORY) -> None:
        self._bounds = most_seconds, most_memory
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._late = False  # the child was ended by us, because its time was over

    def read(self, content: bytes) -> Reading:
        """Returns what the file says. Raises DocumentError, also where it takes too much."""
        with self._lock:
            child = self._running()
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                with self._timed(child):
                    _put(child.stdin, content)
                    answered = _taken(child.stdout)
            except OSError:  # Windows has another one than BrokenPipeError for a child that is gone
                answered = None
            except BaseException:
                # Its answer would be taken for that of the next file.
                self._end()
                raise
            if answered is None:
                raise self._refusal(child)
        answer = msgspec.msgpack.decode(answered, type=FileResult)
        if answer.reading is None:
            raise DocumentError(answer.refused)
        return answer.reading

    def close(self) -> None:
        """Ends the child; the next file starts another one."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._end()  # closes the pipes of one that was killed while it waited
            root = Path(__file__).parents[3]
            program = f"import sys; sys.path.insert(0, {str(root)!r}); import {__name__} as child"
            try:
                self._child = subprocess.Popen(
                    # -P: a folder `router` where the command runs is none of ours.
                    [sys.executable, "-P", "-c", f"{program}; child.serve{self._bounds}"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is told to the command, which ends this
                )
            except OSError as error:
                raise DocumentError(
                    f"found that no process can be started to read PDF files ({error.strerror}); "
                    "expected room for one: end other programs, and add the file again"
                ) from error
        return self._child

    @contextmanager
    def _timed(self, child: subprocess.Popen[bytes]) -> Iterator[None]:
        """Ends a child that cannot bound itself when its time is over."""
        self._late = False
        if resource is not None:
            yield
            return

        def end() -> None:
            self._late = True
            child.kill()

        timer = threading.Timer(self._bounds[0], end)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _refusal(self, child: subprocess.Popen[bytes]) -> DocumentError:
        """Returns why the child ended at a file."""
        code = child.wait()
        self._end()
        return DocumentError(why_ended(code, *self._bounds, late=self._late))

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        child.wait()


def why_ended(code: int, seconds: int, memory: int, *, late: bool) -> str:
    """Returns why a child with this exit code and these bounds ended at a file.

    `late`: it was ended when its time by the clock was over.
    """
    much = ""
    if late:
        much = f"{seconds:,} seconds"
    elif code == -SIGXCPU:
        much = f"{seconds:,} seconds of processor time"
    elif code == NO_MEMORY:
        much = (
            "the memory of this machine" if resource is None else f"{memory / 1e9:g} GB of memory"
        )
    if much:
        return (
            f"found pages that take more than {much} to read; expected fewer: split the file, or "
            "print it to PDF again"
        )
    if code in (-SIGKILL, -signal.SIGTERM):
        name = "SIGKILL" if code == -SIGKILL else "SIGTERM"
        return (
            f"found that the reader of PDF files was ended from outside ({name}); expected it to "
            "run: a system that is short of memory does so, so end other programs, and add the "
            "file again"
        )
    return (
        f"found a PDF that ends its reader (exit code {code}); expected a whole file: print it to "
        "PDF again"
    )


@cache
def pdf_child() -> PdfChild:
    """Returns the one child of this process; it ends with it, since its input ends then."""
    return PdfChild()


def serve(most_seconds: int, most_memory: int) -> None:
    """Runs in the child: answers each file on standard input, until that ends."""
    _bound_memory(most_memory)
    try:
        while (content := _taken(sys.stdin.buffer)) is not None:
            _bound_time(most_seconds)
            _put(sys.stdout.buffer, msgspec.msgpack.encode(_answer_to(content)))
    except MemoryError:  # also of a file that is too long to be taken or answered
        sys.exit(NO_MEMORY)


def _answer_to(content: bytes) -> FileResult:
    from router.documents.readers.pdf import read_pdf

    try:
        reading = read_pdf(content)
    except DocumentError as error:
        return FileResult(refused=error.message)
    blocks = tuple(replace(block, text=_plain(block.text)) for block in reading.blocks)
    return FileResult(Reading(_plain(reading.title), blocks))


def _plain(text: str) -> str:
    """Returns a text without halves of characters, which no message holds."""
    return text.encode("utf-8", "replace").decode()


def _bound_memory(most: int) -> None:
    if resource is not None:
        _bound(resource.RLIMIT_AS, most)
        _bound(resource.RLIMIT_CORE, 0)  # the memory of a child that is killed holds a document


def _bound_time(most_seconds: int) -> None:
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        # The system kills a process that is over its time, whatever it is doing.
        _bound(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + most_seconds)


def _bound(which: int, most: int) -> None:
    """Lowers a bound of this process, where the system has it."""
    _, hardest = resource.getrlimit(which)
    if hardest != resource.RLIM_INFINITY:
        most = min(most, hardest)
    with suppress(ValueError, OSError):
        resource.setrlimit(which, (most, hardest))


def _put(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(len(content).to_bytes(_LENGTH, "big"))
    pipe.write(content)
    pipe.flush()


def _taken(pipe: IO[bytes]) -> bytes | None:
    """Returns the next message; None where the other side has ended."""
    length = pipe.read(_LENGTH)
    if len(length) < _LENGTH:
        return None
    size = int.from_bytes(length, "big")
    content = pipe.read(size)
    return content if len(content) == size else None
