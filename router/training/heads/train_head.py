"""Makes a head of the shipped encoder from a labelled file (`tiergate train head`), or refuses.

It reads, embeds, fits, compares with the installed head of the same name, and saves. The encoder
stays as it is, so a new head takes seconds and needs no torch.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from router.errors import ModelFileError, TrainingDataError
from router.stats import heads
from router.stats.calibration import Floats, auroc, highest_said
from router.stats.heads import Encoded, Head, HeadKind, label_key
from router.stats.measures import Draws, Rows, accuracy, intervals, macro_f1, with_width
from router.stats.softmax_regression import Labels
from router.training.data.curate import normalised
from router.training.data.filled_forms import filled_forms
from router.training.heads.fit_one_head import FittedHead, Recipe, TaughtRows, fit_head
from router.training.heads.labelled_rows import (
    MIN_ROWS,
    HeadRows,
    read_rows,
    together,
)
from router.training.install import Figure, beside, fallen_in, lost_in
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel
from router.types import Device

NAME = re.compile(r"^[a-z][a-z0-9_]{0,63}$")
THREADS = 2
VALUES = ("difficulty", "novelty")
"""Heads that are neither class nor probability: no table of labels can replace them."""
MOST_SEEN = 5_000
"""Rows whose digests a card keeps, four bytes each, so that a later head is compared on rows that
the old one never saw."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares the new head with the installed one by macro-F1, and names the rows."""

    new: float
    old: float
    rows: int  # that judge the new head
    old_rows: int  # that judge the old one: others where each counts with its own
    basis: str  # "rows the old head never saw" | "each on its own cross-validated rows"

    @property
    def worse(self) -> bool:
        """Returns True when the new head must not replace the old one unless forced."""
        return self.new < self.old


@dataclass(frozen=True, slots=True)
class Made:
    """Reports one run: `installed` is True when files were written."""

    card: dict[str, object]
    repairs: tuple[str, ...]
    comparison: Comparison | None
    installed: bool
    folder: Path


def train_head(
    data: Path,
    name: str,
    out: Path,
    *,
    model_dir: Path | None,
    text_column: str,
    label_column: str,
    positive: str | None,
    seed: int,
    force: bool,
    command: str,
    device: Device = Device.CPU,
    say: Callable[[str], None] = lambda _: None,
) -> Made:
    """Fits and installs the head `name` from a labelled file. `say` gets each step as it begins.

    Raises TrainingDataError for data that cannot teach it and for a name that is not allowed,
    ModelFileError when there is no triage model, DeviceMissing where a GPU is asked for and there
    is none.
    """
    rows = read_rows(data, text_column, label_column)
    positive = _positive(name, positive, rows.classes)
    model = TriageModel.load(model_dir or DEFAULT_FOLDER, threads=THREADS, device=device)
    say(f"reads {len(rows.rows):,} texts of {len(rows.classes)} classes (step 1 of 2)")
    encoded = model.encode([row.text for row in rows.rows])
    say("fits and cross-validates (step 2 of 2)")
    labels = np.array([rows.classes.index(row.label) for row in rows.rows], dtype=np.int64)
    groups = together([row.text for row in rows.rows], [row.label for row in rows.rows])
    fitted = fit_head(
        Recipe(name, rows.classes, model.encoder.sha256, model.rarity, positive, bounded=True),
        # `honest` is not given, because the rows that trained the encoder are not known here.
        TaughtRows(encoded, labels, groups),
        seed,
    )
    comparison = compared(out, fitted, rows, encoded, labels)
    spans = spans_of(fitted.chances, labels, groups, seed)
    card = _card(fitted, rows, model, seed, command) | {"intervals": spans}
    unfit = comparison is not None and (comparison.worse or may_only_guess(card))
    installed = force or not unfit
    if installed:
        install(fitted.head, card, out)
    return Made(card, tuple(map(str, rows.repairs)), comparison, installed, out)


def may_only_guess(card: Mapping[str, Any]) -> bool:
    """Returns True where a head may read no more than how large its classes are.

    Of two classes its order counts too: a rare one is seldom above .5, and may still be told.
    """
    (low, _), most = card["intervals"]["accuracy"], card["figures"]["majority"]
    ranks, _ = card["intervals"].get("auroc", (0.0, 0.0))
    return bool(low <= most and ranks <= 0.5)


