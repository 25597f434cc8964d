"""Ranks the inputs of a plan: moves each one down and up by the same share, all others fixed.

The result is a tornado chart (Howard, Decision analysis: practice and promise, Management Science
34(6), 1988; Eschenbach, Spiderplots versus tornado diagrams, Interfaces 22(6), 1992). Inputs that
move together in practice move separately here, so the bars do not add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from router.plan.costs import own_fixed_per_month, own_per_request
from router.plan.figures import RatioRow, Swing
from router.plan.horizon import net_present_value_of
from router.plan.inputs import FixedCost, PlanInputs, PlannedCall, Run
from router.plan.present_value import break_even, up
from router.rendering.figures_in_words import usd

ONE = Fraction(1)
RATIOS = (Fraction(5, 4), Fraction(2), Fraction(5), Fraction(10), Fraction(20), Fraction(50))
"""Ranges from a general model that is hardly dearer to one of another class."""

Move = Callable[[PlanInputs, Fraction], PlanInputs]
Shown = Callable[[PlanInputs], str]


@dataclass(frozen=True, slots=True)
class Lever:
    """Describes one input: how a factor moves it, and how its value is shown."""

    name: str
    move: Move
    shown: Shown


def swings_of(inputs: PlanInputs, swing: Fraction) -> tuple[Swing, ...]:
    """Moves every input by -`swing` and +`swing`; the input that matters most comes first.

    It leaves out inputs that are 0, since a share of nothing is nothing, and those that change
    nothing.
    """
    swings = []
    for lever in _levers(inputs):
        # The whole plan is computed again: an input may act in several places.
        low, high = lever.move(inputs, 1 - swing), lever.move(inputs, 1 + swing)
        swings.append(
            Swing(
                lever.name,
                lever.shown(low),
                lever.shown(high),
                net_present_value_of(low),
                net_present_value_of(high),
            )
        )
    moving = [moved for moved in swings if moved.width_nano_usd]
    return tuple(sorted(moving, key=lambda moved: (-moved.width_nano_usd, moved.name)))


def ratios_of(inputs: PlanInputs, general_nano_usd: Fraction) -> tuple[RatioRow, ...]:
    """Returns the monthly break-even for several price ratios between general model and tiers.

    The general model's price stays fixed. Only monthly fixed costs count. The result is empty where
    nothing is fixed: then any cheaper request pays.
    """
    fixed = own_fixed_per_month(inputs) - inputs.general_per_month
    if general_nano_usd <= 0 or fixed <= 0:
        return ()
    own = own_per_request(inputs)
    # The plan's own ratio is a row too, so that a reader finds the plan in the table.
    here = general_nano_usd / own if own > 0 else None
    rows = [(ratio, False) for ratio in RATIOS if ratio != here]
    if here is not None:
        rows.append((here, True))
    return tuple(
        RatioRow(
            float(ratio),
            float(general_nano_usd / ratio),
            point.crossing,
            None if point.requests is None else up(point.requests),
            is_plan,
        )
        for ratio, is_plan in sorted(rows)
        for point in (break_even(fixed, general_nano_usd / ratio, general_nano_usd),)
    )


def _levers(inputs: PlanInputs) -> Iterator[Lever]:
    if inputs.requests_per_day:
        yield Lever("requests a day", _volume, lambda i: f"{float(i.requests_per_day):,.0f}")
    if inputs.growth:
        yield Lever(
            "growth a year",
            lambda i, f: replace(i, growth=max(-ONE, i.growth * f)),  # volume cannot fall below 0
            lambda i: _share(i.growth),
        )
    yield from _price_levers(inputs)
    yield from _mix_levers(inputs)
    yield from _time_levers(inputs)
    if inputs.discount_rate:
        yield Lever(
            "discount rate",
            lambda i, f: replace(i, discount_rate=i.discount_rate * f),
            lambda i: _share(i.discount_rate),
        )


def _volume(inputs: PlanInputs, factor: Fraction) -> PlanInputs:
    return replace(inputs, requests_per_day=inputs.requests_per_day * factor)


def _price_levers(inputs: PlanInputs) -> Iterator[Lever]:
    if inputs.general.unit_nano_usd():
        yield Lever(
            f"general price: {inputs.general.name}",
            lambda i, f: replace(i, general=_priced(i.general, f)),
            lambda i: usd(float(i.general.unit_nano_usd())),
        )
    for key in ("steps", "tiers"):
        for index, call in enumerate(_calls(inputs, key)):
            if call.unit_nano_usd():
                yield _price_lever(key, index, call.name)
    if any(call.by_token for call in inputs.every_call()):
        yield Lever("tokens per request", _tokens, lambda i: _share(i.general.token_factor))
    if inputs.general_per_month:
        yield Lever(
            f"general fee: {inputs.general.name}",
            lambda i, f: replace(i, general_per_month=i.general_per_month * f),
            lambda i: usd(float(i.general_per_month)),
        )


def _price_lever(key: str, index: int, name: str) -> Lever:
    def move(inputs: PlanInputs, factor: Fraction) -> PlanInputs:
        return _with_calls(
            inputs, key, lambda n, call: _priced(call, factor) if n == index else call
        )

    def shown(inputs: PlanInputs) -> str:
        return usd(float(_calls(inputs, key)[index].unit_nano_usd()))

    return Lever(f"price: {name}", move, shown)


def _calls(inputs: PlanInputs, key: str) -> tuple[PlannedCall, ...]:
    return inputs.steps if key == "steps" else inputs.tiers


def _with_calls(
    inputs: PlanInputs, key: str, changed: Callable[[int, PlannedCall], PlannedCall]
) -> PlanInputs:
    made = tuple(changed(index, call) for index, call in enumerate(_calls(inputs, key)))
    return replace(inputs, steps=made) if key == "steps" else replace(inputs, tiers=made)


def _everywhere(inputs: PlanInputs, changed: Callable[[PlannedCall], PlannedCall]) -> PlanInputs:
    return replace(
        inputs,
        steps=tuple(map(changed, inputs.steps)),
        tiers=tuple(map(changed, inputs.tiers)),
        general=changed(inputs.general),
    )


def _priced(call: PlannedCall, factor: Fraction) -> PlannedCall:
    return replace(call, price_factor=call.price_factor * factor)


def _tokens(inputs: PlanInputs, factor: Fraction) -> PlanInputs:
    """Scales the tokens of every model alike: a longer request is longer for each of them."""
    return _everywhere(inputs, lambda c: replace(c, token_factor=c.token_factor * factor))


def _mix_levers(inputs: PlanInputs) -> Iterator[Lever]:
    for index, tier in enumerate(inputs.tiers):
        # The first tier takes what the others leave; its own share moves with theirs.
        if index and 0 < tier.share < 1:
            # A share of 1 cannot grow, and no other tier could take what it loses.
            yield _share_lever(index, tier.name)
    if any(tier.after_draft for tier in inputs.tiers):
        yield Lever(
            "drafts thrown away",
            lambda i, f: _everywhere(
                i, lambda c: replace(c, after_draft=min(ONE, c.after_draft * f))
            ),
            lambda i: f"{float(_drafts(i) * i.requests_per_day):,.0f} a day",
        )
    if any(call.review_share for call in inputs.every_call()):
        yield Lever(
            "answers that people read",
            lambda i, f: _everywhere(
                i, lambda c: replace(c, review_share=min(ONE, c.review_share * f))
            ),
            lambda i: f"{float(_reading(i) * i.requests_per_day):,.1f} h a day",
        )


def _drafts(inputs: PlanInputs) -> Fraction:
    """Returns the drafts thrown away per request."""
    calls = sum(inputs.calls_per_request(), Fraction(0))
    return calls - sum((tier.share for tier in inputs.tiers), Fraction(0))


def _reading(inputs: PlanInputs) -> Fraction:
    """Returns hours of reading per request with Tiergate, or at the general model if none here."""
    own = sum((c.share * c.review_share * c.review_hours for c in inputs.own_calls()), Fraction(0))
    return own or inputs.general.review_share * inputs.general.review_hours


def _share_lever(index: int, name: str) -> Lever:
    def move(inputs: PlanInputs, factor: Fraction) -> PlanInputs:
        old = inputs.tiers[index].share
        new = min(ONE, old * factor)
        # The other tiers give or take in proportion, so that all shares still sum to 1.
        rest = (1 - new) / (1 - old)
        return _with_calls(
            inputs, "tiers", lambda n, c: replace(c, share=new if n == index else c.share * rest)
        )

    return Lever(f"share: {name}", move, lambda i: _share(i.tiers[index].share))


def _time_levers(inputs: PlanInputs) -> Iterator[Lever]:
    """Yields the inputs that do not depend on requests, and the prices of an hour."""
    if inputs.hosting:
        yield Lever(
            "hosting",
            lambda i, f: replace(i, hosting=_scaled(i.hosting, f)),
            lambda i: usd(float(sum(m.nano_usd for m in i.hosting))),
        )
    if inputs.hour_nano_usd and (inputs.setup_hours or inputs.hours_per_month):
        yield Lever(
            "an hour of people",
            lambda i, f: replace(i, hour_nano_usd=i.hour_nano_usd * f),
            lambda i: usd(float(i.hour_nano_usd)),
        )
    if any(call.review_share for call in inputs.every_call()):
        yield Lever(
            "an hour of readers",
            lambda i, f: replace(i, review_hour_nano_usd=i.review_hour_nano_usd * f),
            lambda i: usd(float(i.review_hour_nano_usd)),
        )
    if inputs.setup_hours:
        yield Lever(
            "hours to set up",
            lambda i, f: replace(i, setup_hours=i.setup_hours * f),
            lambda i: f"{float(i.setup_hours):,.0f} h",
        )
    if inputs.hours_per_month:
        yield Lever(
            "hours a month",
            lambda i, f: replace(i, hours_per_month=i.hours_per_month * f),
            lambda i: f"{float(i.hours_per_month):,.1f} h",
        )
    if inputs.runs_per_year:
        yield Lever(
            "trainings a year",
            lambda i, f: replace(i, runs_per_year=i.runs_per_year * f),
            lambda i: f"{float(i.runs_per_year):,.1f}",
        )
    if inputs.first_run.nano_usd or inputs.first_run.people_hours:
        yield Lever(
            "first training", _first_run, lambda i: f"{float(i.first_run.people_hours):,.0f} h"
        )
    if inputs.one_off:
        yield Lever(
            "other one-off costs",
            lambda i, f: replace(i, one_off=_scaled(i.one_off, f)),
            lambda i: usd(float(sum(cost.nano_usd for cost in i.one_off))),
        )


def _first_run(inputs: PlanInputs, factor: Fraction) -> PlanInputs:
    run = inputs.first_run
    return replace(inputs, first_run=Run(run.people_hours * factor, run.nano_usd * factor))


def _scaled(costs: tuple[FixedCost, ...], factor: Fraction) -> tuple[FixedCost, ...]:
    return tuple(FixedCost(cost.name, cost.nano_usd * factor) for cost in costs)


def _share(share: Fraction) -> str:
    return f"{float(share) * 100:,.3g} %"
