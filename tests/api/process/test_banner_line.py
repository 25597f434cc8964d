"""The line to try asks what the served policy has an answer to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router import Gateway
from router.api.process.banner import QUESTION, _body

BARE = """
version: 1
name: bare
tiers: [{name: sums, level: 1, answerers: [{name: exact, kind: exact}]}]
examples:
  - {prompt: "what's up", tier: sums, reason: a quote would end the line}
  - {prompt: Where is it, context: {order_id: A-1}, tier: sums, reason: the line has no context}
"""


def question_of(policy: str | Path, tmp_path: Path) -> str:
    database = tmp_path / "ledger.db"
    with Gateway.from_policy(policy, database=database, environ={}) as gateway:
        body = _body(gateway._core.router.default)
    assert "'" not in body
    return str(json.loads(body)["messages"][0]["content"])


@pytest.mark.slow
def test_the_line_asks_the_first_example_of_one_turn(tmp_path: Path) -> None:
    assert question_of("it_help_desk", tmp_path) == "my laptop was stolen on the train"


@pytest.mark.slow
def test_without_a_fitting_example_the_line_asks_for_a_sum(tmp_path: Path) -> None:
    path = tmp_path / "bare.yaml"
    path.write_text(BARE)
    assert question_of(path, tmp_path) == QUESTION
