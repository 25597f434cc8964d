"""Checks the store and its search: rights, dates, changes, and agreement of both searches."""

from __future__ import annotations

import os
import resource
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from router.documents.adding import Placed, files_under, remove_missing
from router.documents.index.matrix import Matrix
from router.documents.index.search import Index
from router.documents.index.store import Document, Store, uids
from router.documents.index.words import words_of
from router.documents.pieces import FAR, Chunk
from router.errors import DocumentError
from router.triage.triage_model import TriageModel
from router.types import Rights
from tests.kits.checks.growth import in_proportion
from tests.kits.document_kit import TODAY, found, kept

RETURNS = (
    "# Manual\n## Returns\nYou may return goods within 30 days.\n"
    "## Delivery\nParcels take 3 days.\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "files"
    path.mkdir()
    (path / "manual.md").write_text(RETURNS)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "documents.db"


def test_question_finds_the_passage_with_its_place(folder: Path, store: Path) -> None:
    kept(store, folder)
    best = found(store, "How long can I return something?")[0]
    assert (best.text, best.source, best.section) == (
        "You may return goods within 30 days.",
        "manual.md",
        "Manual > Returns",
    )
    assert best.place == "manual.md, Manual > Returns"


def test_store_that_several_open_for_the_first_time_is_made_once(store: Path) -> None:
    for number in range(10):
        path, together = store.with_name(f"{number}.db"), threading.Barrier(4)

        def opened(path: Path = path, together: threading.Barrier = together) -> None:
            together.wait()
            Store(path, create=True).close()

        with ThreadPoolExecutor(4) as pool:
            for made in [pool.submit(opened) for _ in range(4)]:
                made.result()


def test_file_that_did_not_change_is_not_read_again(folder: Path, store: Path) -> None:
    assert [c.what for c in kept(store, folder)] == ["added"]
    assert [c.what for c in kept(store, folder)] == ["same"]
    (folder / "manual.md").write_text(RETURNS.replace("30", "14"))
    assert [c.what for c in kept(store, folder)] == ["changed"]
    assert "14 days" in found(store, "return goods")[0].text
    assert not any("30 days" in passage.text for passage in found(store, "return goods"))


def test_open_index_sees_a_removal_at_the_next_question(folder: Path, store: Path) -> None:
    kept(store, folder)
    index = Index(store)
    rights = Rights("shop", frozenset({"manual"}))
    assert index.find("return goods", rights, 3, TODAY)
    writer = Store(store)
    assert writer.remove(Document("*", "manual", "manual.md"))
    writer.close()
    assert index.find("return goods", rights, 3, TODAY) == ()
    index.close()


def test_documents_that_are_gone_are_removed_on_request(folder: Path, store: Path) -> None:
    (folder / "old.md").write_text("Fax us.\n")
    kept(store, folder)
    (folder / "old.md").unlink()
    opened = Store(store)
    gone = remove_missing(opened, (s for s, _ in files_under(folder)), Placed("*", "manual"))
    assert [(c.source, c.what) for c in gone] == [("old.md", "removed")]
    assert [d.source for d in opened.documents()] == ["manual.md"]
    opened.close()


@pytest.mark.parametrize(
    ("rights", "seen"),
    [
        (Rights("shop", frozenset({"manual"})), {"shared.md", "shop.md"}),
        (Rights("bank", frozenset({"manual"})), {"shared.md"}),
        (Rights("shop", frozenset({"manual"}), frozenset({"staff"})),
         {"shared.md", "shop.md", "staff.md"}),
        (Rights("bank", frozenset({"manual"}), frozenset({"staff"})), {"shared.md"}),
        (Rights("shop", frozenset({"other"})), set()),
        (Rights("shop", frozenset()), set()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoded", [False, True])
def test_caller_finds_only_what_its_rights_allow(
    tmp_path: Path, store: Path, rights: Rights, seen: set[str], encoded: bool
) -> None:
    encoder = Same() if encoded else None
    for name, placed in (
        ("shared", Placed("*", "manual")),
        ("shop", Placed("shop", "manual")),
        ("staff", Placed("shop", "manual", "staff")),
    ):
        files = tmp_path / name
        files.mkdir()
        (files / f"{name}.md").write_text(f"Refunds of the {name} take 5 days.\n")
        kept(store, files, placed, encoder)
    index = Index(store, encoder)
    assert {p.source for p in index.find("When do refunds come?", rights, 9, TODAY)} == seen
    index.close()


def test_text_that_imitates_a_scope_is_found_in_its_own_alone(tmp_path: Path, store: Path) -> None:
    files = tmp_path / "evil"
    files.mkdir()
    (files / "evil.md").write_text("# s1 s2 s3\nscope:s1 refund s1 s2\n")
    kept(store, files, Placed("evil", "manual"))
    (files / "evil.md").write_text("Refund in 5 days.\n")
    kept(store, files, Placed("shop", "manual"))
    assert [p.text for p in found(store, 'refund" OR scope : "s1')] == ["Refund in 5 days."]


@pytest.mark.parametrize(
    ("day", "count"), [(9, 0), (10, 1), (20, 1), (21, 0)], ids=["before", "first", "last", "after"]
)
def test_document_is_found_on_its_days_only(
    folder: Path, store: Path, day: int, count: int
) -> None:
    first, last = ((date(2026, 11, d) - date(1970, 1, 1)).days for d in (10, 20))
    kept(store, folder, Placed("*", "manual", "", first, last))
    assert len(found(store, "return goods", limit=1, day=date(2026, 11, day))) == count


def test_file_that_fails_leaves_the_others_and_its_older_version(folder: Path, store: Path) -> None:
    kept(store, folder)
    (folder / "manual.md").write_bytes(b"caf\xe9")
    (folder / "new.md").write_text("Gift cards never end.\n")
    assert [(c.source, c.what) for c in kept(store, folder)] == [
        ("manual.md", "failed"),
        ("new.md", "added"),
    ]
    assert found(store, "return goods")[0].source == "manual.md"


def test_full_disk_is_told_as_one_and_leaves_what_was_kept(folder: Path, store: Path) -> None:
    """SQLite ends the transaction itself then, so that nothing is left to roll back."""
    kept(store, folder)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    (folder / "new.md").write_text("Gift cards never end. " * 20_000)
    room = sum(path.stat().st_size for path in store.parent.glob("documents.db*")) + 100_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        (same, failed) = kept(store, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (same.what, failed.what) == ("same", "failed")
    assert "with room on its disk" in failed.because
    assert "rollback" not in failed.because
    assert [c.what for c in kept(store, folder)] == ["same", "added"]


def test_file_whose_name_is_no_text_leaves_the_others(folder: Path, store: Path) -> None:
    (folder / os.fsdecode(b"a\xff.md")).write_text("Never read.\n")
    (folder / "a\x1b[2J.md").write_text("Never read.\n")
    (folder / "new.md").write_text("Gift cards never end.\n")
    (folder / "tickets.jsonl").write_text('{"title": "VPN\\ud800", "fix": "Renew it.\\u0000"}\n')
    what = {change.source: change.what for change in kept(store, folder)}
    assert what.pop("a\\udcff.md") == "failed"
    assert what.pop("a\\x1b[2J.md") == "failed"
    assert set(what.values()) == {"added"}


def test_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "private.md").write_text("Secret.\n")
    (folder / "link.md").symlink_to(tmp_path / "private.md")
    assert [source for source, _ in files_under(folder)] == ["manual.md"]


@pytest.mark.parametrize("content", [b"no database", b""], ids=["text", "empty"])
def test_other_file_is_no_store(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "documents.db"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=r"documents\.db: found"):
        Store(path)


def test_missing_store_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="tiergate knowledge add"):
        Store(tmp_path / "documents.db")


def test_a_ledger_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE meta (name, value)")
    other.close()
    with pytest.raises(DocumentError, match="found another file"):
        Store(path, create=True)


def test_ids_stay_as_long_as_place_and_text_do() -> None:
    document = Document("*", "manual", "a.md")
    chunks = [Chunk("One."), Chunk("Two."), Chunk("One.")]
    before = uids(document, chunks)
    assert len(set(before)) == 3
    assert uids(document, [Chunk("New."), *chunks])[1:] == before


def test_rows_that_repeat_get_ids_in_time_that_grows_with_their_number() -> None:
    document = Document("*", "manual", "a.csv")
    assert len(set(uids(document, [Chunk("x")] * 1_000))) == 1_000
    assert in_proportion(lambda text: uids(document, [Chunk("x") for _ in text]), "x", short=200)


def test_question_passes_over_what_was_removed_a_moment_ago(folder: Path, store: Path) -> None:
    kept(store, folder)
    index = Index(store)
    assert index._passage(10**9, 0.5) is None
    index.close()


def test_nearest_vectors_are_those_of_a_whole_scan() -> None:
    random = np.random.default_rng(1)
    # As of texts: a few directions hold most of what differs.
    vectors = random.normal(size=(3_000, 192)) * (1.0 / np.arange(1, 193) ** 0.7)
    vectors = (vectors / np.linalg.norm(vectors, axis=1)[:, None]).astype(np.float32)
    ids = np.arange(3_000, dtype=np.int64)
    zeros = np.zeros(3_000, np.int64)
    matrix = Matrix(ids * 2, zeros, zeros, zeros + FAR, vectors)
    mask = matrix.allowed([0], 100)
    shared = 0
    for query in vectors[:50]:
        whole = set(np.argsort(-(vectors @ query))[:20].tolist())
        shared += len(whole & set(matrix.nearest(query, mask, 20)))
    assert shared >= 0.9 * 50 * 20
    assert matrix.rows_of([0, 1, 4, 99_999]).tolist() == [0, 2]


def test_masked_vectors_are_never_the_nearest() -> None:
    vectors = np.eye(4, dtype=np.float32)
    ids = np.arange(4, dtype=np.int64)
    scopes = np.array([0, 1, 0, 1], np.int64)
    none = np.zeros(4, np.int64)
    matrix = Matrix(ids, scopes, none, none + FAR, vectors)
    assert set(matrix.nearest(vectors[1], matrix.allowed([0], 5), 4)) == {0, 2}
    assert matrix.nearest(vectors[1], matrix.allowed([7], 5), 4) == []


def test_names_of_code_are_found_by_their_parts() -> None:
    assert {"parsechatrequest", "pars", "chat", "request"} <= {*words_of("parseChatRequest(body)")}


def test_meaning_finds_what_words_do_not(tmp_path: Path, store: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "a.md").write_text("# A\nYou may send goods back to us within 30 days.\n")
    (files / "b.md").write_text("# B\nThe office in Lyon opens at nine in the morning.\n")
    model = TriageModel.load()
    kept(store, files, encoder=model)
    index = Index(store, model)
    rights = Rights("shop", frozenset({"manual"}))
    assert index.find("return an article", rights, 1, TODAY)[0].source == "a.md"
    index.close()


class Same:
    """An encoder for which all texts mean the same."""

    def vectors(self, texts: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return np.tile(np.array([[0.6, 0.8]], np.float32), (len(texts), 1))


def test_store_made_without_vectors_is_searched_by_words(folder: Path, store: Path) -> None:
    kept(store, folder)
    index = Index(store, Same())
    rights = Rights("shop", frozenset({"manual"}))
    assert index.find("return goods", rights, 1, TODAY)[0].source == "manual.md"
    index.close()


def test_vectors_of_another_encoder_are_not_compared(folder: Path, store: Path) -> None:
    kept(store, folder, encoder=Same())
    opened = Store(store)
    opened.note("encoder", "older")
    opened.close()
    rights = Rights("shop", frozenset({"manual"}))
    for version, count in (("older", 2), ("newer", 1)):
        index = Index(store, Same(), version)
        assert len(index.find("return goods", rights, 9, TODAY)) == count
        index.close()
