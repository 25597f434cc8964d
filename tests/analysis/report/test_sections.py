"""Sections of a report add up to the whole, in every form; names and quality come from the rows."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from router.analysis.report.build import Extra, build_report
from router.analysis.report.figures import Report
from router.analysis.report.output.csv import report_csv
from router.analysis.report.output.html import report_html
from router.analysis.report.output.json import report_json
from router.analysis.report.output.text import print_report
from router.errors import REFUSED_CODES
from router.ledger.aggregates import Cell, Ending, Kind, PlacedCell
from router.policy.schema import ReportSection
from router.types import (
    AttemptState,
    Baselines,
    CostBasis,
    JsonText,
    Reason,
    RequestRow,
    RequestState,
    Role,
    Verdict,
)
from tests.kits.books.report_rows import NOON_MS, PRICES, USD, a_day, a_row, an_attempt
from tests.kits.changed import replace
from tests.kits.examples import examples


def report_of(rows: Iterable[RequestRow], extra: Extra | None = None) -> Report:
    return build_report(rows, since_ms=None, until_ms=None, now_ms=NOON_MS, extra=extra or Extra())


def terminal(report: Report, *, exact: bool = False, words: bool = False) -> str:
    text = io.StringIO()
    console = Console(file=text, width=400, color_system=None)
    print_report(report, console, exact=exact, words=words)
    return text.getvalue()


def a_refusal(number: int = 0, needed: int = 500, left: int = 120, **changes: object) -> RequestRow:
    """A request that a budget refused: its worst case was above what was left."""
    note = {"limit": "day of tenant acme", "needed_nano_usd": needed, "left_nano_usd": left}
    call = an_attempt(
        f"no-{number}", 2, 0, state=AttemptState.RELEASED, error_code="insufficient_quota"
    )
    return replace(
        a_row(number, 2, attempts=[call], request_id=f"no-{number}"),
        state=RequestState.FAILED,
        verdict="",
        error_code="insufficient_quota",
        baselines=Baselines(),
        record=JsonText(json.dumps({"refusal": note})),
        **changes,
    )


def a_failure(number: int = 0, **changes: object) -> RequestRow:
    call = an_attempt(f"bad-{number}", 2, 0, state=AttemptState.FAILED)
    return replace(
        a_row(number, 2, attempts=[call], request_id=f"bad-{number}"),
        state=RequestState.FAILED,
        verdict="",
        error_code="upstream_unreachable",
        baselines=Baselines(),
        **changes,
    )


@st.composite
def rows_of_any_kind(draw: st.DrawFn) -> list[RequestRow]:
    rows = []
    codes = [*sorted(REFUSED_CODES), "upstream_error", "client_gone", ""]
    endpoints = ["chat.completions", "messages", "embeddings", "review", "shadow", "reconcile"]
    for number in range(draw(st.integers(0, 12))):
        level = draw(st.sampled_from([1, 2, 3]))
        prices = st.none() | st.integers(0, 10**10)
        calls = [
            an_attempt(
                f"r{number}",
                draw(st.sampled_from([1, 2, 3])),
                draw(st.integers(0, 10**10)),
                role=draw(st.sampled_from(Role)),
                state=draw(st.sampled_from(AttemptState)),
                cost_basis=draw(st.sampled_from(CostBasis)),
                discarded=draw(st.booleans()),
                adapter=draw(st.sampled_from(["", "legal"])),
            )
            for _ in range(draw(st.integers(0, 3)))
        ]
        rows.append(
            a_row(
                number,
                level,
                attempts=calls,
                state=draw(st.sampled_from(RequestState)),
                verdict=draw(st.sampled_from(["", *(v.value for v in Verdict)])),
                reason=draw(st.sampled_from([*Reason, "nonsense"])),
                reasons=tuple(draw(st.lists(st.sampled_from([r.value for r in Reason])))),
                domain=draw(st.sampled_from(["legal", "medical", "nonsense"])),
                request_type=draw(st.sampled_from(["faq", "coding", "nonsense"])),
                tenant=draw(st.sampled_from(["acme", "bolt"])),
                key_id=draw(st.sampled_from(["k1", "k2", "none"])),
                tags=tuple(draw(st.lists(st.sampled_from(["a", "b", "=c"]), max_size=3))),
                endpoint=draw(st.sampled_from(endpoints)),
                error_code=draw(st.sampled_from(codes)),
                model=draw(st.sampled_from(["", "mid-1", "deep-1"])),
                mode=draw(st.sampled_from(["route", "observe"])),
                created_at_ms=draw(st.sampled_from([NOON_MS, NOON_MS + 10**9, 10**17])),
                baselines=Baselines(draw(prices), draw(prices), draw(prices), draw(prices)),
            )
        )
    return rows


NAMED = (
    "tiers", "domains", "request_types", "tenants", "keys", "tags", "endpoints", "models",
    "adapters", "policies", "days",
)  # fmt: skip
"""Sections of JSON and CSV that hold each request once."""


@given(rows_of_any_kind())
@examples(100)
def test_every_section_adds_up_to_the_total(rows: list[RequestRow]) -> None:
    told = orjson.loads(report_json(report_of(rows)))
    requests, spend = told["requests"], told["spend_nano_usd"]
    assert spend == sum(row.cost_nano_usd for row in rows if row.state is not RequestState.OPEN)
    assert sum(one["requests"] for one in told["replies"]) == requests
    assert sum(one["spend_nano_usd"] for one in told["replies"]) == spend
    endings = {ending.value for ending in Ending}
    replied = sum(x["requests"] for x in told["replies"] if x["reply"] not in endings)
    none = ("question", "computed")
    asked = sum(x["requests"] for x in told["replies"] if x["reply"] in none)
    for section in NAMED:
        assert sum(one["requests"] for one in told[section]) == requests, section
        assert sum(one["spend_nano_usd"] for one in told[section]) == spend, section
        # Nobody accepts a question back, or labels and vectors, which could be nothing else.
        assert sum(one["judged"] for one in told[section]) == replied - asked, section
    assert sum(reason["first_requests"] for reason in told["reasons"]) == requests
    assert sum(reason["first_spend_nano_usd"] for reason in told["reasons"]) == spend
    assert (
        sum(escalation_reason["first_requests"] for escalation_reason in told["escalation_reasons"])
        == told["escalated"]
    )
    assert sum(one["requests"] for one in told["unanswered"]) == requests - replied
    assert sum(told["verdicts"].values()) == replied
    assert told["quality"]["answered"] <= replied
    for section in ("roles", "cost_bases"):
        total = sum(one["spend_nano_usd"] for one in told[section])
        assert total == spend - told["unattributed_nano_usd"], section


@given(rows_of_any_kind())
@examples(100)
def test_csv_has_the_sums_of_the_json(rows: list[RequestRow]) -> None:
    report = report_of(rows)
    told = orjson.loads(report_json(report))
    lines = list(csv.DictReader(io.StringIO(report_csv(report))))
    for section in (*NAMED, "reasons", "unanswered", "savings", "roles"):
        metric = "first_spend_nano_usd" if section == "reasons" else "spend_nano_usd"
        metric = "saved_nano_usd" if section == "savings" else metric
        found = [line for line in lines if (line["section"], line["metric"]) == (section, metric)]
        assert [one["value"] for one in found] == [
            "" if entry[metric] is None else str(entry[metric]) for entry in told[section]
        ], section


def money_in(text: str) -> int:
    """Nano-dollars of "$1,234.5"."""
    whole, _, rest = text.replace("$", "").replace(",", "").partition(".")
    sign = -1 if whole.startswith("-") else 1
    return sign * (abs(int(whole)) * USD + int(rest.ljust(9, "0")))


def tables_of(page: str) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Columns and rows by caption."""
    found = {}
    for table in ET.fromstring(page).iter("table"):
        caption = "".join(table.find("caption").itertext())  # type: ignore[union-attr]
        rows = [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]
        found[caption] = (rows[0], rows[1:])
    return found


