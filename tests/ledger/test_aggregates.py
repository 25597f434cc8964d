"""All that a cell counts is in the sum of two cells, and stored ones are folded for all of it."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import pytest
from msgspec import inspect

from router.ledger.aggregates import Cell, SavingSums, Whole
from router.ledger.sql.migrations import versions
from router.stats.duration_histogram import DurationHistogram

COUNTS = (Cell, Whole, SavingSums)
MOMENTS = ("first_ms", "last_ms")
"""Are no counts: `Whole.saw` sets both of them."""


def one_of(kind: inspect.Type) -> object:
    """Returns a value of a field's type that is not the empty one."""
    if isinstance(kind, inspect.IntType):
        return 1
    if isinstance(kind, inspect.FloatType):
        return 1.0
    if isinstance(kind, inspect.StrType):
        return "a"
    if isinstance(kind, inspect.DictType):
        return {one_of(kind.key_type): one_of(kind.value_type)}
    if isinstance(kind, inspect.ListType):
        return [one_of(kind.item_type)] * 4
    if isinstance(kind, inspect.TupleType):
        return tuple(one_of(item) for item in kind.item_types)
    if isinstance(kind, inspect.UnionType):
        return one_of(next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
    assert isinstance(kind, inspect.StructType)
    if kind.cls is DurationHistogram:
        filled = DurationHistogram()
        filled.add(7.0)
        return filled
    count = next(field for field in kind.fields if isinstance(field.type, inspect.IntType))
    return kind.cls(**{count.name: 1})


def fields_of(counts: type) -> dict[str, inspect.Type]:
    kind = inspect.type_info(counts)
    assert isinstance(kind, inspect.StructType)
    return {field.name: field.type for field in kind.fields}


@pytest.mark.parametrize(
    ("counts", "name"),
    [(counts, name) for counts in COUNTS for name in fields_of(counts) if name not in MOMENTS],
)
def test_an_empty_cell_takes_over_each_count_of_another(counts: type, name: str) -> None:
    """A count that `merge` leaves out is 0 in every report over more than one tenant or day."""
    empty, filled = counts(), counts()
    value = one_of(fields_of(counts)[name])
    if isinstance(value, list):
        value = value[: len(getattr(empty, name)) or 1]  # of a fixed length, or of names
    setattr(filled, name, value)
    empty.merge(filled)
    assert getattr(empty, name) == value


FOLDED_FOR = ("0032_rollups_of_stated_costs", "44a7264b45b9c9f2")
"""The newest migration that has rows folded again, and the digest of the counts there are then."""


def counted() -> str:
    """Returns the digest of what cells count, by name."""
    names = [f"{counts.__name__}.{name}" for counts in COUNTS for name in sorted(fields_of(counts))]
    return blake2b(" ".join(names).encode(), digest_size=8).hexdigest()


def test_who_counts_something_more_has_stored_cells_added_up_anew() -> None:
    """Stored cells lack a new count until a migration calls `fold_again`. Write one, then note its
    name and the new digest here."""
    folder = Path(versions.__file__).parent
    folding = [
        path.stem for path in folder.rglob("0*.py") if "fold_again()" in path.read_text("utf-8")
    ]
    assert (max(folding), counted()) == FOLDED_FOR
