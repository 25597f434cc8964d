"""Bodies with more unread keys than any client sends, which would hold the server up."""

from __future__ import annotations

import orjson
import pytest

from router.errors import RequestError
from router.wire.openai.request import parse_chat_request


def test_a_thousand_unknown_keys_are_the_most_that_are_kept() -> None:
    messages = [{"role": "user", "content": "hi"}]
    keys = {f"k{i}": 1 for i in range(1_000)}
    body = {"model": "auto", "messages": messages} | keys
    assert len(parse_chat_request(orjson.dumps(body), {}).extra) == 1_000
    with pytest.raises(RequestError, match="more than 1000 keys") as caught:
        parse_chat_request(orjson.dumps(body | {"more": 1}), {})
    assert caught.value.code == "invalid_value"


@pytest.mark.parametrize("messages", [1, 3])
def test_a_thousand_unread_names_inside_messages_are_the_most_that_are_kept(messages: int) -> None:
    many = [
        {"role": "user", "content": "hi"} | {f"k{n}_{i}": 1 for i in range(5_000)}
        for n in range(messages)
    ]
    request = parse_chat_request(orjson.dumps({"model": "auto", "messages": many}), {})
    assert len(request.dropped) == 1_000
    assert "messages[].k0_999" in request.dropped
