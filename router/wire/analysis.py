"""The bodies of `POST /api/v1/{domain}/{task}/analyze` and `/batch`: texts in, results out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from msgspec import Struct

from router.wire.checks import array, json_object, missing, text, unsupported, wrong_value

MAX_TEXTS = 256
"""Texts of one batch: about a quarter of a second of two cores; files go to `tiergate classify`."""
MAX_TAGS = 16
MAX_TAG_CHARACTERS = 64


class AnalysisRequest(Struct, frozen=True):
    """What a client asks: the texts, and tags for the ledger rows."""

    texts: tuple[str, ...]
    tags: tuple[str, ...] = ()


def parse_analysis(body: bytes, *, batch: bool) -> AnalysisRequest:
    """The request of a body: `text` for one, `texts` for a batch, `tags` beside either.

    Raises RequestError that names the key.
    """
    value = json_object(body)
    wanted = "texts" if batch else "text"
    for key in value:
        if key in ("text", "texts") and key != wanted:
            where = "analyze takes `text`" if batch else "batch takes `texts`"
            raise unsupported(key, f"the endpoint {where}")
        if key not in (wanted, "tags"):
            raise unsupported(key, f"the body has {wanted} and tags")
    if wanted not in value:
        raise missing(wanted, "an array of strings" if batch else "a string")
    if batch:
        found = array(value["texts"], "texts")
        if not 1 <= len(found) <= MAX_TEXTS:
            raise wrong_value("texts", found, f"1 to {MAX_TEXTS} texts")
        texts = tuple(_text(one, f"texts[{i}]") for i, one in enumerate(found))
    else:
        texts = (_text(value["text"], "text"),)
    return AnalysisRequest(texts, _tags(value.get("tags", [])))


def _text(value: object, param: str) -> str:
    found = text(value, param)
    if not found.strip():
        raise wrong_value(param, found, "a text that is not empty")
    return found


def _tags(value: object) -> tuple[str, ...]:
    found = array(value, "tags")
    if len(found) > MAX_TAGS:
        raise wrong_value("tags", found, f"at most {MAX_TAGS} tags")
    tags = tuple(text(one, f"tags[{i}]") for i, one in enumerate(found))
    for i, tag in enumerate(tags):
        if not 1 <= len(tag) <= MAX_TAG_CHARACTERS:
            raise wrong_value(f"tags[{i}]", tag, f"1 to {MAX_TAG_CHARACTERS} characters")
    return tags


def render_analysis(
    results: Sequence[Mapping[str, object]], common: Mapping[str, object], *, batch: bool
) -> bytes:
    """One result, or a list of them in the order of the texts; `common` stands in the envelope."""
    if not batch:
        return orjson.dumps({"object": "analysis", **common, **results[0]})
    rows = [{"index": i, **result} for i, result in enumerate(results)]
    return orjson.dumps({"object": "list", **common, "data": rows})
