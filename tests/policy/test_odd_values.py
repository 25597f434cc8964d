"""Names odd values of a policy as mistakes with their line; none ends in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.loading import load_policy

POLICY = """
version: 1
name: odd
tiers: [{name: a, level: 1, answerers: [{name: x, kind: extractor}]}]
heads: [{name: topic, path: HEAD}]
endpoints: [{domain: DOMAIN, task: notes, description: Notes of a meeting., extract: {dates: date}}]
budgets: {"*": {usd_per_day: BUDGET}}
hard_rules: [{name: r, terms: [nowhere], min_level: 1}]
"""


@pytest.mark.parametrize(
    ("put", "words"),
    [
        ({"DOMAIN": "{}"}, ":6: endpoints[0].domain: found"),
        ({"DOMAIN": "[x]"}, ":6: endpoints[0].domain: found"),
        ({"BUDGET": "on"}, ":7: budgets.*.usd_per_day: found True; expected a number"),
        ({"HEAD": "a" * 300}, ":5: heads[0].path: found"),
        ({"HEAD": "ä" * 150}, ":5: heads[0].path: found"),
        ({"HEAD": "a/" * 3_000}, ":5: heads[0].path: found"),
        # Mistakes across keys are told beside those of the schema.
        ({"DOMAIN": "{}"}, ":8: hard_rules[0].terms[0]: found 'nowhere'"),
    ],
)
def test_an_odd_value_is_a_mistake_with_its_line(
    tmp_path: Path, put: dict[str, str], words: str
) -> None:
    text = POLICY
    for name, value in ({"DOMAIN": "travel", "HEAD": "topic.json", "BUDGET": "5"} | put).items():
        text = text.replace(name, value)
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {})
    assert words in str(caught.value)
