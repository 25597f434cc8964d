"""Reads deliberation templates: the steps of a reasoned decision.

It has the schema of a template file, the loading of a folder, the choice of a template for a
request, the text of a step's instruction, and the facts found in a request. Everything except the
loading is pure. `tiers.reasoning` makes the calls.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from msgspec import Struct
from pydantic import ConfigDict, Field, field_validator, model_validator

from router.errors import Mistake, PolicyError
from router.policy.content.deliberation_full import (
    FullSection,
    FullTemplate,
    StepId,
    TemplateStep,
    full_template,
)
from router.policy.parsing.json_schema import schema_problem
from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import LineMap, load_yaml
from router.policy.schema import Name, Section
from router.regexes.late import late_regex
from router.types import ChatRequest, Domain, JsonText, RequestType, Signals

FACTS_TEXT_CHARACTERS = 20_000
MAX_FACTS = 16
FRAME = "full/frame.yaml"
"""Path of the steps that the full profiles of a folder share, within the folder."""

_FRAME_PLACES = ("question", "facts", "previous", "passages", "view", "worksheet", "focus")
_SHORT_PLACES = _FRAME_PLACES[:3]
_PLACES = re.compile(r"\{(question|facts|previous|passages|view|worksheet)\}")
_DECISION_TYPES = frozenset({RequestType.DECISION, RequestType.ANALYSIS})


Schema = Annotated[dict[str, object], Field(min_length=1)]


def _checked_schema(schema: dict[str, object]) -> dict[str, object]:
    problem = schema_problem(schema)
    if problem:
        raise ValueError(f"a JSON Schema ({problem})")
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list) or not required:
        raise ValueError("a schema of an object with properties and required ones")
    missing = [name for name in required if name not in properties]
    if missing:
        raise ValueError(f"required fields to be listed under properties, not {', '.join(missing)}")
    return schema


class FrameStepSection(Section):
    """Describes one step of the full profile; the model's own cap of output is its only one."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    places: ClassVar[tuple[str, ...]] = _FRAME_PLACES

    id: StepId
    instruction: str = Field(min_length=1, max_length=8000)
    output: Schema = Field(alias="schema")

    _schema = field_validator("output")(_checked_schema)

    @field_validator("instruction")
    @classmethod
    def _places(cls, text: str) -> str:
        return _with_known_places(text, cls.places)


class StepSection(FrameStepSection):
    """Describes one step of the short profile: a shorter instruction, and a cap of its output."""

    places = _SHORT_PLACES

    instruction: str = Field(min_length=1, max_length=4000)
    max_output_tokens: int = Field(ge=16, le=32_000)


def _with_known_places(text: str, places: tuple[str, ...]) -> str:
    if "{question}" not in text:
        raise ValueError("{question} in the instruction")
    unknown = sorted(set(re.findall(r"\{[^{}]*\}", text)) - {f"{{{place}}}" for place in places})
    if unknown:
        raise ValueError(f"{', '.join(f'{{{place}}}' for place in places)}, not {unknown[0]}")
    return text


class FrameFile(Section):
    """Holds the steps that the full profiles of a folder share."""

    version: Literal[1]
    steps: list[FrameStepSection] = Field(min_length=1, max_length=len(StepId))

    @model_validator(mode="after")
    def _order(self) -> FrameFile:
        _in_order([step.id for step in self.steps])
        return self


def _in_order(ids: list[StepId]) -> None:
    if ids != [step for step in StepId if step in ids] or ids[-1] is not StepId.SYNTHESIS:
        order = ", ".join(StepId)
        raise ValueError(f"steps once each, in the order {order}, with synthesis last")


class TemplateFile(Section):
    """Holds a whole template file."""

    name: Name
    version: Literal[1]
    domains: list[Domain] = Field(min_length=1)
    system: str = Field("", max_length=4000)
    answer_schema: Schema
    steps: list[StepSection] = Field(min_length=1, max_length=5)
    full: FullSection | None = None

    _schema = field_validator("answer_schema")(_checked_schema)

    @model_validator(mode="after")
    def _order(self) -> TemplateFile:
        _in_order([step.id for step in self.steps])
        properties = self.answer_schema["properties"]
        needed = ("decision", "rationale", "assumptions", "risks", "confidence")
        missing = [n for n in needed if isinstance(properties, dict) and n not in properties]
        if missing:
            raise ValueError(f"an answer_schema with {', '.join(missing)}")
        return self


class Template(Struct, frozen=True):
    """Holds a loaded template. `digest` is the start of the file's SHA-256."""

    name: str
    digest: str
    domains: tuple[Domain, ...]
    system: str
    steps: tuple[TemplateStep, ...]
    full: FullTemplate = FullTemplate(())


