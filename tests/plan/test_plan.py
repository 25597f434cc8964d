"""Tests the sums of a plan: worked by hand, in every case, and as properties of any plan."""

from __future__ import annotations

import os
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.money.price_book import PriceBook
from router.plan.build import build_plan
from router.plan.costs import monthly_savings, moved_over, own_per_request, year_lines
from router.plan.figures import Group, PlanReport
from router.plan.horizon import total, totals_of, years_of
from router.plan.inputs import PlanInputs
from router.plan.loading import find_plan, load_plan
from router.plan.present_value import Crossing
from router.policy.loading import policies_dir
from router.rendering.figures_in_words import saved_percent, usd
from tests.kits.changed import replace
from tests.kits.examples import examples
from tests.kits.plan_kit import CROSSING, RICH, USD, inputs, report


def shipped(name: str, *changes: str) -> PlanReport:
    book = PriceBook.named("default", os.environ, date(2026, 11, 20))
    return build_plan(load_plan(find_plan(name, policies_dir()), changes, book), book.find)


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def test_a_platform_day_costs_550_dollars_and_is_93_percent_under_8000() -> None:
    # 10,000 x $0.01 + 400 x $0.50 + 50 x $5.00 = 100 + 200 + 250
    policy = shipped("platform")
    assert [line.day_nano_usd for line in policy.own.lines] == [100 * USD, 200 * USD, 250 * USD]
    assert policy.own.day_nano_usd == 550 * USD
    assert policy.general.day_nano_usd == 8_000 * USD
    assert policy.saved_share == pytest.approx(0.93125)  # 1 - 550 / 8,000
    assert saved_percent(policy.saved_share) == "93.1 %"
    assert policy.own.year_nano_usd == 200_750 * USD  # 365 days
    assert policy.headline.startswith("10,450 requests cost $550.00 a day ($16,729.17 a month)")


def test_100000_mails_read_three_times_cost_40_dollars_a_day() -> None:
    # 100,000 x ($0.0001 + $0.0002 + $0.0001)
    policy = shipped("mail")
    assert [line.day_nano_usd for line in policy.own.lines] == [10 * USD, 20 * USD, 10 * USD]
    assert policy.own.day_nano_usd == 40 * USD
    assert policy.own.year_nano_usd == 14_600 * USD
    assert policy.own.per_request_nano_usd == 400_000  # nano-dollars a mail: $0.0004
    assert policy.headline.startswith("100,000 requests cost $40.00 a day ($1,216.67 a month)")
    assert any("steps are not alternatives" in assumption for assumption in policy.assumptions)


def test_read_as_tiers_the_three_mail_prices_would_give_a_third() -> None:
    # A mail that takes one of the three costs $0.000133 on average: $13.33 a day, not $40.
    text = """
version: 1
name: the naive reading
traffic: {requests_per_day: 100000}
tiers:
  - {name: spam, share: 0.333333, price: {list_price_usd: 0.0001}}
  - {name: department, share: 0.333333, price: {list_price_usd: 0.0002}}
  - {name: priority, share: 0.333333, price: {list_price_usd: 0.0001}}
general: {price: {list_price_usd: 0.002}}
"""
    assert usd(report(text).own.day_nano_usd) == "$13.33"


def test_in_whole_cents_the_three_mail_prices_would_be_nothing() -> None:
    in_cents = sum(round(price * 100) for price in (0.0001, 0.0002, 0.0001))
    assert in_cents * 100_000 == 0
    assert shipped("mail").own.day_nano_usd == 40 * USD


def test_mail_that_stops_at_the_spam_filter_pays_one_step() -> None:
    # 100,000 x $0.0001 + 55,000 x ($0.0002 + $0.0001) = 10 + 11 + 5.50
    policy = shipped("mail", "steps[1].share=0.55", "steps[2].share=0.55")
    assert policy.own.day_nano_usd == 26_500_000_000


