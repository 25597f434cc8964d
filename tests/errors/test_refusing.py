"""Tests which errors say that a limit declined a request, and that every count of rows says so."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from router.errors import NOT_ADMITTED, REFUSED_CODES, Overloaded, TiergateError
from router.errors.refusing import codes_of, every_error
from router.ledger.aggregates import Ending
from router.ledger.row_reading import ending_of
from router.types import RequestState
from tests.kits.books.report_rows import a_row
from tests.kits.changed import replace
from tests.kits.checks.source_tree import sources

REFUSING = {
    "BudgetExceeded",
    "PriceUnknown",
    "RateLimited",
    "Overloaded",
    "LedgerFull",
    "NotCapable",
    "MaxCostTooLow",
    "UpstreamTooLong",
}


def ours() -> list[type[TiergateError]]:
    """Returns the classes of `router`: tests have some of their own."""
    return [error for error in every_error() if error.__module__.startswith("router.")]


def raised_codes() -> Iterator[tuple[str, str]]:
    """Yields the class and the code of each call in our code that gives a class another code."""
    names = {error.__name__ for error in ours()}
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                given = [word.value for word in node.keywords if word.arg == "code"]
                if node.func.id in names and given and isinstance(given[0], ast.Constant):
                    yield node.func.id, str(given[0].value)


def test_an_error_refuses_where_a_limit_declines_and_nothing_failed() -> None:
    assert {error.__name__ for error in ours() if error.refuses} == REFUSING


def test_no_code_both_refuses_and_fails() -> None:
    """A row has the code alone."""
    for error in ours():
        assert error.refuses == (error.code in REFUSED_CODES), error.__name__
        assert error.refuses or not error.other_codes, error.__name__


def test_an_error_that_refuses_names_each_code_that_it_is_raised_with() -> None:
    by_name = {error.__name__: error for error in ours()}
    raised = list(raised_codes())
    assert ("NotCapable", "residency") in raised
    for name, code in raised:
        if by_name[name].refuses:
            assert code in codes_of(by_name[name])
        else:
            assert code not in REFUSED_CODES, (name, code)
    for name, error in by_name.items():
        own = set(error.other_codes) if "other_codes" in vars(error) else set()
        assert own <= {code for raiser, code in raised if raiser == name}, name


@pytest.mark.parametrize("code", sorted(REFUSED_CODES))
def test_a_row_with_a_code_that_refuses_is_not_admitted_in_reports(code: str) -> None:
    row = replace(a_row(0, 2), state=RequestState.FAILED, verdict="", error_code=code)
    assert ending_of(row) is Ending.REFUSED


def test_a_call_that_was_not_made_is_another_thing_than_a_refusal() -> None:
    """A store that does not answer is no limit, and a full answerer leaves room elsewhere."""
    stopped = {error.__name__ for error in ours() if issubclass(error, NOT_ADMITTED)}
    assert stopped - REFUSING == {"LedgerUnavailable", "RatesUnavailable"}
    assert not issubclass(Overloaded, NOT_ADMITTED)
