"""Works out failure modes (severity x occurrence x detection) and safety factors.

Worked example: a hoist of 3,000 kg that carries 1,200 kg has a factor of 2.5; where 4 is required
it fails. A hook that may open (severity 9, occurrence 3, detection 4) has a priority of 108.
"""

from __future__ import annotations

import msgspec

from tiers.reasoning.fields import Fields, number, objects
from tiers.reasoning.worksheets.shapes import MAYBE, TEXT, WHOLE, obj, rows
from tiers.reasoning.worksheets.sheet import Json, Material, Sheet, WorksheetFault, needed

GRAVE = 9
"""Severity from which a failure mode comes first whatever its product (AIAG and VDA, 2019)."""
ACT_FROM = 100
"""Priority from which an action is due: the usual bound of the automotive industry."""


class _Mode(msgspec.Struct, frozen=True):
    """Holds one failure mode with its priority, severity x occurrence x detection."""

    mode: str
    effect: str
    severity: int
    occurrence: int
    detection: int
    priority: int
    action: str


def compute(inputs: Fields, material: Material) -> Json:
    """Returns failure modes, gravest first, and factors. An unknown load or capacity is a stop."""
    modes = [_mode(written) for written in objects(inputs, "failure_modes")]
    modes.sort(key=lambda mode: (mode.severity < GRAVE, -mode.priority))
    loads = [_factor(written) for written in objects(inputs, "loads")]
    stops = [f"{load['name']}: {load['verdict']}" for load in loads if load["verdict"] != "holds"]
    stops += [
        f"{mode.mode}: severity {mode.severity}, priority {mode.priority}, no action named"
        for mode in modes
        if (mode.severity >= GRAVE or mode.priority >= ACT_FROM) and not mode.action
    ]
    return {
        "failure_modes": [msgspec.to_builtins(mode) for mode in modes],
        "loads": loads,
        "stop_because": stops,
    }


def _mode(written: Fields) -> _Mode:
    parts = []
    for name in ("severity", "occurrence", "detection"):
        value = needed(written, name)
        if value != int(value) or not 1 <= value <= 10:
            raise WorksheetFault(f"{name} is a whole number from 1 to 10")
        parts.append(int(value))
    severity, occurrence, detection = parts
    return _Mode(
        str(written.get("mode", "")),
        str(written.get("effect", "")),
        severity,
        occurrence,
        detection,
        severity * occurrence * detection,
        str(written.get("action", "")),
    )


def _factor(written: Fields) -> Json:
    name = str(written.get("name", ""))
    capacity, load = number(written, "capacity"), number(written, "load")
    required = number(written, "required_factor")
    if capacity is None or load is None or required is None:
        unknown = [n for n in ("capacity", "load", "required_factor") if number(written, n) is None]
        return {"name": name, "factor": None, "verdict": f"unknown {', '.join(unknown)}: stop"}
    if capacity < 0 or load <= 0 or required <= 0:
        raise WorksheetFault("capacity, load and required_factor are more than nothing")
    factor = capacity / load
    verdict = "holds" if factor >= required else "fails"
    return {
        "name": name,
        "factor": round(factor, 3),
        "required": required,
        "margin": round(factor / required - 1, 3),
        "verdict": verdict,
    }


SHEET = Sheet(
    "Extract failure modes with severity, occurrence and detection from 1 to 10 (10 is gravest, "
    "likeliest, hardest to detect), and loads with their rated capacity in the same unit. Give "
    "null for what is not stated.",
    obj(
        {
            "failure_modes": rows(
                {
                    "mode": TEXT,
                    "effect": TEXT,
                    "severity": WHOLE,
                    "occurrence": WHOLE,
                    "detection": WHOLE,
                    "action": TEXT,
                },
                1,
            ),
            "loads": rows(
                {
                    "name": TEXT,
                    "unit": TEXT,
                    "capacity": MAYBE,
                    "load": MAYBE,
                    "required_factor": MAYBE,
                }
            ),
        }
    ),
    compute,
)
