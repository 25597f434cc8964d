"""Parses a chat body, or expects its refusal, for the tests of the wire."""

from __future__ import annotations

import orjson
import pytest

from router.errors import RequestError
from router.types import ChatRequest
from router.wire.openai.request import parse_chat_request

HELLO = [{"role": "user", "content": "hello"}]


def parse(headers: dict[str, str] | None = None, /, **fields: object) -> ChatRequest:
    body = {"model": "auto", "messages": HELLO, **fields}
    return parse_chat_request(orjson.dumps(body), headers or {})


def refused(headers: dict[str, str] | None = None, /, **fields: object) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parse(headers, **fields)
    assert caught.value.status == 400
    return caught.value
