"""A bound of the first byte is one only below the whole deadline of a call."""

from __future__ import annotations

from pathlib import Path

from router.policy.loading import load_policy
from tests.kits.inputs.policy_texts import GOOD, mistakes_of, write


def policy(first_byte_s: int) -> str:
    keys = f"model: gpt-4o-mini\n        first_byte_s: {first_byte_s}\n        deadline_s: 30"
    return GOOD.replace("kind: local", f"kind: litellm\n        {keys}").replace("smol", "large")


def test_a_bound_at_the_deadline_is_a_mistake(tmp_path: Path) -> None:
    [mistake] = mistakes_of(tmp_path, policy(30), known=["gpt-4o-mini"])
    assert "first_byte_s below deadline_s (30), not 30" in mistake.expected


def test_a_bound_below_the_deadline_is_none(tmp_path: Path) -> None:
    load_policy(write(tmp_path, policy(29)), {}, known_models=["gpt-4o-mini"])
