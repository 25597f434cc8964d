"""openai-python, of major version 2 or 3: whichever is installed where this runs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import openai
import pydantic
import pytest

from tests.clients.client_kit import AGENT, QUESTION, TURN, Place, documented, run_python
from tests.kits.server_kit import Served, eventually
from tests.kits.upstreams.upstream_agent import WORDS
from tests.kits.upstreams.upstream_wire import TEXT

ASKED = {"model": "auto", "messages": [TURN]}


class Found(pydantic.BaseModel):
    order: int
    city: str


class GetParcel(pydantic.BaseModel):
    """Says where a parcel is."""

    number: int


@pytest.fixture(scope="module")
def client(place: Place) -> openai.OpenAI:
    return openai.OpenAI(base_url=place.url, api_key=place.key, max_retries=0)


def retries_of(error: openai.APIStatusError) -> str:
    """Returns how often the client had tried before the call that this error answers."""
    return str(error.response.request.headers["x-stainless-retry-count"])


def test_the_documented_block_runs(place: Place, tmp_path: Path) -> None:
    assert len(run_python(documented("openai-python", place), tmp_path)) > 20


def test_chat_is_answered(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(**ASKED)
    assert completion.choices[0].message.content == TEXT
    assert str(completion._request_id).startswith("req_")


def test_chat_streams_by_the_helper_with_its_events(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(**ASKED) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= set(kinds)
    assert final.choices[0].message.content == TEXT


async def test_the_async_client_streams(place: Place) -> None:
    async with openai.AsyncOpenAI(base_url=place.url, api_key=place.key) as client:
        stream = await client.chat.completions.create(**ASKED, stream=True)
        words = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(words) == TEXT


async def test_many_calls_at_once_over_one_client(place: Place) -> None:
    async with openai.AsyncOpenAI(base_url=place.url, api_key=place.key) as client:
        calls = [client.chat.completions.create(**ASKED) for _ in range(20)]
        said = await asyncio.gather(*calls)
    assert {one.choices[0].message.content for one in said} == {TEXT}
    assert len({one.id for one in said}) == 20


def test_chat_parses_a_schema(client: openai.OpenAI) -> None:
    said = client.chat.completions.parse(model=AGENT, messages=[TURN], response_format=Found)
    assert said.choices[0].message.parsed == Found(order=3, city="some words")


def test_a_schema_is_parsed_from_a_stream(client: openai.OpenAI) -> None:
    asked = {"model": AGENT, "messages": [TURN], "response_format": Found}
    with client.chat.completions.stream(**asked) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.parsed == Found(order=3, city="some words")


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tools_result_goes_back_to_the_model(client: openai.OpenAI, streamed: bool) -> None:
    tools = [openai.pydantic_function_tool(GetParcel, name="get_parcel")]
    if streamed:
        with client.chat.completions.stream(model=AGENT, messages=[TURN], tools=tools) as stream:
            message = stream.get_final_completion().choices[0].message
    else:
        said = client.chat.completions.parse(model=AGENT, messages=[TURN], tools=tools)
        message = said.choices[0].message
    call = message.tool_calls[0]
    assert call.function.parsed_arguments == GetParcel(number=3)
    result = {"role": "tool", "tool_call_id": call.id, "content": "in Ghent"}
    more = [TURN, message.to_dict(), result]
    said = client.chat.completions.create(model=AGENT, messages=more, tools=tools)
    assert said.choices[0].message.content == "The tool said: in Ghent"


def test_raw_responses_show_headers_beside_the_parsed_answer(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(**ASKED)
    assert raw.headers["x-tiergate-tier"] == "llm"
    assert raw.parse().choices[0].message.content == TEXT


def test_a_streaming_response_is_read_by_lines(client: openai.OpenAI) -> None:
    create = client.chat.completions.with_streaming_response.create
    with create(**ASKED, stream=True) as raw:
        lines = [line for line in raw.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"


def test_responses_are_answered(client: openai.OpenAI) -> None:
    assert client.responses.create(model="auto", input=QUESTION).output_text == TEXT


def test_responses_stream_by_the_helper(client: openai.OpenAI) -> None:
    with client.responses.stream(model="auto", input=QUESTION) as stream:
        words = [e.delta for e in stream if e.type == "response.output_text.delta"]
        assert stream.get_final_response().output_text == "".join(words) == TEXT


def test_responses_parse_a_schema(client: openai.OpenAI) -> None:
    said = client.responses.parse(model=AGENT, input=QUESTION, text_format=Found)
    assert said.output_parsed == Found(order=3, city="some words")


def test_responses_take_a_tools_result(client: openai.OpenAI) -> None:
    tools = [openai.pydantic_function_tool(GetParcel, name="get_parcel")["function"]]
    tools = [{"type": "function", **tools[0]}]
    first = client.responses.create(model=AGENT, input=QUESTION, tools=tools)
    call = first.output[0]
    assert json.loads(call.arguments) == {"number": 3}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "in Ghent"}
    more = [TURN, *first.output, result]
    response = client.responses.create(model=AGENT, input=more, tools=tools)
    assert response.output_text == "The tool said: in Ghent"


def test_completions_are_answered_whole_or_streamed(client: openai.OpenAI) -> None:
    asked = {"model": AGENT, "prompt": QUESTION}
    assert client.completions.create(**asked).choices[0].text == WORDS
    pieces = client.completions.create(**asked, stream=True)
    assert "".join(piece.choices[0].text for piece in pieces) == WORDS


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert "auto" in {model.id for model in client.models.list()}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"model": "nope"}, openai.NotFoundError),
        ({"temperature": 9}, openai.BadRequestError),
        ({"messages": []}, openai.BadRequestError),
        ({"model": "auto:limited"}, openai.RateLimitError),
        ({"model": "auto:refused"}, openai.InternalServerError),
        ({"model": "auto:hang"}, openai.InternalServerError),
        ({"messages": [{"role": "user", "content": "x" * 2_000_000}]}, openai.APIStatusError),
    ],
)
def test_errors_are_the_clients_own_classes(
    client: openai.OpenAI, changed: dict[str, object], error: type[openai.APIStatusError]
) -> None:
    with pytest.raises(error) as raised:
        client.chat.completions.create(**{**ASKED, **changed})
    assert raised.value.request_id
    assert raised.value.body["message"]


def test_a_wrong_key_is_an_authentication_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="tg_wrong").models.list()


def test_a_stream_that_breaks_raises(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(**{**ASKED, "model": "auto:cut"}, stream=True))


def test_responses_that_break_off_raise_what_the_server_says(client: openai.OpenAI) -> None:
    with (
        pytest.raises(openai.APIError, match=r"broke off|ended before"),
        client.responses.stream(model="auto:cut", input=QUESTION) as stream,
    ):
        list(stream)


def test_a_failure_that_passes_is_hidden_by_a_retry(client: openai.OpenAI) -> None:
    raw = client.with_options(max_retries=2).chat.completions.with_raw_response
    said = raw.create(**{**ASKED, "model": "auto:flaky"})
    assert (said.parse().choices[0].message.content, said.retries_taken) == (TEXT, 1)


def test_a_rate_limit_is_retried_after_the_time_it_names(client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as raised:
        client.with_options(max_retries=1).chat.completions.create(
            **{**ASKED, "model": "auto:limited"}
        )
    assert retries_of(raised.value) == "1"
    assert raised.value.response.headers["retry-after"] == "1"


def test_a_spent_budget_is_not_retried(client: openai.OpenAI, place: Place) -> None:
    poor = client.with_options(api_key=place.poor_key, max_retries=2)
    with pytest.raises(openai.RateLimitError) as raised:
        poor.chat.completions.create(**ASKED)
    assert raised.value.code == "insufficient_quota"
    assert retries_of(raised.value) == "0"


def test_a_timeout_of_the_client_raises_and_cancels_the_call(
    client: openai.OpenAI, served: Served
) -> None:
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.3).chat.completions.create(
            **{**ASKED, "model": "auto:dawdling"}
        )
    eventually(lambda: served.rows()[-1]["state"] == "cancelled")


def test_a_stream_that_is_closed_early_is_cancelled(client: openai.OpenAI, served: Served) -> None:
    with client.chat.completions.create(
        **{**ASKED, "model": "auto:dawdling"}, stream=True
    ) as stream:
        next(iter(stream))
    eventually(lambda: served.rows()[-1]["state"] == "cancelled")
