"""Softmax regression against another solver, and by its properties."""

from __future__ import annotations

import numpy as np
import pytest

from router.stats.softmax_regression import as_head, fit_softmax


def test_the_optimum_is_the_one_that_scipy_finds() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 8)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    labels = rng.integers(0, 3, size=60)
    ridge, scaled = 1e-2, x * np.sqrt(8)

    def loss(flat: np.ndarray) -> float:
        matrix = flat.reshape(9, 3)
        logits = scaled @ matrix[:-1] + matrix[-1]
        log_sum = np.log(np.exp(logits).sum(axis=1))
        return float(
            (log_sum - logits[np.arange(60), labels]).mean() + ridge * (matrix[:-1] ** 2).sum()
        )

    theirs = optimize.minimize(loss, np.zeros(27), method="BFGS").fun
    assert loss(fit_softmax(x, labels, 3, ridge).ravel()) == pytest.approx(theirs, abs=1e-4)


def test_a_class_without_rows_is_never_said() -> None:
    x = np.eye(4, dtype=np.float32)
    weight, bias = as_head(fit_softmax(x, np.array([0, 0, 2, 2]), 3, 1e-3))
    assert np.abs(weight[:, 1]).max() == 0
    assert ((x @ weight + bias).argmax(axis=1) == [0, 0, 2, 2]).all()


def test_a_row_that_counts_twice_is_as_good_as_two_rows() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(40, 6)).astype(np.float32)
    labels = rng.integers(0, 3, 40)
    counts = rng.integers(1, 3, 40)
    weighted = fit_softmax(x, labels, 3, 0.05, row_weights=counts.astype(float))
    repeated = fit_softmax(np.repeat(x, counts, axis=0), np.repeat(labels, counts), 3, 0.05)
    assert weighted == pytest.approx(repeated, abs=2e-3)


def test_a_fit_begun_at_another_ends_where_one_from_nothing_ends() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(60, 5)).astype(np.float32)
    labels = rng.integers(0, 3, 60)
    near = fit_softmax(x[:50], labels[:50], 3, 0.05)
    again = fit_softmax(x, labels, 3, 0.05, near)
    assert again == pytest.approx(fit_softmax(x, labels, 3, 0.05), abs=2e-3)
