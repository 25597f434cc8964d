"""Says in words what the system said, for messages that name the file themselves."""

from __future__ import annotations


def in_words(error: BaseException) -> str:
    """Returns what an error says, without the system's number and the path.

    >>> in_words(FileNotFoundError(2, "No such file or directory", "rows.jsonl"))
    'No such file or directory'
    >>> in_words(ValueError("no number"))
    'no number'
    """
    return getattr(error, "strerror", None) or str(error)
