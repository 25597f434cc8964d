"""How many requests a stage of the soak has."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.soak import FEWEST, STAGE, stage_of
from tests import ROOT


@pytest.mark.parametrize("requests", [FEWEST, 6_000, 3 * STAGE - 1, 3 * STAGE, 300_000])
def test_any_number_of_requests_has_three_stages_at_least(requests: int) -> None:
    """A number below one stage sent nothing, and the bench ended as if all were well."""
    assert requests // stage_of(requests) >= 3
    assert stage_of(requests) <= STAGE


def test_fewer_requests_than_three_stages_have_are_refused() -> None:
    command = [sys.executable, "-m", "benchmarks", "soak", "--requests", str(FEWEST - 1)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert f"--requests is {FEWEST - 1}; expected {FEWEST} or more" in ended.stderr
