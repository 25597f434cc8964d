"""Texts of rows that some database cannot hold."""

from __future__ import annotations

import pytest

from router.ledger.books.operations import storable
from router.ledger.row_values import Value


@pytest.mark.parametrize(
    "values", [("a", 1, 0.5, None), ("\\u0000 as people write it",), (2**64,), ("\ud800",)]
)
def test_values_without_nul_stay_as_they_are(values: tuple[Value, ...]) -> None:
    assert storable(values) == values


@pytest.mark.parametrize("beside", [1, 2**64, "\ud800"])
def test_a_nul_is_replaced_whatever_stands_beside_it(beside: Value) -> None:
    assert storable(("a\0b", beside, None)) == ("a\ufffdb", beside, None)
