"""Asks a server of OpenAI's `/v1/embeddings` for vectors: one POST, bounded in time and bytes.

It repeats none of the upstream's words, and keeps no text.
"""

from __future__ import annotations

import asyncio
import math
from array import array as packed
from base64 import b64decode
from collections.abc import Sequence
from sys import byteorder

import orjson
from msgspec.structs import replace

from router.errors import DeadlineExceeded, Overloaded, UpstreamInvalid
from router.policy.sections.answering.embedders import EmbedderSection
from router.types import OutsideVectors, utf8_size
from router.wire.openai.answers import short_text
from router.wire.openai.usage import parse_provider_cost, parse_usage
from tiers.resilience.base import MAY_ADD
from tiers.resilience.refusals import error_for_status
from tiers.upstream.client import HttpClient, first_lines, read_body, target_of
from tiers.upstream.client_errors import FOREIGN, to_ours
from tiers.upstream.wires import bearer

MAX_ANSWER_BYTES = 64_000_000
"""2,048 vectors of 3,072 numbers in base64 have 34 MB."""

_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "tiergate",
}


class UpstreamEmbedder:
    """Asks one model. Raises UpstreamError and its kin, DeadlineExceeded, Overloaded."""

    def __init__(self, section: EmbedderSection, api_key: str | None) -> None:
        """Takes what the policy says of it. Raises AnswererNotReady for a key of odd characters."""
        self._section = section
        self._headers = {**_HEADERS, **bearer(section.name, api_key)}
        self._client: HttpClient | None = None
        self._running = 0

    @property
    def is_idle(self) -> bool:
        """Returns True when no call is under way."""
        return not self._running

    async def close(self) -> None:
        """Closes all connections, those of calls under way too."""
        if self._client is not None:
            await self._client.close()

    async def embed(
        self, texts: Sequence[str] | Sequence[Sequence[int]], dimensions: int | None
    ) -> OutsideVectors:
        """Returns the vectors of texts, or of texts as ids of the model's own tokens."""
        if self._running >= self._section.concurrency:
            raise Overloaded(
                f"{self._section.name} has {self._running} calls under way, which is the most. "
                "Try again soon, or raise `concurrency` of the embedder.",
                retry_after_s=1.0,
            )
        self._running += 1
        try:
            async with asyncio.timeout(self._section.deadline_s):
                read = _read(await self._asked(texts, dimensions), len(texts))
                # As in an answer: a server that counts wrongly would lock a tenant out.
                sizes = [utf8_size(text) if isinstance(text, str) else len(text) for text in texts]
                counted = read.tokens <= sum(sizes) + MAY_ADD
                return read if counted else replace(read, tokens=0, reported=False)
        except TimeoutError as error:
            name = self._section.name
            raise DeadlineExceeded(
                f"{name} gave no vectors within {self._section.deadline_s:g} s."
            ) from error
        except FOREIGN as error:
            raise to_ours(error) from error
        finally:
            self._running -= 1

    async def _asked(
        self, texts: Sequence[str] | Sequence[Sequence[int]], dimensions: int | None
    ) -> bytes:
        fields: dict[str, object] = {
            "model": self._section.model,
            "input": list(texts),
            "encoding_format": "base64",
        }
        if dimensions is not None:
            fields["dimensions"] = dimensions
        body = orjson.dumps(fields)
        target = target_of(self._section.base_url.rstrip("/") + "/embeddings")
        head = first_lines("POST", target, {**self._headers, "Content-Length": str(len(body))})
        if self._client is None:
            self._client = HttpClient()
        response = await self._client.ask(target, head + b"\r\n", body)
        try:
            if response.status != 200:
                raise error_for_status(response.status)
            return await read_body(response, MAX_ANSWER_BYTES)
        except BaseException:
            response.close()
            raise


def _read(body: bytes, count: int) -> OutsideVectors:
    try:
        answer = orjson.loads(body)
        rows = sorted(answer["data"], key=lambda row: row["index"])
        vectors = tuple([_vector(row["embedding"]) for row in rows])
        usage, model = parse_usage(answer.get("usage")), answer.get("model")
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UpstreamInvalid("The upstream's answer holds no vectors in OpenAI's form.") from error
    if len(vectors) != count or len({len(vector) for vector in vectors}) != 1:
        raise UpstreamInvalid(f"The upstream gave {len(vectors)} vectors for {count} texts.")
    # No text has less than a token: a server that counts requests would pass for a cheap one.
    counted = usage.reported and usage.input_tokens >= count
    return OutsideVectors(
        vectors,
        usage.input_tokens if counted else 0,
        counted,
        short_text(model),
        short_text(answer.get("id")),
        parse_provider_cost(answer.get("usage")),
    )


def _vector(value: object) -> bytes:
    """Returns a vector as bytes, from base64 or numbers. Raises ValueError for anything else."""
    if isinstance(value, str):
        numbers = packed("f", b64decode(value, validate=True))
        if byteorder == "big":
            numbers.byteswap()
    elif isinstance(value, list):
        numbers = packed("f", [float(number) for number in value])
    else:
        raise ValueError("no vector")
    # One number that is not finite makes the sum so, too: JSON has no word for it.
    if not numbers or not math.isfinite(sum(numbers)):
        raise ValueError("no finite numbers")
    if byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