SUMMED = {"Tiers", "Tenants", "Keys", "Tags", "Endpoints", "Domains", "Request types", "Models",
          "Adapters"}  # fmt: skip


@given(rows_of_any_kind())
@examples(20)
def test_tables_for_people_add_up_to_the_total_exactly(rows: list[RequestRow]) -> None:
    report = report_of(rows)
    for caption, (columns, lines) in tables_of(report_html(report, exact=True)).items():
        if caption not in SUMMED:
            continue
        at, last = columns.index("Spend"), lines[-1]
        assert last[0] == "Total"
        assert money_in(last[at]) == report.spend_nano_usd, caption
        assert sum(money_in(line[at]) for line in lines[:-1]) == report.spend_nano_usd, caption
        requests = columns.index("Requests")
        assert int(last[requests].replace(",", "")) == report.counts.requests


def test_the_terminal_shows_the_figures_of_the_page() -> None:
    rows = [
        *a_day(20, 5, 2),
        a_refusal(1, tags=("sales",)),
        a_failure(2),
        a_row(3, tags=("a", "b")),
    ]
    report = report_of(rows)
    text = " ".join(terminal(report, exact=True).split())
    for caption, (_, lines) in tables_of(report_html(report, exact=True)).items():
        if caption in SUMMED - {"Tiers"}:
            for line in lines:
                assert " ".join(line).lower() in text.lower(), caption


