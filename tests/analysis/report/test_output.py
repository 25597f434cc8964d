"""The report's four forms: what each says first, what stays stable, and hostile names."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from router.analysis.report.build import NOTHING_MORE, build_report, build_reports
from router.analysis.report.figures import Report
from router.analysis.report.output.csv import report_csv
from router.analysis.report.output.html import OPENED, report_html
from router.analysis.report.output.json import report_json, report_object
from router.analysis.report.output.row_json import rows_json
from router.analysis.report.output.text import print_report
from router.policy.schema import ReportSection
from router.rendering.markup import el
from router.rendering.terminal_parts import Sheet, bar
from router.types import CostBasis, RequestRow
from tests.kits.books.report_rows import NOON_MS, USD, a_day, a_row, an_attempt
from tests.kits.changed import replace
from tests.kits.examples import examples

HOSTILE = "</title><script>alert(1)</script>\"' onload=x [red]&amp;\x1b[31m\x00=cmd()"


def report_of(rows: list[RequestRow]) -> Report:
    section = ReportSection(people_usd_per_request=8.0)
    return build_report(rows, config=section, since_ms=None, until_ms=None, now_ms=NOON_MS)


def terminal(report: Report, width: int = 120) -> str:
    text = io.StringIO()
    print_report(report, Console(file=text, width=width, color_system=None))
    return text.getvalue()


@pytest.fixture(scope="module")
def day() -> Report:
    return report_of(a_day())


@pytest.fixture(scope="module")
def hostile() -> Report:
    call = an_attempt("r", 2, 0, model=HOSTILE, tier=HOSTILE, cost_basis=CostBasis.UNKNOWN)
    row = a_row(1, 2, attempts=[call], tier=HOSTILE, model=HOSTILE, request_id=HOSTILE)
    return report_of([row, a_row(2)])


def test_the_terminal_says_the_sentence_before_the_tables(day: Report) -> None:
    text = terminal(day, width=400)
    parts = (*day.sentences, "Savings", "Tiers", "Spend per tier")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_the_terminal_leaves_out_sections_that_say_nothing() -> None:
    """A report of two requests had more than 100 lines."""
    text = terminal(report_of([a_row(0), a_row(1)]), width=160)
    for title in ("Waste", "Share per level", "Spend per tier"):
        assert f"\n{title}" not in text
    assert "Not measured: Answers that were right; Resolved at first contact; " in text
    assert text.count("ot measured") == 1
    # One domain and one type repeat the whole; so does the model of the only tier.
    assert not re.search(r"^(Domains|Request types|Models|Outcomes)", text, re.MULTILINE)
    assert "discarded spend" not in text
    assert "not admitted" not in text.partition("Words of this report")[0]
    full = terminal(report_of(a_day()), width=160)
    assert all(title in full for title in ("Share per level", "Spend per tier"))


def test_the_terminal_shows_models_where_the_tiers_have_other_rows() -> None:
    """Two tiers with a model each have the rows of the models; a model of two tiers has not."""
    twins = [a_row(0), a_row(1, 2), replace(a_row(2, 2), tier="other")]
    assert "\nModels " in terminal(report_of([*twins, a_row(3)]), width=160)
    assert "\nModels " not in terminal(report_of([a_row(0), a_row(1, 2)]), width=160)


def test_the_terminal_shows_no_tables_of_no_requests() -> None:
    lines = terminal(report_of([])).rstrip().splitlines()
    assert lines[0].startswith("No requests in this period")
    assert lines[-1].endswith("latency of replies p50 \N{EM DASH}, p95 \N{EM DASH}")
    assert len(lines) < 6


def test_reports_with_few_names_and_with_all_come_of_one_pass() -> None:
    rows = [replace(a_row(n, 2), tenant=f"tenant-{n}") for n in range(5)]
    times = {"since_ms": None, "until_ms": None, "now_ms": NOON_MS}
    few, every = build_reports(iter(rows), (2, None), config=None, extra=NOTHING_MORE, **times)
    assert [one.name for one in few.tenants] == ["tenant-0", "tenant-1", "(3 others)"]
    assert [one.name for one in every.tenants] == [f"tenant-{n}" for n in range(5)]
    assert few.sentences == every.sentences


def test_two_models_of_a_tier_have_their_names_beside_their_spend() -> None:
    calls = [an_attempt("r", 2, 0, model=model) for model in ("small", "large")]
    rows = [a_row(n, 2, attempts=[one], model=one.model) for n, one in enumerate(calls)]
    spend = terminal(report_of([*rows, a_row(2)]), width=400).partition("Spend per tier")[2]
    assert f"{rows[0].tier} · small" in spend
    assert f"{rows[0].tier} · large" in spend


def test_the_terminal_prints_names_as_they_are(hostile: Report) -> None:
    text = terminal(hostile, width=400)
    assert "[red]" in text
    assert "\x1b" not in text


def test_the_terminal_fits_eighty_columns(day: Report) -> None:
    assert max(map(len, terminal(day, width=80).splitlines())) <= 80


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_figure_is_cut_in_a_narrow_terminal(day: Report, width: int) -> None:
    figures = re.compile(r"\$[\d,.]+|[\d.,]+ (?:ms|s|%)|\d+ of \d[\d,]*")
    narrow, wide = terminal(day, width), terminal(day, 400)
    cells = {figure for line in wide.splitlines() for figure in figures.findall(line)}
    lines = "\n".join(narrow.splitlines())
    sentence = day.headline + " ".join((*day.assumptions, *day.notes))
    assert [cell for cell in cells if cell not in lines and cell not in sentence] == []


def test_a_table_that_is_too_wide_goes_on_below_with_its_names() -> None:
    sheet = Sheet("Wide", ("name", "first", "second"))
    sheet.add(("a", "1,000,000,000", "2,000,000,000"))
    text = io.StringIO()
    Console(file=text, width=24, color_system=None).print(sheet)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    assert lines == [
        "Wide",
        "name          first",
        "a     1,000,000,000",
        "Wide, continued",
        "name         second",
        "a     2,000,000,000",
    ]


def test_a_bar_marks_the_plan() -> None:
    assert bar(0.5, width=4) == "██  "
    assert bar(0.5, 0.75, width=4) == "██ │"


def test_json_has_money_as_integer_with_an_exact_string(day: Report) -> None:
    parsed = orjson.loads(report_json(day))
    assert parsed["spend_nano_usd"] == 55 * USD
    assert parsed["spend_usd"] == "55.00"
    assert [s["baseline"] for s in parsed["savings"]] == [
        "requested_model",
        "all_level_2",
        "all_level_3",
        "people",
    ]
    assert parsed["savings"][0]["saved_nano_usd"] is None


def test_json_keys_are_stable(day: Report) -> None:
    assert list(report_object(day)) == [
        "schema", "headline", "sentences", "period", "filters", "headline_baseline",
        "not_told_because", "saved_left_nano_usd", "saved_left_usd", "shown_places", "requests",
        "states", "verdicts", "replies",
        "replies_told", "waiting", "quality", "accepted_on", "escalated", "lowest_level",
        "climbed", "single_level", "reviews", "cache_hits", "observed", "spend_nano_usd",
        "spend_usd",
        "discarded_nano_usd", "discarded_usd",
        "unattributed_nano_usd", "unattributed_usd", "latency", "levels", "tiers", "domains",
        "request_types", "tenants", "keys", "tags", "each_tag", "endpoints", "models", "adapters",
        "policies", "days", "escalation_reasons", "reasons", "unanswered", "roles", "cost_bases",
        "savings", "observed_savings", "waste", "cache", "fixed_model", "outcomes", "forecast",
        "unknown_cost", "estimated_cost", "corrected_later", "provider", "assumptions", "notes",
    ]  # fmt: skip


def test_csv_is_tidy(day: Report) -> None:
    lines = list(csv.reader(io.StringIO(report_csv(day))))
    assert lines[0] == ["section", "key", "metric", "value"]
    assert all(len(line) == 4 for line in lines)
    figures = {(a, b, c): d for a, b, c, d in lines[1:]}
    assert len(figures) == len(lines) - 1
    assert figures["savings", "all_level_3", "saved_usd"] == "5170.00"
    assert figures["savings", "requested_model", "saved_usd"] == ""
    assert figures["tiers", "1 / resolve / approved-answers", "requests"] == "1000"


def test_csv_disarms_formulas() -> None:
    report = report_of([a_row(0, 2, attempts=[an_attempt("r", 2, 0, cost_basis=CostBasis.UNKNOWN)],
                              request_id="=HYPERLINK(1)")])  # fmt: skip
    assert "'=HYPERLINK(1)" in report_csv(report)


def test_csv_keeps_negative_numbers_as_numbers() -> None:
    from msgspec.structs import replace

    from router.types import Baselines

    report = report_of([replace(a_row(0, 3), baselines=Baselines(all_level_2=1))])
    values = [line[3] for line in csv.reader(io.StringIO(report_csv(report)))]
    assert str(1 - 5 * USD) in values


def test_html_is_well_formed(day: Report, hostile: Report) -> None:
    for report in (day, hostile, report_of([])):
        assert ET.fromstring(report_html(report)).tag == "html"


def test_escalated_share_names_the_requests_that_it_is_of(day: Report) -> None:
    page = report_html(day)
    assert "<dt>Above level 1</dt>" in page
    assert "45 of 1,045 replies, at once or after another tier" in page


def test_each_folded_section_says_beside_its_title_what_it_holds(day: Report) -> None:
    page = report_html(day)
    folded = re.findall(r"<details><summary><h2>([^<]+)</h2>(<small>)?", page)
    assert len(folded) > 8
    assert [title for title, gist in folded if not gist] == []
    assert not {title for title, _ in folded} & {*OPENED}


def test_page_sets_the_first_sentence_as_its_title_over_the_others(day: Report) -> None:
    """Its title was a paragraph of six lines in bold letters."""
    titled = ET.fromstring(report_html(day)).find("body/header")
    assert titled is not None
    texts = [e.text for e in titled.iter() if e.tag == "h1" or e.get("class") == "verdict"]
    subjects = [one.text for one in titled.findall("dl[@class='told']/div/dt")]
    assert subjects == ["Savings", "Quality"]  # all that there is to say of the spend is the title
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts if text] == [*day.sentences]
    assert len(day.sentences) == 4


def test_html_refers_to_nothing_outside(day: Report, hostile: Report) -> None:
    for report in (day, hostile):
        page = report_html(report)
        names = {e.tag.split("}")[-1] for e in ET.fromstring(page).iter()}
        assert not names & {"script", "link", "img", "iframe", "object", "image", "use", "a"}
        assert "url(" not in page
        assert "@import" not in page
        addresses = set(re.findall(r"https?://[^\"'\s<]+", page))
        assert addresses <= {"http://www.w3.org/2000/svg"}


def test_html_escapes_every_name(hostile: Report) -> None:
    page = report_html(hostile)
    assert "<script" not in page
    assert "&lt;/title&gt;&lt;script&gt;" in page


def test_html_has_a_titled_chart_beside_every_table(day: Report) -> None:
    root = ET.fromstring(report_html(day))
    svg = "{http://www.w3.org/2000/svg}"
    charts = [e for e in root.iter(f"{svg}svg") if e.get("role") == "img"]
    assert len(charts) == 6
    for chart in charts:
        assert chart.find(f"{svg}title") is not None
        assert chart.find(f"{svg}desc") is not None
    assert all(table.find("caption") is not None for table in root.iter("table"))


def test_html_ids_are_unique(day: Report) -> None:
    ids = re.findall(r'\bid="([^"]+)"', report_html(day))
    assert len(ids) == len(set(ids))


def test_html_prints_the_assumptions_under_the_savings(day: Report) -> None:
    page = report_html(day)
    at = page.index("token counts of the answer that was returned")
    assert page.index("Savings against each baseline") < at < page.index("<h2>Tiers</h2>")


def test_html_folds_savings_of_which_none_is_known(day: Report) -> None:
    def opening(report: Report) -> str:
        return report_html(report).partition("<h2>Savings</h2>")[0].rpartition("<details")[2]

    unknown = [replace(saving, saved_nano_usd=None) for saving in day.savings]
    assert "open" in opening(day)
    assert "open" not in opening(replace(day, savings=tuple(unknown)))


@given(st.text(), st.text())
@examples(60)
def test_markup_is_well_formed_for_any_text(text: str, value: str) -> None:
    made = ET.fromstring(el("p", text, title=value).encode("utf-8", "replace"))
    assert len(made) == 0


def test_a_row_is_one_line_of_json() -> None:
    line = rows_json(a_row(3, 2, tags=("a\nb",)))
    assert b"\n" not in line
    parsed = orjson.loads(line)
    assert parsed["request_id"] == "req-00003"
    assert parsed["state"] == "settled"
    assert (parsed["tier"], parsed["tier_number"]) == ("llm", 2)
    assert parsed["cost_nano_usd"] == USD // 2
    assert parsed["domain"] == "customer_support"
    assert [a["role"] for a in parsed["attempts"]] == ["answer"]
    assert sum(a["cost_nano_usd"] for a in parsed["attempts"]) == parsed["cost_nano_usd"]


def test_a_row_at_an_unknown_price_has_a_null_cost() -> None:
    call = an_attempt("r", 2, 0, cost_basis=CostBasis.UNKNOWN)
    parsed = orjson.loads(rows_json(a_row(0, 2, attempts=[call])))
    assert parsed["cost_nano_usd"] is None
    assert parsed["attempts"][0]["cost_nano_usd"] is None
