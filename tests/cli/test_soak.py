"""How many requests a stage of the soak has."""

from __future__ import annotations

import pytest

from benchmarks.soak import STAGE, stage_of


@pytest.mark.parametrize("requests", [30, 6_000, 3 * STAGE - 1, 3 * STAGE, 300_000])
def test_any_number_of_requests_has_three_stages_at_least(requests: int) -> None:
    """A number below one stage sent nothing, and the bench ended as if all were well."""
    assert requests // stage_of(requests) >= 3
    assert stage_of(requests) <= STAGE