def test_sums_by_reason_have_the_failed_and_the_observed_requests() -> None:
    late = a_failure(9, reason="high_stakes", cost_nano_usd=7)
    report = report_of([*a_day(3, 2, 0), late, a_row(10, 2, mode="observe", reason="observed")])
    found = {row.reason: (row.first_requests, row.first_spend_nano_usd) for row in report.reasons}
    assert found["high_stakes"] == (1, 7)
    assert found["observed"] == (1, PRICES[2])
    assert found["lowest_expected_loss"] == (3, 3 * PRICES[1])
    assert [row.reason for row in report.escalation_reasons if row.first_requests] == [
        "low_confidence"
    ]


def test_the_rule_that_led_to_words_without_a_model_decided() -> None:
    """The report said that requests went above level 1 since no model may answer there."""
    words = a_row(9, 2, verdict="unverified", reason="no_model", reasons=("novel", "no_model"))
    report = report_of([*a_day(3, 0, 0), words])
    (raised,) = [row for row in report.escalation_reasons if row.first_requests]
    assert (raised.reason, raised.first_requests) == ("novel", 1)
    carried = {row.reason: row.any_requests for row in report.reasons}
    assert carried["no_model"] == 1


def test_money_of_reviews_has_a_line_among_the_reasons() -> None:
    call = an_attempt("v", 2, 40, role=Role.REVIEW)
    review = a_row(1, 2, attempts=[call], endpoint="review", reason="", verdict="")
    report = report_of([a_row(0), review])
    found = {row.reason: (row.first_requests, row.first_spend_nano_usd) for row in report.reasons}
    assert found == {"lowest_expected_loss": (1, PRICES[1]), "(review)": (0, 40)}
    assert sum(model.figures.spend_nano_usd for model in report.models) == report.spend_nano_usd


def test_a_request_counts_once_under_all_its_tags_together() -> None:
    rows = [
        a_row(0, tags=("b", "a")),
        a_row(1, tags=("a", "b", "a")),
        a_row(2, tags=("a",)),
        a_row(3),
    ]
    report = report_of(rows)
    assert {tag.name: tag.figures.requests for tag in report.tags} == {
        "a + b": 2,
        "a": 1,
        "(no tag)": 1,
    }
    assert {one.name: one.figures.requests for one in report.each_tag} == {"a": 3, "b": 2}


def test_a_payer_that_comes_after_many_others_has_its_line() -> None:
    rows = [
        a_row(n, tenant=f"t{n}", key_id=f"k{n}", tags=("team", f"ticket-{n}")) for n in range(400)
    ]
    late = [a_row(400 + n, 3, tenant="late", key_id="late", tags=("late",)) for n in range(2)]
    report = report_of([*rows, *late])
    for lines in (report.tenants, report.keys, report.tags):
        assert (lines[0].name, lines[0].figures.requests) == ("late", 2)
    assert {one.name: one.figures.requests for one in report.each_tag}["team"] == 400


