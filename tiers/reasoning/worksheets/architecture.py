"""Works out what technical options cost over three years, which needs they miss, and how they end.

Worked example: to build for 120,000 and run for 30,000 a year costs 210,000 over three years; a
service of 80,000 a year with 20,000 to migrate costs 260,000, and 60,000 more to leave.
"""

from __future__ import annotations

from tiers.reasoning.worksheets.sheet import (
    NUMBER,
    TEXT,
    TEXTS,
    Inputs,
    Json,
    Material,
    Sheet,
    WorksheetFault,
    needed,
    objects,
    rows,
    texts,
)

YEARS = 3
EASY_MONTHS, HARD_MONTHS = 3.0, 12.0
"""Months to leave an option: up to a quarter it is reversible, from a year on it is not."""


def compute(inputs: Inputs, material: Material) -> Json:
    """Returns options by cost, those that meet all musts first. Raises WorksheetFault."""
    musts = {str(one.get("id")) for one in objects(inputs, "requirements") if one.get("must")}
    known = {str(one.get("id")) for one in objects(inputs, "requirements")}
    costs: list[tuple[int, float, Json]] = []
    for one in objects(inputs, "options"):
        meets = set(texts(one, "meets"))
        if meets - known:
            raise WorksheetFault(f"{', '.join(sorted(meets - known))} is no id of a requirement")
        once = needed(one, "build_cost") + needed(one, "migration_cost")
        total = once + YEARS * needed(one, "cost_per_year")
        option: Json = {
            "option": str(one.get("name", "")),
            "cost_over_three_years": round(total),
            "cost_if_left_after_them": round(total + needed(one, "exit_cost")),
            "unmet_musts": sorted(musts - meets),
            "unmet_others": sorted(known - musts - meets),
            "reversible": _reversible(needed(one, "exit_months")),
        }
        costs.append((len(musts - meets), total, option))
    if not costs:
        raise WorksheetFault("options needs at least one")
    costs.sort(key=lambda one: one[:2])
    fit = [(total, option) for unmet, total, option in costs if not unmet]
    return {
        "options": [option for _, _, option in costs],
        "cheapest_that_meets_all_musts": fit[0][1]["option"] if fit else None,
        "dearer_by": round(fit[1][0] - fit[0][0]) if len(fit) > 1 else None,
    }


def _reversible(months: float) -> str:
    if months <= EASY_MONTHS:
        return "easily"
    return "hardly" if months >= HARD_MONTHS else "with effort"


SHEET = Sheet(
    "Extract requirements with ids, and which of them are musts; and options with their costs, in"
    " one currency. Use 0 "
    "for a cost that does not arise, and name an estimate in assumptions.",
    {
        "requirements": rows({"id": TEXT, "text": TEXT, "must": {"type": "boolean"}}, 1),
        "options": rows(
            {
                "name": TEXT,
                "build_cost": NUMBER,
                "migration_cost": NUMBER,
                "cost_per_year": NUMBER,
                "exit_cost": NUMBER,
                "exit_months": NUMBER,
                "meets": TEXTS,
            },
            1,
        ),
        "assumptions": TEXTS,
    },
    ("requirements", "options", "assumptions"),
    compute,
)
