"""Reads an embedding with heads: small linear models in files of their own, bound to one encoder.

A head is a matrix over the embedding, a table over the n-grams where words help, a bias and a
calibrator. Many heads are read together (`head_stack`), so a further head costs columns, not calls.
A head's files are an .npz of plain arrays and a .json next to it;
loading runs no code from them. Nothing here knows what a request is or how a head was trained.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import ModelFileError
from router.files.writing import write_all
from router.stats import calibration
from router.stats.calibration import (
    Calibrator,
    Floats,
    Isotonic,
    Platt,
    Temperature,
)
from router.stats.ngrams import BUCKETS, Grams, PackedTable, Words, in_floats, summed

FORMAT = 2
OLDER = 1  # heads without a table of words

Embeddings = npt.NDArray[np.float32]
Rows = npt.NDArray[np.generic] | slice


def label_key(label: str) -> str:
    """Returns the key that two spellings of one label share.

    >>> label_key(" HR  Support") == label_key("hr support")
    True
    """
    return " ".join(label.split()).casefold()


@dataclass(frozen=True, slots=True)
class Encoded:
    """Holds what is read of texts: a unit vector of each, and its n-grams."""

    vectors: Embeddings  # (texts, width)
    grams: Grams  # of as many texts

    def __len__(self) -> int:
        return len(self.vectors)

    def __add__(self, other: Encoded) -> Encoded:
        """Returns the texts of both, one after the other."""
        return Encoded(np.concatenate([self.vectors, other.vectors]), self.grams + other.grams)

    def __getitem__(self, chosen: Rows) -> Encoded:
        """Returns the texts that an index array, a mask or a slice chooses."""
        return Encoded(self.vectors[chosen], self.grams[chosen])


class HeadKind(StrEnum):
    """Names the meanings of a head's calibrated output."""

    CLASSES = "classes"  # one of several classes: a row of probabilities that sums to 1
    CHANCE = "chance"  # one probability, 0..1
    VALUE = "value"  # a real number, not calibrated


@dataclass(frozen=True, slots=True)
class Early:
    """Reads n-grams for a head before the encoder has run.

    Its logits are the sums of the table rows plus `bias`. Where the probability of its answer is at
    least `sure`, it was right on dev rows as often as the whole head.
    """

    bias: npt.NDArray[np.float32]  # (columns,)
    calibrator: Calibrator
    sure: float  # above 1: the head always needs the encoder


@dataclass(frozen=True, slots=True)
class Likeness:
    """Tells how like a head's taught texts a text is, and doubts what the head says of others.

    A text is as like them as its vector is like the nearest class's mean. `trust` turns that cosine
    into a factor, 0..1: 1 from nine in ten of the taught texts on. What the head says keeps this
    share of what it is above `usual`, the chance of who knows nothing.
    """

    centres: Embeddings  # (width, classes), unit columns
    trust: Isotonic
    usual: float

    def cosines(self, vectors: Embeddings) -> Floats:
        """Returns the cosine to the nearest class's mean, (rows,)."""
        nearest: Floats = (vectors @ self.centres).max(axis=1)
        return nearest

    def doubted(self, chances: Floats, cosines: Floats) -> Floats:
        """Returns the chances, (rows, classes) or (rows,), of texts with these cosines.

        Of one chance no low one rises: who knows nothing says what is usual, or less.
        """
        trust = self.trust(cosines)
        if chances.ndim == 2:
            return self.usual + trust[:, None] * (chances - self.usual)
        return np.minimum(chances, self.usual + trust * (chances - self.usual))


