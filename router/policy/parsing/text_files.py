"""Reads files that people write: text as UTF-8, of regular files, of bounded size.

A pipe would keep its reader waiting, and a device or a huge file would fill the memory. For text
that is no UTF-8 the mistake names the line.
"""

from __future__ import annotations

import errno
import hashlib
import stat
from pathlib import Path

from router.errors import Mistake, PolicyError

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Bounds the texts, tables and heads of a policy. The largest shipped one has 1 MB."""
FOLDER = "a folder"
READABLE = f"a readable file of at most {MAX_FILE_BYTES:,} bytes"


def unusable(path: Path, most: int | None = MAX_FILE_BYTES) -> str | None:
    """Returns what a path is that no file may be; None for a usable file or none at all.

    `most` are bytes; None accepts any size.
    """
    try:
        state = path.stat()
    except OSError:
        return None  # whoever reads it says why it cannot be read
    return _fault(state.st_mode, state.st_size, most)


def absent(path: Path) -> str:
    """Returns what is there in place of a file that is not."""
    return "a link that leads to no file" if path.is_symlink() else "no such file"


def bytes_of(path: Path) -> bytes:
    """Returns the bytes of a regular file. Raises OSError, also for all that is `unusable`."""
    _require_usable(path, MAX_FILE_BYTES)
    return path.read_bytes()


def digest_of(path: Path, most: int | None = MAX_FILE_BYTES) -> bytes:
    """Returns the SHA-256 of a regular file, read in pieces.

    Raises OSError, also for all that is `unusable`.
    """
    _require_usable(path, most)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _require_usable(path: Path, most: int | None) -> None:
    state = path.stat()
    fault = _fault(state.st_mode, state.st_size, most)
    if fault is not None:
        raise OSError(0, fault, str(path))


def _fault(mode: int, size: int, most: int | None) -> str | None:
    if stat.S_ISDIR(mode):
        return FOLDER
    if not stat.S_ISREG(mode):
        return "a pipe, a socket or a device"
    if most is not None and size > most:
        return f"a file of {size:,} bytes"
    return None


def text_of(path: Path, wrong: type[PolicyError] = PolicyError) -> str:
    """Returns the file's text. Raises `wrong` when it cannot be read as UTF-8."""
    try:
        text = bytes_of(path).decode("utf-8")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = f"the byte 0x{error.object[error.start]:02x}, which is no UTF-8"
        expected = "UTF-8 text; save the file in that encoding"
        raise wrong((Mistake(str(path), line, "(top)", problem, expected),)) from error
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            problem = absent(path)
        else:
            problem = error.strerror or "a file that cannot be read"
        expected = "a file in it" if problem == FOLDER else READABLE
        raise wrong((Mistake(str(path), 0, "(top)", problem, expected),)) from error
