"""Embeddings that outlive a start: used again, never trusted when damaged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from router.triage.embedding_store import Remembering
from router.triage.matching.own_file import Fit
from router.triage.text.spelling import Speller
from router.triage.utterances import Described
from router.triage.verifier import MatchModel, Verifier


class Counting:
    """An embedder that counts what it is asked."""

    matching = MatchModel(np.zeros(3), Verifier(np.zeros(3), 0.9, np.zeros(3), np.zeros(5)))
    lexicon = Speller({}, ())

    def __init__(self) -> None:
        self.asked: list[str] = []

    def described(self, texts: Sequence[str]) -> Described:
        self.asked += texts
        vectors = np.array([[len(t), 1.0] for t in texts], dtype=np.float32)
        return Described(vectors, vectors[:, :1] + 0.5)


def test_a_text_is_embedded_once_within_a_build(tmp_path: Path) -> None:
    model = Counting()
    remembering = Remembering(model, tmp_path, "v1")
    first = remembering.described(["a", "bb", "a"])
    assert first.vectors.tolist() == [[1.0, 1.0], [2.0, 1.0], [1.0, 1.0]]
    assert first.readings.tolist() == [[1.5], [2.5], [1.5]]
    assert model.asked == ["a", "bb"]


def test_the_next_start_embeds_nothing_again(tmp_path: Path) -> None:
    earlier = Remembering(Counting(), tmp_path, "v1")
    earlier.described(["a", "bb"])
    earlier.save()
    model = Counting()
    found = Remembering(model, tmp_path, "v1").described(["bb"])
    assert (found.vectors.tolist(), found.readings.tolist()) == ([[2.0, 1.0]], [[2.5]])
    assert model.asked == []


def test_the_next_start_recalls_what_was_fitted(tmp_path: Path) -> None:
    precision = np.full((2, 2), 0.5, np.float32)
    fit = Fit(np.ones((3, 2), np.float32), np.arange(9.0), np.array([1.0, 0.5]), precision)
    earlier = Remembering(Counting(), tmp_path, "v1")
    earlier.described(["a"])
    earlier.keep(b"0123456789abcdef", fit)
    earlier.save()
    found = Remembering(Counting(), tmp_path, "v1").recall(b"0123456789abcdef")
    assert found is not None
    assert (found.weights == fit.weights).all()
    assert (found.coefficients == fit.coefficients).all()
    assert (found.own == fit.own).all()
    assert found.precision is not None
    assert (found.precision == precision).all()
    assert Remembering(Counting(), tmp_path, "v2").recall(b"0123456789abcdef") is None


def test_another_model_version_shares_nothing(tmp_path: Path) -> None:
    earlier = Remembering(Counting(), tmp_path, "v1")
    earlier.described(["a"])
    earlier.save()
    model = Counting()
    Remembering(model, tmp_path, "v2").described(["a"])
    assert model.asked == ["a"]


@pytest.mark.parametrize("damage", [b"", b"not a zip", b"PK\x03\x04 half"])
def test_a_damaged_cache_is_only_slow(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "knowledge-exact-v1.npz").write_bytes(damage)
    model = Counting()
    Remembering(model, tmp_path, "v1").described(["a"])
    assert model.asked == ["a"]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    remembering = Remembering(Counting(), tmp_path / "file", "v1")
    remembering.described(["a"])
    remembering.save()
