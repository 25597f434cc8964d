"""What is shown of a rollout: plain JSON, and costs as they are."""

from __future__ import annotations

import orjson
import pytest

from router.cli.learning.rollout import arm_lines, standing_lines
from router.policy.schema import RolloutSection
from router.rollout.report import not_yet, sentence, status, strata, whole
from router.rollout.stages import Change, plan_of, started
from router.rollout.tallies import Arm, Metric, Observed, Tallies
from router.rollout.verdicts import Finding, compare

CAP = 800_000_000
SECTION = RolloutSection.model_validate(
    {"candidate": {"answerers": {"mid": {"model": "newer"}}}, "stages": [0.5], "most_usd": 0.8}
)


def seen(cost_nano_usd: int, count: int = 40, cap: int = CAP) -> Tallies:
    tallies = Tallies(cap, 5)
    for arm in Arm:
        for i in range(count):
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


def test_a_stage_without_requests_says_so_and_shows_no_figures() -> None:
    """It said that both sides had errors of 0.0 %, with an interval up to 100 %."""
    none = seen(0, 0)
    head, counts, said = standing_lines(status([begun()], none))
    assert head.startswith("tested: canary 50 %, running")
    assert counts == "  requests: base 0 of 0, candidate 0 of 0 conversations"
    assert said == "  no requests in this stage yet"
    assert not_yet(begun(), none).endswith(
        "has not passed: the smaller side has 0 of 200 requests. Wait, or promote with --force."
    )


def test_a_side_without_requests_says_so() -> None:
    tallies = seen(9_000, 0)
    tallies.add(Observed("r", Arm.BASE, "r", False, 9_000, 500.0, "sales", 2, "acme"))
    errors = standing_lines(status([begun()], tallies))[2]
    assert errors.startswith("  errors     open   base 0.0% (0.0% to ")
    assert errors.endswith(", candidate no requests yet")
    assert "errors: candidate no requests yet, base 0.0% (0.0% to " in not_yet(begun(), tallies)
    assert ", 1 request)" in not_yet(begun(), tallies)


def test_a_cost_below_the_scale_is_not_rounded_up() -> None:
    tallies = seen(9_000)
    (cost,) = (m for m in status([begun()], tallies)["metrics"] if m["metric"] == "cost")  # type: ignore[attr-defined]
    for found in (cost["base"], cost["candidate"], whole(tallies.arms, CAP)["base"]["cost"]):  # type: ignore[index]
        assert found["mean"] == pytest.approx(0.000009)
        assert found["lower"] <= found["mean"] <= found["upper"]
    found = compare(tallies.arms, begun().margins, 0.05)
    (said,) = (sentence(one, CAP) for one in found if one.metric is Metric.COST)
    assert said.startswith("cost: candidate $0.000009 ($0.000009 to ")


def test_a_refusal_names_no_count_that_is_reached() -> None:
    few, enough = not_yet(begun(), seen(0, 40)), not_yet(begun(), seen(0, 233))
    assert "the smaller side has 40 of 200 requests" in few
    assert "233 of 200" not in enough


def test_a_refusal_names_a_cap_far_above_all_costs() -> None:
    said = not_yet(begun(), seen(230_000, 233))
    assert "cap on the cost of a request, $0.800000, is far above" in said
    assert "Set `rollout.most_usd: 0.00092` in the policy" in said
    assert "tiergate rollout rollback tested --why" in said
    assert "Wait" not in said


def test_the_proposed_cap_lets_the_same_costs_pass() -> None:
    section = SECTION.model_copy(update={"most_usd": 0.00092})
    change = started(None, "tested", "run", plan_of(section, []), ("b", "c"), 1, "ann", "")
    tallies = seen(230_000, 800, change.plan.cap_nano_usd)
    found = compare(tallies.arms, change.margins, change.plan.alpha())
    assert {one.metric: one.finding for one in found}[Metric.COST] is Finding.FINE


def test_a_refusal_by_a_fitting_cap_asks_to_wait() -> None:
    assert not_yet(begun(), seen(200_000_000)).endswith("Wait, or promote with --force.")


def test_a_refusal_of_requests_that_cost_nothing_names_the_guard() -> None:
    assert "`rollout.guards.cost: null`" in not_yet(begun(), seen(0))


def test_a_report_says_which_intervals_decide() -> None:
    tallies = seen(9_000)
    figures = {"arms": whole(tallies.arms, CAP), "strata": strata(tallies, CAP)}
    assert "hold for all looks and tests together" in arm_lines(figures)[0]


def test_a_report_without_requests_says_so() -> None:
    tallies = seen(0, 0)
    figures = {"arms": whole(tallies.arms, CAP), "strata": strata(tallies, CAP)}
    assert arm_lines(figures) == ["no requests in this stage yet"]
