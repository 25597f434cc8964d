"""A slip in a model's name is answered with the name that was meant."""

from __future__ import annotations

import pytest

from router.errors import ModelNotFound
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import low, mid


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("tier:resolv", " Did you mean tier:resolve?"),
        ("atuo", " Did you mean auto?"),
        ("gpt-9", ""),
    ],
)
async def test_a_slip_in_a_models_name_is_told(houses: Houses, asked: str, meant: str) -> None:
    house = houses([low(), mid()])
    with pytest.raises(ModelNotFound) as caught:
        await house.gateway.complete(ask(requested_model=asked), ALICE)
    assert (f".{meant} Ask for one of these" in caught.value.message) is True
