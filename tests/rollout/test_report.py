"""What is shown of a rollout: plain JSON, and costs as they are."""

from __future__ import annotations

import orjson
import pytest

from router.policy.schema import RolloutSection
from router.rollout.report import sentence, status, strata, whole
from router.rollout.stages import Change, plan_of, started
from router.rollout.tallies import Arm, Metric, Observed, Tallies
from router.rollout.verdicts import compare

CAP = 800_000_000
SECTION = RolloutSection.model_validate(
    {"candidate": {"answerers": {"mid": {"model": "newer"}}}, "stages": [0.5], "most_usd": 0.8}
)


def seen(cost_nano_usd: int) -> Tallies:
    tallies = Tallies(CAP, 5)
    for arm in Arm:
        for i in range(40):
            name = f"{arm.value}-{i}"
            tallies.add(Observed(name, arm, name, False, cost_nano_usd, 500.0, "sales", 2, "acme"))
    return tallies


def begun() -> Change:
    plan = plan_of(SECTION, [])
    return started(None, "tested", "run", plan, ("base", "candidate"), 1_000, "ann", "")


def test_a_rollout_with_traffic_is_plain_json() -> None:
    tallies = seen(9_000)
    shown = status([begun()], tallies)
    figures = {"arms": whole(tallies.arms, CAP), "strata": strata(tallies, CAP)}
    read = orjson.loads(orjson.dumps({**shown, **figures}))
    assert read["requests"] == {"base": 40, "candidate": 40}


def test_a_cost_below_the_scale_is_not_rounded_up() -> None:
    tallies = seen(9_000)
    (cost,) = (m for m in status([begun()], tallies)["metrics"] if m["metric"] == "cost")  # type: ignore[attr-defined]
    for found in (cost["base"], cost["candidate"], whole(tallies.arms, CAP)["base"]["cost"]):  # type: ignore[index]
        assert found["mean"] == pytest.approx(0.000009)
        assert found["lower"] <= found["mean"] <= found["upper"]
    found = compare(tallies.arms, begun().margins, 0.05)
    (said,) = (sentence(one, CAP) for one in found if one.metric is Metric.COST)
    assert said.startswith("cost: candidate $0.000009 ($0.000009 to ")