@dataclass(frozen=True, slots=True)
class Head:
    """Holds one head. `classes` names the columns; a chance or value head has one column.

    `encoder_sha256` is that of the ONNX file on which it was fitted. On another encoder its numbers
    mean nothing, so loading refuses them. `label_source` is `given`, `weak` or `mixed`, for
    reports. Raises ModelFileError when the arrays do not fit the classes.
    """

    name: str
    kind: HeadKind
    classes: tuple[str, ...]
    weight: npt.NDArray[np.float32]  # (width, columns)
    bias: npt.NDArray[np.float32]  # (columns,)
    calibrator: Calibrator
    encoder_sha256: str
    label_source: str = "given"
    words: Words | None = None  # (BUCKETS, columns): the logit that each n-gram adds
    early: Early | None = None
    likeness: Likeness | None = None  # None: it is as sure of any text

    def __post_init__(self) -> None:
        columns = len(self.classes)
        if (
            self.weight.ndim != 2
            or self.weight.shape[1] != columns
            or self.bias.shape != (columns,)
        ):
            raise ModelFileError(
                f"head {self.name}: weight {self.weight.shape} and bias {self.bias.shape} "
                f"do not fit {columns} classes"
            )
        if self.words is not None and self.words.shape != (BUCKETS, columns):
            raise ModelFileError(
                f"head {self.name}: its table of words {self.words.shape} does not fit {BUCKETS} "
                f"buckets and {columns} classes"
            )
        if self.early is not None and self.early.bias.shape != (columns,):
            raise ModelFileError(
                f"head {self.name}: its early bias {self.early.bias.shape} does not fit "
                f"{columns} classes"
            )
        width = len(self.weight)
        if self.likeness is not None and self.likeness.centres.shape[:1] != (width,):
            raise ModelFileError(
                f"head {self.name}: its centres {self.likeness.centres.shape} do not fit vectors "
                f"of {width} numbers"
            )
        if self.kind is not HeadKind.CLASSES and columns != 1:
            raise ModelFileError(
                f"head {self.name}: a {self.kind} head has one column, found {columns}"
            )

    def logits(self, encoded: Encoded) -> Floats:
        """Returns the raw outputs, (rows, columns)."""
        alone: Floats = encoded.vectors @ self.weight + self.bias
        return alone if self.words is None else alone + summed(encoded.grams, self.words)

    def read(self, logits: Floats) -> Floats:
        """Returns (rows, classes) probabilities, or (rows,) of one column: chances, or bare values.

        >>> one = np.ones((1, 1), np.float32)
        >>> head = Head("x", HeadKind.CHANCE, ("yes",), one, one[0] * 0, Platt(1.0, 0.0), "")
        >>> head.read(np.array([[0.0]]))
        array([0.5])
        """
        if self.kind is HeadKind.CLASSES:
            return self.calibrator(logits)
        column = logits[:, 0]
        return column if self.kind is HeadKind.VALUE else self.calibrator(column)

    def __call__(self, encoded: Encoded) -> Floats:
        output = self.read(self.logits(encoded))
        if self.likeness is None:
            return output
        return self.likeness.doubted(output, self.likeness.cosines(encoded.vectors))


def save(head: Head, folder: Path, card: bytes | None = None) -> tuple[Path, Path]:
    """Writes `<name>.npz`, `<name>.json` and, where given, `<name>.card.json` into `folder`.

    All are written before one takes its place, so that a full disk leaves an older head of this
    name whole. Returns the first two paths. Raises OSError.
    """
    buffer = io.BytesIO()
    arrays_of: dict[str, npt.NDArray[np.generic]] = {
        "weight": head.weight.astype(np.float32),
        "bias": head.bias.astype(np.float32),
    }
    if head.words is not None:
        arrays_of |= packed(in_floats(head.words))
    if head.likeness is not None:
        arrays_of["centres"] = head.likeness.centres.astype(np.float32)
    if head.early is not None:
        arrays_of["early_bias"] = head.early.bias.astype(np.float32)
    np.savez_compressed(buffer, **arrays_of)  # type: ignore[arg-type]  # the stub takes no dict
    described = {
        "format": FORMAT,
        "name": head.name,
        "kind": str(head.kind),
        "classes": list(head.classes),
        "calibrator": head.calibrator.to_json(),
        "early": head.early
        and {"calibrator": head.early.calibrator.to_json(), "sure": head.early.sure},
        "likeness": head.likeness
        and {"trust": head.likeness.trust.to_json(), "usual": head.likeness.usual},
        "label_source": head.label_source,
        "encoder_sha256": head.encoder_sha256,
        "arrays_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
    }
    arrays, text = folder / f"{head.name}.npz", folder / f"{head.name}.json"
    contents = {arrays: buffer.getvalue(), text: f"{json.dumps(described, indent=1)}\n".encode()}
    if card is not None:
        contents[folder / f"{head.name}.card.json"] = card
    write_all(contents)
    return arrays, text


