"""Compares decisions with expected levels: what is an error, which is worst, and a row's form."""

from __future__ import annotations

import pytest

from router.analysis.expected_levels import (
    ExpectedRow,
    Reached,
    grave_bounds,
    judge,
    read_rows,
)


def a_row(low: int = 1, high: int = 1, **given: str) -> ExpectedRow:
    return ExpectedRow("text", low, high, **given)


@pytest.mark.parametrize(
    ("row", "level", "intent", "error"),
    [
        (a_row(1, 1), 1, "", ""),
        (a_row(2, 3), 1, "", "too_low"),
        (a_row(2, 3), 2, "", ""),
        (a_row(2, 3), 3, "", ""),
        (a_row(1, 2), 3, "", "too_high"),
        (a_row(3, 3), 2, "", "too_low"),
        (a_row(1, 2, intent="returns"), 1, "returns", ""),
        (a_row(1, 2, intent="returns"), 1, "refund_status", "wrong_intent"),
        (a_row(1, 2, intent="returns"), 2, "refund_status", ""),
        (a_row(2, 2, intent="returns"), 1, "refund_status", "too_low"),
        (a_row(1, 3), 0, "", "refused"),
    ],
)
def test_an_error_is_named_by_the_harm_it_does(
    row: ExpectedRow, level: int, intent: str, error: str
) -> None:
    assert Reached(row, level, intent=intent).error == error


def test_the_worst_error_comes_first() -> None:
    climbed = Reached(a_row(1, 1), 3, 0.9)
    refused = Reached(a_row(1, 3), 0)
    other = Reached(a_row(1, 1, intent="returns"), 1, 0.9, intent="refund")
    low_unsure = Reached(a_row(2, 3), 1, 0.6)
    low_sure = Reached(a_row(2, 3), 1, 0.95)
    lowest = Reached(a_row(3, 3), 1, 0.5)
    right = Reached(a_row(1, 3), 2)
    given = [climbed, refused, right, other, low_unsure, low_sure, lowest]
    assert judge(given).wrong == (lowest, low_sure, low_unsure, other, refused, climbed)


def test_rows_are_counted_by_kind_by_language_and_in_the_confusion_table() -> None:
    judgement = judge(
        [
            Reached(a_row(2, 3, kind="grave", language="de"), 1),
            Reached(a_row(2, 3, kind="grave", language="en"), 3),
            Reached(a_row(1, 1, kind="routine", language="en"), 2),
            Reached(a_row(1, 1), 1),
        ]
    )
    assert judgement.confusion == {
        ("2-3", 1, False): 1,
        ("2-3", 3, False): 1,
        ("1", 2, False): 1,
        ("1", 1, False): 1,
    }
    kinds = {rates.group: rates.errors["too_low"] for rates in judgement.by_kind}
    assert {name: (rate.count, rate.of) for name, rate in kinds.items()} == {
        "grave": (1, 2),
        "routine": (0, 1),
    }
    assert [rates.group for rates in judgement.by_language] == ["de", "en"]
    assert (judgement.whole.errors["too_high"].count, judgement.whole.rows) == (1, 4)


def test_offers_are_neither_right_nor_wrong() -> None:
    offer = Reached(a_row(1, 1, intent="returns"), 1, intent="refund", offered=True)
    low = Reached(a_row(2, 3), 1, offered=True)
    right, wrong = Reached(a_row(1, 2), 2), Reached(a_row(2, 3), 1)
    judgement = judge([offer, low, right, wrong, Reached(a_row(), 0)])
    assert judgement.as_object()["outcomes"] == {
        "right": 1,
        "wrong": 1,
        "offered": 2,
        "refused": 1,
        "offered_below": 1,
        "accuracy": 0.5,
        "answered_share": 0.4,
    }
    assert [entry.error for entry in judgement.wrong] == ["too_low", "refused"]
    assert judgement.offered_below == (low,)
    assert judgement.confusion["2-3", 1, True] == judgement.confusion["2-3", 1, False] == 1


def test_a_file_of_offers_has_no_accuracy() -> None:
    rates = judge([Reached(a_row(), 1, offered=True)]).whole
    assert (rates.right.value, rates.answered.value) == (None, 0.0)


def test_flips_under_typing_errors_name_first_what_leaves_level_3() -> None:
    same = Reached(a_row(), 1, mistyped_level=1)
    climbs = Reached(a_row(), 1, mistyped_level=3)
    falls = Reached(a_row(3, 3), 3, mistyped_level=2)
    stays = Reached(a_row(3, 3), 3, mistyped_level=3)
    refused = Reached(a_row(), 0)
    once = Reached(a_row(), 1)
    judgement = judge([same, climbs, falls, stays, refused, once])
    assert judgement.flipped == (falls, climbs)
    assert (judgement.flips.count, judgement.flips.of) == (2, 4)
    assert (judgement.taken_down.count, judgement.taken_down.of) == (1, 2)


ROW = b'{"text": "hi", "lowest_tier": 1, "highest_tier": 2, "note": "mine"}'


def test_a_row_may_hold_keys_of_its_own_and_gets_the_name_of_its_line() -> None:
    rows, bad = read_rows([b"\xef\xbb\xbf ", ROW])
    assert [(row.id, row.highest_tier) for row in rows] == [("line 2", 2)]
    assert bad == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"text": "hi", "lowest_tier": 3, "highest_tier": 2}', "the lowest not above the highest"),
        ('{"text": " ", "lowest_tier": 1, "highest_tier": 2}', "text is empty"),
        ('{"text": "hi", "lowest_tier": 1}', "highest_tier"),
        ("nonsense", "malformed"),
        ("\udcff", "is no UTF-8"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_hides_no_other(line: str, told: str) -> None:
    rows, [bad] = read_rows([line.encode("utf-8", "surrogateescape"), ROW])
    assert bad.startswith("line 1: ")
    assert told in bad
    assert [row.id for row in rows] == ["line 2"]


def test_each_bound_of_grave_matters_is_judged_by_ones_own_rows() -> None:
    reached = [
        Reached(a_row(3, 3), 3, grave=0.96),
        Reached(a_row(3, 3), 3, grave=0.75),
        Reached(a_row(1, 2), 3, grave=0.8),
        Reached(a_row(1, 2), 1, grave=0.1),
        Reached(a_row(2, 3), 3, grave=0.99),  # may go to either
        Reached(a_row(3, 3), 0),  # refused
    ]
    told = {one.at: (one.found.count, one.needless.count) for one in grave_bounds(reached)}
    assert {one.found.of for one in grave_bounds(reached)} == {2}
    assert (told[0.7], told[0.8], told[0.85], told[0.95]) == ((2, 1), (1, 1), (1, 0), (1, 0))
    plain = judge(reached).as_object()["grave_at"]
    assert isinstance(plain, list)
    assert plain[0]["at"] == 0.5
