"""What every kind measures of a head on rows: accuracy, ECE, AUROC and flips, each with n."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router import heads
from router.calibration import Floats
from router.errors import TrainingDataError
from router.evaluation import perturb
from router.evaluation.asked import Options, Subject
from router.evaluation.measures import (
    Figure,
    Flags,
    Labels,
    auroc_figure,
    ece_figures,
    flip_share,
    macro_f1,
    paired_bootstrap,
    share_figure,
)
from router.evaluation.rows import Row
from router.evaluation.table import need_classes
from router.heads import Head, HeadKind
from router.training.head_fit import fit_head
from router.triage.encoder import Embeddings


def fitted(
    subject: Subject, name: str, rows: Sequence[Row], options: Options, path: Path,
    *, positive: str | None = None,
) -> Head:  # fmt: skip
    """A head fitted on frozen embeddings: ridge and calibrator by cross-validation on `rows`.

    Raises TrainingDataError where the rows have one class only; `path` is the file they are of.
    """
    labels = [row.label for row in rows]
    need_classes(path, labels, "the label to fit (--train FILE may give others)")
    classes = tuple(sorted(set(labels)))
    number = {label: place for place, label in enumerate(classes)}
    texts = [row.text for row in rows]
    return fit_head(
        name, subject.encode(texts), np.array([number[label] for label in labels]), classes,
        texts, subject.model.encoder.sha256, seed=options.seed, positive=positive,
    ).head  # fmt: skip


def save(head: Head, path: Path) -> str:
    """Writes a head as `<path>.npz` and `<path>.json`, named as the path ends; says so in words.

    Raises TrainingDataError where it cannot be written.
    """
    named = Head(
        path.name, head.kind, head.classes, head.weight, head.bias, head.calibrator,
        head.encoder_sha256, head.label_source,
    )  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        heads.save(named, path.parent)
    except OSError as error:
        raise TrainingDataError(
            f"{path}: the head cannot be written: {error.strerror}; expected a folder that may be "
            "written to, and a name"
        ) from error
    return f"head {named.name} saved as {path}.json and .npz"


def said_by(head: Head, vectors: Embeddings) -> npt.NDArray[np.int64]:
    """The predicted class of each row; of a chance head 1 above one half, else 0."""
    out = head(vectors)
    said: npt.NDArray[np.int64] = (
        out.argmax(axis=1) if head.kind is HeadKind.CLASSES else (out > 0.5).astype(np.int64)
    )
    return said


def chance_section(chances: Floats, positive: Flags, options: Options) -> dict[str, Figure]:
    """Accuracy at one half, AUROC and ECE of one chance."""
    seed, resamples = options.seed, options.resamples
    right = (chances > 0.5) == positive
    return {
        "accuracy": share_figure(right, resamples=resamples, seed=seed),
        "auroc": auroc_figure(chances, positive, resamples=resamples, seed=seed),
        **ece_figures(chances, positive.astype(float), seed),
    }


def class_section(chances: Floats, truth: Labels, options: Options) -> dict[str, Figure]:
    """Accuracy, macro-F1 and the ECE of the top chance of a head of classes."""
    said = chances.argmax(axis=1)
    right = said == truth
    return {
        "accuracy": share_figure(right, resamples=options.resamples, seed=options.seed),
        "macro_f1": macro_figure(said, truth, options),
        **ece_figures(chances.max(axis=1), right.astype(float), options.seed),
    }


def macro_figure(said: Labels, truth: Labels, options: Options) -> Figure:
    """Macro-F1 with its interval."""
    span = paired_bootstrap(
        lambda rows: macro_f1(said[rows], truth[rows]),
        len(truth),
        resamples=options.resamples,
        seed=options.seed,
    )
    return Figure(macro_f1(said, truth), len(truth), *span)


def flips(subject: Subject, head: Head, texts: Sequence[str]) -> dict[str, Figure]:
    """The share of predictions that change under each perturbation of `router.evaluation.perturb`.

    Texts are encoded in the same batches before and after, as INT8 activations are scaled by batch.
    """
    before = said_by(head, subject.encode(texts))
    found = {}
    for name, change in perturb.ALL.items():
        after = said_by(head, subject.encode([change(text) for text in texts]))
        found[name] = Figure(flip_share(before, after), len(texts))
    return found