def test_a_tenth_of_a_milli_dollar_crosses_two_milli_dollars_at_263158_requests() -> None:
    policy = shipped("crossing")
    running, spread = policy.break_even
    assert running.fixed_month_nano_usd == 500 * USD  # 2 x $100, 4 h x $75
    assert running.requests_per_month == 263_158  # 500 / 0.0019 = 263,157.9
    assert running.requests_per_day == pytest.approx(500 / 0.0019 * 12 / 365)
    assert spread.fixed_month_nano_usd == 550 * USD  # and 40 h x $75 over 60 months
    assert spread.requests_per_month == 289_474
    assert "breaks even at 9,517 requests a day (289,474 a month)" in policy.verdicts[0]


@pytest.mark.parametrize(("requests", "pays"), [(263_157, False), (263_158, True)])
def test_the_crossing_is_where_the_month_turns(requests: int, pays: bool) -> None:
    policy = shipped("crossing", f"traffic.requests_per_day={requests * 12 / 365!r}")
    assert (policy.own.month_nano_usd <= policy.general.month_nano_usd) is pays


def test_the_crossing_plan_over_two_years_by_hand() -> None:
    # Month: 500 + 0.0001 x 608,333.3 = 560.83; general 1,216.67. A year saves 7,870.
    figures = report(changed(CROSSING, "discount_rate: 0.1", "discount_rate: 0.1, years: 2"))
    assert figures.totals.saved_nano_usd == 2 * 7_870 * USD
    # 7,870 / 1.1 + 7,870 / 1.21 = 7,154.5454... + 6,504.1322...
    assert figures.years[1].discounted_saved_nano_usd == pytest.approx(7_870 * USD / 1.1, abs=2)
    assert figures.totals.net_present_value_nano_usd == pytest.approx(13_658.677686e9, abs=1e4)


def test_a_climb_pays_the_rung_below_too() -> None:
    # Of 1,000: 600 approved, 300 small, 100 large. Half of the large calls were drafted by small:
    # 50 drafts, so 350 calls at small; a quarter of those came after a draft at approved: 87.5.
    figures = report(RICH)
    drafts = {line.name: line for line in figures.own.lines if line.group is Group.DRAFTS}
    assert drafts["small"].count_per_day == 50
    assert drafts["approved"].count_per_day == 87.5
    # 700 x $0.25 and 220 x $2 per million = $0.000615 each
    assert drafts["small"].day_nano_usd == 50 * 615_000


def test_reviews_are_hours_of_people() -> None:
    # 100 large answers a day, a tenth read, 5 minutes each: 50 minutes at $30 = $25.
    (line,) = (line for line in report(RICH).own.lines if line.group is Group.REVIEWS)
    assert line.day_nano_usd == 25 * USD


def test_what_is_paid_once_by_hand() -> None:
    # 50 h x $90; 20 h x $90 + $500 + 10 h x $2; $1,000
    figures = report(RICH)
    once = {line.name: line.nano_usd for line in figures.one_off}
    assert once == {"setting up": 4_500 * USD, "first training": 2_320 * USD, "audit": 1_000 * USD}
    assert figures.totals.one_off_nano_usd == 7_820 * USD


def test_machines_count_by_the_hour_or_by_the_month() -> None:
    lines = {line.name: line.month_nano_usd for line in report(RICH).own.lines}
    assert lines["GPU"] == 300 * USD  # 200 h x $1.50
    assert lines["gateway"] == 60 * USD


def test_a_price_that_falls_counts_from_the_second_year() -> None:
    large = inputs(RICH).tiers[2]
    assert large.unit_nano_usd(1) == 57_000_000  # 500 x $5 + 1,000 x $0.50 + 1,800 x $30
    assert large.unit_nano_usd(2) == Fraction(57_000_000) * 4 / 5
    assert large.unit_nano_usd(3) == Fraction(57_000_000) * 16 / 25


def test_a_sum_a_day_is_spread_over_the_requests() -> None:
    policy = shipped("platform", "traffic.growth_per_year=0.5")
    assert policy.years[1].general_nano_usd == 8_000 * 365 * USD
    assert policy.years[2].general_nano_usd == 12_000 * 365 * USD


