"""A write to a cache that lasts an hour: sent on, held, priced and shown as what it is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import orjson
import pytest

from router.ledger.books.verify import verify
from router.wire.anthropic.answers import MessageFolder, parse_message_usage
from router.wire.openai.usage import parse_usage
from tests.kits.books.ledger_sql import change
from tests.kits.server_kit import Served, Upstream, tiergate, write_ladder

PRICE = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"}
WRITES = {**PRICE, "cached_input_usd_per_mtok": 0.1, "cache_write_usd_per_mtok": 1.25}
STATED = {**WRITES, "cache_write_1h_usd_per_mtok": 3}
POLICIES: dict[str, tuple[str, dict[str, object]]] = {
    "told": ("hours", WRITES),
    "stated": ("hours", STATED),
    "untold": ("answer", WRITES),
    "cut": ("hours-cut", WRITES),
    "mute": ("mute-cut", WRITES),
    "echo": ("echo", WRITES),
    "unpriced": ("echo", PRICE),
    "hiding": ("echo", WRITES),
    "hiding-cut": ("mute-cut", WRITES),
}
SECTIONS: dict[str, dict[str, object]] = {
    "told": {"report": {"requested_models": {"auto:told": PRICE}}},
    "hiding": {"privacy": {"pseudonyms": {"kinds": ["email"]}}},
}
HOUR = {"type": "ephemeral", "ttl": "1h"}
FIXED = 12 * 1_000 + 5 * 100 + 12 * 10_000  # input, read from a cache, output


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policies = [
            write_ladder(
                folder,
                name,
                upstream.url,
                model,
                wire="anthropic",
                price=price,
                sections=SECTIONS.get(name.partition("-")[0]),
            )
            for name, (model, price) in POLICIES.items()
        ]
        with Served(folder, *policies) as server:
            yield server


def asked(served: Served, policy: str, point: object = HOUR, **more: object) -> httpx.Response:
    block = {"type": "text", "text": "Why is the sky blue?", "cache_control": point}
    turns = [{"role": "user", "content": [block]}]
    body = {"model": f"auto:{policy}", "max_tokens": 50, "messages": turns, **more}
    return served.post("/v1/messages", body)


def attempt_of(served: Served, response: httpx.Response) -> dict[str, Any]:
    attempts: Any = served.finished_row(response)["attempts"]
    return next(dict(one) for one in attempts if one["role"] == "answer")


def held_for(served: Served, response: httpx.Response) -> int:
    request_id = served.finished_row(response)["request_id"]
    with closing(sqlite3.connect(served.database)) as ledger:
        query = "SELECT held_nano_usd FROM attempts WHERE request_id = ? AND role = 'answer'"
        return int(ledger.execute(query, (request_id,)).fetchone()[0])


@pytest.mark.process
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("policy", "hour"), [("told", 2_000), ("stated", 3_000)])
def test_an_hours_write_is_booked_at_its_own_price(
    served: Served, policy: str, hour: int, stream: bool
) -> None:
    attempt = attempt_of(served, asked(served, policy, stream=stream))
    assert attempt["cost_nano_usd"] == FIXED + 1 * 1_250 + 2 * hour
    assert (attempt["usage"]["hour_write_tokens"], attempt["estimated"]) == (2, False)


@pytest.mark.process
def test_an_hours_write_is_input_in_a_baseline_without_a_price_of_writes(served: Served) -> None:
    baselines: Any = served.finished_row(asked(served, "told"))["baselines"]
    assert baselines["requested_model"] == (12 + 5 + 1 + 2) * 1_000 + 12 * 10_000


@pytest.mark.process
def test_a_hold_has_room_for_an_hours_write(served: Served) -> None:
    held = [
        held_for(served, asked(served, "told", point, system="Be short."))
        for point in ({"type": "ephemeral", "ttl": "5m"}, HOUR)
    ]
    inputs = [nano_usd - 50 * 10_000 for nano_usd in held]
    assert inputs[1] * 1_250 == inputs[0] * 2_000 > 0


@pytest.mark.process
def test_writes_that_nobody_tells_apart_count_as_an_hours(served: Served) -> None:
    hour, usual = asked(served, "untold"), asked(served, "untold", {"type": "ephemeral"})
    attempt = attempt_of(served, hour)
    assert (attempt["cost_nano_usd"], attempt["estimated"]) == (FIXED + 3 * 2_000, True)
    attempt = attempt_of(served, usual)
    assert (attempt["cost_nano_usd"], attempt["estimated"]) == (FIXED + 3 * 1_250, False)
    assert attempt["usage"]["hour_write_tokens"] is None


@pytest.mark.process
def test_a_cut_stream_wrote_for_an_hour_what_was_told_at_first(served: Served) -> None:
    attempt = attempt_of(served, asked(served, "cut", stream=True))
    assert attempt["estimated"]
    assert (attempt["usage"]["input_tokens"], attempt["usage"]["hour_write_tokens"]) == (20, 2)


@pytest.mark.process
def test_a_cut_stream_may_have_written_all_its_input_for_an_hour(served: Served) -> None:
    attempt = attempt_of(served, asked(served, "mute", stream=True))
    assert attempt["estimated"]
    assert attempt["usage"]["hour_write_tokens"] == attempt["usage"]["input_tokens"] > 20


@pytest.mark.process
def test_a_client_reads_how_long_its_writes_last(served: Served) -> None:
    usage = asked(served, "told").json()["usage"]
    lengths = {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2}
    assert usage["cache_creation"] == lengths
    assert "cache_creation" not in asked(served, "untold", {"type": "ephemeral"}).json()["usage"]
    details = served.chat("auto:told").json()["usage"]["prompt_tokens_details"]
    assert details["cache_creation_token_details"] == {"ephemeral_1h_input_tokens": 2}


@pytest.mark.process
@pytest.mark.parametrize(("policy", "sent", "dropped"), [
    ("echo", HOUR, None),
    ("unpriced", {"type": "ephemeral"}, "cache_control.ttl"),
])  # fmt: skip
def test_an_hour_goes_on_where_a_write_has_a_price(
    served: Served, policy: str, sent: object, dropped: str | None
) -> None:
    response = asked(served, policy)
    body = json.loads(response.json()["content"][0]["text"])["body"]
    assert body["messages"][0]["content"][0]["cache_control"] == sent
    assert response.headers.get("x-tiergate-dropped") == dropped


DETAIL = {"system": "Answer to anna@example.com."}


@pytest.mark.process
@pytest.mark.parametrize(("more", "lasts"), [({}, True), (DETAIL, False)])
def test_an_hour_does_not_go_on_in_a_request_that_is_written_anew(
    served: Served, more: dict[str, object], lasts: bool
) -> None:
    """Pseudonyms change the words, and the client's own body alone has its cache points."""
    response = asked(served, "hiding", **more)
    assert ("ttl" in response.json()["content"][0]["text"]) == lasts
    dropped = response.headers.get("x-tiergate-dropped", "").split(", ")
    assert ("cache_control.ttl" in dropped) == (not lasts)


