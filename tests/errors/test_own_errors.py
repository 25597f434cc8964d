"""Copies of an error by which several requests fail."""

from __future__ import annotations

from router.errors import BudgetExceeded, LedgerUnavailable, TiergateError


def test_a_request_notes_nothing_in_the_error_of_another() -> None:
    shared = LedgerUnavailable("the disk is full")
    shared.__cause__ = OSError(28, "No space left on device")
    one, other = shared.own(), shared.own()
    one.request_id, one.first = "1", "Call 112 now."
    assert (other.request_id, other.first, shared.first) == ("", "", "")
    assert other.__cause__ is shared.__cause__


def test_a_copy_has_all_that_its_class_added() -> None:
    error = BudgetExceeded("too much", limit="usd_per_day", scope="tenant", retry_after_s=3.0)
    copied: TiergateError = error.own()
    assert type(copied) is BudgetExceeded
    assert vars(copied) == vars(error)
    assert (str(copied), copied.told) == (str(error), error.told)
