"""Reads the query of a list: only names that it knows, and the length of a page. Pure."""

from __future__ import annotations

from urllib.parse import parse_qsl

from router.api.http.asgi import Scope
from router.wire.checks import unsupported, wrong_value


def query_of(scope: Scope, known: tuple[str, ...]) -> dict[str, str]:
    """Returns the query's values by name. Raises RequestError for an unknown name."""
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), max_num_fields=32))
    for key in query:
        if key not in known:
            raise unsupported(key[:64], f"the list takes {', '.join(known)}")
    return query


def limit_of(query: dict[str, str], usual: int, most: int) -> int:
    """Returns the length of a page. Raises RequestError."""
    limit = query.get("limit", str(usual))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= most):
        raise wrong_value("limit", limit, f"a whole number from 1 to {most}")
    return int(limit)
