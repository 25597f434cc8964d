"""Breakdowns by name, waste, cache value, the fixed model, outcomes and the forecast."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.analysis.calendar import month_days
from router.analysis.report.breakdowns import MAX_DAYS, MAX_SHOWN
from router.analysis.report.build import Extra, build_report
from router.analysis.report.figures import Report
from router.analysis.report.forecast import MIN_DAYS, WEEKDAY_DAYS, forecast, t_975
from router.analysis.report.outcomes import measures, wilson
from router.analysis.report.savings import MIN_BLOCKS, block_intervals
from router.analysis.report.sentences import cache_line, fixed_line, forecast_line
from router.policy.schema import ReportSection
from router.types import (
    AttemptState,
    Baselines,
    CostBasis,
    JsonText,
    RequestRow,
    RequestState,
    Role,
    TrueOutcome,
)
from tests.kits.books.report_rows import NOON_MS, PRICES, USD, a_day, a_row, an_attempt
from tests.kits.changed import replace
from tests.kits.examples import examples

DAY_MS = 86_400_000
FIRST_MS = 1_793_471_400_000  # 1 November 2026, midnight in Kolkata


def report_of(rows: list[RequestRow], extra: Extra | None = None, now_ms: int = NOON_MS) -> Report:
    section, more = ReportSection(), extra or Extra()
    return build_report(
        rows, config=section, since_ms=None, until_ms=None, now_ms=now_ms, extra=more
    )


@pytest.mark.parametrize(
    ("tenants", "shown"), [(MAX_SHOWN, 20), (MAX_SHOWN + 1, 21), (MAX_SHOWN + 2, 21), (90, 21)]
)
def test_a_breakdown_shows_twenty_names_and_loses_nothing(tenants: int, shown: int) -> None:
    rows = [a_row(n, tenant=f"tenant-{n % tenants:03d}") for n in range(tenants * 2)]
    report = report_of(rows)
    assert len(report.tenants) == shown
    assert sum(tenant.figures.requests for tenant in report.tenants) == len(rows)
    assert sum(tenant.figures.spend_nano_usd for tenant in report.tenants) == report.spend_nano_usd
    left = tenants - MAX_SHOWN
    assert (report.tenants[-1].name == f"({left} others)") is (left > 1)


def test_rows_count_at_the_adapter_key_policy_and_model_that_they_had() -> None:
    call = an_attempt("r", 2, PRICES[2], adapter="legal-1")
    report = report_of([a_row(0, 2, attempts=[call], key_id="k9", policy_hash="def"), a_row(1)])
    assert [adapter.name for adapter in report.adapters] == ["legal-1", "(none)"]
    assert [key.name for key in report.keys] == ["k9", "key-1"]
    assert [policy.name for policy in report.policies] == ["test@def", "test@abc"]
    assert [model.name for model in report.models] == ["mid-1", "approved-answers"]


@pytest.mark.parametrize(("days", "names"), [(MAX_DAYS, "2026-11-03"), (MAX_DAYS + 1, "2026-11")])
def test_many_days_are_shown_by_month(days: int, names: str) -> None:
    rows = [a_row(n, created_at_ms=NOON_MS + n * DAY_MS) for n in range(days)]
    report = report_of(rows)
    assert report.days[0].name == names
    assert sum(day.figures.requests for day in report.days) == days


def test_a_day_of_another_zone_ends_at_its_own_midnight() -> None:
    late = int(datetime(2026, 10, 31, 23, 30, tzinfo=UTC).timestamp()) * 1000
    rows = [a_row(0, created_at_ms=late)]
    assert report_of(rows).days[0].name == "2026-10-31"
    berlin = report_of(rows, Extra(zone="Europe/Berlin"))
    assert berlin.days[0].name == "2026-11-01"
    assert berlin.headline.startswith("On 1 November 2026, ")


def test_each_wasted_call_counts_in_one_kind() -> None:
    calls = [
        an_attempt("r", 2, 60, state=AttemptState.FAILED, discarded=True),
        an_attempt("r", 2, 40, error_code="stream_cut", estimated=True),
        an_attempt("r", 2, 200, discarded=True),
        an_attempt("r", 2, 300, role=Role.SAMPLE),
        an_attempt("r", 3, 400),
    ]
    report = report_of([a_row(0, 3, attempts=calls)])
    assert [(w.kind.value, w.calls, w.spend_nano_usd) for w in report.waste] == [
        ("failed_calls", 2, 100),
        ("discarded_drafts", 1, 200),
        ("checks", 1, 300),
    ]


def test_an_answer_of_unknown_price_is_no_failed_call() -> None:
    call = an_attempt("r", 2, 0, state=AttemptState.UNKNOWN_COST, cost_basis=CostBasis.UNKNOWN)
    report = report_of([a_row(0, 2, attempts=[call], state=RequestState.UNKNOWN_COST)])
    assert sum(waste.calls for waste in report.waste) == 0


def test_a_call_that_a_budget_refused_is_no_call() -> None:
    refused = an_attempt(
        "r",
        2,
        0,
        state=AttemptState.RELEASED,
        cost_basis=CostBasis.OWN_COMPUTE,
        error_code="insufficient_quota",
    )
    report = report_of([a_row(0, 2, attempts=[refused, an_attempt("r", 1, 100)])])
    assert [(role.role, role.attempts) for role in report.roles] == [(Role.ANSWER, 1)]
    counted = {basis.basis: basis.attempts for basis in report.bases if basis.attempts}
    assert counted == {CostBasis.LIST_PRICE: 1}


def hit(number: int) -> RequestRow:
    call = an_attempt(f"h{number}", 2, 0, role=Role.CACHE)
    return a_row(number, 2, attempts=[call], reason="cache_hit")


def test_a_cache_hit_is_worth_the_mean_of_its_models_fresh_answers() -> None:
    report = report_of([a_row(0, 2), a_row(1, 2), *(hit(n) for n in range(2, 6))])
    assert report.cache.value_nano_usd == 4 * PRICES[2]
    assert "would have cost about $2.00" in cache_line(report.cache)


def test_cache_hits_without_a_fresh_answer_have_no_value_rather_than_none() -> None:
    report = report_of([hit(0), a_row(1, 1)])
    assert (report.cache.hits, report.cache.value_nano_usd) == (1, None)
    assert "unknown" in cache_line(report.cache)


def weighed(number: int, facts: list[dict[str, object]]) -> RequestRow:
    signals = {"domain": "legal", "request_type": "faq"}
    record = JsonText(json.dumps({"signals": signals, "facts": facts}))
    return a_row(number, 2, record=record, confidence=0.8)


CHEAP = {"answerer": "cheap", "p": 0.6, "cost_nano_usd": USD // 100}
GOOD = {"answerer": "good", "p": 0.7, "cost_nano_usd": USD // 2}
DEAR = {"answerer": "dear", "p": 0.9, "cost_nano_usd": 5 * USD}


def test_the_best_single_model_costs_no_more_than_routing_did() -> None:
    fixed = report_of([weighed(n, [CHEAP, GOOD, DEAR]) for n in range(30)]).fixed_model
    assert (fixed.answerer, fixed.p, fixed.own_p) == ("good", 0.7, 0.8)
    assert "expected to be right in 70.0 % of them" in fixed_line(fixed)


def test_a_model_that_lacks_what_a_request_needs_counts_as_wrong_there() -> None:
    unable = {**GOOD, "missing": ["tools"]}
    rows = [weighed(n, [CHEAP, unable if n % 2 else GOOD]) for n in range(30)]
    fixed = report_of(rows).fixed_model
    assert (fixed.answerer, fixed.p) == ("cheap", 0.6)


def test_a_model_of_unknown_price_is_no_single_model() -> None:
    unpriced = {"answerer": "free?", "p": 0.99, "cost_nano_usd": 0, "cost_basis": "unknown"}
    rows = [weighed(n, [GOOD, unpriced]) for n in range(30)]
    assert report_of(rows).fixed_model.answerer == "good"


def test_a_model_whose_chance_is_only_a_prior_is_no_single_model() -> None:
    guessed = {**GOOD, "answerer": "guessed", "p": 0.99, "p_source": "prior"}
    rows = [weighed(n, [GOOD, guessed]) for n in range(30)]
    fixed = report_of(rows).fixed_model
    assert fixed.answerer == "good"
    assert "of those whose chance is more than a prior and" in fixed_line(fixed)


@pytest.mark.parametrize("declined", [None, "nothing_to_resolve"])
@pytest.mark.parametrize("source", ["match", "known"])
def test_approved_answers_are_no_single_model(source: str, declined: str | None) -> None:
    shelf = {"answerer": "faq", "p": 0.9, "p_source": source, "declined": declined}
    guessed = {**GOOD, "answerer": "guessed", "p_source": "prior"}
    fixed = report_of([weighed(n, [shelf, guessed]) for n in range(30)]).fixed_model
    assert fixed.answerer is None
    assert "no model with a known price" in fixed.why


def test_requests_that_a_budget_refused_weigh_no_model() -> None:
    refused = [
        replace(
            weighed(n, [GOOD]),
            state=RequestState.FAILED,
            verdict="",
            cost_nano_usd=0,
            error_code="insufficient_quota",
        )
        for n in range(30, 90)
    ]
    fixed = report_of([*(weighed(n, [GOOD]) for n in range(30)), *refused]).fixed_model
    assert (fixed.requests, fixed.own_p) == (30, 0.8)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([weighed(n, [GOOD]) for n in range(29)], "29 requests have a record"),
        ([weighed(n, [CHEAP if n % 2 else GOOD]) for n in range(30)], "the policy changed"),
        ([weighed(n, [DEAR]) for n in range(30)], "would have cost more"),
        (a_day(), "0 requests have a record"),
    ],
)
def test_no_single_model_is_named_without_grounds(rows: list[RequestRow], why: str) -> None:
    fixed = report_of(rows).fixed_model
    assert fixed.answerer is None
    assert why in fixed_line(fixed)


@pytest.mark.parametrize(("blocks", "drawn"), [(MIN_BLOCKS - 1, False), (MIN_BLOCKS, True)])
def test_an_interval_by_blocks_needs_thirty(blocks: int, drawn: bool) -> None:
    rows = [a_row(n, 1 + n % 2, created_at_ms=NOON_MS + n * 900_000) for n in range(blocks)]
    rows += [replace(row, request_id=f"{row.request_id}b") for row in rows]
    saving = next(s for s in report_of(rows).savings if s.key == "all_level_2")
    assert saving.by_blocks is drawn
    assert saving.saved_interval is not None


def test_alike_requests_of_an_hour_widen_the_interval_by_blocks() -> None:
    rows = []
    for block in range(40):
        its = (1 + block % 2 for _ in range(25))
        rows += [
            a_row(block * 25 + n, level, created_at_ms=NOON_MS + block * 900_000 + n)
            for n, level in enumerate(its)
        ]
    saving = next(s for s in report_of(rows).savings if s.key == "all_level_2")
    assert saving.share_interval is not None
    assert saving.by_blocks
    width = saving.share_interval.high - saving.share_interval.low
    assert width > 0.2  # by requests it would be 0.06: half of 1,000 saved 98 %, half nothing


def test_intervals_by_blocks_repeat_and_hold_the_estimate() -> None:
    blocks = [(100 + n, 10 + n % 7) for n in range(500)]
    first, second = block_intervals(blocks), block_intervals(blocks)
    assert first == second
    assert first is not None
    saved = sum(base - own for base, own in blocks)
    assert first[0].low <= saved <= first[0].high


def test_what_nobody_measured_is_blank() -> None:
    told = measures([])
    assert [(one.value, one.count) for one in told] == [(None, 0)] * len(told)
    assert {one.key for one in told} >= {
        "accuracy", "first_contact_resolution", "resolution_minutes", "satisfaction", "loss_usd"
    }  # fmt: skip


def test_outcomes_are_rated_each_over_those_that_told_it() -> None:
    told = [
        TrueOutcome("a", correct=True, level=1),
        TrueOutcome("b", correct=False, loss_nano_usd=12_500_000_000, level=2),
    ]
    told += [
        TrueOutcome("c", csat=4.0, handle_minutes=3.0),
        TrueOutcome("d", resolved_first_contact=True),
    ]
    by_key = {measure.key: measure for measure in measures(told)}
    assert (by_key["accuracy"].value, by_key["accuracy"].count) == (0.5, 2)
    assert by_key["accuracy_level_2"].value == 0.0
    assert (by_key["satisfaction"].value, by_key["satisfaction"].interval) == (4.0, None)
    assert by_key["loss_usd"].value == 12.5
    assert by_key["first_contact_resolution"].count == 1


def test_notes_say_on_how_many_judgements_quality_rests() -> None:
    told = [TrueOutcome("a", correct=True)]
    report = report_of(a_day(), Extra(outcomes=told))
    assert "rests on the 1 that somebody judged" in report.notes[0]


@pytest.mark.parametrize(("right", "total"), [(0, 10), (5, 10), (10, 10), (970, 1000)])
def test_wilsons_interval_is_scipys(right: int, total: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    theirs = stats.binomtest(right, total).proportion_ci(method="wilson")
    ours = wilson(right, total)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def spend(first: date, days: int, nano: int = 10 * USD) -> dict[date, int]:
    begin = first.toordinal()
    return {date.fromordinal(begin + n): nano for n in range(days)}


def test_ten_dollars_a_day_come_to_three_hundred_in_a_month_of_thirty_days() -> None:
    first = date(2026, 11, 1)
    outlook = forecast(spend(first, 3), date(2026, 11, 4), first, None)
    assert (outlook.expected_nano_usd, outlook.spent_nano_usd) == (300 * USD, 30 * USD)
    assert outlook.low_nano_usd is outlook.high_nano_usd is None
    assert "(no interval, since the days before today do not differ)" in forecast_line(outlook)


@pytest.mark.parametrize(("days", "given"), [(MIN_DAYS - 1, False), (MIN_DAYS, True)])
def test_a_forecast_needs_three_complete_days(days: int, given: bool) -> None:
    first = date(2026, 11, 1)
    outlook = forecast(spend(first, days), date(2026, 11, 1 + days), first, None)
    assert (outlook.expected_nano_usd is not None) is given
    assert ("3 are needed" in forecast_line(outlook)) is not given


def test_weekends_count_as_weekends_once_two_weeks_are_known() -> None:
    first = date(2026, 11, 2)  # a Monday
    daily = {day: (10 * USD if day.weekday() < 5 else 0) for day in spend(first, WEEKDAY_DAYS)}
    outlook = forecast(daily, date(2026, 11, 16), first, None)
    assert outlook.expected_nano_usd == 21 * 10 * USD  # Mondays to Fridays from the 2nd on
    assert outlook.high_nano_usd is None


@pytest.mark.parametrize(
    ("today", "days"),
    [
        (date(2028, 2, 5), 29),
        (date(2026, 2, 5), 28),
        (date(2026, 12, 5), 31),
        (date(2026, 4, 5), 30),
    ],
)
def test_months_end_where_the_calendar_says(today: date, days: int) -> None:
    assert month_days(today) == days
    first = today.replace(day=1)
    outlook = forecast(spend(first, 4), today, first, None)
    assert outlook.expected_nano_usd == days * 10 * USD


def test_on_the_last_day_only_that_day_is_to_come() -> None:
    first, today = date(2026, 11, 1), date(2026, 11, 30)
    outlook = forecast(spend(first, 29), today, first, None)
    assert outlook.expected_nano_usd == 300 * USD


def test_a_forecast_is_never_below_what_was_spent() -> None:
    first, today = date(2026, 11, 1), date(2026, 11, 30)
    daily = {**spend(first, 29), today: 500 * USD}
    outlook = forecast(daily, today, first, None)
    assert outlook.expected_nano_usd == 790 * USD


@pytest.mark.parametrize("today_usd", [-40, 0, 4, 57, 900])
def test_a_dear_today_takes_nothing_from_the_days_after_it(today_usd: int) -> None:
    """Days of $4 and $6 by turns, and eighteen more after today at their mean."""
    first, today = date(2026, 11, 1), date(2026, 11, 12)
    daily = {day: (4 + 2 * (day.day % 2)) * USD for day in spend(first, 11)}
    daily[today] = today_usd * USD
    outlook = forecast(daily, today, first, None)
    before = sum(daily.values()) - daily[today]
    mean = before / 11
    expected = before + min(today_usd, 0) * USD + max(today_usd * USD, mean) + 18 * mean
    assert outlook.expected_nano_usd == pytest.approx(expected, abs=20)
    low, high = outlook.low_nano_usd, outlook.high_nano_usd
    assert low is not None
    assert high is not None
    assert sum(daily.values()) <= low < outlook.expected_nano_usd < high


def test_bills_that_give_money_back_do_not_forecast_more_of_it() -> None:
    first, today = date(2026, 11, 1), date(2026, 11, 8)
    daily = {**spend(first, 6), date(2026, 11, 7): -500 * USD}
    outlook = forecast(daily, today, first, None)
    assert outlook.expected_nano_usd == outlook.spent_nano_usd == -440 * USD
    assert outlook.low_nano_usd == -440 * USD


def test_a_period_that_begins_within_the_month_gets_no_forecast() -> None:
    first = date(2026, 11, 5)
    outlook = forecast(spend(first, 9), date(2026, 11, 15), first, first)
    assert "--since 2026-11-01" in forecast_line(outlook)


@pytest.mark.parametrize(
    ("since_ms", "lost", "begins"),
    [
        (FIRST_MS, 0, None),
        (FIRST_MS + 1, 0, "2026-11-02"),
        (FIRST_MS + DAY_MS // 2, 0, "2026-11-02"),
        (FIRST_MS, 3, "2026-11-02"),  # of the day that the period cuts in UTC
        (FIRST_MS - DAY_MS // 2, 3, "2026-11-02"),  # that day ends in November in Kolkata
        (FIRST_MS - DAY_MS, 3, None),  # what was purged is of October
    ],
)
def test_a_month_whose_first_hours_are_missing_gets_no_forecast(
    since_ms: int, lost: int, begins: str | None
) -> None:
    """Its spend so far would be too low: a part of the first day is in no figure."""
    rows = [a_row(n, created_at_ms=FIRST_MS + n * DAY_MS // 2) for n in range(20)]
    outlook = build_report(
        rows,
        config=ReportSection(),
        since_ms=since_ms,
        until_ms=None,
        now_ms=FIRST_MS + 10 * DAY_MS,
        extra=Extra(zone="Asia/Kolkata", lost=lost),
    ).forecast
    told = "" if begins is None else f"the first whole day of the report is {begins}, after"
    assert outlook.why.startswith(told)
    assert (outlook.expected_nano_usd is None) is bool(told)


@pytest.mark.parametrize(("lost", "told"), [(0, False), (1, True)])
def test_a_report_of_chosen_requests_that_lacks_purged_ones_gets_no_forecast(
    lost: int, told: bool
) -> None:
    rows = [a_row(n, created_at_ms=FIRST_MS + n * DAY_MS // 2) for n in range(20)]
    extra = Extra(by_rows=True, lost=lost)
    line = forecast_line(report_of(rows, extra, FIRST_MS + 10 * DAY_MS).forecast)
    assert ("none, because up to 1 purged request is in no figure" in line) is told


def test_a_period_that_is_over_gets_no_forecast() -> None:
    report = build_report(
        a_day(), config=ReportSection(), since_ms=None, until_ms=NOON_MS, now_ms=NOON_MS + 1
    )
    assert "the period is over" in forecast_line(report.forecast)


@given(st.integers(1, 400))
@examples(60)
def test_the_t_quantile_is_scipys(degrees: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert t_975(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), abs=2e-3)


def test_the_prediction_interval_covers_about_as_often_as_it_says() -> None:
    import random

    chance, covered = random.Random(3), 0
    first, today = date(2026, 11, 1), date(2026, 11, 13)
    for _ in range(300):
        daily = {day: round(chance.gauss(100, 15) * USD) for day in spend(first, 30)}
        outlook = forecast({d: n for d, n in daily.items() if d < today}, today, first, None)
        assert outlook.low_nano_usd is not None
        assert outlook.high_nano_usd is not None
        covered += outlook.low_nano_usd <= sum(daily.values()) <= outlook.high_nano_usd
    assert 274 <= covered <= 296  # 285 expected, standard deviation 3.8


def test_failed_requests_have_no_model() -> None:
    report = report_of([a_row(0, state=RequestState.FAILED, baselines=Baselines())])
    assert report.models[0].name == "(not answered)"
