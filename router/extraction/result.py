"""Puts the result of one text together: what rules, heads and a tier said, and the verdict. Pure.

Labels come from the heads that triage read, figures from the body's facts. A field that nobody
could give stands under `unread`, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from msgspec import Struct

from router.extraction.items import Item, document
from router.extraction.patterns import SEVERITIES
from router.extraction.quotes import Places, joined, verified
from router.extraction.reading import Reading
from router.policy.head_conditions import Chances, reached
from router.policy.parsing.json_schema import schema_faults
from router.policy.sections.answering.endpoints import EndpointCondition, EndpointSection
from router.specialists.result import NO_RULE, field_of
from router.types import NANO_PER_USD, Amount, JsonText

NO_TIER = (
    "no model is set up to write this field; add one with the capability json_schema to `tiers`"
)
NOT_BY_RULES = "rules and heads answered; ask with `routing.min_tier` for a tier that writes"
NO_HEADS = "the triage model is missing, so no head was read"


class Written(Struct, frozen=True):
    """Holds a tier's answer: the JSON object, the model's name, and the chance that it is right."""

    answer: Mapping[str, object]
    model: str
    confidence: float


class Result(Struct, frozen=True):
    """Holds the result of one text."""

    fields: Mapping[str, object]  # as JSON types
    verdict: str
    reason: str
    unread: Mapping[str, str]  # why, by field
    dropped: int  # a tier's items whose quote the text lacks
    faults: tuple[str, ...] = ()  # what does not fit the endpoint's `output`


def result_of(
    section: EndpointSection,
    wanted: Sequence[str],
    text: str,
    reading: Reading,
    heads: Mapping[str, Chances] | None,
    stated: Sequence[Amount],
    written: Written | None,
    why_unwritten: str = NO_TIER,
) -> Result:
    """Returns the result for the wanted fields.

    `heads` is None where no head was read. `stated` are the amounts that triage read. `written` is
    None where no tier was asked or none answered.
    """
    fields: dict[str, object] = {}
    unread: dict[str, str] = {}
    dropped = 0
    places = Places(text) if written is not None else None
    items = dict(reading.items)
    for name in (*section.extract, *(["findings"] if section.rules else [])):
        if name not in wanted:
            continue
        rows = None if written is None else written.answer.get(name)
        if places is not None and written is not None and isinstance(rows, list):
            theirs, lost = verified(rows, places, written.model, written.confidence)
            items[name] = tuple(joined(reading.items[name], theirs))
            dropped += lost
        fields[name] = [document(item, text) for item in items[name]]
    for name, label in section.labels.items():
        if name not in wanted:
            continue
        if heads is None or label.head not in heads:
            unread[name] = NO_HEADS
        else:
            read = field_of(label, heads)
            fields[name] = {"label": read.label, "confidence": round(read.confidence, 4)}
    if section.figures and "figures" in wanted:
        fields["figures"] = dict(reading.figures)
    for name in section.write:
        if name not in wanted:
            continue
        if written is not None and name in written.answer:
            fields[name] = written.answer[name]
        else:
            unread[name] = why_unwritten
    verdict, reason = _verdict(section, items, reading.figures, heads or {}, stated)
    faults: tuple[str, ...] = ()
    if section.output and not unread and set(wanted) >= set(section.fields):
        faults = schema_faults(fields, JsonText(json.dumps(section.output)))
    return Result(fields, verdict, reason, unread, dropped, faults)


def _verdict(
    section: EndpointSection,
    items: Mapping[str, Sequence[Item]],
    figures: Mapping[str, float | None],
    heads: Mapping[str, Chances],
    stated: Sequence[Amount],
) -> tuple[str, str]:
    if section.verdict is None:
        return "", ""
    for rule in section.verdict.rules:
        findings = items.get("findings", ())
        if any(_holds(each, findings, figures, heads, stated) for each in rule.any):
            return rule.verdict, rule.reason
    return section.verdict.default, NO_RULE


def _holds(
    condition: EndpointCondition,
    findings: Sequence[Item],
    figures: Mapping[str, float | None],
    heads: Mapping[str, Chances],
    stated: Sequence[Amount],
) -> bool:
    if condition.head is not None:
        return reached(condition.head, heads.get(condition.head.head, ()))
    if condition.figure is not None and condition.from_ is not None:
        value = figures.get(condition.figure)
        return value is not None and value >= condition.from_
    if condition.amount_from_usd is not None:
        least = condition.amount_from_usd * NANO_PER_USD
        return any(amount.nano_usd >= least for amount in stated)
    return len(_counted(condition, findings)) >= condition.at_least


def _counted(condition: EndpointCondition, findings: Sequence[Item]) -> list[Item]:
    if condition.finding is not None:
        return [item for item in findings if item.values.get("id") == condition.finding]
    least = SEVERITIES.index(condition.severity or "info")
    return [item for item in findings if _rank(item) >= least]


def _rank(item: Item) -> int:
    severity = item.values.get("severity")
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0
