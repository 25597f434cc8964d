"""The wait that Gemini writes into its refusal, directly and in litellm's words."""

from __future__ import annotations

import pytest

from tiers.litellm.errors import to_ours
from tiers.resilience.refusals import read_retry_delay


class RateLimitError(Exception):
    """Stands for litellm's class of that name."""


class BadRequestError(Exception):
    """Stands for litellm's class of that name."""


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ('[{"error": {"code": 429, "details": [{"retryDelay": "34s"}]}}]', 34.0),
        ('{"error": {"details": [{"retryDelay":"0.25s"}]}}', 0.25),
        ('{"error": {"details": [{"retryDelay": "-1s"}]}}', None),
        ('{"error": {"details": [{"retryDelay": "soon"}]}}', None),
        ('{"error": {"message": "Please retry in 34s."}}', None),
    ],
)
def test_the_wait_in_the_body_is_read(said: str, seconds: float | None) -> None:
    assert read_retry_delay(said) == seconds


@pytest.mark.parametrize(("kind", "seconds"), [(RateLimitError, 34.0), (BadRequestError, None)])
def test_only_a_limit_of_the_rate_asks_for_a_wait(
    kind: type[Exception], seconds: float | None
) -> None:
    assert to_ours(kind('"retryDelay": "34s"')).retry_after_s == seconds
