"""What a controller must be able to defend: losses, corrections, gaps in time, one word a thing."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest

from router.analysis.report.build import Extra
from router.analysis.report.figures import NamedFigures, Report
from router.analysis.report.output import charts
from router.analysis.report.output.csv import report_csv
from router.analysis.report.output.html import report_html
from router.analysis.report.output.json import report_object
from router.analysis.report.output.leads import SAVINGS_LEAD
from router.analysis.report.tables import chargeback, grounds_rows, paying_rows
from router.ledger.aggregates import Cell, Kind, PlacedCell, Whole
from router.rendering.figures_in_words import Dollars
from router.rendering.tidy_csv import tidy_csv
from router.types import (
    AttemptState,
    Baselines,
    JsonText,
    RequestRow,
    RequestState,
    Role,
    TrueOutcome,
)
from tests.analysis.report.test_sections import report_of, terminal
from tests.kits.books.report_rows import NOON_MS, USD, a_row, an_attempt
from tests.kits.changed import replace

DAY_MS = 86_400_000
CENTS = Dollars(2)


def a_bill(number: int, nano_usd: int, **changes: object) -> RequestRow:
    """A correction of an earlier call, booked like any."""
    request_id = f"reconcile-{number}"
    call = an_attempt(request_id, 2, nano_usd, role=Role.RECONCILE, price_version="bill")
    row = a_row(0, 2, attempts=[call], endpoint="reconcile", verdict="", reason="", reasons=())
    # Its record says what it corrects.
    record = JsonText(json.dumps({"reconciles": {"request_id": "old", "booked_nano_usd": USD}}))
    fields = {"request_id": request_id, "cost_nano_usd": nano_usd, "record": record}
    return replace(row, **(fields | changes))


def shapes(page: str, chart: str) -> list[ET.Element]:
    """The bars of one chart of the page."""
    namespace = "{http://www.w3.org/2000/svg}"
    found = [
        one
        for one in ET.fromstring(page).iter(f"{namespace}svg")
        if (one.get("aria-labelledby") or "").startswith(f"{chart}-")
    ]
    assert len(found) == 1, f"{len(found)} charts {chart}"
    bars = found[0].iter(f"{namespace}rect")
    return [bar for bar in bars if (bar.get("class") or "").startswith("bar")]


def test_a_loss_of_any_size_is_drawn_beside_a_gain() -> None:
    """Level 2 would have cost a hundredth of it, people a hundred times it."""
    priced = Baselines(all_level_2=USD // 200, people=50 * USD)
    rows = [replace(a_row(n, 2), baselines=priced) for n in range(40)]
    report = report_of(rows)
    page = report_html(report)
    assert [bar.get("class") for bar in shapes(page, "savings")] == ["bar loss", "bar"]
    assert "below -1,000 %" in page
    assert "A bar that reaches the left edge goes on beyond it." in page
    assert "below -1,000 %" in terminal(report)
    level_2 = next(one for one in report.savings if one.key == "all_level_2")
    assert level_2.saved_share == -99.0


@pytest.mark.parametrize("earlier_usd", [-30, -5])
def test_what_the_lead_says_is_not_drawn_is_all_that_is_not(earlier_usd: int) -> None:
    """Estimates of earlier calls, corrected, bring the own cost below 0: no share of it is told."""
    record = {"reconciles": {"estimated": True, "compared": ["all_level_2"], "booked_nano_usd": 1}}
    bill = a_bill(1, earlier_usd * USD, record=JsonText(json.dumps(record)))
    rows = [replace(a_row(n, 2), baselines=Baselines(all_level_2=USD)) for n in range(40)]
    report = report_of([*rows, bill])
    drawn = {one.key for one in charts.drawn_savings(report.savings)}
    assert drawn == ({"all_level_2"} if earlier_usd == -5 else set())
    assert "brought the own cost below zero" in SAVINGS_LEAD
    assert ("Saved share of each baseline" in report_html(report)) is bool(drawn)


@pytest.mark.parametrize(
    ("before", "calls"),
    [(2, "2 earlier calls"), (1, "2 calls (1 of them from before)"), (0, "2 calls")],
)
def test_corrections_of_calls_are_in_the_first_sentence_where_they_matter(
    before: int, calls: str
) -> None:
    """Those of the period's own calls are not called earlier ones."""
    rows = [a_row(n, 2) for n in range(4)]
    bills = [a_bill(1, -2 * USD), a_bill(2, -1 * USD)]
    first = report_of([*rows, *bills], Extra(of_before=bills[:before])).sentences[0]
    assert first.startswith(
        f"On 3 November 2026, 4 requests cost $2.00, and bills corrected {calls} by -$3.00, so the "
        "spend is -$1.00"
    )
    assert "-$" not in report_of([*rows, a_bill(1, -1)]).sentences[0]


