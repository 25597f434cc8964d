"""Reads the query of a list: only names that it knows, and the length of a page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from router.api.http.asgi import Scope
from router.errors import RequestError
from router.wire.checks import unsupported, wrong_value

MOST_FIELDS = 32
"""Of a query; lists know four."""
MOST_MODELS = 1_000
"""Of one page, as Anthropic allows; a client that states no limit gets all names."""


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


def models_page(scope: Scope, names: Sequence[str]) -> tuple[Sequence[str], bool]:
    """Returns the page of model names that Anthropic's clients ask for; True where more follow.

    It begins behind `after_id`, or ends before `before_id`, and has `limit` names. Other names of a
    query say nothing here. Raises RequestError for a limit or an id that is none.
    """
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
    for key in query.keys() & {"after_id", "before_id"}:
        if query[key] not in names:
            raise wrong_value(key, query[key][:200], "the id of a listed model")
    after, before = query.get("after_id"), query.get("before_id")
    begin = 0 if after is None else names.index(after) + 1
    end = len(names) if before is None else names.index(before)
    limit = limit_of(query, MOST_MODELS, MOST_MODELS) if "limit" in query else len(names)
    more = end - begin > limit
    if before is not None and after is None:
        return names[max(0, end - limit) : end], more
    return names[begin : min(end, begin + limit)], more
