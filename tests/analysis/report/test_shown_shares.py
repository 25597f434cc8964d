"""Shares that people read: the same wherever they stand, and accepted shares by one rule."""

from __future__ import annotations

import re

import pytest

from router.analysis.report.build import Extra
from router.analysis.report.output.html import report_html
from router.analysis.report.output.text import outcome_rows
from router.analysis.report.tables import (
    chargeback,
    level_shares,
    money_of,
    named_rows,
    others,
    paying_rows,
    tier_rows,
)
from router.rendering.figures_in_words import NOTHING
from router.types import SAFE_ANSWER_MODEL, RequestRow
from tests.analysis.report.test_output import terminal
from tests.analysis.report.test_sections import THEIRS, report_of
from tests.kits.books.report_rows import a_row

THIRDS = [a_row(n, 1 + n % 3) for n in range(9)]
PLANNED = Extra(policy_text=lambda _: THEIRS)


def test_a_share_reads_the_same_in_every_table() -> None:
    """19 of 42 requests were 45.3 % of the levels, and 45.2 % of the tiers below."""
    rows = [a_row(n, 1) for n in range(14)]
    rows += [a_row(20 + n, 2) for n in range(19)]
    rows += [words(50 + n, "medical") for n in range(9)]
    report = report_of(rows)
    shown = set(re.findall(r"45\.\d %", terminal(report))) | set(
        re.findall(r"45\.\d %", report_html(report))
    )
    assert shown == {"45.2 %"}


def test_shown_shares_of_levels_are_the_same_in_table_and_chart() -> None:
    report = report_of(THIRDS, PLANNED)
    shares = [row[1] for row in outcome_rows(report) if row[0].startswith("Share of level")]
    assert shares == ["33.3 %"] * 3
    chart = terminal(report).partition("Share per level")[2].partition("\n\n")[0]
    assert re.findall(r"33\.\d %", chart) == shares
    assert level_shares(report.levels) == [0.333] * 3
    assert [level.share for level in report.levels] == [pytest.approx(1 / 3)] * 3


def test_a_share_beside_its_plan_is_off_by_what_is_shown() -> None:
    page = report_html(report_of(THIRDS, PLANNED))
    assert "33.3 %, plan 50.0 %" in page
    table = page.partition("Share against the plan")[2].partition("</table>")[0]
    assert re.findall(r"33\.\d %", table) == ["33.3 %"] * 3
    assert re.findall(r"[+-]\d+\.\d pp", table) == ["-16.7 pp", "+3.3 pp", "+13.3 pp"]


def words(n: int, domain: str) -> RequestRow:
    return a_row(n, 3, domain=domain, verdict="safe_answer", model=SAFE_ANSWER_MODEL)


def test_every_table_has_one_rule_for_the_accepted_share() -> None:
    """Safe texts had a dash on the first page, and 0.0 % in `--all` by domain and in totals."""
    unmeasured = a_row(30, 3, domain="legal", verdict="unverified")
    rows = [*(words(n, "medical") for n in range(3)), unmeasured]
    report = report_of(rows)
    money = money_of(report, exact=False)
    domains = next(entry for entry in chargeback(report) if entry.title == "Domains")
    accepted = {row[0]: row[6] for row in paying_rows(report, domains, money)}
    alone, total = "0 of 1, not measured", "0 of 4, not measured"
    assert accepted == {"medical": "0 of 3, words", "legal": alone, "Total": total}
    assert {row[8] for row in tier_rows(report, money)} == {"0 of 3, words", alone, total}
    models = next(entry for entry in others(report) if entry.title == "Models")
    assert {row[6] for row in named_rows(report, models, money)} == {"0 of 3, words", alone, total}
    only = report_of(rows[:3])
    accepted_rows = {row[8] for row in tier_rows(only, money)}
    assert accepted_rows == {"0 of 3, words", NOTHING}
