"""Reads and renders the bodies of endpoints by domain: `/api/v1/{domain}/{task}/analyze|batch`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from router.types import ContentPart, Hints
from router.wire.analysis import tags_of
from router.wire.checks import (
    array,
    json_object,
    json_text,
    mapping,
    missing,
    text,
    unsupported,
    wrong_value,
)
from router.wire.hints import read_hints
from router.wire.messages import check_image_url

ONE_KEYS = ("text", "image", "facts", "fields", "tags", "routing")
BATCH_KEYS = ("texts", "inputs", "fields", "tags", "routing")
INPUT_KEYS = ("text", "facts")


class DomainInput(Struct, frozen=True):
    """Holds one text with the facts that come with it. `param` names it in errors."""

    text: str  # "" for an image
    facts: Mapping[str, object] = field(default_factory=dict)
    param: str = ""
    image: ContentPart | None = None

    def named(self, key: str) -> str:
        """Returns the path of a key of this input in the body."""
        if self.param.startswith("texts["):  # a string, which has no keys
            return self.param
        return f"{self.param}.{key}" if self.param else key


class DomainBody(Struct, frozen=True):
    """Holds a client's request."""

    inputs: tuple[DomainInput, ...]
    fields: tuple[str, ...]  # empty: all
    hints: Hints


def parse_domain_body(
    body: bytes,
    headers: Mapping[str, str],
    *,
    batch: bool,
    known_fields: Sequence[str],
    most: int,
) -> DomainBody:
    """Returns the request of a body. Raises RequestError that names the key."""
    given = json_object(body)
    allowed = BATCH_KEYS if batch else ONE_KEYS
    for key in given:
        if key not in allowed:
            raise unsupported(key[:64], f"the body has {', '.join(allowed)}")
    inputs = _inputs(given, most) if batch else (_input(given, ""),)
    fields = tuple(
        text(name, f"fields[{i}]")
        for i, name in enumerate(array(given.get("fields") or [], "fields"))
    )
    for i, name in enumerate(fields):
        if name not in known_fields:
            raise wrong_value(f"fields[{i}]", name, f"one of {', '.join(known_fields)}")
    hints = read_hints(given.get("routing"), headers)
    if hints.policy is not None:
        raise unsupported("routing.policy", "the path names the policy's endpoint")
    tags = tuple(dict.fromkeys((*hints.tags, *tags_of(given.get("tags") or []))))
    return DomainBody(inputs, fields, _tagged(hints, tags))


def _tagged(hints: Hints, tags: tuple[str, ...]) -> Hints:
    return replace(hints, tags=tags) if tags != hints.tags else hints


def _inputs(given: Mapping[str, object], most: int) -> tuple[DomainInput, ...]:
    if ("texts" in given) == ("inputs" in given):
        raise missing("texts", "either `texts`, an array of strings, or `inputs`, of objects")
    key = "texts" if "texts" in given else "inputs"
    values = array(given[key], key)
    if not 1 <= len(values) <= most:
        raise wrong_value(key, values, f"1 to {most} of them")
    if key == "texts":
        return tuple(_input({"text": value}, "", f"texts[{i}]") for i, value in enumerate(values))
    inputs = []
    for i, value in enumerate(values):
        row = mapping(value, f"inputs[{i}]")
        for name in row:
            if name not in INPUT_KEYS:
                raise unsupported(f"inputs[{i}].{name[:64]}", "an input has text and facts")
        inputs.append(_input(row, f"inputs[{i}]"))
    return tuple(inputs)


def _input(given: Mapping[str, object], param: str, named: str = "") -> DomainInput:
    name = named or (f"{param}.text" if param else "text")
    facts = mapping(given.get("facts") or {}, f"{param}.facts" if param else "facts")
    if given.get("image") is not None and given.get("text") is None:
        url = {"url": check_image_url(given["image"], "image")}
        part = ContentPart("image_url", json_text({"image_url": url}, "image"))
        return DomainInput("", facts, param, part)
    if given.get("image") is not None:
        raise unsupported("image", "the body has either text or image")
    if given.get("text") is None:
        raise missing(name, "a string")
    return DomainInput(text(given["text"], name), facts, param or named)
