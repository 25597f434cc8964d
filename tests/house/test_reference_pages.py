"""Compares the reference pages with the code: headers, errors, hints and the library."""

from __future__ import annotations

import enum
import inspect
import re
from pathlib import Path

import pytest

import router.errors
import router.types
from router.cli.library_reference import errors, library, names_by_module
from router.errors import QUOTA_EXHAUSTED, TiergateError
from router.library import Gateway
from router.types import Reason, Verdict
from router.wire.hints import _HINTS
from router.wire.openai.request import CHAT_KEYS
from tests import ROOT

PAGES = ROOT / "docs" / "reference"
HEADERS, ERRORS, HINTS, LIBRARY, API = (
    (PAGES / f"{name}.md").read_text("utf-8")
    for name in ("headers", "errors", "hints", "library", "api")
)
SOURCES = [*(ROOT / "router").rglob("*.py"), *(ROOT / "tiers").rglob("*.py")]

COMMON = {"content-type", "content-length", "content-encoding"}
READ = {"anthropic-beta", "anthropic-version"}
"""Header names of the ASGI code that are read from requests and never sent."""


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def sent_headers() -> set[str]:
    """Returns the names of all response headers; they are bytes in the code, others are text."""
    names: set[str] = set()
    for path in [*(ROOT / "router/api").rglob("*.py"), *(ROOT / "router/wire").rglob("*.py")]:
        text = text_of(path)
        names |= set(re.findall(r'[([]b"([a-z]+(?:-[a-z]+)+)"[],]', text))
        names |= set(re.findall(r'\(b"(allow|etag|location|connection)",', text))
        for prefix in re.findall(r'f"(x-ratelimit-[a-z]+-)\{unit\}"', text):
            names |= {f"{prefix}requests", f"{prefix}tokens"}
    return names - COMMON - READ


def error_codes() -> set[str]:
    """Returns the code of every class of errors, and those that single errors are given."""
    codes = {QUOTA_EXHAUSTED, "interrupted", TiergateError.code}
    codes |= {error.code for error in errors() if issubclass(error, TiergateError)}
    return codes.union(*(re.findall(r'\bcode="([a-z_]+)"', text_of(path)) for path in SOURCES))


@pytest.mark.parametrize("name", sorted(sent_headers()))
def test_every_response_header_is_on_its_page(name: str) -> None:
    assert f"`{name}`" in HEADERS


@pytest.mark.parametrize("key", sorted(CHAT_KEYS))
def test_every_key_of_chat_completions_is_in_its_section(key: str) -> None:
    section = API.partition("## `POST /v1/chat/completions`")[2].partition("\n## ")[0]
    assert f"`{key}`" in section


def test_headers_are_found_in_the_code() -> None:
    assert {"x-tiergate-tier", "x-ratelimit-reset-tokens", "retry-after", "etag"} <= sent_headers()


def test_page_of_headers_has_none_that_is_not_sent() -> None:
    shown = set(re.findall(r"`(x-[a-z-]+)`", HEADERS))
    assert shown - sent_headers() == set()


@pytest.mark.parametrize("word", [*Reason, *Verdict])
def test_every_reason_and_verdict_is_on_the_page_of_headers(word: enum.Enum) -> None:
    assert f"`{word.value}`" in HEADERS


@pytest.mark.parametrize("code", sorted(error_codes()))
def test_every_error_code_is_on_its_page(code: str) -> None:
    assert f"`{code}`" in ERRORS


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_errors_stand_with_their_status(error: type[Exception]) -> None:
    code, status = getattr(error, "code", ""), getattr(error, "status", 500)
    rows = [line for line in ERRORS.splitlines() if f"`{code}`" in line]
    assert rows
    in_tables = [row for row in rows if row.startswith(("| ", "- "))]
    assert all(str(status) in row.split("`")[0] for row in in_tables)


@pytest.mark.parametrize("name", _HINTS)
def test_every_hint_is_on_its_page(name: str) -> None:
    assert re.search(rf"^(\| |- )`{name}`", HINTS, re.MULTILINE)


@pytest.mark.parametrize("name", router.types.__all__)
def test_every_type_is_on_the_page_of_the_library(name: str) -> None:
    assert re.search(rf"^(### `{name}`|- `{name}\()", LIBRARY, re.MULTILINE)


@pytest.mark.parametrize("name", router.types.__all__)
def test_every_field_of_a_type_is_on_the_page_of_the_library(name: str) -> None:
    value = getattr(router.types, name)
    if not isinstance(value, type) or issubclass(value, enum.Enum):
        return
    section = re.search(rf"^### `{name}`\n(.*?)(?=^##|\Z)", LIBRARY, re.DOTALL | re.MULTILINE)
    assert section is not None
    text = " ".join(section[1].split())
    missing = [
        field
        for field in inspect.get_annotations(value)
        if not field.startswith("_") and f"- `{field}: " not in text
    ]
    assert missing == [], "run python -m router.cli.library_reference > docs/reference/library.md"


def test_the_page_of_the_library_is_what_its_command_prints() -> None:
    assert library() == LIBRARY, (
        "run python -m router.cli.library_reference > docs/reference/library.md"
    )


def test_every_type_is_named_once() -> None:
    names = [name for names in names_by_module().values() for name in names]
    assert sorted(names) == sorted(router.types.__all__)


@pytest.mark.parametrize("name", [name for name in vars(Gateway) if not name.startswith("_")])
def test_every_method_of_the_gateway_is_on_the_page_of_the_library(name: str) -> None:
    section = LIBRARY.partition("## Gateway")[2].partition("\n## ")[0]
    assert re.search(rf"^- `(async )?{name}\(", section, re.MULTILINE)


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_every_error_is_on_the_page_of_the_library(error: type[Exception]) -> None:
    assert f"- **`{error.__name__}`** (" in LIBRARY
