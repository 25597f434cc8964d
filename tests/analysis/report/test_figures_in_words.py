"""Tests how figures are written for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.rendering.figures_in_words import (
    clean,
    day,
    duration,
    moment,
    parts_in_percent,
    percent,
    saved_percent,
    usd,
)


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "$0.00"),
        (55_000_000_000, "$55.00"),
        (1_234_567_000_000, "$1,234.57"),
        (-3_200_000_000, "-$3.20"),
        (10_000_000, "$0.01"),
        (12_345_678, "$0.0123"),
        (500_000_000, "$0.50"),
        (1, "$0.000000001"),
        (-42_000, "-$0.000042"),
        (None, "unknown"),
    ],
)
def test_dollars_keep_the_figures_that_matter(nano: int | None, text: str) -> None:
    assert usd(nano) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.98947, "98.9 %"), (0.9999, "99.9 %"), (-0.1234, "-12.4 %"), (0.29, "29.0 %")],
)
def test_a_saving_is_never_rounded_up(share: float, text: str) -> None:
    assert saved_percent(share) == text


def test_a_share_is_rounded_to_the_nearest() -> None:
    assert percent(1_000 / 1_045) == "95.7 %"


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=12).filter(any))
def test_a_part_of_a_whole_reads_as_it_would_alone(parts: list[int]) -> None:
    """19 of 42 were 45.3 % in a table whose other parts had small remainders, and 45.2 % beside."""
    shown = parts_in_percent(parts, sum(parts))
    assert shown == [percent(part / sum(parts)) for part in parts]


def test_the_same_part_reads_the_same_beside_other_parts() -> None:
    assert parts_in_percent([9, 5, 19, 9], 42)[2] == parts_in_percent([1, 13, 19, 9], 42)[2]


def test_parts_that_a_bill_made_negative_are_rounded_one_by_one() -> None:
    assert parts_in_percent([150, -50], 100) == ["\N{EM DASH}", "-50.0 %"]
    assert parts_in_percent([1, 2], 0) == ["\N{EM DASH}", "\N{EM DASH}"]


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0.42, "0.42 ms"), (7.51, "7.5 ms"), (120.4, "120 ms"), (1_560, "1.6 s"), (192e3, "3.2 min")],
)  # fmt: skip
def test_durations_take_the_unit_that_fits(ms: float, text: str) -> None:
    assert duration(ms) == text


def test_times_are_utc_in_plain_words() -> None:
    assert moment(0) == "1970-01-01 00:00 UTC"
    assert day(1_793_707_200_000) == "3 November 2026"


def test_a_time_no_calendar_holds_is_a_dash() -> None:
    assert moment(10**30) == "\N{EM DASH}"


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "a\u202eb", "\ud800", "\x00", "\x9b2J"])
def test_a_name_loses_what_would_steer_a_terminal(hostile: str) -> None:
    assert clean(hostile).isprintable()


@given(st.text())
def test_a_name_is_always_short_printable_text(name: str) -> None:
    shown = clean(name)
    assert 0 < len(shown) <= 96
    shown.encode("utf-8")
