"""Works out what technical options cost over three years, which needs they miss, and how they end.

Worked example: to build for 120,000 and run for 30,000 a year costs 210,000 over three years; a
service of 80,000 a year with 20,000 to migrate costs 260,000, and 60,000 more to leave.
"""

from __future__ import annotations

from tiers.reasoning.fields import Fields, objects, texts
from tiers.reasoning.worksheets.shapes import NUMBER, TEXT, TEXTS, obj, rows
from tiers.reasoning.worksheets.sheet import Json, Material, Sheet, WorksheetFault, needed

YEARS = 3
EASY_MONTHS, HARD_MONTHS = 3.0, 12.0
"""Months to leave an option: up to a quarter it is reversible, from a year on it is not."""


def compute(inputs: Fields, material: Material) -> Json:
    """Returns options by cost, those that meet all musts first. Raises WorksheetFault."""
    requirements = objects(inputs, "requirements")
    known = {str(requirement.get("id")) for requirement in requirements}
    musts = {str(requirement.get("id")) for requirement in requirements if requirement.get("must")}
    costs: list[tuple[int, float, Json]] = []
    for option in objects(inputs, "options"):
        meets = set(texts(option, "meets"))
        if meets - known:
            raise WorksheetFault(f"{', '.join(sorted(meets - known))} is no id of a requirement")
        once = needed(option, "build_cost") + needed(option, "migration_cost")
        total = once + YEARS * needed(option, "cost_per_year")
        figures: Json = {
            "option": str(option.get("name", "")),
            "cost_over_three_years": round(total),
            "cost_if_left_after_them": round(total + needed(option, "exit_cost")),
            "unmet_musts": sorted(musts - meets),
            "unmet_others": sorted(known - musts - meets),
            "reversible": _reversible(needed(option, "exit_months")),
        }
        costs.append((len(musts - meets), total, figures))
    if not costs:
        raise WorksheetFault("options needs at least one")
    costs.sort(key=lambda cost: cost[:2])
    fit = [(total, figures) for unmet, total, figures in costs if not unmet]
    return {
        "options": [figures for _, _, figures in costs],
        "cheapest_that_meets_all_musts": fit[0][1]["option"] if fit else None,
        "dearer_by": round(fit[1][0] - fit[0][0]) if len(fit) > 1 else None,
    }


def _reversible(months: float) -> str:
    if months <= EASY_MONTHS:
        return "easily"
    return "hardly" if months >= HARD_MONTHS else "with effort"


SHEET = Sheet(
    "Extract requirements with ids, and which of them are musts; and options with their costs, in "
    "one currency. Use 0 for a cost that does not arise, and name an estimate in assumptions.",
    obj(
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
        }
    ),
    compute,
)
