"""Words and headers agree: who may not ask again is not told to."""

from __future__ import annotations

import pytest

from router.errors import UpstreamError
from tiers.resilience.refusals import error_for_status

AGAIN = "The provider says that asking again is of no use."


@pytest.mark.parametrize(
    ("status", "wait_s", "usual", "final"),
    [
        (
            503,
            None,
            "The upstream is overloaded (status 503). Try again in a moment.",
            "The upstream is overloaded (status 503).",
        ),
        (
            429,
            7.0,
            "The upstream is limiting our rate; try again in 7 s.",
            "The upstream is limiting our rate.",
        ),
        (
            500,
            None,
            "The upstream failed with status 500. Try again in a moment; if it fails again, tell "
            "who runs this gateway.",
            "The upstream failed with status 500.",
        ),
    ],
)
def test_a_provider_s_no_is_told_in_place_of_try_again(
    status: int, wait_s: float | None, usual: str, final: str
) -> None:
    error = error_for_status(status, retry_after_s=wait_s)
    error.tried = "Tried: nano."
    assert isinstance(error, UpstreamError)
    assert error.told == f"{usual} Tried: nano."
    error.final = True
    assert error.told == f"{final} {AGAIN} Tried: nano."


def test_money_that_is_spent_is_not_waited_for() -> None:
    error = error_for_status(429, "insufficient_quota", retry_after_s=7.0)
    assert error.told == "Our money at the upstream is spent (insufficient_quota)."
