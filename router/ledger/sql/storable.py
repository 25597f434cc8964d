"""Makes the values of a row fit every database."""

from __future__ import annotations

from router.ledger.row_values import Value


def storable(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Returns the values without NUL: PostgreSQL's text cannot hold it, SQLite's tools cut at it.

    An upstream may send one; its row must not be lost for that.
    """
    # Nearly no row has one, so all texts are searched as one.
    if "\0" not in "".join([value for value in values if isinstance(value, str)]):
        return values
    return tuple(v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in values)
