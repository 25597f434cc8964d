"""Works out how strategic options score, if the order is robust, and what a market may bring.

Worked example: with weights 3 and 1, scores of 4 and 2 give (3 x 4 + 1 x 2) / 4 = 3.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tiers.reasoning.fields import Fields, number, objects
from tiers.reasoning.worksheets.shapes import MAYBE, NUMBER, TEXT, TEXTS, obj, rows
from tiers.reasoning.worksheets.sheet import Json, Material, Sheet, WorksheetFault, needed

WEIGHT_CHANGE = 0.25
"""Share by which each weight is moved to see if the first option stays first: people who weigh
again move by about a quarter."""


def compute(inputs: Fields, material: Material) -> Json:
    """Returns the weighted scores, what turns the order, and the market's size."""
    criteria, options = objects(inputs, "criteria"), objects(inputs, "options")
    weights = {str(criterion.get("name")): needed(criterion, "weight") for criterion in criteria}
    if not weights or min(weights.values()) < 0 or not any(weights.values()):
        raise WorksheetFault("criteria need weights from 0 on, and one above it")
    scores = {str(option.get("name")): _scores(option, list(weights)) for option in options}
    if not scores:
        raise WorksheetFault("options needs at least one")
    ranked = _ranked(weights, scores)
    first = ranked[0][0]
    turning = []
    for name in weights:
        for change in (1 - WEIGHT_CHANGE, 1 + WEIGHT_CHANGE):
            moved = {**weights, name: weights[name] * change}
            if any(moved.values()) and _ranked(moved, scores)[0][0] != first:
                turning.append(f"{name} weighed {100 * (change - 1):+.0f} %")
    return {
        "scores": [{"option": name, "score": round(score, 3)} for name, score in ranked],
        "first": first,
        "lead": round(ranked[0][1] - ranked[1][1], 3) if len(ranked) > 1 else None,
        "order_turns_with": turning,
        "yearly_revenue_within_reach": _market(inputs),
    }


def _scores(option: Fields, criteria: Sequence[str]) -> dict[str, float]:
    written = objects(option, "scores")
    scores = {str(score.get("criterion")): needed(score, "score") for score in written}
    missing = [name for name in criteria if name not in scores]
    if missing:
        raise WorksheetFault(f"{option.get('name')} needs a score for {', '.join(missing)}")
    if any(not 0 <= score <= 5 for score in scores.values()):
        raise WorksheetFault("scores go from 0 to 5")
    return scores


def _ranked(
    weights: Mapping[str, float], scores: Mapping[str, Mapping[str, float]]
) -> list[tuple[str, float]]:
    total = sum(weights.values())
    weighted = {
        option: sum(weights[name] * by[name] for name in weights) / total
        for option, by in scores.items()
    }
    return sorted(weighted.items(), key=lambda score: (-score[1], score[0]))


def _market(inputs: Fields) -> float | None:
    """Returns buyers x share x price; None where one of them is not known."""
    market = inputs.get("market")
    if not isinstance(market, Mapping):
        return None
    parts = [number(market, name) for name in ("buyers", "reachable_share", "price_per_year")]
    known = [part for part in parts if part is not None]
    return round(known[0] * known[1] * known[2]) if len(known) == len(parts) else None


SHEET = Sheet(
    "Extract criteria with weights, options with a score from 0 to 5 for each criterion, and the "
    "market if one is named.",
    obj(
        {
            "criteria": rows({"name": TEXT, "weight": NUMBER}, 1),
            "options": rows(
                {"name": TEXT, "scores": rows({"criterion": TEXT, "score": NUMBER}, 1)}, 1
            ),
            "market": obj({"buyers": MAYBE, "reachable_share": MAYBE, "price_per_year": MAYBE}),
            "assumptions": TEXTS,
        }
    ),
    compute,
)
