"""A saving against one baseline hides no loss against another."""

from __future__ import annotations

from router.analysis.report.figures import Report
from router.types import Baselines
from tests.analysis.report.test_headline import everywhere
from tests.analysis.report.test_sections import report_of
from tests.kits.books.report_rows import USD, a_row, an_attempt
from tests.kits.changed import replace


def _asked_dearly(cheaper: int) -> Report:
    """Returns a report of 40 answers of $1 whose clients asked for a model of $2; level 2 would
    have cost `cheaper`."""
    rows = [
        replace(row, baselines=Baselines(2 * USD, all_level_2=cheaper))
        for row in (a_row(n, 1, attempts=[an_attempt("r", 1, USD)]) for n in range(40))
    ]
    return report_of(rows)


def test_a_saving_that_is_a_loss_by_another_baseline_says_so() -> None:
    told = "it cost $20.00 more (saved -100.0 %"
    assert all(told in text for text in everywhere(_asked_dearly(USD // 2)))
    assert told not in _asked_dearly(USD * 3 // 2).headline
