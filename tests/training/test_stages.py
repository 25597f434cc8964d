"""The stages of training that are off by default, what each leaves, and when each runs again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.kits.changed import replace

pytest.importorskip("torch")

import torch

from router.errors import TrainingDataError
from router.training import pipeline
from router.training.compare.variants import Workshop
from router.training.encoder import adapt, distil, precision, prune, student, teacher
from router.training.encoder.export import export, to_onnx
from router.training.options import Options, Pruning
from router.training.work_folder import HISTORY, MANIFEST, STAMP, Run, chained
from router.triage.encoder import Encoder, import_onnxruntime, sha256_of
from router.triage.triage_model import ENCODER, TOKENIZER
from tests.kits.training_kit import write_data

pytestmark = pytest.mark.train

ASKED = Options(
    adapt_s=1.0, curriculum=0.5, adjustment=1.0, paraphrase=True,
    pruning=Pruning(heads=4, neurons=512, vocabulary=3_000), bits=4,
)  # fmt: skip
STAGES = ("curate", "teach", "adapt", "distil", "prune", "export", "embed")
TEXTS = ("how heavy is the harp", "may I rent a tent for a day", "paint for a wooden chair, please")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def work(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stages before the heads, with everything that is off by default turned on."""
    folder = tmp_path_factory.mktemp("work")
    run(data, folder, ASKED, list(STAGES))
    return folder


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"avx512_bf16": False, "amx_bf16": False, "avx512_f": True}, False),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"neon": True, "bf16": True}, True),
        ({"neon": True, "bf16": False}, False),
    ],
)
def test_bfloat16_is_known_by_what_the_processor_lists(
    told: dict[str, bool], expected: bool
) -> None:
    assert precision.bfloat16_among(told) is expected


def test_networks_multiply_in_bfloat16_only_where_the_processor_has_it() -> None:
    there = precision.bfloat16_among(torch.cpu.get_capabilities())
    with precision.quickest():
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == (torch.bfloat16 if there else torch.float32)


