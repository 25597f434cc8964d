"""The litellm tier: a real litellm against a real server, and life without litellm."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import orjson
import pytest

from router.errors import (
    QUOTA_EXHAUSTED,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
)
from router.money.litellm_prices import find_price, load_litellm_prices, read_prices
from router.types import Price
from router.wire.openai.returned_reasoning import advice_for
from tests import ROOT
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.kits.upstreams.upstream_wire import TEXT
from tiers.litellm.errors import to_ours

NEEDS_LITELLM = pytest.mark.skipif(
    importlib.util.find_spec("litellm") is None, reason="needs the [litellm] extra"
)
BEHAVIOURS = [
    "answer",
    "tool-calls",
    "echo",
    "status:401",
    "status:400",
    "status:500",
    "rate-limited:30",
    "hang",
    "html",
    "cut",
    "error-event",
    "no-usage",
    "zero-usage",
    "redirected:big-2",
]


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """Starts the program once for all tests, since litellm takes seconds to import."""

    async def run() -> bytes:
        async with FakeUpstream() as fake:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.kits.upstreams.litellm_program",
                ",".join(BEHAVIOURS),
                cwd=ROOT,
                env={
                    **os.environ,
                    "OPENAI_BASE_URL": fake.url,
                    "OPENAI_API_BASE": fake.url,
                    "ANTHROPIC_API_BASE": fake.url.removesuffix("/v1"),
                    "GEMINI_API_BASE": fake.url,
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            output, errors = await asyncio.wait_for(process.communicate(), 600)
            assert process.returncode == 0, errors.decode()
            assert b"sk-" not in errors
            return output

    parsed = json.loads(asyncio.run(run()).splitlines()[-1])
    assert isinstance(parsed, dict)
    return parsed


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize("how", ["whole", "stream"])
def test_answer_comes_back_through_litellm(seen: dict[str, Any], how: str) -> None:
    """The model is the one that answered, which litellm replaces in a stream."""
    assert seen["calls"][f"answer {how}"] == {
        "text": TEXT,
        "model": "fake-1",
        "finish_reason": "stop",
        "tool_calls": [],
        "usage": [20, 12, True],
        "provider_cost_nano_usd": None,
    }


@pytest.mark.slow
@NEEDS_LITELLM
def test_what_litellm_computes_for_a_stream_is_no_cost_of_the_providers(
    seen: dict[str, Any],
) -> None:
    answer = seen["calls"]["listed stream"]
    assert answer["usage"] == [20, 12, True]
    assert answer["provider_cost_nano_usd"] is None


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize("how", ["whole", "stream"])
@pytest.mark.parametrize("behaviour", ["no-usage", "zero-usage"])
def test_tokens_that_litellm_counts_itself_are_not_reported(
    seen: dict[str, Any], behaviour: str, how: str
) -> None:
    """The bound stands in their place: it is never too low."""
    tokens_in, tokens_out, reported = seen["calls"][f"{behaviour} {how}"]["usage"]
    assert not reported
    assert (tokens_in, tokens_out) > (0, 0)


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize("how", ["whole", "stream"])
def test_another_model_that_answered_is_named(seen: dict[str, Any], how: str) -> None:
    assert seen["calls"][f"redirected:big-2 {how}"]["model"] == "big-2"


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize("how", ["whole", "stream"])
def test_anthropics_own_counts_are_reported(seen: dict[str, Any], how: str) -> None:
    said = seen["calls"][f"anthropic {how}"]
    assert (said["text"], said["usage"]) == (TEXT, [20, 12, True])


@pytest.mark.slow
@NEEDS_LITELLM
def test_streams_tell_no_usage_before_their_end(seen: dict[str, Any]) -> None:
    """So one that is cut keeps the bound by its bytes, though Anthropic counts input at first."""
    assert seen["calls"]["anthropic stream"]["usage"] == [20, 12, True]
    assert seen["heard"] == 0


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize("how", ["whole", "stream"])
def test_tool_calls_come_back_through_litellm(seen: dict[str, Any], how: str) -> None:
    found = seen["calls"][f"tool-calls {how}"]
    assert found["tool_calls"] == [["f", '{"i":1}'], ["f", '{"i":1}']]
    assert found["finish_reason"] == "tool_calls"


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize("how", ["whole", "stream"])
def test_tools_are_offered_through_litellm(seen: dict[str, Any], how: str) -> None:
    assert seen["calls"][f"offered {how}"]["tool_calls"] == [["f", '{"i":1}']]


@pytest.mark.slow
@NEEDS_LITELLM
def test_trace_goes_on_through_litellm(seen: dict[str, Any]) -> None:
    headers = orjson.loads(seen["calls"]["traced whole"]["text"])["headers"]
    assert headers["traceparent"].startswith(f"00-{'1' * 32}-")
    assert "traceparent" not in orjson.loads(seen["calls"]["echo whole"]["text"])["headers"]


@pytest.mark.slow
@NEEDS_LITELLM
def test_only_allowed_parameters_reach_the_provider(seen: dict[str, Any]) -> None:
    echo = orjson.loads(seen["calls"]["echo whole"]["text"])
    assert set(echo["body"]) == {"model", "messages", "max_tokens", "temperature", "store"}
    assert echo["headers"]["authorization"] == "Bearer sk-ours"


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize("kind", ["image", "file"])
def test_litellm_fetches_nothing_that_a_client_names(seen: dict[str, Any], kind: str) -> None:
    error, message = seen["calls"][f"{kind} elsewhere"]
    assert error == "UpstreamRejected"
    assert "by address" in message
    assert "fetched.invalid" not in seen["hosts"]


@pytest.mark.slow
@NEEDS_LITELLM
def test_litellm_is_sent_the_keys_that_the_policy_names(seen: dict[str, Any]) -> None:
    echo = orjson.loads(seen["calls"]["named whole"]["text"])
    asked = {"model", "messages", "max_tokens", "temperature", "top_k"}
    assert echo["body"].keys() == {*asked, "store"}


@pytest.mark.slow
@NEEDS_LITELLM
def test_openai_behind_litellm_is_told_to_store_nothing(seen: dict[str, Any]) -> None:
    assert orjson.loads(seen["calls"]["named whole"]["text"])["body"]["store"] is False


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("status:401 whole", "UpstreamRejected"),
        ("status:401 stream", "UpstreamRejected"),
        ("status:400 whole", "UpstreamRejected"),
        ("status:500 whole", "UpstreamError"),
        ("rate-limited:30 whole", "UpstreamRateLimited"),
        ("hang whole", "DeadlineExceeded"),
        ("hang stream", "DeadlineExceeded"),
        ("unknown provider", "UpstreamRejected"),
    ],
)
def test_fault_becomes_one_of_our_errors(seen: dict[str, Any], call: str, kind: str) -> None:
    name, message = seen["calls"][call]
    assert name == kind
    assert "sk-" not in message


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize("how", ["whole", "stream"])
def test_first_byte_is_waited_for_no_longer_than_the_policy_says(
    seen: dict[str, Any], how: str
) -> None:
    name, message = seen["calls"][f"silent {how}"]
    assert name == "DeadlineExceeded"
    assert "sent no byte of an answer within 0.5 s (first_byte_s). Ask again; " in message


@pytest.mark.slow
@NEEDS_LITELLM
def test_whole_answer_with_a_bound_for_its_first_byte_is_the_same(seen: dict[str, Any]) -> None:
    assert seen["calls"]["prompt whole"] == seen["calls"]["answer whole"]


@pytest.mark.slow
@NEEDS_LITELLM
def test_a_provider_that_refuses_the_key_is_out_of_use(seen: dict[str, Any]) -> None:
    state, detail, again = seen["revoked"]
    assert (state, again) == ("key_refused", "AnswererNotReady")
    assert detail == "openai/status:401 refuses our key; check the answerer's api_key"


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize("call", ["html whole", "cut whole", "cut stream", "error-event stream"])
def test_nonsense_is_never_an_answer(seen: dict[str, Any], call: str) -> None:
    assert isinstance(seen["calls"][call], list)


@pytest.mark.slow
@NEEDS_LITELLM
def test_every_exception_of_litellm_is_mapped(seen: dict[str, Any]) -> None:
    mapped = seen["mapped"]
    assert len(mapped) >= 30
    unknown = [name for name, ours in mapped.items() if ours == ["UpstreamInvalid", None]]
    assert set(unknown) == {"APIResponseValidationError", "JSONSchemaValidationError"}
    assert mapped["Timeout"] == ["DeadlineExceeded"]
    assert mapped["AuthenticationError"] == ["UpstreamRejected", 401]
    assert mapped["MidStreamFallbackError"] == ["StreamCut", None]


@pytest.mark.slow
@NEEDS_LITELLM
def test_a_refusal_that_litellm_finds_with_the_first_chunk_is_no_broken_stream(
    seen: dict[str, Any],
) -> None:
    expected = {
        "limited": "UpstreamRateLimited",
        "overloaded": "UpstreamOverloaded",
        "broken": "UpstreamError",
        "missing": "UpstreamRejected",
    }
    assert {model: seen["calls"][f"gemini {model} stream"][0] for model in expected} == expected


@pytest.mark.slow
@NEEDS_LITELLM
def test_a_refusal_through_litellm_keeps_its_status_and_its_wait(seen: dict[str, Any]) -> None:
    """What has a status is billed by nobody; an answer that began (200) may be."""
    limited, failed, unreadable = [429, 30.0], [500, None], [None, None]
    broken = [500, 30.0]  # Gemini's
    expected = [limited] * 4 + [failed] * 2 + [broken] * 2 + [unreadable] * 2
    assert seen["refusals"] == expected


@pytest.mark.slow
@NEEDS_LITELLM
@pytest.mark.parametrize("how", ["whole", "stream"])
def test_sampling_that_a_provider_lacks_is_left_out_by_name(seen: dict[str, Any], how: str) -> None:
    told = [seen["calls"][f"{name} {how}"] for name in ("sampled", "stopped")]
    said = [(answer["text"], sorted(names)) for answer, names in told]
    assert said == [(TEXT, ["frequency_penalty", "seed"]), ("Your ", ["stop", "top_p"])]


@pytest.mark.slow
@NEEDS_LITELLM
def test_litellm_talks_to_the_configured_server_alone(seen: dict[str, Any]) -> None:
    assert seen["calls"]["anthropic whole"]["text"] == TEXT
    assert set(seen["hosts"]) <= {"127.0.0.1", seen["own_host"]}


@pytest.mark.slow
@NEEDS_LITELLM
def test_tier_is_loading_until_litellm_is_imported(seen: dict[str, Any]) -> None:
    assert seen["states"] == ["loading", "ready"]


class BadRequestError(Exception):
    """Stands for litellm's class of that name, which is known by it."""


