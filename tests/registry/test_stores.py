"""The places of a registry: a folder, a database, an object store; several machines at once."""

from __future__ import annotations

import importlib.util
import itertools
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import fsspec
import msgspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from router.errors import RegistryError
from router.ledger.tables.models import SqlStore
from router.registry import ModelKind, Registry
from router.registry.object_store import ObjectStore
from router.registry.opening import store_at

Opener = Callable[[str], Registry]
"""Opens the same place as another machine: each has a cache of its own."""


def place_of(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind == "postgresql":
        return str(request.getfixturevalue("postgres").new_database())
    places = {
        "folder": str(tmp_path / "models"),
        "sqlite": f"sqlite:///{tmp_path}/ledger.db",
        "memory": f"memory://{uuid.uuid4().hex}/models",
        "file": f"file://{tmp_path}/objects",
    }
    return places[kind]


@pytest.fixture(
    params=[
        "folder",
        "sqlite",
        "memory",
        "file",
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ]
)
def machine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Opener:
    monkeypatch.chdir(tmp_path)
    place = place_of(request.param, request, tmp_path)
    ticks = itertools.count(1_790_000_000_000)

    def opened(name: str) -> Registry:
        store = store_at(place)
        if (close := getattr(store, "close", None)) is not None:
            request.addfinalizer(close)
        store.checked_every_s = 0.0
        return Registry(store, lambda: next(ticks), tmp_path / "cache" / name)

    return opened


def head(tmp_path: Path, content: str) -> list[Path]:
    folder = tmp_path / f"made-{content}"
    folder.mkdir(exist_ok=True)
    (folder / "support.json").write_text("{}")
    (folder / "support.npz").write_text(content)
    return [folder / "support.json"]


def test_machines_share_versions_and_their_files(machine: Opener, tmp_path: Path) -> None:
    one, other = machine("one"), machine("other")
    marker = other.marker()
    first = one.add(ModelKind.HEAD, "support_head", head(tmp_path, "first"))
    second = one.add(ModelKind.HEAD, "support_head", head(tmp_path, "second"))
    one.promote(first.id)
    one.promote(second.id)
    assert other.marker() != marker
    path = other.path("support_head@active")
    assert (path.name, path.with_suffix(".npz").read_text()) == ("support.json", "second")
    other.rollback("support_head")
    assert one.path("support_head").with_suffix(".npz").read_text() == "first"
    other.remove(second.id)
    assert [model.id for model in one.list()] == [first.id]


def test_damaged_copy_is_fetched_again(machine: Opener, tmp_path: Path) -> None:
    registry = machine("one")
    made = registry.add(ModelKind.HEAD, "support_head", head(tmp_path, "first"))
    arrays = registry.path(made.id).with_suffix(".npz")
    if "cache" not in arrays.parts:
        return  # the files of a folder are no copies: `test_registry` damages those
    arrays.write_text("changed")
    assert registry.path(made.id).with_suffix(".npz").read_text() == "first"


@pytest.mark.parametrize("outside", ["../../../../out.json", "{}/out.json"])
def test_name_that_leads_out_of_the_copies_is_refused(tmp_path: Path, outside: str) -> None:
    outside = outside.format(tmp_path)
    store = ObjectStore(f"memory://{uuid.uuid4().hex}/models")
    made = Registry(store, lambda: 1).add(ModelKind.MATCH, "table", head(tmp_path, "first"))
    (event,) = store.names("events")
    told = store.get(f"events/{event}") or b""
    folder = f"files/{msgspec.json.decode(told)['folder']}"
    store.put(f"{folder}/{outside}", b"{}")
    store.put(f"events/{event}", told.replace(b'"support.json"', msgspec.json.encode(outside)))
    with pytest.raises(RegistryError, match="leads out of the folder"):
        Registry(store, lambda: 1, tmp_path / "a" / "cache").path(made.id)
    assert not list(tmp_path.rglob("out.json"))


def test_writers_on_several_machines_lose_nothing(machine: Opener, tmp_path: Path) -> None:
    machine("first").list()  # a database has its tables before the rush
    sources = [head(tmp_path, f"number-{n}") for n in range(6)]

    def write(n: int) -> None:
        own = machine(f"m{n}")
        for source in sources[n::3]:
            own.tag(own.add(ModelKind.HEAD, "support_head", source).id, [f"of-{n}"])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    models = machine("last").list()
    assert len(models) == 6
    assert sorted(tag for model in models for tag in model.tags) == ["of-0", "of-1", "of-2"]


def test_threads_share_one_connection_to_a_database(tmp_path: Path) -> None:
    store, together = SqlStore(f"sqlite:///{tmp_path / 'ledger.db'}"), threading.Barrier(8)

    def opened() -> int:
        together.wait()
        return id(store._opened())

    with ThreadPoolExecutor(8) as pool:
        assert len({one.result() for one in [pool.submit(opened) for _ in range(8)]}) == 1
    store.close()


def test_files_that_no_change_names_are_swept_in_every_store(
    machine: Opener, tmp_path: Path
) -> None:
    one = machine("one")
    one._store.put("files/001780000000000-0/support.npz", b"")
    first = one.add(ModelKind.HEAD, "support_head", head(tmp_path, "first"))
    assert [name[:5] for name in one._store.names("files")] == ["00179"]
    assert machine("other").path(first.id).is_file()


def test_path_of_a_copy_holds_in_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy reads a path from its own folder, not from that of the process."""
    monkeypatch.chdir(tmp_path)
    store = ObjectStore(f"memory://{uuid.uuid4().hex}/models")
    registry = Registry(store, lambda: 1, Path("cache"))
    made = registry.add(ModelKind.MATCH, "table", head(tmp_path, "first"))
    assert registry.path(made.id) == tmp_path / "cache/table" / made.version / "support.json"


class Buckets(MemoryFileSystem):  # type: ignore[misc]
    """Makes a bucket when a folder in it is made, and writes into no other, as s3fs does."""

    protocol = "gs"
    store: ClassVar[dict[str, object]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.removeprefix("gs://")))

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: object) -> None:
        if not self.isdir(path.strip("/").partition("/")[0]):
            raise FileNotFoundError("The specified bucket does not exist")
        super().pipe_file(path, value)


def test_bucket_whose_name_is_misspelt_is_not_made() -> None:
    fsspec.register_implementation("gs", Buckets, clobber=True)
    with pytest.raises(RegistryError, match="a bucket that exists"):
        ObjectStore("gs://misspelt/models").put("events/1", b"{}")
    Buckets().mkdir("there")
    store = ObjectStore("gs://there/models")
    store.put("events/1", b"{}")
    assert store.names("events") == ["1"]


@pytest.mark.parametrize(
    ("address", "package"), [("s3://bucket/models", "s3fs"), ("abfs://models", "adlfs")]
)
def test_missing_package_of_a_provider_is_named_with_its_command(
    address: str, package: str
) -> None:
    if importlib.util.find_spec(package) is not None:
        pytest.skip(f"{package} is installed here")
    with pytest.raises(RegistryError) as refused:
        store_at(address).names("events")
    assert f"expected fsspec and {package}: `" in refused.value.message
    assert refused.value.message.endswith(f" {package}`")


def test_address_that_no_store_knows_is_refused() -> None:
    with pytest.raises(RegistryError, match="nosuch://place"):
        store_at("nosuch://place").names("events")


def test_empty_place_is_refused() -> None:
    with pytest.raises(RegistryError, match="is no place"):
        store_at(" ")


def test_secrets_of_an_address_are_not_shown() -> None:
    assert ObjectStore("s3://me:secret@bucket/models?token=x").shown == "s3://bucket/models"
    assert "secret" not in store_at("postgresql://me:secret@db.example/books").shown


def test_names_of_a_folder_are_those_of_no_other(tmp_path: Path) -> None:
    with closing(SqlStore(f"sqlite:///{tmp_path}/ledger.db")) as store:
        store.put("files/ab/head.json", b"{}")
        assert store.names("files") == ["ab"]
        assert [store.names(other) for other in ("file_", "f%", "FILES")] == [[], [], []]
