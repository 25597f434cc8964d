"""What several equal things hold, and dozens; beside texts that look like one and are not."""

from __future__ import annotations

from datetime import date

import pytest

from tiers.exact.tools import solved

TODAY = date(2026, 12, 1)

SUMS = {
    "If I have 8 shelves with 15 books on each, how many books is that?": "8 * 15 = 120",
    "There are 6 rows with 14 seats in each. How many seats are there?": "6 * 14 = 84",
    "7 packs of 12 batteries, how many batteries": "7 * 12 = 84",
    "nine crates with thirty apples in each, how many apples in total": "9 * 30 = 270",
    "We have 4 teams of 11 players each, how many players altogether?": "4 * 11 = 44",
    "4 cases holding 18 bottles each, how many bottles is that?": "4 * 18 = 72",
    "a class has 3 tables with 6 chairs at each, how many chairs in all?": "3 * 6 = 18",
    "12 pages with 25 lines on each page: how many lines?": "12 * 25 = 300",
    "if a box has 24 red pens, how many pens are in 5 boxes?": "5 * 24 = 120",
    "how many tablets do 3 packs contain if each has 20?": "3 * 20 = 60",
    "how many rolls are in 40 cartons with 1,200 rolls each": "40 * 1,200 = 48,000",
    "half of 8 dozen": "1 / 2 * (8 * 12) = 48",
    "what is 10 dozen minus 7": "(10 * 12) - 7 = 113",
    "How many is 14 dozen?": "14 * 12 = 168",
    "how many eggs are in half a dozen": "1 * 6 = 6",
    "how many are two and a half dozen": "2.5 * 12 = 30",
    "6 dozen eggs, how many eggs is that": "6 * 12 = 72",
    "if I buy 4 dozen eggs how many eggs do I have": "4 * 12 = 48",
    "two dozen times 3": "(2 * 12) * 3 = 72",
    "what is a quarter of 5 dozen": "1 / 4 * (5 * 12) = 15",
}
NO_SUMS = (
    "5 boxes with 24 pens, how many pens",  # in each, or in all
    "some boxes with 24 pens in each, how many pens is that?",
    "3 boxes with pens in each, how many pens",
    "5 boxes with 24 pens and 3 pencils in each, how many pens is that?",
    "5 boxes with 24 pens in each, how many pencils is that?",
    "5 boxes with 24 pens in each, how many boxes is that?",
    "5 boxes with 24 boxes in each, how many boxes is that?",
    "5 boxes with 24 pens in each bag, how many pens is that?",
    "5 boxes with about 24 pens in each, how many pens is that?",
    "5 boxes with up to 24 pens in each, how many pens is that?",
    "5 boxes with 24 pens in each, 3 pens are missing, how many pens is that?",
    "5 boxes with 24 pens in each, how many pens do I need?",
    "5 boxes with 24 pens in each, how many pens are left?",
    "I had 5 boxes with 24 pens in each, how many pens do I have?",
    "how many pens fit in 5 boxes",
    "how many windows are in 5 rooms if each has 2 doors",
    "2 dozen",  # perhaps a reply
    "dozens of people",
    "a dozen or so",
    "3 to 4 dozen",
    "1/2 dozen",
    "3 dozen 4",
    "a baker's dozen plus 2",
    "half of my 7 dozen friends",
    "half of 2 dozen plus 2",  # half of the sum to some
    "two dozen at 4.99",
    "$3 dozen",
    "6 dozen eggs, how many boxes is that",
)


@pytest.mark.parametrize(("text", "line"), SUMS.items(), ids=SUMS)
def test_what_equal_things_hold_is_counted(text: str, line: str) -> None:
    result = solved(text, TODAY, opens=True)
    assert result is not None
    assert (result.tool, result.text) == ("arithmetic", line)


@pytest.mark.parametrize("text", NO_SUMS)
def test_what_is_not_told_in_full_gets_no_number(text: str) -> None:
    assert solved(text, TODAY, opens=True) is None
