"""Makes the values of a row fit every database."""

from __future__ import annotations

import orjson

from router.ledger.row_values import Value

NUL_AS_JSON = b"\\u0000"
"""A row whose bytes lack this has no NUL, so one search replaces one in each text. A record may
contain it as ordinary text; then the texts are searched and stay as they are."""


def storable(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Returns the values without NUL: PostgreSQL's text cannot hold it, SQLite's tools cut at it.

    An upstream may send one; its row must not be lost for that.
    """
    try:
        if NUL_AS_JSON not in orjson.dumps(values):
            return values
    except TypeError:
        pass  # an integer beyond 64 bits, or text that is not valid Unicode: look at each text
    return tuple(v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in values)