def spans_of(
    chances: Floats, labels: Labels, groups: Sequence[str], seed: int
) -> dict[str, list[float]]:
    """Returns the 95 % intervals of accuracy, macro-F1 and, of two classes, AUROC.

    `chances` (rows, classes) are out-of-fold; `groups` names the family of each row's text, whose
    rows are drawn together. The bootstrap keeps the fitted heads as they are, so it shows the error
    of counting, and not that of other training rows.
    """
    guesses = chances.argmax(axis=1)
    names = ["accuracy", "macro_f1", *["auroc"] * (chances.shape[1] == 2)]

    def measure(rows: Rows) -> list[float]:
        truth = labels[rows]
        figures = [accuracy(guesses[rows], truth), macro_f1(guesses[rows], truth)]
        return [*figures, auroc(chances[rows, 1], truth == 1)][: len(names)]

    draws = Draws(seed=seed, groups=np.unique(groups, return_inverse=True)[1])
    rarest = draws.rarest(labels)
    units = [draws.units(np.ones(len(labels), bool)), rarest, rarest]
    spans = map(with_width, intervals(measure, len(labels), draws), units)
    return {n: [round(end, 4) for end in span] for n, span in zip(names, spans, strict=True)}


def install(head: Head, card: dict[str, object], out: Path) -> None:
    """Writes `<name>.npz`, `<name>.json` and `<name>.card.json` into `out`; all or none."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    heads.save(head, out, text.encode())


def install_all(
    made: Sequence[tuple[Head, dict[str, object]]],
    out: Path,
    figures_of: Callable[[Mapping[str, object]], dict[str, Figure]],
    *,
    force: bool,
) -> tuple[Path, list[str]]:
    """Writes heads with their cards into `out`, or all into a folder beside it if one is worse.

    `figures_of` reads from a card what is compared with the card of the same name in `out`. Returns
    where the heads are, and which are worse. With `force` they go into `out`.
    """
    cards = {str(card["name"]): card for _, card in made}
    now = _named(cards, figures_of)
    before = _named({name: _read_card(out, name) for name in cards}, figures_of)
    faults = [*map(str, fallen_in(before, now)), *lost_in(before, now)]
    place = out if force or not faults else beside(out)
    for head, card in made:
        install(head, card, place)
    return place, faults


def _named(
    cards: Mapping[str, Mapping[str, object]],
    figures_of: Callable[[Mapping[str, object]], dict[str, Figure]],
) -> dict[str, Figure]:
    """Returns the figures of all cards, by the name of the head and of the figure."""
    return {
        f"{name}{of}": figure
        for name, card in cards.items()
        for of, figure in figures_of(card).items()
    }


def _positive(name: str, positive: str | None, classes: Sequence[str]) -> str | None:
    """Returns the class whose probability the head gives, None for a head of several classes."""
    if not NAME.match(name):
        raise TrainingDataError(
            f"--name is {name!r}; expected lower-case letters, digits and underscores, up to 64"
        )
    if name in VALUES:
        raise TrainingDataError(
            f"{name} is no class: it cannot be replaced by a head of labels; take another name"
        )
    if positive is None:
        return None
    # Spelt as in the file, where the labels of one class are spelt alike.
    spelt = {label_key(label): label for label in classes}.get(label_key(positive))
    if spelt is None or len(classes) != 2:
        raise TrainingDataError(
            f"--positive is {positive!r}; expected one of exactly two labels, and the file has "
            f"{', '.join(classes[:8])}"
        )
    return spelt


def compared(
    out: Path, fitted: FittedHead, taught: HeadRows, encoded: Encoded, labels: Labels
) -> Comparison | None:
    """Compares the new head with the installed one; None when there is none for this encoder.

    The old head judges the new rows on which it was not trained, the new one judges the same rows
    out-of-fold. When fewer than MIN_ROWS are left, or the old card does not name its rows, each
    counts with the macro-F1 of its own cross-validation.
    """
    name = fitted.head.name
    try:
        old = heads.load(out, name, encoder_sha256=fitted.head.encoder_sha256)
    except ModelFileError:
        return None  # there is none, or one of another encoder: nothing that could serve is lost
    # The card of the old head names, by digests, the rows that it has seen.
    card = _read_card(out, name)
    seen = seen_by(out, name)
    figures = card.get("figures")
    before = figures.get("macro_f1") if isinstance(figures, dict) else None
    unseen = np.array([text_digest(row.text) not in seen for row in taught.rows])
    if not seen or int(unseen.sum()) < MIN_ROWS:
        if isinstance(before, float):
            now = fitted.figures["macro_f1"]
            assert isinstance(now, float)
            own = figures.get("rows") if isinstance(figures, dict) else None
            old_rows = own if isinstance(own, int) else 0
            basis = "each on its own cross-validated rows"
            return Comparison(now, before, len(taught.rows), old_rows, basis)
        unseen[:] = True
    said_old = _said(old, old(encoded[unseen]), taught.classes)
    said_new = fitted.chances[unseen].argmax(axis=1)
    rows = int(unseen.sum())
    return Comparison(
        round(macro_f1(said_new, labels[unseen]), 4),
        round(macro_f1(said_old, labels[unseen]), 4),
        rows,
        rows,
        "rows the old head never saw" if seen else "the new rows",
    )


def _said(old: Head, chances: Floats, classes: Sequence[str]) -> Labels:
    """Returns a head's answers as places in `classes`; -1 for a class that is not among them."""
    place = {label: k for k, label in enumerate(classes)}
    if old.kind is HeadKind.CLASSES:
        known = np.array([place.get(label, -1) for label in old.classes], dtype=np.int64)
        predicted: Labels = known[chances.argmax(axis=1)]
        return predicted
    yes = place.get(old.classes[0], -1)
    # With two classes "not yes" is the other one; with more it is none in particular.
    others = [k for k in range(len(classes)) if k != yes]
    no = others[0] if len(others) == 1 else -1
    return np.where(chances >= 0.5, yes, no).astype(np.int64)


