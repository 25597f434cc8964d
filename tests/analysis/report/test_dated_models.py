"""A provider names its model with a day; a report has one line for the model."""

from __future__ import annotations

from router.analysis.report.build import build_report
from router.analysis.report.figures import Report
from router.analysis.report.output.csv import report_csv
from router.analysis.report.output.json import report_object
from router.types import AttemptState, RequestRow
from tests.kits.books.report_rows import NOON_MS, a_row, an_attempt

ASKED, DATED = "gpt-4o-mini", "gpt-4o-mini-2024-07-18"


def report_of(*rows: RequestRow) -> Report:
    return build_report(rows, since_ms=None, until_ms=None, now_ms=NOON_MS)


def answered(number: int, model: str) -> RequestRow:
    """A request that failed once under the asked name, and was answered under this one."""
    made = an_attempt(f"req-{number:05d}", 2, 100, model=model)
    failed = an_attempt(
        f"req-{number:05d}",
        2,
        0,
        attempt_id=f"req-{number}-failed",
        model=ASKED,
        state=AttemptState.FAILED,
        error_code="upstream_unreachable",
    )
    return a_row(number, 2, model=model, attempts=[failed, made])


def test_one_model_has_one_line_whatever_day_its_provider_names() -> None:
    report = report_of(answered(0, DATED), answered(1, "gpt-4o-mini-2024-09-01"))
    [line] = report.tiers
    assert (line.model, line.figures.requests) == (ASKED, 2)
    assert [row.name for row in report.models] == [ASKED]
    assert line.tried == 2  # each request once, though its calls had two names


def test_the_days_stand_in_the_details_of_a_model() -> None:
    report = report_of(answered(0, DATED), answered(1, DATED), answered(2, ASKED))
    [note] = [note for note in report.notes if "several names" in note]
    assert note.startswith(f"{ASKED} at the tier llm is one model")
    assert f"{DATED} (2 requests, " in note
    assert f"{ASKED} (1 request, " in note
    [line] = report_object(report)["tiers"]
    assert line["names"] == [DATED, ASKED]
    assert f"tiers,2 / llm / {ASKED},names_1,{DATED}" in report_csv(report)


def test_the_only_name_of_a_model_stays_as_it_is() -> None:
    made = an_attempt("req-00000", 2, 100, model=DATED)
    report = report_of(a_row(0, 2, model=DATED, attempts=[made]))
    assert [line.model for line in report.tiers] == [DATED]
    assert not any("several names" in note for note in report.notes)


def test_a_version_that_is_no_day_is_another_model() -> None:
    rows = [
        a_row(n, 2, model=name, attempts=[an_attempt(f"req-{n:05d}", 2, 1, model=name)])
        for n, name in enumerate(("embed-v1", "embed-v2", "gpt-4o", "gpt-4o-mini"))
    ]
    assert len(report_of(*rows).tiers) == 4
