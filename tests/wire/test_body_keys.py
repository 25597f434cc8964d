"""Keys of clients' bodies: known ones reach the upstream, all others stay here and are reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import orjson
import pytest

from router.errors import PolicyError
from router.policy.loading import load_policy
from router.types import BodyRules, ChatRequest
from router.wire.anthropic.request import MessagesFormat
from router.wire.anthropic.upstream import messages_body
from router.wire.body_keys import (
    BY_WIRE,
    FORBIDDEN,
    READ_HERE,
    dropped,
    known_keys,
    mistake_in,
    narrowed,
    passed_on,
)
from router.wire.fields import PASSED_ON
from router.wire.openai.hosts import is_openais
from router.wire.openai.request import CHAT_KEYS, parse_chat_request
from tests.kits.server_kit import Served, Upstream, write_ladder
from tests.kits.upstreams.upstream_kit import facts

BODIES: dict[str, dict[str, object]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "hi"}]},
    "/v1/responses": {"input": "hi"},
    "/v1/completions": {"prompt": "hi"},
    "/v1/messages": {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9},
}
UNKNOWN: dict[str, object] = {
    "models": ["openai/o1-pro"],
    "provider": {"order": ["Dear"]},
    "plugins": [{"id": "web"}],
    "transforms": ["middle-out"],
    "route": "fallback",
    "chat_template": "{{ x }}",
    "chat_template_kwargs": {"enable_thinking": True},
    "priority": -9,
    "cache_salt": "s",
    "kv_transfer_params": {"remote_host": "10.0.0.1"},
    "user_config": {"model_list": []},
    "Api_Base_": "http://10.0.0.1",
    "include_reasoning": True,
    "guided_json": {},
}


def echoing(folder: Path, url: str, name: str, privacy: str = "none", **answerer: object) -> Path:
    """A policy whose one answerer says back what it was sent."""
    sections = {"privacy": {"store": privacy}}
    return write_ladder(folder, name, url, "echo", sections=sections, **answerer)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policies = [
            echoing(folder, upstream.url, "tested"),
            echoing(folder, upstream.url, "keeping", privacy="full"),
            echoing(folder, upstream.url, "redacting", privacy="redacted"),
            echoing(folder, upstream.url, "wider", pass_through=["priority", "guided_json"]),
        ]
        with Served(folder, *policies) as server:
            yield server


def ask(served: Served, path: str = "/v1/chat/completions", **fields: object) -> httpx.Response:
    response = served.post(path, {"model": "auto", **BODIES[path], **fields})
    assert response.status_code == 200, response.text
    return response


def reached(said: httpx.Response) -> dict[str, object]:
    """The body that the upstream got, which is the text of its answer."""
    document = said.json()
    for path in (
        lambda d: d["choices"][0]["message"]["content"],
        lambda d: d["choices"][0]["text"],
        lambda d: d["output"][0]["content"][0]["text"],
        lambda d: d["content"][0]["text"],
    ):
        try:
            return dict(json.loads(path(document))["body"])
        except (KeyError, TypeError):
            continue
    raise AssertionError(said.text)


@pytest.mark.process
@pytest.mark.parametrize("path", BODIES)
def test_no_unknown_key_of_a_body_reaches_the_upstream(served: Served, path: str) -> None:
    answer = ask(served, path, **UNKNOWN, routing={"debug": True})
    plain = ask(served, path)
    assert reached(answer).keys() == reached(plain).keys()
    assert answer.json()["routing"]["dropped"] == list(UNKNOWN)
    names = answer.headers["x-tiergate-dropped"].split(", ")
    assert names == [*list(UNKNOWN)[:10], f"and {len(UNKNOWN) - 10} more"]
    assert "x-tiergate-dropped" not in plain.headers


@pytest.mark.process
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_cache_options_of_newer_models_are_left_out(served: Served, path: str) -> None:
    """pydantic-ai sends them with each second turn under names such as `gpt-5.6`."""
    options = {"mode": "implicit", "ttl": "30m", "comparison_response_id": "resp_1"}
    answer = ask(served, path, prompt_cache_options=options)
    assert "prompt_cache_options" not in reached(answer)
    assert answer.headers["x-tiergate-dropped"] == "prompt_cache_options"


@pytest.mark.process
def test_a_cache_point_in_the_input_of_a_response_is_named(served: Served) -> None:
    part = {"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"mode": "explicit"}}
    answer = ask(served, "/v1/responses", input=[{"role": "user", "content": [part]}])
    assert "prompt_cache_breakpoint" not in str(reached(answer))
    assert answer.headers["x-tiergate-dropped"] == "input[].content[].prompt_cache_breakpoint"


@pytest.mark.process
def test_no_unknown_key_inside_messages_or_tools_reaches_the_upstream(served: Served) -> None:
    part = {"type": "text", "text": "hi", "image_url": {"url": "file:///etc/passwd"}, "x": 1}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "path": "/etc"}}
    messages = [
        {"role": "system", "content": "s", "provider_options": {"a": 1}},
        {"role": "user", "content": [part, image], "models": ["m"]},
    ]
    tool = {"type": "function", "function": {"name": "f", "extra": 1}, "provider": "p"}
    body = {"model": "auto", "messages": messages, "tools": [tool]}
    request = parse_chat_request(orjson.dumps(body), {})
    assert [p.payload for p in request.messages[1].parts] == [
        '{"type":"text","text":"hi"}',
        '{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}',
    ]
    assert request.dropped == (
        "messages[].content[].image_url",
        "messages[].content[].image_url.path",
        "messages[].content[].x",
        "messages[].models",
        "messages[].provider_options",
        "tools[].function.extra",
        "tools[].provider",
    )
    answer = ask(served, messages=[messages[0], {"role": "user", "content": "hi"}])
    assert answer.headers["x-tiergate-dropped"] == "messages[].provider_options"


def test_messages_as_clients_echo_them_leave_nothing_out() -> None:
    echoed = {
        "role": "assistant",
        "content": "yes",
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": None,
    }
    turns = [{"role": "user", "content": "hi"}, echoed, {"role": "user", "content": "so?"}]
    assert parse_chat_request(orjson.dumps({"model": "a", "messages": turns}), {}).dropped == ()


@pytest.mark.process
def test_a_prediction_goes_on_without_what_else_stands_in_it(served: Served) -> None:
    parts = [{"type": "text", "text": "a", "provider": 1}]
    answer = ask(served, prediction={"type": "content", "content": parts, "models": ["m"]})
    assert reached(answer)["prediction"] == {
        "type": "content",
        "content": [{"type": "text", "text": "a"}],
    }


@pytest.mark.process
def test_a_streamed_answer_says_what_was_dropped(served: Served) -> None:
    answer = ask(served, stream=True, models=["m"])
    assert answer.headers["x-tiergate-dropped"] == "models"


@pytest.mark.process
def test_a_dropped_keys_name_cannot_break_a_header(served: Served) -> None:
    answer = ask(served, **{"a\r\nx-evil: 1, b\u20ac": 1})
    assert answer.headers["x-tiergate-dropped"] == "a??x-evil: 1? b?"
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("key", sorted(FORBIDDEN))
def test_addresses_credentials_and_headers_are_refused_as_before(key: str) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], key: "x"}
    with pytest.raises(Exception, match="the operator sets it in the policy"):
        parse_chat_request(orjson.dumps(body), {})


def test_dropped_keys_count_in_no_worst_case_and_split_no_cache() -> None:
    request = ChatRequest((), "auto", extra={"user": '"u"', "junk": "1"})  # type: ignore[dict-item]
    kept = narrowed(request, [facts()])
    assert (dict(kept.extra), kept.dropped) == ({"user": '"u"'}, ("junk",))


@pytest.mark.process
def test_known_keys_of_chat_completions_still_reach_the_upstream(served: Served) -> None:
    sent: dict[str, object] = {
        "user": "u",
        "metadata": {"a": "b"},
        "service_tier": "auto",
        "prompt_cache_key": "k",
        "prompt_cache_retention": "24h",
        "safety_identifier": "s",
        "verbosity": "low",
        "prediction": {"type": "content", "content": "x"},
        "logit_bias": {"1": -100},
        "top_k": 40,
        "min_p": 0.1,
    }
    answer = ask(served, **sent)
    body = reached(answer)
    assert {key: body.get(key) for key in sent} == sent
    assert "x-tiergate-dropped" not in answer.headers


@pytest.mark.process
def test_the_openai_client_sends_known_keys_through(served: Served) -> None:
    client = openai.OpenAI(base_url=f"{served.url}/v1", api_key="any", max_retries=0)
    completion = client.chat.completions.create(
        model="auto",
        messages=[{"role": "user", "content": "hi"}],
        user="u",
        logit_bias={"5": 1},
        extra_body={"top_k": 3, "repetition_penalty": 1.1},
    )
    body = json.loads(completion.choices[0].message.content or "")["body"]
    assert (body["user"], body["logit_bias"], body["top_k"]) == ("u", {"5": 1}, 3)
    assert "repetition_penalty" not in body


@pytest.mark.process
def test_the_policy_may_name_further_keys(served: Served) -> None:
    answer = ask(served, model="auto:wider", **UNKNOWN)
    body = reached(answer)
    assert (body["priority"], body["guided_json"]) == (-9, {})
    assert "models" not in body
    assert "priority" not in answer.headers["x-tiergate-dropped"]


def test_every_known_key_is_checked_by_its_reader() -> None:
    assert set().union(*BY_WIRE.values()) == set(PASSED_ON)
    assert READ_HERE == CHAT_KEYS


@pytest.mark.parametrize("kind", ["litellm", "local", "resolver", "deliberation"])
def test_other_kinds_of_answerers_are_sent_what_the_policy_names(kind: str) -> None:
    assert known_keys("chat.completions", kind, BodyRules()) == frozenset()
    assert known_keys("chat.completions", kind, BodyRules(frozenset({"a"}))) == {"a"}


@pytest.mark.parametrize(
    ("wire", "left_out"),
    [
        ("openai", ()),
        ("responses", ("logit_bias", "top_k")),
        ("anthropic", ("logit_bias", "verbosity")),
    ],
)
def test_what_an_upstreams_own_format_lacks_is_told(wire: str, left_out: tuple[str, ...]) -> None:
    extra = {"user": '"u"', "logit_bias": "{}", "top_k": "3", "verbosity": '"low"'}
    request = ChatRequest((), "auto", extra=extra)  # type: ignore[arg-type]
    assert dropped(request, facts(body=BodyRules(wire=wire))) == left_out


@pytest.mark.process
@pytest.mark.parametrize(("policy", "stores"), [("tested", False), ("redacting", False)])
@pytest.mark.parametrize("asked", [True, False])
def test_nothing_is_stored_upstream_unless_privacy_allows_it(
    served: Served, policy: str, stores: bool, asked: bool
) -> None:
    answer = ask(served, model=f"auto:{policy}", store=asked, metadata={"a": "b"})
    body = reached(answer)
    assert (body["store"], "metadata" in body) == (stores, False)
    told = ["store", "metadata"] if asked else ["metadata"]
    assert answer.headers["x-tiergate-dropped"].split(", ") == told


@pytest.mark.process
@pytest.mark.parametrize("asked", [True, False])
def test_full_privacy_leaves_storing_to_the_client(served: Served, asked: bool) -> None:
    answer = ask(served, model="auto:keeping", store=asked, metadata={"a": "b"})
    body = reached(answer)
    assert (body["store"], body["metadata"]) == (asked, {"a": "b"})
    assert "x-tiergate-dropped" not in answer.headers


def test_a_provider_that_stores_unasked_is_told_not_to() -> None:
    request = ChatRequest((), "auto")
    rules = BodyRules(stores_unasked=True)
    assert dict(passed_on(request, facts(body=rules))) == {"store": "false"}
    assert dropped(request, facts(body=rules)) == ()
    allowed = BodyRules(stores_unasked=True, may_store=True)
    assert dict(passed_on(request, facts(body=allowed))) == {}


@pytest.mark.parametrize(
    ("url", "openais"),
    [
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://us.openai.azure.com", True),
        ("https://x.openai.azure.us/openai/v1", True),
        ("https://x.openai.azure.cn/openai/v1", True),
        ("https://X.CognitiveServices.azure.com/openai/v1", True),
        ("https://x.services.ai.azure.com/openai/v1", True),
        ("https://x.azure-api.net/team/openai/v1", True),
        ("https://x.azure-api.net/openai-proxy/v1", True),
        ("https://x.cognitiveservices.azure.cn/openai/v1", True),
        ("https://api.openai.com./v1", True),
        ("https://x.azure-api.net/notopenai/v1", False),
        ("https://x.services.ai.azure.com/models", False),
        ("https://x.services.ai.azure.com/anthropic/v1", False),
        ("https://x.azure-api.net/claude/v1", False),
        ("https://gateway.example/openai/v1", False),
        ("https://myopenai.com/v1", False),
        ("http://127.0.0.1:8000/v1", False),
    ],
)
def test_openais_models_are_known_by_their_address(url: str, openais: bool) -> None:
    assert is_openais(url) is openais


MISTAKES = [
    ("models", "another model"),
    ("provider", "another model"),
    ("kv_transfer_params", "machine"),
    ("api_base", "an address"),
    ("Extra-Headers", "an address"),
    ("litellm_metadata", "an address"),
    ("max_tokens", "sends its own"),
    ("a b", "letters, digits"),
]


@pytest.mark.parametrize(("name", "told"), MISTAKES)
def test_a_policy_cannot_pass_through_what_would_lead_elsewhere(
    tmp_path: Path, name: str, told: str
) -> None:
    path = echoing(tmp_path, "http://127.0.0.1:9/v1", "p", pass_through=[name])
    with pytest.raises(PolicyError, match=told) as caught:
        load_policy(path, {})
    assert "pass_through" in str(caught.value)


@pytest.mark.parametrize("name", ["chat_template_kwargs", "priority", "repetition_penalty"])
def test_a_policy_may_name_what_its_server_reads(name: str) -> None:
    assert mistake_in(name) is None


SAMPLED = {"stop": ["END"], "seed": 0, "frequency_penalty": 0.5, "presence_penalty": 0.0}


@pytest.mark.parametrize(
    ("wire", "left_out"),
    [
        ("openai", ()),
        ("responses", ("seed", "frequency_penalty")),
        ("anthropic", ("seed", "frequency_penalty")),
    ],
)
def test_sampling_that_a_wire_has_no_word_for_is_told(wire: str, left_out: tuple[str, ...]) -> None:
    body = {"model": "a", "messages": [{"role": "user", "content": "Hi"}], **SAMPLED}
    request = parse_chat_request(orjson.dumps(body), {})
    assert dropped(request, facts(body=BodyRules(wire=wire))) == left_out
    assert dropped(request, facts(kind="local", body=BodyRules(wire=wire))) == ()


@pytest.mark.parametrize("stop", [[" "], ["END", "\n\n"], ["END", "\nEND"], []])
@pytest.mark.parametrize("wire", ["anthropic", "responses"])
def test_stop_sequences_always_have_their_effect(wire: str, stop: list[str]) -> None:
    body = {"model": "a", "messages": [{"role": "user", "content": "Hi"}], "stop": stop}
    request = parse_chat_request(orjson.dumps(body), {})
    assert dropped(request, facts(body=BodyRules(wire=wire))) == ()


@pytest.mark.parametrize(
    ("stop", "kept"), [([" "], []), (["END", "\n\n"], ["END"]), (["\nEND"], ["\nEND"])]
)
@pytest.mark.parametrize("endpoint", ["chat", "messages"])
def test_anthropic_gets_no_stop_sequence_of_blanks(
    endpoint: str, stop: list[str], kept: list[str]
) -> None:
    body = {"model": "a", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    if endpoint == "chat":
        request = parse_chat_request(orjson.dumps({**body, "stop": stop}), {})
    else:
        said = orjson.dumps({**body, "stop_sequences": stop})
        (request,) = MessagesFormat().read(said, {}).requests
    sent = orjson.loads(messages_body(request, model="m", max_output_tokens=9, issuer="us"))
    assert sent.get("stop_sequences", []) == kept


def test_sampling_is_told_under_the_clients_name(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_ladder(tmp_path, "auto", upstream.url, "answer", wire="responses")
        with Served(tmp_path, policy) as served:
            body = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}]}
            said = served.post("/v1/chat/completions", {**body, "stop": "END", "seed": 7})
            assert said.headers["x-tiergate-dropped"] == "seed"
            said = served.post("/v1/chat/completions", {**body, "stop": "END"})
            assert "x-tiergate-dropped" not in said.headers
