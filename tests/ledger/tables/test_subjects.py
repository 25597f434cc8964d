"""Checks stored texts under keys, and what is found and erased for a person."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from router import Gateway
from router.api.compose.books import Books
from router.ledger.tables.subjects import is_about
from router.privacy.encryption import TextKeys
from tests.kits.books.ledger_files import ledger_bytes
from tests.kits.server_kit import tiergate
from tests.kits.upstreams.fake_upstream import FakeUpstream

POLICY = """
version: 1
name: stored
privacy: {{store: full}}
tiers:
  - name: llm
    level: 2
    answerers:
      - {{name: mini, kind: upstream, model: instant, base_urls: ["{url}"]}}
"""
OLD = {"TIERGATE_TEXT_KEYS": "k1:" + base64.b64encode(b"1" * 32).decode()}
NEW = {
    "TIERGATE_TEXT_KEYS": f"k2:{base64.b64encode(b'2' * 32).decode()},{OLD['TIERGATE_TEXT_KEYS']}"
}


async def ledger_of(folder: Path, environ: dict[str, str]) -> Path:
    """Returns a ledger with two answered requests, one of them about Anna Keller."""
    path, database = folder / "stored.yaml", folder / "ledger.db"
    async with FakeUpstream() as fake:
        path.write_text(POLICY.format(url=fake.url))
        async with Gateway.from_policy(path, database=database, environ=environ) as gateway:
            await gateway.acomplete("Where does Anna Keller live?")
            await gateway.acomplete("How do tides work?")
    return database


async def test_stored_text_is_sealed_and_found_with_its_key(tmp_path: Path) -> None:
    database = await ledger_of(tmp_path, OLD)
    assert b"Anna Keller" not in ledger_bytes(database)
    with Books.open(database) as books:
        assert [one.kind for one in books.subjects(OLD).find(["anna keller"], None).texts] == [
            "prompt"
        ]
        without = books.subjects({}).find(["anna keller"], None)
        assert (without.texts, without.closed) == ((), 4)
        assert not books.verify(None).findings


async def test_erasure_leaves_a_proof_and_a_sound_ledger(tmp_path: Path) -> None:
    database = await ledger_of(tmp_path, {})
    with Books.open(database) as books:
        subjects = books.subjects({})
        assert len(subjects.erase(["Anna Keller"], None).texts) == 1
        assert subjects.find(["Anna Keller"], None).texts == ()
        assert books.privacy_figures().requests_erased == 1
        assert sum(books.privacy_figures().texts.values()) == 2
        assert not books.verify(None).findings


async def test_rotated_texts_open_with_the_new_key_alone(tmp_path: Path) -> None:
    database = await ledger_of(tmp_path, OLD)
    with Books.open(database) as books:
        assert books.subjects(NEW).reseal() == (4, 0)
        only_new = {"TIERGATE_TEXT_KEYS": NEW["TIERGATE_TEXT_KEYS"].split(",")[0]}
        assert len(books.subjects(only_new).find(["Anna Keller"], None).texts) == 1


@pytest.mark.parametrize("text", ["k1", "k1:short", "k1:AAAA", "a b:" + "A" * 44])
def test_mistyped_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="NAME:BASE64"):
        TextKeys.parse(text)


def test_text_opens_only_where_it_was_sealed() -> None:
    keys = TextKeys.parse(OLD["TIERGATE_TEXT_KEYS"])
    content = keys.sealed("Anna", b"n" * 12, "r1 prompt")
    assert keys.opened(content, "r1 prompt") == "Anna"
    assert keys.opened(content, "r2 prompt") is None


@pytest.mark.parametrize(
    ("value", "text", "about"),
    [
        ("anna keller", "Anna  Keller wrote", True),
        ("+1 415 555 0132", "call (1) 415-555-0132", True),
        ("Ann", "Anna wrote", False),
    ],
)
def test_value_is_found_whatever_its_form(value: str, text: str, about: bool) -> None:
    assert is_about([value], text) is about


async def test_find_says_that_redacted_texts_lack_an_address(tmp_path: Path) -> None:
    database = await ledger_of(tmp_path, {})
    run = await asyncio.to_thread(tiergate, "privacy", "find", "jo@example.com", "-d", database)
    assert "0 texts of 0 requests found" in run.stdout
    assert "Texts that were stored redacted hold [EMAIL] instead" in run.stdout
    named = await asyncio.to_thread(tiergate, "privacy", "find", "Anna Keller", "-d", database)
    assert "redacted" not in named.stdout
