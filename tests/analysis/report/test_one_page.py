"""The page that `tiergate report` prints first: paid, saved, how good, by whom; no more."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from router.analysis.report.build import Extra
from router.analysis.report.figures import Report
from router.analysis.report.output.one_page import ACCEPTED_OF, MOST_ROWS, print_page
from router.analysis.report.tables import money_of, named_rows, others, tier_rows
from router.types import SAFE_ANSWER_MODEL, Reason
from tests.analysis.report.test_sections import a_failure, report_of
from tests.kits.books.report_rows import USD, a_day, a_row, an_attempt
from tests.kits.changed import replace

A_PAGE = 60


def page(report: Report, *, exact: bool = False, width: int = 160) -> str:
    text = io.StringIO()
    print_page(report, Console(file=text, width=width, color_system=None), exact=exact)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def mixed() -> Report:
    tenants = [replace(row, tenant=f"tenant-{n % 9}") for n, row in enumerate(a_day(40, 12, 5))]
    return report_of([*tenants, a_failure(1)])


def table_of(text: str, title: str) -> list[list[str]]:
    """Returns the cells of a table's rows, its heading left out."""
    lines = text.partition(f"\n{title}")[2].partition("\n\n")[0].splitlines()
    return [re.split(r"\s{2,}", line.strip()) for line in lines[2:]]


def test_a_small_ledger_fits_one_page() -> None:
    """`tiergate report` printed 130 lines for 80 requests."""
    assert len(page(mixed()).splitlines()) <= A_PAGE


def test_what_was_paid_comes_before_what_was_saved() -> None:
    report = mixed()
    text = page(report, width=1_000)
    parts = (
        report.told.paid[0],
        "What was paid for",
        report.told.saved[0],
        "What each baseline would have cost",
        report.told.quality[0],
        "Who answered",
        "Who pays",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_page_says_why_its_baseline_is_named() -> None:
    assert "The first sentences name answering everything at level 2" in page(mixed(), width=400)
    asked = [replace(row, baselines=replace(row.baselines, requested_model=USD)) for row in a_day()]
    told = "The baseline is the models the clients asked for: without routing, those would have"
    assert told in page(report_of(asked), width=400)


def test_a_page_names_no_baseline_that_cannot_be_told() -> None:
    rows = table_of(page(mixed()), "What each baseline would have cost")
    assert [row[0] for row in rows] == ["All at level 2", "All at level 3"]
    assert "What each baseline" not in page(report_of([a_row(0), a_row(1)]))


def test_tables_of_a_page_add_up_where_others_are_one_row() -> None:
    rows = table_of(page(mixed(), exact=True), "Who pays")
    assert len(rows) == MOST_ROWS + 1
    *parts, total = rows
    assert parts[-1][0] == "(all others)"
    for place in (1, 5):
        assert sum(int(row[place]) for row in parts) == int(total[place])
    assert sum(round(float(row[3][1:].replace(",", "")) * 1e9) for row in parts) == round(
        float(total[3][1:]) * 1e9
    )
    for place in (2, 4):
        shares = [float(row[place][:-2]) for row in parts]
        assert sum(shares) == pytest.approx(100.0, abs=0.05 * len(shares) + 1e-9)


def test_a_page_with_questions_back_says_that_they_are_no_part_of_accepted() -> None:
    """Words of level 2 counted below "accepted", and a question of level 1 did not."""
    asked = a_row(900, reason=Reason.ASKED_FOR_SLOT.value)
    assert ACCEPTED_OF in page(report_of([*a_day(40, 12, 5), asked]), width=400)
    assert ACCEPTED_OF not in page(mixed(), width=400)


def test_tables_of_one_row_are_left_out() -> None:
    text = page(report_of([a_row(0), a_row(1)]))
    for title in ("What was paid for", "Who pays", "By day"):
        assert title not in text
    assert "Who answered" in text


def test_a_page_of_chosen_requests_says_so_at_once() -> None:
    report = report_of(a_day(), Extra(chosen=(("tenant", ("acme",)),)))
    assert "; only tenant acme; " in page(report).splitlines()[1]


def test_a_page_of_no_requests_is_its_sentence() -> None:
    lines = page(report_of([])).rstrip().splitlines()
    assert lines[0].startswith("No requests in this period")
    assert len(lines) < 6


def test_requests_without_a_reply_are_counted_by_their_reason() -> None:
    assert "Without a reply, by reason: 1 upstream unreachable." in page(mixed())


def test_a_dollar_or_more_has_two_decimals_beside_parts_of_a_cent() -> None:
    """A saving read $12.3456, beside one of $0.0042."""
    cheap = an_attempt("r", 2, 1_234_567)
    rows = [
        replace(
            a_row(n, 2, attempts=[cheap], request_id=f"c{n}"),
            baselines=replace(a_row(0).baselines, all_level_2=2_345_678, all_level_3=USD // 3),
        )
        for n in range(40)
    ]
    rows = table_of(page(report_of(rows)), "What each baseline would have cost")
    assert [row[1:4] for row in rows] == [
        ["$0.0938", "$0.0494", "$0.0444"],
        ["$13.33", "$0.0494", "$13.28"],
    ]


def test_a_model_of_which_nobody_measured_an_answer_has_no_share_of_accepted_ones() -> None:
    """0.0 % read as if all its answers were wrong."""
    rows = [
        *(a_row(n) for n in range(3)),
        *(a_row(10 + n, 3, verdict="unverified") for n in range(3)),
        a_row(20, 2, verdict="safe_answer", model=SAFE_ANSWER_MODEL),
    ]
    report = report_of(rows)
    answered = table_of(page(report), "Who answered")
    expected = {
        "approved-answers": "3 of 3, 100.0 %",
        "no model: an approved safe text": "0 of 1, words",
        "deep-1": "0 of 3, not measured",
    }
    assert {row[2]: row[-1] for row in answered[:-1]} == expected
    assert answered[-1][-1] == "3 of 7, 42.9 %"  # the sum of the lines above it
    tried = expected | {"mid-1": "—"}  # which answered nothing
    money = money_of(report, exact=False)
    assert {row[2]: row[8] for row in tier_rows(report, money)[:-1]} == tried
    models = next(entry for entry in others(report) if entry.title == "Models")
    assert {row[0]: row[6] for row in named_rows(report, models, money)[:-1]} == tried
