"""Describes the sections that spend money to learn, and the one that watches what was learnt from.

All are off by default. This module knows nothing about the choice of a rung
(`router.routing.expected_loss`) or the call of a shadow (`router.request.shadows.shadow`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from router.policy.sections.base import RECEIVER_URL, Chance, Name, SecretName, Section, Usd


class ExploreSection(Section):
    """Tries a rung other than the chosen one first, by chance, never against a hard rule."""

    share: Annotated[float, Field(ge=0, le=0.5)] = Field(
        default=0.0,
        description="This share of the requests that may be explored is explored, evenly over "
        "the other allowed rungs. 0: off.",
    )
    max_stakes_usd: Usd = Field(
        default=0.5,
        description="Nothing is explored when a wrong answer costs more than this (S).",
    )


class PairJudgeSection(Section):
    """Has another model compare a shadow's answer with the one that the client got."""

    rubric: str = Field(description="File of the rubric, relative to the policy.")
    judge: Name = Field(description="The local, upstream or litellm answerer that compares.")
    own_model: bool = Field(
        default=False,
        description="Lets a model compare its own answer with another's, and marks it.",
    )


class ShadowSection(Section):
    """Calls a second answerer after the client has its answer, and discards that second answer."""

    share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0, description="Share of the answered requests. 0: off."
    )
    answerer: Name | None = Field(
        default=None, description="The answerer to call. Left out: `level` chooses it."
    )
    level: int | None = Field(
        default=None,
        ge=1,
        le=9,
        description="Calls the first answerer of this level. Without `answerer` and `level`: of "
        "the highest level.",
    )
    max_usd_per_day: Usd = Field(
        default=1.0,
        description="Highest spending on shadows per day (UTC), in dollars. No shadow is called "
        "when the day's shadows could cost more. Each worker counts its own, and at its first one "
        "what all shadows of the policy have cost that day.",
    )
    judged: PairJudgeSection | None = Field(
        default=None,
        description="Has a judge compare both answers, in both orders. Its calls count as the "
        "shadow's. Left out: only words are compared.",
    )
    max_at_once: int = Field(
        default=4, ge=1, le=256, description="Shadows that run at the same time in a worker."
    )

    @model_validator(mode="after")
    def _one(self) -> ShadowSection:
        if self.answerer is not None and self.level is not None:
            raise ValueError("a shadow needs either `answerer` or `level`, not both")
        return self


class Watched(StrEnum):
    """Names what an alert may watch."""

    REFUSALS = "refusals"  # share of requests that the gateway declined
    ERRORS = "errors"  # share of requests that failed
    ESCALATIONS = "escalations"  # share of answered requests that went above their first rung
    ANSWERER_DOWN = "answerer_down"  # share of one answerer's calls that failed
    DRIFT = "drift"  # requests or answers differ from the reference's by more than chance
    QUEUE_AGE = "queue_age"  # hours that the oldest review waits
    BUDGET = "budget"  # share of a day's or a month's budget that is spent and held
    LATENCY = "latency"  # seconds that the slowest twentieth of the answers took at least
    BREAKER_OPEN = "breaker_open"  # share of requests that found an answerer out of use
    PROVIDER = "provider"  # an answerer's calls are worse than its own past, by more than chance
    CERTIFICATE = "certificate"  # a certificate's promise no longer holds
    WRONG_ANSWERS = "wrong_answers"  # share of judged answers that were wrong
    CALIBRATION = "calibration"  # how far confidence is from how often answers were right


BOUNDED_BY_ITSELF = frozenset({Watched.DRIFT, Watched.PROVIDER, Watched.CERTIFICATE})
"""Conditions without `above`: the bound follows from the counts, or from the certificate."""


