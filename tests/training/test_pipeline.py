"""The training pipeline, small and real: own sentences in, a model folder that serves out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")

from router.errors import TrainingDataError
from router.training import finished_model, pipeline
from router.training.data import curate, known_files, templates
from router.training.data.sources import Example
from router.triage.encoder import sha256_of
from router.triage.triage_model import TriageModel
from tests.kits.training_kit import write, write_data

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    out, work = tmp_path_factory.mktemp("model"), tmp_path_factory.mktemp("work")
    pipeline.train_triage(data, out, work, seed=3, quick=True, progress=False)
    return out, work


def test_a_quick_training_gives_a_model_that_loads(trained: tuple[Path, Path]) -> None:
    model = TriageModel.load(trained[0])
    out = model.read(model.encode(["how heavy is the harp"]))
    assert 0.0 <= out.stakes_high[0] <= 1.0


def test_the_card_keeps_weak_labels_apart(trained: tuple[Path, Path]) -> None:
    card = json.loads((trained[0] / "card.json").read_text())
    assert "domain" in card["figures"]["heads"]["given"]
    assert "strategic" not in card["figures"]["heads"]["given"]
    assert "strategic" in card["figures"]["heads"]["weak"]


def test_the_card_names_every_file_with_its_hash(trained: tuple[Path, Path], data: Path) -> None:
    card = json.loads((trained[0] / "card.json").read_text())
    assert {row["name"]: row["sha256"] for row in card["files"]} == {
        path.name: sha256_of(path) for path in data.iterdir()
    }


def test_known_models_come_from_the_graded_answers(trained: tuple[Path, Path]) -> None:
    models = json.loads((trained[0] / "known_models.json").read_text())["models"]
    weak, strong = models["mixtral-8x7b-instruct-v0.1"], models["gpt-4-1106-preview"]
    assert weak["theta"] < strong["theta"]


def test_a_second_run_skips_every_stage(data: Path, trained: tuple[Path, Path]) -> None:
    report = pipeline.train_triage(data, *trained, seed=3, quick=True, progress=False)
    assert report.skipped == pipeline.STAGES


def test_a_damaged_output_is_made_again(data: Path, trained: tuple[Path, Path]) -> None:
    (trained[1] / "embed" / "dev.npy").write_bytes(b"")
    report = pipeline.train_triage(data, *trained, seed=3, quick=True, progress=False)
    assert set(report.seconds) == {"embed"}


def test_a_better_model_in_the_folder_stays(data: Path, trained: tuple[Path, Path]) -> None:
    card = trained[0] / "card.json"
    sound = card.read_text()
    better = json.loads(sound)
    for labels in better["figures"]["heads"].values():
        for figures in labels.values():
            figures |= {"auroc": 1.0} if "auroc" in figures else {"accuracy": 1.0}
    card.write_text(json.dumps(better))
    made = pipeline.train_triage(data, *trained, seed=3, quick=True, progress=False).model
    assert made is not None
    assert not made.installed
    assert made.folder == trained[1] / "card" / "model"
    assert json.loads(card.read_text()) == better
    card.write_text(sound)


def test_one_stage_can_be_run_again(data: Path, trained: tuple[Path, Path]) -> None:
    report = pipeline.train_triage(
        data, *trained, seed=3, stages=["fit"], quick=True, progress=False
    )
    assert set(report.seconds) == {"fit"}


def test_novelty_fitted_again_is_near_that_of_the_training(
    data: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained[0], model)
    figures = finished_model.refit_novelty(data, model, seed=3)
    assert figures == json.loads((model / "card.json").read_text())["figures"]["novelty"]["shipped"]
    before, after = (TriageModel.load(folder).novelty for folder in (trained[0], model))
    # The quick training read a part of the rows only.
    assert after.coefficients == pytest.approx(before.coefficients, rel=0.5)


def test_a_calibrated_model_loads_with_a_card_of_its_files(
    data: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained[0], model)
    # The quick training had fewer rows, so that figures differ by more than chance.
    beyond = finished_model.recalibrate(data, model, seed=3, quick=True, force=True)
    card = json.loads((model / "card.json").read_text())
    TriageModel.load(model)  # raises where the manifest and the files differ
    assert card["figures"]["held_out"] == json.loads(json.dumps(beyond))
    assert card["artefacts"] == json.loads((model / "manifest.json").read_text())["files"]


def test_one_head_calibrated_alone_leaves_the_others_as_they_were(
    data: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained[0], model)
    before = json.loads((model / "card.json").read_text())
    beyond = finished_model.recalibrate(
        data, model, seed=3, names=["stakes"], quick=True, force=True
    )
    assert {row.partition("/")[0] for row in beyond} == {"stakes"}
    card = json.loads((model / "card.json").read_text())
    changed = {
        path for path, sha in card["artefacts"].items() if before["artefacts"].get(path) != sha
    }
    assert {path.partition(".")[0] for path in changed if "heads/" in path} <= {"heads/stakes"}
    rows = {row: of for row, of in before["figures"]["held_out"].items() if "stakes/" not in row}
    assert card["figures"]["held_out"] == rows | json.loads(json.dumps(beyond))


def test_an_unknown_stage_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="unknown stage bake"):
        pipeline.train_triage(data, tmp_path, tmp_path, stages=["bake"])


def test_a_late_stage_without_the_early_ones_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="stage curate has no output"):
        pipeline.train_triage(data, tmp_path / "m", tmp_path / "w", stages=["fit"])


def test_an_empty_folder_names_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="none of the"):
        known_files.read_folder(tmp_path)


def test_a_missing_column_is_named_with_its_rows(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"text": "a", "label": "ham"}, {"text": "b"}, {"text": "c"}]
    write(tmp_path, "spam_sms.jsonl.gz", rows)
    with pytest.raises(TrainingDataError, match=r"row 2, 3: column label is missing"):
        known_files.read_folder(tmp_path)


def test_many_bad_rows_are_counted_not_listed(tmp_path: Path) -> None:
    write(tmp_path, "spam_sms.jsonl.gz", [{"text": "x"}] * 30)
    with pytest.raises(TrainingDataError, match="and 22 more"):
        known_files.read_folder(tmp_path)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "spam_sms.jsonl").write_text('{"text": "a", "label": "ham"}\n{oops\n')
    with pytest.raises(TrainingDataError, match="row 2: not a JSON object"):
        known_files.read_folder(tmp_path)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spam_sms.jsonl").write_bytes(b'{"text": "\xff", "label": "ham"}\n')
    with pytest.raises(TrainingDataError, match="not UTF-8"):
        known_files.read_folder(tmp_path)


def test_a_plain_jsonl_file_is_read_as_well(tmp_path: Path) -> None:
    (tmp_path / "spam_sms.jsonl").write_text('{"text": "win a car", "label": "spam"}\n')
    (file,) = known_files.read_folder(tmp_path)
    assert (file.rows[0][1].labels["spam"], file.count) == ("spam", 1)


def test_equal_texts_of_a_source_are_merged() -> None:
    rows = [Example("Hello there!", "s", labels={"a": "1"}), Example("hello there", "s")]
    kept, duplicates, _ = curate.deduplicated(rows)
    assert (len(kept), duplicates) == (1, 1)


def test_contradicting_labels_are_dropped() -> None:
    rows = [Example("hi", "s", labels={"a": "1"}), Example("Hi", "s", labels={"a": "2"})]
    kept, _, contradictions = curate.deduplicated(rows)
    assert (dict(kept[0].labels), contradictions) == ({}, 1)


def test_a_pair_falls_on_one_side() -> None:
    for number in range(50):
        rows = [Example(f"text {side} {number}", "s", group=f"pair/{number}") for side in "ab"]
        assert curate.is_dev(rows[0]) == curate.is_dev(rows[1])


def test_saved_examples_read_the_same(tmp_path: Path) -> None:
    rows = tuple(templates.examples(1))[:40]
    curate.save(tmp_path / "x.jsonl.gz", rows)
    assert curate.load(tmp_path / "x.jsonl.gz") == rows


def test_templates_are_the_same_under_a_seed() -> None:
    assert list(templates.examples(4)) == list(templates.examples(4))


def test_every_slot_of_a_template_is_filled() -> None:
    assert not [e.text for e in templates.examples(2) if "{" in e.text]
