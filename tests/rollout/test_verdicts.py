"""Findings about a candidate: worse, fine, or not known yet."""

from __future__ import annotations

import pytest

from router.rollout.tallies import (
    COSTS,
    HOUR_MS,
    LATENCIES,
    MOST_KEPT,
    OTHER,
    Arm,
    Arms,
    Metric,
    Observed,
    Tallies,
    Tally,
    cost_level,
    latency_level,
    no_arms,
    typical_ms,
)
from router.rollout.verdicts import (
    Finding,
    Margins,
    broken,
    compare,
    compare_latest,
    passed,
    tolerated,
)

CAP = 1_000_000
ONLY_ERRORS = Margins(errors=0.02, cost=None, latency=None, complaints=None)


def observed(at: int, arm: Arm, **changes: object) -> Observed:
    facts: dict[str, object] = {
        "request_id": f"{arm.value}-{at}",
        "arm": arm,
        "unit": str(at),
        "failed": False,
        "cost_nano_usd": 100_000,
        "latency_ms": 500.0,
        "domain": "chitchat",
        "level": 2,
        "tenant": "acme",
    }
    return Observed(**(facts | changes))  # type: ignore[arg-type]


def arms(base: int, candidate: int, **of_candidate: object) -> Arms:
    counted = Tallies(CAP, most_per_unit=20)
    for i in range(base):
        counted.add(observed(i, Arm.BASE))
    for i in range(candidate):
        counted.add(observed(i, Arm.CANDIDATE, **of_candidate))
    return counted.arms


def finding(found: Arms, metric: Metric) -> Finding:
    return next(one.finding for one in compare(found, Margins(), 0.05) if one.metric is metric)


@pytest.mark.parametrize(
    ("metric", "worse"),
    [
        (Metric.ERRORS, {"failed": True}),
        (Metric.COST, {"cost_nano_usd": 900_000}),
        (Metric.LATENCY, {"latency_ms": 5_000.0}),
    ],
)
def test_a_candidate_that_is_far_worse_is_found_soon(
    metric: Metric, worse: dict[str, object]
) -> None:
    assert finding(arms(1_000, 40, **worse), metric) is Finding.WORSE
    assert finding(arms(1_000, 40), metric) is not Finding.WORSE


def test_few_observations_say_nothing() -> None:
    assert finding(arms(1_000, 4, failed=True), Metric.ERRORS) is Finding.OPEN
    assert finding(arms(4, 1_000, failed=True), Metric.ERRORS) is Finding.OPEN


def test_one_arm_alone_proves_nothing() -> None:
    assert finding(arms(0, 5_000, failed=True), Metric.ERRORS) is Finding.OPEN


def test_an_equal_candidate_passes_once_enough_is_seen() -> None:
    few, many = arms(300, 300), arms(2_000, 2_000)
    assert not passed(compare(few, Margins(), 0.05), few, 200)
    assert passed(compare(many, Margins(), 0.05), many, 200)
    assert not passed(compare(many, Margins(), 0.05), many, 5_000)


def test_complaints_count_once_each() -> None:
    counted = Tallies(CAP, most_per_unit=20)
    counted.add(observed(1, Arm.CANDIDATE))
    for request_id in ("candidate-1", "candidate-1", "unknown"):
        counted.complain(request_id)
    assert counted.arms[Arm.CANDIDATE].complaints == 1


def test_a_loop_of_one_conversation_rolls_nothing_back() -> None:
    counted = Tallies(CAP, most_per_unit=3)
    for i in range(1_000):
        counted.add(observed(i, Arm.BASE))
        counted.add(observed(i, Arm.CANDIDATE, unit="loop", failed=True))
    assert counted.arms[Arm.CANDIDATE].requests == 3
    assert not broken(compare(counted.arms, ONLY_ERRORS, 0.0125))


def test_a_request_that_is_read_twice_counts_once() -> None:
    counted = Tallies(CAP, most_per_unit=20)
    for _ in range(2):
        counted.add(observed(1, Arm.BASE))
    assert counted.arms[Arm.BASE].requests == 1


def test_strata_hold_both_arms() -> None:
    counted = Tallies(CAP, most_per_unit=20)
    counted.add(observed(1, Arm.BASE, domain="billing"))
    counted.add(observed(2, Arm.CANDIDATE, domain="billing", failed=True))
    both = counted.strata["domain", "billing"]
    assert (both[Arm.BASE].failed, both[Arm.CANDIDATE].failed) == (0, 1)


def test_strata_beyond_the_most_share_one() -> None:
    counted = Tallies(CAP, most_per_unit=20)
    for i in range(100):
        counted.add(observed(i, Arm.BASE, tenant=f"tenant-{i}"))
    tenants = [name for kind, name in counted.strata if kind == "tenant"]
    assert len(tenants) == 49
    assert counted.strata["tenant", OTHER][Arm.BASE].requests == 52


