"""What agents hear of failures: the vendor's own shape, by which they ask again, compact or stop.

Claude Code ended a task where Anthropic was overloaded for a moment, since the one model left
refused the request; opencode stopped where OpenAI's stream broke off with a `server_error`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import yaml

from tests.kits.server_kit import Served, Upstream, events_of, write_ladder

pytestmark = pytest.mark.process

OVERLOADED = "refuses:529:Overloaded"
REFUSED = "refuses:400:messages: this model takes no such thing"
TOO_LONG = "refuses:400:prompt is too long: 208310 tokens > 200000 maximum"
SPENT = "refuses:400:Your credit balance is too low to access the Anthropic API."
LADDERS = {
    "overload-first": (OVERLOADED, REFUSED),
    "overload-last": (REFUSED, OVERLOADED),
    "refusal": (REFUSED, REFUSED),
    "limited": ("refuses:429:slow down", REFUSED),
    "spent": (SPENT, "refuses:402:Payment."),
    "spent-or-busy": (OVERLOADED, SPENT),
    "busy-or-spent": (SPENT, OVERLOADED),
    "too-long": (TOO_LONG, "answer"),
    "busy-and-too-long": (OVERLOADED, TOO_LONG),
    "breaks": ("breaks:overloaded_error",),
    "breaks-plainly": ("breaks:api_error",),
    "breaks-at-a-rate": ("breaks:rate_limit_error",),
}
WINDOWS = {"wider": (100_000, 200_000), "wider-and-busy": (100_000, 200_000)}
USER = {"role": "user", "content": "Which of the two blue boats is faster on a calm lake?"}


class Both(NamedTuple):
    """A server, and the upstream that it asks."""

    served: Served
    upstream: Upstream

    def ask(self, name: str, path: str = "/v1/messages", **fields: object) -> httpx.Response:
        said = {"input": USER["content"]} if path == "/v1/responses" else {"messages": [USER]}
        if path == "/v1/messages":
            said["max_tokens"] = 50
        return self.served.post(path, {"model": f"auto:{name}", **said, **fields})


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("told")
    with Upstream(folder) as upstream:
        wire = {"wire": "anthropic", "breaker_failures": 1_000}
        policies = [
            write_ladder(folder, name, upstream.url, *models, **wire)
            for name, models in LADDERS.items()
        ]
        for name, last in (("wider", "answer"), ("wider-and-busy", OVERLOADED)):
            path = write_ladder(folder, name, upstream.url, TOO_LONG, last, **wire)
            policies.append(_with_windows(path, WINDOWS[name]))
        openais = "refuses:400:messages.1: tool without its calls"
        for name, models in {
            "openai-first": (openais, REFUSED),
            "anthropic-first": (REFUSED, openais),
        }.items():
            path = write_ladder(folder, name, upstream.url, *models, breaker_failures=1_000)
            policies.append(_with_wire(path, models.index(REFUSED), "anthropic"))
        limits = ("rate-limited:7", "refuses:429:slow down")
        for name, models in {"wait-first": limits, "wait-last": limits[::-1]}.items():
            path = write_ladder(folder, name, upstream.url, *models, retries=0)
            policies.append(path)
        busy = (OVERLOADED, OVERLOADED)
        budget = {"breaker_failures": 1_000, "retries": 1, "retry_budget": 1.0}
        policies.append(write_ladder(folder, "busy", upstream.url, *busy, **budget))
        for name, last in (("forbidden", "final:429"), ("forbidden-once", OVERLOADED)):
            policies.append(write_ladder(folder, name, upstream.url, "final:429", last, **budget))
        resting = {"wire": "anthropic", "breaker_failures": 1, "breaker_reset_s": 30.0}
        for name in ("resting", "all-resting"):
            last = REFUSED if name == "resting" else OVERLOADED
            policies.append(write_ladder(folder, name, upstream.url, OVERLOADED, last, **resting))
        policies.append(write_ladder(folder, "chat-broken", upstream.url, "error-event"))
        policies.append(write_ladder(folder, "mute", upstream.url, "particular:silent"))
        with Served(folder, *policies) as server:
            yield Both(server, upstream)


def _with_windows(path: Path, windows: tuple[int, ...]) -> Path:
    policy = yaml.safe_load(path.read_text("utf-8"))
    for answerer, tokens in zip(policy["tiers"][0]["answerers"], windows, strict=True):
        answerer["context_tokens"] = tokens
    path.write_text(yaml.safe_dump(policy, sort_keys=False), "utf-8")
    return path


def _with_wire(path: Path, rung: int, wire: str) -> Path:
    policy = yaml.safe_load(path.read_text("utf-8"))
    policy["tiers"][0]["answerers"][rung]["wire"] = wire
    path.write_text(yaml.safe_dump(policy, sort_keys=False), "utf-8")
    return path


def told(response: httpx.Response) -> tuple[int, str, bool]:
    """Returns status, type, and True where clients may ask again."""
    kind = response.json()["error"]["type"]
    return response.status_code, kind, response.headers.get("x-should-retry") != "false"


@pytest.mark.parametrize("name", ["overload-first", "overload-last"])
def test_a_refusal_of_one_model_covers_no_overload_of_another(both: Both, name: str) -> None:
    response = both.ask(name)
    assert told(response) == (503, "overloaded_error", True)
    assert "(upstream_rejected, 400)" in response.json()["error"]["message"]
    assert told(both.ask(name, "/v1/chat/completions")) == (503, "server_error", True)


def test_a_refusal_by_all_is_final(both: Both) -> None:
    """The Vercel AI SDK and LlamaIndex sent a 502 again: they know no `x-should-retry`."""
    assert told(both.ask("refusal")) == (400, "invalid_request_error", False)
    response = both.ask("refusal", "/v1/chat/completions")
    assert told(response) == (400, "invalid_request_error", False)
    assert response.json()["error"]["code"] == "upstream_rejected"
    assert both.served.finished_row(response)["error_code"] == "upstream_rejected"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_an_unusable_answer_has_no_status_that_clients_repeat(both: Both, path: str) -> None:
    """The Vercel AI SDK made three climbs of one, each of its answers paid."""
    assert told(both.ask("mute", path)) == (422, "invalid_request_error", False)


def test_codex_reads_of_an_unusable_answer_that_it_is_final(both: Both) -> None:
    """It asked six times where it read a 422, all rungs each time."""
    response = both.ask("mute", "/v1/responses")
    assert told(response) == (400, "invalid_request_error", False)
    assert response.json()["error"]["code"] == "no_usable_answer"


@pytest.mark.parametrize(
    ("path", "named", "said"),
    [
        ("/v1/chat/completions", "rung-0", "messages.1: tool without its calls"),
        ("/v1/responses", "rung-0", "messages.1: tool without its calls"),
        ("/v1/messages", "rung-1", "messages: this model takes no such thing"),
    ],
)
@pytest.mark.parametrize("name", ["openai-first", "anthropic-first"])
def test_of_two_refusals_that_in_the_clients_format_is_told(
    both: Both, name: str, path: str, named: str, said: str
) -> None:
    message = both.ask(name, path).json()["error"]["message"]
    of = named if name == "openai-first" else {"rung-0": "rung-1", "rung-1": "rung-0"}[named]
    assert message.startswith(f"The upstream of {of} refused the request with status 400.")
    assert f"It says: {said}." in message


def test_a_rate_limit_is_told_beside_a_refusal(both: Both) -> None:
    assert told(both.ask("limited")) == (429, "rate_limit_error", True)


def test_clients_are_stopped_where_every_provider_forbids_a_retry(both: Both) -> None:
    assert told(both.ask("forbidden")) == (429, "rate_limit_error", False)
    assert told(both.ask("forbidden-once"))[2]


@pytest.mark.parametrize("path", ["chat/completions", "responses", "messages", "completions"])
def test_tries_of_a_client_are_not_multiplied_by_ours(both: Both, path: str) -> None:
    key = {"responses": "input", "completions": "prompt"}.get(path, "messages")
    asked = [USER] if key == "messages" else USER["content"]
    body = {"model": "auto:busy", "max_tokens": 50, key: asked}
    if key == "input":
        del body["max_tokens"]
    calls = []
    for sent_before in ("0", "1"):
        before = both.upstream.seen()["count"]
        headers = {"x-stainless-retry-count": sent_before}
        assert both.served.post(f"/v1/{path}", body, **headers).status_code == 503
        calls.append(both.upstream.seen()["count"] - before)
    assert calls == [4, 2]


def test_a_request_that_comes_again_needs_no_header_to_be_known(both: Both) -> None:
    """What wraps an SDK says nothing, nor does the Vercel AI SDK."""
    texts = ["Which of the two red boats is faster?"] * 2 + ["Which of the green ones?"]
    calls = []
    for text in texts:
        before = both.upstream.seen()["count"]
        said = [{"role": "user", "content": text}]
        assert both.ask("busy", "/v1/chat/completions", messages=said).status_code == 503
        calls.append(both.upstream.seen()["count"] - before)
    assert calls == [4, 2, 4]


@pytest.mark.parametrize("name", ["wait-first", "wait-last"])
def test_the_wait_of_one_provider_is_told_where_the_other_says_none(both: Both, name: str) -> None:
    response = both.ask(name, "/v1/chat/completions")
    assert told(response) == (429, "rate_limit_error", True)
    assert response.headers["retry-after"] == "7"


def test_a_refusal_is_not_the_last_word_while_a_breaker_rests(both: Both) -> None:
    assert told(both.ask("resting")) == (503, "overloaded_error", True)
    resting = both.ask("resting")
    assert told(resting) == (503, "overloaded_error", True)
    assert 1 <= int(resting.headers["retry-after"]) <= 30
    message = resting.json()["error"]["message"]
    assert message.startswith("rung-0 takes no calls just now")
    assert "rung-1 of tier llm (upstream_rejected, 400)" in message


def test_breakers_that_are_all_open_are_an_overload(both: Both) -> None:
    both.ask("all-resting")
    resting = both.ask("all-resting")
    assert told(resting) == (503, "overloaded_error", True)
    assert int(resting.headers["retry-after"]) >= 1


def test_spent_money_is_told_in_the_vendors_words(both: Both) -> None:
    assert told(both.ask("spent")) == (402, "billing_error", False)
    response = both.ask("spent", "/v1/chat/completions")
    assert told(response) == (429, "insufficient_quota", False)
    assert response.json()["error"]["code"] == "insufficient_quota"
    assert "credit balance" not in response.text
    row = both.served.finished_row(response)
    assert row["error_code"] == "upstream_quota_exhausted"


@pytest.mark.parametrize("name", ["spent-or-busy", "busy-or-spent"])
def test_spent_money_is_told_only_where_all_say_so(both: Both, name: str) -> None:
    assert told(both.ask(name)) == (503, "overloaded_error", True)


def test_a_prompt_that_is_too_long_goes_to_no_equal_window(both: Both) -> None:
    before = both.upstream.seen()["count"]
    response = both.ask("too-long")
    assert told(response)[:2] == (400, "invalid_request_error")
    message = response.json()["error"]["message"]
    assert message.startswith("The prompt is too long")
    assert "208310 tokens > 200000 maximum" in message
    assert both.upstream.seen()["count"] == before + 1  # type: ignore[operator]


def test_a_prompt_that_is_too_long_goes_to_a_wider_window(both: Both) -> None:
    response = both.ask("wider")
    assert response.status_code == 200
    assert response.headers["x-tiergate-model"] == "answer"
    (step, *_) = both.served.row(response)["record"]["steps"]  # type: ignore[index]
    assert step["outgrown"] == [0]


GRAVE = {"role": "user", "content": "Can I put all my retirement savings in one stock?"}


@pytest.mark.parametrize("name", ["refusal", "too-long"])
def test_a_grave_matter_hides_no_request_that_its_client_must_change(both: Both, name: str) -> None:
    """Its client got words and "a person will look at it", and each repeat told a person."""
    response = both.ask(name, messages=[GRAVE])
    assert told(response)[:2] == (400, "invalid_request_error")
    assert both.served.finished_row(response)["state"] == "failed"


def test_an_overload_in_a_grave_matter_leaves_it_to_a_person(both: Both) -> None:
    response = both.ask("breaks", messages=[GRAVE])
    assert response.status_code == 200
    assert response.headers["x-tiergate-verdict"] == "safe_answer"


def test_an_overloaded_wider_window_is_waited_for(both: Both) -> None:
    assert told(both.ask("wider-and-busy")) == (503, "overloaded_error", True)


def test_an_overload_hides_no_prompt_that_is_too_long_for_it(both: Both) -> None:
    assert told(both.ask("busy-and-too-long"))[:2] == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("breaks", "overloaded_error"),
        ("breaks-plainly", "api_error"),
        ("breaks-at-a-rate", "rate_limit_error"),
    ],
)
def test_a_break_in_mid_stream_keeps_its_type(both: Both, name: str, kind: str) -> None:
    response = both.ask(name, stream=True)
    assert response.status_code == 200
    event, data = events_of(response.text)[-1]
    assert (event, data["error"]["type"]) == ("error", kind)
    assert "sk-upstream-secret" not in response.text


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_a_break_in_mid_stream_is_a_server_error_to_openais_clients(both: Both, path: str) -> None:
    """opencode asks again after `server_error`, and ended at `api_error`."""
    text = both.ask("chat-broken", path, stream=True).text
    assert '"type":"server_error"' in text
    assert "api_error" not in text


THINKING = {"type": "adaptive"}


@pytest.fixture(scope="module")
def thinkers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("thinkers")
    with Upstream(folder) as upstream:
        policies = [
            write_ladder(
                folder, name, upstream.url, name, wire="anthropic", max_output_tokens=4_096
            )
            for name in ("older", "oldest", "newest", "grudging")
        ]
        given = {"wire": "anthropic", "max_output_tokens": 4_096, "pass_through": ["thinking"]}
        policies.append(write_ladder(folder, "plain", upstream.url, "plain", **given))
        small = {"wire": "anthropic", "max_output_tokens": 1_500}
        policies.append(write_ladder(folder, "small", upstream.url, "older", **small))
        with Served(folder, *policies) as server:
            yield Both(server, upstream)


def thought_of(both: Both, name: str, thinking: object, **fields: object) -> tuple[object, str]:
    """Returns `thinking` as the upstream got it, and what the headers say was left out."""
    response = both.ask(name, thinking=thinking, **{"max_tokens": 8_000, **fields})
    assert response.status_code == 200, response.text
    body = json.loads(response.json()["content"][-1]["text"])["body"]
    return body.get("thinking"), response.headers.get("x-tiergate-dropped", "")


def test_adaptive_thoughts_get_a_budget_where_the_model_needs_one(thinkers: Both) -> None:
    budget = {"type": "enabled", "budget_tokens": 2_048}
    assert thought_of(thinkers, "older", THINKING) == (budget, "thinking.type")
    before = thinkers.upstream.seen()["count"]
    assert thought_of(thinkers, "older", THINKING) == (budget, "thinking.type")
    assert thinkers.upstream.seen()["count"] == before + 1  # type: ignore[operator]
    own = {"type": "enabled", "budget_tokens": 1_500}
    assert thought_of(thinkers, "older", own) == (own, "")


def test_thoughts_that_the_model_does_not_know_are_left_out(thinkers: Both) -> None:
    edits = {"edits": [{"type": "clear_thinking_20251015"}]}
    more = {"context_management": edits}
    assert thought_of(thinkers, "oldest", THINKING, **more) == (None, "thinking")
    assert thought_of(thinkers, "oldest", THINKING) == (None, "thinking")


def test_a_budget_becomes_adaptive_where_the_model_takes_none(thinkers: Both) -> None:
    asked = {"type": "enabled", "budget_tokens": 2_000}
    assert thought_of(thinkers, "newest", asked)[0] == {"type": "adaptive"}


def test_no_thoughts_fit_below_a_small_cap(thinkers: Both) -> None:
    assert thought_of(thinkers, "small", THINKING)[0] is None


def test_what_is_known_of_all_thoughts_alone_leaves_them_out(thinkers: Both) -> None:
    """Only the refusal that lasts is remembered: the second request was an error of ours."""
    for _ in range(2):
        assert thought_of(thinkers, "grudging", THINKING) == (None, "thinking")


def test_a_second_refusal_does_not_bring_the_refused_kind_of_thoughts_back(thinkers: Both) -> None:
    fields = {"thinking": THINKING, "temperature": 0.5, "max_tokens": 4_096}
    response = thinkers.served.chat("auto:plain", **fields)
    assert response.status_code == 200, response.text
    body = json.loads(response.json()["choices"][0]["message"]["content"])["body"]
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2_048}
    assert "temperature" not in body
