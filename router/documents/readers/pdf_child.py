"""Reads PDF files in a child process whose processor time and memory are bounded.

pypdf is Python: one page of a few kilobytes may keep it busy for minutes, or ask for more memory
than there is, and nothing interrupts it in between. The child is started for the first file and
reads all that follow, so a small file costs no start of its own. It knows nothing of other formats.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from router.documents.pieces import Reading
from router.errors import DocumentError

MOST_SECONDS = 300
"""Processor time of one file: a book of 1,000 pages takes some twenty. A file of four kilobytes may
unpack and read a megabyte anew on each of 5,000 pages."""
MOST_MEMORY = 2_000_000_000
"""Address space of the child, in bytes: a file of the largest size takes about a fifth of it."""
NO_MEMORY = 3
"""Exit code of a child whose memory was not enough."""
_LENGTH = 8  # bytes before each message


class Answer(Struct):
    """Holds what came of one file: what was read, or why it was refused."""

    reading: Reading | None = None
    refused: str = ""


class PdfChild:
    """Holds the child; any thread may use it, one at a time."""

    def __init__(self, most_seconds: int = MOST_SECONDS, most_memory: int = MOST_MEMORY) -> None:
        self._bounds = most_seconds, most_memory
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def read(self, content: bytes) -> Reading:
        """Returns what the file says. Raises DocumentError, also where it takes too much."""
        with self._lock:
            child = self._running()
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                _put(child.stdin, content)
                answered = _taken(child.stdout)
            except BrokenPipeError:
                answered = None
            except BaseException:
                # Its answer would be taken for that of the next file.
                self._end()
                raise
            if answered is None:
                raise self._refusal(child)
        answer = msgspec.msgpack.decode(answered, type=Answer)
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

    def _refusal(self, child: subprocess.Popen[bytes]) -> DocumentError:
        """Returns why the child ended at a file."""
        code = child.wait()
        self._end()
        if code not in (-signal.SIGXCPU, -signal.SIGKILL, NO_MEMORY):
            return DocumentError(
                f"found a PDF that ends its reader (exit code {code}); expected a whole file: "
                "print it to PDF again"
            )
        seconds, memory = self._bounds
        return DocumentError(
            f"found pages that take more than {seconds:,} seconds of processor time or "
            f"{memory / 1e9:g} GB of memory to read; expected fewer: split the file, or print it "
            "to PDF again"
        )

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


@cache
def pdf_child() -> PdfChild:
    """Returns the one child of this process; it ends with it, since its input ends then."""
    return PdfChild()


def serve(most_seconds: int, most_memory: int) -> None:
    """Runs in the child: answers each file on standard input, until that ends."""
    _bound(resource.RLIMIT_AS, most_memory)
    _bound(resource.RLIMIT_CORE, 0)  # the memory of a child that is killed holds a document
    try:
        while (content := _taken(sys.stdin.buffer)) is not None:
            used = resource.getrusage(resource.RUSAGE_SELF)
            # The system kills a process that is over its time, whatever it is doing.
            _bound(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + most_seconds)
            _put(sys.stdout.buffer, msgspec.msgpack.encode(_answer_to(content)))
    except MemoryError:  # also of a file that is too long to be taken or answered
        sys.exit(NO_MEMORY)


def _answer_to(content: bytes) -> Answer:
    from router.documents.readers.pdf import read_pdf

    try:
        reading = read_pdf(content)
    except DocumentError as error:
        return Answer(refused=error.message)
    blocks = tuple(replace(block, text=_plain(block.text)) for block in reading.blocks)
    return Answer(Reading(_plain(reading.title), blocks))


def _plain(text: str) -> str:
    """Returns a text without halves of characters, which no message holds."""
    return text.encode("utf-8", "replace").decode()


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
