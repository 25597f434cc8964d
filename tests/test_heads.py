"""Heads: read by one product, kept in plain files, refused when they are not what they say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from router import heads
from router.calibration import Isotonic, Platt, Temperature
from router.errors import ModelFileError
from router.heads import Head, HeadKind, HeadStack

SHA = "ab" * 32
RNG = np.random.default_rng(5)


def class_head(name: str = "colour", classes: tuple[str, ...] = ("red", "green", "blue")) -> Head:
    weight = RNG.normal(size=(4, len(classes))).astype(np.float32)
    bias = np.zeros(len(classes), np.float32)
    return Head(name, HeadKind.CLASSES, classes, weight, bias, Temperature(2.0), SHA)


def chance_head(name: str = "hot") -> Head:
    weight = np.array([[1.0], [0.0], [0.0], [0.0]], np.float32)
    return Head(
        name, HeadKind.CHANCE, ("yes",), weight, np.zeros(1, np.float32), Platt(1.0, 0.0), SHA
    )


def test_chances_of_a_class_head_sum_to_one() -> None:
    rows = class_head()(RNG.normal(size=(7, 4)).astype(np.float32))
    assert rows.sum(axis=1) == pytest.approx(np.ones(7))


def test_a_chance_head_worked_by_hand() -> None:
    p = chance_head()(np.array([[0.0, 5, 5, 5], [np.log(3), 0, 0, 0]], np.float32))
    assert p == pytest.approx([0.5, 0.75])


def test_a_value_head_is_not_squashed() -> None:
    weight = np.full((4, 1), 2.0, np.float32)
    head = Head("d", HeadKind.VALUE, ("d",), weight, np.ones(1, np.float32), Platt(1, 0), SHA)
    assert head(np.ones((1, 4), np.float32)) == pytest.approx([9.0])


def test_a_stack_reads_each_head_as_the_head_itself_does() -> None:
    members = [class_head(), chance_head(), class_head("size", ("s", "l"))]
    stack, vectors = HeadStack(members), RNG.normal(size=(5, 4)).astype(np.float32)
    logits = stack.logits(vectors)
    for head in members:
        assert stack.read(logits, head.name) == pytest.approx(head(vectors), abs=1e-6)


def test_a_saved_head_reads_the_same(tmp_path: Path) -> None:
    head, vectors = class_head(), RNG.normal(size=(3, 4)).astype(np.float32)
    heads.save(head, tmp_path)
    again = heads.load(tmp_path, head.name, encoder_sha256=SHA)
    assert np.array_equal(again(vectors), head(vectors))


def test_an_isotonic_curve_is_saved_with_its_head(tmp_path: Path) -> None:
    curve = Isotonic((-1.0, 1.0), (0.1, 0.9))
    base = chance_head()
    heads.save(Head("c", HeadKind.CHANCE, ("yes",), base.weight, base.bias, curve, SHA), tmp_path)
    assert heads.load(tmp_path, "c", encoder_sha256=SHA).calibrator == curve


def test_a_head_of_another_encoder_is_refused(tmp_path: Path) -> None:
    heads.save(chance_head(), tmp_path)
    with pytest.raises(ModelFileError, match="fitted on encoder abababababab"):
        heads.load(tmp_path, "hot", encoder_sha256="cd" * 32)


def test_altered_arrays_are_refused(tmp_path: Path) -> None:
    arrays, _ = heads.save(chance_head(), tmp_path)
    raw = bytearray(arrays.read_bytes())
    raw[200] ^= 1
    arrays.write_bytes(bytes(raw))
    with pytest.raises(ModelFileError, match="corrupt"):
        heads.load(tmp_path, "hot", encoder_sha256=SHA)


@pytest.mark.parametrize("suffix", ["npz", "json"])
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    heads.save(chance_head(), tmp_path)
    (tmp_path / f"hot.{suffix}").unlink()
    with pytest.raises(ModelFileError, match="cannot be read"):
        heads.load(tmp_path, "hot", encoder_sha256=SHA)


@pytest.mark.parametrize(
    ("key", "value"),
    [("calibrator", {"kind": "magic"}), ("kind", "mood"), ("format", 99), ("classes", ["a", "b"])],
)
def test_a_malformed_description_is_refused(tmp_path: Path, key: str, value: object) -> None:
    _, text = heads.save(chance_head(), tmp_path)
    described = json.loads(text.read_text())
    text.write_text(json.dumps(described | {key: value}))
    with pytest.raises(ModelFileError):
        heads.load(tmp_path, "hot", encoder_sha256=SHA)


def test_files_hold_no_pickle(tmp_path: Path) -> None:
    arrays, _ = heads.save(class_head(), tmp_path)
    with np.load(arrays, allow_pickle=False) as inside:
        assert set(inside) == {"weight", "bias"}


def test_a_matrix_that_does_not_fit_its_classes_is_refused() -> None:
    with pytest.raises(ModelFileError, match="do not fit"):
        Head("x", HeadKind.CLASSES, ("a", "b"), np.ones((4, 3), np.float32),
             np.ones(3, np.float32), Temperature(1.0), SHA)  # fmt: skip
