"""A schema that is none is refused before any rung is asked, with its place in the body."""

from __future__ import annotations

import pytest

from router.errors import RequestError
from router.request.intake import check_asked_schema
from router.types import JsonText, ResponseFormat
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
def test_the_error_names_the_place_in_the_client_s_body(endpoint: str, place: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_asked_schema(ask("hi", response_format=BROKEN, endpoint=endpoint))
    error = caught.value
    assert (error.status, error.code) == (400, "invalid_value")
    assert error.param == f"{place}.items.anyOf[0].type"
    assert error.message.startswith(f"{error.param}: found 'objekt'; expected one of array, ")


def test_a_place_that_the_client_made_long_is_cut() -> None:
    schema = '{"type":"objekt"}'
    for _ in range(30):
        schema = '{"properties":{"' + 100 * "a" + '":' + schema + "}}"
    with pytest.raises(RequestError) as caught:
        check_asked_schema(
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
