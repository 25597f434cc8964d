"""Works out money over time: present value, rate of return, payback, sensitivity, counterparty.

Worked example: 2,000,000 paid now brings 700,000, 900,000 and 1,100,000 at the end of the next
three years. At 8 % that is worth 292,969 now, and its rate of return is 15.3 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tiers.reasoning.fields import Fields, number, objects
from tiers.reasoning.present_value import npv
from tiers.reasoning.worksheets.shapes import MAYBE, NUMBER, TEXT, TEXTS, WHOLE, obj, rows
from tiers.reasoning.worksheets.sheet import Json, Material, Sheet, WorksheetFault, needed

MOST_YEARS = 60
RATE_STEP = 0.02
INFLOW_FALLS = (0.1, 0.2)


def irr(flows: Sequence[float]) -> float | None:
    """Returns the rate at which flows are worth nothing; None where there is none, or several.

    The signs of the flows may turn once only (Descartes' rule), otherwise the rate is not unique.

    >>> round(irr([-2_000_000, 700_000, 900_000, 1_100_000]) or 0, 3)
    0.153
    """
    signs = [flow > 0 for flow in flows if flow]
    if sum(a != b for a, b in pairwise(signs)) != 1:
        return None
    low, high = -0.99, 100.0
    rising = npv(low, flows) < 0
    if (npv(low, flows) < 0) == (npv(high, flows) < 0):
        return None
    for _ in range(200):
        middle = (low + high) / 2
        if (npv(middle, flows) < 0) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def compute(inputs: Fields, material: Material) -> Json:
    """Returns the figures. Raises WorksheetFault for flows or rates that make no sense."""
    flows = _by_year(inputs)
    rate = needed(inputs, "discount_rate")
    if not -0.5 < rate < 1.0:
        raise WorksheetFault("discount_rate is a share: 8 % is 0.08")
    value, rate_of_return = npv(rate, flows), irr(flows)
    result: Json = {
        "flows_by_year": flows,
        "sum_of_flows": sum(flows),
        "npv": round(value),
        "irr": None if rate_of_return is None else round(rate_of_return, 4),
        "payback_year": _payback(flows),
        "sensitivity": _sensitivity(rate, flows),
        "inflows_may_fall_by": _break_even(rate, flows),
    }
    loss = _counterparty(inputs)
    if loss is not None:
        result |= {"counterparty_expected_loss": round(loss), "npv_after_it": round(value - loss)}
    return result


def _by_year(inputs: Fields) -> list[float]:
    by_year: dict[int, float] = {}
    for flow in objects(inputs, "flows"):
        year = needed(flow, "year")
        if year != int(year) or not 0 <= year <= MOST_YEARS:
            raise WorksheetFault(f"year is a whole number from 0 to {MOST_YEARS}")
        by_year[int(year)] = by_year.get(int(year), 0.0) + needed(flow, "amount")
    if not by_year:
        raise WorksheetFault("flows needs at least one amount")
    return [by_year.get(year, 0.0) for year in range(max(by_year) + 1)]


def _payback(flows: Sequence[float]) -> int | None:
    """Returns the first year from which the sum of all flows so far stays at nothing or above."""
    total, first = 0.0, None
    for year, flow in enumerate(flows):
        total += flow
        if total < 0:
            first = None
        elif first is None:
            first = year
    return first


def _sensitivity(rate: float, flows: Sequence[float]) -> list[Json]:
    cases: list[Json] = [
        {"case": f"rate {100 * r:g} %", "npv": round(npv(r, flows))}
        for r in (round(rate - RATE_STEP, 6), round(rate + RATE_STEP, 6))
    ]
    for fall in INFLOW_FALLS:
        less = [flow * (1 - fall) if flow > 0 else flow for flow in flows]
        cases.append({"case": f"inflows {100 * fall:g} % lower", "npv": round(npv(rate, less))})
    later = [*(f if f < 0 else 0.0 for f in flows), 0.0]
    for year, flow in enumerate(flows):
        later[year + 1] += max(0.0, flow)
    cases.append({"case": "inflows a year later", "npv": round(npv(rate, later))})
    return cases


def _break_even(rate: float, flows: Sequence[float]) -> float | None:
    """Returns the share by which all inflows may fall before the present value is nothing."""
    inflows = npv(rate, [max(0.0, flow) for flow in flows])
    return None if inflows <= 0 else round(npv(rate, flows) / inflows, 4)


def _counterparty(inputs: Fields) -> float | None:
    """Returns exposure x probability of default x share lost; None where one is not known."""
    other = inputs.get("counterparty")
    if not isinstance(other, dict):
        return None
    parts = [number(other, name) for name in ("exposure", "default_probability", "loss_share")]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    exposure, probability, share = known
    if not (0 <= probability <= 1 and 0 <= share <= 1):
        raise WorksheetFault("default_probability and loss_share are shares from 0 to 1")
    return exposure * probability * share


SHEET = Sheet(
    "Extract the flows of money by year (year 0 is now; what is paid is negative), the yearly "
    "discount rate as a share (0.08 for 8 %; if none is given, take 0.08 and say so in "
    "assumptions), and the counterparty.",
    obj(
        {
            "currency": TEXT,
            "flows": rows({"year": WHOLE, "amount": NUMBER, "what": TEXT}, 1),
            "discount_rate": NUMBER,
            "counterparty": obj(
                {"name": TEXT, "exposure": MAYBE, "default_probability": MAYBE, "loss_share": MAYBE}
            ),
            "assumptions": TEXTS,
        }
    ),
    compute,
)
