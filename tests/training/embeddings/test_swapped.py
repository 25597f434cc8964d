"""An encoder that `train embeddings` tuned, in a model whose heads are all fitted to it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from router.errors import TrainingDataError
from router.training import pipeline
from router.training.embeddings.texts import split
from router.training.embeddings.train import Settings, tune_encoder
from router.training.options import Given, Options
from router.training.work_folder import STAMP
from router.triage.encoder import Encoder
from router.triage.triage_model import DEFAULT_FOLDER, ENCODER, TOKENIZER, TriageModel
from router.types import Device
from tests.kits.training_kit import write_data

pytestmark = pytest.mark.train

ROWS = [
    {"text": f"{verb} the {noun} {n}", "label": verb}
    for verb in ("rent", "paint", "weigh")
    for noun in ("harp", "tent", "chair")
    for n in range(6)
]


def test_a_tuned_encoder_is_served_with_all_heads_fitted_to_it(tmp_path: Path) -> None:
    tuned, out, work = tmp_path / "tuned", tmp_path / "model", tmp_path / "work"
    sets = split(ROWS, "text", "label", "0", "rows")
    settings = Settings(steps=4, batch=6, negatives=2, mine_every=2, keep=0.0, threads=1)
    tune_encoder(sets, tuned, "shipped", DEFAULT_FOLDER, settings, Device.CPU, lambda _: None)
    options = Options(encoder=Given.read(tuned))
    data = write_data(tmp_path / "data")
    report = pipeline.train_triage(
        data, out, work, seed=3, quick=True, progress=False, options=options
    )
    assert set(report.seconds) == {"curate", "export", "embed", "fit", "card"}
    model, texts = TriageModel.load(out), ["how heavy is the harp", "is it sold in green"]
    by_itself = Encoder(tuned / ENCODER, tuned / TOKENIZER, out / "words.txt.gz").encode(texts)
    assert np.allclose(model.encode(texts).vectors, by_itself, atol=1e-5)
    assert not np.allclose(by_itself, TriageModel.load().encode(texts).vectors, atol=1e-2)
    assert 0.0 <= model.read(model.encode(texts)).stakes_high[0] <= 1.0
    card = json.loads((out / "card.json").read_text())
    assert card["training"] == {"encoder": "given", "student_sha256": options.encoder.sha256}  # type: ignore[union-attr]
    # Another encoder in the same work folder makes all that reads it anew, and no curation.
    (tuned / "student.pt").write_bytes((tuned / "student.pt").read_bytes() + b" ")
    again = Options(encoder=Given.read(tuned))
    run = pipeline.train_triage(
        data, out, work, seed=3, quick=True, progress=False, options=again, stages=["export"]
    )
    assert set(run.seconds) == {"export"}
    assert not (work / "distil" / STAMP).exists()


def test_a_stage_that_the_encoder_replaces_is_refused(tmp_path: Path) -> None:
    options = Options(encoder=Given("somewhere", "0"))
    with pytest.raises(TrainingDataError, match="takes the place of the stage distil"):
        pipeline.train_triage(
            tmp_path, tmp_path, tmp_path, stages=["distil", "fit"], options=options
        )


def test_a_folder_without_an_encoder_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"no student\.pt can be read"):
        Given.read(tmp_path)