def test_no_share_is_told_of_a_sum_that_corrections_made_negative() -> None:
    rows = [a_row(n, 2, verdict="unverified") for n in range(2)]
    rows += [a_row(2 + n, 2, tenant="bolt") for n in range(2)]
    report = report_of([*rows, a_bill(1, -30 * USD), replace(a_bill(2, -2 * USD), tenant="bolt")])
    assert report.spend_nano_usd < 0
    assert not any("of the spend" in sentence for sentence in report.sentences)
    tenants = next(one for one in chargeback(report) if one.title == "Tenants")
    assert {row[3] for row in paying_rows(report, tenants, CENTS)} == {"\N{EM DASH}"}
    assert {row[4] for row in grounds_rows(report, CENTS)} <= {"\N{EM DASH}"}
    page = report_html(report)
    assert ET.fromstring(page).tag == "html"
    assert "% of the spend" not in page


def test_no_part_is_more_than_the_sum_of_which_it_is_a_share() -> None:
    """$1.00 of a spend of $0.50: bills of earlier calls took the rest."""
    rows = [a_row(n, 2, verdict="unverified") for n in range(2)]
    report = report_of([*rows, a_bill(1, -USD // 2)])
    assert any("they cost $1.00." in sentence for sentence in report.sentences)


def test_csv_has_a_number_for_each_amount_below_zero() -> None:
    rows = [replace(a_row(n, 3), baselines=Baselines(all_level_2=USD)) for n in range(30)]
    report = report_of([*rows, a_bill(1, -USD)])
    lines = list(csv.DictReader(io.StringIO(report_csv(report))))
    amounts = {(x["section"], x["key"], x["metric"]): x["value"] for x in lines}
    assert amounts["savings", "all_level_2", "saved_usd"] == "-120.00"
    assert amounts["endpoints", "reconcile", "spend_usd"] == "-1.00"
    money = [x["value"] for x in lines if x["metric"].endswith("_usd") and x["value"]]
    assert all(float(value) is not None for value in money)


def test_csv_has_one_figure_a_line_and_no_object() -> None:
    shadow = replace(a_row(9, 3, endpoint="shadow"), state=RequestState.UNKNOWN_COST)
    report = report_of([*(a_row(n) for n in range(3)), shadow])
    lines = list(csv.DictReader(io.StringIO(report_csv(report))))
    assert not [x for x in lines if "{" in x["value"] or "[" in x["value"]]
    named = {(x["section"], x["key"], x["metric"]): x["value"] for x in lines}
    assert named["accepted_on", "unknown", "answers"] == "3"
    assert named["unknown_cost", "", "afterwards_shadow"] == "1"
    assert len(named) == len(lines)


@pytest.mark.parametrize(
    ("value", "cell"),
    [("-1.5", "-1.5"), ("-1+2", "'-1+2"), ("-x", "'-x"), ("+1", "'+1"), ("=1", "'=1"), (-2, "-2")],
)
def test_only_text_is_guarded_against_formulas(value: object, cell: str) -> None:
    assert tidy_csv({"name": value}, {}).splitlines()[1] == f"name,,name,{cell}"


def test_labels_and_vectors_are_no_answers_in_any_sentence() -> None:
    vectors = replace(a_row(0), endpoint="embeddings", baselines=Baselines(), reason="pinned")
    rows = [replace(vectors, request_id=f"v{n}") for n in range(70)]
    told = [TrueOutcome("v1", correct=True, level=0, reply="computed")]
    alone = report_of(rows, Extra(outcomes=told))
    assert "70 requests cost $0.70. What they got: 70 given labels or vectors." in alone.headline
    assert "answered" not in alone.headline
    assert "Of 1 label or vector that somebody judged, 0 were wrong." in alone.sentences
    answers = [a_row(200 + n, 2, verdict="unverified" if n < 3 else "accepted") for n in range(30)]
    both = report_of([*rows, *answers], Extra(outcomes=[*told, TrueOutcome("a", correct=False)]))
    assert "30 answered, 70 given labels or vectors" in both.sentences[1]
    assert "over the 30 answers" in both.headline
    assert "3 of 30 answers (10.0 %) went out marked unverified" in both.headline
    assert "1 of 1 answer that somebody judged was wrong" in both.headline
    assert (both.quality.answered, both.quality.accepted) == (30, 27)
    assert sum(one.answers for one in both.replies.grounds) == 27
    assert not any(one.key == "accuracy_level_0" for one in both.outcomes)


def test_labels_that_somebody_else_prices_are_compared_by_their_own_name() -> None:
    rows = [replace(a_row(n), endpoint="analyze") for n in range(40)]
    report = report_of(rows)
    assert "Against" in report.headline
    assert report.replies.compared_words == "labels or vectors"
    assert report.leading_saving is not None
    assert report.leading_saving.compared == report.replies.answers == 40


def test_sums_that_an_older_version_purged_tell_labels_apart_too() -> None:
    """It counted them as answers, and those without a price apart."""
    whole = Whole(
        replies={"answer": [50, 50 * USD, 48, 2]}, unrouted=[20, 5 * USD], verdicts={"accepted": 50}
    )
    whole.saw(NOON_MS)
    cell = Cell(requests=50, spend_nano_usd=50 * USD, whole=whole)
    placed = PlacedCell(Kind.WHOLE, NOON_MS - NOON_MS % DAY_MS, "acme", "", cell)
    report = report_of([], Extra(cells=[placed]))
    told = {one.name: (one.requests, one.spend_nano_usd) for one in report.replies.lines}
    assert told == {"answer": (30, 45 * USD), "computed": (20, 5 * USD)}
    assert (report.quality.answered, report.quality.accepted) == (30, 28)


def test_words_without_an_answer_that_somebody_judged_are_no_judged_answers() -> None:
    told = [TrueOutcome("a", correct=True, level=0, reply="declined")]
    told += [TrueOutcome("b", correct=False, level=2, reply="no_answer")]
    report = report_of([a_row(n) for n in range(3)], Extra(outcomes=told))
    assert "Nobody judged an answer that went out" in report.headline
    assert "Of 2 texts in place of an answer that clients judged, 1 was wrong." in report.sentences


def test_a_draft_behind_words_is_no_text_that_a_client_judged() -> None:
    told = [TrueOutcome("a", correct=False, draft=True, words=True, reply="no_answer")]
    report = report_of([a_row(n) for n in range(3)], Extra(outcomes=told))
    assert "Of 1 draft held back that people judged, 1 was wrong." in report.sentences
    assert not any("texts in place" in sentence for sentence in report.sentences)


def test_money_held_for_a_call_that_failed_is_no_discarded_draft() -> None:
    """A page of HTML: its cost is unknown, and nobody got anything for it."""
    failed = an_attempt(
        "r", 2, USD, error_code="upstream_invalid", state=AttemptState.UNKNOWN_COST, discarded=True
    )
    draft = an_attempt("r", 2, 3 * USD, discarded=True)
    rows = [
        replace(a_row(1, 2, attempts=[failed]), state=RequestState.UNKNOWN_COST, verdict=""),
        a_row(2, 3, attempts=[draft, an_attempt("r", 3, 5 * USD)]),
    ]
    report = report_of(rows)
    assert report.discarded_nano_usd == 3 * USD
    answer = next(one for one in report.roles if one.role is Role.ANSWER)
    assert (answer.attempts, answer.discarded, answer.discarded_nano_usd) == (3, 1, 3 * USD)
    assert "of it discarded $3.00" in terminal(report)
    assert {one.kind.value: one.spend_nano_usd for one in report.waste} == {
        "failed_calls": USD, "discarded_drafts": 3 * USD, "checks": 0,
    }  # fmt: skip


def days_of(*nano_by_name: tuple[str, int]) -> tuple[NamedFigures, ...]:
    figures = report_of([a_row()]).days[0].figures
    return tuple(NamedFigures(name, replace_spend(figures, nano)) for name, nano in nano_by_name)


def replace_spend(figures: object, nano_usd: int) -> object:
    import dataclasses

    return dataclasses.replace(figures, spend_nano_usd=nano_usd)  # type: ignore[type-var]


def columns(days: tuple[NamedFigures, ...]) -> list[tuple[str, float, float, str]]:
    """Title, top and height of each column, and its class."""
    drawn = ET.fromstring(str(charts.days_chart(days, CENTS)))
    namespace = "{http://www.w3.org/2000/svg}"
    groups = drawn.iter(f"{namespace}g")
    told = []
    for group in groups:
        title, bar = group.find(f"{namespace}title"), group.find(f"{namespace}rect")
        assert title is not None
        assert bar is not None
        y, height = float(bar.get("y") or -1), float(bar.get("height") or -1)
        told.append((title.text or "", y, height, bar.get("class") or ""))
    return told


def test_days_without_a_request_are_drawn_empty() -> None:
    drawn = columns(days_of(("2026-10-30", USD), ("2026-11-02", 3 * USD)))
    assert [title for title, *_ in drawn] == [
        "2026-10-30: $1.00, 1 request",
        "2026-10-31: $0.00, 0 requests",
        "2026-11-01: $0.00, 0 requests",
        "2026-11-02: $3.00, 1 request",
    ]
    assert [height for _, _, height, _ in drawn] == [50.0, 0.0, 0.0, 150.0]


def test_months_without_a_request_are_drawn_empty() -> None:
    drawn = columns(days_of(("2026-11", USD), ("2027-02", USD)))
    assert [title[:7] for title, *_ in drawn] == ["2026-11", "2026-12", "2027-01", "2027-02"]


def test_a_day_below_zero_hangs_from_the_line_of_zero() -> None:
    drawn = columns(days_of(("2026-11-01", 2 * USD), ("2026-11-02", -USD)))
    assert [(y, height, kind) for _, y, height, kind in drawn] == [
        (22.0, 100.0, "bar"),
        (122.0, 50.0, "bar loss"),
    ]


def test_days_of_a_clock_years_off_draw_no_thousands_of_columns() -> None:
    days = days_of(("1970-01-01", USD), ("2026-11-02", USD), ("(no date)", USD))
    assert [title[:10] for title, *_ in columns(days)] == ["1970-01-01", "2026-11-02", "(no date):"]
    assert not charts.draws_empty_days(days)


def test_bills_from_after_the_period_are_told_as_later() -> None:
    rows = [a_row(n, 2) for n in range(3)]
    later = [a_bill(1, -2 * USD, created_at_ms=NOON_MS + 30 * DAY_MS)]
    before, after = report_of(rows), report_of(rows, Extra(later=later))
    assert after.sentences[:-1] == before.sentences
    assert after.sentences[-1] == (
        "Since this period ended, bills have corrected 1 call of it by -$2.00. That is in no "
        "figure here: it is in the spend of 3 December 2026, when it was booked."
    )
    assert report_object(after)["corrected_later"] == {
        "calls": 1, "spend_nano_usd": -2 * USD, "spend_usd": "-2.00",
    }  # fmt: skip
    assert _figures(after) == _figures(before)


def _figures(report: Report) -> dict[str, object]:
    told = report_object(report)
    return {key: told[key] for key in told.keys() - {"headline", "sentences", "corrected_later"}}
