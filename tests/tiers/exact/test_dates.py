"""Questions about dates are answered exactly, with both dates and their years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kits.examples import examples
from tiers.exact.calendar import plain_date, read_day
from tiers.exact.tools import solved

TODAY = date(2026, 11, 21)


def _answer(text: str) -> str | None:
    said = solved(text, TODAY, ("dates",))
    return None if said is None else said.text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            "how many days between 3 March and 1 May 2027",
            "59 days, from 3 March 2027 to 1 May 2027 (the first day is not counted).",
        ),
        (
            "days between 2026-01-01 and 2026-12-31",
            "364 days, from 1 January 2026 to 31 December 2026 (the first day is not counted).",
        ),
        (
            "How many weeks until Christmas?",
            "4 weeks and 6 days (34 days), from 21 November 2026 to 25 December 2026.",
        ),
        ("what day was 11 November 1918", "11 November 1918 was a Monday."),
        ("which weekday will 29 february be", "29 February 2028 will be a Tuesday."),
        ("what day of the week is christmas this year", "25 December 2026 will be a Friday."),
        ("What day is it today?", "Today is Saturday 21 November 2026 (UTC)."),
        ("can you tell me tomorrow's date", "Tomorrow will be Sunday 22 November 2026 (UTC)."),
        ("tell me what date it is please", "Today is Saturday 21 November 2026 (UTC)."),
        ("what day is tomorrow", "Tomorrow will be Sunday 22 November 2026 (UTC)."),
        (
            "what date is 90 days from today",
            "90 days after 21 November 2026 is Friday 19 February 2027.",
        ),
        (
            "add one month to 31 January 2027",
            "1 month after 31 January 2027 is Sunday 28 February 2027 (February has no day 31).",
        ),
        (
            "what date was 100 days ago",
            "100 days before 21 November 2026 is Thursday 13 August 2026.",
        ),
        (
            "45 days after 20 December 2026 is which date",
            "45 days after 20 December 2026 is Wednesday 3 February 2027.",
        ),
        (
            "two weeks before 1 May 2027 is what day?",
            "2 weeks before 1 May 2027 is Saturday 17 April 2027.",
        ),
        ("how many days does february have in 2032", "February 2032 has 29 days."),
        ("is 2028 a leap year?", "2028 is a leap year: it has 366 days."),
        ("how many days in february", "February has 28 days, and 29 in a leap year."),
        ("what day is 13/4/2027", "13 April 2027 will be a Tuesday."),
    ],
)
def test_a_question_about_dates_is_answered(asked: str, said: str) -> None:
    assert _answer(asked) == said


@pytest.mark.parametrize(
    "asked",
    [
        "what day is 3/4/2027",  # 3 April, or 4 March
        "what day is 2027-02-30",
        "how many days until my parcel arrives",
        "how many days does delivery take",
        "how many days do I have to return it",
        "what day is my delivery",
        "when is christmas",
        "2 weeks ago",  # a reply
        "2 weeks after 1 May 2027",  # a reply, too
        "in 3 days",
        "tomorrow",
        "how many months between 1 May 2026 and 1 May 2027",
        "what date is 9999999 days from now",
        "what day was 1 January 1200",
    ],
)
def test_what_may_mean_something_else_gets_no_answer(asked: str) -> None:
    assert _answer(asked) is None


@given(st.dates(date(1600, 1, 1), date(2400, 1, 1)), st.integers(0, 30_000))
@examples(100)
def test_days_between_undo_days_added(start: date, days: int) -> None:
    end = start + timedelta(days=days)
    said = _answer(f"how many days between {plain_date(start)} and {end.isoformat()}")
    assert said is not None
    assert said.startswith(f"{days:,} day")
    later = _answer(f"what date is {days} days after {plain_date(start)}")
    assert later is not None
    assert later.endswith(f"{plain_date(end)}.")


@given(st.dates(date(1600, 1, 1), date(2400, 1, 1)))
@examples(50)
def test_a_date_is_read_as_it_is_written(day: date) -> None:
    for text in (plain_date(day).lower(), day.isoformat(), f"{day:%B %d, %Y}".lower()):
        read = read_day(text, TODAY)
        assert read is not None
        assert read.in_year(0) == day
