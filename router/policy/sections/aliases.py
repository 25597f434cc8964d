"""Describes aliases: the meaning of model names that clients send.

It knows nothing about tiers and prices.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from functools import lru_cache

from pydantic import Field, model_validator

from router.policy.sections.base import Name, Section


def best_glob(names: Iterable[str], name: str) -> str | None:
    """Returns the entry equal to `name`, otherwise the longest glob that matches it or None."""
    return _best_glob(tuple(names), name)


@lru_cache(maxsize=1024)  # every request asks for the same few models
def _best_glob(names: tuple[str, ...], name: str) -> str | None:
    fits = [glob for glob in names if glob == name or fnmatch.fnmatchcase(name, glob)]
    # Among globs, the longest is the most exact.
    return name if name in fits else max(fits, key=len, default=None)


def is_glob(name: str) -> bool:
    """Returns True when an alias is a pattern, and no name that a client sends."""
    return any(mark in name for mark in "*?[")


class Alias(Section):
    """Gives a meaning to a model name that clients send."""

    to: str | None = Field(
        default=None,
        description="`auto`, `auto:<policy>` or `tier:<name>`. `tiergate-embed`, "
        "`tiergate-moderation` and `embed:<name>` work at their own endpoints.",
    )
    answerer: Name | None = Field(
        default=None,
        description="The answerer behind this name. In mode observe it answers, and its price is "
        "the baseline. In mode route the request is routed as usual, unless `pinned` is on.",
    )
    pinned: bool = Field(
        default=False,
        description="Uses only that answerer, without a ladder, whatever level triage asks for. "
        "Refusals of harm, `privacy.residency` and what `exhausted` says of grave matters hold.",
    )

    @model_validator(mode="after")
    def _one(self) -> Alias:
        if (self.to is None) == (self.answerer is None):
            raise ValueError("an alias needs either `to` or `answerer`")
        return self
