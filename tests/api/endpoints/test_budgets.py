"""Budgets and rates on a real server: a hundred requests at once, by one worker and by two."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import openai
import pytest
import yaml

from router.ledger.books.verify import verify
from tests.kits.server_kit import (
    ROUTINE,
    Served,
    Upstream,
    eventually,
    tiergate,
    write_behaviours,
    write_policy,
)

pytestmark = pytest.mark.process

QUOTA = "insufficient_quota"
LIST_PRICE = {"list_price_usd": 0.01, "version": "tests"}
MODEL_PRICE = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"}


@pytest.fixture(params=[1, 2], ids=["one-worker", "two-workers"])
def workers(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@contextmanager
def serving(
    folder: Path, workers: int = 1, price: dict[str, object] | None = None, **sections: object
) -> Iterator[Served]:
    """A server whose one answerer has this price, with these further sections in its policy."""
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, **sections)
        written = yaml.safe_load(policy.read_text("utf-8"))
        written["tiers"][0]["answerers"][0]["price"] = price or LIST_PRICE
        policy.write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")
        with Served(folder, policy, "--workers", str(workers)) as served:
            yield served


def at_once(served: Served, count: int, key: str = "", **fields: object) -> list[httpx.Response]:
    """So many requests at the same moment, each on a connection of its own."""
    given = {"authorization": f"Bearer {key}"} if key else {}

    async def all_of_them() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=count)
        url = f"{served.url}/v1/chat/completions"
        async with httpx.AsyncClient(timeout=60.0, limits=limits) as client:
            body = {**ROUTINE, **fields}
            return await asyncio.gather(
                *(client.post(url, json=body, headers=given) for _ in range(count))
            )

    return asyncio.run(all_of_them())


def codes(responses: list[httpx.Response]) -> Counter[str]:
    return Counter("200" if r.status_code == 200 else r.json()["error"]["code"] for r in responses)


def key_of(served: Served, *options: str) -> dict[str, str]:
    run = tiergate(
        "keys", "create", "--tenant", "acme", *options, "--json", "--database", served.database
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


@pytest.mark.parametrize(
    "sections",
    [
        {"budgets": {"*": {"usd_per_day": 0.10}}},
        {"limits": [{"tier": "llm", "usd_per_month": 0.10}]},
        {"limits": [{"key": "*", "policy": "*", "usd_per_day": 0.10}]},
    ],
    ids=["tenant", "tier", "key-and-policy"],
)
def test_budget_for_ten_admits_ten_of_a_hundred(
    tmp_path: Path, workers: int, sections: dict[str, object]
) -> None:
    with serving(tmp_path, workers, **sections) as served:
        responses = at_once(served, 100)
        assert codes(responses) == {"200": 10, "insufficient_quota": 90}
        assert codes(at_once(served, 3)) == {"insufficient_quota": 3}
    verification = verify(served.database)
    assert (verification.findings, verification.cost_nano_usd) == ((), 100_000_000)


def test_nobody_is_refused_while_the_worst_case_fits(tmp_path: Path, workers: int) -> None:
    """Calls cost less than they hold: what is settled goes to those who come later."""
    budget = {"budgets": {"*": {"usd_per_day": 0.01}}}
    with serving(tmp_path, workers, MODEL_PRICE, **budget) as served:
        admitted = codes(at_once(served, 60, max_completion_tokens=200))["200"]
        left = [served.chat(max_completion_tokens=200).status_code for _ in range(500)]
        assert left[-1] == 429
        assert left == sorted(left)  # once one is refused, nothing was given back that would fit
        rows = [row for row in served.rows() if row["state"] == "settled"]
    spent = sum(int(str(row["cost_nano_usd"])) for row in rows)
    worst = max(int(str(attempt["held_nano_usd"])) for row in rows for attempt in row["attempts"])
    assert len(rows) == admitted + left.count(200)
    assert spent <= 10_000_000 < spent + worst


def test_spent_budget_is_not_worth_another_try(tmp_path: Path) -> None:
    with serving(tmp_path, budgets={"*": {"usd_per_hour": 0.015}}) as served:
        assert served.chat().status_code == 200
        refused = served.chat()
        assert refused.status_code == 429
        assert refused.headers["x-should-retry"] == "false"
        assert "retry-after" not in refused.headers
        error = refused.json()["error"]
        assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
        assert "hour" in error["message"]


def test_openais_client_waits_for_money_that_running_calls_hold(tmp_path: Path) -> None:
    """Each of the calls at once holds what it may cost, and costs a hundredth of that."""
    budget = {"budgets": {"*": {"usd_per_day": 0.01}}}
    with serving(tmp_path, 1, MODEL_PRICE, **budget) as served:
        refused = [r for r in at_once(served, 30, max_completion_tokens=400) if r.is_error]
        assert {r.headers["retry-after"] for r in refused} == {"1"}
        assert not any("x-should-retry" in r.headers for r in refused)
        assert "when running calls have ended" in refused[0].json()["error"]["message"]
        client = openai.OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=5)
        assert client.chat.completions.create(**ROUTINE, max_completion_tokens=400).choices


def test_budget_that_is_raised_on_a_running_server_admits_again(tmp_path: Path) -> None:
    with serving(tmp_path, budgets={"*": {"usd_per_month": 0.01}}) as served:
        assert served.chat().status_code == 200
        assert served.chat().status_code == 429
        path = tmp_path / "tested.yaml"
        path.write_text(
            path.read_text("utf-8").replace("usd_per_month: 0.01", "usd_per_month: 0.02")
        )
        eventually(lambda: served.chat().status_code == 200)
        assert served.chat().status_code == 429


def test_rate_for_ten_admits_ten_of_a_hundred(tmp_path: Path, workers: int) -> None:
    """Ten, and whatever trickles in while the hundred are on their way: one in six seconds."""
    limit = {"limits": [{"key": "*", "requests_per_minute": 10}]}
    with serving(tmp_path, workers, **limit) as served:
        began = asyncio.new_event_loop().time()
        found = codes(at_once(served, 100))
        took_s = asyncio.new_event_loop().time() - began
    assert 10 <= found["200"] <= 10 + 1 + took_s / 6
    assert found["200"] + found["rate_limit_exceeded"] == 100


def test_rates_are_told_as_openai_tells_them(tmp_path: Path) -> None:
    budget = {"requests_per_minute": 2, "tokens_per_minute": 10_000}
    with serving(tmp_path, budgets={"*": budget}) as served:
        answered = served.chat(max_completion_tokens=100)
        headers = answered.headers
        assert headers["x-ratelimit-limit-requests"] == "2"
        assert headers["x-ratelimit-remaining-requests"] == "1"
        assert headers["x-ratelimit-reset-requests"].endswith("s")
        assert headers["x-ratelimit-limit-tokens"] == "10000"
        assert 9_000 < int(headers["x-ratelimit-remaining-tokens"]) < 9_900
        streamed = served.chat(stream=True)
        assert streamed.headers["x-ratelimit-remaining-requests"] == "0"
        refused = served.chat()
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (429, "rate_limit_exceeded")
        assert error["type"] == "requests"
        assert 0 < int(refused.headers["retry-after"]) <= 30
        assert 0 < int(refused.headers["retry-after-ms"]) <= 30_000
        assert "x-should-retry" not in refused.headers
        assert refused.headers["x-ratelimit-remaining-requests"] == "0"


def test_openais_client_waits_for_a_rate_and_not_for_a_budget(tmp_path: Path) -> None:
    limits = [{"requests_per_minute": 60}, {"key": "*", "usd_per_day": 0.62}]
    with serving(tmp_path, limits=limits) as served:
        at_once(served, 60)
        client = openai.OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=5)
        again = client.chat.completions.create(**ROUTINE)  # waits a second, and is answered
        assert again.choices
        eventually(lambda: served.chat().json().get("error", {}).get("code") == QUOTA)
        with pytest.raises(openai.RateLimitError) as refused:
            client.chat.completions.create(**ROUTINE)
        assert refused.value.code == QUOTA


def test_request_larger_than_its_rate_is_not_worth_another_try(tmp_path: Path) -> None:
    with serving(tmp_path, limits=[{"tokens_per_minute": 100}]) as served:
        refused = served.chat(max_completion_tokens=500)
        assert (refused.status_code, refused.headers["x-should-retry"]) == (429, "false")
        assert served.chat(max_completion_tokens=20).status_code == 200


def test_server_without_limits_tells_its_own_bounds(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        for answered in (served.chat(), served.chat(stream=True), served.client.get("/v1/models")):
            headers = answered.headers
            assert headers["x-ratelimit-limit-requests"] == "64"  # the one answerer's
            assert headers["x-ratelimit-remaining-requests"] == "63"
            assert headers["x-ratelimit-reset-requests"] == "0ms"
            assert int(headers["x-ratelimit-remaining-tokens"]) > 0
            assert "x-ratelimit-limit-usd" not in headers
            assert "x-tiergate-budget" not in headers
        assert not Path(f"{served.database}.rates").exists()


def test_errors_and_lists_tell_what_is_left_of_a_rate_and_take_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, budgets={"*": {"requests_per_minute": 5}}) as served:
        served.chat()
        for _ in range(10):
            listed = served.client.get("/v1/models")
            wrong = served.client.post("/v1/chat/completions", json={"model": "auto"})
            assert (listed.status_code, wrong.status_code) == (200, 400)
            assert listed.headers["x-ratelimit-limit-requests"] == "5"
            assert int(wrong.headers["x-ratelimit-remaining-requests"]) >= 4


def test_what_is_left_of_a_budget_is_told_in_dollars(tmp_path: Path) -> None:
    with serving(tmp_path, budgets={"*": {"usd_per_day": 1.0, "usd_per_month": 5.0}}) as served:
        served.chat()

        def left() -> str:
            headers = served.client.get("/v1/models").headers
            assert headers["x-ratelimit-limit-usd"] == "1.0"
            assert re.fullmatch(r"(\d+h)?(\d+m)?[\d.]+m?s", headers["x-ratelimit-reset-usd"])
            return str(headers["x-ratelimit-remaining-usd"])

        eventually(lambda: left() == "0.99")


def test_who_has_no_key_is_told_nothing_of_what_is_left(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        key_of(served)
        eventually(lambda: served.client.get("/v1/models").status_code == 401)
        refused = served.client.get("/v1/models", headers={"authorization": "Bearer wrong"})
        assert refused.status_code == 401
        assert not [name for name in refused.headers if name.startswith("x-ratelimit")]


def test_soft_limit_and_pacing_show_in_header_routing_and_record(tmp_path: Path) -> None:
    budget = {"usd_per_month": 1.0, "soft_share": 0.02, "pacing": True}
    with serving(tmp_path, budgets={"*": budget}) as served:
        assert "x-tiergate-budget" not in served.chat().headers
        for _ in range(9):
            assert served.chat().status_code == 200
        eventually(lambda: "x-tiergate-budget" in served.chat().headers)
        steered = served.chat(routing={"debug": True})
        said = steered.headers["x-tiergate-budget"]
        assert said.startswith("budget_soft_limit_kept")  # the policy has one level
        assert steered.json()["routing"]["soft_limit"] == "budget_soft_limit_kept"
        row = served.row(steered)
        assert "budget_soft_limit_kept" in row["reasons"]
        assert row["record"]["pressure"]["lower"] is True
        report = json.loads(tiergate("report", "--json", "--database", served.database).stdout)
        assert report["escalation_reasons"] == []  # with one level nothing climbs


def test_keys_reach_what_they_were_made_for(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url)
        others = write_behaviours(tmp_path, upstream.url, "echo")
        with Served(tmp_path, policy, *others) as served:
            only_echo = key_of(served, "--policies", "echo")["key"]
            no_tier = key_of(served, "--tiers", "resolve")["key"]
            eventually(lambda: served.client.get("/v1/models").status_code == 401)
            eventually(lambda: served.chat("auto:echo", key=only_echo).status_code == 200)
            refused = served.chat(key=only_echo)
            assert refused.status_code == 403
            assert refused.json()["error"]["code"] == "model_not_allowed"
            eventually(lambda: served.chat(key=no_tier).status_code == 403)
            given = {"authorization": f"Bearer {only_echo}"}
            listed = served.client.get("/v1/models", headers=given).json()["data"]
            assert [one["id"] for one in listed] == ["auto:echo"]
            hidden = served.client.get("/v1/models/tier:llm", headers=given)
            assert hidden.status_code == 404


def test_rotated_key_is_known_within_a_second_and_the_old_one_until_the_grace_ends(
    tmp_path: Path, workers: int
) -> None:
    with serving(tmp_path, workers) as served:
        first = key_of(served)
        eventually(lambda: served.client.get("/v1/models").status_code == 401)
        eventually(lambda: served.chat(key=first["key"]).status_code == 200)
        second = rotate(served, first["key_id"])
        eventually(lambda: served.chat(key=second).status_code == 200)
        assert served.chat(key=first["key"]).status_code == 200
        third = rotate(served, first["key_id"], "--grace", "0")
        eventually(lambda: served.chat(key=second).status_code == 401)
        assert served.chat(key=first["key"]).status_code == 401
        eventually(lambda: served.chat(key=third).status_code == 200)
        rows = {str(row["key_id"]) for row in served.rows()}
        assert rows == {first["key_id"]}


def rotate(served: Served, key_id: str, *options: str) -> str:
    run = tiergate("keys", "rotate", key_id, *options, "--json", "--database", served.database)
    assert run.returncode == 0, run.stderr
    return str(json.loads(run.stdout)["key"])
