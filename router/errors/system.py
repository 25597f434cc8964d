"""Says in words what the system said, for messages that name the file themselves."""

from __future__ import annotations


def in_words(error: BaseException) -> str:
    """Returns what an error says, without the system's number and the path.

    >>> in_words(FileNotFoundError(2, "No such file or directory", "rows.jsonl"))
    'No such file or directory'
    >>> in_words(ValueError("no number"))
    'no number'
    >>> in_words(UnicodeDecodeError("utf-8", b"a\\x86", 1, 2, "invalid start byte"))
    'the byte 0x86 at 1 is no UTF-8'
    """
    if isinstance(error, UnicodeDecodeError):
        return f"the byte 0x{error.object[error.start]:02x} at {error.start} is no UTF-8"
    return getattr(error, "strerror", None) or str(error)
