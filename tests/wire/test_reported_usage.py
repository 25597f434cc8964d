"""What upstreams report of tokens, in answers and in failures, and the bound where they do not."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from router.errors import StreamCut, UpstreamError, UpstreamInvalid
from router.types import Answer, Choice, ToolCall, Usage
from router.wire.anthropic.answers import parse_message
from router.wire.openai.answers import parse_completion
from router.wire.openai.upstream_events import ChunkFolder
from router.wire.openai.usage import bound_usage, parse_provider_cost, parse_usage
from router.wire.responses.answers import ResponseFolder, parse_response

COUNTS = {
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "total_tokens": 130,
    "prompt_tokens_details": {"cached_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
ITS_COUNTS = {
    "input_tokens": 100,
    "output_tokens": 30,
    "total_tokens": 130,
    "input_tokens_details": {"cached_tokens": 20},
    "output_tokens_details": {"reasoning_tokens": 5},
}
NAMED = {"id": "up-1", "model": "m-1"}
REFUSED: dict[str, object] = {**NAMED, "error": {"message": "no", "code": "server_error"}}
BROKEN: dict[str, object] = {
    **NAMED,
    "choices": [{"message": {"content": "Your"}, "finish_reason": "error"}],
}
PIECE: dict[str, object] = {
    **NAMED,
    "choices": [{"index": 0, "delta": {}, "finish_reason": "error"}],
}
EMPTY: dict[str, object] = {**NAMED, "choices": []}
FAILED: dict[str, object] = {**NAMED, "status": "failed", "error": {"code": "server_error"}}
CANCELLED: dict[str, object] = {**NAMED, "status": "cancelled", "output": []}
WORDLESS: dict[str, object] = {**NAMED, "type": "message", "content": None}
ANTHROPICS: dict[str, object] = {
    "input_tokens": 80,
    "cache_read_input_tokens": 20,
    "output_tokens": 30,
    "output_tokens_details": {"thinking_tokens": 5},
}

Reader = Callable[[bytes], object]
FAILURES: list[tuple[Reader, dict[str, object], dict[str, object], type[UpstreamError]]] = [
    (parse_completion, REFUSED, COUNTS, UpstreamError),
    (parse_completion, BROKEN, COUNTS, StreamCut),
    (parse_completion, EMPTY, COUNTS, UpstreamInvalid),
    (lambda body: ChunkFolder().fold(body), REFUSED, COUNTS, UpstreamError),
    (lambda body: ChunkFolder().fold(body), PIECE, COUNTS, StreamCut),
    (lambda body: parse_response(body, ""), FAILED, ITS_COUNTS, UpstreamError),
    (lambda body: parse_response(body, ""), CANCELLED, ITS_COUNTS, UpstreamInvalid),
    (lambda body: parse_message(body, ""), WORDLESS, ANTHROPICS, UpstreamInvalid),
]


@pytest.mark.parametrize(("read", "body", "counts", "kind"), FAILURES)
def test_a_failure_keeps_the_usage_that_came_with_it(
    read: Reader, body: dict[str, object], counts: dict[str, object], kind: type[UpstreamError]
) -> None:
    with pytest.raises(kind) as raised:
        read(orjson.dumps({**body, "usage": counts}))
    charged = raised.value.charged
    assert charged is not None
    assert (charged.model, charged.upstream_id) == ("m-1", "up-1")
    assert charged.usage == Usage(100, 20, 0, 30, 5, True)
    with pytest.raises(kind) as raised:
        read(orjson.dumps(body))
    assert raised.value.charged is None


def test_a_stream_that_ends_in_a_failed_response_keeps_its_usage() -> None:
    event = {"type": "response.failed", "response": {**FAILED, "usage": ITS_COUNTS}}
    with pytest.raises(UpstreamError) as raised:
        ResponseFolder("").fold(orjson.dumps(event))
    assert raised.value.charged is not None
    assert raised.value.charged.usage == Usage(100, 20, 0, 30, 5, True)


def told_by(*chunks: tuple[str, object]) -> Usage:
    """Returns the usage of a stream of these pieces of text, each with what its chunk reports."""
    folder = ChunkFolder()
    for text, usage in chunks:
        delta = {"index": 0, "delta": {"content": text} if text else {}}
        folder.fold(orjson.dumps({**NAMED, "choices": [delta], "usage": usage}))
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    folder.fold(orjson.dumps({**NAMED, "choices": [end]}))
    return folder.finish().usage


FIRST, LAST = (
    {"prompt_tokens": 9, "completion_tokens": 1},
    {"prompt_tokens": 9, "completion_tokens": 4},
)


@pytest.mark.parametrize(
    ("chunks", "read"),
    [
        ([("It is", FIRST), (" open.", LAST)], Usage(9, output_tokens=4, reported=True)),
        ([("It is", None), (" open.", None), ("", LAST)], Usage(9, output_tokens=4, reported=True)),
        ([("It is", FIRST), (" open.", None)], Usage(9, output_tokens=1)),
        ([("It is", FIRST), (" open.", {"prompt_tokens": 0})], Usage(9, output_tokens=1)),
        ([("", LAST), ("It is", None)], Usage(9, output_tokens=4, reported=True)),
        ([("", FIRST), ("It is", None), (" open.", None)], Usage(9, output_tokens=1)),
        ([("", FIRST), ("今日は午前九時から開いています。", None)], Usage(9, output_tokens=1)),
        ([("It is", FIRST), ("", {"prompt_tokens": 0})], Usage(9, output_tokens=1, reported=True)),
    ],
)
def test_usage_before_the_last_words_is_no_report_of_the_whole(
    chunks: list[tuple[str, object]], read: Usage
) -> None:
    assert told_by(*chunks) == read


def test_usage_amid_a_refusal_is_no_report_of_the_whole() -> None:
    folder = ChunkFolder()
    for refusal, usage in (("I", FIRST), (" cannot help with that.", None)):
        choice = {"index": 0, "delta": {"refusal": refusal}, "finish_reason": "stop"}
        folder.fold(orjson.dumps({**NAMED, "choices": [choice], "usage": usage}))
    assert folder.finish().usage == Usage(9, output_tokens=1)


USAGES = [
    # reported by the upstream, what we make of it
    (None, Usage()),
    ([], Usage()),
    ({}, Usage()),
    ({"prompt_tokens": 5, "completion_tokens": 2}, Usage(5, 0, 0, 2, 0, True)),
    ({"prompt_tokens": 5.0, "completion_tokens": 2}, Usage(5, 0, 0, 2, 0, True)),
    ({"prompt_tokens": -5, "completion_tokens": 2}, Usage()),
    ({"prompt_tokens": 5, "completion_tokens": -2}, Usage()),
    ({"prompt_tokens": 10**9, "completion_tokens": 2}, Usage()),
    ({"prompt_tokens": True, "completion_tokens": 2}, Usage()),
    ({"prompt_tokens": "5"}, Usage()),
    ({"prompt_tokens": 100_000_000}, Usage(100_000_000, reported=True)),
    ({"prompt_tokens": 100_000_001}, Usage()),
    ({"prompt_tokens": 5, "prompt_tokens_details": {"audio_tokens": 6}}, Usage()),
    # Proxies before Claude: what its cache held is no part of the prompt.
    (
        {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "prompt_tokens_details": {"cached_tokens": 6, "cache_write_tokens": 3},
        },
        Usage(14, 6, 3, 2, reported=True),
    ),
    # This total has the cache in the prompt, so that one of the counts is wrong.
    (
        {
            "prompt_tokens": 9_000,
            "completion_tokens": 2,
            "total_tokens": 9_002,
            "prompt_tokens_details": {"cached_tokens": 9_001},
        },
        Usage(),
    ),
    (
        {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 6},
        },
        Usage(11, 6, 0, 2, reported=True),
    ),
    ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 100_000_000}}, Usage()),
    (
        {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 5}},
        Usage(5, 5, reported=True),
    ),
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 25,
            "total_tokens": 35,
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
        Usage(10, 0, 0, 25, 20, True),
    ),
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 35,
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
        Usage(10, 0, 0, 25, 20, True),
    ),
    # Google's server of OpenAI's format counts thoughts in the total alone.
    (
        {"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 623},
        Usage(20, 0, 0, 603, 405, True),
    ),
    # DeepSeek's and Moonshot's names of what a cache held.
    (
        {"prompt_tokens": 9, "prompt_cache_hit_tokens": 6, "prompt_cache_miss_tokens": 3},
        Usage(9, 6, reported=True),
    ),
    (
        {
            "prompt_tokens": 9,
            "cached_tokens": 6,
            "prompt_tokens_details": {"cached_tokens": 6},
        },
        Usage(9, 6, reported=True),
    ),
    # A total that leaves tokens out takes none away.
    (
        {"prompt_tokens": 10, "completion_tokens": 25, "total_tokens": 12},
        Usage(10, 0, 0, 25, 0, True),
    ),
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
        Usage(10, 0, 0, 25, 20, True),
    ),
    ({"prompt_tokens": 10, "total_tokens": 15}, Usage(10, 0, 0, 5, 0, True)),
    (
        {"prompt_tokens": 10, "completion_tokens": None, "total_tokens": 15},
        Usage(10, 0, 0, 5, 0, True),
    ),
]


@pytest.mark.parametrize(("reported", "read"), USAGES)
def test_usage_is_believed_only_when_it_can_be_true(reported: object, read: Usage) -> None:
    assert parse_usage(reported) == read


def test_provider_cost_is_kept_beside_ours() -> None:
    body = b'{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":1,"cost":0.0000015}}'
    assert parse_completion(body).provider_cost_nano_usd == 1_500


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        (1_000, 10**12),
        (500_000, 5 * 10**14),
        (1e300, 10**18),
        (10**400, 10**18),
        (-1, None),
        ("1", None),
        (float("nan"), None),
    ],
)
def test_a_cost_is_what_the_provider_states(stated: object, kept: int | None) -> None:
    assert parse_provider_cost({"prompt_tokens": 1, "cost": stated}) == kept


@pytest.mark.parametrize(("cap", "output"), [(1_000, 40), (40, 40), (39, 39)])
def test_unreported_usage_is_bounded_by_bytes_within_the_cap(cap: int, output: int) -> None:
    choice = Choice("x" * 30, "stop", (ToolCall("c", "f", "x" * 9),))
    answer = Answer((choice,), "m", Usage())
    assert bound_usage(7, cap, answer) == Usage(7, output_tokens=output)