class AlertSection(Section):
    """Names one condition."""

    watch: Watched = Field(description="What is watched.")
    above: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="It fires above this share (0..1), these hours of a queue or these seconds of "
        "latency. `drift`, `provider` and `certificate` have bounds of their own.",
    )
    clear_below: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="It clears below this. Left out: four fifths of `above`."
    )
    least: int = Field(default=50, ge=1, description="With fewer requests it says nothing.")

    @model_validator(mode="after")
    def _bounded(self) -> AlertSection:
        if self.above is None and self.watch not in BOUNDED_BY_ITSELF:
            raise ValueError(f"an alert on {self.watch.value} needs `above`")
        if self.above is not None and self.watch in BOUNDED_BY_ITSELF:
            raise ValueError(f"an alert on {self.watch.value} has its own bound: remove `above`")
        if None not in (self.above, self.clear_below) and self.clear_below > self.above:  # type: ignore[operator]
            raise ValueError("`clear_below` is higher than `above`: it would clear while it fires")
        return self


class WebhookSection(Section):
    """Sets an address to which alerts are posted by HTTP."""

    url: str = Field(
        pattern=RECEIVER_URL,
        description="Where alerts are posted. Take an address that is a password from the "
        "environment: `${SLACK_HOOK}`.",
    )
    shape: Literal["json", "slack"] = Field(
        default="json", description="json: all facts. slack: one text, as Slack's webhooks take it."
    )
    secret: SecretName | None = Field(
        default=None,
        description="Signs the body: HMAC-SHA256 in the header x-tiergate-signature.",
    )


class MailSection(Section):
    """Sets a mail server, and the addresses that get alerts through it."""

    host: str = Field(min_length=1, description="The SMTP server.")
    port: int = Field(default=25, ge=1, le=65535, description="Its port.")
    sender: str = Field(min_length=3, description="The address that mails come from.")
    to: list[str] = Field(min_length=1, description="The addresses that get the mails.")
    user: str = Field(default="", description="Logs in under this name, over TLS.")
    password: SecretName | None = Field(default=None, description="The password of `user`.")


class AlertsSection(Section):
    """Sets conditions on recorded traffic, and who gets a message when one holds."""

    rules: list[AlertSection] = Field(min_length=1, description="The conditions.")
    window_minutes: int = Field(
        default=60, ge=5, le=1440, description="Requests of so many minutes are looked at."
    )
    reference_days: int = Field(
        default=7,
        ge=1,
        le=90,
        description="`drift` and `provider` compare with so many days before. Feedback of as "
        "many days counts.",
    )
    false_alarms_a_month: Chance = Field(
        default=0.5,
        description="Most false alarms in a month of `drift`, for each tenant and policy, and of "
        "`provider`, for each answerer.",
    )
    webhooks: list[WebhookSection] = Field(default_factory=list, description="Receivers by HTTP.")
    mail: MailSection | None = Field(default=None, description="Receivers by e-mail.")

    @model_validator(mode="after")
    def _each_once(self) -> AlertsSection:
        watched = [rule.watch.value for rule in self.rules]
        twice = sorted({name for name in watched if watched.count(name) > 1})
        if twice:
            raise ValueError(f"one rule for each `watch`; {', '.join(twice)} has two")
        return self


class CandidateSection(Section):
    """Names what the candidate has in place of the base's; exactly one kind of change."""

    policy: str | None = Field(
        default=None, description="Another policy file, relative to this one. Its name is ignored."
    )
    answerers: dict[Name, dict[str, Any]] = Field(
        default_factory=dict,
        description="Keys that answerers of these names have instead: `mid: {model: newer}`.",
    )
    heads: dict[Name, str] = Field(
        default_factory=dict, description="Files of heads that heads of these names have instead."
    )
    adapters: dict[Name, str] = Field(
        default_factory=dict,
        description="Files of adapters that adapters of these names have instead.",
    )

    @model_validator(mode="after")
    def _one(self) -> CandidateSection:
        kinds = [name for name in CandidateSection.model_fields if getattr(self, name)]
        if len(kinds) != 1:
            raise ValueError(
                "a candidate changes one kind of thing, so that a result has one cause: `policy`, "
                "`answerers`, `heads` or `adapters`"
            )
        return self

    @property
    def kind(self) -> str:
        """Returns which kind of thing it changes."""
        return next(name for name in CandidateSection.model_fields if getattr(self, name))


