"""Hints of a chat request, from body and headers: the stricter holds, and a wrong one is named."""

from __future__ import annotations

import orjson
import pytest

from router.api.openapi.schemas import HINTS
from router.errors import RequestError
from router.wire.hints import _HINTS, MAX_SESSION
from router.wire.openai.request import parse_chat_request
from tests.kits.wire_kit import parse, refused


def test_hints_are_read_from_the_body() -> None:
    hints = parse(
        routing={
            "policy": "default",
            "min_tier": 2,
            "max_tier": 3,
            "stakes_usd": 12.5,
            "confidence_floor": 0.9,
            "max_cost_usd": 0.01,
            "deadline_ms": 500,
            "session": "s",
            "context": {"order": 17, "name": "Ann"},
            "tags": ["a"],
            "dry_run": True,
            "debug": False,
        }
    ).hints
    assert (hints.stakes_nano_usd, hints.max_cost_nano_usd) == (12_500_000_000, 10_000_000)
    assert (hints.min_tier, hints.max_tier, hints.deadline_ms) == (2, 3, 500)
    assert hints.context == {"order": "17", "name": "Ann"}
    assert (hints.tags, hints.dry_run, hints.debug) == (("a",), True, False)


@pytest.mark.parametrize(
    ("name", "body", "header", "field", "holds"),
    [
        ("min-tier", 2, "3", "min_tier", 3),
        ("min-tier", 3, "2", "min_tier", 3),
        ("max-tier", 3, "2", "max_tier", 2),
        ("stakes-usd", 5, "7.5", "stakes_nano_usd", 7_500_000_000),
        ("confidence-floor", 0.9, "0.8", "confidence_floor", 0.9),
        ("max-cost-usd", 0.5, "0.25", "max_cost_nano_usd", 250_000_000),
        ("deadline-ms", 900, "800", "deadline_ms", 800),
        ("session", "body", "header", "session", "body"),
        ("tags", ["a", "b"], "b, c", "tags", ("a", "b", "c")),
        ("dry-run", False, "true", "dry_run", True),
        ("debug", True, "0", "debug", True),
    ],
)
def test_the_stricter_of_body_and_header_holds(
    name: str, body: object, header: str, field: str, holds: object
) -> None:
    headers = {f"x-tiergate-{name}": header}
    both = parse(headers, routing={name.replace("-", "_"): body}).hints
    assert getattr(both, field) == holds


def test_two_policies_that_disagree_are_refused() -> None:
    error = refused({"x-tiergate-policy": "a"}, routing={"policy": "b"})
    assert error.param == "routing.policy"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-tiergate-min-tier", "high"),
        ("x-tiergate-min-tier", "9" * 5_000),
        ("x-tiergate-stakes-usd", "nan"),
        ("x-tiergate-stakes-usd", "inf"),
        ("x-tiergate-deadline-ms", "²"),
        ("x-tiergate-deadline-ms", "1_000"),
        ("x-tiergate-max-cost-usd", "1_000"),
        ("x-tiergate-max-cost-usd", "1e3"),
        ("x-tiergate-max-cost-usd", "٣"),
        ("x-tiergate-max-cost-usd", "+3"),
        ("x-tiergate-max-cost-usd", "1,000"),
        ("x-tiergate-max-cost-usd", "1 000"),
        ("x-tiergate-max-cost-usd", "9" * 5_000),
        ("x-tiergate-confidence-floor", "0_0.9"),
        ("x-tiergate-debug", "perhaps"),
    ],
)
def test_wrong_header_is_refused_by_its_name(header: str, value: str) -> None:
    assert refused({header: value}).param == header


def test_a_refused_number_of_a_header_says_what_was_found_and_expected() -> None:
    """1_000 was read as 1000 dollars: whoever meant 1.000 had no ceiling."""
    message = refused({"x-tiergate-max-cost-usd": "1_000"}).message
    assert "'1_000'" in message
    assert "expected a number from 0 to 1000000000" in message


@pytest.mark.parametrize(
    ("headers", "fields", "session"),
    [
        ({"x-session-id": "h", "thread-id": "c"}, {}, "h"),
        ({"thread-id": "c"}, {"prompt_cache_key": "k"}, "c"),
        ({}, {"prompt_cache_key": "k"}, None),
        ({"x-session-id": "h", "x-tiergate-session": "t"}, {}, "t"),
        ({"x-claude-code-session-id": "s"}, {}, "s"),
        ({"x-claude-code-session-id": "s", "x-claude-code-agent-id": "a"}, {}, "s/a"),
        ({"x-session-id": "h", "x-claude-code-session-id": "s"}, {}, "h"),
        ({"x-claude-code-agent-id": "a"}, {}, None),
        ({"x-session-id": "h"}, {"routing": {"session": "b"}}, "b"),
    ],
)
def test_session_comes_from_the_first_that_names_one(
    headers: dict[str, str], fields: dict[str, object], session: str | None
) -> None:
    assert parse(headers, **fields).hints.session == session


@pytest.mark.parametrize("header", ["x-session-id", "thread-id", "x-claude-code-session-id"])
def test_long_names_that_begin_alike_are_two_sessions(header: str) -> None:
    sessions = [parse({header: "a" * 300 + end}).hints.session for end in "bcb"]
    assert sessions[0] == sessions[2] != sessions[1]
    assert all(session and len(session) <= MAX_SESSION for session in sessions)


def test_every_hint_stands_in_the_api_description() -> None:
    assert set(HINTS) == set(_HINTS)


@pytest.mark.parametrize("key", ["max_cost_usd", "deadline_ms", "dry_run", "min_tier"])
def test_hint_outside_routing_is_refused_with_its_place(key: str) -> None:
    with pytest.raises(RequestError, match=f"send it as `routing.{key}`") as caught:
        parse(**{key: 1})
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", key)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("min_teir", r"did you mean min_tier\? Known are policy, .*debug\.$"),
        ("nothing_like_it", "known are policy, "),
    ],
)
def test_a_mistyped_key_of_routing_is_told_the_nearest_one(name: str, told: str) -> None:
    with pytest.raises(RequestError, match=told) as caught:
        parse(routing={name: 1})
    assert caught.value.param == f"routing.{name}"


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("x-tiergate-min-teir", r"did you mean x-tiergate-min-tier\? Known are .*-debug\.$"),
        ("x-tiergate-stakes_usd", "did you mean x-tiergate-stakes-usd"),
        ("x-tiergate-dryrun", "did you mean x-tiergate-dry-run"),
        ("x-tiergate-context", "routing.context"),
        ("x-tiergate-", "known are x-tiergate-policy"),
        ("x-tiergate-decision-id", "known are"),
    ],
)
def test_a_mistyped_header_is_refused_like_its_twin(header: str, told: str) -> None:
    body = orjson.dumps({"model": "a", "messages": [{"role": "user", "content": "hi"}]})
    with pytest.raises(RequestError, match=told) as caught:
        parse_chat_request(body, {header: "1"})
    assert (caught.value.status, caught.value.code) == (400, "unsupported_parameter")
    assert caught.value.param == header
