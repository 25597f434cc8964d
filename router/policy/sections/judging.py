"""Describes how an answerer is rated before a call, and how its answers are judged after it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from router.policy.sections.base import Chance, Name, Section
from router.policy.sections.rules.heads import HeadName
from router.types import Domain, VerifyMode


class AbilitySection(Section):
    """Sets the ability of an answerer: `theta` or a `head`, with `labels`, or a `known_model`.

    `theta` and `head` come from labelled traffic. Where a head has not read a request, as without a
    triage model, the other keys count.
    """

    theta: float | None = Field(
        default=None,
        ge=-10,
        le=10,
        description="Ability on the scale of triage's difficulty, in logits.",
    )
    head: HeadName | None = Field(
        default=None,
        description="One of `heads`, by `tiergate train routing`: it gives the chance that this "
        "answerer is wrong, from the prompt.",
    )
    labels: int = Field(
        default=0, ge=0, description="Number of labelled requests behind theta or the head."
    )
    known_model: str | None = Field(default=None, description="A row of the table of known models.")
    by_domain: dict[Domain, Annotated[float, Field(ge=-10, le=10)]] = Field(
        default_factory=dict, description="Theta by domain. All other domains use `theta`."
    )

    @model_validator(mode="after")
    def _labels_for_theta(self) -> AbilitySection:
        if self.theta is not None and self.labels == 0:
            raise ValueError("theta needs labels: the number of labelled requests behind it")
        if self.head is not None and self.labels == 0:
            raise ValueError("head needs labels: the number of labelled requests behind it")
        if self.by_domain and self.theta is None:
            raise ValueError("by_domain needs theta, which applies to all other domains")
        return self


class CheckSection(Section):
    """Has each answer of an answerer judged by another model, with a rubric, before it goes out."""

    rubric: str = Field(
        description="File of the rubric, relative to the policy. Shipped: `rubrics/support.yaml`, "
        "and `legal`, `finance`, `medical`, `code`, `general`."
    )
    judge: Name = Field(description="The local, upstream or litellm answerer that judges.")
    at_least: Chance = Field(
        default=0.6,
        description="Lowest score that may go out as accepted. Below it the ladder climbs.",
    )
    repair: bool = Field(
        default=False,
        description="Asks the author once more, with the judge's reasons, before the ladder "
        "climbs. Not for deliberations.",
    )
    calibration: str | None = Field(
        default=None,
        description="File of `tiergate train judge`: it turns scores into the chance that an "
        "answer is right. Left out: scores change no chance.",
    )
    own_model: bool = Field(
        default=False,
        description="Lets a model judge its own answers, which it prefers. Each one is marked.",
    )


class VerifySection(Section):
    """Sets the part of an answer that waits until it is verified: none | prefix | full."""

    default: VerifyMode = Field(default=VerifyMode.NONE, description="For ordinary requests.")
    hard_rule: VerifyMode = Field(
        default=VerifyMode.FULL, description="For requests whose floor a hard rule set."
    )
    self_consistency: int = Field(
        default=0, ge=0, le=5, description="Further samples to compare. 0: none."
    )
    head: str | None = Field(
        default=None,
        description="File of a head that gives the chance of each answer, by `tiergate train "
        "answers`. It reads whole answers in plain text under `full`. Left out: log-probabilities "
        "or the prior.",
    )
