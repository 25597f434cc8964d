"""A policy may only name levels at which somebody answers."""

from __future__ import annotations

import pytest

from router.policy.level_checks import level_mistakes

TWO: list[object] = [1, 2]
GAP: list[object] = [1, 3]


def named(levels: list[object], **written: object) -> list[tuple[str, object]]:
    tiers = [{"name": f"t{level}", "level": level} for level in levels]
    found = level_mistakes({"tiers": tiers, **written})
    return [(".".join(map(str, mistake.path)), mistake.found) for mistake in found]


def rule(**levels: object) -> list[dict[str, object]]:
    return [{"name": "r", "domains": ["legal"], **levels}]


@pytest.mark.parametrize(
    ("levels", "written", "mistakes"),
    [
        (TWO, {"hard_rules": rule(floor=3)}, []),
        (TWO, {"hard_rules": rule(floor=4)}, [("hard_rules.0.floor", 4)]),
        (GAP, {"hard_rules": rule(floor=2)}, []),
        ([1, 5], {"hard_rules": rule(floor=5)}, []),
        ([1, 5], {"hard_rules": rule(floor=6)}, [("hard_rules.0.floor", 6)]),
        ([2, 3], {"hard_rules": rule(ceiling=1)}, [("hard_rules.0.ceiling", 1)]),
        ([2, 3], {"hard_rules": rule(ceiling=2)}, []),
        (TWO, {"hard_rules": rule(ceiling=4)}, [("hard_rules.0.ceiling", 4)]),
        (TWO, {"endpoints": [{"floor": 4}]}, [("endpoints.0.floor", 4)]),
        (GAP, {"shadow": {"level": 2}}, [("shadow.level", 2)]),
        (GAP, {"shadow": {"level": 3}}, []),
        ([], {"hard_rules": rule(floor=4)}, []),
        (TWO, {"hard_rules": rule(floor=99)}, []),  # the schema says this
        (TWO, {"hard_rules": rule(floor="4")}, [("hard_rules.0.floor", 4)]),  # of a variable
        (TWO, {"hard_rules": rule(floor=4.0)}, [("hard_rules.0.floor", 4)]),
        (TWO, {"hard_rules": rule(floor="high")}, []),  # the schema says this, too
        (["1", "4"], {"hard_rules": rule(floor=4)}, []),
        (GAP, {"shadow": {"level": "2"}}, [("shadow.level", 2)]),
    ],
)
def test_a_level_that_nobody_answers_at_is_a_mistake(
    levels: list[object], written: dict[str, object], mistakes: list[tuple[str, object]]
) -> None:
    assert named(levels, **written) == mistakes
