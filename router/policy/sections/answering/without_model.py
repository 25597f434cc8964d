"""Describes answerers in which no model writes: approved answers with their lookups, exact tools,
and the fields of endpoints."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from router.policy.sections.answering.base import AnswererBase
from router.policy.sections.base import LOOKUP_URL, Chance, Name, RowField, Section
from router.types import RequestType, Traffic

TENANT = "tenant"
"""Names in `must_match` the tenant of the API key, which no client can choose."""


class TypedSection(Section):
    """Says whose rows a typed key may open."""

    must_match: dict[RowField, Name] = Field(
        min_length=1,
        description="A field of the row, and what it must equal: a name in `routing.context`, or "
        "`tenant` for the tenant of the API key.",
    )


class LookupSection(Section):
    """Defines a lookup for resolvers: a JSON file, or an HTTP address on the allow-list."""

    name: Name = Field(description="Name that resolvers use.")
    kind: Literal["file", "http"] = Field(description="file needs `path`, http needs `url`.")
    path: str | None = Field(
        default=None, description="A JSON file of rows by key, relative to the policy."
    )
    url: Annotated[str, Field(pattern=LOOKUP_URL)] | None = Field(
        default=None, description="Address with {key}; https, or http on loopback."
    )
    timeout_ms: int = Field(
        default=300, ge=1, le=10_000, description="Milliseconds until the slot counts as unfilled."
    )
    typed: Literal["anyone"] | TypedSection | None = Field(
        default=None,
        description="Whether users may type its key. Left out: no, it comes in `routing.context` "
        "alone. `anyone`: whoever knows a key may see its row. `must_match`: only the rows that "
        "belong to the one who asks.",
    )

    @model_validator(mode="after")
    def _place(self) -> LookupSection:
        if (self.kind == "file") != (self.path is not None) or (self.kind == "http") != (
            self.url is not None
        ):
            raise ValueError("kind file needs path and no url; kind http needs url and no path")
        return self

    @property
    def typed_needs(self) -> tuple[str, ...] | None:
        """Returns the names that the context must hold for a typed key; None: none may be typed."""
        if self.typed is None or self.typed == "anyone":
            return None if self.typed is None else ()
        return tuple(name for name in self.typed.must_match.values() if name != TENANT)


class ClarifySection(Section):
    """Lets level 1 offer approved questions ("Did you mean ...?") where it is nearly sure."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_: Chance = Field(
        default=0.5,
        alias="from",
        description="Lowest chance of the likeliest answer.",
    )
    together: Chance | None = Field(
        default=None,
        description="The chance that those offered must reach together. Left out: the confidence "
        "floor. A question does less harm than a wrong answer, so it may be lower. The likeliest "
        "may then be unlikely (`from: 0.05`): who asks in unusual words is between several.",
    )
    most: int = Field(
        default=3,
        ge=2,
        le=5,
        description="Questions that are offered at most. One that hardly anybody means is left "
        "out: its part of the chance that one of the likeliest three is meant is below .02. So it "
        "may be one alone where `together` is given. Two that a request asks for at once stay.",
    )
    not_for: tuple[RequestType, ...] = Field(
        default=(
            RequestType.EXPLANATION,
            RequestType.WRITING,
            RequestType.CODING,
            RequestType.MATH,
            RequestType.ANALYSIS,
        ),
        description="Kinds of request to which nothing is offered. Who wants a text, code or an "
        "explanation seldom means an approved question that shares its words. A kind counts from "
        "a chance of .5 on, and `explanation` only where the message was not read together with "
        'the answers that may fit it, since "How do I care for it?" is a question to you.',
    )


class ResolverAnswerer(AnswererBase):
    """Answers with approved answers and classification results from a knowledge file."""

    kind: Literal["resolver"] = Field(description="Approved answers from a knowledge file.")
    knowledge: str = Field(
        description="The knowledge file: approved answers, relative to the policy."
    )
    languages: str | None = Field(
        default=None,
        description="Folder of approved answers in further languages (`de.yaml`), relative to the "
        "policy. Requests in these are matched through `triage.glossaries`. Left out: none.",
    )
    lookups: list[Name] = Field(
        default_factory=list, description="Names from the policy's `lookups`."
    )
    traffic: Traffic = Field(
        default=Traffic.MIXED,
        description="Who sends the requests. `support`: nearly all ask this company or office, as "
        "in a support chat. Level 1 then reads nearly all of them together with their likely "
        "answers, 10 to 60 ms each, and is sure more often. `mixed`: most are other work. Level 1 "
        "then reads those alone that look like questions to the company.",
    )
    clarify: ClarifySection | None = Field(
        default=None,
        description="Offers the approved questions that may be meant where no single one is sure "
        "enough. Left out: such a request climbs.",
    )


ToolName = Literal["arithmetic", "percentages", "dates", "units", "currency"]


def _every_tool() -> list[ToolName]:
    return ["arithmetic", "percentages", "dates", "units", "currency"]


class ExactAnswerer(AnswererBase):
    """Answers without a model what can be computed exactly, and small talk."""

    kind: Literal["exact"] = Field(
        description="Exact tools and approved small talk. No model writes the answer."
    )
    tools: list[ToolName] = Field(
        default_factory=_every_tool,
        description="arithmetic, percentages, dates, units, and currency at a rate that the "
        "question states (one that states none is asked for it). A tool answers only what it "
        "understands in full.",
    )
    small_talk: str | None = Field(
        default=None,
        description="A file of approved small talk, relative to the policy. Left out: none.",
    )


class ExtractorAnswerer(AnswererBase):
    """Answers requests of the policy's `endpoints` by rules and heads."""

    kind: Literal["extractor"] = Field(
        description="Fields of the policy's `endpoints`, read by rules and heads. No model writes "
        "the answer."
    )