def test_a_refusal_for_want_of_thoughts_says_what_to_set() -> None:
    error = BadRequestError("reasoning_content is missing in message 2")
    advice = advice_for(str(error), "", "deep")
    said = to_ours(error, advice=advice)
    assert (type(said), said.message.endswith(advice)) == (UpstreamRejected, True)


class InternalServerError(Exception):
    """Stands for litellm's class, which it raises for Anthropic's 500 and 529 alike."""


class RateLimitError(Exception):
    """Stands for litellm's class of that name."""


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (
            InternalServerError('AnthropicException - {"type":"overloaded_error"}'),
            UpstreamOverloaded,
            "upstream_overloaded",
        ),
        (InternalServerError("AnthropicException - no"), UpstreamError, "upstream_error"),
        (
            BadRequestError("Your credit balance is too low to access the Anthropic API."),
            UpstreamRateLimited,
            QUOTA_EXHAUSTED,
        ),
        (RateLimitError("insufficient_quota"), UpstreamRateLimited, QUOTA_EXHAUSTED),
        (RateLimitError("slow down"), UpstreamRateLimited, "upstream_rate_limited"),
    ],
)
def test_an_overload_and_spent_money_are_known_by_their_words(
    error: Exception, kind: type[UpstreamError], code: str
) -> None:
    ours = to_ours(error)
    assert (type(ours), ours.code) == (kind, code)


