"""Says where a rollout stands and how its arms compare, as plain values for JSON. Pure.

Intervals of a metric hold together at every moment with the chance that `level` states; those of a
stratum hold one by one, since there may be many: they say where to look, and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.rollout.confidence import Interval
from router.rollout.stages import Change, RolloutTurn
from router.rollout.tallies import Arm, Arms, Metric, Tallies, Tally, typical_ms
from router.rollout.verdicts import Compared, Finding, compare, passed
from router.types import NANO_PER_USD

Json = dict[str, object]
STRATUM_SIDE = 0.025

FAR_CAP = 10
"""A cap of so many times the dearest request keeps the test of costs open: costs are then so low on
its scale that one lost request at the cap would outweigh all of them."""

FITTING_CAP = 4
"""The cap that is proposed, in dearest requests; the cap that follows from earlier requests is as
far above the usual ones."""


def status(changes: Sequence[Change], tallies: Tallies | None, waiting: str = "") -> Json:
    """Returns the state of a policy's last rollout.

    `changes` are all of the policy, oldest first; `tallies` those of the present stage, None where
    nothing is split now; `waiting` is what `stages.waits` says.

    {"policy", "run", "state": running | passed | rolled_back | finished, "stage": "canary 10 %",
    "share": 0.1, "stages": [...], "by", "kind", "candidate_hash", "since_ms", "why", "waits",
    "requests": {"base": n, "candidate": n}, "metrics": [{"metric", "finding", "tolerated",
    "unit", "base": {"mean", "lower", "upper"}, "candidate": {...}}], "history": [{"version",
    "turn", "stage", "at_ms", "by", "why"}]}; the metrics of a rollout that is over are those that
    ended it.
    """
    last = changes[-1]
    run = [change for change in changes if change.run == last.run]
    arms = None if tallies is None or last.over else tallies.arms
    compared = last.evidence if arms is None else compare(arms, last.margins, last.plan.alpha())
    return {
        "policy": last.policy,
        "run": last.run,
        "state": state_of(last),
        "stage": last.stage_name,
        "share": last.share,
        "stages": [_stage(share) for share in last.plan.stages],
        "kind": last.plan.kind,
        "by": last.plan.by,
        "base_hash": last.base_hash,
        "candidate_hash": last.candidate_hash,
        "since_ms": last.since_ms,
        "changed_ms": last.at_ms,
        "why": last.why,
        "waits": waiting,
        "level": 1.0 - last.plan.alpha(),
        "least_requests": last.plan.least_requests,
        "requests": {arm.value: None if arms is None else arms[arm].requests for arm in Arm},
        "units": {arm.value: None if arms is None else arms[arm].units for arm in Arm},
        "gates_pass": arms is not None and passed(compared, arms, last.plan.least_requests),
        "metrics": [_metric(one, last.plan.cap_nano_usd) for one in compared],
        "history": [
            {
                "version": change.version,
                "turn": change.turn.value,
                "stage": change.stage_name,
                "at_ms": change.at_ms,
                "by": change.by,
                "why": change.why,
            }
            for change in run
        ],
    }


def state_of(change: Change) -> str:
    """Returns the state in one word."""
    if change.turn in (RolloutTurn.STARTED, RolloutTurn.PROMOTED, RolloutTurn.RESTARTED):
        return "running"
    return change.turn.value


def strata(tallies: Tallies, cap_nano_usd: int) -> list[Json]:
    """Returns both arms of each stratum, those with most requests first in their kind."""
    rows: list[tuple[tuple[str, int, str], Json]] = []
    for (kind, name), arms in tallies.strata.items():
        both = {arm.value: _arm(arms[arm], cap_nano_usd) for arm in Arm}
        size = sum(tally.requests for tally in arms.values())
        rows.append(((kind, -size, name), {"kind": kind, "name": name, **both}))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def whole(arms: Arms, cap_nano_usd: int) -> Json:
    """Returns both arms over all of the stage's traffic."""
    return {arm.value: _arm(arms[arm], cap_nano_usd) for arm in Arm}


def _arm(tally: Tally, cap_nano_usd: int) -> Json:
    shown: Json = {"requests": tally.requests}
    for metric in Metric:
        bounds = tally.interval(metric, STRATUM_SIDE)
        shown[metric.value] = _interval(bounds, metric, cap_nano_usd)
    mean_usd = tally.cost_nano_usd / tally.requests / NANO_PER_USD if tally.requests else 0.0
    return {**shown, "mean_usd": mean_usd}


def _metric(one: Compared, cap_nano_usd: int) -> Json:
    return {
        "metric": one.metric.value,
        "finding": one.finding.value,
        "tolerated": one.margin,
        "unit": UNITS[one.metric],
        "base": _interval(one.base, one.metric, cap_nano_usd),
        "candidate": _interval(one.candidate, one.metric, cap_nano_usd),
    }


