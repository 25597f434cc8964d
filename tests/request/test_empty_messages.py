"""A request without any words costs no dear call: level 1 asks what is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.library import Gateway
from router.types import ChatRequest, ContentPart, JsonText, Message, Reason

BLANK = [("",), (" \n\t",), ("", "")]
DATA = '{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}'
IMAGE = ContentPart("image_url", JsonText(DATA))


@pytest.mark.parametrize("texts", BLANK)
@pytest.mark.parametrize("policy", ["default", "customer_support"])
def test_an_empty_message_is_asked_back_without_a_model(
    texts: tuple[str, ...], policy: str, tmp_path: Path
) -> None:
    """It was taken for something new, and went to a model of level 2 or above."""
    request = ChatRequest(tuple([Message("user", text) for text in texts]), "auto")
    with Gateway.from_policy(policy, database=tmp_path / "ledger.db") as gateway:
        outcome = gateway.complete(request)
    assert outcome.answer is not None
    assert outcome.answer.text == "Your message is empty. What would you like to know?"
    assert (outcome.rung.level, outcome.reason) == (1, Reason.ASKED_FOR_SLOT)


@pytest.mark.parametrize(
    ("messages", "level"),
    [
        ((Message("user", ""),), 1),
        ((Message("user", "  "), Message("user", "")), 1),
        ((Message("system", "Greet the user."), Message("user", "")), 2),  # its orders are not read
        ((Message("system", "Greet the user."),), 2),
        ((Message("user", "", (IMAGE,)),), 2),
    ],
)
def test_only_what_nobody_can_read_is_new(
    messages: tuple[Message, ...], level: int, tmp_path: Path
) -> None:
    keys = {"OPENAI_API_KEY": "k"}
    with Gateway.from_policy("openai", database=tmp_path / "l.db", environ=keys) as gateway:
        assert gateway.route(ChatRequest(messages, "auto")).decision.first_rung.level == level
