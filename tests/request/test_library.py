"""The library: one Gateway for synchronous code, event loops and mounts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest
import uvicorn

from router import Gateway
from router.api.http.asgi import Handler
from router.errors import ModelNotFound, NotCapable, RequestError, TiergateError
from router.types import ChatRequest, Committed, Delta, Hints, Message, Outcome, ToolSpec
from tests import ROOT
from tests.kits.upstreams.fake_upstream import FakeUpstream

POLICY = """
version: 1
name: library
tiers:
  - name: llm
    level: 2
    answerers:
      - name: mini
        kind: upstream
        model: instant
        base_urls: ["{url}"]
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
"""


def a_gateway(folder: Path, url: str) -> Gateway:
    path = folder / "library.yaml"
    path.write_text(POLICY.format(url=url))
    return Gateway.from_policy(path, database=folder / "ledger.db", environ={})


async def test_acomplete_answers_and_keeps_books(tmp_path: Path) -> None:
    async with FakeUpstream() as fake, a_gateway(tmp_path, fake.url) as gateway:
        outcome = await gateway.acomplete("Explain how tides work.")
        assert outcome.answer is not None
        assert outcome.answer.text
        assert sum(a.cost_nano_usd for a in outcome.attempts) == outcome.cost_nano_usd > 0
        assert "chatcmpl-fake" in [a.upstream_id for a in outcome.attempts]


async def test_stream_commits_then_speaks_then_ends(tmp_path: Path) -> None:
    async with FakeUpstream() as fake, a_gateway(tmp_path, fake.url) as gateway:
        events = [event async for event in gateway.stream("Explain how tides work.")]
        assert isinstance(events[0], Committed)
        assert any(isinstance(event, Delta) for event in events)
        assert isinstance(events[-1], Outcome)


async def test_stream_of_a_whole_request_speaks_too(tmp_path: Path) -> None:
    asked = ChatRequest((Message("user", "Explain how tides work."),), "auto")
    async with FakeUpstream() as fake, a_gateway(tmp_path, fake.url) as gateway:
        events = [event async for event in gateway.stream(asked)]
        assert any(isinstance(event, Delta) for event in events)


async def test_what_is_given_beside_a_whole_request_holds(tmp_path: Path) -> None:
    hints = Hints(session="s", context={"plan": "free"})
    asked = ChatRequest((Message("user", "hello"),), "auto", hints=hints)
    async with FakeUpstream() as fake, a_gateway(tmp_path, fake.url) as gateway:
        outcome = await gateway.acomplete(asked, hints=Hints(dry_run=True))
        assert outcome.answer is None
        with pytest.raises(NotCapable, match="max_cost_usd"):
            gateway.route(asked, hints=Hints(max_cost_nano_usd=1))


async def test_complete_works_from_threads_beside_the_loop_that_is_home(tmp_path: Path) -> None:
    async with FakeUpstream() as fake, a_gateway(tmp_path, fake.url) as gateway:
        await gateway.acomplete("first, on this loop")
        outcome = await asyncio.to_thread(gateway.complete, "then from a thread")
        assert outcome.answer is not None


async def test_acomplete_works_where_a_thread_is_home(tmp_path: Path) -> None:
    async with FakeUpstream() as fake:
        gateway = a_gateway(tmp_path, fake.url)
        await asyncio.to_thread(gateway.complete, "first, from a thread")
        outcome = await gateway.acomplete("then on a loop")
        assert outcome.answer is not None
        await asyncio.to_thread(gateway.close)


def test_a_fork_of_a_gateway_that_answered_refuses(tmp_path: Path) -> None:
    with a_gateway(tmp_path, "http://127.0.0.1:9/v1") as gateway:
        with pytest.raises(TiergateError, match="cannot be reached"):
            gateway.complete("Explain how tides work.")
        child = os.fork()
        if not child:
            signal.alarm(30)  # ends a child that waits for ever
            refusals = 0
            for call in (gateway.complete, lambda asked: asyncio.run(gateway.acomplete(asked))):
                try:
                    call("Explain how tides work.")
                except TiergateError as error:
                    refusals += "after the fork" in error.message
            gateway.close()
            with contextlib.suppress(StopIteration):
                gateway.aclose().send(None)  # stops there if it waits for anything
                os._exit(0)
            os._exit(refusals)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
        assert gateway.route("Explain how tides work.").rung is not None


async def test_route_calls_no_tier_and_writes_nothing(tmp_path: Path) -> None:
    async with FakeUpstream() as fake:
        gateway = a_gateway(tmp_path, fake.url)
        decided = gateway.route([{"role": "user", "content": "Explain how tides work."}])
        assert decided.rung.tier == "llm"
        assert decided.answer is None
        assert fake.count == 0
        assert not (tmp_path / "ledger.db").exists()


async def test_an_unknown_model_is_an_error_of_ours(tmp_path: Path) -> None:
    async with FakeUpstream() as fake:
        gateway = a_gateway(tmp_path, fake.url)
        with pytest.raises(ModelNotFound, match="tier:llm"):
            gateway.route(ChatRequest((Message("user", "hi"),), "gpt-9"))


async def test_hints_and_context_reach_the_decision(tmp_path: Path) -> None:
    async with FakeUpstream() as fake:
        gateway = a_gateway(tmp_path, fake.url)
        hints = Hints(stakes_nano_usd=5 * 10**9)
        assert gateway.route("hi", hints=hints).decision.stakes_nano_usd == 5 * 10**9


async def test_a_body_of_chat_completions_is_asked_whole(tmp_path: Path) -> None:
    parameters = {"type": "object", "properties": {"order": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "look_up", "parameters": parameters}}
    body = {"messages": [{"role": "user", "content": "Where is it?"}], "temperature": 0.2}
    async with FakeUpstream() as fake, a_gateway(tmp_path, fake.url) as gateway:
        outcome = await gateway.acomplete({**body, "tools": [tool]}, hints=Hints(tags=("shop",)))
        assert outcome.answer is not None
        sent: dict[str, Any] = fake.seen[-1].fields
        assert (sent["temperature"], sent["tools"]) == (0.2, [tool])
        in_types = (ToolSpec("look_up", "", parameters),)  # type: ignore[arg-type]
        asked = ChatRequest((Message("user", "Where is it?"),), "auto", tools=in_types)
        await gateway.acomplete(asked)
        tools: Any = fake.seen[-1].fields["tools"]
        assert tools[0]["function"]["parameters"] == parameters


@pytest.mark.parametrize("asked", [[], None, 5, {"messages": []}, ["hello"]])
async def test_what_is_no_request_is_refused_before_any_tier(tmp_path: Path, asked: Any) -> None:
    async with FakeUpstream() as fake, a_gateway(tmp_path, fake.url) as gateway:
        with pytest.raises(RequestError, match="messages"):
            await gateway.acomplete(asked)
        with pytest.raises(RequestError, match="min_tier: found 22"):
            await gateway.acomplete("hello", hints=Hints(min_tier=22))
        assert fake.count == 0


@pytest.mark.parametrize(("opening", "shown"), [('"tools"', "f {"), ("SCHEMA", '{"answer":"Which')])
async def test_the_guides_tools_and_schemas_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], opening: str, shown: str
) -> None:
    guide = (ROOT / "docs/guides/library.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)
    (code,) = (block for block in blocks if opening in block)
    async with FakeUpstream() as fake, a_gateway(tmp_path, fake.url) as gateway:
        fake.behaviour = "mirror"  # calls a tool `f`, or fills an `answer`
        await gateway.acomplete("first, on this loop")
        program = compile(code.replace("look_up", "f"), "library.md", "exec")
        await asyncio.to_thread(exec, program, {"gateway": gateway})
    assert shown in capsys.readouterr().out


@contextlib.asynccontextmanager
async def under_uvicorn(
    application: Handler, lifespan: Literal["auto", "off"]
) -> AsyncIterator[str]:
    """Serves an application by uvicorn, a server that is not ours. Yields its address."""
    config = uvicorn.Config(application, port=0, lifespan=lifespan, log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.mark.parametrize("prefix", ["", "/llm"])
async def test_another_server_serves_the_same_surface(tmp_path: Path, prefix: str) -> None:
    async with FakeUpstream() as fake, a_gateway(tmp_path, fake.url) as gateway:
        inner = gateway.asgi()

        async def outer(scope, receive, send):
            if scope["type"] == "http" and scope["path"].startswith(prefix):
                await inner({**scope, "root_path": prefix}, receive, send)

        application = outer if prefix else inner
        body = {"model": "auto", "messages": [{"role": "user", "content": "Explain tides."}]}
        served = under_uvicorn(application, "off" if prefix else "auto")
        async with served as url, aiohttp.ClientSession() as client:
            path = f"{url}{prefix}/v1/chat/completions"
            async with client.post(path, json=body) as response:
                assert response.status == 200
                assert response.headers["x-tiergate-tier"] == "llm"
                assert (await response.json())["choices"][0]["message"]["content"]
            async with client.post(path, json={**body, "stream": True}) as response:
                assert (await response.text()).endswith("data: [DONE]\n\n")
            async with client.get(f"{url}{prefix}/nowhere") as response:
                assert (await response.json())["error"]["code"] == "unknown_url"
            reviews, rebound = f"{url}{prefix}/v1/reviews", {"host": "evil.example"}
            async with client.get(reviews, headers=rebound) as response:
                assert response.status == 403
            async with client.get(reviews) as response:
                assert response.status == 200


@pytest.mark.parametrize(("guarded", "status"), [(False, 403), (True, 200)])
async def test_whom_the_outer_application_lets_in_is_let_in(
    tmp_path: Path, guarded: bool, status: int
) -> None:
    async with FakeUpstream() as fake, a_gateway(tmp_path, fake.url) as gateway:
        application = gateway.asgi(guarded=guarded)
        async with under_uvicorn(application, "auto") as url, aiohttp.ClientSession() as client:
            elsewhere = {"host": "gateway.example"}
            async with client.get(f"{url}/v1/reviews", headers=elsewhere) as response:
                assert response.status == status
