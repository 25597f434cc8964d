"""Compares the estimate of tokens with tokenizers that can be run here."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from router.money.token_estimate import estimated_in_text, estimated_tokens
from router.types import ChatRequest, ContentPart, JsonText, Message, ToolCall, ToolSpec
from tests import ROOT
from tests.money.test_token_bound import CHANCE, READ, counters

__all__ = ["counters"]

LANGUAGES = [
    *sorted((ROOT / "policies/knowledge/customer_support").glob("*.yaml")),
    *sorted((ROOT / "policies/terms").glob("*.yaml")),
]
Counters = dict[str, Callable[[str], int]]


def most(counters: Counters, text: str) -> int:
    return max(counters[name](text) for name in ("cl100k_base", "o200k_base", "claude"))


@pytest.mark.parametrize("path", READ, ids=lambda path: path.name)
def test_what_agents_read_is_estimated_a_little_high(counters: Counters, path: Path) -> None:
    text = path.read_text("utf-8")
    assert 0.95 * most(counters, text) <= estimated_in_text(text) <= 1.4 * most(counters, text)


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_other_languages_are_estimated_nearly(counters: Counters, path: Path) -> None:
    text = path.read_text("utf-8")
    assert 0.9 * most(counters, text) <= estimated_in_text(text) <= 1.4 * most(counters, text)


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(CHANCE.randbytes(6_000)).decode(),
        CHANCE.randbytes(3_000).hex(),
        "\n".join(f"{CHANCE.random():.3f},{i}" for i in range(1_000)),
        "hi there " * 100,
        "안녕하세요 주문한 상품이 아직 도착하지 않았습니다 " * 20,
    ],
    ids=["base64", "hex", "table", "greeting", "Korean"],
)
def test_unusual_texts_are_estimated_nearly(counters: Counters, text: str) -> None:
    assert 0.9 * most(counters, text) <= estimated_in_text(text) <= 1.4 * most(counters, text)


def test_all_parts_of_a_request_count() -> None:
    hello = ChatRequest((Message("user", "hello"),), "auto")
    image = ContentPart("image_url", JsonText('{"type":"image_url"}'))
    file = ContentPart("file", JsonText("x" * 9_000))
    call = ToolCall("id", "name", '{"a": 1}')
    full = ChatRequest(
        (
            Message("user", "hello", parts=(image, file)),
            Message("assistant", "", tool_calls=(call,)),
        ),
        "auto",
        tools=(ToolSpec("name", "what it does", JsonText("{}")),),
    )
    assert estimated_tokens(hello) == 14
    assert estimated_tokens(full) - 14 - 1_600 - 4_000 in range(25, 45)
