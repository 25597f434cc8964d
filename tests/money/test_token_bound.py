"""The bound on tokens is above every tokenizer that can be run here, by stated margins.

Four of them come with litellm: OpenAI's cl100k, o200k and p50k, and the one that Anthropic
published. Anthropic's of 2026 are not public: users measured up to 1.76 times cl100k on the
sessions of coding agents, so what agents read is held to 1.8 times the most of the public ones.
"""

from __future__ import annotations

import base64
import importlib.util
import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from router.money.token_bound import text_bound, token_bound
from router.types import ChatRequest, ContentPart, JsonText, Message, ToolCall, ToolSpec
from tests import ROOT
from tests.kits.changed import replace

CLAUDES = 1.8
LITELLM = importlib.util.find_spec("litellm")
assert LITELLM is not None
assert LITELLM.submodule_search_locations is not None
FOLDER = Path(LITELLM.submodule_search_locations[0]) / "litellm_core_utils" / "tokenizers"
CHANCE = random.Random(7)  # the same texts in every run


def drawn(letters: str, length: int) -> str:
    return "".join(CHANCE.choices(letters, k=length))


def words(letters: str, longest: int) -> str:
    return " ".join(drawn(letters, CHANCE.randint(1, longest)) for _ in range(2_000))


RAW = CHANCE.randbytes(20_000)
PACKED = base64.b64encode(RAW).decode()
HARD = {
    "words that are none": words(string.ascii_lowercase, 10),
    "camel case": words(string.ascii_letters, 8),
    "single letters": " ".join(drawn(string.ascii_lowercase, 5_000)),
    "letters": drawn(string.ascii_lowercase, 10_000),
    "capitals": drawn(string.ascii_uppercase, 10_000),
    "base64": PACKED,
    "base64 in lines": "\n".join(PACKED[i : i + 76] for i in range(0, len(PACKED), 76)),
    "hashes": "\n".join(RAW[i : i + 16].hex() for i in range(0, 8_000, 16)),
    "a hex dump": RAW[:6_000].hex(" "),
    "digits": drawn(string.digits, 10_000),
    "a table of numbers": "\n".join(f"{CHANCE.random():.3f},{i}" for i in range(2_000)),
    "marks": drawn(string.punctuation, 10_000),
    "all that is printed": drawn(string.printable, 10_000),
    "control characters": drawn("".join(map(chr, range(1, 32))), 5_000),
    "Chinese": drawn("".join(map(chr, range(0x4E00, 0x9FA5))), 3_000),
    "Korean": drawn("".join(map(chr, range(0xAC00, 0xD7A3))), 3_000),
    "Cyrillic": drawn("".join(map(chr, range(0x430, 0x450))), 5_000),
    "emoji": drawn("".join(map(chr, range(0x1F300, 0x1F6FF))), 2_000),
    "letters that nobody writes": drawn("".join(map(chr, range(0x10000, 0x10FFF))), 2_000),
    "spaces": " " * 10_000,
    "line ends": "\n" * 10_000,
    "German": "Die Straßenbahnhaltestelle liegt gegenüber der Universitätsbibliothek. " * 50,
}
READ = [
    *sorted((ROOT / "router").glob("*.py"))[:25],
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "tests/clients/node").glob("*.mjs")),
    ROOT / "policies/policy.schema.json",
]


@pytest.fixture(scope="module")
def counters() -> dict[str, Callable[[str], int]]:
    """Each tokenizer's count of a text."""
    claude = Tokenizer.from_file(str(FOLDER / "anthropic_tokenizer.json"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(FOLDER))  # else it would fetch them
        openais = [tiktoken.get_encoding(name) for name in ("cl100k_base", "o200k_base")]
        old = tiktoken.get_encoding("p50k_base")
    return {
        **{one.name: lambda text, one=one: len(one.encode_ordinary(text)) for one in openais},
        "claude": lambda text: len(claude.encode(text).ids),
        old.name: lambda text: len(old.encode_ordinary(text)),
    }


@pytest.mark.parametrize("path", READ, ids=lambda path: path.name)
def test_what_agents_read_keeps_the_margin_of_the_newest_tokenizers(
    counters: dict[str, Callable[[str], int]], path: Path
) -> None:
    text = path.read_text("utf-8")
    most = max(counters[name](text) for name in ("cl100k_base", "o200k_base", "claude"))
    assert CLAUDES * most <= text_bound(text) <= 0.9 * len(text.encode())


@pytest.mark.parametrize("name", HARD)
def test_no_public_tokenizer_counts_more(
    counters: dict[str, Callable[[str], int]], name: str
) -> None:
    text = HARD[name]
    assert max(count(text) for count in counters.values()) <= text_bound(text)


@given(st.text(max_size=300))
def test_any_text_has_at_most_its_bytes(text: str) -> None:
    assert text_bound(text) <= len(text.encode("utf-8", "replace"))
    assert text_bound(text) >= 0.25 * len(text)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_all_parts_of_a_request_count(texts: list[str]) -> None:
    call = ToolCall("id", "name", "".join(texts))
    image = ContentPart("image_url", JsonText('{"type":"image_url"}'))
    request = ChatRequest(
        (
            Message("system", "".join(texts)),
            Message("assistant", "", tool_calls=(call,)),
            Message("user", "".join(texts), (image,)),
        ),
        "auto",
        tools=(ToolSpec("f", "".join(texts), JsonText("{}")),),
    )
    assert token_bound(request) >= 4 * text_bound("".join(texts)) + 5_000


def test_the_parts_of_a_bound_are_those_of_the_documents() -> None:
    hello = ChatRequest((Message("user", "hello"),), "auto")
    tool = ToolSpec("", "", JsonText(""))
    assert (token_bound(hello), text_bound("hello")) == (110 + 10 + 4, 4)
    assert token_bound(replace(hello, tools=(tool,))) == 124 + 1_000 + 20
    documents = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")
    assert "`hello` counts 124: 110 + 10 + 4" in documents
