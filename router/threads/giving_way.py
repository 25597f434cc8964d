"""Gives the interpreter to others soon while a thread works for long.

A thread that computes keeps Python's lock for 5 ms once another asks for it, and a request asks for
it some ten times. So a request beside a policy that was being built took 70 ms.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

SOON_S = 0.0005


class _Workers:
    """Counts the threads that work for long; the interval is the whole interpreter's."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._working = 0
        self._usual_s = 0.0

    @contextmanager
    def inside(self) -> Iterator[None]:
        with self._guard:
            if not self._working:
                self._usual_s = sys.getswitchinterval()
                sys.setswitchinterval(min(SOON_S, self._usual_s))
            self._working += 1
        try:
            yield
        finally:
            with self._guard:
                self._working -= 1
                if not self._working:
                    sys.setswitchinterval(self._usual_s)


_WORKERS = _Workers()


def giving_way() -> AbstractContextManager[None]:
    """Returns a context in which threads that wait get the interpreter after SOON_S.

    >>> with giving_way(), giving_way():
    ...     sys.getswitchinterval()
    0.0005
    """
    return _WORKERS.inside()
