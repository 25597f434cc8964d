"""`tiergate train compare` on a tiny work folder: real networks, real ONNX files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from router.errors import TrainingDataError
from router.training.compare.compare import compare
from router.training.compare.variants import Workshop
from router.training.data import curate
from router.training.encoder import onnx_graphs, prune, student, teacher
from router.training.encoder.export import FULL, export, to_onnx
from router.triage.encoder import Encoder
from router.triage.triage_model import TOKENIZER
from tests.kits.server_kit import tiergate
from tests.kits.training_kit import write_data

pytestmark = pytest.mark.train

TEXTS = ("how heavy is the harp", "may I rent a tent for a day", "paint for a wooden chair, please")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def work(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Makes what the stages curate, distil and export leave; its student was never trained."""
    folder = tmp_path_factory.mktemp("work") / "triage"
    for stage in ("curate", "distil", "export"):
        (folder / stage).mkdir(parents=True)
    made = curate.curate(data, 3)
    curate.save(folder / "curate" / "train.jsonl.gz", made.train)
    curate.save(folder / "curate" / "dev.jsonl.gz", made.dev)
    tokenise = teacher.tokeniser()
    network = student.build(student.Shape(layers_of_teacher=(0,)), 3)
    student.start_from_teacher(network, [tokenise(e.text) for e in made.train[:300]])
    torch.save(network.state_dict(), folder / "distil" / "student.pt")
    export(network, folder / "export")
    return folder


def encoder(work: Path, path: Path) -> Encoder:
    return Encoder(path, work / "export" / TOKENIZER)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * other).sum(axis=1).min())


def test_the_unpruned_teacher_is_the_teacher(work: Path, tmp_path: Path) -> None:
    to_onnx(prune.teacher_network(), tmp_path / "teacher.onnx")
    tokenise = teacher.tokeniser()
    theirs = teacher.embed([tokenise(text) for text in TEXTS], progress=False)
    ours = encoder(work, tmp_path / "teacher.onnx").encode(TEXTS)
    assert cosine(ours, theirs) > 0.999


def test_pruned_layers_leave_fewer_weights() -> None:
    sizes = [
        sum(weight.numel() for weight in prune.teacher_network(range(layers), hidden).parameters())
        for layers, hidden in ((6, 1_536), (6, 768), (3, 1_536))
    ]
    assert sizes[1] < sizes[0]
    assert sizes[2] < sizes[0]


def test_half_of_the_layer_weights_can_be_zero(work: Path) -> None:
    network = prune.zeroed(prune.load_student(work / "distil" / "student.pt"), 0.5)
    weight = network.layers[0].up.weight
    assert float((weight == 0).float().mean()) == pytest.approx(0.5, abs=0.01)


def test_int4_is_smaller_than_a_sixth_of_float(work: Path, tmp_path: Path) -> None:
    full = work / "export" / FULL
    onnx_graphs.to_int4(full, tmp_path / "int4.onnx")
    assert (tmp_path / "int4.onnx").stat().st_size < full.stat().st_size / 6


def test_int4_says_nearly_the_same(work: Path, tmp_path: Path) -> None:
    full = work / "export" / FULL
    onnx_graphs.to_int4(full, tmp_path / "int4.onnx")
    small = encoder(work, tmp_path / "int4.onnx").encode(TEXTS)
    assert cosine(small, encoder(work, full).encode(TEXTS)) > 0.95


def test_pieces_that_stay_read_as_before(work: Path, tmp_path: Path) -> None:
    full = encoder(work, work / "export" / FULL)
    used = {piece for text in TEXTS for piece in full.tokenise(text)}
    onnx_graphs.keep_pieces(
        work / "export" / FULL, sorted({0, 100, *used}), 100, tmp_path / "p.onnx"
    )
    pruned = encoder(work, tmp_path / "p.onnx")
    assert cosine(pruned.encode(TEXTS), full.encode(TEXTS)) > 0.9999


def test_pieces_that_are_gone_read_as_unknown(work: Path, tmp_path: Path) -> None:
    onnx_graphs.keep_pieces(work / "export" / FULL, [0, 100, 101, 102], 100, tmp_path / "none.onnx")
    pruned = encoder(work, tmp_path / "none.onnx")
    full = encoder(work, work / "export" / FULL)
    unknown = full.encode_ids([[101, 100, 100, 102]])
    assert cosine(pruned.encode_ids([[101, 2054, 2003, 102]]), unknown) > 0.9999


def test_a_static_encoder_does_not_read_order(tmp_path: Path, work: Path) -> None:
    table = onnx_graphs.word_table(work / "export" / FULL).copy()
    table[0] = 0.0
    onnx_graphs.mean_of_table(table, tmp_path / "static.onnx")
    static = encoder(work, tmp_path / "static.onnx")
    alone, batch = static.encode([TEXTS[0]]), static.encode(TEXTS)
    assert cosine(alone, static.encode(["harp the is heavy how"])) > 0.9999
    assert cosine(alone, batch[:1]) > 0.9999  # padding counts for nothing


def test_a_comparison_is_written_and_kept(data: Path, work: Path, tmp_path: Path) -> None:
    names = ("student-int8", "student-int4", "student-pieces-int8", "static-read")
    made = compare(
        data, work, tmp_path, names=names, rows=200, turns=1, progress=False, command="tiergate"
    )
    assert {row.variant.name for row in made.rows} == {"teacher", "student", *names}
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "compare.json", "compare.md", "compare.svg",
    ]  # fmt: skip
    int8 = next(row for row in made.rows if row.variant.name == "student-int8")
    assert int8.ratios is not None
    assert int8.ratios.smaller > 3

    kept = {p: p.stat().st_mtime_ns for p in (work / "compare").rglob("*") if p.is_file()}
    compare(data, work, tmp_path, names=names, rows=200, turns=1, progress=False)
    assert {p: p.stat().st_mtime_ns for p in kept} == kept


def test_a_damaged_variant_is_made_again(work: Path) -> None:
    shop = Workshop(work, seed=7, progress=False)
    path = shop.path("student-int4")
    sound = path.read_bytes()
    path.write_bytes(sound[:100])
    assert shop.path("student-int4").read_bytes() == sound


def test_a_folder_without_a_training_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="finished `tiergate train triage`"):
        compare(data, tmp_path, progress=False)


def test_the_command_finds_the_stages_that_training_left(
    data: Path, work: Path, tmp_path: Path
) -> None:
    options = ["--work", str(work.parent), "--out", str(tmp_path), "--variant", "student-int8"]
    options += ["--rows", "200", "--turns", "1", "--json"]
    done = tiergate("train", "compare", "--data", str(data), *options)
    made = json.loads(done.stdout)
    assert [row["name"] for row in made["variants"]] == ["teacher", "student", "student-int8"]
    assert [Path(file).name for file in made["files"]] == [
        "compare.md", "compare.json", "compare.svg",
    ]  # fmt: skip
