"""`tiergate check` notes consequences of a policy that are easily overlooked."""

from __future__ import annotations

import pytest

from router.policy.schema import Policy
from router.policy.warnings import notes

RESOLVER = {"name": "faq", "kind": "resolver", "knowledge": "k.yaml"}
UPSTREAM = {"kind": "upstream", "model": "m", "base_urls": ["http://127.0.0.1:9/v1"]}


@pytest.mark.parametrize(
    ("middle", "told"),
    [({"kind": "exact"}, True), ({"kind": "passages", "of": "faq"}, True), (UPSTREAM, False)],
)
def test_level_2_without_a_model_is_noted(middle: dict[str, object], told: bool) -> None:
    answerers = (RESOLVER, {"name": "middle", **middle}, {"name": "remote", **UPSTREAM})
    tiers = [
        {"name": f"l{level}", "level": level, "answerers": [answerer]}
        for level, answerer in enumerate(answerers, 1)
    ]
    found = Policy.model_validate({"version": 1, "name": "p", "tiers": tiers})
    assert any("level 2 has no model" in note for note in notes(found)) == told
