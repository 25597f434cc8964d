"""A saving says what of it is bills for calls from before the period."""

from __future__ import annotations

import json

import pytest

from router.analysis.report.build import Extra
from router.types import JsonText
from tests.analysis.report.test_defended import a_bill
from tests.analysis.report.test_sections import report_of
from tests.kits.books.report_rows import USD, a_row, an_attempt
from tests.kits.changed import replace


@pytest.mark.parametrize(
    ("answer", "billed", "told"),
    [
        (0, 20 * USD, "cost $5.00 more|and bills for earlier calls (+$20.00) are what makes it a "
         "loss: without them, $15.00 is saved."),
        (USD, -20 * USD, "saved $5.00|and bills for earlier calls (-$20.00) are what makes it a "
         "saving: without them, it cost $15.00 more."),
        (0, 2 * USD, "saved $13.00|and bills for earlier calls (+$2.00) are part of its cost."),
        (0, USD, "saved $14.00|."),  # less than a tenth changes no reader's mind
    ],
)  # fmt: skip
def test_bills_for_calls_of_before_do_not_turn_a_saving_unsaid(
    answer: int, billed: int, told: str
) -> None:
    """They are the money of other days, and say nothing about these requests."""
    rows = [a_row(n, 2, attempts=[an_attempt(f"r{n}", 1, answer)]) for n in range(30)]
    bill = a_bill(1, billed)
    record = {"reconciles": {"request_id": "old", "compared": ["all_level_2"]}}
    bill = replace(bill, record=JsonText(json.dumps(record)))
    report = report_of([*rows, bill], Extra(of_before=[bill]))
    difference, named = told.split("|")
    assert difference in report.told.saved[0]
    assert report.told.saved[0].endswith(named)
    own = report_of([*rows, bill]).told.saved[0]  # a bill for a call of the period is its own cost
    assert difference in own
    assert "earlier calls" not in own