def test_the_rich_plan_by_floats_and_months() -> None:
    """Every figure of RICH written out again, summed month by month in plain floats."""
    small, large = 700 * 0.25e-6 + 220 * 2e-6, 500 * 5e-6 + 1000 * 0.5e-6 + 1800 * 30e-6
    general = 700 * 2.5e-6 + 300 * 10e-6
    value = -(50 * 90 + 20 * 90 + 500 + 20 + 1000)
    for year in range(5):
        saved = 0.0
        for month in range(12 * year, 12 * year + 12):
            requests = 1000 * 365 / 12 * 1.2**year
            moved = min(1.0, (month + 1) / 6)
            own = 0.001 * 0.05 / 3600 + 0.35 * small + 0.1 * large * 0.8**year
            own += 0.1 * 0.1 * 5 / 60 * 30
            there = general * 0.9**year + 0.02 * 5 / 60 * 30
            fixed = 300 + 60 + 4 * 90 + (5 * 90 + 20) * 4 / 12
            fee_saved = 100 if moved == 1 else 0
            saved += requests * moved * (there - own) - fixed + fee_saved
        value += saved / 1.08 ** (year + 1)
    found = report(RICH).totals.net_present_value_nano_usd / USD
    assert found == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("price", ["0.002", "0.003"])
def test_it_never_breaks_even_where_a_request_costs_as_much_or_more(price: str) -> None:
    figures = report(changed(CROSSING, "list_price_usd: 0.0001", f"list_price_usd: {price}"))
    assert figures.break_even[0].crossing is Crossing.NEVER
    assert "never breaks even" in figures.verdicts[0]
    assert figures.totals.net_present_value_nano_usd < 0
    assert "it costs " in figures.verdicts[1]
    assert " more: " in figures.verdicts[1]


def test_negative_savings_are_shown_as_such() -> None:
    figures = report(changed(CROSSING, "requests_per_day: 20000", "requests_per_day: 200"))
    assert figures.saved_share is not None
    assert figures.saved_share < 0
    assert "a month more (41 times as much)." in figures.headline
    assert "only 2.3 % of that" in figures.verdicts[0]


def test_without_a_request_only_what_is_fixed_is_paid() -> None:
    figures = report(changed(CROSSING, "requests_per_day: 20000", "requests_per_day: 0"))
    assert figures.own.month_nano_usd == 500 * USD
    assert figures.general.month_nano_usd == 0
    assert figures.saved_share is None
    assert figures.headline.startswith("Without a single request it would cost $500.00 a month")
    assert figures.break_even[0].requests_per_month == 263_158  # still known: prices are


def test_tiers_by_count_without_a_request_share_alike_and_say_so() -> None:
    counts = [f"tiers[{at}].requests_per_day=0" for at in range(3)]
    policy = shipped("platform", *counts, "general={price: {list_price_usd: 2}}")
    assert policy.own.per_request_nano_usd == pytest.approx(5.51e9 / 3)
    assert any("share alike" in assumption for assumption in policy.assumptions)


def test_a_shrinking_volume_moved_further_down_does_not_turn_negative() -> None:
    text = changed(CROSSING, "20000}", "20000, growth_per_year: -0.9}")
    (growth,) = (swing for swing in report(text).swings if swing.name == "growth a year")
    assert growth.high == "-100 %"


def test_nothing_fixed_pays_from_the_first_request_on() -> None:
    policy = shipped("mail")
    assert policy.break_even[0].crossing is Crossing.AT_ONCE
    assert "from the first request on" in policy.verdicts[0]
    assert policy.ratios == ()


def test_a_fee_that_is_saved_can_pay_for_few_requests_alone() -> None:
    text = changed(CROSSING, "list_price_usd: 0.0001", "list_price_usd: 0.003")
    text = changed(text, "general: {name: general,", "general: {name: general, usd_per_month: 600,")
    figures = report(text)
    assert figures.break_even[0].crossing is Crossing.UP_TO
    assert figures.break_even[0].requests_per_month == 100_000  # $100 less fixed, $0.001 more each
    assert "pays only below" in figures.verdicts[0]


def test_what_is_paid_once_may_never_come_back() -> None:
    text = changed(CROSSING, "horizon:", "one_off: [{name: licence, usd: 1000000}]\nhorizon:")
    figures = report(text)
    assert figures.totals.payback_months is None
    assert "does not come back within five years" in figures.verdicts[1]


