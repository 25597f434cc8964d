"""Conversations as clients have them: each wire format stays where its prompt is cached."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kits.server_kit import Served, Upstream, write_ladder
from tests.kits.upstreams.upstream_wire import TEXT

pytestmark = pytest.mark.process

PRICE = {
    "input_usd_per_mtok": 1,
    "cached_input_usd_per_mtok": 0.1,
    "output_usd_per_mtok": 10,
    "version": "tests",
}
OPENING = "Where is my parcel?"


def said(*texts: str) -> list[dict[str, str]]:
    """Turns of user and assistant, as all three formats take them."""
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]


BODIES = {
    "/v1/chat/completions": lambda turns: {"messages": turns},
    "/v1/responses": lambda turns: {"input": turns},
    "/v1/messages": lambda turns: {"messages": turns, "max_tokens": 60},
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two answerers alike, of which the second can be asked for by name; the books are SQL."""
    folder = tmp_path_factory.mktemp("served")
    sections = {
        "sessions": {"least_tokens": 1},
        "aliases": {"second": {"answerer": "rung-1", "pinned": True}},
    }
    with Upstream(folder) as upstream:
        policy = write_ladder(
            folder, "sticky", upstream.url, "answer", "answer",
            price=PRICE, ability={"theta": 6, "labels": 100}, sections=sections,
        )  # fmt: skip
        with Served(folder, policy) as server:
            yield server


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", list(BODIES))
def test_the_next_turn_stays_where_the_prompt_is_cached(
    served: Served, path: str, stream: bool
) -> None:
    opening = f"{OPENING} {path} {stream}"
    asked = {"stream": stream, **BODIES[path](said(opening))}
    assert served.post(path, {"model": "second", **asked}).status_code == 200
    turns = BODIES[path](said(opening, TEXT, "And when does it come?"))
    response = served.post(path, {"model": "auto", "stream": stream, **turns})
    row = served.finished_row(response)
    assert (row["answerer"], row["reason"]) == ("rung-1", "warm_cache")
    rungs = row["record"]["decision"]["rungs"]
    assert rungs[0]["cache_nano_usd"] == 0 < rungs[1]["cache_nano_usd"]


@pytest.mark.parametrize("header", ["x-session-id", "x-claude-code-session-id"])
@pytest.mark.parametrize("path", list(BODIES))
def test_what_an_agent_asks_on_the_side_loses_no_cache_of_its_session(
    served: Served, path: str, header: str
) -> None:
    """Agents ask for titles and summaries between the turns of a conversation."""
    opening, named = f"{OPENING} {path} {header}", {header: f"aside {path}"}
    asked = BODIES[path](said(opening))
    assert served.post(path, {"model": "second", **asked}, **named).status_code == 200
    aside = BODIES[path](said("A title, please."))
    assert served.post(path, {"model": "auto", **aside}, **named).status_code == 200
    turns = BODIES[path](said(opening, TEXT, "And when does it come?"))
    row = served.finished_row(served.post(path, {"model": "auto", **turns}, **named))
    assert (row["answerer"], row["reason"]) == ("rung-1", "warm_cache")


def test_a_conversation_that_nobody_began_here_goes_where_it_would(served: Served) -> None:
    turns = BODIES["/v1/messages"](said("Something else.", TEXT, "And when does it come?"))
    row = served.finished_row(served.post("/v1/messages", {"model": "auto", **turns}))
    assert row["answerer"] == "rung-0"


def test_what_a_cache_saves_is_shown(served: Served) -> None:
    path = "/v1/chat/completions"
    asked = BODIES[path](said("A third matter."))
    assert served.post(path, {"model": "second", **asked}).status_code == 200
    turns = BODIES[path](said("A third matter.", TEXT, "And then?"))
    shown = served.post(path, {"model": "auto", **turns, "routing": {"dry_run": True}}).json()
    rungs = {rung["answerer"]: rung for rung in shown["routing"]["expected_loss"]}
    assert rungs["rung-0"]["cache_usd"] == "0.0"
    assert rungs["rung-1"]["cache_usd"] == "0.000018"  # 20 tokens at $1 - $0.10 per million


GRAVE = "I want to sue my landlord over $90,000."


@pytest.mark.parametrize("path", list(BODIES))
@pytest.mark.parametrize(
    ("kept", "headers", "higher"),
    [
        ({"prompt_cache_key": "bot"}, {}, False),
        ({}, {"x-session-id": "named"}, True),
        ({}, {"thread-id": "by Codex"}, True),
        ({}, {"x-claude-code-session-id": "by Claude Code"}, True),
    ],
    ids=["prompt_cache_key", "x-session-id", "thread-id", "Claude Code"],
)
def test_only_a_named_conversation_keeps_what_it_has_shown(
    served: Served, path: str, kept: dict[str, str], headers: dict[str, str], higher: bool
) -> None:
    def impact(text: str) -> int:
        body = {"model": "auto", **kept, **BODIES[path](said(text))}
        headed = {name: f"{value} {path}" for name, value in headers.items()}
        row = served.finished_row(served.post(path, body, **headed))
        return row["record"]["signals"]["impact_nano_usd"]

    before = impact("Please say hello in French.")
    grave = impact(GRAVE)
    assert grave > before
    assert impact("Please say hello in French.") == (grave if higher else before)
