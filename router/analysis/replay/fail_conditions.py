"""Reads and judges the conditions of `--fail-if`, which let a pipeline fail on a replay.

    CONDITION = METRIC (">" | "<") LIMIT
    METRIC    = cost | error | changed | refused | levelN_share
    LIMIT     = [+|-] NUMBER UNIT;  with a sign it is a change against the other side
    UNIT      = % (of the other side's cost; of requests), pp (points), usd

`cost>+5%`, `cost>120usd`, `error>+0.5pp`, `error>2%`, `level3_share>+1pp`, `changed>10%`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from router.analysis.replay.replay import Replay
from router.analysis.report.figures import Interval
from router.rendering.figures_in_words import percent, signed_usd, usd
from router.types import NANO_PER_USD

_FORM = re.compile(
    r"\s*(?P<metric>cost|error|changed|refused|level(?P<level>[1-9])_share)\s*(?P<op>[<>])\s*"
    r"(?P<sign>[+-]?)(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>%|pp|usd)\s*",
    re.ASCII,
)
EXPECTED = (
    "METRIC>LIMIT or METRIC<LIMIT, as cost>+5%, cost>120usd, error>+0.5pp, error>2%, "
    "level3_share>+1pp, changed>10%, refused>0%"
)


class ConditionState(StrEnum):
    """Names what the data say about a condition."""

    HOLDS = "holds"  # so the replay fails
    DOES_NOT = "does_not_hold"
    CANNOT_SAY = "cannot_say"


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds one parsed condition. `limit` is in shares (0.05 for 5 % and 5 pp) or nano-dollars."""

    text: str
    metric: str
    level: int
    above: bool
    change: bool
    limit: float
    in_usd: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """Holds a condition, its answer, and in `told` the value that it was judged by."""

    condition: Condition
    answer: ConditionState
    told: str


@dataclass(frozen=True, slots=True)
class _Value:
    number: float
    interval: Interval | None
    shown: str


def read_condition(text: str) -> Condition:
    """Parses the condition in `text`. Raises ValueError with the allowed forms.

    read_condition("cost>+5%") asks if the cost is more than 5 % above the other side's.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no condition; expected {EXPECTED}")
    metric, unit, change = match["metric"], match["unit"], bool(match["sign"])
    allowed = _units(metric, change)
    # "error>5usd" or "cost>1pp" would compare numbers of different kinds.
    if unit not in allowed:
        raise ValueError(
            f"{text!r} has the unit {unit}; {'a change of ' if change else ''}{metric} is measured "
            f"in {' or '.join(allowed)}"
        )
    number = float(match["number"]) * (-1 if match["sign"] == "-" else 1)
    in_usd = unit == "usd"
    return Condition(
        text=text.strip(),
        metric="level" if match["level"] else metric,
        level=int(match["level"] or 0),
        above=match["op"] == ">",
        change=change,
        limit=number * NANO_PER_USD if in_usd else number / 100.0,
        in_usd=in_usd,
    )


def _units(metric: str, change: bool) -> tuple[str, ...]:
    if metric == "cost":
        return ("%", "usd") if change else ("usd",)
    return ("pp",) if change else ("%",)


def judge(replay: Replay, condition: Condition, *, strict: bool = False) -> Judged:
    """Judges the condition by the replay.

    `strict` judges errors and changes of cost by the end of the 95 % interval that is nearer to
    holding, so only a value surely within the limit passes. Without an interval it cannot say.
    """
    value = _value(replay, condition)
    if isinstance(value, str):
        return Judged(condition, ConditionState.CANNOT_SAY, value)
    measured = value.number
    # Levels and changed decisions are counts of these very requests, so they have no interval.
    sampled = condition.metric == "error" or (condition.metric == "cost" and condition.change)
    if strict and sampled:
        # Strict means sure, and without an interval nothing is.
        if value.interval is None:
            return Judged(
                condition, ConditionState.CANNOT_SAY, f"{value.shown}, without an interval"
            )
        measured = value.interval.high if condition.above else value.interval.low
    holds = measured > condition.limit if condition.above else measured < condition.limit
    return Judged(
        condition, ConditionState.HOLDS if holds else ConditionState.DOES_NOT, value.shown
    )


def _value(replay: Replay, condition: Condition) -> _Value | str:
    """Returns the metric's value, or the reason why there is none."""
    if not replay.requests:
        return "no request was replayed"
    if condition.metric == "cost":
        return _cost(replay, condition)
    if condition.metric == "error":
        return _error(replay, condition)
    if condition.metric == "level":
        new, old = (replay.share(side, condition.level) or 0.0 for side in (replay.new, replay.old))
    else:
        new, old = replay.changed / replay.requests, 0.0
        if condition.metric == "refused":
            new = replay.new.refused / replay.requests
            old = replay.old.refused / replay.requests
    measured = new - old if condition.change else new
    return _Value(measured, None, _points(measured) if condition.change else percent(measured, 2))


def _points(share: float) -> str:
    return f"{share * 100:+.2f} pp"


def _cost(replay: Replay, condition: Condition) -> _Value | str:
    costs = replay.costs
    if not costs.count:
        return "no request has a known cost on both sides"
    if replay.not_compared:
        return (
            f"{replay.not_compared} requests have no known cost on one side; state the prices, or "
            "leave those requests out: by --since and --until where an outage left them"
        )
    saved = costs.saved_interval()
    if not condition.change:
        return _Value(costs.own_nano_usd, None, usd(costs.own_nano_usd))
    if condition.in_usd:
        more = -costs.saved_nano_usd
        interval = None if saved is None else Interval(-saved.high, -saved.low)
        return _Value(more, interval, signed_usd(more))
    share = costs.saved_share()
    if share is None:
        return "the other side cost nothing, so no change in per cent can be stated"
    around = costs.share_interval()
    interval = None if around is None else Interval(-around.high, -around.low)
    return _Value(-share, interval, f"{-share * 100:+.2f} %")


def _error(replay: Replay, condition: Condition) -> _Value | str:
    errors = replay.errors
    if not errors.answerable or errors.dr is None or errors.difference is None:
        return cannot_answer(replay)
    if condition.change:
        difference = errors.difference
        return _Value(difference.error, difference.interval, _points(difference.error))
    return _Value(errors.dr.error, errors.dr.interval, percent(errors.dr.error, 2))


def cannot_answer(replay: Replay) -> str:
    """Explains why the data do not show the new policy's error, and what would; "" if they do."""
    errors = replay.errors
    if not errors.requests:
        return (
            "no answer that clients got has an outcome: give --outcomes, or let feedback come in, "
            "to learn how often answers are wrong"
        )
    if errors.no_overlap:
        return (
            f"for {errors.no_overlap:,} of {errors.requests:,} requests with an outcome the "
            "recorded policy could not have given this policy's answer (propensity 0, and no "
            "shadow or labelled answer): exploration (decision.explore) or shadow answers "
            "(shadow) would tell"
        )
    if not errors.observed:
        return (
            f"of {errors.requests:,} requests with an outcome none got the answer that this "
            "policy would give: more traffic, or a larger share of exploration, would tell"
        )
    if errors.unjudged:
        return (
            f"no outcome is of a request whose decision changes ({errors.unjudged:,}), so nothing "
            "measured tells how often the new answers are wrong: outcomes of some of them "
            "(--outcomes), or shadow answers (shadow), would tell"
        )
    return ""
