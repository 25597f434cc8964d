"""Tests how many answerers a policy may have that clients ask for by name."""

from __future__ import annotations

import pytest

from router.policy.cross_checks import _DEFAULT_MAX_RUNGS, cross_mistakes


@pytest.mark.parametrize(("pinned", "mistakes"), [(True, 0), (False, 1)])
def test_pinned_answerers_are_no_rungs_of_a_long_ladder(pinned: bool, mistakes: int) -> None:
    names = [f"m{i}" for i in range(_DEFAULT_MAX_RUNGS + 1)]
    answerers = [{"name": name, "kind": "local"} for name in names]
    raw = {
        "version": 1,
        "name": "p",
        "tiers": [{"name": "a", "level": 2, "answerers": answerers}],
        "aliases": {name: {"answerer": name, "pinned": pinned} for name in names},
    }
    found = [one for one in cross_mistakes(raw) if one.path == ("tiers",)]
    assert len(found) == mistakes
