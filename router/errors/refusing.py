"""Lists the codes of errors that say that a limit declined a request, for all that count rows."""

from __future__ import annotations

from collections.abc import Iterator

# A class that is not defined yet would be missed.
from router.errors import admission, answerer, configuration, ledger, request  # noqa: F401
from router.errors.base import TiergateError


def every_error() -> Iterator[type[TiergateError]]:
    """Yields the classes that the tree has now, each before those below it."""
    return _below(TiergateError)


def codes_of(error: type[TiergateError]) -> tuple[str, ...]:
    """Returns the codes that an error of this class may have."""
    return (error.code, *error.other_codes)


def _below(error: type[TiergateError]) -> Iterator[type[TiergateError]]:
    yield error
    for one in error.__subclasses__():
        yield from _below(one)


REFUSED_CODES = frozenset(
    code for error in every_error() if error.refuses for code in codes_of(error)
)
"""Codes of errors by which a limit declines a request; all others say that something failed."""

IMPOSSIBLE_CODES = frozenset(
    code for error in (request.NotCapable, answerer.UpstreamTooLong) for code in codes_of(error)
)
"""Those of them that are no limit: what no answerer can do, or none that is allowed."""
