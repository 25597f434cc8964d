"""Turns rows into the cells of their columns and back, as `columns` lists them.

Both directions are put together once, when the module that needs them is loaded: a request row has
44 cells, and one is written for each request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from operator import itemgetter
from typing import Any, TypeVar

import orjson
from msgspec import Struct

from router.ledger.columns import Column, Kind

Value = str | int | float | None
Row = TypeVar("Row", bound=Struct)


@lru_cache(maxsize=1024)  # the same few lists of reasons come again and again
def json_list(items: tuple[str, ...]) -> str:
    """Returns a tuple of strings as the JSON text that a column holds."""
    return orjson.dumps(items).decode() if items else "[]"


def strings(text: str) -> tuple[str, ...]:
    """Reads what `json_list` wrote. Raises ValueError for a text that is not JSON."""
    return () if text == "[]" else tuple(orjson.loads(text))


def writer(columns: Sequence[Column]) -> Callable[[Any], tuple[Value, ...]]:
    """Returns a function that lays out a row in the cells of these columns, in their order.

    It is compiled from the names of the columns, as `dataclasses` compiles its methods.
    """
    # A loop over the kinds of the columns takes twice as long.
    cells = ", ".join(_cell(column) for column in columns)
    names = {"json_list": json_list, "isfinite": isfinite}
    values: Callable[[Any], tuple[Value, ...]] = eval(f"lambda row: ({cells},)", names)
    return values


def reader(
    row_type: type[Row], columns: Sequence[Column], parts: Mapping[str, type[Struct]]
) -> Callable[..., Row]:
    """Returns a function that makes a row from the cells of these columns.

    `parts` are the types of attributes that fill several columns, by name. The function takes the
    cells, of which more may follow, and then the row's last fields that no column holds.
    """
    count, positions = len(columns), {}
    changes = [(i, read) for i, column in enumerate(columns) if (read := _from_cell(column))]
    groups: list[tuple[Callable[[list[Any]], tuple[Any, ...]], type[Struct]]] = []
    for name, places in _places(columns).items():
        if name in parts:
            positions[name] = count + len(groups)
            groups.append((itemgetter(*places), parts[name]))
        else:
            positions[name] = places[0]
    pick = itemgetter(*(positions[name] for name in row_type.__struct_fields__[: len(positions)]))

    def row_from(row: Sequence[Value], *rest: object) -> Row:
        cells: list[Any] = list(row[:count])
        for i, read in changes:
            cells[i] = read(cells[i])
        for cells_of, part in groups:
            cells.append(part(*cells_of(cells)))
        return row_type(*pick(cells), *rest)

    return row_from


def _places(columns: Sequence[Column]) -> dict[str, list[int]]:
    """Returns the positions of each attribute's cells, in the order of the columns."""
    places: dict[str, list[int]] = {}
    for i, column in enumerate(columns):
        places.setdefault((column.path or "").partition(".")[0], []).append(i)
    return places


def _cell(column: Column) -> str:
    """Returns the expression of a column's cell, of `row`."""
    assert column.path is not None, f"no row has {column.name}"
    attribute = f"row.{column.path}"
    if column.closed_set is not None:
        # `_value_` is read in C; the property `value` would call a Python function for each row.
        return f"{attribute}._value_"
    match column.kind:
        case Kind.FLAG:
            return f"int({attribute})"
        case Kind.WORD:
            return f"str({attribute})"
        case Kind.WORDS:
            return f"json_list({attribute})"
        case Kind.REAL:
            # Databases and JSON have no NaN, so that anything not finite becomes 0 or nothing.
            number = f"float({attribute}) if isfinite({attribute}) else"
            if column.nullable:
                return f"(None if {attribute} is None else {number} None)"
            return f"({number} 0.0)"
        case Kind.TEXT | Kind.WHOLE | Kind.SMALL:
            return attribute


def _from_cell(column: Column) -> Callable[[Any], object] | None:
    """Returns the function that makes an attribute of a cell; None where they are the same."""
    if column.closed_set is not None:
        return column.closed_set
    match column.kind:
        case Kind.FLAG:
            return bool
        case Kind.WORDS:
            return strings
        case _:
            return None