def test_tags_that_share_one_sum_have_a_line_among_single_tags() -> None:
    others = PlacedCell(Kind.TAG, 0, "acme", "(other)", Cell(requests=7, spend_nano_usd=70))
    report = report_of([a_row(0, tags=("a",))], Extra(cells=(others,)))
    assert {one.name: one.figures.requests for one in report.each_tag} == {"a": 1, "(other)": 7}


@pytest.mark.parametrize("tags", [3, 300])
def test_names_beyond_twenty_are_one_line_of_tags(tags: int) -> None:
    report = report_of([a_row(n, tags=(f"team-{n % tags}",)) for n in range(tags * 2)])
    assert len(report.tags) == min(tags, 21)
    assert sum(tag.figures.requests for tag in report.tags) == tags * 2


def test_keys_are_shown_by_name_with_the_id_where_two_share_one() -> None:
    names = {"k1": "ci", "k2": "app", "k3": "app"}
    rows = [a_row(n, key_id=key) for n, key in enumerate(["k1", "k2", "k3", "k4", "none"])]
    report = report_of(rows, Extra(key_names=names))
    assert {one.name: one.shown for one in report.keys} == {
        "k1": "ci", "k2": "app (k2)", "k3": "app (k3)", "k4": "k4", "none": "(no key)",
    }  # fmt: skip


def test_refused_requests_are_told_apart_from_failed_ones_with_what_was_missing() -> None:
    report = report_of([a_row(0), a_refusal(1), a_refusal(2, needed=1_000), a_failure(3)])
    refused, failed = report.endings
    assert (refused.ending, refused.code, refused.requests) == ("refused", "insufficient_quota", 2)
    assert (refused.told, refused.short_nano_usd) == (2, 380 + 880)
    assert (failed.ending, failed.code, failed.requests) == ("failed", "upstream_unreachable", 1)
    assert (report.tenants[0].figures.refused, report.tenants[0].figures.failed) == (2, 1)
    text = terminal(report)
    assert "1 answered, 1 failed, 2 refused by a limit" in text


def test_a_refusal_that_does_not_say_what_was_missing_has_a_dash() -> None:
    row = replace(a_refusal(), error_code="rate_limit_exceeded", record=JsonText("{}"))
    (ending,) = report_of([row]).endings
    assert (ending.ending, ending.told) == ("refused", 0)
    (told,) = orjson.loads(report_json(report_of([row])))["unanswered"]
    assert told["short_nano_usd"] is None


THEIRS = """
version: 1
name: theirs
tiers:
  - {name: llm, level: 2, answerers: [{name: mid-9, kind: upstream}]}
  - {name: deep, level: 3, answerers: [{name: deep-9, kind: upstream}]}
report: {level_3: deep-8, people_usd_per_request: 99, planned_shares: {1: 0.5, 2: 0.3, 3: 0.2}}
"""


def test_baselines_are_named_by_the_policy_that_decided_the_rows() -> None:
    rows = [
        replace(row, baselines=replace(row.baselines, people=6 * USD)) for row in a_day(40, 4, 1)
    ]
    ours = ReportSection(level_2="ours-2", level_3="ours-3", people_usd_per_request=8.0)
    kept = Extra(policy_text={"abc": THEIRS}.get)
    report = build_report(
        rows, config=ours, since_ms=None, until_ms=None, now_ms=NOON_MS, extra=kept
    )
    assert [saving.label for saving in report.savings] == [
        "The model the client asked for",
        "All at level 2 (mid-9)",
        "All at level 3 (deep-8)",
        "People at $6.00 a request",
    ]
    assert [level.planned for level in report.levels] == [0.5, 0.3, 0.2]
    assert "Share per level against the plan" in terminal(report)
    assert "Share against the plan" in report_html(report)


def test_a_report_without_a_plan_shows_none() -> None:
    report = report_of(a_day(40, 4, 1))
    for shown in (terminal(report), report_html(report)):
        assert "Share per level" in shown
        assert "plan" not in shown.lower().replace("explan", "")


def test_baselines_of_two_policies_have_both_names() -> None:
    other = THEIRS.replace("mid-9", "mid-7")
    rows = [a_row(0, 2), a_row(1, 2), a_row(2, 2, policy_hash="def")]
    report = report_of(rows, Extra(policy_text={"abc": THEIRS, "def": other}.get))
    assert report.savings[1].label == "All at level 2 (mid-9, mid-7)"


