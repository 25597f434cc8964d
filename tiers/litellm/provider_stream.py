"""Keeps what a provider's stream says itself, where litellm writes words of its own over it.

In a stream litellm names the model that was asked for, and counts tokens by itself where the
provider reports none.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from typing import Any

from msgspec.structs import replace

from router.types import Answer, Usage


class ProviderStream:
    """Passes the chunks of a provider on. Other attributes are the stream's own.

    `model` is the one that chunks name, "" while none does: those of some providers (Anthropic,
    Bedrock) name none in litellm. `reported` says if a chunk had token counts.
    """

    def __init__(self, stream: AsyncIterable[Any]) -> None:
        self._stream = stream
        self._chunks: AsyncIterator[Any] | None = None
        self.model = ""
        self.reported = False

    def __aiter__(self) -> ProviderStream:
        self._chunks = aiter(self._stream)  # some prepare themselves there
        return self

    async def __anext__(self) -> Any:
        chunk = await anext(self._chunks or aiter(self._stream))
        named = _said(chunk, "model")
        if isinstance(named, str) and named:
            self.model = named
        self.reported = self.reported or bool(_said(chunk, "usage"))
        return chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def corrected(self, answer: Answer) -> Answer:
        """Returns litellm's answer with the provider's model, and without counts of litellm."""
        usage = answer.usage if self.reported else Usage()
        return replace(answer, model=self.model or answer.model, usage=usage)


def watched(chunks: Any) -> ProviderStream | None:
    """Puts a ProviderStream inside litellm's; None where litellm has nothing to watch yet."""
    inner: Any = getattr(chunks, "completion_stream", None)
    if not hasattr(inner, "__aiter__"):
        return None
    chunks.completion_stream = stream = ProviderStream(inner)
    return stream


def _said(chunk: Any, key: str) -> Any:
    """Returns a value of a chunk, which is an object or a mapping by provider."""
    return chunk.get(key) if isinstance(chunk, Mapping) else getattr(chunk, key, None)
