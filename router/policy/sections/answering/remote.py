"""Describes the keys of answerers that call a server: only the schema.

It knows how many tokens well-known models give at most, by their names.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from router.policy.sections.answering.base import LEAST_TOKENS, AnswererBase
from router.policy.sections.base import BODY_KEY, ModelName
from router.wire.body_keys import mistake_in

USUAL_TOKENS = 16_384
"""The cap of output of a remote model, hidden reasoning included. Reasoning models seldom need more
for one answer, and all current ones take it. A larger one would make each call's hold larger."""

_PREFIX = re.compile(r"^(?:(?:us|eu|apac|global)\.)?(?:(?:anthropic|cohere|mistral|google)\.)?")
_LOWER = (
    ("gpt-3.5*", 4_096),
    ("gpt-4", 4_096),
    ("gpt-4-*", 4_096),
    ("gpt-4o-2024-05-13", 4_096),
    ("claude-3-5*", 8_192),
    ("claude-3-[hos]*", 4_096),
    ("gemini-1.5*", 8_192),
    ("gemini-2.0*", 8_192),
    ("deepseek-chat*", 8_192),
    ("mistral-small", 8_191),
    ("mistral-tiny", 8_191),
    ("command-a*", 8_000),
    ("command-r*", 4_096),
)
"""Lists models that refuse a call which asks for more than this, as litellm's table has them."""


def _may_pass(name: str) -> str:
    problem = mistake_in(name)
    if problem is not None:
        raise ValueError(f"{name} cannot be passed through: {problem}")
    return name


PassedKey = Annotated[str, Field(pattern=BODY_KEY), AfterValidator(_may_pass)]
SentReasoning = Literal["reasoning_content", "reasoning", "nothing"]


class RemoteAnswerer(AnswererBase):
    """Holds the keys of answerers that call a server."""

    model: ModelName = Field(
        description="Name of the model on that server.",
    )
    context_tokens: int = Field(
        default=128_000, ge=256, description="Context window. Longer requests skip this answerer."
    )
    deadline_s: float = Field(
        default=600.0, gt=0, le=3600, description="Total time of one call, of a stream too."
    )
    idle_s: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Longest silence of a stream; it then counts as failed. A model that hides its "
        "reasoning may be silent until its first word.",
    )
    first_byte_s: float | None = Field(
        default=None,
        gt=0,
        le=3600,
        description="Longest wait for the first byte of an answer, hidden reasoning included; then "
        "the next rung is asked. Whole answers are asked for as streams. Left out: for streams of "
        "models that show their reasoning `idle_s`, otherwise `deadline_s`.",
    )

    image_tokens: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Highest number of tokens of one image, which is held before a call. Left out: "
        "50,000 for models whose name begins with gpt-4o-mini, and 4,000 for others.",
    )
    hidden_reasoning: bool | None = Field(
        default=None,
        description="The model bills reasoning that it does not show. An answer without a report "
        "of its usage counts at its worst case, and a stream that is cut short counts 1,000 tokens "
        "more for each second of silence. Left out: true for `wire: anthropic`, and for models "
        "whose name has claude in it or begins with gpt-5, o1, o3, o4, gemini-2.5 or gemini-3; for "
        "others, even where this is false, once their reported usage shows it.",
    )
    send_reasoning_as: SentReasoning | None = Field(
        default=None,
        description="Key of an assistant's message in which the server gets back open thoughts "
        "that clients send. Left out: what DeepSeek, Moonshot, Xiaomi and OpenRouter expect, and "
        "`nothing` elsewhere.",
    )
    pass_through: list[PassedKey] = Field(
        default_factory=list,
        max_length=64,
        description="Further body keys that clients may send to it, at the top level. Tiergate "
        "does not read them.",
    )

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        if self.first_byte_s is not None and self.first_byte_s >= self.deadline_s:
            raise ValueError(
                f"first_byte_s below deadline_s ({self.deadline_s:g}), not {self.first_byte_s:g}: "
                "it would never pass"
            )
        return self

    @property
    def output_cap(self) -> int:
        """Returns the cap of output in tokens: the stated one, or the usual one of the model."""
        return self.max_output_tokens or usual_cap(self.model, self.context_tokens)

    @property
    def least_output_tokens(self) -> int | None:
        """Returns how far that cap may be lowered for one call; None: not at all, it is stated."""
        return None if self.max_output_tokens else min(LEAST_TOKENS, self.output_cap)


def usual_cap(model: str, context_tokens: int) -> int:
    """Returns the cap in tokens of a remote model for which the policy states none.

    It is at most a quarter of the context window, since the request has to fit beside it.

    >>> usual_cap("gpt-5.5", 128_000), usual_cap("gpt-4-turbo", 128_000), usual_cap("own", 8_192)
    (16384, 4096, 2048)
    >>> usual_cap("bedrock/us.anthropic.claude-3-5-sonnet-20240620-v1:0", 200_000)
    8192
    """
    # Bedrock names region and vendor before the model, and OpenRouter writes "claude-3.5".
    name = _PREFIX.sub("", model.rpartition("/")[2]).replace("claude-3.", "claude-3-")
    known = next((cap for glob, cap in _LOWER if fnmatchcase(name, glob)), USUAL_TOKENS)
    return min(known, max(LEAST_TOKENS, context_tokens // 4))
