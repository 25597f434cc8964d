"""Reads and renders the bodies of `POST /v1/embeddings`: texts in, vectors out.

The format is OpenAI's. This module knows nothing about the model. Unknown keys are named and left
out, since no upstream receives them.
"""

from __future__ import annotations

from array import array as packed
from base64 import b64encode
from collections.abc import Sequence
from sys import byteorder

from msgspec import Struct

from router.types import EMBEDDING_MODEL, Hints
from router.wire.checks import (
    bounded_text,
    integer,
    json_object,
    missing,
    one_of,
    text,
    unread,
    wrong_type,
    wrong_value,
)
from router.wire.hints import read_hints
from router.wire.openai.render import to_json

MAX_INPUTS = 2_048
"""Limits the entries of one request, as OpenAI does."""
MAX_USER = 512
MAX_IDS = 8_192
"""Limits the token ids of one entry, as OpenAI does."""
KEYS = frozenset({"input", "model", "encoding_format", "dimensions", "user", "routing"})
INPUT = "a string, an array of strings, or token ids"


class EmbeddingRequest(Struct, frozen=True):
    """Holds a client's request. `dimensions` None means the model's own width."""

    texts: tuple[str, ...]  # empty when token ids were sent
    model: str
    ids: tuple[tuple[int, ...], ...] = ()  # OpenAI's token ids, one row for each text
    base64: bool = False
    dimensions: int | None = None
    tags: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()  # keys of the body that nothing reads: one may be misspelt


def parse_embedding_request(body: bytes, headers: dict[str, str], width: int) -> EmbeddingRequest:
    """Returns the request of a body, for vectors of at most `width` numbers.

    Raises RequestError that names the key.
    """
    value = json_object(body)
    for key, expected in (("input", INPUT), ("model", f"`{EMBEDDING_MODEL}` or an alias of it")):
        if value.get(key) is None:
            raise missing(key, expected)
    encoding, dimensions = value.get("encoding_format"), value.get("dimensions")
    if value.get("user") is not None:
        bounded_text(value["user"], "user", 0, MAX_USER)
    hints: Hints = read_hints(value.get("routing"), headers)
    given = value["input"]
    ids = _ids(given)
    return EmbeddingRequest(
        texts=() if ids else _texts(given),
        ids=ids,
        model=text(value["model"], "model"),
        base64=encoding is not None
        and one_of(encoding, "encoding_format", ("float", "base64")) == "base64",
        dimensions=None if dimensions is None else integer(dimensions, "dimensions", 1, width),
        tags=hints.tags,
        dropped=unread(value, KEYS),
    )


def _texts(value: object) -> tuple[str, ...]:
    if type(value) is str:
        return (_text(value, "input"),)
    if type(value) is not list:
        raise wrong_type("input", value, INPUT)
    return read_texts(value, "input")


def read_texts(entries: list[object], param: str) -> tuple[str, ...]:
    """Returns the texts of a list, at most MAX_INPUTS. Raises RequestError."""
    if not 1 <= len(entries) <= MAX_INPUTS:
        raise wrong_value(param, entries, f"1 to {MAX_INPUTS} entries")
    return tuple([_text(entry, f"{param}[{i}]") for i, entry in enumerate(entries)])


def _ids(value: object) -> tuple[tuple[int, ...], ...]:
    """Returns the rows of token ids, from one array of ids or an array of such arrays.

    Returns () when the input has no ids.
    """
    # An empty array has no ids; `read_texts` refuses it.
    if type(value) is not list or not value:
        return ()
    if type(value[0]) is int:
        return (_row(value, "input"),)
    if type(value[0]) is not list:
        return ()
    if len(value) > MAX_INPUTS:
        raise wrong_value("input", value, f"1 to {MAX_INPUTS} entries")
    return tuple([_row(row, f"input[{i}]") for i, row in enumerate(value)])


def _row(value: object, param: str) -> tuple[int, ...]:
    if type(value) is not list:
        raise wrong_type(param, value, "an array of token ids, as in the entries before it")
    if not 1 <= len(value) <= MAX_IDS:
        raise wrong_value(param, value, f"1 to {MAX_IDS} token ids")
    return tuple([integer(token_id, f"{param}[{i}]", 0, 2**31) for i, token_id in enumerate(value)])


def _text(value: object, param: str) -> str:
    words = text(value, param)
    if not words:
        raise wrong_value(param, words, "a text that is not empty")
    return words


def render_embeddings(vectors: Sequence[bytes], model: str, tokens: int, *, base64: bool) -> bytes:
    """Returns the vectors in the order of the texts, each as bytes of little-endian float32."""
    embeddings = [
        b64encode(vector).decode("ascii") if base64 else _numbers(vector) for vector in vectors
    ]
    return to_json(
        {
            "object": "list",
            "data": [
                {"object": "embedding", "index": i, "embedding": vector}
                for i, vector in enumerate(embeddings)
            ],
            "model": model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


def _numbers(vector: bytes) -> list[float]:
    """Returns the numbers of a little-endian float32 vector.

    >>> _numbers(bytes([0, 0, 128, 63, 0, 0, 0, 191]))
    [1.0, -0.5]
    """
    numbers = packed("f", vector)
    # `array` uses the machine's byte order, and the bytes are little-endian.
    if byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()
