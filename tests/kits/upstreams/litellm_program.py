"""Drives the litellm tier in a process of its own, whose environment points litellm at a server.

`python -m tests.kits.upstreams.litellm_program MODELS` prints one JSON object: the outcome of each
call, the mapping of every exception class of litellm, and the addresses that were looked up or
connected to.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
import sys
from collections.abc import Awaitable

from router.api.compose.clock import SystemClock
from router.errors import AnswererError, UpstreamError
from router.policy.schema import LitellmAnswerer
from router.types import (
    NOBODY,
    TRACE,
    Answer,
    AnswererState,
    BodyRules,
    BreakerTurned,
    Events,
    Trace,
    Usage,
    Work,
)
from router.wire.openai.hosts import litellm_is_openais
from tests.kits.changed import replace
from tests.kits.upstreams.upstream_kit import collect, eventually, facts, no_call, work
from tests.kits.upstreams.upstream_tier_kit import Listener
from tiers.litellm.answerer import LitellmTier
from tiers.litellm.errors import to_ours

hosts: set[str] = set()
heard: list[Usage] = []
"""What streams told of their usage before they ended."""


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Records every look-up and connection, as an audit hook of CPython."""
    if event == "socket.getaddrinfo":
        hosts.add(str(arguments[0]))
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        hosts.add(str(arguments[1][0]))


def tier(
    model: str,
    key: str | None = "sk-ours",
    passed: tuple[str, ...] = (),
    events: Events = NOBODY,
    **keys: object,
) -> LitellmTier:
    section = LitellmAnswerer.model_validate(
        {"name": "other", "kind": "litellm", "model": model, "deadline_s": 30, **keys}
    )
    # Some models store an answer unless the request forbids it; the tier must know.
    rules = BodyRules(frozenset(passed), stores_unasked=litellm_is_openais(model))
    known = facts(model, "litellm", rules)
    return LitellmTier(section, known, api_key=key, clock=SystemClock(), events=events)


def told(answer: Answer) -> dict[str, object]:
    choice = answer.choices[0]
    return {
        "text": answer.text,
        "model": answer.model,
        "finish_reason": choice.finish_reason,
        "tool_calls": [[call.name, call.arguments] for call in choice.tool_calls],
        "usage": [answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.reported],
        "provider_cost_nano_usd": answer.provider_cost_nano_usd,
    }


async def outcome(call: Awaitable[Answer]) -> object:
    try:
        return told(await call)
    except AnswererError as error:
        return [type(error).__name__, error.message]


async def streamed(one: LitellmTier, deadline_s: float, **fields: object) -> Answer:
    asked = replace(work(deadline_s, **fields), tell_usage=heard.append)
    text, final = await collect(one.stream(asked, no_call))
    assert text == final.text
    return final


async def drained(one: LitellmTier, asked: Work) -> Answer:
    return (await collect(one.stream(asked, no_call)))[1]


# Addresses that litellm would fetch itself if we passed them on.
ELSEWHERE = {
    "image": {"type": "image_url", "image_url": {"url": "http://fetched.invalid/a.png"}},
    "file": {"type": "file", "file": {"file_id": "HTTPS://fetched.invalid/a.pdf"}},
}