WITHOUT = """
import asyncio, json
from tests.kits.upstreams.litellm_program import no_call, outcome, tier, work
from router.money.litellm_prices import load_litellm_prices
async def main():
    one = tier("anthropic/x")
    states = [one.status().state, one.status().detail]
    answer = await outcome(one.answer(work(), no_call))
    calls = (one.answer(work(), no_call) for _ in "ab")
    a, b = await asyncio.gather(*calls, return_exceptions=True)
    print(json.dumps([states, answer, one.status().state, load_litellm_prices(), a is not b]))
asyncio.run(main())
"""


def test_without_litellm_the_tier_says_what_to_install(tmp_path: Path) -> None:
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not entry.name.startswith("litellm") and entry.suffix != ".pth":
            (tmp_path / entry.name).symlink_to(entry)
    run = subprocess.run(
        [sys.executable, "-S", "-c", WITHOUT],
        cwd=ROOT,
        env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    before, answer, after, prices, own = json.loads(run.stdout or run.stderr)
    assert before[0] == after == "failed"
    assert answer[0] == "AnswererNotReady"
    assert all("pip install" in told[1] for told in (before, answer))
    assert (prices, own) == (None, True)  # each request notes its id in an error of its own


def test_price_per_token_becomes_nano_dollars_per_million() -> None:
    entry = {
        "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05,
        "cache_read_input_token_cost": 1.25e-06,
    }
    assert read_prices({"m": entry}, "v") == {
        "m": Price(2_500_000_000, 1_250_000_000, None, 10_000_000_000, version="v")
    }


@pytest.mark.parametrize(
    "entry",
    [
        {},
        None,
        {"input_cost_per_token": 1e-6},
        {"input_cost_per_token": "1e-6", "output_cost_per_token": 1e-6},
        {"input_cost_per_token": -1e-6, "output_cost_per_token": 1e-6},
        {"input_cost_per_token": True, "output_cost_per_token": 1e-6},
    ],
)
def test_entry_without_believable_prices_is_left_out(entry: object) -> None:
    assert read_prices({"m": entry}, "v") == {}


def test_reasoning_has_its_own_price_in_the_table() -> None:
    entry = {
        "input_cost_per_token": 2e-06,
        "output_cost_per_token": 8e-06,
        "output_cost_per_reasoning_token": 3e-06,
    }
    assert read_prices({"m": entry}, "v")["m"].reasoning_nano_usd == 3_000_000_000


def test_tokens_that_the_table_calls_free_have_no_known_price() -> None:
    free = {"input_cost_per_token": 0, "output_cost_per_token": 0.0}
    half = {"input_cost_per_token": 1e-06, "output_cost_per_token": 0}
    assert read_prices({"free": free, "half": half}, "v").keys() == {"half"}


def test_price_is_found_with_or_without_the_provider() -> None:
    prices = {"gpt-x": Price(1), "azure/gpt-x": Price(2)}
    assert find_price(prices, "azure/gpt-x") == Price(2)
    assert find_price(prices, "openai/gpt-x") == Price(1)
    assert find_price(prices, "openai/gpt-y") is None


@NEEDS_LITELLM
def test_installed_litellm_brings_prices_under_its_version() -> None:
    prices = load_litellm_prices()
    assert prices is not None
    assert len(prices) > 1_000
    assert prices["gpt-4o"].version == f"litellm {importlib.metadata.version('litellm')}"
