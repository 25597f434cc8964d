"""Describes endpoints by domain: what each reads in a text, what only a tier writes, its bounds.

This is only the schema. `router.extraction` reads texts by it, and the server asks the gateway.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from router.policy.sections.base import LABEL_NAME, Chance, Section, Usd
from router.policy.sections.rules.heads import HeadCondition
from router.policy.sections.specialist import FieldSection, Label, TaskName

ItemKind = Literal[
    "amount", "party", "date", "obligation", "quantity", "reference", "personal_detail"
]
FieldName = Annotated[str, Field(pattern=LABEL_NAME)]
Severity = Literal["info", "low", "medium", "high"]
OWN_FIELDS = ("findings", "figures")
"""Lists the fields whose names no policy chooses."""


class FigureSection(Section):
    """Works out one figure from two facts of the body: (of + plus) / per x times."""

    of: FieldName = Field(description="The fact above the line.")
    plus: FieldName | None = Field(default=None, description="A fact that is added to it.")
    per: FieldName = Field(description="The fact below the line. At 0 there is no figure.")
    times: float = Field(default=1.0, gt=0, le=1e6, description="Factor, as 12 for months.")


class EndpointCondition(Section):
    """Holds when its one key does."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    finding: FieldName | None = Field(default=None, description="A finding with this id.")
    severity: Severity | None = Field(
        default=None, description="A finding of this severity or a higher one."
    )
    at_least: int = Field(default=1, ge=1, le=100, description="How many findings are needed.")
    head: HeadCondition | None = Field(default=None, description="Classes of a head.")
    figure: FieldName | None = Field(default=None, description="One of `figures`.")
    from_: float | None = Field(
        default=None, alias="from", description="The figure counts from this value on."
    )
    amount_from_usd: Usd | None = Field(
        default=None, description="An amount in the text of so many dollars or more."
    )

    @model_validator(mode="after")
    def _something(self) -> EndpointCondition:
        named = (self.finding, self.severity, self.head, self.figure, self.amount_from_usd)
        if sum(one is not None for one in named) != 1:
            raise ValueError("one of finding, severity, head, figure, amount_from_usd")
        if (self.figure is None) != (self.from_ is None):
            raise ValueError("figure together with from")
        return self


class EndpointRule(Section):
    """Gives the verdict when any of the conditions holds and no earlier rule did."""

    verdict: Label = Field(description="The verdict.")
    any: list[EndpointCondition] = Field(
        min_length=1, description="One of these conditions is enough."
    )
    reason: str = Field(min_length=3, max_length=200, description="Reason, which the answer shows.")


class EndpointVerdict(Section):
    """Combines what was read to a verdict. The first rule that holds decides."""

    rules: list[EndpointRule] = Field(
        default_factory=list, description="Rules in order of precedence, the most serious first."
    )
    default: Label = Field(description="The verdict when no rule fits.")


class EndpointStakes(Section):
    """Says what a wrong answer costs here at least, before amounts in the text."""

    usd: Usd = Field(default=0.0, description="Dollars for any text.")
    per_party_usd: Usd = Field(
        default=0.0, description="Dollars more for each party or stakeholder beyond two."
    )


class EndpointLimits(Section):
    """Bounds one endpoint."""

    max_characters: int = Field(
        default=60_000, ge=100, le=1_000_000, description="Longest text in characters."
    )
    max_batch: int = Field(
        default=32, ge=1, le=256, description="Most texts of one call of /batch."
    )
    requests_per_minute: int | None = Field(
        default=None, ge=1, description="Texts a minute and tenant. Left out: only `limits` count."
    )