UNITS = {
    Metric.ERRORS: "share",
    Metric.COST: "usd",
    Metric.LATENCY: "ms",
    Metric.COMPLAINTS: "share",
}


def _interval(bounds: Interval, metric: Metric, cap_nano_usd: int) -> Json:
    mean, lower, upper = _ends(bounds, metric, cap_nano_usd)
    return {"mean": mean, "lower": lower, "upper": upper}


def _ends(bounds: Interval, metric: Metric, cap_nano_usd: int) -> Iterator[float]:
    """Yields mean and bounds in the metric's unit.

    Costs below the lowest level are rounded up for the bounds, so theirs may not hold the mean.
    """
    ends = (bounds.mean, min(bounds.lower, bounds.mean), max(bounds.upper, bounds.mean))
    return (shown(metric, value, cap_nano_usd) for value in ends)


def shown(metric: Metric, value: float, cap_nano_usd: int) -> float:
    """Returns a mean on a metric's scale in its unit: a share, dollars, or milliseconds."""
    if metric is Metric.COST:
        return value * cap_nano_usd / NANO_PER_USD
    return typical_ms(value) if metric is Metric.LATENCY else value


def _stage(share: float) -> str:
    if share in (0.0, 1.0):
        return "all" if share else "shadow"
    return f"canary {share * 100:g} %"


def sentence(one: Compared, cap_nano_usd: int) -> str:
    """Returns what a metric says, for the change that it causes."""
    base, candidate = (
        _words(one.metric, bounds, cap_nano_usd) for bounds in (one.base, one.candidate)
    )
    return f"{one.metric.value}: candidate {candidate}, base {base}"


def _words(metric: Metric, bounds: Interval, cap_nano_usd: int) -> str:
    if not bounds.count:
        return "no requests yet"
    requests = f"{bounds.count} request{'' if bounds.count == 1 else 's'}"
    mean, lower, upper = _ends(bounds, metric, cap_nano_usd)
    if metric is Metric.COST:
        return f"${mean:.6f} (${lower:.6f} to ${upper:.6f}, {requests})"
    if metric is Metric.LATENCY:
        return f"{mean:.0f} ms ({lower:.0f} to {upper:.0f}, {requests})"
    return f"{mean:.1%} ({lower:.1%} to {upper:.1%}, {requests})"


def not_yet(change: Change, tallies: Tallies) -> str:
    """Returns why a stage has not passed, and what to do about it."""
    arms, plan = tallies.arms, change.plan
    compared = compare(arms, change.margins, plan.alpha())
    reasons = [
        sentence(one, plan.cap_nano_usd) for one in compared if one.finding is not Finding.FINE
    ]
    if not compared:
        reasons = ["no guard is set that this stage can pass"]
    elif not any(tally.requests for tally in arms.values()):
        reasons = []  # each metric would say the same
    fewest = min(tally.requests for tally in arms.values())
    if fewest < plan.least_requests:
        reasons.insert(0, f"the smaller side has {fewest} of {plan.least_requests} requests")
    cost_is_open = any(
        one.metric is Metric.COST and one.finding is Finding.OPEN for one in compared
    )
    remedy = _cost_remedy(change, arms) if cost_is_open and fewest else ""
    return (
        f"Stage {change.stage_name} of {change.policy!r} has not passed: {'; '.join(reasons)}. "
        f"{remedy or 'Wait'}, or promote with --force."
    )


def _cost_remedy(change: Change, arms: Arms) -> str:
    """Returns what a person must change before the costs can pass; "" where more requests do."""
    cap = change.plan.cap_nano_usd
    dearest = max(tally.dearest_nano_usd for tally in arms.values())
    ending = f"`tiergate rollout rollback {change.policy} --why WHY`"
    again = f"end this rollout ({ending}), and start it again"
    if not dearest:
        return (
            "No request cost anything, so more requests will not pass the guard `cost`. Set "
            f"`rollout.guards.cost: null` in the policy, {again}"
        )
    if cap < FAR_CAP * dearest:
        return ""
    return (
        f"The cap on the cost of a request, ${cap / NANO_PER_USD:.6f}, is far above the dearest "
        f"request so far, ${dearest / NANO_PER_USD:.6f}, so the costs may stay open however many "
        f"requests come. Set `rollout.most_usd: {_plain_usd(FITTING_CAP * dearest)}` in the "
        f"policy, {again}"
    )


def _plain_usd(nano_usd: int) -> str:
    """Returns dollars of two digits without an exponent, which YAML may read as text.

    >>> _plain_usd(9_240), _plain_usd(12_000 * NANO_PER_USD)
    ('0.0000092', '12000')
    """
    rounded = float(f"{nano_usd / NANO_PER_USD:.2g}")
    return f"{rounded:.9f}".rstrip("0").rstrip(".")
