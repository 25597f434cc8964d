"""Describes answerers that quote what people wrote: approved answers and documents."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from router.policy.sections.answering.base import AnswererBase
from router.policy.sections.base import Chance, Name


class PassagesAnswerer(AnswererBase):
    """Quotes the nearest approved answers, with the documents that they come from."""

    kind: Literal["passages"] = Field(
        description="Quotes the nearest approved answers of a resolver, with their sources."
    )
    of: Name = Field(description="The resolver whose approved answers it quotes.")
    at_most: int = Field(default=3, ge=1, le=4, description="Greatest number of quoted answers.")
    quote_at: Chance = Field(
        default=0.7,
        description="Answers are quoted from this chance on that one of them is right.",
    )
    enough: Chance = Field(
        default=0.85,
        description="No further answer is quoted once one of them is right with this chance.",
    )
    rephrase: Name | None = Field(
        default=None,
        description="A local answerer that puts the quoted answers into its own words. Sentences "
        "that say what the quoted answers do not are left out. Left out: quoted word for word.",
    )


class DocumentsAnswerer(AnswererBase):
    """Quotes the policy's own documents, with the places that the quotations come from."""

    kind: Literal["documents"] = Field(
        description="Quotes the passages of the policy's `documents` that answer best, with their "
        "sources. No model writes the answer, unless one rephrases it."
    )
    at_most: int = Field(default=2, ge=1, le=5, description="Greatest number of quoted passages.")
    quote_at: Chance = Field(
        default=0.6,
        description="A passage is quoted from this chance on that it helps with the question.",
    )
    search_first: bool = Field(
        default=False,
        description="Searches before the request is decided, so that the chance of a quotation is "
        "that of its nearest passage, and not the `ability` of all.",
    )
    rephrase: Name | None = Field(
        default=None,
        description="A local answerer that puts the quoted passages into its own words. Sentences "
        "that no passage supports are left out. Left out: quoted word for word.",
    )
