"""Fits a simple rival, TF-IDF with a linear model, on the same rows and judges it on the same.

It needs scikit-learn, which serving does not: it comes with the extras `train` and `dev`. Its
features are words and pairs of words with logarithmic counts. A linear support vector machine
predicts classes; logistic regression predicts where chances are compared. All other settings are
scikit-learn's defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.errors.installing import pip_install
from router.stats.calibration import Floats

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer


def _features() -> TfidfVectorizer:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    # Serving works without scikit-learn, so only this function needs it.
    except ImportError as error:
        raise TrainingDataError(
            "the baseline needs scikit-learn, which is not installed; expected it with the extra "
            f"`train`: {pip_install('train')}, or leave out --baseline"
        ) from error
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)


def classes(
    texts: Sequence[str], labels: Sequence[str], asked: Sequence[str]
) -> tuple[npt.NDArray[np.str_], Floats]:
    """Returns a label for each text of `asked`, and the machine's margins, (rows, classes) or
    (rows,).

    If there is only one label, every text gets it, with margins of 0.
    """
    features = _features()
    if len(set(labels)) == 1:
        return np.full(len(asked), labels[0]), np.zeros(len(asked))
    from sklearn.svm import LinearSVC

    machine = LinearSVC().fit(features.fit_transform(texts), labels)
    features_asked = features.transform(asked)
    return machine.predict(features_asked), machine.decision_function(features_asked)


def chances(texts: Sequence[str], flags: Sequence[Floats], asked: Sequence[str]) -> list[Floats]:
    """Returns the chance of each of several 0/1 columns for every text of `asked`.

    The chances come from a logistic regression. A column of one value keeps it.
    """
    features = _features()
    from sklearn.linear_model import LogisticRegression

    taught, features_asked = features.fit_transform(texts), features.transform(asked)
    out: list[Floats] = []
    for column in flags:
        right = np.asarray(column) > 0.5
        if right.all() or not right.any():
            out.append(np.full(len(asked), float(right.any())))
            continue
        model = LogisticRegression(max_iter=1_000).fit(taught, right)
        out.append(model.predict_proba(features_asked)[:, 1])
    return out