class GuardsSection(Section):
    """Sets how much worse than the base a candidate may be; null: the metric is not looked at."""

    errors: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=0.02,
        description="More requests that failed, or of which a call failed, as a share of requests.",
    )
    cost: Annotated[float, Field(ge=0, le=100)] | None = Field(
        default=0.2, description="Dearer requests, as a share of the base's mean cost."
    )
    latency: Annotated[float, Field(ge=0, le=100)] | None = Field(
        default=0.5, description="Slower requests, as a share of the base's typical latency."
    )
    complaints: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=0.02, description="More requests whose answer was called wrong, as a share."
    )


SplitStage = Literal["shadow", "all"] | Annotated[float, Field(gt=0, le=0.5)]


class RolloutSection(Section):
    """Tries a changed policy on a part of the traffic, once `tiergate rollout start` says so."""

    candidate: CandidateSection = Field(description="What is changed.")
    by: Literal["conversation", "tenant"] = Field(
        default="conversation", description="What stays on one side of the split."
    )
    stages: list[SplitStage] = Field(
        default=["shadow", 0.01, 0.1, "all"],
        min_length=1,
        max_length=12,
        description="The way to all traffic: shadow, shares of conversations or tenants, all.",
    )
    advance: Literal["by_hand", "by_gates"] = Field(
        default="by_hand",
        description="by_gates: the next stage begins by itself once every gate has passed.",
    )
    guards: GuardsSection = Field(
        default_factory=GuardsSection,
        description="What rolls a candidate back. It passes where it is known to stay below all.",
    )
    false_alarms: Annotated[float, Field(gt=0, le=0.5)] = Field(
        default=0.05,
        description="Highest chance that a candidate that is not worse is ever rolled back.",
    )
    least_requests: int = Field(
        default=200, ge=10, description="Requests that each side needs before a stage passes."
    )
    most_per_unit: int = Field(
        default=5,
        ge=1,
        le=10_000,
        description="Requests of one conversation or tenant that count in a stage's tests.",
    )
    holdback: Annotated[float, Field(ge=0, le=0.5)] = Field(
        default=0.05,
        description="Share that keeps the base in stage `all`, so that there is something to "
        "compare with.",
    )
    most_usd: Usd | None = Field(
        default=None,
        description="Costs above this count as this in the tests. Left out: four times what 99 of "
        "100 requests cost before the start.",
    )
    shadow_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.1, description="Share that is asked twice in stage `shadow`."
    )

    @model_validator(mode="after")
    def _in_order(self) -> RolloutSection:
        shares = [0.0 if s == "shadow" else 1.0 if s == "all" else s for s in self.stages]
        if shares != sorted(set(shares)):
            raise ValueError("stages grow: `shadow` first, then rising shares, `all` last")
        return self


class OnlineSection(Section):
    """Lets verdicts and feedback move the chances of answerers and of matches within seconds."""

    words_a_reviewer: Annotated[float, Field(gt=0, le=100)] = Field(
        default=4.0,
        description="What one key says of an answerer in a domain, or of an intent, weighs as much "
        "as so many words, however often it speaks.",
    )
    words_a_tenant: Annotated[float, Field(gt=0, le=1_000)] = Field(
        default=16.0, description="The same for all keys of a tenant together."
    )
    prior_words: Annotated[float, Field(ge=1, le=10_000)] = Field(
        default=16.0,
        description="How firmly a chance stays where it was. One key moves it by at most 2 x "
        "`words_a_reviewer` / `prior_words`, in log-odds.",
    )
    most_up: Annotated[float, Field(ge=0, le=3)] = Field(
        default=0.5,
        description="Log-odds by which words raise a chance at most. They never raise a match.",
    )
    most_down: Annotated[float, Field(ge=0, le=5)] = Field(
        default=1.5, description="Log-odds by which words lower a chance at most."
    )
    days: int = Field(default=30, ge=1, le=366, description="Words of so many days count.")
