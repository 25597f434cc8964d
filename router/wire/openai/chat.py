"""Translates `POST /v1/chat/completions`, the format into which all others are translated."""

from __future__ import annotations

from collections.abc import Mapping

from router.errors import TiergateError
from router.types import Answer, JsonText, Usage
from router.wire.openai.render import StreamRenderer, render_completion, render_error
from router.wire.openai.request import parse_chat_request
from router.wire.protocols import SKIPPED_COMMENT, OneRequest


class ChatExchange(OneRequest, frozen=True):
    """Implements wire.protocols.Exchange for one chat completion."""

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
    """Renders errors and ids for all of OpenAI's endpoints."""

    sign_of_life = SKIPPED_COMMENT

    def error(self, error: TiergateError, request_id: str) -> bytes:
        return render_error(error)

    def status(self, error: TiergateError) -> int:
        return error.status

    def id_headers(self, request_id: str) -> list[tuple[bytes, bytes]]:
        return []  # every response already has x-request-id


class ChatFormat(OpenAIErrors):
    """Implements wire.protocols.WireFormat for chat completions."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> ChatExchange:
        return ChatExchange(parse_chat_request(body, headers))
