"""Tells words that one typing error sets apart (Damerau 1964). Pure."""

from __future__ import annotations


def is_one_edit(one: str, other: str) -> bool:
    """Returns True when at most one letter is dropped, added, swapped with the next or wrong.

    >>> [is_one_edit("chest", word) for word in ("chest", "chset", "chst", "cheast", "chase")]
    [True, True, True, True, False]
    """
    if abs(len(one) - len(other)) > 1:
        return False
    begin = 0
    shorter = min(len(one), len(other))
    while begin < shorter and one[begin] == other[begin]:
        begin += 1
    if one[begin + 1 :] == other[begin + 1 :]:
        return True  # the same, or one wrong letter
    if one[begin + 1 :] == other[begin:] or one[begin:] == other[begin + 1 :]:
        return True
    swapped = one[begin : begin + 2] == other[begin : begin + 2][::-1]
    return swapped and one[begin + 2 :] == other[begin + 2 :]
