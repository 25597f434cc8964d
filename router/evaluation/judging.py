"""Measures a head on rows, for every kind: accuracy, ECE, AUROC and flips, each with n."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.evaluation import perturbations
from router.evaluation.options import Options, Subject
from router.evaluation.rows import Row, in_dev
from router.evaluation.table import need_classes
from router.stats import heads
from router.stats.calibration import Floats
from router.stats.heads import Encoded, Head, HeadKind
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
    with_width,
)
from router.stats.stacks.head_stack import EarlyHeads
from router.training.heads.fit_one_head import (
    FittedHead,
    Recipe,
    TaughtRows,
    fit_head,
    put_together,
    unseen,
)
from router.training.heads.mix_ngrams import LEAST_HONEST
from router.triage.encoder import sha256_of

Half = tuple[Head, Flags]
"""Pairs a head with the mask of the rows that it may judge, (rows,)."""
POSITIVES = "positives"
"""Names the one figure that is a count: the rows with the label whose chance a head gives."""
WEIGHED = "weighed and calibrated on the judged rows, each half by the other half"


def fitted(
    subject: Subject,
    name: str,
    rows: Sequence[Row],
    options: Options,
    path: Path,
    *,
    positive: str | None = None,
) -> FittedHead:
    """Returns a head fitted on the frozen encoder: ridge and calibrator by cross-validation on
    `rows`.

    Where the encoder was trained on the file, the dev rows of the file weigh and calibrate. Raises
    TrainingDataError where the rows have only one class; `path` is the file they come from.
    """
    labels = [row.label for row in rows]
    # A head of one class says nothing, so the mistake is named before minutes of fitting.
    need_classes(path, labels, "the label to fit (--train FILE may give others)")
    # Sorted, so that the same rows always give the same head.
    classes = tuple(sorted(set(labels)))
    number = {label: place for place, label in enumerate(classes)}
    texts = [row.text for row in rows]
    model = subject.model
    numbers = np.array([number[label] for label in labels])
    return fit_head(
        Recipe(name, classes, model.encoder.sha256, model.rarity, positive),
        TaughtRows(subject.encode(texts), numbers, texts, honest_rows(subject, rows, path)),
        options.seed,
    )


def unknown_judges(
    subject: Subject, taught: Sequence[Row], judged: Sequence[Row], path: Path
) -> bool:
    """Returns True when only judged rows are new to the encoder, and it knows all taught rows."""
    # Enough dev rows among the taught ones weigh and calibrate without the judged rows.
    honest = honest_rows(subject, taught, path)
    if honest is None or int(honest.sum()) >= LEAST_HONEST:
        return False
    return len(judged) >= 2 * LEAST_HONEST and all(in_dev(row.text, row.group) for row in judged)


def honest_rows(subject: Subject, rows: Sequence[Row], path: Path) -> Flags | None:
    """Returns the mask of a file's rows that the encoder never trained on, (rows,).

    Returns None where it trained on no row of the file.
    """
    if sha256_of(path) not in subject.known:
        return None
    return np.array([in_dev(row.text, row.group) for row in rows])


def weighed(
    fit: FittedHead, encoded: Encoded, labels: Labels, read: Callable[[Head, Flags], Floats]
) -> tuple[Head, Floats, tuple[Half, ...]]:
    """Returns a head weighed and calibrated on rows that are new to it and to the encoder.

    `read` returns a head's chances of the rows that a mask chooses. The second result holds the
    chances of each half of the rows, by a head that was weighed on the other half, so that no row
    judges itself. These heads come last.
    """
    numbers = np.asarray(labels, dtype=np.int64)
    # Every second row, so that both halves have the file's mixture.
    odd = np.arange(len(labels)) % 2 == 1
    halves: list[Half] = []
    for mine in (~odd, odd):
        mix, judged = unseen(fit.fitted, encoded[~mine], numbers[~mine])
        halves.append((put_together(fit.fitted, mix, judged), mine))
    parts = [read(head, mine) for head, mine in halves]
    chances = np.zeros((len(labels), *parts[0].shape[1:]))
    for (_, mine), part in zip(halves, parts, strict=True):
        chances[mine] = part
    # The head that is kept may use all rows, since the halves judge in its place.
    mix, judged = unseen(fit.fitted, encoded, numbers)
    return put_together(fit.fitted, mix, judged), chances, tuple(halves)


def crossed(head: Head, encoded: Encoded, halves: Sequence[Half]) -> Floats:
    """Returns the chances by the halves of `weighed`; without halves, the head's own of
    all rows.
    """
    chances = np.array(head(encoded), float)
    for half, mine in halves:
        chances[mine] = half(encoded[mine])
    return chances


def save(head: Head, path: Path) -> str:
    """Writes a head as `<path>.npz` and `<path>.json`, named like the file; returns a sentence.

    Raises TrainingDataError where it cannot be written.
    """
    # `heads.save` names the files after the head.
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
    """Returns the predicted class of each row; for a chance head 1 above one half, 0 otherwise."""
    return _said(head.kind, head(encoded))


def _said(kind: HeadKind, chances: Floats) -> npt.NDArray[np.int64]:
    predicted: npt.NDArray[np.int64] = (
        chances.argmax(axis=1) if kind is HeadKind.CLASSES else (chances > 0.5).astype(np.int64)
    )
    return predicted


def chance_section(chances: Floats, positive: Flags, options: Options) -> dict[str, Figure]:
    """Returns accuracy at one half, AUROC and ECE of one chance, and what the rows are.

    `positives` counts them; `majority` is the accuracy of who always gives the commoner label.
    """
    right = (chances > 0.5) == positive
    share = float(positive.mean())
    return {
        POSITIVES: Figure(float(positive.sum()), len(positive)),
        "majority": Figure(max(share, 1.0 - share), len(positive)),
        "accuracy": share_figure(right, options.draws),
        "auroc": auroc_figure(chances, positive, options.draws),
        **ece_figures(chances, positive.astype(float), options.seed),
    }


def class_section(chances: Floats, truth: Labels, options: Options) -> dict[str, Figure]:
    """Returns accuracy, macro-F1 and the ECE of the top chance of a head of classes.

    `majority` is the accuracy of who always gives the commonest class.
    """
    predicted = chances.argmax(axis=1)
    right = predicted == truth
    return {
        "majority": Figure(float(np.bincount(truth).max()) / len(truth), len(truth)),
        "accuracy": share_figure(right, options.draws),
        "macro_f1": macro_figure(predicted, truth, options),
        **ece_figures(chances.max(axis=1), right.astype(float), options.seed),
    }


def early_section(
    head: Head, encoded: Encoded, truth: Labels, halves: Sequence[Half] = ()
) -> dict[str, Figure]:
    """Returns the share of rows that need only n-grams, and the accuracy there.

    The accuracy is given for the n-grams and for the whole head. `never_encoded_right` covers all
    rows, as `tiergate classify --encoder never` reads them.

    `truth` holds indexes of classes; for a chance head 1 is the counted class. Where the rows
    themselves decided when n-grams are enough, `halves` of `weighed` judge instead of the head. The
    result is empty where the encoder is always needed.
    """
    judges = [
        (early, half, mine)
        for half, mine in halves or ((head, np.ones(len(truth), bool)),)
        if (early := EarlyHeads.of([half], alone=True)) is not None
    ]
    if not judges:
        return {}
    # A row is sure where n-grams alone would end the reading, as `tiergate classify` does.
    sure = np.zeros(len(truth), bool)
    predicted, whole = np.zeros((2, len(truth)), np.int64)
    for early, half, mine in judges:
        _, chances, _ = early(encoded.grams[mine])
        predicted[mine] = _said(half.kind, chances[half.name])
        whole[mine] = said_by(half, encoded[mine])
        if (able := EarlyHeads.of([half])) is not None:
            sure[mine] = able(encoded.grams[mine])[2]
    figures = {
        "share": Figure(float(sure.mean()), len(sure)),
        "never_encoded_right": Figure(float((predicted == truth).mean()), len(truth)),
    }
    if sure.any():
        predicted, whole, right, count = predicted[sure], whole[sure], truth[sure], int(sure.sum())
        figures["right"] = Figure(float((predicted == right).mean()), count)
        figures["whole_head_right"] = Figure(float((whole == right).mean()), count)
        figures["same"] = Figure(float((predicted == whole).mean()), count)
    return figures


def macro_figure(predicted: Labels, truth: Labels, options: Options) -> Figure:
    """Returns macro-F1 with its interval."""
    span = paired_bootstrap(
        lambda rows: macro_f1(predicted[rows], truth[rows]), len(truth), options.draws
    )
    span = with_width(span, options.draws.rarest(truth))
    return Figure(macro_f1(predicted, truth), len(truth), *span)


def flips(subject: Subject, head: Head, texts: Sequence[str]) -> dict[str, Figure]:
    """Returns the share of predictions that change under each perturbation in `perturbations`.

    Texts are encoded in the same batches before and after, as INT8 activations are scaled by batch.
    """
    before = said_by(head, subject.encode(texts))
    figures = {}
    for name, change in perturbations.ALL.items():
        after = said_by(head, subject.encode([change(text) for text in texts]))
        figures[name] = Figure(flip_share(before, after), len(texts))
    return figures
