"""A schema that is none is refused before any rung is asked, with its place in the body."""

from __future__ import annotations

import asyncio
import json

import pytest

from router.errors import RequestError
from router.policy.parsing.json_schema import is_read
from router.request.intake import check_asked_schema
from router.types import ChatRequest, JsonText, ResponseFormat
from tests.kits.fakes import Houses, ask
from tests.kits.gateway_kit import drain, low

BROKEN = ResponseFormat("json_schema", schema=JsonText('{"items":{"anyOf":[{"type":"objekt"}]}}'))


@pytest.mark.parametrize(
    ("endpoint", "place"),
    [
        ("chat.completions", "response_format.json_schema.schema"),
        ("responses", "text.format.schema"),
        ("messages", "output_config.format.schema"),
    ],
)
async def test_the_error_names_the_place_in_the_client_s_body(endpoint: str, place: str) -> None:
    with pytest.raises(RequestError) as caught:
        await check_asked_schema(ask("hi", response_format=BROKEN, endpoint=endpoint))
    error = caught.value
    assert (error.status, error.code) == (400, "invalid_value")
    assert error.param == f"{place}.items.anyOf[0].type"
    assert error.message.startswith(f"{error.param}: found 'objekt'; expected one of array, ")


async def test_a_place_that_the_client_made_long_is_cut() -> None:
    schema = '{"type":"objekt"}'
    for _ in range(30):
        schema = '{"properties":{"' + 100 * "a" + '":' + schema + "}}"
    with pytest.raises(RequestError) as caught:
        await check_asked_schema(
            ask("hi", response_format=ResponseFormat("json_schema", schema=JsonText(schema)))
        )
    assert caught.value.param is not None
    assert caught.value.param.startswith("response_format.json_schema.schema....")
    assert len(caught.value.param) < 1_000


@pytest.mark.parametrize("stream", [False, True])
async def test_a_broken_schema_asks_no_rung(houses: Houses, *, stream: bool) -> None:
    tier = low()
    house = houses([tier])
    with pytest.raises(RequestError, match="objekt"):
        await drain(house, ask("hi", response_format=BROKEN, stream=stream))
    assert tier.calls == 0


async def test_a_schema_is_read_once_and_leaves_the_loop_free() -> None:
    """One of rare keywords takes milliseconds; the same text takes none again."""
    properties = {f"k{i}": {"type": "string", "pattern": "^a"} for i in range(100)}
    schema = JsonText(json.dumps({"properties": properties}))
    request = ask("hi", response_format=ResponseFormat("json_schema", schema=schema))
    assert not is_read(schema)
    turns = 0
    check = asyncio.create_task(check_asked_schema(request))
    while not check.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 2
    assert is_read(schema)
    check = asyncio.create_task(check_asked_schema(request))
    await asyncio.sleep(0)
    assert check.done()


def asking(schema: dict[str, object]) -> ChatRequest:
    text = JsonText(json.dumps(schema))
    return ask("hi", response_format=ResponseFormat("json_schema", schema=text))


LOST: dict[str, object] = {"$ref": "#/no"}
DRAFT_7, DRAFT_2020 = (
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2020-12/schema",
)
WITH_ID: dict[str, object] = {
    "$id": "https://example.com/a",
    "properties": {"q": {"$ref": "#/$defs/z"}},
    "$defs": {"z": True},
}
STEPS: dict[str, object] = {"Step": {"properties": {"next": {"$ref": "#/$defs/Step"}}}}


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"$ref": "#/$defs/Step"}, "$ref"),
        ({"properties": {"a": {"$ref": "#/$defs/Sterp"}}, "$defs": STEPS}, "properties.a.$ref"),
        ({"items": {"anyOf": [{"$ref": "#/definitions/A"}]}}, "items.anyOf[0].$ref"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}}}, "$defs.A.$ref"),
        ({"allOf": [{"$ref": "#/allOf/1"}]}, "allOf[0].$ref"),
        ({"properties": {"default": {"$ref": "#/$defs/A"}}}, "properties.default.$ref"),
        ({"anyOf": [{"$ref": "#/anyOf/" + 5_000 * "9"}]}, "anyOf[0].$ref"),
        ({"$defs": {"A": True}, "$ref": "#/$defs/A", "not": {"$ref": "#/no"}}, "not.$ref"),
        ({"$schema": DRAFT_2020, "$ref": "#/$defs/A"}, "$ref"),
        (
            {"$schema": DRAFT_2020, "$defs": {"A": True}, "$ref": "#/$defs/A", "not": LOST},
            "not.$ref",
        ),
        ({"$schema": DRAFT_7, "properties": {"a": LOST}}, "properties.a.$ref"),
    ],
)
async def test_a_reference_to_no_part_is_refused(schema: dict[str, object], place: str) -> None:
    """Such a schema counted as met by any answer."""
    with pytest.raises(RequestError) as caught:
        await check_asked_schema(asking(schema))
    error = caught.value
    assert (error.status, error.code) == (400, "invalid_value")
    assert error.param == f"response_format.json_schema.schema.{place}"
    assert "expected a reference to a part of this schema" in error.message


async def test_the_refusal_names_parts_that_the_schema_has() -> None:
    with pytest.raises(RequestError, match=r"such as #/\$defs/Step\."):
        await check_asked_schema(asking({"items": {"$ref": "#/$defs/Sterp"}, "$defs": STEPS}))


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/Step", "$defs": STEPS},  # one that refers to itself
        {"properties": {"a": {"$ref": "#"}}},
        {"$ref": "#/$defs/a~1b%20c", "$defs": {"a/b c": True}},
        {"allOf": [{"$ref": "#/allOf/1"}, True]},
        {"const": {"$ref": "#/no"}, "enum": [{"$ref": "#/no"}], "default": {"$ref": "#/no"}},
        {"properties": {"$ref": {"type": "string"}}},
        {"$defs": {"unused": {"$ref": "#/$defs/no"}}},
        {"x-own": {"$ref": "#/components/no"}},
        {"items": {"$id": "https://example.com/a", "$ref": "#/$defs/A", "$defs": {"A": True}}},
        {"$ref": "https://example.com/other.json"},
        {"$ref": "#item", "$defs": {"a": {"$anchor": "item"}}},
        {"$ref": "#/$defs/A/properties/q", "$defs": {"A": WITH_ID}},
        {"$ref": "#/$defs/A/properties/r", "$defs": {"A": WITH_ID}},
        {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": WITH_ID}},
        {"$schema": DRAFT_7, "definitions": {"A": True}, "$ref": "#/definitions/A", "not": LOST},
        {"$schema": DRAFT_7, "items": {"$ref": "https://example.com/a", "not": LOST}},
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "items": {"$ref": "#", "properties": {"x": LOST}},
        },
    ],
)
async def test_a_reference_that_leads_somewhere_is_taken(schema: dict[str, object]) -> None:
    await check_asked_schema(asking(schema))
