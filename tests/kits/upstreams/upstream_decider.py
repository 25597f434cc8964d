"""Fills the steps of a decision as a strong model would: about one contract, from a fixture."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures/decisions/contract.json"
CONTRACT: dict[str, dict[str, Any]] = json.loads(FIXTURE.read_text(encoding="utf-8"))
"""Holds what the scripted model says in each step about a contract for $2M."""


def filling(schema: Any) -> Any:
    """Returns a value that fits a template's schema."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    if kind == "array":
        return [filling(schema["items"])]
    if kind == "object":
        return {name: filling(part) for name, part in schema.get("properties", {}).items()}
    if kind == "boolean":
        return True
    return "some words" if kind == "string" else (30 if kind == "integer" else 0.5)


def filled(step: str, schema: dict[str, Any], asked: str = "") -> dict[str, Any]:
    """Returns the fields of one step: the fixture's where the schema has them."""
    value: dict[str, Any] = filling(schema)
    known = CONTRACT.get(step, {})
    if step == "perspectives":
        known = next((part for name, part in known.items() if f"{name}:" in asked), {})
    value |= {name: part for name, part in known.items() if name in schema["properties"]}
    if step == "evidence" and (passage := re.search(r"\[d1\] ([^(\n]+)", asked)):
        value["known"] = [*value["known"], {"statement": passage[1], "source": "d1"}]
    return value


def step_reply(body: dict[str, Any]) -> str:
    """Returns the text of the answer to one call of a deliberation."""
    form = body.get("response_format", {}).get("json_schema", {})
    step = str(form.get("name", "")).removeprefix("step_")
    asked = str(body["messages"][-1]["content"])
    return json.dumps(filled(step, form.get("schema") or {"type": "object"}, asked))
