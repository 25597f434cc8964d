"""Small updates: what they are worked out from, and how they go on after a stop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from router.stats.calibration import softmax
from router.stats.heads import Encoded
from router.stats.ngrams import BUCKETS, Grams
from router.training.continual.importance import consolidated, fisher, held
from router.training.continual.plane import Plane, loss_and_slopes, widened
from router.training.continual.updates import (
    Lesson,
    Method,
    Pace,
    State,
    Told,
    begun,
    drift,
    learn,
)

WIDTH = 6
RARE = np.ones(BUCKETS, np.float32)


def texts(count: int, seed: int, classes: int = 3) -> tuple[Encoded, np.ndarray]:
    """Rows whose class shows in one number of the vector and in one n-gram."""
    chance = np.random.default_rng(seed)
    labels = chance.integers(classes, size=count)
    vectors = chance.normal(size=(count, WIDTH)).astype(np.float32)
    vectors[np.arange(count), labels] += 2.0
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    grams = Grams.of(
        [
            (
                np.array(sorted({10 + int(label), 20 + int(chance.integers(9))}), np.int32),
                np.array([0.8, 0.6], np.float32),
            )
            for label in labels
        ]
    )
    return Encoded(vectors, grams), labels


def told(count: int, seed: int, plane: Plane | None = None) -> Told:
    encoded, labels = texts(count, seed)
    return Told((plane or Plane.of([encoded], RARE)).rows(encoded), labels)


def lesson() -> Lesson:
    every = told(60, 1)
    plane = every.rows.plane
    anchor = np.zeros((plane.width + len(plane.used) + 1, 3), np.float32)
    dev = told(30, 2, plane)
    return Lesson(every, 40, dev, None, anchor, fisher(every.rows, anchor), 1.0)


def dense(rows: Told) -> np.ndarray:
    """The rows as one matrix, for checks."""
    plane = rows.rows.plane
    words = np.zeros((len(rows), len(plane.used)))
    for row, (buckets, weights) in enumerate(rows.rows.grams.each()):
        words[row, buckets] = weights * plane.rare[buckets]
    return np.hstack([rows.rows.vectors, words, np.ones((len(rows), 1))])


def test_products_are_those_of_a_dense_matrix() -> None:
    rows = told(12, 3)
    x = dense(rows)
    matrix = np.random.default_rng(0).normal(size=(x.shape[1], 3)).astype(np.float32)
    assert np.allclose(rows.rows.logits(matrix), x @ matrix, atol=1e-5)
    _, slopes = loss_and_slopes(rows.rows, rows.labels, matrix)
    assert np.allclose(rows.rows.back(slopes), x.T @ slopes, atol=1e-4)
    chances = softmax(x @ matrix)
    by_hand = (x**2).T @ (chances * (1 - chances)) / len(rows)
    assert np.allclose(fisher(rows.rows, matrix), by_hand, atol=1e-5)


def test_rows_read_only_what_they_touch() -> None:
    rows = told(4, 5).rows
    matrix = np.random.default_rng(1).normal(size=(len(rows.touched()), 3)).astype(np.float32)
    few = rows[np.array([0, 2])]
    touched = few.touched()
    assert np.allclose(few.among(touched).logits(matrix[touched]), few.logits(matrix), atol=1e-5)


@pytest.mark.parametrize("method", [Method.NAIVE, Method.REPLAY, Method.EWC, Method.BOTH])
def test_run_that_stops_and_goes_on_ends_as_one_that_never_stopped(method: Method) -> None:
    pace = Pace(updates=60, every=20, batch=16)
    whole = learn(lesson(), method, pace, begun(lesson().anchor), seed=3)
    state = begun(lesson().anchor)
    for _ in range(10):
        if state.ended:
            break
        state = learn(lesson(), method, pace, state, 3, pause=lambda _: True)
    assert np.array_equal(state.best, whole.best)
    assert (state.step, state.ended) == (whole.step, whole.ended)


def test_updates_learn_what_rows_say() -> None:
    state = learn(lesson(), Method.REPLAY, Pace(updates=200), begun(lesson().anchor), seed=1)
    fresh = told(90, 9, lesson().told.rows.plane)
    assert (fresh.rows.logits(state.best).argmax(axis=1) == fresh.labels).mean() > 0.9


def test_run_ends_with_the_weights_before_the_old_set_lost() -> None:
    scores = iter([0.9, 0.9, 0.5])
    asked = replace(lesson(), guard=lambda _: next(scores))
    state = learn(asked, Method.NAIVE, Pace(updates=100, every=10), begun(asked.anchor), seed=1)
    assert (state.step, state.ended) == (20, "the fixed old set lost more than is allowed")
    earlier = learn(
        replace(lesson(), guard=None), Method.NAIVE, Pace(updates=10, every=10),
        begun(asked.anchor), seed=1,
    )  # fmt: skip
    assert np.array_equal(state.best, earlier.best)


def test_run_ends_where_rows_that_do_not_teach_gain_nothing() -> None:
    asked = lesson()
    wrong = replace(asked, dev=Told(asked.told.rows, (asked.told.labels + 1) % 3))
    state = learn(wrong, Method.NAIVE, Pace(updates=900, every=10), begun(asked.anchor), seed=1)
    assert state.step < 100
    assert state.ended.startswith("new rows that do not teach")


def test_importance_holds_a_weight_however_large_it_is() -> None:
    anchor, moved = np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32)
    after = held(moved, anchor, np.array([[0.0, 1e9]], np.float32), 1.0)
    assert after.tolist() == [[1.0, pytest.approx(0.0, abs=1e-6)]]


def test_importance_of_older_tasks_fades() -> None:
    first, second = np.ones((2, 2), np.float32), np.zeros((2, 3), np.float32)
    assert consolidated(first, second).tolist() == [[pytest.approx(0.9)] * 2 + [0.0]] * 2


def test_rows_that_surprise_make_larger_steps_within_bounds() -> None:
    assert drift(0.4, 0.1) == 2.0
    assert drift(0.0, 5.0) == 0.5
    assert drift(50.0, 0.1) == 3.0


def test_class_that_came_is_hardly_ever_named_before_it_is_taught() -> None:
    matrix = np.array([[1.0, 2.0], [0.5, 0.1]], np.float32)
    wider = widened(matrix, 3)
    assert wider[:, :2].tolist() == matrix.tolist()
    assert wider[-1, 2] < matrix[-1].min()


def test_state_is_read_as_it_was_written() -> None:
    from router.training.continual.run import packed

    state = replace(begun(lesson().anchor), step=7, surprise_new=0.4)
    assert isinstance(state, State)
    assert packed("run_a", state)[:2] == b"PK"