def load_templates(folder: Path) -> Mapping[Domain, Template]:
    """Returns all templates of a folder by domain. A domain without one gets `general`'s.

    Raises PolicyError with the mistakes of all files, also when `general` is missing or two
    templates claim one domain.
    """
    mistakes: list[Mistake] = []
    by_domain: dict[Domain, Template] = {}
    frame: tuple[TemplateStep, ...] = ()
    try:
        frame = _frame(folder / FRAME)
    except PolicyError as error:
        mistakes += error.mistakes
    for path in sorted(folder.glob("*.yaml")):
        try:
            loaded, lines = _parse_with_lines(path, frame)
        except PolicyError as error:
            mistakes += error.mistakes
            continue
        for i, domain in enumerate(loaded.domains):
            # The first file in the order of names keeps the domain.
            taken = by_domain.setdefault(domain, loaded)
            if taken is not loaded:
                expected = f"a domain without a template; {taken.name} has it"
                mistakes.append(lines.mistake(("domains", i), domain.value, expected))
    if Domain.GENERAL not in by_domain and not mistakes:
        expected = "a template for the domain general"
        mistakes.append(Mistake(str(folder), 0, "(folder)", "none", expected))
    if mistakes:
        raise PolicyError(tuple(mistakes))
    return {domain: by_domain.get(domain, by_domain[Domain.GENERAL]) for domain in Domain}


def _frame(path: Path) -> tuple[TemplateStep, ...]:
    """Returns the steps of a frame; none where the folder has no frame."""
    if not path.exists():
        return ()
    tree, lines = load_yaml(str(path), text_of(path))
    file = validated(FrameFile, tree, lines)
    return tuple(
        TemplateStep(s.id, s.instruction, None, JsonText(json.dumps(s.output))) for s in file.steps
    )


def _parse_with_lines(path: Path, frame: tuple[TemplateStep, ...]) -> tuple[Template, LineMap]:
    text = text_of(path)
    tree, lines = load_yaml(str(path), text)
    return _loaded(validated(TemplateFile, tree, lines), text, frame), lines


def _loaded(file: TemplateFile, text: str, frame: tuple[TemplateStep, ...]) -> Template:
    steps = tuple(
        TemplateStep(s.id, s.instruction, s.max_output_tokens, JsonText(json.dumps(s.output)))
        for s in file.steps
    )
    shared = "".join(step.instruction + step.schema for step in frame)
    digest = hashlib.sha256((text + shared).encode()).hexdigest()[:12]
    full = full_template(steps, frame, file.full, file.answer_schema)
    return Template(file.name, digest, tuple(file.domains), file.system, steps, full)


def template_for(signals: Signals, templates: Mapping[Domain, Template]) -> Template:
    """Returns the template of the request's domain; technology's only for a decision.

    A technology question without a decision (code, an explanation) has nothing to weigh, so it gets
    the general template.
    """
    decides = signals.request_type in _DECISION_TYPES or signals.strategic >= 0.5
    if signals.domain is Domain.TECHNOLOGY and not decides:
        return templates[Domain.GENERAL]
    return templates[signals.domain]


def filled(instruction: str, values: Mapping[str, str]) -> str:
    """Returns the instruction with its places filled in one pass.

    Filled text is not filled again. A place without a value stays empty.
    """
    return _PLACES.sub(lambda place: values.get(place.group(1), ""), instruction)


def quoted(text: str, limit: int) -> str:
    """Returns the text as a quotation, each line after `> `: its head and tail if over `limit`.

    A quoted line cannot act as an instruction or as the end of the quotation. `limit` counts
    characters.

    >>> quoted("one\\ntwo", 100)
    '> one\\n> two'
    """
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]}\n[...]\n{text[-half:]}"
    return "\n".join(f"> {line}" for line in text.splitlines() or [""])


# These patterns find dates and companies as people write them; none of their parts is unbounded.
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = late_regex(
    rf"\b(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}(?: \d{{4}})?|"
    rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|Q[1-4] \d{{4}})\b",
    re.IGNORECASE,
)
_PARTY = late_regex(
    r"\b((?:[A-Z][\w&'-]{0,30} ){1,4}(?:Ltd|Inc|LLC|GmbH|AG|Corp|plc|SA|BV|Oy|AB|Co)\b\.?)"
)


def facts_in(request: ChatRequest, signals: Signals) -> tuple[str, ...]:
    """Returns facts in the user's words, one line each: amounts, dates, parties, risk terms.

    The lines quote the text without a judgement, so a reviewer sees them at once. At most MAX_FACTS
    lines.
    """
    texts = (*request.earlier_user_texts, request.last_user_text)
    text = "\n".join(texts)[-FACTS_TEXT_CHARACTERS:]
    return tuple(dict.fromkeys(_facts(text, signals)))[:MAX_FACTS]


def _facts(text: str, signals: Signals) -> Iterator[str]:
    for amount in signals.amounts[:6]:
        due = f" per {amount.period}" if amount.period not in amount.text else ""
        yield f"amount: {_one_line(amount.text)}{due}"
    for date in [m.group(0) for m in _DATE.finditer(text)][:4]:
        yield f"date: {_one_line(date)}"
    for party in [m.group(1) for m in _PARTY.finditer(text)][:4]:
        yield f"party: {_one_line(party)}"
    for term in signals.risk_terms[:6]:
        yield f"risk: {term.partition(':')[0].replace('_', ' ')}"  # behind it: the language


def _one_line(text: str) -> str:
    return " ".join(text.split())[:120]
