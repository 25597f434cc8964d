"""Scripts a strong model that decides about a contract, and a deliberation over it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Literal

from router.policy.content.deliberation import load_templates
from router.policy.schema import DeliberationAnswerer, LocalAnswerer, TierSection
from router.types import (
    Amount,
    Answer,
    AnswererFacts,
    Capability,
    ChatRequest,
    Choice,
    Domain,
    Message,
    Price,
    RequestType,
    Role,
    Signals,
    Usage,
    Work,
)
from tests import ROOT
from tests.kits.books.ledger_rows import NOW_MS, StandingClock
from tests.kits.upstreams.upstream_decider import CONTRACT, filled, filling
from tiers.reasoning.answerer import Deliberation, build_deliberation
from tiers.reasoning.sources import Sources

__all__ = ["CONTRACT", "QUESTION", "Strong", "deliberation", "work"]

TEMPLATES = load_templates(Path(ROOT) / "policies/deliberation")
QUESTION = (
    "Shall we sign the supply contract with Harlow Stone Ltd for $2M over three years by "
    "30 June 2027? Liability is limited to $2,000,000."
)


class Strong:
    """Answers each step as CONTRACT does; `says` and `fails` hold other answers, used in turn."""

    def __init__(self, wait_for: int = 0) -> None:
        self.requests: list[ChatRequest] = []
        self.roles: list[Role] = []
        self.says: dict[str, list[object]] = {}
        self.fails: dict[str, list[Exception]] = {}
        self.most_at_once = 0
        self._at_once = 0
        self._wait_for, self._together = wait_for, asyncio.Event()

    @property
    def steps(self) -> list[str]:
        return [r.response_format.name.removeprefix("step_") for r in self.requests]

    @property
    def filled_synthesis(self) -> dict[str, Any]:
        schema = TEMPLATES[Domain.MEDICAL].full.steps[-1].schema
        value: dict[str, Any] = filling(json.loads(schema))
        return value

    async def __call__(self, answerer: str, request: ChatRequest, role: Role) -> Answer:
        step = request.response_format.name.removeprefix("step_")
        self.requests.append(request)
        self.roles.append(role)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if step == "perspectives" and self._wait_for:
                # Each waits for the others, so that calls one by one would never end.
                if self._at_once == self._wait_for:
                    self._together.set()
                await self._together.wait()
            if self.fails.get(step):
                raise self.fails[step].pop(0)
            usage = Usage(input_tokens=100, output_tokens=50, reported=True)
            text = json.dumps(self._said(step, request))
            return Answer((Choice(text, "stop"),), "strong", usage)
        finally:
            self._at_once -= 1

    def _said(self, step: str, request: ChatRequest) -> object:
        if self.says.get(step):
            return self.says[step].pop(0)
        schema = json.loads(request.response_format.schema or "{}")
        return filled(step, schema, request.messages[-1].text)


def deliberation(
    *,
    trusted: bool = True,
    sources: Sources | None = None,
    profile: Literal["auto", "short", "full"] = "full",
    context_tokens: int = 128_000,
) -> Deliberation:
    """Returns a deliberation over an upstream of the name strong."""
    section = DeliberationAnswerer(
        kind="deliberation", name="deliberate", over="strong", trusted=trusted, profile=profile
    )
    tier = TierSection(
        name="reasoning", level=3, answerers=[LocalAnswerer(kind="local", name="strong"), section]
    )
    able = frozenset({Capability.JSON_SCHEMA})
    over = AnswererFacts(
        "strong",
        "reasoning",
        3,
        "upstream",
        "big",
        Price(),
        4096,
        context_tokens,
        able,
        200,
        500.0,
        60_000,
    )
    return build_deliberation(section, tier, over, TEMPLATES, StandingClock(NOW_MS), sources)


def work(text: str = QUESTION, *, domain: Domain = Domain.LEGAL) -> Work:
    """Returns the question about the contract as an answerer gets it."""
    read = Signals(
        RequestType.DECISION, 0.9, domain, 0.9, 1.0, 0.9, 0, 0.9, 0.9, 0.1, 0.0, 0.0,
        amounts=(Amount("$2M", "USD", 2_000_000_000_000_000),), risk_terms=("contract",),
    )  # fmt: skip
    request = ChatRequest((Message("user", text),), "auto")
    return Work(request, read, NOW_MS + 600_000, Role.ANSWER, "tenant", "r1")
