"""Reads the query of a list: only names that it knows, and the length of a page. Pure."""

from __future__ import annotations

from urllib.parse import parse_qsl

from router.api.http.asgi import Scope
from router.errors import RequestError
from router.wire.checks import unsupported, wrong_value

MOST_FIELDS = 32
"""Of a query; lists know four."""


def query_of(scope: Scope, known: tuple[str, ...]) -> dict[str, str]:
    """Returns the query's values by name. Raises RequestError for an unknown name or too many."""
    text = scope.get("query_string", b"").decode("latin-1")
    try:
        query = dict(parse_qsl(text, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise RequestError(f"The query has more than {MOST_FIELDS} fields; send fewer.") from error
    # A misspelt name that is ignored would list other things than wanted.
    for key in query:
        if key not in known:
            raise unsupported(key[:64], f"the list takes {', '.join(known)}")
    return query


def limit_of(query: dict[str, str], usual: int, most: int) -> int:
    """Returns the length of a page. Raises RequestError."""
    limit = query.get("limit", str(usual))
    whole = len(limit) < 10 and limit.isascii() and limit.isdigit()
    if not (whole and 1 <= int(limit) <= most):
        raise wrong_value("limit", limit, f"a whole number from 1 to {most}")
    return int(limit)
