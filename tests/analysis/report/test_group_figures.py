"""Each figure of a group is in the totals of its tables, and in JSON and CSV."""

from __future__ import annotations

from dataclasses import fields

import pytest

from router.analysis.report.figures import GroupFigures
from router.analysis.report.output.json import report_object
from router.analysis.report.tables import PAYING_COLUMNS, chargeback, paying_rows, summed
from router.rendering.figures_in_words import Dollars
from tests.analysis.report.test_sections import report_of
from tests.kits.books.report_rows import a_day

NO_SUMS = ("p50_ms", "p95_ms")
"""Percentiles of groups do not add up."""


@pytest.mark.parametrize("name", [field.name for field in fields(GroupFigures)])
def test_a_total_has_the_sum_of_each_figure(name: str) -> None:
    group = GroupFigures(*[number for number, _ in enumerate(fields(GroupFigures), 1)])
    total = getattr(summed([group, group]), name)
    assert total == (None if name in NO_SUMS else 2 * getattr(group, name))


def test_json_has_each_figure_of_a_group() -> None:
    (tenant,) = report_object(report_of(a_day()))["tenants"]
    assert {field.name for field in fields(GroupFigures)} <= set(tenant)


def test_a_row_of_who_pays_has_a_cell_for_each_column() -> None:
    report = report_of(a_day())
    tables = chargeback(report)
    assert tables
    for table in tables:
        lengths = {len(row) for row in paying_rows(report, table, Dollars(report.places))}
        assert lengths == {1 + len(PAYING_COLUMNS)}
