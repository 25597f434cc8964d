"""langchain-openai: LangChain's own standard suite for chat models, both of OpenAI's APIs."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

from tests.clients.client_kit import AGENT, QUESTION, Place, documented, run_python
from tests.kits.upstreams.upstream_agent import WORDS


@pytest.fixture(scope="module", autouse=True)
def place_of_all(place: Place, request: pytest.FixtureRequest) -> None:
    """The standard suite asks its class for parameters, where fixtures are out of reach."""
    for suite in (TestChatCompletions, TestResponses):
        suite.place = place


class _Standard(ChatModelIntegrationTests):
    """Leaves off what the suite would fetch pictures, papers and sounds from the network for."""

    place: Place
    responses_api = False

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {
            "model": AGENT,
            "base_url": self.place.url,
            "api_key": self.place.key,
            "use_responses_api": self.responses_api,
            "stream_usage": True,
        }

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return False


class TestChatCompletions(_Standard):
    pass


class TestResponses(_Standard):
    responses_api = True


@pytest.fixture(scope="module")
def model(place: Place) -> ChatOpenAI:
    return ChatOpenAI(model=AGENT, base_url=place.url, api_key=place.key, max_retries=0)


@tool
def get_parcel(number: int) -> str:
    """Says where a parcel is."""
    return f"{number} is in Ghent"


def test_the_documented_block_runs(place: Place, tmp_path: Path) -> None:
    assert "parcel" in run_python(documented("langchain-openai", place), tmp_path)


def test_a_tool_loop_ends_in_words(model: ChatOpenAI) -> None:
    with_tools = model.bind_tools([get_parcel])
    asked = with_tools.invoke(QUESTION)
    result = get_parcel.invoke(asked.tool_calls[0])
    said = with_tools.invoke([("user", QUESTION), asked, result])
    assert said.content == "The tool said: 3 is in Ghent"


async def test_events_of_a_stream_carry_its_words(place: Place) -> None:
    # With retries: LangChain keeps one pool of connections, and this test has another event loop.
    model = ChatOpenAI(model=AGENT, base_url=place.url, api_key=place.key)
    words = [event["data"]["chunk"].content async for event in model.astream_events(QUESTION)
             if event["event"] == "on_chat_model_stream"]  # fmt: skip
    assert "".join(words) == WORDS


def test_errors_reach_the_user_as_openais(model: ChatOpenAI, place: Place) -> None:
    with pytest.raises(openai.NotFoundError):
        model.invoke(QUESTION, model="nope")
    stranger = ChatOpenAI(model=AGENT, base_url=place.url, api_key="tg_wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        stranger.invoke(QUESTION)


def test_a_timeout_of_the_client_raises(place: Place) -> None:
    hasty = ChatOpenAI(
        model="auto:dawdling", base_url=place.url, api_key=place.key, timeout=0.3, max_retries=0
    )
    with pytest.raises(openai.APITimeoutError):
        hasty.invoke(QUESTION)
