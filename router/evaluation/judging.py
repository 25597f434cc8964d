"""What every kind measures of a head on rows: accuracy, ECE, AUROC and flips, each with n."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.evaluation import perturb
from router.evaluation.options import Options, Subject
from router.evaluation.rows import Row, in_dev
from router.evaluation.table import need_classes
from router.stats import heads
from router.stats.calibration import Floats
from router.stats.heads import EarlyHeads, Encoded, Head, HeadKind
from router.stats.measures import (
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
from router.training.data.sources import sha256_of
from router.training.heads.fit_one_head import FittedHead, fit_head, put_together, unseen
from router.training.heads.mix_ngrams import LEAST_HONEST

Half = tuple[Head, Flags]
"""A head, and the rows that it may judge, (rows,)."""
WEIGHED = "weighed and calibrated on the judged rows, each half by the other half"


def fitted(
    subject: Subject, name: str, rows: Sequence[Row], options: Options, path: Path,
    *, positive: str | None = None,
) -> FittedHead:  # fmt: skip
    """A head fitted on the frozen encoder: ridge and calibrator by cross-validation on `rows`.

    Where the encoder was trained on the file, the dev rows among them weigh and calibrate. Raises
    TrainingDataError where the rows have one class only; `path` is the file they are of.
    """
    labels = [row.label for row in rows]
    need_classes(path, labels, "the label to fit (--train FILE may give others)")
    classes = tuple(sorted(set(labels)))
    number = {label: place for place, label in enumerate(classes)}
    texts = [row.text for row in rows]
    return fit_head(
        name, subject.encode(texts), np.array([number[label] for label in labels]), classes,
        texts, subject.model.encoder.sha256, seed=options.seed, rare=subject.model.rarity,
        positive=positive, honest=honest_rows(subject, rows, path),
    )  # fmt: skip


def unknown_judges(
    subject: Subject, taught: Sequence[Row], judged: Sequence[Row], path: Path
) -> bool:
    """Whether only judged rows are new to the encoder: it knows all that were taught, not them."""
    honest = honest_rows(subject, taught, path)
    if honest is None or int(honest.sum()) >= LEAST_HONEST:
        return False
    return len(judged) >= 2 * LEAST_HONEST and all(in_dev(row.text, row.group) for row in judged)


def honest_rows(subject: Subject, rows: Sequence[Row], path: Path) -> Flags | None:
    """Which rows of a file the encoder never trained on, (rows,); None where that is all."""
    if sha256_of(path) not in subject.known:
        return None
    return np.array([in_dev(row.text, row.group) for row in rows])


def weighed(
    fit: FittedHead, encoded: Encoded, labels: Labels, read: Callable[[Head, Flags], Floats]
) -> tuple[Head, Floats, tuple[Half, ...]]:
    """A head weighed and calibrated on rows that neither it nor the encoder saw, and its chances.

    `read` gives what a head says of the rows that a mask chooses. The chances of each half of the
    rows are said by a head that was weighed on the other half, so that no row judges itself; these
    heads come last.
    """
    numbers = np.asarray(labels, dtype=np.int64)
    odd = np.arange(len(labels)) % 2 == 1
    halves: list[Half] = []
    for mine in (~odd, odd):
        mix, judged = unseen(fit.fitted, encoded[~mine], numbers[~mine])
        halves.append((put_together(fit.fitted, mix, judged), mine))
    said = [read(head, mine) for head, mine in halves]
    chances = np.zeros((len(labels), *said[0].shape[1:]))
    for (_, mine), part in zip(halves, said, strict=True):
        chances[mine] = part
    mix, judged = unseen(fit.fitted, encoded, numbers)
    return put_together(fit.fitted, mix, judged), chances, tuple(halves)


def crossed(head: Head, encoded: Encoded, halves: Sequence[Half]) -> Floats:
    """What the halves of `weighed` say of their rows; without any, what the head says of all."""
    found = np.array(head(encoded), float)
    for one, mine in halves:
        found[mine] = one(encoded[mine])
    return found


def save(head: Head, path: Path) -> str:
    """Writes a head as `<path>.npz` and `<path>.json`, named as the path ends; says so in words.

    Raises TrainingDataError where it cannot be written.
    """
    named = replace(head, name=path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        heads.save(named, path.parent)
    except OSError as error:
        raise TrainingDataError(
            f"{path}: the head cannot be written: {error.strerror}; expected a folder that may be "
            "written to, and a name"
        ) from error
    return f"head {named.name} saved as {path}.json and .npz"


def said_by(head: Head, encoded: Encoded) -> npt.NDArray[np.int64]:
    """The predicted class of each row; of a chance head 1 above one half, else 0."""
    return _said(head.kind, head(encoded))


def _said(kind: HeadKind, chances: Floats) -> npt.NDArray[np.int64]:
    said: npt.NDArray[np.int64] = (
        chances.argmax(axis=1) if kind is HeadKind.CLASSES else (chances > 0.5).astype(np.int64)
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


def early_section(
    head: Head, encoded: Encoded, truth: Labels, halves: Sequence[Half] = ()
) -> dict[str, Figure]:
    """Of how many rows n-grams alone are enough, and who is right there: they, the whole head.

    `never_encoded_right` is of all rows, as `tiergate classify --encoder never` reads them.

    `truth` holds places of classes; of a chance head 1 for the counted one. Where the rows
    themselves said when n-grams are enough, `halves` of `weighed` judge instead of the head. Empty
    where the encoder is always needed.
    """
    judges = [
        (early, one, mine)
        for one, mine in halves or ((head, np.ones(len(truth), bool)),)
        if (early := EarlyHeads.of([one], alone=True)) is not None
    ]
    if not judges:
        return {}
    sure = np.zeros(len(truth), bool)
    said, whole = np.zeros((2, len(truth)), np.int64)
    for early, one, mine in judges:
        _, chances, _ = early(encoded.grams[mine])
        said[mine] = _said(one.kind, chances[one.name])
        whole[mine] = said_by(one, encoded[mine])
        if (able := EarlyHeads.of([one])) is not None:
            sure[mine] = able(encoded.grams[mine])[2]
    found = {
        "share": Figure(float(sure.mean()), len(sure)),
        "never_encoded_right": Figure(float((said == truth).mean()), len(truth)),
    }
    if sure.any():
        said, whole, right, count = said[sure], whole[sure], truth[sure], int(sure.sum())
        found["right"] = Figure(float((said == right).mean()), count)
        found["whole_head_right"] = Figure(float((whole == right).mean()), count)
        found["same"] = Figure(float((said == whole).mean()), count)
    return found


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
