"""The training of the reader of grave matters: its texts, its weights and a small fit."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from router.errors import ModelFileError
from router.training.data import grave_texts
from router.training.data.grave_texts import GRAVE, SECTIONS, GraveText
from router.training.heads.fit_grave import EACH_LANGUAGE, fit, rows_of
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel, write_manifest

FEW = [row for row in grave_texts.texts(7, 1) if row.language in ("en", "de")]


def test_texts_are_the_same_under_the_same_seed() -> None:
    assert list(grave_texts.texts(7, 2)) == list(grave_texts.texts(7, 2))


def test_each_language_has_texts_of_each_section() -> None:
    rows = list(grave_texts.texts(7, 1))
    languages = {row.language for row in rows}
    assert len(languages) == 14
    found = {(row.language, row.section) for row in rows}
    assert found == {(language, section) for language in languages for section in SECTIONS}


def test_the_first_choice_of_a_line_goes_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "en.txt").write_text("## none\n{one|two|three} {a|b}\n", encoding="utf-8")
    monkeypatch.setattr(grave_texts, "FOLDER", tmp_path)
    monkeypatch.setattr(grave_texts, "SPOILT", 0.0)
    first = [row.text.split()[0] for row in grave_texts.texts(7, 3)]
    assert first == ["one", "two", "three"]


def test_an_unknown_section_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "en.txt").write_text("## weather\nit rains\n", encoding="utf-8")
    monkeypatch.setattr(grave_texts, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="weather"):
        list(grave_texts.texts(7, 1))


def test_everyday_lines_of_other_languages_are_harmless_rows(tmp_path: Path) -> None:
    lines = [
        json.dumps({"text": f"wie geht es {number}", "language": "de", "source": "x"})
        for number in range(EACH_LANGUAGE + 5)
    ]
    with gzip.open(tmp_path / "everyday_languages.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))
    rows = [row for row in rows_of(tmp_path) if row.text.startswith("wie geht es ")]
    assert len(rows) == EACH_LANGUAGE
    assert {(row.section, row.language, row.written) for row in rows} == {("none", "de", False)}


@pytest.mark.slow
def test_a_small_fit_tells_grave_from_harmless(tmp_path: Path) -> None:
    model = TriageModel.load(grave_reader=False)
    fitted = fit(model, FEW)
    vectors = model.vectors([row.text for row in FEW])
    chances = np.array([one.grave for one in fitted.reader.read([r.text for r in FEW], vectors)])
    grave = np.array([row.section in GRAVE for row in FEW])
    assert chances[grave].mean() > chances[~grave].mean() + 0.2
    assert set(fitted.card) == {"at_en", "at_others", "en", "de"}


def test_a_fit_without_a_section_is_refused() -> None:
    rows = [GraveText("hello", "none", "en", "en/0")]
    with pytest.raises(ValueError, match="rows of each section"):
        fit(TriageModel.load(grave_reader=False), rows)


@pytest.mark.slow
def test_a_reader_of_another_encoder_can_be_fitted_anew(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(DEFAULT_FOLDER, folder)
    described = json.loads((folder / "grave.json").read_text(encoding="utf-8"))
    described["encoder_sha256"] = "0" * 64
    (folder / "grave.json").write_text(json.dumps(described), encoding="utf-8")
    write_manifest(folder)
    with pytest.raises(ModelFileError, match="another encoder"):
        TriageModel.load(folder)
    assert TriageModel.load(folder, grave_reader=False).grave is None
