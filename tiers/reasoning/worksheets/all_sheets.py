"""Lists the worksheets by their ids, and runs one on the inputs that a model extracted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.policy.content.deliberation_full import WorksheetId
from tiers.reasoning.fields import Fields
from tiers.reasoning.worksheets import (
    architecture,
    finance,
    legal,
    medical,
    safety,
    strategy,
)
from tiers.reasoning.worksheets.sheet import Json, Material, Sheet, WorksheetFault

SHEETS: Mapping[WorksheetId, Sheet] = {
    WorksheetId.FINANCE: finance.SHEET,
    WorksheetId.LEGAL: legal.SHEET,
    WorksheetId.MEDICAL: medical.SHEET,
    WorksheetId.ENGINEERING_SAFETY: safety.SHEET,
    WorksheetId.ARCHITECTURE: architecture.SHEET,
    WorksheetId.STRATEGY: strategy.SHEET,
}


def worksheet_faults(sheet: Sheet, inputs: Fields, material: Material) -> Sequence[str]:
    """Returns the faults of inputs; nothing when the figures can be worked out."""
    try:
        sheet.compute(inputs, material)
    except WorksheetFault as fault:
        return (str(fault),)
    return ()


def worked_sheet(sheet: Sheet, inputs: Fields, material: Material) -> Json:
    """Returns the inputs with the figures that code worked out; none for inputs with a fault."""
    try:
        return {"inputs": dict(inputs), "worked_out_by_code": sheet.compute(inputs, material)}
    except WorksheetFault:
        return {"inputs": dict(inputs)}
