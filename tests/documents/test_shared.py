"""Documents in PostgreSQL: each machine's copy finds the same, and forgets what was removed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from router.api.compose.document_search import DocumentService
from router.documents.adding import Placed, add_files, files_under, remove_missing
from router.documents.index.search import Index
from router.documents.index.store import Document, Store
from router.documents.pieces import Chunk
from router.documents.shared.copy import RETRY_S, SharedCopy, copy_of
from router.documents.shared.store import SharedStore, is_shared, place_of, shown
from router.documents.stores import open_index, open_store
from router.errors import AnswererNotReady, DocumentError
from router.types import Rights, SearchResult
from tests.kits.books.postgres_kit import Postgres
from tests.kits.document_kit import TODAY
from tests.kits.fakes import Clock

RETURNS = "# Manual\n## Returns\nYou may return goods within 30 days.\n"
DELIVERY = "# Manual\n## Delivery\nParcels take 3 days.\n"
ALL = Rights("*", frozenset({"manual"}), frozenset())


@pytest.fixture
def place(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty database; copies go below the working folder."""
    monkeypatch.chdir(tmp_path)
    return postgres.new_database("template1")


@pytest.fixture
def store(place: str) -> Iterator[SharedStore]:
    opened = SharedStore(place, create=True)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "files"
    path.mkdir()
    (path / "returns.md").write_text(RETURNS)
    (path / "delivery.md").write_text(DELIVERY)
    return path


def add(store: SharedStore, folder: Path, placed: Placed | None = None) -> list[str]:
    changes = add_files(store, files_under(folder), placed or Placed("*", "manual"), None, "")
    return [change.what for change in changes]


def texts_in(copy: SharedCopy, question: str, rights: Rights = ALL) -> list[str]:
    copy.refresh()
    index = Index(copy.path)
    try:
        return [passage.text for passage in index.find(question, rights, 5, TODAY)]
    finally:
        index.close()


def test_two_machines_find_what_a_third_added(
    store: SharedStore, place: str, folder: Path, tmp_path: Path
) -> None:
    assert add(store, folder) == ["added", "added"]
    assert add(store, folder) == ["same", "same"]
    machines = [SharedCopy(place, tmp_path / f"{name}.db") for name in ("one", "two")]
    for machine in machines:
        assert texts_in(machine, "return goods")[0] == "You may return goods within 30 days."
        machine.close()


def test_copy_ranks_as_a_file_of_the_same_documents(
    store: SharedStore, place: str, folder: Path, tmp_path: Path
) -> None:
    add(store, folder)
    file = Store(tmp_path / "own.db", create=True)
    add_files(file, files_under(folder), Placed("*", "manual"), None, "")
    file.close()
    copy = SharedCopy(place)
    copy.refresh()
    found = []
    for path in (tmp_path / "own.db", copy.path):
        index = Index(path)
        found.append(index.find("how many days do parcels take", ALL, 5, TODAY))
        index.close()
    copy.close()
    assert found[0] == found[1] != ()


def test_removed_and_changed_documents_are_so_at_the_next_question(
    store: SharedStore, place: str, folder: Path
) -> None:
    add(store, folder)
    copy = SharedCopy(place)
    assert texts_in(copy, "parcels") == ["Parcels take 3 days."]
    (folder / "delivery.md").write_text(DELIVERY.replace("3", "5"))
    assert add(store, folder) == ["changed", "same"]
    assert texts_in(copy, "parcels") == ["Parcels take 5 days."]
    (folder / "delivery.md").unlink()
    (gone,) = remove_missing(store, ["returns.md"], Placed("*", "manual"))
    assert (gone.source, gone.what) == ("delivery.md", "removed")
    assert texts_in(copy, "parcels") == []
    assert [d.source for d in store.documents()] == ["returns.md"]
    assert not store.remove(Document("*", "manual", "delivery.md"))
    copy.close()


def test_rights_hold_in_the_copy(store: SharedStore, place: str, folder: Path) -> None:
    add(store, folder, Placed("acme", "manual", "staff"))
    copy = SharedCopy(place)
    allowed = Rights("acme", frozenset({"manual"}), frozenset({"staff"}))
    assert texts_in(copy, "parcels", allowed)
    for rights in (
        ALL,
        Rights("acme", frozenset({"manual"}), frozenset()),
        Rights("acme", frozenset({"other"}), frozenset({"staff"})),
        Rights("other", frozenset({"manual"}), frozenset({"staff"})),
    ):
        assert texts_in(copy, "parcels", rights) == []
    copy.close()


def test_vectors_and_odd_letters_come_through(store: SharedStore, place: str) -> None:
    vector = np.linspace(-1, 1, 192, dtype=np.float16).tobytes()
    chunks = [Chunk("Ünïcödé \0 text", "A > B", 2), Chunk("second", "", 0)]
    store.put(Document("*", "manual", "a\0b.md", "Ti\0tle"), chunks, [vector, None])
    store.note("encoder", "abc")
    copy = SharedCopy(place)
    copy.refresh()
    copy.close()
    local = Store(copy.path)
    rows = local.run("SELECT text, section, page, vector FROM chunks ORDER BY id")
    assert rows == [("Ünïcödé \0 text", "A > B", 2, vector), ("second", "", 0, None)]
    assert local.meta("encoder") == "abc"
    assert [(d.source, d.title, d.chunks) for d in local.documents()] == [("ab.md", "Title", 2)]
    local.close()


