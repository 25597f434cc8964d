"""What litellm's errors say: which are billed, without litellm itself."""

from __future__ import annotations

import asyncio
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

from router.api.compose.clock import SystemClock
from router.errors import UpstreamError, UpstreamOverloaded, UpstreamRejected
from router.wire.openai.upstream_events import ChunkFolder
from tests.kits.changed import replace
from tests.kits.upstreams.litellm_program import tier
from tests.kits.upstreams.upstream_kit import work
from tiers.litellm.answerer import FAILURES, as_json
from tiers.litellm.errors import to_ours
from tiers.litellm.parameters import names
from tiers.resilience.call_ends import CallEnds
from tiers.resilience.unsupported import MOST_LEFT_OUT


class HTTPStatusError(Exception):
    """Stands for the class of httpx."""


class InternalServerError(Exception):
    """Stands for litellm's class."""


class MidStreamFallbackError(Exception):
    """Stands for litellm's class, raised before a stream's first chunk."""

    is_pre_first_chunk = True

    def __init__(self, original: Exception) -> None:
        super().__init__("fallback")
        self.original_exception = original


@pytest.mark.parametrize(
    ("cause", "status"), [(HTTPStatusError("529"), 529), (ValueError("an event: error"), None)]
)
def test_only_a_refusal_by_http_costs_nothing_before_the_first_chunk(
    cause: Exception, status: int | None
) -> None:
    original = InternalServerError("AnthropicException - Overloaded")
    original.__context__ = cause
    ours = to_ours(MidStreamFallbackError(original))
    assert isinstance(ours, UpstreamOverloaded)
    assert ours.upstream_status == status


ADVICE = (
    "unless reasoning_effort resolves to 'none', either set explicitly on the request or declared "
    "as the model's default_reasoning_effort. Current reasoning_effort='high'. To drop"
)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("openai does not support parameters: ['seed'], for model=x. To drop these", ["seed"]),
        ("Invalid `reasoning_effort`: 'xhigh'. To drop this param", ["reasoning_effort"]),
        ("reasoning_effort=high is not supported for gpt-5.1. To drop", ["reasoning_effort"]),
        ("claude does not support temperature=0.2. Only temperature=1 is supp", ["temperature"]),
        (f"gpt-5 doesn't support temperature=0.2 while reasoning is on {ADVICE}", ["temperature"]),
        (f"no temperature=0.25 is taken {ADVICE}", []),
        (f"gpt-5.5 only supports logprobs, top_p when none. {ADVICE}", ["top_p"]),
        ("openai does not support parameters: ['stop'], for model=gpt-5", ["stop"]),
    ],
)
def test_litellm_names_what_it_refuses_and_not_what_it_advises(said: str, named: list[str]) -> None:
    error = Exception(f"litellm.UnsupportedParamsError: {said}")
    sent = {"temperature": 0.2, "seed": 3, "reasoning_effort": "high", "top_p": 1, "stop": ["x"]}
    assert [name for name in sent if names(error, name, sent)] == named


class UnsupportedParamsError(Exception):
    """Stands for litellm's class."""


class BadRequestError(Exception):
    """Stands for litellm's class: a provider's own 400."""

    param, code = "top_p", "unsupported_parameter"


KINDS = SimpleNamespace(
    UnsupportedParamsError=UnsupportedParamsError,
    BadRequestError=BadRequestError,
    Timeout=TimeoutError,
)


def test_what_two_refusals_name_is_left_out_and_told_together() -> None:
    """litellm names what a provider never takes first, then what this model does not take."""
    sent: list[set[str]] = []
    told: list[tuple[str, ...]] = []

    async def acompletion(**arguments: object) -> str:
        sent.append({"seed", "temperature"} & {*arguments})
        if "seed" in arguments:
            raise UnsupportedParamsError("does not support parameters: ['seed']")
        if "temperature" in arguments:
            raise UnsupportedParamsError("claude does not support temperature=0.2. Only 1 is")
        return "answered"

    litellm = cast(ModuleType, SimpleNamespace(acompletion=acompletion, exceptions=KINDS))
    asked = replace(work(seed=3, temperature=0.2), tell_left_out=told.append)

    async def run() -> object:
        return await tier("anthropic/x")._ask(litellm, asked, False, 1e9)

    assert asyncio.run(run()) == ("answered", ("seed", "temperature"))
    assert sent == [{"seed", "temperature"}, {"temperature"}, set()]
    assert told[-1] == ("seed", "temperature")


