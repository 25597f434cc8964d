"""litellm as a client: its `openai/` models lead to any server that speaks OpenAI's API."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import litellm
import pytest

from tests.clients.client_kit import AGENT, QUESTION, TURN, Place, documented, run_python
from tests.kits.server_kit import Served, eventually
from tests.kits.upstreams.upstream_agent import WORDS
from tests.kits.upstreams.upstream_wire import TEXT

# litellm 1.106.2 imports `mcp`, which it does not install, for every request with tools.
WITHOUT_MCP = {"_skip_mcp_handler": True}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_parcel",
        "parameters": {"type": "object", "properties": {"number": {"type": "integer"}}},
    },
}


def asked(place: Place, model: str = "auto", **more: object) -> dict[str, object]:
    known = {"api_base": place.url, "api_key": place.key, "num_retries": 0, "max_retries": 0}
    return {"model": f"openai/{model}", "messages": [TURN], **known, **more}


def test_the_documented_block_runs(place: Place, tmp_path: Path) -> None:
    assert "parcel" in run_python(documented("litellm", place), tmp_path)


def test_a_completion_is_answered(place: Place) -> None:
    said = litellm.completion(**asked(place))
    assert (said.choices[0].message.content, said.usage.total_tokens) == (TEXT, 32)


def test_a_stream_is_put_together(place: Place) -> None:
    chunks = [*litellm.completion(**asked(place, stream=True))]
    whole = litellm.stream_chunk_builder(chunks)
    assert whole.choices[0].message.content == TEXT


def test_the_async_calls_stream(place: Place) -> None:
    async def words() -> str:
        stream = await litellm.acompletion(**asked(place, stream=True))
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert asyncio.run(words()) == TEXT


def test_a_tools_result_goes_back(place: Place) -> None:
    first = (
        litellm.completion(**asked(place, AGENT, tools=[TOOL], **WITHOUT_MCP)).choices[0].message
    )
    call = first.tool_calls[0]
    assert json.loads(call.function.arguments) == {"number": 3}
    result = {"role": "tool", "tool_call_id": call.id, "content": "in Ghent"}
    more = {"tools": [TOOL], "messages": [TURN, first, result]}
    said = litellm.completion(**asked(place, AGENT, **more, **WITHOUT_MCP))
    assert said.choices[0].message.content == "The tool said: in Ghent"


def test_a_schema_is_filled(place: Place) -> None:
    schema = {"type": "object", "properties": {"number": {"type": "integer"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "parcel", "schema": schema}}
    said = litellm.completion(**asked(place, AGENT, response_format=wanted))
    assert json.loads(said.choices[0].message.content) == {"number": 3}


def test_responses_are_answered(place: Place) -> None:
    pytest.importorskip("mcp", reason="litellm.responses imports mcp, and does not install it")
    to = {"api_base": place.url, "api_key": place.key}
    said = litellm.responses(model=f"openai/{AGENT}", input=QUESTION, **to)
    assert said.output[-1].content[0].text == WORDS


def test_text_completions_are_answered(place: Place) -> None:
    to = {"api_base": place.url, "api_key": place.key}
    said = litellm.text_completion(model=f"text-completion-openai/{AGENT}", prompt=QUESTION, **to)
    assert said.choices[0].text == WORDS


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"model": "openai/nope"}, litellm.NotFoundError),
        ({"api_key": "tg_wrong"}, litellm.AuthenticationError),
        ({"temperature": 9}, litellm.BadRequestError),
        ({"model": "openai/auto:limited"}, litellm.RateLimitError),
        ({"model": "openai/auto:dawdling", "timeout": 0.3}, litellm.Timeout),
    ],
)
def test_errors_are_litellms_own(
    place: Place, changed: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        litellm.completion(**{**asked(place), **changed})


def test_a_stream_that_is_closed_early_is_cancelled(place: Place, served: Served) -> None:
    async def leave() -> None:
        stream = await litellm.acompletion(**asked(place, "auto:dawdling", stream=True))
        await anext(aiter(stream))
        await stream.aclose()

    asyncio.run(leave())
    eventually(lambda: served.rows()[-1]["state"] == "cancelled")
