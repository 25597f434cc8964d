"""Shares section, facts, work, and a call that must not happen among tests of the remote tiers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson

from router.api.compose.clock import SystemClock
from router.policy.schema import UpstreamAnswerer
from router.types import (
    Answer,
    AnswererFacts,
    BodyRules,
    Capability,
    ChatRequest,
    Delta,
    Domain,
    Price,
    RequestType,
    Role,
    Signals,
    Work,
)
from router.wire.openai.request import parse_chat_request

SIGNALS = Signals(RequestType.FAQ, 1.0, Domain.GENERAL, 1.0, 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, 0.0)


async def no_call(answerer: str, request: ChatRequest, role: Role) -> Answer:
    raise AssertionError(f"{answerer} was called")


def section(*urls: str, model: str = "answer", **more: object) -> UpstreamAnswerer:
    fields = {"name": "up", "kind": "upstream", "model": model, "base_urls": list(urls), **more}
    return UpstreamAnswerer.model_validate(fields)


def facts(
    model: str = "answer", kind: str = "upstream", body: BodyRules | None = None
) -> AnswererFacts:
    return AnswererFacts(
        name="up",
        tier="two",
        level=2,
        kind=kind,
        model=model,
        price=Price(),
        max_output_tokens=256,
        context_tokens=8_000,
        capabilities=frozenset(Capability),
        expected_output_tokens=20,
        latency_ms=10.0,
        deadline_ms=60_000,
        body=body or BodyRules(),
    )


def work(deadline_s: float = 60.0, **fields: object) -> Work:
    body = {"model": "auto", "messages": [{"role": "user", "content": "Where is it?"}], **fields}
    request = parse_chat_request(orjson.dumps(body), {})
    deadline_at_ms = SystemClock().now_ms() + round(deadline_s * 1000)
    return Work(request, SIGNALS, deadline_at_ms, Role.ANSWER, "tenant", "req-1")


async def collect(stream: AsyncIterator[list[Delta]]) -> tuple[str, Answer]:
    """Returns the streamed text and the final answer."""
    parts = [delta async for together in stream for delta in together]
    final = parts[-1].final
    assert final is not None
    return "".join(delta.text for delta in parts), final


async def eventually(condition: object, timeout_s: float = 90.0) -> None:
    """Waits until `condition()` holds; the limit stops a wait for what never becomes true."""
    assert callable(condition)
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
