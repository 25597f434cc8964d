"""Reads text files that people write, as UTF-8. For other files the mistake names the line."""

from __future__ import annotations

from pathlib import Path

from router.errors import Mistake, PolicyError


def text_of(path: Path, wrong: type[PolicyError] = PolicyError) -> str:
    """Returns the file's text. Raises `wrong` when it cannot be read as UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = f"the byte 0x{error.object[error.start]:02x}, which is no UTF-8"
        expected = "UTF-8 text; save the file in that encoding"
        raise wrong((Mistake(str(path), line, "(top)", problem, expected),)) from error
    except FileNotFoundError as error:
        raise wrong((Mistake(str(path), 0, "(top)", "no such file", "a readable file"),)) from error
    except IsADirectoryError as error:
        raise wrong((Mistake(str(path), 0, "(top)", "a folder", "a file in it"),)) from error
    except OSError as error:
        problem = error.strerror or "a file that cannot be read"
        raise wrong((Mistake(str(path), 0, "(top)", problem, "a readable file"),)) from error
