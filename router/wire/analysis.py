"""Reads and renders the bodies of `POST /api/v1/{domain}/{task}/analyze` and `/batch`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from msgspec import Struct

from router.wire.checks import array, json_object, missing, text, unsupported, wrong_value

MAX_TEXTS = 256
"""Limits the texts of one batch: about a quarter of a second on two cores. Use `tiergate classify`
for files."""
MAX_TAGS = 16
MAX_TAG_CHARACTERS = 64


class AnalysisRequest(Struct, frozen=True):
    """Holds a client's request: the texts, and tags for the ledger rows."""

    texts: tuple[str, ...]
    tags: tuple[str, ...] = ()


def parse_analysis(body: bytes, *, batch: bool) -> AnalysisRequest:
    """Returns the request of a body: `text` for one, `texts` for a batch, `tags` with either.

    Raises RequestError that names the key.
    """
    value = json_object(body)
    wanted = "texts" if batch else "text"
    for key in value:
        if key in ("text", "texts") and key != wanted:
            advice = "analyze takes `text`" if batch else "batch takes `texts`"
            raise unsupported(key, f"the endpoint {advice}")
        if key not in (wanted, "tags"):
            raise unsupported(key, f"the body has {wanted} and tags")
    if wanted not in value:
        raise missing(wanted, "an array of strings" if batch else "a string")
    if batch:
        values = array(value["texts"], "texts")
        if not 1 <= len(values) <= MAX_TEXTS:
            raise wrong_value("texts", values, f"1 to {MAX_TEXTS} texts")
        texts = tuple(_text(value_i, f"texts[{i}]") for i, value_i in enumerate(values))
    else:
        texts = (_text(value["text"], "text"),)
    return AnalysisRequest(texts, tags_of(value.get("tags", [])))


def _text(value: object, param: str) -> str:
    words = text(value, param)
    if not words.strip():
        raise wrong_value(param, words, "a text that is not empty")
    return words


def tags_of(value: object) -> tuple[str, ...]:
    """Returns the tags of a body. Raises RequestError."""
    values = array(value, "tags")
    if len(values) > MAX_TAGS:
        raise wrong_value("tags", values, f"at most {MAX_TAGS} tags")
    tags = tuple(text(tag, f"tags[{i}]") for i, tag in enumerate(values))
    for i, tag in enumerate(tags):
        if not 1 <= len(tag) <= MAX_TAG_CHARACTERS:
            raise wrong_value(f"tags[{i}]", tag, f"1 to {MAX_TAG_CHARACTERS} characters")
    return tags


def render_analysis(
    results: Sequence[Mapping[str, object]], common: Mapping[str, object], *, batch: bool
) -> bytes:
    """Returns one result, or a list in the order of the texts, with `common` in the envelope."""
    if not batch:
        return orjson.dumps({"object": "analysis", **common, **results[0]})
    rows = [{"index": i, **result} for i, result in enumerate(results)]
    return orjson.dumps({"object": "list", **common, "data": rows})
