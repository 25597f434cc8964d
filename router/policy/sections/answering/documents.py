"""Describes the use of an operator's own documents: only the schema.

`router/documents` keeps and searches them. Approved answers are in the `knowledge` of a resolver.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from router.policy.content.keys import bounded_pattern
from router.policy.sections.base import Chance, Name, RowField, Section

Label = Annotated[str, Field(min_length=1, max_length=64)]


class RecordSection(Section):
    """Names rows of a lookup that are shown beside the passages, to the one they belong to."""

    lookup: Name = Field(
        description="One of `lookups`, whose `typed.must_match` says whose its rows are. It counts "
        "for every key here, typed or not."
    )
    key: Name = Field(description="Name in `routing.context` that the key of a row comes under.")
    pattern: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Written form of the key, for one in the user's last message. Left out: it "
        "comes in `routing.context` alone.",
    )
    fields: list[RowField] = Field(
        min_length=1, max_length=32, description="Fields of the row that are shown, and no others."
    )
    title: str = Field(
        default="", max_length=60, description="What a row is called: order. Left out: the lookup."
    )

    @field_validator("pattern")
    @classmethod
    def _bounded(cls, pattern: str | None) -> str | None:
        return None if pattern is None else bounded_pattern(pattern)


class DocumentsSection(Section):
    """Names the documents that answers of this policy may cite."""

    collections: list[Label] = Field(
        min_length=1,
        max_length=64,
        description="Collections that are searched. Of each, a caller finds the documents of its "
        "own tenant and those of all tenants (`*`).",
    )
    access: list[Label] = Field(
        default_factory=list,
        max_length=64,
        description="Labels of access that the callers of this policy have. A document with a "
        "label is found by them alone; give their keys `--policies`.",
    )
    embedder: Name | None = Field(
        default=None,
        description="One of `embedders`, whose model makes the vectors of documents and questions: "
        "`tiergate knowledge add --policy`. Left out: our encoder, on this machine.",
    )
    dimensions: int | None = Field(
        default=None,
        ge=16,
        le=4_096,
        description="Numbers of a vector that the embedder is asked for. Left out: as many as it "
        "gives.",
    )
    records: list[RecordSection] = Field(
        default_factory=list,
        max_length=8,
        description="Rows of lookups (an order, an account, a case) as further sources.",
    )
    passages: int = Field(
        default=5, ge=1, le=20, description="Passages that the step `context` shows, at most."
    )
    near_at: Chance = Field(
        default=0.3, description="A passage is shown from this chance on that it helps."
    )
    supported_at: Chance = Field(
        default=0.6,
        description="A sentence stays from this chance on that a passage bears it out.",
    )
    check: bool = Field(
        default=True,
        description="Leaves out the sentences of an answer that no passage supports. Such an "
        "answer is held back until it is whole.",
    )
    without: Literal["answer", "say_so"] = Field(
        default="answer",
        description="What becomes of a question that no passage fits. answer: the model answers "
        "without passages. say_so: words say so, and nothing is asked.",
    )