@pytest.mark.parametrize(
    ("nano_usd", "level"), [(0, 0), (-5, 0), (1, 1), (CAP, 97), (10 * CAP, 97)]
)
def test_costs_have_a_level_each(nano_usd: int, level: int) -> None:
    assert cost_level(nano_usd, CAP) == level
    assert len(COSTS) == 98


def test_latencies_count_by_their_logarithm() -> None:
    assert latency_level(0.0) == latency_level(-1.0) == 0
    assert latency_level(1e9) == len(LATENCIES) - 1
    assert typical_ms(LATENCIES[latency_level(2_000.0)]) == pytest.approx(2_000.0, rel=0.06)


def test_a_margin_of_latency_is_a_ratio() -> None:
    slower = tolerated(Metric.LATENCY, LATENCIES[60], 0.5)
    assert typical_ms(slower) / typical_ms(LATENCIES[60]) == pytest.approx(1.5, rel=0.01)


def test_a_metric_without_a_margin_is_not_looked_at() -> None:
    found = compare(no_arms(), ONLY_ERRORS, 0.05)
    assert [one.metric for one in found] == [Metric.ERRORS]
    assert Tally().interval(Metric.COST, 0.05).count == 0


def test_a_candidate_that_breaks_after_weeks_is_found_as_soon() -> None:
    counted = Tallies(CAP, most_per_unit=20)
    for i in range(20_000):
        counted.add(observed(i, Arm.BASE))
        counted.add(observed(i, Arm.CANDIDATE))
    late = 500 * HOUR_MS
    for i in range(20_000, 20_600):
        counted.add(observed(i, Arm.BASE, at_ms=late))
        failed = i < 20_030
        if failed:
            counted.add(observed(i, Arm.CANDIDATE, at_ms=late, failed=True))
    assert not broken(compare(counted.arms, ONLY_ERRORS, 0.01))
    (found,) = compare_latest(counted, ONLY_ERRORS, 0.01)
    assert (found.finding, found.candidate.count) == (Finding.WORSE, 30)


def test_the_first_hour_is_tested_once() -> None:
    counted = Tallies(CAP, most_per_unit=20)
    counted.add(observed(1, Arm.CANDIDATE, failed=True))
    assert compare_latest(counted, ONLY_ERRORS, 0.01) == ()


def test_a_request_of_an_earlier_hour_counts_in_the_whole_alone() -> None:
    counted = Tallies(CAP, most_per_unit=20)
    counted.add(observed(1, Arm.BASE, at_ms=3 * HOUR_MS))
    counted.add(observed(2, Arm.BASE, at_ms=HOUR_MS))
    assert (counted.hour, counted.latest[Arm.BASE].requests) == (3, 1)
    assert counted.arms[Arm.BASE].requests == 2


def test_the_latest_hour_hears_complaints_of_who_has_had_a_share_of_the_stage() -> None:
    counted = Tallies(CAP, most_per_unit=1)
    counted.add(observed(1, Arm.CANDIDATE, unit="one"))
    counted.add(observed(2, Arm.CANDIDATE, unit="one", at_ms=5 * HOUR_MS))
    counted.complain("candidate-2")
    assert counted.latest[Arm.CANDIDATE].complaints == 1
    assert counted.arms[Arm.CANDIDATE].complaints == 0


def test_complaints_of_other_requests_take_bounded_memory() -> None:
    counted = Tallies(CAP, most_per_unit=20)
    for i in range(MOST_KEPT + 10):
        counted.complain(f"other-{i}")
    counted.add(observed(1, Arm.BASE, request_id="other-1"))
    counted.add(observed(2, Arm.BASE, request_id=f"other-{MOST_KEPT}"))
    assert counted.arms[Arm.BASE].complaints == 1


@pytest.mark.parametrize(
    ("failing", "of_base", "least"),
    [(0.02, 10, 1_900), (0.02, 1, 3_400), (0.005, 10, 900), (0.005, 1, 1_200), (0.0, 10, 460)],
)
def test_a_good_candidate_passes_shadow_after_so_many_requests(
    failing: float, of_base: int, least: int
) -> None:
    """docs/guides/rollout.md has these figures."""

    def shadowed(requests: int) -> bool:
        both = {Arm.CANDIDATE: requests, Arm.BASE: requests * of_base}
        found = {
            arm: Tally(requests=count, units=count, failed=round(count * failing))
            for arm, count in both.items()
        }
        return passed(compare(found, ONLY_ERRORS, 0.05 / 4 / 2), found, 200)

    assert shadowed(least)
    assert not shadowed(least * 8 // 10)
