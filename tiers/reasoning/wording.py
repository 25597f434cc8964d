"""Writes a decision and its steps as a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tiers.reasoning.run import StepResult

_FIRST = ("decision", "go_no_go", "conditions", "rationale", "assumptions", "risks")
_VERDICTS = {"go": "Go", "conditional_go": "Go, under conditions", "no_go": "No go"}
STATED = "stated by the model, no outcomes yet"
"""Says of a confidence that nobody has told yet how such decisions turned out."""


def decision_text(results: Sequence[StepResult], marks: Sequence[str] = ()) -> str:
    """Returns the decision as a person reads it; an honest line where there is none."""
    fields = dict(results[-1].fields)
    if not fields:
        done = [r.id.replace("_", " ") for r in results if r.fields]
        reached = f" It got through: {', '.join(done)}." if done else ""
        return f"No decision was reached: {results[-1].fault}.{reached}"
    paragraphs = [paragraph(name, fields.pop(name)) for name in _FIRST if name in fields]
    confidence = fields.pop("confidence", None)
    paragraphs += [paragraph(name, value) for name, value in fields.items()]
    worked = [(note, r) for r in results[:-1] if r.fields for note in r.notes]
    notes = [note for note, result in worked if note not in result.marks]
    if notes:
        paragraphs.append(paragraph("worked_out_by_code", notes))
    if confidence is not None:
        paragraphs.append(f"Confidence: {confidence} ({STATED})")
    failed = [f"{r.id.replace('_', ' ')} ({r.state})" for r in results if not r.fields]
    if failed:
        paragraphs.append(f"Steps without a result: {', '.join(failed)}")
    if marks:
        paragraphs.append(paragraph("marked_after_one_repair", list(marks)))
    return "\n\n".join(part for part in paragraphs if part)


def shown_step(result: StepResult) -> str:
    """Returns a step as `reasoning_content` shows it: its title, its state and its fields."""
    title = f"{result.title} ({result.state})"
    if not result.fields:
        return f"{title}: {result.fault}\n\n"
    lines = [paragraph(name, value) for name, value in result.fields.items()]
    lines += [f"Checked: {note}" for note in result.notes]
    listed = "\n".join(line for line in lines if line)
    return f"{title}\n{listed}\n\n"


def paragraph(name: str, value: object) -> str:
    """Returns one field with its title; "" for an empty list."""
    title = name.replace("_", " ").capitalize()
    if name == "go_no_go":
        return f"Go or no go: {_VERDICTS.get(str(value), value)}"
    if isinstance(value, list):
        lines = "\n".join(f"- {in_words(item)}" for item in value)
        return f"{title}:\n{lines}" if lines else ""
    return f"{title}: {in_words(value)}"


def in_words(value: object) -> str:
    """Returns a value in words.

    >>> in_words({"option": "Lease", "why": "dearer over three years"})
    'option: Lease; why: dearer over three years'
    """
    if isinstance(value, Mapping):
        parts = [(name, in_words(part)) for name, part in value.items()]
        return "; ".join(f"{name.replace('_', ' ')}: {text}" for name, text in parts if text)
    if isinstance(value, list):
        return ", ".join(map(in_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)