def test_more_documents_than_are_read_at_once(store: SharedStore, place: str) -> None:
    for number in range(120):
        store.put(
            Document("*", "manual", f"{number:03}.md"), [Chunk(f"word{number}", "", 0)], [None]
        )
    copy = SharedCopy(place)
    assert texts_in(copy, "word119") == ["word119"]
    local = Store(copy.path)
    assert len(local.documents()) == 120
    local.close()
    copy.close()


def test_two_who_add_at_once_lose_nothing(store: SharedStore, place: str) -> None:
    def put(name: str) -> None:
        own = SharedStore(place, create=True)
        for number in range(20):
            own.put(Document("*", "manual", f"{name}{number}"), [Chunk("text", "", 0)], [None])
        own.close()

    copy = SharedCopy(place)
    threads = [threading.Thread(target=put, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        copy.refresh()  # what it has read before never hides what comes after
    for thread in threads:
        thread.join()
    copy.refresh()
    copy.close()
    local = Store(copy.path)
    assert len(local.documents()) == 40 == len(store.documents())
    local.close()


def test_database_put_back_from_a_backup_is_copied_anew(
    store: SharedStore, place: str, folder: Path
) -> None:
    add(store, folder)
    copy = SharedCopy(place)
    copy.refresh()
    store.remove(Document("*", "manual", "delivery.md"))
    store.note("generation", "1")  # an earlier state
    store._db.execute("UPDATE tiergate_documents SET changed = 1")
    assert texts_in(copy, "parcels") == []
    store.note("id", "another")
    assert texts_in(copy, "return goods") == ["You may return goods within 30 days."]
    copy.close()


def test_machine_goes_on_with_its_copy_while_the_database_is_away(
    postgres: Postgres, store: SharedStore, place: str, folder: Path
) -> None:
    add(store, folder)
    told: list[str] = []
    now = [100.0]
    copy = SharedCopy(place, lost=told.append, monotonic_s=lambda: now[0])
    copy.refresh()
    store.close()
    name = place.partition("?")[0].rpartition("/")[2]
    postgres.run(
        "postgres",
        f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false',
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    assert texts_in(copy, "parcels") == ["Parcels take 3 days."]
    assert texts_in(copy, "parcels") == ["Parcels take 3 days."]
    assert len(told) == 1
    assert "does not answer" in told[0]
    postgres.run("postgres", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    now[0] += RETRY_S
    copy.refresh()
    copy.close()
    assert told[1:] == [""]


async def test_service_without_database_or_copy_says_so(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    service = DocumentService(postgres.address("no_such_database"), None, Clock())
    with pytest.raises(AnswererNotReady, match="expected one that runs"):
        await service.find("parcels", ALL, 5)
    service.close()


async def test_service_finds_what_is_added_while_it_runs(
    store: SharedStore, place: str, folder: Path
) -> None:
    service = DocumentService(place, None, Clock())
    assert await service.find("parcels", ALL, 5) == SearchResult(())
    add(store, folder)
    (passage,) = (await service.find("parcels", ALL, 5)).passages
    assert passage.text == "Parcels take 3 days."
    store.remove(Document("*", "manual", "delivery.md"))
    assert await service.find("parcels", ALL, 5) == SearchResult(())
    service.close()


def test_no_store_and_another_version_say_what_to_do(place: str) -> None:
    with pytest.raises(DocumentError, match="knowledge add FOLDER --documents ADDRESS"):
        open_store(place)
    open_store(place, create=True).close()
    opened = SharedStore(place)
    opened.note("version", "9")
    opened.close()
    with pytest.raises(DocumentError, match="version 9"):
        open_index(place)


def test_addresses_show_no_password() -> None:
    address = "postgresql://me:secret@db.example:5433/books?sslpassword=hidden"
    assert is_shared(address)
    assert not is_shared(".tiergate/documents.db")
    assert shown(address) == "postgresql://db.example:5433/books"
    assert place_of(address) == shown(address)
    assert copy_of(address) == copy_of("postgresql://other@db.example:5433/books")
    assert copy_of(address) != copy_of("postgresql://db.example:5433/other")
    assert place_of("postgresql://[::1/books") == "postgresql://"
    with pytest.raises(DocumentError) as caught:
        SharedStore("postgresql://me:secret@127.0.0.1:1/books")
    assert "secret" not in str(caught.value)
    assert "127.0.0.1:1/books" in str(caught.value)


@pytest.mark.parametrize("sign", ["/", "?", "#", "@"])
def test_password_with_a_bare_sign_is_not_shown(sign: str) -> None:
    address = f"postgresql://me:12{sign}34@db.example/books"
    assert "12" not in shown(address)
    assert "34" not in shown(address)
