"""The simple rival: TF-IDF with a linear model, fitted on the same rows and judged on the same.

Needs scikit-learn, which serving does not: it comes with the extras `train` and `dev`. Words and
pairs of words, logarithmic counts; a linear support vector machine for classes, logistic
regression where chances are compared. Everything else is scikit-learn's default.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.stats.calibration import Floats

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer


def _features() -> TfidfVectorizer:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise TrainingDataError(
            "the baseline needs scikit-learn, which is not installed; expected it with the extra "
            "`train`: pip install 'tiergate[train]', or leave out --baseline"
        ) from error
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)


def classes(
    texts: Sequence[str], labels: Sequence[str], asked: Sequence[str]
) -> tuple[npt.NDArray[np.str_], Floats]:
    """The label said of each asked text, and the machine's margins, (rows, classes) or (rows,).

    One label alone is said of all, with margins of 0.
    """
    features = _features()
    if len(set(labels)) == 1:
        return np.full(len(asked), labels[0]), np.zeros(len(asked))
    from sklearn.svm import LinearSVC

    machine = LinearSVC().fit(features.fit_transform(texts), labels)
    found = features.transform(asked)
    return machine.predict(found), machine.decision_function(found)


def chances(texts: Sequence[str], flags: Sequence[Floats], asked: Sequence[str]) -> list[Floats]:
    """The chance of each of several 0/1 columns for every asked text, by logistic regression.

    A column of one value keeps it.
    """
    features = _features()
    from sklearn.linear_model import LogisticRegression

    taught, found = features.fit_transform(texts), features.transform(asked)
    out: list[Floats] = []
    for column in flags:
        right = np.asarray(column) > 0.5
        if right.all() or not right.any():
            out.append(np.full(len(asked), float(right.any())))
            continue
        model = LogisticRegression(max_iter=1_000).fit(taught, right)
        out.append(model.predict_proba(found)[:, 1])
    return out
