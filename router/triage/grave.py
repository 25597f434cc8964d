"""Reads the chance of a grave matter, and of a question for knowledge only, in fourteen languages.

A softmax over seven grave matters, `knowledge` and `none` reads the characters of a text, and in
English adds what the encoder's vector says. The characters carry misspelt words and all languages;
the vector carries what English says indirectly. The chance is calibrated for English and for other
languages apart, since the encoder reads English only. It knows nothing about terms, tiers or
policies.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.errors import ModelFileError
from router.stats import calibration
from router.stats.calibration import Calibrator, Floats, softmax
from router.stats.char_grams import counted_chars, counted_chars_together
from router.stats.heads import packed, unpacked
from router.stats.ngrams import BUCKETS, Table, summed
from router.triage.facts.languages import language_of
from router.triage.text.folding import fold
from router.types import READ_LANGUAGES, Matter

FORMAT = 1
CLASSES: tuple[str, ...] = (*(matter.value for matter in Matter), "knowledge", "none")
MATTERS_READ = len(Matter)
KNOWLEDGE = CLASSES.index("knowledge")
LEAST = 1e-9
"""Keeps the log-odds of a chance of 0 or 1 finite."""
_MATTERS = tuple(Matter)

WINDOW_WORDS, STEP_WORDS, MOST_WINDOWS = 45, 30, 8
"""A long text is read in windows, so that one grave sentence is not diluted; the first ones and the
last one are read, which bounds the work."""


class GraveReading(NamedTuple):
    """Holds what is read in one text: `grave` at even odds, `knowledge` as a mere softmax share."""

    grave: float
    matter: Matter
    knowledge: float


class GraveReader(Struct, frozen=True, eq=False):
    """Holds the fitted arrays; safe to call from several threads."""

    table: Table  # (BUCKETS, classes): the logit that each piece of a word adds
    weight: npt.NDArray[np.float32]  # (width, classes), of the encoder's vectors
    bias: npt.NDArray[np.float32]  # (classes,), of the characters
    vector_bias: npt.NDArray[np.float32]  # (classes,)
    english: Calibrator  # of the log-odds of a grave matter
    others: Calibrator
    encoder_sha256: str

    def read(
        self,
        texts: Sequence[str],
        vectors: npt.NDArray[np.float32],
        told: Sequence[Told] | None = None,
    ) -> list[GraveReading]:
        """Returns a reading of each text; `vectors` (texts, width) are the encoder's.

        Words and languages are taken from `told` where the caller has them.
        """
        told = [told_of(text) for text in texts] if told is None else told
        if len(told) < 2:
            return [self._read(*one, vector) for one, vector in zip(told, vectors, strict=True)]
        english = np.array([language in READ_LANGUAGES for _, language in told])
        by_text = [_windows(words) for words, _ in told]
        counts = [len(windows) for windows in by_text]
        owner = np.repeat(np.arange(len(told)), counts)  # whose each window is
        grams = counted_chars_together([window for windows in by_text for window in windows])
        by_vector = self.vector_bias + vectors @ self.weight  # (texts, classes)
        logits = summed(grams, self.table) + self.bias + (by_vector * english[:, None])[owner]
        chances = softmax(logits.astype(np.float64))  # (windows, classes)
        odds = log_odds(chances)
        starts = np.cumsum([0, *counts[:-1]])
        worst = _gravest(odds, starts, counts)
        grave = np.where(english, self.english(odds[worst]), self.others(odds[worst]))
        matters = chances[worst, :MATTERS_READ].argmax(axis=1)
        knowledge = np.minimum.reduceat(chances[:, KNOWLEDGE], starts)
        rows = zip(grave.tolist(), matters.tolist(), knowledge.tolist(), strict=True)
        return [GraveReading(p, _MATTERS[matter], known) for p, matter, known in rows]

    def _read(
        self, words: Sequence[str], language: str, vector: npt.NDArray[np.float32]
    ) -> GraveReading:
        """Returns a text's gravest window, and the least knowledge of all."""
        english = language in READ_LANGUAGES
        base = self.bias + self.vector_bias + vector @ self.weight if english else self.bias
        windows = [_chances(self._logits(window) + base) for window in _windows(words)]
        worst = max(windows, key=_odds)
        calibrator = self.english if english else self.others
        return GraveReading(
            grave=float(calibrator(np.array([_odds(worst)]))[0]),
            matter=_MATTERS[max(range(MATTERS_READ), key=worst.__getitem__)],
            knowledge=min([chances[KNOWLEDGE] for chances in windows]),
        )

    def _logits(self, words: Sequence[str]) -> npt.NDArray[np.float32]:
        """Returns what the characters add to the logits, (classes,)."""
        buckets, weights = counted_chars(words)
        added: npt.NDArray[np.float32] = weights @ self.table[buckets]
        return added