class EndpointSection(Section):
    """Declares one endpoint: `POST /api/v1/{domain}/{task}/analyze` and `/batch`."""

    domain: TaskName = Field(description="The {domain} of the path.")
    task: TaskName = Field(description="The {task} of the path.")
    description: str = Field(min_length=3, description="What it is for; /openapi.json shows it.")
    facts: dict[str, object] = Field(
        default_factory=dict,
        description="JSON Schema of `facts` in the body, which come with the text. A fault is 422.",
    )
    extract: dict[FieldName, ItemKind] = Field(
        default_factory=dict,
        description="Fields that are lists of items with their place in the text: amount, party, "
        "date, obligation, quantity (a number with a unit), reference (numbers of orders, "
        "invoices, cases), personal_detail.",
    )
    rules: str | None = Field(
        default=None,
        description="A file of patterns (`endpoints/*.yaml`), relative to the policy: the field "
        "`findings`.",
    )
    labels: dict[FieldName, FieldSection] = Field(
        default_factory=dict, description="Fields that are the likeliest class of a head."
    )
    figures: dict[FieldName, FigureSection] = Field(
        default_factory=dict, description="Figures worked out from `facts`: the field `figures`."
    )
    verdict: EndpointVerdict | None = Field(default=None, description="A verdict by rules.")
    write: dict[FieldName, dict[str, object]] = Field(
        default_factory=dict,
        description="Fields that only a tier can write, each with its JSON Schema. Where no tier "
        "writes, the answer lists them under `unread`.",
    )
    instruction: str = Field(
        default="", max_length=8_000, description="What a tier that writes is told to do."
    )
    output: dict[str, object] = Field(
        default_factory=dict,
        description="JSON Schema that a whole answer's `result` must fit. Left out: only the parts "
        "above are checked.",
    )
    floor: int = Field(
        default=1, ge=1, le=9, description="Lowest level that may answer, as `min_tier`."
    )
    right: Chance = Field(
        default=0.5,
        description="Chance that all that rules and heads read is right here, as measured by "
        "`tiergate evaluate endpoints`.",
    )
    stakes: EndpointStakes = Field(
        default_factory=EndpointStakes, description="Cost of a wrong answer."
    )
    limits: EndpointLimits = Field(default_factory=EndpointLimits, description="Bounds.")
    cache: bool = Field(
        default=True, description="Whether a repeat may get the answer kept by `cache`."
    )

    @property
    def path(self) -> str:
        """Returns `{domain}/{task}`."""
        return f"{self.domain}/{self.task}"

    @property
    def fields(self) -> tuple[str, ...]:
        """Returns the names that a client may ask for in `fields`."""
        own = ["findings"] if self.rules else []
        own += ["figures"] if self.figures else []
        return (*self.extract, *self.labels, *own, *self.write)

    @field_validator("facts", "output")
    @classmethod
    def _is_schema(cls, schema: dict[str, object]) -> dict[str, object]:
        problem = _problem(schema)
        if problem:
            raise ValueError(f"a JSON Schema (2020-12); {problem}")
        return schema

    @field_validator("write")
    @classmethod
    def _are_schemas(cls, write: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        for name, schema in write.items():
            problem = _problem(schema)
            if problem:
                raise ValueError(f"a JSON Schema (2020-12) for {name}; {problem}")
        return write

    @model_validator(mode="after")
    def _fits_together(self) -> EndpointSection:
        names = [*self.extract, *self.labels, *self.write]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each field once; {', '.join(twice)} stands in two of its keys")
        taken = sorted({*names} & {*OWN_FIELDS})
        if taken:
            raise ValueError(f"other names than {', '.join(OWN_FIELDS)} for fields")
        if not self.fields:
            raise ValueError("something to read: extract, rules, labels, figures or write")
        if self.write and not self.instruction:
            raise ValueError("an instruction, since `write` has fields for a tier")
        known = {*_properties(self.facts)}
        for name, figure in self.figures.items():
            for fact in (figure.of, figure.plus, figure.per):
                if fact is not None and fact not in known:
                    raise ValueError(f"facts that figures.{name} needs; {fact} is no property")
        return self


def _problem(schema: dict[str, object]) -> str:
    if not schema:
        return ""
    # Only a policy with endpoints needs the package behind it.
    from router.policy.parsing.json_schema import schema_problem

    return schema_problem(schema)


def _properties(schema: dict[str, object]) -> dict[str, object]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}
