"""Reads and renders the bodies of `POST /v1/moderations`: texts in, categories out.

The format is OpenAI's. This module knows nothing about heads. Unknown keys are named and left out,
since no upstream receives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from router.errors import NotCapable
from router.types import MODERATION_MODEL, Capability
from router.wire.analysis import MAX_TEXTS
from router.wire.checks import (
    json_object,
    mapping,
    missing,
    one_of,
    text,
    unread,
    wrong_type,
    wrong_value,
)
from router.wire.hints import read_hints
from router.wire.openai.render import to_json

KEYS = frozenset({"input", "model", "routing"})
INPUT = "a string, an array of strings, or an array of parts with text"


class ModerationRequest(Struct, frozen=True):
    """Holds a client's request."""

    texts: tuple[str, ...]
    model: str = MODERATION_MODEL
    tags: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()  # keys of the body that nothing reads: one may be misspelt


def parse_moderation_request(body: bytes, headers: dict[str, str]) -> ModerationRequest:
    """Returns the request of a body. Parts together are one text, as at OpenAI.

    Raises RequestError that names the key, NotCapable for an image.
    """
    value = json_object(body)
    if value.get("input") is None:
        raise missing("input", INPUT)
    model = value.get("model")
    return ModerationRequest(
        texts=_texts(value["input"]),
        model=MODERATION_MODEL if model is None else text(model, "model"),
        tags=read_hints(value.get("routing"), headers).tags,
        dropped=unread(value, KEYS),
    )


def _texts(value: object) -> tuple[str, ...]:
    if type(value) is str:
        return (value,)
    if type(value) is not list:
        raise wrong_type("input", value, INPUT)
    if not 1 <= len(value) <= MAX_TEXTS:
        raise wrong_value("input", value, f"1 to {MAX_TEXTS} entries")
    if any(type(entry) is dict for entry in value):
        return ("\n".join([_part(entry, f"input[{i}]") for i, entry in enumerate(value)]),)
    return tuple([text(entry, f"input[{i}]") for i, entry in enumerate(value)])


def _part(value: object, param: str) -> str:
    part = mapping(value, param)
    if part.get("type") is None:
        raise missing(f"{param}.type", "text")
    if one_of(part["type"], f"{param}.type", ("text", "image_url")) == "image_url":
        raise NotCapable(
            f"{param}: found an image; {MODERATION_MODEL} reads text and lacks the capability "
            f"{Capability.IMAGES.value!r}. Send only text parts.",
            param=f"{param}.type",
        )
    if part.get("text") is None:
        raise missing(f"{param}.text", "a string")
    return text(part["text"], f"{param}.text")


def render_moderations(results: Sequence[Mapping[str, object]], *, id: str, model: str) -> bytes:
    """Returns the results in the order of the texts."""
    return to_json({"id": id, "model": model, "results": list(results)})
