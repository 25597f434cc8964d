"""pydantic-ai: agents over chat completions and over responses."""

from __future__ import annotations

from pathlib import Path

import pydantic
import pytest
from pydantic_ai import Agent, ModelHTTPError, NativeOutput
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from tests.clients.client_kit import AGENT, QUESTION, Place, documented, run_python
from tests.kits.upstreams.upstream_agent import WORDS

KINDS = ("chat", "responses", "messages")


class Parcel(pydantic.BaseModel):
    number: int
    city: str


FOUND = Parcel(number=3, city="some words")


def model_of(kind: str, place: Place, name: str = AGENT, key: str = "") -> Model:
    if kind == "messages":
        provider = AnthropicProvider(base_url=place.root, api_key=key or place.key)
        return AnthropicModel(name, provider=provider)
    openais = OpenAIProvider(base_url=place.url, api_key=key or place.key)
    return (OpenAIChatModel if kind == "chat" else OpenAIResponsesModel)(name, provider=openais)


def test_the_documented_block_runs(place: Place, tmp_path: Path) -> None:
    assert "parcel" in run_python(documented("pydantic-ai", place), tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_an_agent_is_answered(place: Place, kind: str) -> None:
    said = Agent(model_of(kind, place)).run_sync(QUESTION)
    assert said.output == WORDS
    assert (said.usage.input_tokens, said.usage.output_tokens) == (20, 12)


@pytest.mark.parametrize("kind", ["chat", "responses"])
def test_a_second_turn_under_a_newer_name_is_answered(place: Place, kind: str) -> None:
    """It sends `prompt_cache_options` then, by itself."""
    agent = Agent(model_of(kind, place, "gpt-5.6"))
    first = agent.run_sync(QUESTION)
    assert agent.run_sync(QUESTION, message_history=first.all_messages()).output == WORDS


@pytest.mark.parametrize("kind", KINDS)
async def test_an_agent_streams(place: Place, kind: str) -> None:
    async with Agent(model_of(kind, place)).run_stream(QUESTION) as stream:
        words = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
    assert "".join(words) == WORDS
    if kind != "responses":  # there words come whole, since items are verified before they go out
        assert len(words) > 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_an_agent_calls_its_tool_and_reads_the_result(
    place: Place, kind: str, streamed: bool
) -> None:
    agent = Agent(model_of(kind, place))
    asked: list[int] = []

    @agent.tool_plain
    def get_parcel(number: int) -> str:
        """Says where a parcel is."""
        asked.append(number)
        return "in Ghent"

    if streamed:
        async with agent.run_stream(QUESTION) as stream:
            output = await stream.get_output()
    else:
        output = (await agent.run(QUESTION)).output
    assert output == "The tool said: in Ghent"
    assert asked == [3]


@pytest.mark.parametrize("kind", KINDS)
def test_an_output_type_is_filled_by_a_tool(place: Place, kind: str) -> None:
    assert Agent(model_of(kind, place), output_type=Parcel).run_sync(QUESTION).output == FOUND


@pytest.mark.parametrize("kind", ["chat", "responses"])
def test_an_output_type_is_filled_by_a_schema(place: Place, kind: str) -> None:
    agent = Agent(model_of(kind, place), output_type=NativeOutput(Parcel))
    assert agent.run_sync(QUESTION).output == FOUND


def test_a_conversation_goes_on_from_its_messages(place: Place) -> None:
    for kind in KINDS:
        agent = Agent(model_of(kind, place), instructions="Be brief.")
        first = agent.run_sync(QUESTION)
        second = agent.run_sync("And now?", message_history=first.all_messages())
        assert second.output == WORDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "key", "status"), [("nope", "", 404), (AGENT, "tg_wrong", 401)])
def test_errors_carry_the_status(place: Place, kind: str, name: str, key: str, status: int) -> None:
    with pytest.raises(ModelHTTPError) as raised:
        Agent(model_of(kind, place, name, key)).run_sync(QUESTION)
    assert raised.value.status_code == status
