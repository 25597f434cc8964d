"""anthropic-python, at the address without `/v1`."""

from __future__ import annotations

from pathlib import Path

import anthropic
import pydantic
import pytest

from tests.clients.client_kit import AGENT, TURN, Place, documented, run_python
from tests.kits.server_kit import Served, eventually
from tests.kits.upstreams.upstream_wire import TEXT

ASKED = {"model": "auto", "max_tokens": 64, "messages": [TURN]}
TOOL = {
    "name": "get_parcel",
    "input_schema": {"type": "object", "properties": {"number": {"type": "integer"}}},
}


class Parcel(pydantic.BaseModel):
    number: int
    city: str


@pytest.fixture(scope="module")
def client(place: Place) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=place.root, api_key=place.key, max_retries=0)


def test_the_documented_block_runs(place: Place, tmp_path: Path) -> None:
    assert "parcel" in run_python(documented("anthropic-python", place), tmp_path)


def test_a_message_is_answered(client: anthropic.Anthropic) -> None:
    said = client.messages.create(**ASKED)
    assert (said.content[0].text, said.usage.output_tokens) == (TEXT, 12)


def test_a_message_streams_by_the_helper(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASKED) as stream:
        words = "".join(stream.text_stream)
        assert stream.get_final_message().content[0].text == words == TEXT


async def test_the_async_client_streams(place: Place) -> None:
    async with (
        anthropic.AsyncAnthropic(base_url=place.root, api_key=place.key) as client,
        client.messages.stream(**ASKED) as stream,
    ):
        assert "".join([word async for word in stream.text_stream]) == TEXT


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tools_result_goes_back_to_the_model(client: anthropic.Anthropic, streamed: bool) -> None:
    asked = {**ASKED, "model": AGENT, "tools": [TOOL]}
    if streamed:
        with client.messages.stream(**asked) as stream:
            first = stream.get_final_message()
    else:
        first = client.messages.create(**asked)
    (call,) = (block for block in first.content if block.type == "tool_use")
    assert (first.stop_reason, call.input) == ("tool_use", {"number": 3})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "in Ghent"}
    turns = [TURN, {"role": "assistant", "content": first.content}]
    said = client.messages.create(
        **{**asked, "messages": [*turns, {"role": "user", "content": [result]}]}
    )
    assert said.content[0].text == "The tool said: in Ghent"


def test_the_tool_runner_comes_to_an_end(client: anthropic.Anthropic) -> None:
    @anthropic.beta_tool
    def get_parcel(number: int) -> str:
        """Says where a parcel is."""
        return f"{number} is in Ghent"

    runner = client.beta.messages.tool_runner(**{**ASKED, "model": AGENT}, tools=[get_parcel])
    assert runner.until_done().content[0].text == "The tool said: 3 is in Ghent"


def test_a_schema_is_parsed(client: anthropic.Anthropic) -> None:
    said = client.messages.parse(**{**ASKED, "model": AGENT}, output_format=Parcel)
    assert said.parsed_output == Parcel(number=3, city="some words")


def test_tokens_are_counted_and_models_listed(client: anthropic.Anthropic) -> None:
    assert client.messages.count_tokens(model="auto", messages=[TURN]).input_tokens > 0
    assert "auto" in {model.id for model in client.models.list()}
    told = client.models.retrieve("auto").model_dump()
    assert anthropic.types.ModelInfo.model_validate(told).id == "auto"
    assert told["lifecycle"] == "active"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"model": "nope"}, anthropic.NotFoundError),
        ({"max_tokens": 0}, anthropic.BadRequestError),
        ({"model": "auto:limited"}, anthropic.RateLimitError),
        ({"model": "auto:refused"}, anthropic.InternalServerError),
    ],
)
def test_errors_are_the_clients_own_classes(
    client: anthropic.Anthropic, changed: dict[str, object], error: type[anthropic.APIStatusError]
) -> None:
    with pytest.raises(error) as raised:
        client.messages.create(**{**ASKED, **changed})
    assert raised.value.request_id


def test_a_wrong_key_is_an_authentication_error(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.AuthenticationError):
        client.with_options(api_key="tg_wrong").messages.create(**ASKED)


def test_a_stream_that_breaks_raises(client: anthropic.Anthropic) -> None:
    with (
        pytest.raises(anthropic.APIError),
        client.messages.stream(**{**ASKED, "model": "auto:cut"}) as stream,
    ):
        stream.until_done()


def test_a_failure_that_passes_is_hidden_by_a_retry(client: anthropic.Anthropic) -> None:
    said = client.with_options(max_retries=2).messages.with_raw_response.create(
        **{**ASKED, "model": "auto:flaky"}
    )
    assert said.retries_taken == 1


def test_a_stream_that_is_closed_early_is_cancelled(
    client: anthropic.Anthropic, served: Served
) -> None:
    with client.messages.stream(**{**ASKED, "model": "auto:dawdling"}) as stream:
        next(iter(stream.text_stream))
    eventually(lambda: served.rows()[-1]["state"] == "cancelled")