def test_an_exported_network_keeps_float32_where_the_processor_has_bfloat16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)

    class Doubling(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(2.0 * torch.eye(4))

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            with precision.quickest():
                return ids.float() @ self.weight

    network = Doubling()
    assert network(torch.ones(2, 4)).dtype is torch.bfloat16
    to_onnx(network, tmp_path / "doubling.onnx")  # type: ignore[arg-type]
    session = import_onnxruntime().InferenceSession(str(tmp_path / "doubling.onnx"))
    (found,) = session.run(None, {"input_ids": np.array([[1, 2, 3, 4]])})
    assert found.tolist() == [[2.0, 4.0, 6.0, 8.0]]


def run(data: Path, work: Path, options: Options, stages: list[str]) -> pipeline.TrainReport:
    return pipeline.train_triage(
        data, work / "model", work, seed=3, stages=stages, quick=True, progress=False,
        options=options,
    )  # fmt: skip


def held(data: Path, work: Path, options: Options) -> list[str]:
    """The stages that a run with these options would skip."""
    asked = Run(data, work, work, 3, True, False, options=options)
    stamp, found = asked.data_stamp(), []
    for stage in STAGES:
        stamp = chained(stamp, stage, options)
        found += [stage] if asked.holds(stage, stamp) else []
    return found


@pytest.fixture(scope="module")
def whole(data: Path) -> student.Student:
    """A student of three layers that was never trained."""
    rows = token_rows()
    network = student.build(student.Shape(), 3)
    student.start_from_teacher(network, rows * 30)
    return network.eval()


def token_rows() -> list[list[int]]:
    tokenise = teacher.tokeniser()
    return [tokenise(text) for text in TEXTS]


def test_a_pruned_student_of_four_bits_is_what_was_asked_for(work: Path) -> None:
    encoder = Encoder(work / "export" / ENCODER, work / "export" / TOKENIZER)
    assert encoder.encode(TEXTS).shape == (3, 192)
    left = json.loads((work / "prune" / MANIFEST).read_text())["metrics"]
    assert (left["heads"], left["neurons"], left["word_pieces"]) == (4, 512, 3_000)
    assert json.loads((work / "export" / MANIFEST).read_text())["metrics"]["bits"] == 4


def test_every_stage_leaves_a_manifest_of_its_files(work: Path) -> None:
    for stage in STAGES:
        folder = work / stage
        manifest = json.loads((folder / MANIFEST).read_text())
        found = {
            path.name: sha256_of(path)
            for path in folder.iterdir()
            if path.name not in (MANIFEST, STAMP, HISTORY)
        }
        assert manifest["files"] == found
        assert (manifest["stage"], manifest["seed"]) == (stage, 3)
        assert manifest["metrics"], stage


def test_the_same_options_hold_for_every_stage(data: Path, work: Path) -> None:
    assert held(data, work, ASKED) == list(STAGES)


@pytest.mark.parametrize(
    ("options", "first"),
    [
        (replace(ASKED, english_only=True), "curate"),
        (replace(ASKED, adapt_s=9.0), "adapt"),
        (replace(ASKED, curriculum=0.2), "distil"),
        (replace(ASKED, pruning=Pruning(heads=4)), "prune"),
        (replace(ASKED, bits=8), "export"),
    ],
)
def test_an_option_counts_from_the_stage_that_reads_it(
    data: Path, work: Path, options: Options, first: str
) -> None:
    assert held(data, work, options) == list(STAGES[: STAGES.index(first)])


def test_an_altered_file_is_noticed(data: Path, work: Path) -> None:
    vectors = work / "embed" / "dev.npy"
    sound = vectors.read_bytes()
    vectors.write_bytes(sound[:100])
    assert "embed" not in held(data, work, ASKED)
    vectors.write_bytes(sound)


def test_the_command_of_a_card_names_what_was_asked_for() -> None:
    assert ASKED.command() == (
        " --adapt 1 --curriculum 0.5 --logit-adjustment 1 --paraphrase"
        " --prune heads=4,neurons=512,vocabulary=3000 --bits 4"
    )
    assert Options().command() == ""


def test_the_comparison_refuses_a_pruned_student(work: Path) -> None:
    with pytest.raises(TrainingDataError, match="pruned student"):
        Workshop(work, seed=3, progress=False)


def test_one_stage_runs_alone(data: Path, tmp_path: Path) -> None:
    made = run(data, tmp_path, Options(), ["curate"])
    assert (tuple(made.seconds), made.model) == (("curate",), None)
    assert made.data_report.is_file()


def test_pruning_by_name_alone_says_what_it_needs(data: Path, work: Path) -> None:
    with pytest.raises(TrainingDataError, match="needs --prune"):
        run(data, work, Options(), ["prune"])


def test_pruning_leaves_the_shape_that_was_asked_for(whole: student.Student) -> None:
    small = prune.smaller(whole, Pruning(layers=2, heads=3, neurons=100), token_rows())
    assert (len(small.layers), small.shape.heads, small.shape.hidden) == (2, 3, 100)
    assert small(teacher.padded(token_rows())).shape == (3, 192)


def test_nothing_pruned_says_the_same(whole: student.Student) -> None:
    small = prune.smaller(whole, Pruning(layers=3, heads=6, neurons=768), token_rows())
    assert prune.cosine(whole, small, token_rows()) == pytest.approx(1.0, abs=1e-5)


def test_useless_neurons_go_first(whole: student.Student) -> None:
    idle = student.build(student.Shape(), 3)
    idle.load_state_dict(whole.state_dict())
    with torch.no_grad():
        for layer in idle.layers:
            layer.down.weight[:, 100:300] = 0
    small = prune.smaller(idle.eval(), Pruning(neurons=568), token_rows())
    assert prune.cosine(idle, small, token_rows()) == pytest.approx(1.0, abs=1e-5)


def test_more_than_there_is_cannot_be_left(whole: student.Student) -> None:
    with pytest.raises(TrainingDataError, match="heads=7: the student has 6"):
        prune.smaller(whole, Pruning(heads=7), token_rows())


@pytest.mark.parametrize("bits", [8, 4])
def test_a_smaller_vocabulary_is_quantised(
    whole: student.Student, tmp_path: Path, bits: int
) -> None:
    kept = prune.most_seen(token_rows(), whole.shape.vocabulary, 200).tolist()
    full, small = export(whole, tmp_path, bits=bits, pieces=kept)
    vectors = [Encoder(path, tmp_path / TOKENIZER).encode(TEXTS) for path in (full, small)]
    assert (vectors[0] * vectors[1]).sum(axis=1).min() > 0.95
    assert small.stat().st_size < full.stat().st_size / 3


def test_adaptation_is_the_same_under_a_seed(tmp_path: Path) -> None:
    plan = adapt.Plan(5, batch_tokens=64, shape=student.Shape(layers_of_teacher=(0,)))
    weights = []
    for name in "ab":
        (tmp_path / name).mkdir()
        done = adapt.adapt(token_rows() * 10, plan, tmp_path / name, progress=False)
        weights.append(torch.load(tmp_path / name / distil.STUDENT, weights_only=True))
    assert done.steps > 1
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_distillation_is_the_same_under_a_seed(tmp_path: Path) -> None:
    rows = token_rows() * 10
    sides = {"a": np.arange(30) % 2}
    corpus = distil.Corpus(
        rows, {}, ["s"] * 30, np.full(30, -1), np.zeros((0, 384)), {"a": ("x", "y")}, sides
    )
    shape = student.Shape(layers_of_teacher=(0,))
    plan = distil.Plan(5, batch_tokens=64, max_seconds=600.0, shape=shape, curriculum=0.5)
    weights = []
    for name in "ab":
        (tmp_path / name).mkdir()
        assert distil.train(corpus, plan, tmp_path / name, progress=False) > 1
        weights.append(torch.load(tmp_path / name / distil.STUDENT, weights_only=True))
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_clock_counts_only_once_it_tells() -> None:
    assert distil.share_done(1, 100, 0.05) == 0.01
    assert distil.share_done(1, 100, 0.5) == 0.5


def test_deletion_leaves_markers_and_two_fifths_of_the_words() -> None:
    rng = np.random.default_rng(1)
    left = adapt.with_words_deleted([101, *range(200, 220), 102], rng)
    assert (left[0], left[-1], len(left)) == (101, 102, 10)
    assert left == sorted(left, key=lambda piece: (piece == 102, piece != 101, piece))


def test_a_text_of_one_word_is_left_alone() -> None:
    assert adapt.with_words_deleted([101, 7, 102], np.random.default_rng(1)) == [101, 7, 102]


@pytest.mark.parametrize(
    ("text", "said"),
    [("layers", "layers"), ("legs=2", "legs=2"), ("heads=-1", "-1"), ("heads=x", "NAME=COUNT")],
)
def test_a_pruning_that_cannot_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        Pruning.parse(text)


def test_three_bits_are_refused() -> None:
    with pytest.raises(TrainingDataError, match="8 or 4"):
        Options(bits=3)
