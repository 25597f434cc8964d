"""Checks the measure by which other tests tell proportional time from quadratic time."""

from __future__ import annotations

from tests.kits.checks.growth import in_proportion


def test_one_pass_over_the_text_is_in_proportion() -> None:
    assert in_proportion(lambda text: text.count("b"), "a")


def test_a_pass_for_every_place_is_not() -> None:
    def passes(text: str) -> None:
        for _ in text[::50]:
            text.count("b")

    assert not in_proportion(passes, "a")