async def calls() -> dict[str, object]:
    outcomes: dict[str, object] = {}
    fields = {"temperature": 0.5, "top_k": 4, "user": "u", "api_version": None}
    for model in sys.argv[1].split(","):
        name, deadline_s = f"openai/{model}", 1.0 if model == "hang" else 30.0
        question = work(deadline_s, **fields)
        outcomes[f"{model} whole"] = await outcome(tier(name).answer(question, no_call))
        outcomes[f"{model} stream"] = await outcome(streamed(tier(name), deadline_s))
    # litellm's table has a price of this model.
    outcomes["listed stream"] = await outcome(streamed(tier("openai/gpt-4.1-mini"), 30.0))
    function = {"name": "f", "parameters": {"type": "object", "properties": {"i": {"const": 1}}}}
    tools = [{"type": "function", "function": function}]
    agent = tier("openai/agent")
    outcomes["offered whole"] = await outcome(agent.answer(work(tools=tools), no_call))
    outcomes["offered stream"] = await outcome(streamed(agent, 30.0, tools=tools))
    named = tier("openai/echo", passed=("top_k",))
    outcomes["named whole"] = await outcome(named.answer(work(**fields), no_call))
    traced = TRACE.set(Trace("1" * 32))
    outcomes["traced whole"] = await outcome(named.answer(work(**fields), no_call))
    TRACE.reset(traced)
    for kind, part in ELSEWHERE.items():
        message = {"role": "user", "content": [part]}
        question = work(messages=[message])
        claude = tier("anthropic/claude-3-5-sonnet-20240620")
        outcomes[f"{kind} elsewhere"] = await outcome(claude.answer(question, no_call))
    outcomes["anthropic whole"] = await outcome(tier("anthropic/answer").answer(work(), no_call))
    outcomes["anthropic stream"] = await outcome(streamed(tier("anthropic/answer"), 30.0))
    # litellm asks Gemini when the first chunk is read, others before.
    for how in ("limited", "overloaded", "broken", "missing"):
        outcomes[f"gemini {how} stream"] = await outcome(streamed(tier(f"gemini/{how}"), 30.0))
    fields = {"seed": 3, "frequency_penalty": 0.5, "temperature": 0.5}
    for how in ("whole", "stream"):
        names: list[str] = []
        asked = replace(work(**fields), tell_left_out=names.extend)
        claude = tier("anthropic/answer")
        call = claude.answer(asked, no_call) if how == "whole" else drained(claude, asked)
        outcomes[f"sampled {how}"] = [await outcome(call), names]
    for how in ("whole", "stream"):
        names = []
        asked = replace(work(stop=["parcel"], top_p=0.9), tell_left_out=names.extend)
        thinker = tier("openai/gpt-5")
        call = thinker.answer(asked, no_call) if how == "whole" else drained(thinker, asked)
        outcomes[f"stopped {how}"] = [await outcome(call), names]
    silent = tier("openai/slow:3600", first_byte_s=0.5)
    outcomes["silent whole"] = await outcome(silent.answer(work(), no_call))
    outcomes["silent stream"] = await outcome(streamed(silent, 30.0))
    prompt = tier("openai/answer", first_byte_s=20)
    outcomes["prompt whole"] = await outcome(prompt.answer(work(), no_call))
    outcomes["unknown provider"] = await outcome(tier("nobody/x").answer(work(), no_call))
    return outcomes


async def revoked() -> list[str]:
    """Returns the state of a tier whose provider refuses the key, and the next call's outcome."""
    listener = Listener()
    refused_tier = tier("openai/status:401", events=listener)
    await outcome(refused_tier.answer(work(30.0), no_call))
    status = refused_tier.status()
    again = await outcome(refused_tier.answer(work(30.0), no_call))
    assert isinstance(again, list)
    assert [e.open for e in listener.events if isinstance(e, BreakerTurned)] == [True]
    return [status.state, status.detail, again[0]]


REFUSALS = ("openai/rate-limited:30", "gemini/limited", "openai/status:500", "gemini/broken")


async def refusals() -> list[list[object]]:
    """Returns status and wait of refusals, whole and streamed, and of two answers that may be
    billed: one is unreadable, one fails before its first word."""
    asked: list[list[object]] = []
    for model in REFUSALS:
        for call in (tier(model).answer(work(), no_call), streamed(tier(model), 30.0)):
            asked.append(await refusal(call))
    failing = streamed(tier("anthropic/begins:overloaded_error"), 30.0)
    unreadable = tier("openai/html").answer(work(), no_call)
    return [*asked, await refusal(unreadable), await refusal(failing)]


async def refusal(call: Awaitable[Answer]) -> list[object]:
    try:
        return [told(await call)]
    except UpstreamError as error:
        return [error.upstream_status, error.retry_after_s]


def mapped() -> dict[str, list[object]]:
    import litellm.exceptions

    error_of: dict[str, list[object]] = {}
    for name, kind in vars(litellm.exceptions).items():
        if inspect.isclass(kind) and issubclass(kind, BaseException):
            # Made without __init__, whose arguments differ from class to class; their words are
            # made of these.
            error = kind.__new__(kind)
            vars(error).update(message="", num_retries=None, max_retries=None)
            vars(error).update(original_exception=None)
            ours = to_ours(error)
            sent = [ours.upstream_status] if isinstance(ours, UpstreamError) else []
            error_of[name] = [type(ours).__name__, *sent]
    return error_of


async def main() -> None:
    # Installed before the first call, so that no look-up is missed.
    sys.addaudithook(watch)
    answering_tier = tier("openai/answer")
    before = answering_tier.status().state
    await answering_tier.start()
    # On a loaded machine the import takes longer than a call may.
    await eventually(lambda: answering_tier.status().state is not AnswererState.LOADING, 600)
    outcomes = await calls()
    await answering_tier.answer(work(30.0), no_call)
    states = [before, answering_tier.status().state]
    refused = await revoked()
    print(
        json.dumps(
            {
                "calls": outcomes,
                "mapped": mapped(),
                "hosts": sorted(hosts),
                "heard": len(heard),
                "states": states,
                "revoked": refused,
                "refusals": await refusals(),
                "own_host": socket.gethostname(),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
