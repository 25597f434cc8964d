"""Images at addresses inside a network are refused, whatever wire names them."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from router.errors import RequestError
from router.types import ChatRequest, Message
from router.wire.anthropic.request import MessagesFormat
from router.wire.openai.request import parse_chat_request
from router.wire.responses.request import ResponsesFormat
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import UNSURE, low, mid

INNER = "http://10.0.0.8:8000/secret"


def by_chat(address: str) -> ChatRequest:
    part = {"type": "image_url", "image_url": {"url": address}}
    return parse_chat_request(orjson.dumps(_body(messages=[_turn(part)])), {})


def by_messages(address: str) -> ChatRequest:
    part = {"type": "image", "source": {"type": "url", "url": address}}
    return (
        MessagesFormat()
        .read(orjson.dumps(_body(max_tokens=9, messages=[_turn(part)])), {})
        .requests[0]
    )


def by_responses(address: str) -> ChatRequest:
    part = {"type": "input_image", "image_url": address}
    return ResponsesFormat().read(orjson.dumps(_body(input=[_turn(part)])), {}).requests[0]


def by_file(address: str) -> ChatRequest:
    part = {"type": "file", "file": {"file_data": address, "filename": "x.pdf"}}
    return parse_chat_request(orjson.dumps(_body(messages=[_turn(part)])), {})


def _turn(part: object) -> dict[str, object]:
    return {"role": "user", "content": [part]}


def _body(**fields: object) -> dict[str, object]:
    return {"model": "auto", **fields}


WIRES = [by_chat, by_messages, by_responses, by_file]


@pytest.mark.parametrize("wire", WIRES)
async def test_inner_address_is_refused(houses: Houses, wire: Callable[[str], ChatRequest]) -> None:
    tier = mid()
    house = houses([low(), tier], signals=UNSURE)
    with pytest.raises(RequestError, match=r"'10\.0\.0\.8'") as refused:
        await house.gateway.complete(wire(INNER), ALICE)
    assert (refused.value.status, refused.value.code) == (400, "inner_address")
    assert tier.calls == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_public_address_goes_on(houses: Houses, wire: Callable[[str], ChatRequest]) -> None:
    house = houses([low(), mid()], signals=UNSURE)
    outcome = await house.gateway.complete(wire("https://example.com/x.png"), ALICE)
    assert outcome.rung.answerer == "mid"


async def test_policy_may_allow_inner_addresses(houses: Houses) -> None:
    house = houses([low(), mid()], signals=UNSURE, privacy={"inner_addresses": "allow"})
    outcome = await house.gateway.complete(by_chat(INNER), ALICE)
    assert outcome.rung.answerer == "mid"


async def test_observed_model_gets_no_inner_address_either(houses: Houses) -> None:
    house = houses([low(), mid()], mode="observe")
    asked = replace(by_chat(INNER), requested_model="mid-model")
    with pytest.raises(RequestError, match="inside a network"):
        await house.gateway.complete(asked, ALICE)


async def test_address_in_words_is_no_matter(houses: Houses) -> None:
    house = houses([low(), mid()], signals=UNSURE)
    words = ask(messages=(Message("user", f"what is {INNER}?"),))
    assert (await house.gateway.complete(words, ALICE)).rung.answerer == "mid"
