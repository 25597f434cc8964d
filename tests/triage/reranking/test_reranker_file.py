"""The reranker's files: what is read back, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from router.errors import ModelFileError
from router.triage.encoder import sha256_of
from router.triage.matching.gate import FIELD, GATE, Gate
from router.triage.reranking import file
from router.triage.reranking.cross_encoder import Pair
from router.triage.reranking.reranker import TrafficFit, Weights
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel
from router.types import Traffic

MOST_BYTES = 25_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (file.ONNX, file.DESCRIBED):
        shutil.copyfile(DEFAULT_FOLDER / name, tmp_path / name)
    return tmp_path


def changed(folder: Path, **values: object) -> None:
    path = folder / file.DESCRIBED
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_what_is_saved_is_read_back(model: TriageModel, folder: Path) -> None:
    gate = Gate(np.arange(len(GATE)) / 4, -1.5, np.arange(len(FIELD)) / 8)
    mixed = TrafficFit(gate, Weights(1.5, 0.25, -0.5), 0.91)
    support = TrafficFit(gate._replace(least=-4.0), Weights(1.0, 0.5, 0.75), 0.94)
    fits = {Traffic.MIXED: mixed, Traffic.SUPPORT: support}
    file.save(fits, folder, model.encoder.sha256)
    loaded = file.load(folder, model.encoder)
    assert loaded is not None
    for traffic, saved in fits.items():
        found = loaded.fits[traffic]
        assert file.described_of(found) == file.described_of(saved)
        assert (found.weights, found.cap) == (saved.weights, saved.cap)
        assert found.gate.least == saved.gate.least


def test_a_model_may_have_none(model: TriageModel, tmp_path: Path) -> None:
    assert file.load(tmp_path, model.encoder) is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": 0}, "tiergate train reranker"),
        ({"encoder_sha256": "0"}, "fitted on another encoder"),
        ({"traffic": {}}, "malformed"),
        ({"traffic": {"mixed": {}, "support": {}}}, "malformed"),
    ],
)
def test_what_does_not_fit_is_refused(
    model: TriageModel, folder: Path, values: dict[str, object], message: str
) -> None:
    changed(folder, **values)
    with pytest.raises(ModelFileError, match=message):
        file.load(folder, model.encoder)


@pytest.mark.parametrize(
    "values",
    [
        {"weights": {"odds": 1}},
        {"cap": "high"},
        {"gate": {"one": 1}},
        {"least": None},
        {"field": {"outside": 1}},
    ],
)
def test_a_kind_of_traffic_that_does_not_fit_is_refused(
    model: TriageModel, folder: Path, values: dict[str, object]
) -> None:
    described = json.loads((folder / file.DESCRIBED).read_text(encoding="utf-8"))
    described["traffic"]["support"] |= values
    changed(folder, traffic=described["traffic"])
    with pytest.raises(ModelFileError, match="malformed"):
        file.load(folder, model.encoder)


def test_a_replaced_network_is_refused_when_it_is_opened(model: TriageModel, folder: Path) -> None:
    changed(folder, onnx_sha256="0" * 64)
    loaded = file.load(folder, model.encoder)
    assert loaded is not None
    with pytest.raises(ModelFileError, match="no longer the file"):
        loaded.cross.odds([Pair("a", ["b"], "c")])


def test_the_shipped_network_is_the_one_of_its_card(model: TriageModel) -> None:
    card = json.loads((DEFAULT_FOLDER / f"{file.NAME}.card.json").read_text(encoding="utf-8"))
    for name, digest in card["sha256"].items():
        assert sha256_of(DEFAULT_FOLDER / name) == digest
    assert (DEFAULT_FOLDER / file.ONNX).stat().st_size <= MOST_BYTES
    assert not set(card["companies"]["fitting"]) & set(card["companies"]["judging"])


def test_the_card_names_no_folder_of_one_machine() -> None:
    for path in DEFAULT_FOLDER.glob("*card.json"):
        command = json.loads(path.read_text(encoding="utf-8")).get("command", "")
        assert not [word for word in command.split() if word.startswith(("/", "..", "~"))]


def test_the_shipped_network_tells_near_misses_from_questions(model: TriageModel) -> None:
    assert model.reranker is not None
    questions = ["when is the library open", "opening hours", "until when can I come"]
    answer = "We are open from nine to six, on Saturdays until one."
    asked = ["will I still catch somebody at half past five", "when was the library built"]
    right, near = model.reranker.cross.odds([Pair(text, questions, answer) for text in asked])
    assert right > near + 1.0
