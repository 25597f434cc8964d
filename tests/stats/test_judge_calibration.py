"""A judge's scores turned into chances: the fit, its bounds, and its file."""

from __future__ import annotations

import numpy as np
import pytest

from router.stats.judge_calibration import (
    LEAST_EACH,
    LEAST_OUTCOMES,
    TooFewOutcomes,
    auroc_span,
    fit_calibration,
    read_calibration,
)


def outcomes(count: int, slope: float, seed: int = 0) -> tuple[list[float], list[bool]]:
    chance = np.random.default_rng(seed)
    scores = chance.integers(0, 9, count) / 8
    p = 1 / (1 + np.exp(-slope * (scores - 0.5)))
    return scores.tolist(), (chance.random(count) < p).tolist()


def test_a_judge_that_tells_right_from_wrong_moves_the_chance() -> None:
    scores, right = outcomes(2_000, 6.0)
    made = fit_calibration(scores, right, "digest", "large-1")
    assert made(0.0) < 0.15
    assert made(0.5) == pytest.approx(0.5, abs=0.06)
    assert made(1.0) > 0.85
    assert made.auroc > 0.8


def test_a_judge_that_tells_nothing_gives_the_share_of_right_answers() -> None:
    scores, right = outcomes(2_000, 0.0)
    made = fit_calibration(scores, right, "digest", "large-1")
    share = sum(right) / len(right)
    assert [made(score) for score in (0.0, 0.5, 1.0)] == pytest.approx([share] * 3, abs=0.12)


def test_few_outcomes_have_a_wide_interval() -> None:
    few, many = (auroc_span(*outcomes(count, 6.0)) for count in (60, 2_000))
    assert few[1] - few[0] > 3 * (many[1] - many[0])
    assert few[0] < fit_calibration(*outcomes(60, 6.0), "digest", "large-1").auroc < few[1]
    low, high = auroc_span(*outcomes(60, 0.0))
    assert low < 0.5 < high


@pytest.mark.parametrize(
    ("right", "wrong", "enough"),
    [
        (LEAST_OUTCOMES - LEAST_EACH, LEAST_EACH, True),
        (LEAST_OUTCOMES - LEAST_EACH - 1, LEAST_EACH, False),
        (LEAST_OUTCOMES, LEAST_EACH - 1, False),
        (LEAST_EACH - 1, LEAST_OUTCOMES, False),
    ],
)
def test_too_few_outcomes_make_no_calibration(right: int, wrong: int, enough: bool) -> None:
    scores, told = [0.75] * right + [0.25] * wrong, [True] * right + [False] * wrong
    if enough:
        assert fit_calibration(scores, told, "d", "m").outcomes == right + wrong
        return
    with pytest.raises(TooFewOutcomes, match=f"found {right + wrong} judged answers"):
        fit_calibration(scores, told, "d", "m")


def test_a_file_is_read_as_it_was_written() -> None:
    made = fit_calibration(*outcomes(100, 4.0), "digest", "large-1")
    assert read_calibration(made.to_text()) == made
    for text in ("", "{}", made.to_text().replace("calibration/1", "calibration/2")):
        with pytest.raises(ValueError, match=r"calibration|schema"):
            read_calibration(text)
