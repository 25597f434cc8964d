"""Checks stored texts under keys, and what is found and erased for a person."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from pathlib import Path

import httpx
import pytest

from router import Gateway
from router.api.compose.books import Books
from router.ledger.sql.database import Database
from router.ledger.tables.batches import SqlBatches
from router.ledger.tables.feedback import SqlFeedback
from router.ledger.tables.files import SqlFiles
from router.ledger.tables.subjects import Subjects, is_about
from router.ledger.tables.tenant_secrets import TenantSecrets
from router.ledger.tables.texts import TextStore
from router.privacy.encryption import NO_KEYS, TextKeys
from router.types import Batch, BatchState, Owner, StoredFile
from tests.kits.books.ledger_files import ledger_bytes
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_policy
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


async def test_names_of_unknown_keys_are_counted_among_what_stays(tmp_path: Path) -> None:
    path, database = tmp_path / "stored.yaml", tmp_path / "ledger.db"
    async with FakeUpstream() as fake:
        path.write_text(POLICY.format(url=fake.url))
        async with Gateway.from_policy(path, database=database, environ={}) as gateway:
            for key in ("patient_Hanneke_Vandervelde", "temprature"):
                body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], key: 1}
                await gateway.acomplete(body)
    for value in ("Vandervelde", "hanneke vandervelde"):
        found = tiergate("privacy", "erase", value, "-d", database, "--yes")
        assert "1 row of requests.record: kept" in found.stdout
    assert "requests.record" not in tiergate("privacy", "find", "Velde", "-d", database).stdout


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


@pytest.mark.parametrize("command", [("find",), ("find", "--json"), ("erase", "--yes")])
async def test_missing_key_fails_the_command(tmp_path: Path, command: tuple[str, ...]) -> None:
    database = await ledger_of(tmp_path, OLD)
    asked = ("privacy", *command, "Anna Keller", "--database", database)
    without = await asyncio.to_thread(tiergate, *asked)
    assert without.returncode == 1
    assert "4 texts are sealed by a key that is missing here: what they say of " in without.stderr
    assert "is not found. " in without.stderr or "is NOT erased. Set TIERGATE_T" in without.stderr
    with_key = await asyncio.to_thread(tiergate, *asked, **OLD)
    assert (with_key.returncode, with_key.stderr) == (0, "")
    with Books.open(database) as books:
        left = len(books.subjects(OLD).find(["Anna Keller"], None).texts)
    assert left == (0 if "erase" in command else 1)


async def test_rotation_without_the_old_key_fails(tmp_path: Path) -> None:
    database = await ledger_of(tmp_path, OLD)
    only_new = {"TIERGATE_TEXT_KEYS": NEW["TIERGATE_TEXT_KEYS"].split(",")[0]}
    rotate = ("privacy", "rotate", "--database", database)
    run = await asyncio.to_thread(tiergate, *rotate, **only_new)
    assert run.returncode == 1
    assert "they stay sealed as they are, so keep their keys" in run.stderr


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
        ("", "Anna Keller wrote", False),
        (" - ", "Anna - wrote", False),
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


def subjects_of(database: Database, clock: StandingClock) -> Subjects:
    keys = TenantSecrets(database, clock)
    feedback = SqlFeedback(database, clock=clock, key_of=keys.key_now, chained=lambda *_: None)
    return Subjects(database, clock, NO_KEYS, feedback, keys.key_now)


LINE = b'{"custom_id": "1", "body": {"messages": [{"content": "about Jos\\u00e9 Quetzal"}]}}\n'


async def test_erasure_takes_files_with_their_batch(address: str, ledgers: Ledgers) -> None:
    database, clock = ledgers.database(address), StandingClock()
    keys = TenantSecrets(database, clock)
    files = SqlFiles(database, clock, keys.key_now)
    batches = SqlBatches(database, clock, keys.key_now)
    owner = Owner("acme", "k")
    for file_id, parts in (
        ("file-in", (LINE[:60], LINE[60:])),  # the name stands on both sides of the cut
        ("file-out", (b'{"answer": "yes"}\n',)),
        ("file-else", (b'{"body": "John Josephson"}\n',)),
    ):
        file = StoredFile(file_id, owner, "batch", "input.jsonl", 9, clock.now_ms(), None)
        await files.begin(file)
        for place, part in enumerate(parts):
            await files.append(file, place, part)
        await files.finish(file)
    batch = Batch("batch_1", owner, "/v1/chat/completions", "file-in", BatchState.COMPLETED, 0, 9)
    await batches.add(batch, 1)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE batches SET output_file_id = 'file-out'")
    erased = subjects_of(database, clock).erase(["josé quetzal"], None)
    assert (sorted(erased.files), erased.batches) == (["file-in", "file-out"], ("batch_1",))
    assert [await files.get(name, owner) is None for name in ("file-in", "file-out")] == [True] * 2
    assert await files.get("file-else", owner) is not None
    assert await batches.get("batch_1", owner) is None


def test_erasure_drops_cached_answers_of_its_tenant_alone(address: str, ledgers: Ledgers) -> None:
    database, clock = ledgers.database(address), StandingClock()
    keys = TenantSecrets(database, clock)
    key, before = keys.key_soon("acme"), keys.generation_soon("acme")
    other = keys.generation_soon("globex")
    keys.look()
    subjects_of(database, clock).erase(["Anna"], "acme")
    keys.look()
    assert keys.generation_soon("acme") != before
    assert (keys.generation_soon("globex"), keys.key_soon("acme")) == (other, key)


@pytest.mark.process
def test_no_worker_gives_out_an_answer_after_its_erasure(tmp_path: Path) -> None:
    asked = {"messages": [{"role": "user", "content": "Where is Anna Keller's parcel?"}]}
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url, cache={"exact": True})
        with Served(tmp_path, policy, "--workers", "2") as served:

            def found() -> list[str | None]:
                caches = list[str | None]()
                for _ in range(12):  # a new connection each, so that both workers answer
                    with httpx.Client(base_url=served.url, timeout=60) as client:
                        body = {"model": "auto", "temperature": 0, **asked}
                        response = client.post("/v1/chat/completions", json=body)
                    caches.append(response.headers.get("x-tiergate-cache"))
                return caches

            key = {"idempotency-key": "k"}
            served.post("/v1/chat/completions", {"model": "auto", **asked}, **key)
            assert "exact" in found()
            run = tiergate("privacy", "erase", "Anna Keller", "-y", "-d", served.database)
            assert "Dropped all kept answers of all tenants" in run.stdout
            assert "Not reached: what is being answered now" in run.stdout
            again = served.post("/v1/chat/completions", {"model": "auto", **asked}, **key)
            assert "x-tiergate-replay-of" not in again.headers
            assert found()[0] == "miss"


@pytest.mark.process
def test_nothing_erased_can_be_read_in_the_files_while_servers_run(tmp_path: Path) -> None:
    asked = {"messages": [{"role": "user", "content": "Where is Waldemar Quetzal's parcel?"}]}
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url, privacy={"store": "full"})
        with Served(tmp_path, policy) as served:
            served.post("/v1/chat/completions", {"model": "auto", **asked})
            beside = Path(served.database)
            files = [beside, beside.with_name(f"{beside.name}-wal")]
            assert any(b"Quetzal" in file.read_bytes() for file in files)
            run = tiergate("privacy", "erase", "Waldemar Quetzal", "-y", "-d", served.database)
            assert run.returncode == 0
            assert "may still hold" not in run.stdout
            assert not any(b"Quetzal" in file.read_bytes() for file in files)


@pytest.mark.process
async def test_nothing_expired_can_be_read_in_the_files_of_a_server(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    words = "Waldemar Quetzal's parcel " * 1_000  # fills pages that no other row is put into
    with Upstream(tmp_path) as upstream, contextlib.closing(Database.open(path)) as database:
        texts = TextStore(database, StandingClock(1_000))
        await texts.put("r1", "acme", "prompt", words, store="full", retention_days=1)
        assert b"Quetzal" in ledger_bytes(path)
        with Served(tmp_path, write_policy(tmp_path, upstream.url)):
            eventually(lambda: b"Quetzal" not in ledger_bytes(path))