Told = tuple[Sequence[str], str]
"""The folded words of a text, and its language."""


def told_of(text: str) -> Told:
    """Returns a text's folded words and its language."""
    words = fold(text).words
    return words, language_of(text, words)


def _gravest(
    odds: Floats, starts: npt.NDArray[np.int64], counts: Sequence[int]
) -> npt.NDArray[np.int64]:
    """Returns the place of each text's gravest window, the first where several are."""
    places = zip(starts.tolist(), counts, strict=True)
    return np.array([begin + int(odds[begin : begin + count].argmax()) for begin, count in places])


# A lone request has one window or a few. Plain numbers are then three times as fast as arrays.


def _chances(logits: npt.NDArray[np.float32]) -> list[float]:
    """Returns the softmax of one row."""
    numbers: list[float] = logits.tolist()
    most = max(numbers)
    powers = [math.exp(number - most) for number in numbers]
    total = sum(powers)
    return [power / total for power in powers]


def _odds(chances: Sequence[float]) -> float:
    """Returns the log-odds of any grave matter; `log_odds` is the same for many rows."""
    grave, calm = sum(chances[:MATTERS_READ]), sum(chances[MATTERS_READ:])
    return math.log(grave + LEAST) - math.log(calm + LEAST)


def log_odds(chances: Floats) -> Floats:
    """Returns the log-odds of any grave matter, (rows,)."""
    grave = chances[:, :MATTERS_READ].sum(axis=1)
    calm = chances[:, MATTERS_READ:].sum(axis=1)
    odds: Floats = np.log(grave + LEAST) - np.log(calm + LEAST)
    return odds


def _windows(words: Sequence[str]) -> list[Sequence[str]]:
    """Returns the windows of a text; one where it is short."""
    if len(words) <= WINDOW_WORDS:
        return [words]
    starts = list(range(0, len(words) - (WINDOW_WORDS - STEP_WORDS), STEP_WORDS))
    if len(starts) > MOST_WINDOWS:
        starts = [*starts[: MOST_WINDOWS - 1], len(words) - WINDOW_WORDS]
    return [words[start : start + WINDOW_WORDS] for start in starts]


NAME = "grave"


def save(reader: GraveReader, folder: Path) -> tuple[Path, Path]:
    """Writes grave.npz and grave.json into `folder`; returns both paths."""
    buffer = io.BytesIO()
    arrays: Mapping[str, npt.NDArray[np.generic]] = {
        **packed(reader.table),
        "weight": reader.weight.astype(np.float16),
        "bias": reader.bias.astype(np.float32),
        "vector_bias": reader.vector_bias.astype(np.float32),
    }
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # the stub takes no dict
    (folder / f"{NAME}.npz").write_bytes(buffer.getvalue())
    described = {
        "format": FORMAT,
        "classes": list(CLASSES),
        "english": reader.english.to_json(),
        "others": reader.others.to_json(),
        "encoder_sha256": reader.encoder_sha256,
        "arrays_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
    }
    text = json.dumps(described, indent=1) + "\n"
    (folder / f"{NAME}.json").write_text(text, encoding="utf-8")
    return folder / f"{NAME}.npz", folder / f"{NAME}.json"


def load(folder: Path, encoder_sha256: str) -> GraveReader | None:
    """Reads what `save` wrote; None in a model without it.

    Raises ModelFileError when a file is malformed, altered, or fitted on another encoder.
    """
    path = folder / f"{NAME}.json"
    if not path.is_file():
        return None
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        raw = (folder / f"{NAME}.npz").read_bytes()
        if hashlib.sha256(raw).hexdigest() != described["arrays_sha256"]:
            raise ModelFileError(f"{folder / NAME}.npz is corrupt: its sha256 is not in {path}")
        if described["encoder_sha256"] != encoder_sha256:
            raise ModelFileError("the grave head was fitted on another encoder; refit it")
        if tuple(described["classes"]) != CLASSES:
            raise ModelFileError(f"{path} has other classes than {', '.join(CLASSES)}; refit it")
        with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
            table, weight = unpacked(arrays), arrays["weight"]
            bias, vector_bias = arrays["bias"], arrays["vector_bias"]
        widths = {len(CLASSES), table.shape[1], weight.shape[1], len(bias), len(vector_bias)}
        if len(table) != BUCKETS or len(widths) != 1:
            raise ModelFileError(f"{folder / NAME}.npz does not fit its classes; refit it")
        return GraveReader(
            table,
            weight.astype(np.float32),
            bias,
            vector_bias,
            calibration.from_json(described["english"]),
            calibration.from_json(described["others"]),
            encoder_sha256,
        )
    except OSError as error:
        raise ModelFileError(f"{folder / NAME}.npz cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"the grave head in {folder} is malformed: {error}") from error
