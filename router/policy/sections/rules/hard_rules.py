"""Describes the hard rules of a policy, and the lists of terms that they name.

This is only the schema. `router.routing.hard_rules` applies the rules, triage finds the terms.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from router.policy.sections.base import Chance, Name, Section, Usd
from router.policy.sections.rules.heads import HeadCondition
from router.types import Domain, RequestType

TermText = Annotated[str, Field(min_length=2, max_length=80)]


class TermList(Section):
    """Lists words and phrases, found in the user's text as whole words, in any case.

    The search takes linear time.
    """

    name: Name = Field(description="Name that hard rules use.")
    domain: Domain | None = Field(
        default=None, description="Domain that a match indicates. Left out: none in particular."
    )
    not_for_knowledge: bool = Field(
        default=False,
        description="true: the list does not count where a request asks for general knowledge "
        "only (`decision.knowledge_at`).",
    )
    terms: list[TermText] = Field(
        default_factory=list,
        min_length=1,  # of a list that is written; left out, `file` has the words
        description="Words and phrases, 2 to 80 characters each. Left out: `file` has them.",
    )
    file: str | None = Field(
        default=None,
        description="File with more words and phrases of this `name`, which several policies can "
        "share, relative to the policy. `lists/grave.yaml` ships.",
    )

    @model_validator(mode="after")
    def _has_terms(self) -> TermList:
        if not self.terms and self.file is None:
            raise ValueError("a list needs terms, or the file that has them")
        return self


ToolGlob = Annotated[str, Field(min_length=1, max_length=128)]


class HardRule(Section):
    """Sets a floor or a ceiling that no hint overrides, when all given conditions hold."""

    name: Name = Field(description="Name for people. Each hard rule has its own.")
    terms: list[Name] = Field(default_factory=list, description="Any of these term lists matches.")
    domains: list[Domain] = Field(default_factory=list, description="The domain is any of these.")
    request_types: list[RequestType] = Field(
        default_factory=list, description="The request type is any of these."
    )
    stakes_high_at: Chance | None = Field(
        default=None, description="The chance of high stakes is this or more."
    )
    impact_from_usd: Usd | None = Field(
        default=None, description="The amount in the text is this or more."
    )
    heads: list[HeadCondition] = Field(
        default_factory=list, description="Any of these conditions on heads holds."
    )
    tools: list[ToolGlob] = Field(
        default_factory=list,
        description="The request offers a tool whose name fits any of these, as `delete_*`. Not "
        "where its `tool_choice` is `none`.",
    )
    not_for_knowledge: bool = Field(
        default=False,
        description="true: the rule does not hold where a request asks for general knowledge only "
        "(`decision.knowledge_at`): `What is EBITDA?` is no decision.",
    )
    floor: int | None = Field(
        default=None,
        ge=1,
        le=9,
        description="No tier below this level: at most 3, or the level of the highest tier. Where "
        "no tier has it the next higher one answers, and the highest one where none is higher.",
    )
    ceiling: int | None = Field(
        default=None,
        ge=1,
        le=9,
        description="No tier above this level: from the level of the lowest tier on.",
    )

    @model_validator(mode="after")
    def _is_not_empty(self) -> HardRule:
        if self.floor is None and self.ceiling is None:
            raise ValueError("a hard rule needs floor or ceiling")
        given = (
            self.terms,
            self.domains,
            self.request_types,
            self.stakes_high_at,
            self.impact_from_usd,
            self.heads,
            self.tools,
        )
        if not any(item not in ([], None) for item in given):
            raise ValueError("a hard rule needs at least one condition")
        if self.floor is not None and self.ceiling is not None and self.floor > self.ceiling:
            raise ValueError("floor must not be above ceiling")
        return self
