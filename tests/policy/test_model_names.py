"""The name of a model is bounded, wherever it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.loading import load_policy


@pytest.mark.parametrize("kind", ["upstream", "litellm"])
def test_the_name_of_a_model_is_bounded(tmp_path: Path, kind: str) -> None:
    """Each piece of a stream has it: one of 10,000 letters made 200 kB of twenty words."""
    base = {"upstream": '\n        base_urls: ["http://127.0.0.1/v1"]', "litellm": ""}[kind]
    written = (
        "version: 1\nname: p\ntiers:\n  - name: t\n    level: 1\n    answerers:\n"
        f"      - name: a\n        kind: {kind}{base}\n        model: {{}}\n"
    )
    path = tmp_path / "p.yaml"
    path.write_text(written.format("m" * 256))
    load_policy(path, {})
    path.write_text(written.format("m" * 257))
    with pytest.raises(PolicyError, match="expected at most 256 characters"):
        load_policy(path, {})
