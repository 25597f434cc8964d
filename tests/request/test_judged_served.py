"""A policy with `check` and `tiergate train judge`, through whole gateways over scripted models."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from router import Gateway
from router.errors import PolicyError
from router.policy.content.rubrics import load_rubric
from router.stats.judge_calibration import SCHEMA, JudgeCalibration
from router.types import Role
from tests import ROOT
from tests.kits.server_kit import tiergate
from tests.kits.upstreams.fake_upstream import FakeUpstream

pytestmark = pytest.mark.slow  # each loads a whole gateway

POLICY = """
version: 1
name: checked
tiers:
  - name: llm
    level: 2
    answerers:
      - name: mini
        kind: upstream
        model: mirror
        base_urls: ["{url}"]
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
        verify: {{default: none}}
        check: {{rubric: rubrics/general.yaml, judge: large{more}}}
      - name: large
        kind: upstream
        model: judge
        base_urls: ["{url}"]
        price: {{input_usd_per_mtok: 5, output_usd_per_mtok: 9}}
        verify: {{default: none}}
"""
RUBRIC = load_rubric(ROOT / "policies/rubrics/general.yaml")
GOOD, BAD = "Explain how tides work, quality 4.", "Explain how tides work, quality 1."


def calibration(folder: Path, model: str) -> str:
    made = JudgeCalibration(SCHEMA, RUBRIC.digest, model, 2.0, 0.0, 80, 20, 0.8)
    (folder / "judge.json").write_text(made.to_text())
    return ", calibration: judge.json"


async def test_a_judged_answer_goes_out_or_climbs(tmp_path: Path) -> None:
    path = tmp_path / "checked.yaml"
    async with FakeUpstream() as fake:
        path.write_text(POLICY.format(url=fake.url, more=calibration(tmp_path, "judge")))
        async with Gateway.from_policy(path, database=tmp_path / "l.db", environ={}) as gateway:
            good = await gateway.acomplete(GOOD)
            assert good.answer is not None
            assert (good.rung.answerer, good.answer.text) == ("mini", GOOD)
            assert good.confidence == pytest.approx(0.9)  # 3:1 squared is 9:1
            roles = [a.role for a in good.attempts if a.role is not Role.TRIAGE]
            assert roles == [Role.ANSWER, Role.CHECK]
            bad = await gateway.acomplete(BAD)
            assert bad.rung.answerer == "large"
    given = ("train", "judge", "--policy", str(path), "--database", str(tmp_path / "l.db"))
    out = tmp_path / "new.json"
    run = await asyncio.to_thread(tiergate, *given, "--answerer", "mini", "--out", str(out))
    assert run.returncode == 6, run.stderr
    assert "found 0 judged answers with an outcome" in run.stderr
    assert not out.exists()
    run = await asyncio.to_thread(tiergate, *given, "--answerer", "large", "--out", str(out))
    assert run.returncode == 2
    assert "expected one with `check`: mini" in run.stderr


KNOWLEDGE = """
version: 1
name: a shop
intents:
  - id: parcel_cost
    domain: customer_support
    utterances: [what does a parcel cost, how much is shipping]
    answer: The parcel of {order_id} costs $4.95.
    slots: {order_id: {from: context}}
    source: Delivery guide, 1
"""
"""An answer with slots is shown to no model, so that no passage fits anything."""
DESK = """tiers:
  - name: resolve
    level: 1
    answerers: [{name: desk, kind: resolver, knowledge: shop.yaml}]
"""


@pytest.mark.parametrize(
    ("steps", "repaired"), [("context, solve", False), ("solve, refine", True)]
)
async def test_an_answer_with_the_step_context_is_not_repaired_without_it(
    tmp_path: Path, steps: str, repaired: bool
) -> None:
    (tmp_path / "shop.yaml").write_text(KNOWLEDGE)
    path = tmp_path / "checked.yaml"
    async with FakeUpstream() as fake:
        text = POLICY.format(url=fake.url, more=", repair: true").replace("tiers:\n", DESK)
        path.write_text(text.replace("mirror\n", f"mirror\n        steps: [{steps}]\n", 1))
        async with Gateway.from_policy(path, database=tmp_path / "l.db", environ={}) as gateway:
            bad = await gateway.acomplete(BAD)
        roles = [a.role for a in bad.attempts if a.answerer == "mini"]
        steps_run = 1 if "refine" in steps else 0
        assert roles.count(Role.REFINE) - steps_run == int(repaired)
        assert bad.rung.answerer == "large" or repaired


def test_a_calibration_of_another_judge_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "checked.yaml"
    more = calibration(tmp_path, "other")
    path.write_text(POLICY.format(url="http://127.0.0.1:1/v1", more=more))
    with pytest.raises(PolicyError, match="scores of others mean something else"):
        Gateway.from_policy(path, database=tmp_path / "l.db", environ={})
