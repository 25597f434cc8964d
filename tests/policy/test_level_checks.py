"""Levels at which nobody answers are told by a check."""

from __future__ import annotations

import pytest

from router.policy.level_checks import words_above


@pytest.mark.parametrize(
    ("rungs", "warned"),
    [
        ([(1, "answers", False), (1, "exact", True), (3, "exact_at_3", True)], True),
        ([(1, "answers", False), (3, "exact_at_3", True), (3, "model", False)], False),
        ([(1, "exact", True), (2, "model", False), (3, "exact_at_3", True)], False),
        ([(1, "answers", False), (1, "exact", True)], False),
    ],
)
def test_words_that_count_as_traffic_of_a_higher_level_are_told(
    rungs: list[tuple[int, str, bool]], *, warned: bool
) -> None:
    """Of a policy without a model, words of no answer stood as "above level 1"."""
    told = words_above(rungs)
    assert bool(told) is warned
    assert not told or "traffic of level 3" in told