def load(folder: Path, name: str, *, encoder_sha256: str | None) -> Head:
    """Reads the head `name` from `folder`; without `encoder_sha256` for whichever encoder it fits.

    Raises ModelFileError when a file is missing, altered, of another format, or was fitted on
    another encoder than the one with `encoder_sha256`.
    """
    path = folder / f"{name}.json"
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        raw = (folder / f"{name}.npz").read_bytes()
        if hashlib.sha256(raw).hexdigest() != described["arrays_sha256"]:
            raise ModelFileError(
                f"{folder / name}.npz is corrupt: its sha256 is not the one in {path.name}"
            )
        if described["format"] not in (OLDER, FORMAT):
            raise ModelFileError(
                f"{path} has format {described['format']}, expected {OLDER} or {FORMAT}"
            )
        if encoder_sha256 not in (None, described["encoder_sha256"]):
            raise ModelFileError(
                f"head {name} was fitted on encoder {described['encoder_sha256'][:12]}, but the "
                f"encoder here is {str(encoder_sha256)[:12]}; refit the head"
            )
        # Without pickle, a file from elsewhere cannot run code.
        with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
            weight, bias = arrays["weight"], arrays["bias"]
            words = unpacked(arrays) if "words" in arrays else None
            early_bias, centres = arrays.get("early_bias"), arrays.get("centres")
        early, like = described.get("early"), described.get("likeness")
        return Head(
            name=described["name"],
            kind=HeadKind(described["kind"]),
            classes=tuple(described["classes"]),
            weight=weight,
            bias=bias,
            calibrator=calibration.from_json(described["calibrator"]),
            encoder_sha256=described["encoder_sha256"],
            label_source=described["label_source"],
            words=words,
            early=None
            if early is None or early_bias is None
            else Early(early_bias, calibration.from_json(early["calibrator"]), early["sure"]),
            likeness=None
            if like is None or centres is None
            else _likeness(centres, calibration.from_json(like["trust"]), float(like["usual"])),
        )
    except OSError as error:
        raise ModelFileError(
            f"head {name} cannot be read: {error.filename}: {error.strerror}; expected {name}.json "
            f"and {name}.npz side by side, as `tiergate train head` writes them"
        ) from error
    except KeyError as error:
        raise ModelFileError(
            f"head {name} in {folder} is malformed: it lacks {error}; expected the two files that "
            "`tiergate train head` writes"
        ) from error
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"head {name} in {folder} is malformed: {error}") from error


def _likeness(centres: Embeddings, trust: Calibrator, usual: float) -> Likeness:
    if not isinstance(trust, Isotonic) or centres.ndim != 2:
        raise ValueError(f"centres {centres.shape} with trust {trust!r}")
    return Likeness(centres, trust, usual)


def packed(words: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.generic]]:
    """Returns a table as bytes: the rows that are not all zero, columns scaled to -127..127."""
    used = np.flatnonzero(np.abs(words).max(axis=1))
    # A column of zeros would have scale 0; the small floor avoids the division by it.
    scale = np.maximum(np.abs(words).max(axis=0), 1e-9) / 127.0
    return {
        "words": np.round(words[used] / scale).astype(np.int8),
        "words_used": used.astype(np.int32),
        "words_scale": scale.astype(np.float32),
    }


def unpacked(arrays: Mapping[str, npt.NDArray[np.generic]]) -> PackedTable:
    """Returns the table that `packed` packed. Raises ValueError or KeyError for other arrays."""
    used, rows = arrays["words_used"].astype(np.int64), arrays["words"]
    beyond = used.max(initial=0) >= BUCKETS or used.min(initial=0) < 0
    if rows.ndim != 2 or rows.dtype != np.int8 or used.shape != (len(rows),) or beyond:
        raise ValueError(f"words {rows.shape} of {rows.dtype} do not fit {BUCKETS} buckets of int8")
    steps = np.zeros((BUCKETS, rows.shape[1]), np.int8)
    steps[used] = rows
    scale = np.broadcast_to(arrays["words_scale"].astype(np.float32), rows.shape[1:])
    return PackedTable(steps, scale[None])


IDENTITY = Platt(1.0, 0.0)
"""Serves as the calibrator of a head that was not calibrated: a plain sigmoid."""
UNSCALED = Temperature(1.0)
"""Does the same for classes: a plain softmax."""
