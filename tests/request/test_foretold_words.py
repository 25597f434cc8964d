"""A dry run says that words go out where no answer of a model may, and says so without an "if"."""

from __future__ import annotations

from pathlib import Path

import pytest

from router import Gateway
from router.types import Outcome, Verdict

POLICY = """version: 1
name: alone
terms:
  - {{name: self_harm, domain: medical, terms: ["kill myself"]}}
tiers:
  - name: small
    level: {level}
    answerers:
      - name: m1
        kind: upstream
        base_urls: ["http://127.0.0.1:9/v1"]
        model: m1
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
        {ability}
exhausted: {{default: review}}
hard_rules:
  - {{name: self_harm, floor: 3, terms: [self_harm]}}
"""
UNABLE = "ability: {theta: -3.0, labels: 100}"


def foretold(tmp_path: Path, level: int, ability: str) -> Outcome:
    (path := tmp_path / "alone.yaml").write_text(POLICY.format(level=level, ability=ability))
    with Gateway.from_policy(path, database=tmp_path / "ledger.db", environ={}) as gateway:
        return gateway.route("I want to kill myself")


@pytest.mark.parametrize("level", [1, 2])
def test_words_go_out_before_a_model_that_nobody_measured(tmp_path: Path, level: int) -> None:
    """A policy of level 1 alone sent its answer out as accepted, since no floor can be raised."""
    outcome = foretold(tmp_path, level, "")
    assert outcome.foretold is not None
    assert (outcome.foretold.asks, outcome.foretold.sure) == (False, True)
    assert outcome.foretold.words == "approved words go out (safe_answer), no tier is asked"


@pytest.mark.parametrize("level", [1, 2])
def test_words_in_place_of_any_answer_depend_on_no_answer(tmp_path: Path, level: int) -> None:
    """It said "safe_answer where its answer keeps its form and nothing speaks against it".

    At level 1 the answer of a poor model was even accepted.
    """
    outcome = foretold(tmp_path, level, UNABLE)
    assert outcome.foretold is not None
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert outcome.foretold.words == (
        "m1 is asked, and approved words go out in place of its answer (safe_answer), whatever it "
        "says"
    )
