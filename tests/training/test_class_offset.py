"""Tests that classes which a head says too often are said less, by writers whom it did not read."""

from __future__ import annotations

import numpy as np
import pytest

from router.stats.calibration import Floats
from router.training import held_out
from router.training.class_offset import class_offset
from router.training.heads.mix_ngrams import Mix
from router.training.unread_sources import Source

RNG = np.random.default_rng(11)
BOTH = Mix(1.0, 1.0)
TOO_OFTEN = np.array([1.0, 0.0, -1.0])
"""By how much the logits of three classes are too high."""


def read(rows: int = 3_000, *, scale: float = 1.0) -> tuple[Floats, np.ndarray]:
    """Returns logits of three classes that are as likely, moved by TOO_OFTEN, and the labels."""
    labels = RNG.integers(0, 3, rows)
    logits = RNG.normal(size=(rows, 3))
    logits[np.arange(rows), labels] += 1.5
    return scale * (logits + TOO_OFTEN), labels


def source(name: str, rows: int = 3_000) -> Source:
    logits, labels = read(rows)
    return Source(name, logits / 2, logits / 2, labels, author=True)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_offset_is_found_in_the_unit_of_the_logits(scale: float) -> None:
    assert class_offset(*read(scale=scale)) == pytest.approx(scale * TOO_OFTEN, abs=0.12 * scale)


def test_few_rows_move_little() -> None:
    few = class_offset(*read(6))
    assert np.abs(few).max() < 0.5


def test_writers_of_all_kinds_alone_find_it() -> None:
    mine = [source("messages_one", 200), source("messages_two", 200)]
    other = Source("weighing", np.zeros((500, 3)), np.zeros((500, 3)), np.zeros(500, np.int64))
    offset = held_out.offset_of([*mine, other], BOTH)
    assert offset == pytest.approx(TOO_OFTEN, abs=0.5)
    assert (offset == held_out.offset_of(mine, BOTH)).all()
    assert not held_out.offset_of([other], BOTH).any()
    assert not held_out.offset_of([source("messages_one", 60)], BOTH).any()


def test_a_share_of_the_offset_is_taken() -> None:
    mine = [source("messages_one", 200)]
    whole, part = held_out.offset_of(mine, BOTH), held_out.offset_of(mine, BOTH, 0.4)
    assert part == pytest.approx(0.4 * whole)
    assert held_out.OFFSET_SHARE == {"domain": 0.0, "request_type": 0.4}


def test_a_source_without_the_offset_is_right_more_often() -> None:
    one = source("messages_one")
    offset = held_out.offset_of([source("messages_two")], BOTH)
    moved = one.without(offset, Mix(0.5, 1.0))
    before, after = (
        float((of.pool(Mix(0.5, 1.0)).argmax(axis=1) == one.labels).mean()) for of in (one, moved)
    )
    assert moved.pool(Mix(0.5, 1.0)) == pytest.approx(one.pool(Mix(0.5, 1.0)) - offset)
    assert after > before + 0.02
