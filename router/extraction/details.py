"""Finds quantities with their unit, reference numbers, and personal details. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.extraction.items import Item, apart
from router.privacy.entities import detector
from router.privacy.entities.kinds import Entity

_UNITS = (
    r"(?:mg/dL|mg/dl|mmol/L|mmol/l|mg/kg|mcg|µg|ug|mg|mL|ml|kg|g|L|mmHg|bpm|°C|°F|IU|units?"
    r"|tablets?|tabs?|puffs?|drops?|%|hours?|hrs?|minutes?|min|km|cm|mm|m²|sqm|kWh|GB|TB)"
)
_QUANTITY = re.compile(
    rf"(?<![\w.,/])(?P<value>[0-9]{{1,6}}(?:[.,][0-9]{{1,3}})?)(?:/(?P<second>[0-9]{{2,3}}))?"
    rf" ?(?P<unit>{_UNITS})(?![\w])"
)
_VITAL = re.compile(
    r"\b(?P<name>BP|blood pressure|HR|heart rate|pulse|SpO2|sats?|RR|temp(?:erature)?|T|HbA1c|BMI"
    r"|creatinine|INR|eGFR|potassium|sodium|glucose|Hb|haemoglobin|hemoglobin|WBC|CRP)"
    r"(?:\s?(?:is|was|of|at|:|=))?\s?(?P<value>[0-9]{1,3}(?:\.[0-9]{1,2})?)"
    r"(?:/(?P<second>[0-9]{2,3}))?(?: ?(?P<unit>%|mmHg|bpm|°C|°F|mg/dL|mmol/L|mmol/mol|g/dL))?"
    r"(?![\w/])",
    re.I,
)
_REFERENCE = re.compile(
    r"\b(?P<kind>order|invoice|ticket|case|booking|reservation|customer|account|policy|claim"
    r"|tracking|reference|ref|contract|PO|purchase order|request|incident|matter)"
    r"(?:'s)?(?: (?:number|no\.?|id|nr\.?|ref(?:erence)?))?\.?(?: is| was)?\s?[:#]?\s?#?"
    r"(?P<id>(?=[A-Z-]{0,8}[0-9])[A-Z0-9][A-Z0-9/-]{2,24}[A-Z0-9]|[0-9]{4,16})(?![\w])",
    re.I,
)


def quantities(text: str) -> list[Item]:
    """Returns numbers with a unit, and vital signs with their name.

    >>> [item.text("BP 150/90, give 5 mg") for item in quantities("BP 150/90, give 5 mg")]
    ['BP 150/90', '5 mg']
    """
    items = []
    for match in (*_VITAL.finditer(text), *_QUANTITY.finditer(text)):
        parts = match.groupdict()
        values = {"value": float(parts["value"].replace(",", ".")), "unit": parts["unit"] or ""}
        if parts["second"]:
            values["second"] = float(parts["second"])
        if parts.get("name"):
            values["name"] = parts["name"]
        how = "quantity.named" if parts.get("name") else "quantity.unit"
        items.append(Item(match.start(), match.end(), how, values))
    return apart(items)


def references(text: str) -> list[Item]:
    """Returns numbers of orders, invoices, cases and their like.

    >>> text = "My order number is A-10442."
    >>> [(item.text(text), item.values["kind"]) for item in references(text)]
    [('A-10442', 'order')]
    """
    items = []
    for match in _REFERENCE.finditer(text):
        written = match["id"]
        if not any(map(str.isdigit, written)) or any(map(str.islower, written)):
            continue
        kind = {"ref": "reference", "po": "purchase order"}.get(
            match["kind"].lower(), match["kind"].lower()
        )
        items.append(Item(match.start("id"), match.end("id"), "reference", {"kind": kind}))
    return apart(items)


def personal_details(text: str, details: Sequence[Entity] | None = None) -> list[Item]:
    """Returns personal details: `details`, or what the detector finds."""
    return [
        Item(entity.start, entity.end, f"detail.{entity.kind.value}", {"kind": entity.kind.value})
        for entity in (detector.find(text) if details is None else details)
    ]