def _read_card(out: Path, name: str) -> dict[str, object]:
    try:
        card = json.loads((out / f"{name}.card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}


def seen_by(folder: Path, name: str) -> frozenset[bytes]:
    """Returns digests of the texts on which a head was trained; empty when its card has none."""
    card = _read_card(folder, name)
    try:
        raw = base64.b64decode(str(card.get("seen", "")), validate=True)
    except ValueError:
        return frozenset()
    return frozenset(raw[i : i + 4] for i in range(0, len(raw) - 3, 4))


def text_digest(text: str) -> bytes:
    """Returns four bytes that name a text, whatever its case, spacing and punctuation."""
    key = normalised(text) or text
    return hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=4).digest()


def _card(
    fitted: FittedHead, rows: HeadRows, model: TriageModel, seed: int, command: str
) -> dict[str, object]:
    return {
        "name": fitted.head.name,
        "kind": str(fitted.head.kind),
        "classes": list(fitted.head.classes),
        "command": command,
        "seed": seed,
        "data": [
            {
                "file": rows.file,
                "sha256": rows.sha256,
                "rows_read": rows.rows_read,
                "rows_used": len(rows.rows),
                "repairs": [str(repair) for repair in rows.repairs],
            }
        ],
        "rows_per_class": rows.counts,
        "figures": dict(fitted.figures),
        "says_at_most": round(highest_said(fitted.head.calibrator), 4),
        "filled_forms": round(
            filled_forms([row.text for row in rows.rows], [row.label for row in rows.rows]), 4
        ),
        "judged_on": "out-of-fold rows; ridge, balance and calibrator were chosen on the same "
        "folds. Rows that the encoder itself was trained on flatter the head.",
        "encoder_sha256": fitted.head.encoder_sha256,
        "model_version": model.version,
        "versions": versions(),
        "seen": seen_text([row.text for row in rows.rows]),
    }


def versions() -> dict[str, str]:
    """Returns the versions that a card names: the interpreter and the packages behind the
    numbers."""
    named = {n: importlib.metadata.version(n) for n in ("numpy", "onnxruntime", "tokenizers")}
    return {"python": platform.python_version(), **named}


def seen_text(texts: Sequence[str]) -> str:
    """Returns digests of texts in base64, for later comparison; "" for too many texts."""
    if len(texts) > MOST_SEEN:
        return ""
    return base64.b64encode(b"".join(sorted(map(text_digest, texts)))).decode()
