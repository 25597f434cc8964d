"""A failure that comes with its usage says what the call costs; one without it says nothing."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from router.errors import StreamCut, UpstreamError, UpstreamInvalid
from router.types import Usage
from router.wire.openai.answers import parse_completion
from router.wire.openai.upstream_events import ChunkFolder
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

Reader = Callable[[bytes], object]
FAILURES: list[tuple[Reader, dict[str, object], dict[str, object], type[UpstreamError]]] = [
    (parse_completion, REFUSED, COUNTS, UpstreamError),
    (parse_completion, BROKEN, COUNTS, StreamCut),
    (parse_completion, EMPTY, COUNTS, UpstreamInvalid),
    (lambda body: ChunkFolder().fold(body), REFUSED, COUNTS, UpstreamError),
    (lambda body: ChunkFolder().fold(body), PIECE, COUNTS, StreamCut),
    (lambda body: parse_response(body, ""), FAILED, ITS_COUNTS, UpstreamError),
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
