"""The registry of models: versions from contents, states, tags, rollbacks, damage, two writers."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import pytest

from router.errors import RegistryError
from router.registry import (
    About,
    FolderStore,
    ModelKind,
    ModelState,
    ModelVersion,
    Reference,
    Registry,
)

NOW_MS = 1_790_000_000_000


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return opened(tmp_path)


def opened(tmp_path: Path, at_ms: int = NOW_MS) -> Registry:
    ticks = itertools.count(at_ms)
    return Registry(FolderStore(tmp_path / "models"), lambda: next(ticks))


def add(registry: Registry, tmp_path: Path, content: str = "one", **about: str) -> ModelVersion:
    """Adds a head whose arrays are `content`."""
    folder = tmp_path / "made"
    folder.mkdir(exist_ok=True)
    (folder / "support.json").write_text('{"name": "support"}')
    (folder / "support.npz").write_text(content)
    return registry.add(ModelKind.HEAD, "support_head", [folder / "support.json"], About(**about))


def states(registry: Registry) -> list[str]:
    return [model.state.value for model in registry.list()]


def test_added_version_is_a_candidate_with_all_that_is_known_of_it(
    registry: Registry, tmp_path: Path
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "a.gguf").write_bytes(b"GGUF")
    about = About(
        base="smollm2-135m",
        dataset="d" * 64,
        parents=("support_lora@0123456789ab",),
        hyperparameters={"rank": 8, "rate": 1e-4},
        metrics={"win_rate": 0.61},
        licence="Apache-2.0",
        note="first",
        tags=("trial",),
    )
    made = registry.add(ModelKind.ADAPTER, "support_lora", [folder / "a.gguf"], about)
    known = registry.show(made.id)
    assert known == made
    assert (known.state, known.tags, known.licence) == (
        ModelState.CANDIDATE,
        ("trial",),
        "Apache-2.0",
    )
    assert (known.hyperparameters, known.metrics) == (about.hyperparameters, about.metrics)
    assert known.parents == about.parents


def test_version_comes_from_the_contents(registry: Registry, tmp_path: Path) -> None:
    first, other = add(registry, tmp_path), add(registry, tmp_path, "two")
    assert first.version != other.version
    assert add(opened(tmp_path / "elsewhere"), tmp_path).version == first.version


def test_same_files_are_the_same_version(registry: Registry, tmp_path: Path) -> None:
    first = add(registry, tmp_path, note="kept")
    assert add(registry, tmp_path, note="told later") == first
    assert len(registry.list()) == 1


def test_head_brings_its_arrays_unasked(registry: Registry, tmp_path: Path) -> None:
    assert [file.name for file in add(registry, tmp_path).files] == ["support.json", "support.npz"]


def test_head_brings_its_card_which_names_what_taught_it(
    registry: Registry, tmp_path: Path
) -> None:
    add(registry, tmp_path)
    (tmp_path / "made" / "support.card.json").write_text("{}")
    names = [file.name for file in add(registry, tmp_path).files]
    assert names == ["support.json", "support.npz", "support.card.json"]


def test_files_of_a_crash_before_the_change_are_swept_a_day_later(tmp_path: Path) -> None:
    files = tmp_path / "models" / "files"
    add(opened(tmp_path), tmp_path)
    (known,) = files.iterdir()
    (unlisted := files / f"{NOW_MS:015}-0").mkdir()
    add(opened(tmp_path, NOW_MS + 1_000), tmp_path, "two")
    assert unlisted.is_dir()  # its writer may still write
    add(opened(tmp_path, NOW_MS + 25 * 3_600_000), tmp_path, "three")
    assert not unlisted.exists()
    assert known.is_dir()
    assert len(list(files.iterdir())) == 3


def test_folder_that_somebody_else_made_is_not_swept(tmp_path: Path) -> None:
    add(opened(tmp_path), tmp_path)
    (foreign := tmp_path / "models" / "files" / "my-notes").mkdir()
    add(opened(tmp_path, NOW_MS + 25 * 3_600_000), tmp_path, "two")
    assert foreign.is_dir()


def test_file_of_this_machine_is_checked_without_its_bytes_in_memory(tmp_path: Path) -> None:
    class Unread(FolderStore):
        def get(self, key: str) -> bytes | None:
            assert not key.startswith("files/")
            return super().get(key)

    model = add(opened(tmp_path), tmp_path)
    registry = Registry(Unread(tmp_path / "models"), lambda: NOW_MS)
    assert registry.path(model.id).name == "support.json"


def test_head_without_its_arrays_is_refused(registry: Registry, tmp_path: Path) -> None:
    described, elsewhere = tmp_path / "lost.json", tmp_path / "elsewhere" / "lost.npz"
    described.write_text('{"name": "lost", "arrays_sha256": "0"}')
    with pytest.raises(RegistryError, match=r"lost.npz is not beside it"):
        registry.add(ModelKind.HEAD, "lost", [described])
    assert registry.list() == ()
    elsewhere.parent.mkdir()
    elsewhere.write_text("arrays")
    registry.add(ModelKind.HEAD, "lost", [described, elsewhere])


def test_name_belongs_to_one_kind(registry: Registry, tmp_path: Path) -> None:
    add(registry, tmp_path)
    with pytest.raises(RegistryError, match=r"is a head in .*, not a adapter"):
        registry.add(ModelKind.ADAPTER, "support_head", [tmp_path / "made" / "support.npz"])


@pytest.mark.parametrize("name", ["", "Support", "a/b", "../x", "a@b", "x" * 65])
def test_name_that_names_no_model_is_refused(registry: Registry, tmp_path: Path, name: str) -> None:
    with pytest.raises(RegistryError, match="names no model"):
        registry.add(ModelKind.HEAD, name, [tmp_path])


def test_folder_stands_for_all_its_files(registry: Registry, tmp_path: Path) -> None:
    inside = tmp_path / "encoder" / "onnx"
    inside.mkdir(parents=True)
    (inside / "model.onnx").write_text("weights")
    (tmp_path / "encoder" / "tokenizer.json").write_text("{}")
    made = registry.add(ModelKind.ENCODER, "student", [tmp_path / "encoder"])
    assert [file.name for file in made.files] == ["onnx/model.onnx", "tokenizer.json"]
    assert registry.path(made.id).read_text() == "weights"


def test_file_that_is_not_there_adds_nothing(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot be read"):
        registry.add(ModelKind.HEAD, "support_head", [tmp_path / "none.json"])
    assert registry.list() == ()


def test_promotion_goes_by_shadow_and_canary_to_active(registry: Registry, tmp_path: Path) -> None:
    made = add(registry, tmp_path)
    for state in (ModelState.SHADOW, ModelState.CANARY, ModelState.ACTIVE):
        assert registry.promote(made.id, state).state is state
        assert registry.show(f"support_head@{state}").version == made.version
    assert registry.show("support_head").version == made.version


def test_promotion_retires_the_active_version(registry: Registry, tmp_path: Path) -> None:
    for content in ("one", "two"):
        registry.promote(add(registry, tmp_path, content).id)
    assert states(registry) == ["retired", "active"]


def test_second_canary_makes_the_first_a_candidate_again(
    registry: Registry, tmp_path: Path
) -> None:
    for content in ("one", "two"):
        registry.promote(add(registry, tmp_path, content).id, ModelState.CANARY)
    assert states(registry) == ["candidate", "canary"]


def test_active_version_leaves_only_for_another(registry: Registry, tmp_path: Path) -> None:
    made = registry.promote(add(registry, tmp_path).id)
    with pytest.raises(RegistryError, match=r"become retired.*let the policy name a file"):
        registry.promote(made.id, ModelState.RETIRED)
    with pytest.raises(RegistryError, match="can't be removed"):
        registry.remove(made.id)
    assert registry.promote(made.id) == made
    later = registry.promote(add(registry, tmp_path, "two").id)
    with pytest.raises(RegistryError, match=r"become retired.*`rollback support_head` activates"):
        registry.promote(later.id, ModelState.RETIRED)


def test_rollback_goes_back_one_version_at_a_time(registry: Registry, tmp_path: Path) -> None:
    made = [registry.promote(add(registry, tmp_path, c).id) for c in ("one", "two", "three")]
    assert registry.previous("support_head") == registry.show(made[1].id)
    assert registry.rollback("support_head", because="complaints").version == made[1].version
    assert registry.rollback("support_head").version == made[0].version
    assert states(registry) == ["active", "retired", "retired"]
    with pytest.raises(RegistryError, match=r"no earlier active .* let the policy name a file"):
        registry.rollback("support_head")


def test_rollback_passes_over_a_removed_version(registry: Registry, tmp_path: Path) -> None:
    made = [registry.promote(add(registry, tmp_path, c).id) for c in ("one", "two", "three")]
    registry.remove(made[1].id)
    assert registry.rollback("support_head").version == made[0].version


def test_promotion_after_a_rollback_can_be_rolled_back(registry: Registry, tmp_path: Path) -> None:
    first, second = (registry.promote(add(registry, tmp_path, c).id) for c in ("one", "two"))
    registry.rollback("support_head")
    registry.promote(second.id)
    assert registry.rollback("support_head").version == first.version


def test_removed_version_leaves_no_file(registry: Registry, tmp_path: Path) -> None:
    registry.remove(add(registry, tmp_path).id)
    assert registry.list() == ()
    assert not list((tmp_path / "models" / "files").rglob("*"))


def test_tag_moves_from_one_version_to_another(registry: Registry, tmp_path: Path) -> None:
    first, second = add(registry, tmp_path), add(registry, tmp_path, "two")
    registry.tag(first.id, ["black-friday", "eu"])
    assert registry.tag(second.id, ["eu"]).tags == ("eu",)
    assert registry.show("support_head@black-friday").version == first.version
    assert registry.show("support_head@eu").version == second.version
    assert registry.tag(second.id, drop=["eu"]).tags == ()


@pytest.mark.parametrize("tag", ["active", "canary", "0123456789ab", "Two words", ""])
def test_tag_that_reads_like_something_else_is_refused(
    registry: Registry, tmp_path: Path, tag: str
) -> None:
    with pytest.raises(RegistryError, match="is no tag"):
        registry.tag(add(registry, tmp_path).id, [tag])


def test_version_may_be_named_by_its_first_letters(registry: Registry, tmp_path: Path) -> None:
    made = add(registry, tmp_path)
    assert registry.show(f"support_head@{made.version[:6]}") == made


def test_version_of_too_few_letters_is_refused_with_how_many_it_needs(
    registry: Registry, tmp_path: Path
) -> None:
    short = add(registry, tmp_path).version[:5]
    with pytest.raises(RegistryError, match="six letters at least"):
        registry.show(f"support_head@{short}")


def test_unknown_versions_are_answered_with_those_that_exist(
    registry: Registry, tmp_path: Path
) -> None:
    made = add(registry, tmp_path)
    with pytest.raises(RegistryError, match=rf"{made.version} \(candidate\)"):
        registry.show("support_head@active")
    with pytest.raises(RegistryError, match="known: support_head"):
        registry.show("other@active")


def test_history_says_who_did_what_and_why(registry: Registry, tmp_path: Path) -> None:
    first, second = add(registry, tmp_path), add(registry, tmp_path, "two")
    registry.promote(first.id, by="ada", because="better")
    registry.promote(second.id)
    registry.rollback("support_head", by="guard", because="errors")
    told = [(c.action, c.version, c.by, c.because) for c in registry.history("support_head")]
    assert told[2:] == [
        ("move", first.version, "ada", "better"),
        ("move", second.version, "", ""),
        ("rollback", first.version, "guard", "errors"),
    ]


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_damaged_file_is_never_used(registry: Registry, tmp_path: Path, damage: str) -> None:
    made = add(registry, tmp_path)
    registry.promote(made.id)
    (arrays,) = (tmp_path / "models").rglob("support.npz")
    if damage == "changed":
        arrays.write_text("other")
    else:
        arrays.unlink()
    with pytest.raises(RegistryError, match=f"support.npz .*{damage}|support.npz is {damage}"):
        registry.path("support_head@active")


def test_damaged_version_is_not_promoted(registry: Registry, tmp_path: Path) -> None:
    made = add(registry, tmp_path)
    next((tmp_path / "models").rglob("support.npz")).write_text("other")
    with pytest.raises(RegistryError, match="was changed"):
        registry.promote(made.id)
    assert states(registry) == ["candidate"]


def test_another_process_sees_each_change(registry: Registry, tmp_path: Path) -> None:
    other = opened(tmp_path)
    markers = [other.marker()]
    made = add(registry, tmp_path)
    markers.append(other.marker())
    registry.promote(made.id)
    markers.append(other.marker())
    assert len(set(markers)) == 3
    assert other.show("support_head").version == made.version


def test_change_of_a_machine_whose_clock_is_behind_comes_after_what_it_knew(
    tmp_path: Path,
) -> None:
    ahead, behind = opened(tmp_path, NOW_MS + 60_000), opened(tmp_path)
    first, second = add(ahead, tmp_path), add(ahead, tmp_path, "two")
    ahead.promote(first.id)
    ahead.promote(second.id)
    assert behind.rollback("support_head").version == first.version


def test_two_rollbacks_at_once_go_back_once(tmp_path: Path) -> None:
    registry, other = opened(tmp_path), opened(tmp_path)
    made = [registry.promote(add(registry, tmp_path, c).id) for c in ("one", "two", "three")]
    barrier = threading.Barrier(2)

    class Together(FolderStore):
        def put(self, key: str, content: bytes) -> None:
            barrier.wait()  # both have read the same state
            super().put(key, content)

    both = [Registry(Together(tmp_path / "models"), lambda: NOW_MS + 1_000_000) for _ in range(2)]
    threads = [threading.Thread(target=r.rollback, args=("support_head",)) for r in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other.show("support_head").version == made[1].version


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    sources = []
    for n in range(12):
        (tmp_path / f"{n}.json").write_text(f'{{"n": {n}}}')
        sources.append(tmp_path / f"{n}.json")

    def write(some: list[Path]) -> None:
        own = opened(tmp_path)
        for source in some:
            made = own.add(ModelKind.CERTIFICATE, "books", [source])
            own.tag(made.id, [f"t{source.stem}"])

    threads = [threading.Thread(target=write, args=(sources[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    models = opened(tmp_path).list(name="books")
    assert len(models) == 12
    assert {tag for model in models for tag in model.tags} == {f"t{n}" for n in range(12)}


def test_unfinished_change_is_not_there(registry: Registry, tmp_path: Path) -> None:
    class Full(FolderStore):
        def put(self, key: str, content: bytes) -> None:
            if key.startswith("events/"):
                raise RegistryError("no room left")
            super().put(key, content)

    with pytest.raises(RegistryError, match="no room left"):
        add(Registry(Full(tmp_path / "models"), lambda: NOW_MS), tmp_path)
    assert registry.list() == ()


def test_reference_without_a_selector_means_the_active_version() -> None:
    assert Reference.parse("registry:head_a") == Reference("head_a", "active")


@pytest.mark.parametrize("text", ["", "@active", "a@", "A@active", "a@b@c", "a b"])
def test_reference_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RegistryError, match="names no version"):
        Reference.parse(text)
