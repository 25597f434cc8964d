"""A word where a section is due is answered with the section's keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kits.inputs.policy_texts import added, mistakes_of


@pytest.mark.parametrize(
    ("word", "told"),
    [("refuse", ": write `exhausted: {default: refuse}`"), ("never", "")],
)
def test_a_word_for_a_section_is_told_its_keys(tmp_path: Path, word: str, told: str) -> None:
    (mistake,) = mistakes_of(tmp_path, added(f"exhausted: {word}"))
    assert mistake.expected == f"a mapping with keys of default, by_domain{told}"
