"""The products of n-grams with scipy: as numpy's, and numpy's where scipy is missing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from router.stats.ngrams import BUCKETS, Grams, counted, rarity
from router.stats.softmax_regression import fit_grams, sparse_design
from router.training.sparse_products import quick_design
from tests.kits.server_kit import environment

RNG = np.random.default_rng(5)
COUNT = 120
LABELS = RNG.integers(0, 3, COUNT)
# The texts 0 and 60 are empty: their rows have no entry.
GRAMS = Grams.of(
    [
        counted([int(LABELS[i]), *RNG.integers(10, 60, i % 60).tolist()] if i % 60 else [])
        for i in range(COUNT)
    ]
)
RARE = rarity(GRAMS)


def test_products_are_those_of_numpy_but_for_rounding() -> None:
    pytest.importorskip("scipy.sparse")
    used, column = np.unique(GRAMS.buckets, return_inverse=True)
    quick = quick_design(GRAMS, column, len(used), RARE)
    slow = sparse_design(GRAMS, column, len(used), RARE)
    weights = RNG.normal(size=(len(used), 3)).astype(np.float32)
    slopes = RNG.normal(size=(COUNT, 3)).astype(np.float32)
    assert (quick.count, quick.width) == (slow.count, slow.width)
    assert quick.forward(weights).dtype == np.float32
    np.testing.assert_allclose(quick.forward(weights), slow.forward(weights), atol=1e-5)
    np.testing.assert_allclose(quick.back(slopes), slow.back(slopes), atol=1e-5)


def test_a_fit_is_the_same_with_scipy_and_without() -> None:
    pytest.importorskip("scipy.sparse")
    plain, plain_bias = fit_grams(GRAMS, RARE, LABELS, 3)
    quick, quick_bias = fit_grams(GRAMS, RARE, LABELS, 3, design_of=quick_design)
    assert quick.shape == (BUCKETS, 3)
    np.testing.assert_allclose(quick, plain, atol=1e-3)
    np.testing.assert_allclose(quick_bias, plain_bias, atol=1e-3)


@pytest.mark.process
def test_without_scipy_numpy_multiplies() -> None:
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('scipy', 'scipy.sparse')));"
        "import numpy as np; from router.stats.ngrams import Grams, counted, rarity;"
        "from router.training.sparse_products import quick_design;"
        "grams = Grams.of([counted([5, 6])]);"
        "used, column = np.unique(grams.buckets, return_inverse=True);"
        "design = quick_design(grams, column, len(used), rarity(grams));"
        "print(design.forward(np.ones((len(used), 1), np.float32)).shape)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment()
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "(1, 1)"