@pytest.mark.process
@pytest.mark.parametrize(("more", "lasts"), [({}, True), (DETAIL, False)])
def test_a_cut_stream_is_booked_for_an_hour_only_where_it_was_asked_so(
    served: Served, more: dict[str, object], lasts: bool
) -> None:
    usage = attempt_of(served, asked(served, "hiding-cut", stream=True, **more))["usage"]
    assert (usage["hour_write_tokens"] == usage["input_tokens"]) == lasts


@pytest.mark.process
def test_hours_are_in_the_chain_and_repriced(served: Served) -> None:
    asked(served, "stated")
    assert verify(served.database).findings == ()
    run = tiergate("ledger", "reprice", "--json", "--database", served.database)
    models = {one["model"]: one for one in json.loads(run.stdout)["models"]}
    assert models["hours"]["difference_nano_usd"] == 0
    edit = "UPDATE attempts SET hour_write_tokens = hour_write_tokens {} WHERE model = 'hours'"
    change(served.database, edit.format("- 1"))
    assert {one.kind for one in verify(served.database).findings} == {"edited"}
    change(served.database, edit.format("+ 1"))


@pytest.mark.parametrize(("count", "told"), [(2, 2), (0, 0), (4, None), (-1, None), ("2", None)])
def test_litellms_proxies_tell_an_hours_writes(count: object, told: int | None) -> None:
    details = {"cache_creation_tokens": 3, "cache_creation_token_details": {
        "ephemeral_1h_input_tokens": count,
    }}  # fmt: skip
    usage = parse_usage({"prompt_tokens": 9, "prompt_tokens_details": details})
    assert (usage.cache_write_tokens, usage.hour_write_tokens) == (3, told)


def split(five_minutes: int, hour: int) -> dict[str, int]:
    return {"ephemeral_5m_input_tokens": five_minutes, "ephemeral_1h_input_tokens": hour}


def counted(writes: int, lengths: object) -> dict[str, object]:
    counts = {"input_tokens": 20, "cache_creation_input_tokens": writes, "output_tokens": 1}
    return {**counts, "cache_creation": lengths}


def test_a_split_of_zeros_at_the_end_takes_no_hours_back() -> None:
    start = {"type": "message_start", "message": {"usage": counted(1_000, split(0, 1_000))}}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {
        "output_tokens": 3, "cache_creation_input_tokens": 0, "cache_creation": split(0, 0),
    }}  # fmt: skip
    folder = MessageFolder("us")
    for event in (start, end):
        folder.fold(orjson.dumps(event))
    assert (folder.usage.cache_write_tokens, folder.usage.hour_write_tokens) == (1_000, 1_000)


@pytest.mark.parametrize(
    ("lengths", "told"),
    [
        (split(4, 6), 6),
        (split(10, 0), 0),
        (split(0, 0), None),
        (split(0, 15), None),
        (split(-4, 6), None),
        ({}, None),
    ],
)
def test_a_split_that_is_not_all_that_was_written_tells_nothing(
    lengths: object, told: int | None
) -> None:
    usage = parse_message_usage(counted(10, lengths))
    assert (usage.cache_write_tokens, usage.hour_write_tokens) == (10, told)


@pytest.mark.parametrize(("hour", "told"), [(10, 20), (15, None)])
def test_rounds_have_no_more_hours_than_writes(hour: int, told: int | None) -> None:
    rounds = [counted(10, split(0, hour))] * 2
    usage = parse_message_usage({**counted(10, split(0, hour)), "iterations": rounds})
    assert (usage.cache_write_tokens, usage.hour_write_tokens) == (20, told)
