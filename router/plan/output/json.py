"""Renders a plan's report as one JSON document and as one tidy CSV. Keys are stable.

Money is written as an integer of nano-dollars and as an exact string. A mean (the price of a
request over the mix) is written once, as a number of nano-dollars with decimals.
"""

from __future__ import annotations

import orjson

from router.plan.figures import CostLine, PlanReport, Side, Year
from router.rendering.json_values import Json, money
from router.rendering.tidy_csv import tidy_csv

SCHEMA = "tiergate.plan/1"
"""Names the version; it rises when a key changes its meaning or goes away, not for a new key."""

KEYED_BY = {
    # Names are unique only within a side and a group.
    "costs": ("side", "group", "name"),
    "sums": ("side",),
    "one_off": ("group", "name"),
    "break_even": ("counting",),
    "price_ratios": ("ratio",),
    "years": ("year",),
    "year_lines": ("year", "group", "name"),
    "sensitivity": ("input",),
}


def plan_json(report: PlanReport) -> bytes:
    """Returns the report as indented UTF-8 that ends with a line break.

    A figure that does not exist is null, never 0.
    """
    return orjson.dumps(plan_object(report), option=orjson.OPT_INDENT_2) + b"\n"


def plan_csv(report: PlanReport) -> str:
    """Returns the same figures under the same names: section, key, metric, value."""
    return tidy_csv(plan_object(report), KEYED_BY)


def plan_object(report: PlanReport) -> Json:
    """Returns the document of `plan_json` as plain values."""
    own, general, share = report.own, report.general, report.saved_share
    return {
        "schema": SCHEMA,
        "name": report.name,
        "headline": report.headline,
        "verdicts": list(report.verdicts),
        "requests_per_day": report.requests_per_day,
        "days_per_year": report.days_per_year,
        "discount_rate": report.discount_rate,
        "costs": [
            *(_line("tiergate", line) for line in own.lines),
            *(_line("general", line) for line in general.lines),
        ],
        "sums": [_side("tiergate", own), _side("general", general)],
        "saved": {
            **money("day", general.day_nano_usd - own.day_nano_usd),
            **money("month", general.month_nano_usd - own.month_nano_usd),
            **money("year", general.year_nano_usd - own.year_nano_usd),
            # Each line is rounded up to a nano-dollar, which the digits after these would show.
            "share": None if share is None else round(share, 9),
        },
        "one_off": [
            {"group": cost.group.value, "name": cost.name, **money("cost", cost.nano_usd)}
            for cost in report.one_off
        ],
        **_break_even(report),
        "years": [_year(year) for year in report.years],
        "year_lines": [
            {
                "year": year.year,
                "group": line.group.value,
                "name": line.name,
                **money("cost", line.nano_usd),
            }
            for year in report.years
            for line in year.lines
        ],
        "totals": _totals(report),
        "swing": report.swing,
        "sensitivity": [
            {
                "input": cost.name,
                "low": cost.low,
                "high": cost.high,
                **money("net_present_value_low", cost.low_nano_usd),
                **money("net_present_value_high", cost.high_nano_usd),
                **money("width", cost.width_nano_usd),
            }
            for cost in report.swings
        ],
        "assumptions": list(report.assumptions),
    }


def _line(side: str, line: CostLine) -> Json:
    return {
        "side": side,
        "group": line.group.value,
        "name": line.name,
        "count_per_day": line.count_per_day,
        "unit_nano_usd": line.unit_nano_usd,
        **money("day", line.day_nano_usd),
        **money("month", line.month_nano_usd),
        **money("year", line.year_nano_usd),
    }


def _side(key: str, side: Side) -> Json:
    return {
        "side": key,
        "label": side.name,
        "per_request_nano_usd": side.per_request_nano_usd,
        "whole_request_nano_usd": side.whole_request_nano_usd,
        **money("fixed_month", side.fixed_month_nano_usd),
        **money("day", side.day_nano_usd),
        **money("month", side.month_nano_usd),
        **money("year", side.year_nano_usd),
    }


def _break_even(report: PlanReport) -> Json:
    return {
        "break_even": [
            {
                "counting": point.key,
                "label": point.label,
                "crossing": point.crossing.value,
                **money("fixed_month", point.fixed_month_nano_usd),
                "requests_per_month": point.requests_per_month,
                "requests_per_day": point.requests_per_day,
            }
            for point in report.break_even
        ],
        "price_ratios": [
            {
                "ratio": row.ratio,
                "own_nano_usd": row.own_nano_usd,
                "crossing": row.crossing.value,
                "requests_per_month": row.requests_per_month,
                "is_plan": row.is_plan,
            }
            for row in report.ratios
        ],
    }


def _year(year: Year) -> Json:
    return {
        "year": year.year,
        "requests": year.requests,
        **money("own", year.own_nano_usd),
        **money("general", year.general_nano_usd),
        **money("saved", year.saved_nano_usd),
        **money("discounted_own", year.discounted_own_nano_usd),
        **money("discounted_general", year.discounted_general_nano_usd),
        **money("discounted_saved", year.discounted_saved_nano_usd),
        **money("saved_so_far", year.saved_so_far_nano_usd),
    }


def _totals(report: PlanReport) -> Json:
    totals = report.totals
    return {
        **money("own", totals.own_nano_usd),
        **money("general", totals.general_nano_usd),
        **money("saved", totals.saved_nano_usd),
        **money("discounted_own", totals.discounted_own_nano_usd),
        **money("discounted_general", totals.discounted_general_nano_usd),
        **money("net_present_value", totals.net_present_value_nano_usd),
        **money("one_off", totals.one_off_nano_usd),
        "payback_months": totals.payback_months,
        "return_on_one_off": totals.return_on_one_off,
        "internal_rate": totals.internal_rate,
    }
