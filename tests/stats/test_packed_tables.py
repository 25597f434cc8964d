"""Tables as bytes: they read as the tables of floats do, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from router.stats.ngrams import (
    BUCKETS,
    Grams,
    PackedTable,
    columns_of,
    in_floats,
    joined,
    summed,
    table_of,
)

RNG = np.random.default_rng(5)


def packed(columns: int, tables: int = 1) -> PackedTable:
    steps = RNG.integers(-127, 128, (tables * BUCKETS, columns), dtype=np.int8)
    return PackedTable(steps, RNG.random((tables, columns), np.float32))


def whole(table: PackedTable) -> np.ndarray:
    """Multiplies each table by its scale at once."""
    tables, columns = table.scale.shape
    steps = table.steps.reshape(tables, BUCKETS, columns).astype(np.float32)
    return (steps * table.scale[:, None]).reshape(-1, columns)


@pytest.mark.parametrize(("columns", "tables"), [(1, 1), (7, 1), (9, 3)])
def test_a_text_is_read_as_by_the_table_of_floats(columns: int, tables: int) -> None:
    table = packed(columns, tables)
    buckets = RNG.choice(tables * BUCKETS, 60, replace=False).astype(np.int32)
    text = Grams.of([(buckets, RNG.random(60, np.float32))])
    assert np.array_equal(summed(text, table), summed(text, whole(table)))
    assert np.array_equal(table.floats(), whole(table))


def test_one_of_several_tables_reads_as_its_rows_do() -> None:
    tables = packed(4, 3)
    for several in (tables, whole(tables)):
        rows = whole(tables)[BUCKETS : 2 * BUCKETS]
        assert np.array_equal(in_floats(table_of(several, 1)), rows)


def test_joined_tables_read_as_each_of_them() -> None:
    first, last = packed(3), packed(2)
    table = joined([(first, 3), (None, 4), (last, 2)])
    assert isinstance(table, PackedTable)
    for own, chosen in ((first, slice(0, 3)), (last, slice(7, 9))):
        assert np.array_equal(in_floats(columns_of(table, chosen)), whole(own))
    assert not in_floats(columns_of(table, slice(3, 7))).any()


def test_a_table_just_fitted_joins_packed_ones_as_floats() -> None:
    fitted, loaded = RNG.random((BUCKETS, 2), np.float32), packed(3)
    table = joined([(fitted, 2), (loaded, 3)])
    assert isinstance(table, np.ndarray)
    assert np.array_equal(table, np.concatenate([fitted, whole(loaded)], axis=1))


def test_heads_without_tables_join_to_none() -> None:
    assert joined([(None, 2), (None, 3)]) is None
