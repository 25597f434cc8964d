"""A plan's report in its four forms: what comes first, what stays stable, and hostile names."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET

import orjson
import pytest
from rich.console import Console

from router.plan.figures import PlanReport
from router.plan.output.html import plan_html
from router.plan.output.json import plan_csv, plan_json, plan_object
from router.plan.output.text import print_plan
from router.policy.loading import policies_dir
from router.rendering.figures_in_words import short_usd, whole_usd
from router.rendering.terminal_parts import stretch
from tests.kits.plan_kit import CROSSING, RICH, USD, report

HOSTILE = "</title><script>x</script>'[red]=cmd()"
LONG = "a general model with a name of sixty characters, no less, ok"


def named(text: str, name: str) -> PlanReport:
    quoted = orjson.dumps(name).decode()
    return report(text.replace("name: general", f"name: {quoted}").replace("all there is", quoted))


ZERO = CROSSING.replace("requests_per_day: 20000", "requests_per_day: 0")
LOSS = CROSSING.replace("list_price_usd: 0.0001", "list_price_usd: 1")
PLANS = {
    "rich": lambda: report(RICH),
    "small": lambda: report(CROSSING),
    "nothing comes": lambda: report(ZERO),
    "never": lambda: report(LOSS),
    "long name": lambda: named(RICH, LONG),
    "hostile": lambda: named(RICH.replace("name: large", f'name: "{HOSTILE}"'), HOSTILE),
}


@pytest.fixture(scope="module", params=PLANS, ids=lambda name: name.replace(" ", "-"))
def plan(request: pytest.FixtureRequest) -> PlanReport:
    return PLANS[request.param]()


@pytest.fixture(scope="module")
def rich_plan() -> PlanReport:
    return report(RICH)


def terminal(found: PlanReport, width: int) -> str:
    text = io.StringIO()
    print_plan(found, Console(file=text, width=width, color_system=None))
    return text.getvalue()


def test_the_terminal_says_the_sentence_then_the_table_then_assumptions_then_charts(
    rich_plan: PlanReport,
) -> None:
    text = terminal(rich_plan, 400)
    parts = (
        rich_plan.headline, *rich_plan.verdicts, "What it costs", "Where it breaks even",
        "Paid once", "Five years", "In all", rich_plan.assumptions[0], "What matters most",
    )  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_fits(plan: PlanReport, width: int) -> None:
    assert max(map(len, terminal(plan, width).splitlines())) <= width


def test_names_are_no_markup_of_the_terminal() -> None:
    assert "[red]" in terminal(PLANS["hostile"](), 400)


def test_a_stretch_has_its_mark() -> None:
    assert stretch(0.25, 0.75, 0.5, width=8) == "  ██│█  "
    assert stretch(0.75, 0.25, 0.5, width=8) == "  ██│█  "


@pytest.mark.parametrize(
    ("nano_usd", "whole", "short"),
    [
        (0, "$0.00", "$0.00"),
        (999_990_000_000, "$999.99", "$999.99"),
        (1_000 * USD, "$1,000", "$1.00k"),
        (12_345_678_900_000, "$12,346", "$12.3k"),
        (-13_000_000 * USD, "-$13,000,000", "-$13.0M"),
        (99_960_000 * USD, "$99,960,000", "$100M"),
        (2_000_000_000 * USD, "$2,000,000,000", "$2.00B"),
    ],
)
def test_large_sums_have_no_cents(nano_usd: int, whole: str, short: str) -> None:
    assert whole_usd(nano_usd) == whole
    assert short_usd(nano_usd) == short


def test_json_keys_are_stable(rich_plan: PlanReport) -> None:
    assert list(plan_object(rich_plan)) == [
        "schema", "name", "headline", "verdicts", "requests_per_day", "days_per_year",
        "discount_rate", "costs", "sums", "saved", "one_off", "break_even", "price_ratios",
        "years", "year_lines", "totals", "swing", "sensitivity", "assumptions",
    ]  # fmt: skip


def test_json_lines_sum_to_their_sums(plan: PlanReport) -> None:
    parsed = orjson.loads(plan_json(plan))
    for side in parsed["sums"]:
        for span in ("day", "month", "year"):
            lines = [line for line in parsed["costs"] if line["side"] == side["side"]]
            key = f"{span}_nano_usd"
            assert sum(line[key] for line in lines) == side[key]
    own = {year["year"]: year["own_nano_usd"] for year in parsed["years"]}
    for year, expected in own.items():
        lines = [line for line in parsed["year_lines"] if line["year"] == year]
        assert sum(line["cost_nano_usd"] for line in lines) == expected
    assert sum(own.values()) == parsed["totals"]["own_nano_usd"]


def test_json_has_null_where_there_is_no_figure() -> None:
    parsed = orjson.loads(plan_json(report(LOSS)))
    assert parsed["break_even"][0]["requests_per_month"] is None
    assert parsed["totals"]["internal_rate"] is None
    assert parsed["totals"]["return_on_one_off"] is None


def test_csv_is_tidy_with_unique_keys(plan: PlanReport) -> None:
    lines = list(csv.reader(io.StringIO(plan_csv(plan))))
    assert lines[0] == ["section", "key", "metric", "value"]
    assert all(len(line) == 4 for line in lines)
    assert len({tuple(line[:3]) for line in lines}) == len(lines)
    assert not [line for line in lines if line[3].startswith(("=", "{", "["))]


def test_csv_has_the_figures_of_the_json() -> None:
    figures = {
        tuple(line[:3]): line[3] for line in csv.reader(io.StringIO(plan_csv(report(CROSSING))))
    }
    assert figures["break_even", "running", "requests_per_month"] == "263158"
    assert figures["sums", "tiergate", "month_usd"] == "560.833333334"
    assert figures["sensitivity", "general price: general", "high"] == "$0.0024"


def test_html_is_well_formed(plan: PlanReport) -> None:
    assert ET.fromstring(plan_html(plan)).tag == "html"


def test_html_refers_to_nothing_outside(plan: PlanReport) -> None:
    page = plan_html(plan)
    names = {e.tag.split("}")[-1] for e in ET.fromstring(page).iter()}
    assert not names & {"script", "link", "img", "iframe", "object", "image", "use", "a"}
    assert set(re.findall(r"https?://[^\"'\s<]+", page)) <= {"http://www.w3.org/2000/svg"}


def test_html_has_titled_charts_with_unique_ids(plan: PlanReport) -> None:
    page = plan_html(plan)
    svg = "{http://www.w3.org/2000/svg}"
    charts = [e for e in ET.fromstring(page).iter(f"{svg}svg") if e.get("role") == "img"]
    assert len(charts) == 5
    assert all(
        chart.find(f"{svg}{part}") is not None for chart in charts for part in ("title", "desc")
    )
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_html_prints_the_assumptions_under_the_first_table(rich_plan: PlanReport) -> None:
    page = plan_html(rich_plan)
    at = page.index("What a wrong answer costs")
    assert page.index("<caption>What it costs") < at < page.index("<h2>Where it breaks even</h2>")


def test_the_saved_share_has_no_digits_of_rounded_lines() -> None:
    """A fifth of the price saves 0.8, not 0.7999999999998028."""
    mail = (policies_dir() / "plans" / "mail.yaml").read_text(encoding="utf-8")
    assert plan_object(report(mail))["saved"]["share"] == 0.8  # type: ignore[index]


def test_a_request_is_told_with_its_part_of_the_fixed_costs_too() -> None:
    """$18.44 a day for 20,000 requests are $0.000922 each, of which $0.0001 is the request's."""
    plan = report(CROSSING)
    assert plan.own.whole_request_nano_usd == pytest.approx(plan.own.day_nano_usd / 20_000)
    rows = terminal(plan, 160).splitlines()
    (whole,) = [row.split() for row in rows if row.startswith("Tiergate, together")]
    (more,) = [row.split() for row in rows if row.startswith("one more request")]
    assert (whole[2], more[-1]) == ("$0.000922", "$0.0001")
    assert "One more request, without fixed costs" in plan_html(plan)
    said = " ".join(plan.verdicts)
    assert "one more request, without fixed costs, costs $0.0001 with Tiergate" in said


def test_without_fixed_costs_a_request_has_one_cost() -> None:
    free = CROSSING.replace("usd_per_month: 500", "usd_per_month: 0")
    assert not any("one more request" in row for row in terminal(report(free), 160).splitlines())


def test_a_plan_says_beside_its_saving_that_equal_quality_is_assumed(
    rich_plan: PlanReport,
) -> None:
    assert "assumes that both ways answer equally well" in rich_plan.verdicts[-1]
    assert rich_plan.verdicts[-1] in terminal(rich_plan, 1_000)
