"""What a learner says while it runs, since a busy machine may let it wait for minutes."""

from __future__ import annotations

from queue import SimpleQueue

import pytest

from router.cli.learning.learner_limits import telling


def test_learner_repeats_its_processor_time_until_it_ends() -> None:
    told = SimpleQueue[str]()
    with telling("department", "ds_1", every_s=0.001, tell=told.put):
        assert "department learns from ds_1, at the lowest priority" in told.get(timeout=60)
        for _ in range(2):
            assert "s of processor time in" in told.get(timeout=60)
    while not told.empty():
        told.get()
    with pytest.raises(ValueError, match="a lesson that fails"), telling("spam", "ds_2", 60):
        raise ValueError("a lesson that fails")
    assert told.empty()