def test_a_baseline_names_the_models_that_versions_of_a_policy_gave_its_answerer() -> None:
    """Both sides of a rollout have an answerer of one name; their prices are in one sum."""
    base = THEIRS.replace("name: mid-9", "name: mid, model: small-1")
    tried = base.replace("small-1", "small-2")
    rows = [a_row(0, 2), a_row(1, 2), a_row(2, 2, policy_hash="def")]
    report = report_of(rows, Extra(policy_text={"abc": base, "def": tried}.get))
    assert report.savings[1].label == "All at level 2 (mid with small-1, mid with small-2)"
    report = report_of(rows, Extra(policy_text={"abc": base, "def": base}.get))
    assert report.savings[1].label == "All at level 2 (mid)"


@pytest.mark.parametrize(
    "text", [None, "", "[]", "tiers: 5", "report: {level_2: '${MODEL}'}", "a: ["]
)
def test_a_policy_that_nobody_kept_or_can_read_names_nothing(text: str | None) -> None:
    report = report_of([a_row(0, 2)], Extra(policy_text=lambda _: text))
    assert [saving.label for saving in report.savings] == [
        "The model the client asked for", "All at level 2", "All at level 3", "People",
    ]  # fmt: skip


def test_people_are_priced_as_the_rows_say_even_where_prices_changed() -> None:
    rows = [replace(a_row(n), baselines=Baselines(people=(5 + n) * USD)) for n in range(2)]
    assert report_of(rows).savings[3].label == "People at $5.50 a request on average"


def test_a_model_that_only_failed_is_under_models_as_under_tiers() -> None:
    """Its calls may have cost money, so a table of models must name it."""
    call = an_attempt("r", 2, 0, state=AttemptState.FAILED, error_code="upstream_error")
    rows = [a_row(0), replace(a_failure(1), attempts=(replace(call, model="broken-1"),))]
    report = report_of(rows)
    assert "broken-1" in {tier.model for tier in report.tiers}
    (named,) = [row.figures for row in report.models if row.name == "broken-1"]
    assert (named.requests, named.spend_nano_usd) == (0, 0)


def test_spend_per_tier_leaves_out_what_has_only_calls_of_its_own() -> None:
    """What reading took is spend of the tier that answered: $0.0000 would deny its own calls."""
    reading = an_attempt("r", 1, 33, role=Role.TRIAGE, tier="triage", model="reader")
    reading = replace(reading, level=0)
    answer = an_attempt("r", 1, PRICES[1])
    report = report_of([a_row(0, 1, attempts=[answer, reading]), a_row(1, 2)])
    tiers, _, charts = terminal(report).partition("Spend per tier")
    assert "triage" in tiers
    assert "llm" in charts
    assert "triage" not in charts.partition("\u00b7")[0]


def test_columns_of_payers_count_clients_that_left_as_the_sentence_does_not() -> None:
    gone = replace(a_failure(1), state=RequestState.CANCELLED)
    text = terminal(report_of([a_row(0), gone, a_failure(2), a_row(3, tenant="globex")]))
    assert "2 answered, 1 failed, 1 cancelled by the client" in text
    assert "failed or left" in text


def test_a_call_that_was_never_made_is_no_failed_call_and_no_discarded_one() -> None:
    """An answerer that could take no call, and a shadow that the budget refused, did nothing."""
    not_ready = an_attempt(
        "r", 2, 0, state=AttemptState.FAILED, error_code="answerer_not_ready", model="asleep"
    )
    refused = an_attempt(
        "s", 3, 0, role=Role.SHADOW, state=AttemptState.RELEASED,
        error_code="insufficient_quota", discarded=True,
    )  # fmt: skip
    shadow = a_row(1, 3, attempts=[refused], endpoint="shadow", cost_nano_usd=0)
    report = report_of([a_row(0, attempts=[not_ready, an_attempt("r", 1, PRICES[1])]), shadow])
    assert [waste.calls for waste in report.waste] == [0, 0, 0]
    assert {(role.role, role.attempts, role.discarded) for role in report.roles} == {
        (Role.ANSWER, 1, 0),
    }
    assert "asleep" not in {row.name for row in report.models}