def test_payback_by_hand() -> None:
    # A month saves $655.83 (see above); $6,558.33 come back in ten.
    text = changed(CROSSING, "horizon:", "one_off: [{name: licence, usd: 6558.33}]\nhorizon:")
    months = report(text).totals.payback_months
    assert months == pytest.approx(10.0, abs=1e-4)


def test_traffic_moves_over_in_equal_parts() -> None:
    plan = replace(inputs(CROSSING), ramp_up_months=2)
    moved = [moved_over(plan, month) for month in (1, 2, 3, 60)]
    assert moved == [Fraction(1, 3), Fraction(2, 3), 1, 1]


def test_until_it_has_moved_traffic_is_paid_for_at_the_general_model() -> None:
    # Months at 1/3 and 2/3 leave one month's traffic of twelve with the general model.
    plan = replace(inputs(CROSSING), ramp_up_months=2)
    (still,) = (line for line in year_lines(plan, 1) if line.group is Group.GENERAL)
    assert still.nano_usd == pytest.approx(14_600 * USD / 12, abs=1)
    assert not [line for line in year_lines(plan, 2) if line.group is Group.GENERAL]


@pytest.mark.parametrize("days", [365, 260])
def test_a_month_is_a_twelfth_of_the_year(days: int) -> None:
    text = changed(CROSSING, "20000}", f"20000, days_per_year: {days}}}")
    figures = report(text)
    assert figures.general.day_nano_usd == 40 * USD
    assert figures.general.year_nano_usd == 40 * days * USD
    assert figures.own.lines[1].year_nano_usd == 6_000 * USD  # machines run on all days


def test_every_assumption_is_stated() -> None:
    said = " ".join(report(RICH).assumptions)
    for part in (
        "365 days", "grows by 20 %", "first 5 months", "700 tokens in and 220 out", "(list 1)",
        "1,000 of them cached", "falls by 20 %", "50 % of the calls at large", "People read 10 %",
        "$90.00, all in", "discounted at 8 %", "wrong answer", "Taxes and inflation", "nano-dollar",
    ):  # fmt: skip
        assert part in said


def test_the_tornado_is_ordered_by_width() -> None:
    widths = [swing.width_nano_usd for swing in report(RICH).swings]
    assert widths == sorted(widths, reverse=True)
    assert all(widths)


def test_every_input_of_a_rich_plan_swings() -> None:
    assert {swing.name for swing in report(RICH).swings} == {
        "requests a day", "growth a year", "general price: general", "price: triage",
        "price: small", "price: large", "tokens per request", "general fee: general",
        "share: small",
        "share: large", "drafts thrown away", "answers that people read", "hosting",
        "an hour of people", "an hour of readers", "hours to set up", "hours a month",
        "trainings a year", "first training", "other one-off costs", "discount rate",
    }  # fmt: skip


def test_a_swing_by_hand() -> None:
    # General price +-20 % of $14,600 a year, five years at 10 %: 3.790787 x 2,920.
    (price,) = (
        swing for swing in report(CROSSING).swings if swing.name == "general price: general"
    )
    assert (price.low, price.high) == ("$0.0016", "$0.0024")
    assert price.width_nano_usd == pytest.approx(2 * 2_920 * 3.790786769e9, rel=1e-8)


def test_the_width_of_the_swing_is_the_plans() -> None:
    narrow = report(changed(CROSSING, "discount_rate: 0.1", "discount_rate: 0.1, swing: 0.1"))
    (price,) = (swing for swing in narrow.swings if swing.name == "general price: general")
    assert (price.low, price.high) == ("$0.0018", "$0.0022")


def test_moving_a_share_leaves_the_sum_at_one() -> None:
    # Shares .6 / .3 / .1: large up to .12, the others fall to 88/90 of themselves.
    (share,) = (swing for swing in report(RICH).swings if swing.name == "share: large")
    assert (share.low, share.high) == ("8 %", "12 %")


