"""Reads what a running server logs: failures, refusals, breakers, and access lines."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kits.server_kit import (
    Served,
    Upstream,
    eventually,
    tiergate,
    write_behaviours,
    write_ladder,
    write_policy,
)

pytestmark = pytest.mark.process

SECRET = "sk-upstream-secret"  # in every refusal of the fake upstream
PRIVATE = "my parcel has the words tulip and anvil"


def lines(served: Served, name: str) -> list[dict[str, object]]:
    """The log's lines of an event, oldest first."""
    found = [json.loads(x) for x in served.output.splitlines() if x.startswith("{")]
    return [one for one in found if one["event"] == name]


def access_line(served: Served, response: httpx.Response) -> dict[str, object]:
    """The access line of a response, which is written when all of it was sent."""
    name = response.headers["x-request-id"]
    eventually(lambda: any(x.get("request_id") == name for x in lines(served, "request")))
    return next(x for x in lines(served, "request") if x.get("request_id") == name)


def key_of(served: Served, *options: str) -> dict[str, str]:
    run = tiergate("keys", "create", *options, "--json", "--database", served.database)
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with keys whose first answerer always fails and whose second one answers."""
    folder = tmp_path_factory.mktemp("log")
    with Upstream(folder) as upstream:
        ladder = write_ladder(
            folder,
            "ladder",
            upstream.url,
            "status:503",
            "answer",
            sections={"budgets": {"poor": {"usd_per_day": 0.005, "requests_per_minute": 30}}},
            breaker_failures=2,
        )
        bare = write_policy(folder, upstream.url.removesuffix("/v1"))
        slow = write_behaviours(folder, upstream.url, "hang")
        with Served(folder, ladder, bare, *slow, "--access-log") as server:
            key = key_of(server, "--tenant", "acme", "--name", "web")
            server.client.headers["authorization"] = f"Bearer {key['key']}"
            # Until it has read the key, the server answers everybody, as nobody's tenant.
            eventually(lambda: httpx.get(f"{server.url}/v1/models").status_code == 401)
            eventually(lambda: server.client.get("/v1/models").status_code == 200)
            yield server


@pytest.fixture(scope="module")
def host(served: Served) -> str:
    """Host and port of the upstream."""
    (found,) = set(re.findall(r"http://(\S+)/v1", (served.folder / "ladder.yaml").read_text()))
    return str(found)


def test_failed_call_is_one_line_with_what_happens_next(served: Served, host: str) -> None:
    response = served.chat()
    assert response.status_code == 200
    (line,) = [x for x in lines(served, "call_failed") if x["answerer"] == "rung-0"]
    assert line["host"] == host
    assert (line["status"], line["code"]) == (503, "upstream_overloaded")
    assert line["next"] == "goes on with rung-1 (tier llm)"
    assert line["request_id"] == response.headers["x-request-id"]
    assert line["level"] == "warning"


def test_call_without_an_answer_in_time_names_the_host(served: Served, host: str) -> None:
    response = served.chat("auto:hang")
    assert response.status_code == 504
    (line,) = [x for x in lines(served, "call_failed") if x["answerer"] == "hang"]
    assert (line["code"], line["host"]) == ("deadline_exceeded", host)


def test_breaker_that_opens_is_a_line_and_a_gauge(served: Served, host: str) -> None:
    for _ in range(3):
        served.chat()
    (line,) = lines(served, "breaker_opened")
    assert (line["answerer"], line["host"]) == ("rung-0", host)
    page = served.client.get("/metrics").text
    assert f'tiergate_breaker_open{{answerer="rung-0",replica="{host}"}} 1.0' in page
    assert f'tiergate_breaker_open{{answerer="rung-1",replica="{host}"}} 0.0' in page


def test_many_failures_are_few_lines(served: Served) -> None:
    for _ in range(30):
        served.chat("auto:tested")
    failed = [x for x in lines(served, "call_failed") if x["answerer"] == "mid"]
    assert 1 <= len(failed) <= 3
    (count,) = re.findall(
        r'tiergate_call_failures_total\{answerer="mid",code="upstream_rejected"\} (\S+)',
        served.client.get("/metrics").text,
    )
    assert float(count) >= 30


def test_address_that_lacks_v1_is_for_the_log_alone(served: Served, host: str) -> None:
    message = served.chat("auto:tested").json()["error"]["message"]
    assert "upstream of mid has nothing at the address that was asked (status 404)" in message
    assert "Tell who runs this gateway" in message
    assert "may lack" not in message
    assert "127.0.0.1" not in message
    logged = [x for x in lines(served, "call_failed") if x["answerer"] == "mid"]
    assert logged[0]["url"] == f"http://{host}/chat/completions"
    assert "may lack `/v1`" in str(logged[0])


def test_refused_call_is_a_line_with_its_tenant(served: Served) -> None:
    key = key_of(served, "--tenant", "poor")
    eventually(lambda: served.chat(key=key["key"]).status_code == 429)
    response = served.chat(key=key["key"], max_tokens=900)
    error = response.json()["error"]
    assert (error["code"], error["param"]) == ("insufficient_quota", "max_tokens")
    (most,) = re.findall(r"With `max_tokens` of at most (\d+) the call would fit", error["message"])
    assert served.chat(key=key["key"], max_tokens=int(most)).status_code == 200
    line = lines(served, "refused")[0]
    assert (line["tenant"], line["key_id"]) == ("poor", key["key_id"])
    assert (line["limit"], line["never_fits"]) == ("usd_per_day", True)
    page = served.client.get("/metrics").text
    assert 'tiergate_refusals_total{limit="usd_per_day",never_fits="true",tenant="poor"}' in page


def test_cap_of_money_below_any_call_is_a_line_and_a_count(served: Served) -> None:
    response = served.chat(max_tokens=20, routing={"max_cost_usd": 0.0000001})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "max_cost_too_low")
    assert "Raise max_cost_usd" in error["message"]
    assert "max_completion_tokens" not in error["message"]
    (line,) = [one for one in lines(served, "refused") if one["limit"] == "max_cost_usd"]
    assert (line["tenant"], line["code"]) == ("acme", "max_cost_too_low")
    page = served.client.get("/metrics").text
    assert 'tiergate_refusals_total{limit="max_cost_usd",never_fits="true",tenant="acme"} 1' in page


def test_access_line_says_who_asked_and_what_it_cost(served: Served) -> None:
    response = served.chat()
    line = access_line(served, response)
    assert (line["tenant"], line["key"], line["tier"]) == ("acme", "web", "llm")
    assert line["cost_usd"] == response.headers["x-tiergate-cost-usd"]
    assert (line["status"], line["path"]) == (200, "/v1/chat/completions")


def test_access_line_of_a_stream_has_its_cost(served: Served) -> None:
    response = served.chat(stream=True)
    assert float(str(access_line(served, response)["cost_usd"])) > 0


def test_access_line_of_embeddings_has_its_tier_and_cost(served: Served) -> None:
    response = served.post("/v1/embeddings", {"model": "tiergate-embed", "input": "hello"})
    line = access_line(served, response)
    assert (line["tenant"], line["tier"]) == ("acme", "embedding")
    assert line["cost_usd"] == response.headers["x-tiergate-cost-usd"]


def test_access_line_without_a_good_key_names_nobody(served: Served) -> None:
    response = served.chat(key="tg_not-a-key-of-this-server")
    line = access_line(served, response)
    assert (line["status"], "tenant" in line, "key" in line) == (401, False, False)


def test_log_holds_no_key_nor_words_of_anybody(served: Served) -> None:
    messages = [{"role": "user", "content": PRIVATE}]
    for model in ("auto", "auto:tested"):
        served.chat(model, messages=messages)
    said = served.output
    for secret in (SECRET, "tulip", "anvil", served.client.headers["authorization"][7:], "tg_not"):
        assert secret not in said


def test_metrics_tell_of_each_answerer(served: Served) -> None:
    served.chat()
    page = served.client.get("/metrics").text
    for name in (
        'tiergate_calls_total{answerer="rung-1"}',
        'tiergate_call_seconds_count{answerer="rung-1"}',
        'tiergate_call_failures_total{answerer="rung-0",code="upstream_overloaded"}',
        'tiergate_confidence_count{tier="llm"}',
        'tiergate_request_escalations_bucket{le="1.0",tier="llm"}',
        'tiergate_store_up{store="ledger"} 1.0',
    ):
        assert name in page


def test_policy_that_breaks_then_is_mended_leaves_two_lines(served: Served) -> None:
    (policy,) = served.folder.glob("ladder.yaml")
    good = policy.read_text(encoding="utf-8")
    policy.write_text(good.replace("kind: upstream", "kind: nothing"), encoding="utf-8")
    eventually(lambda: lines(served, "policy_not_reloaded"))
    policy.write_text(good, encoding="utf-8")
    eventually(lambda: lines(served, "policy_reloaded"))
    (broken,), (mended,) = lines(served, "policy_not_reloaded"), lines(served, "policy_reloaded")
    assert (broken["policy"], broken["level"]) == ("ladder", "error")
    assert "nothing" in str(broken["reason"])
    assert (mended["policy"], mended["level"]) == ("ladder", "info")
    assert mended["hash"]


def test_server_that_is_gone_is_named_then_says_when_to_try_again(tmp_path: Path) -> None:
    with Served(tmp_path, *write_behaviours(tmp_path, "", "gone")) as alone:
        first = alone.chat("auto:gone")
        message = first.json()["error"]["message"]
        assert message.startswith("gone cannot be reached (connection refused).")
        assert "127.0.0.1" not in message
        eventually(lambda: lines(alone, "call_failed"))
        assert lines(alone, "call_failed")[0]["host"] == "127.0.0.1:9"
        eventually(lambda: alone.chat("auto:gone").status_code == 503)
        resting = alone.chat("auto:gone")
        told = re.match(
            r"The upstream of gone failed, so no call goes there for (\d+) s. "
            "Try again after that; if it stays so, tell who runs this gateway.",
            resting.json()["error"]["message"],
        )
        assert told is not None
        assert int(resting.headers["retry-after"]) == int(told[1])


def test_a_reload_without_a_change_leaves_a_line(served: Served) -> None:
    served.process.send_signal(signal.SIGHUP)
    eventually(lambda: "ladder" in [x["policy"] for x in lines(served, "policy_unchanged")])