def test_what_a_provider_refuses_is_left_out_and_remembered() -> None:
    sent: list[bool] = []
    told: list[tuple[str, ...]] = []

    async def acompletion(**arguments: object) -> str:
        sent.append("top_p" in arguments)
        if sent[-1]:
            raise BadRequestError("OpenAIException - 'top_p' is not supported with this model.")
        return "answered"

    litellm = cast(ModuleType, SimpleNamespace(acompletion=acompletion, exceptions=KINDS))
    asked = replace(work(top_p=0.9), tell_left_out=told.append)
    one = tier("openai/x")

    async def run() -> None:
        for _ in range(2):
            assert await one._ask(litellm, asked, False, 1e9) == ("answered", ("top_p",))

    asyncio.run(run())
    assert sent == [True, False, False]
    assert told == [("top_p",), ("top_p",)]


def test_a_provider_that_refuses_time_and_again_is_left() -> None:
    """None of its refusals lasts, so that nothing is learnt from them."""
    optional = ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty")
    sent: list[str] = []

    async def acompletion(**arguments: object) -> str:
        sent.append(next(name for name in optional if name in arguments))
        error = BadRequestError(f"`{sent[-1]}` is not supported while a tool is there.")
        error.param = sent[-1]
        raise error

    litellm = cast(ModuleType, SimpleNamespace(acompletion=acompletion, exceptions=KINDS))
    asked = work(temperature=0.2, top_p=0.9, seed=3, frequency_penalty=0.1, presence_penalty=0.1)
    with pytest.raises(UpstreamRejected):
        asyncio.run(tier("openai/x")._ask(litellm, asked, False, 1e9))
    assert len(sent) == MOST_LEFT_OUT + 1


def test_a_parameter_that_an_answer_needs_is_named() -> None:
    async def acompletion(**arguments: object) -> str:
        raise UnsupportedParamsError("does not support parameters: ['logprobs'], for model=x")

    litellm = cast(ModuleType, SimpleNamespace(acompletion=acompletion, exceptions=KINDS))

    async def run() -> object:
        return await tier("openai/x")._ask(litellm, work(logprobs=True), False, 1e9)

    with pytest.raises(UpstreamRejected, match=r"takes no logprobs .* Leave that out") as raised:
        asyncio.run(run())
    assert (raised.value.status, raised.value.upstream_status) == (400, 400)


def test_a_character_that_litellm_passes_in_halves_is_whole() -> None:
    folder = ChunkFolder()
    chunks = [{"choices": [{"index": 0, "delta": {"content": half}}]} for half in "\ud83d\ude00"]
    deltas = [delta for chunk in chunks for delta in folder.fold(as_json(chunk))]
    assert "".join(delta.text for delta in deltas) == "\U0001f600"


@pytest.mark.parametrize(("repeated", "open_"), [(True, False), (False, True)])
def test_a_request_that_breaks_its_model_again_does_not_open_the_breaker(
    repeated: bool, open_: bool
) -> None:
    first = work()
    asked = replace(first, request=replace(first.request, repeated=repeated))
    one, clock = tier("openai/x"), SystemClock()
    broken = UpstreamError("broken", upstream_status=500)

    async def run() -> None:
        for _ in range(FAILURES):
            ends = CallEnds(asked, one._section, clock, one.facts)
            with pytest.raises(UpstreamError), one._noted(ends, asked):
                raise broken

    asyncio.run(run())
    assert (one._provider.take(clock.monotonic_ms()) is None) is open_