def test_break_even_by_price_ratio_by_hand() -> None:
    rows = {row.ratio: row for row in report(CROSSING).ratios}
    assert rows[20.0].is_plan
    assert rows[20.0].requests_per_month == 263_158
    assert rows[2.0].requests_per_month == 500_000  # $500 / $0.001
    assert rows[1.25].requests_per_month == 1_250_000  # $500 / $0.0004


prices = st.integers(0, 10**8)
PLAN = inputs(RICH)


def with_prices(plan: PlanInputs, nano_usd: list[int]) -> PlanInputs:
    stated = [Fraction(one) for one in nano_usd]
    tiers = [replace(t, stated_nano_usd=s) for t, s in zip(plan.tiers, stated[:-1], strict=True)]
    general = replace(plan.general, stated_nano_usd=stated[-1])
    return replace(plan, tiers=tuple(tiers), general=general)


plans = st.builds(
    lambda volume, growth, ramp, rate, nano: with_prices(
        replace(
            PLAN,
            requests_per_day=Fraction(volume),
            growth=Fraction(growth, 100),
            ramp_up_months=ramp,
            discount_rate=Fraction(rate, 100),
        ),
        nano,
    ),
    st.integers(0, 10**7),
    st.integers(-50, 100),
    st.integers(0, 24),
    st.integers(0, 40),
    st.lists(prices, min_size=4, max_size=4),
)


@given(plans, st.integers(0, 10**6))
@examples(50)
def test_more_requests_never_cost_less(plan: PlanInputs, more: int) -> None:
    larger = replace(plan, requests_per_day=plan.requests_per_day + more)
    for before, after in zip(years_of(plan), years_of(larger), strict=True):
        assert before.own_nano_usd <= after.own_nano_usd
        assert before.general_nano_usd <= after.general_nano_usd


@given(plans, st.integers(0, 2), prices)
@examples(50)
def test_a_dearer_tier_never_costs_less(plan: PlanInputs, at: int, more: int) -> None:
    old = plan.tiers[at]
    dearer = replace(old, stated_nano_usd=(old.stated_nano_usd or 0) + more)
    tiers = tuple(dearer if tier is old else tier for tier in plan.tiers)
    changed_plan = replace(plan, tiers=tiers)
    assert own_per_request(plan) <= own_per_request(changed_plan)
    for before, after in zip(years_of(plan), years_of(changed_plan), strict=True):
        assert before.own_nano_usd <= after.own_nano_usd


@given(plans)
@examples(50)
def test_parts_sum_to_the_total_to_the_nano_dollar(plan: PlanInputs) -> None:
    years = years_of(plan)
    totals = totals_of(plan, years)
    for year in years:
        assert sum(line.nano_usd for line in year.lines) == year.own_nano_usd == total(year.lines)
        assert all(isinstance(line.nano_usd, int) for line in year.lines)
    assert totals.own_nano_usd == sum(year.own_nano_usd for year in years)
    assert totals.saved_nano_usd == sum(year.saved_nano_usd for year in years)
    assert years[-1].saved_so_far_nano_usd == totals.net_present_value_nano_usd


@given(plans)
@examples(50)
def test_undiscounted_value_is_the_plain_sum(plan: PlanInputs) -> None:
    plain = replace(plan, discount_rate=Fraction(0))
    totals = totals_of(plain, years_of(plain))
    assert totals.net_present_value_nano_usd == totals.saved_nano_usd
    assert totals.discounted_own_nano_usd == totals.own_nano_usd


@given(plans)
@examples(50)
def test_months_add_up_to_years(plan: PlanInputs) -> None:
    months = list(monthly_savings(plan))
    for year in years_of(plan)[1:]:
        exact = sum(months[12 * (year.year - 1) : 12 * year.year], Fraction(0))
        # Lines are rounded up one by one, so a year is off by less than a nano-dollar a line.
        assert abs(exact - year.saved_nano_usd) <= 2 * len(year.lines) + 3


def test_the_shipped_plans_are_all_read() -> None:
    names = {path.stem for path in Path(policies_dir() / "plans").glob("*.yaml")}
    assert names == {"crossing", "example", "mail", "platform"}
    for name in names:
        assert shipped(name).headline
