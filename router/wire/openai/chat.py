"""`POST /v1/chat/completions` as a wire format: the one that all others are translated to."""

from __future__ import annotations

from collections.abc import Mapping

from router.errors import TiergateError
from router.types import Answer, JsonText, Usage
from router.wire.exchange import OneRequest
from router.wire.openai.parse import parse_chat_request
from router.wire.openai.render import StreamRenderer, render_completion, render_error


class ChatExchange(OneRequest, frozen=True):
    """wire.exchange.Exchange for one chat completion."""

    def whole(
        self, answer: Answer, *, id: str, created: int, routing: JsonText | None = None
    ) -> bytes:
        return render_completion(answer, id=f"chatcmpl-{id}", created=created, routing=routing)

    def stream(self, *, id: str, created: int, model: str, usage: Usage) -> StreamRenderer:
        return StreamRenderer(
            id=f"chatcmpl-{id}",
            created=created,
            model=model,
            include_usage=self.request.include_usage,
        )


class OpenAIErrors:
    """How all of OpenAI's endpoints say errors and ids."""

    def error(self, error: TiergateError, request_id: str) -> bytes:
        return render_error(error)

    def id_headers(self, request_id: str) -> list[tuple[bytes, bytes]]:
        return []  # x-request-id, which every response has


class ChatFormat(OpenAIErrors):
    """wire.exchange.WireFormat for chat completions."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> ChatExchange:
        return ChatExchange(parse_chat_request(body, headers))
