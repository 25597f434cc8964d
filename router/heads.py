"""Heads: small linear readers of an embedding, as files of their own, bound to one encoder.

A head is a matrix, a bias and a calibrator. Many heads are read by one matrix product
(`HeadStack`), so a further head costs columns, not calls. Files are an .npz of plain arrays and a
.json beside it; loading runs no code from them. Nothing here knows what a request is or how a head
was trained.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router import calibration
from router.calibration import Calibrator, Floats, Platt, Temperature
from router.errors import ModelFileError

FORMAT = 1


class HeadKind(StrEnum):
    """What the calibrated output of a head means."""

    CLASSES = "classes"  # one of several: a row of chances that sums to 1
    CHANCE = "chance"  # one chance, 0..1
    VALUE = "value"  # a real number, not calibrated


@dataclass(frozen=True, slots=True)
class Head:
    """One head. `classes` names the columns; a chance or value head has one column.

    `encoder_sha256` is that of the ONNX file it was fitted on: on another encoder its numbers mean
    nothing, so loading refuses. `label_source` is `given`, `weak` or `mixed`, for reports.
    """

    name: str
    kind: HeadKind
    classes: tuple[str, ...]
    weight: npt.NDArray[np.float32]  # (width, columns)
    bias: npt.NDArray[np.float32]  # (columns,)
    calibrator: Calibrator
    encoder_sha256: str
    label_source: str = "given"

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
        if self.kind is not HeadKind.CLASSES and columns != 1:
            raise ModelFileError(
                f"head {self.name}: a {self.kind} head has one column, found {columns}"
            )

    def logits(self, embeddings: Floats) -> Floats:
        """The raw outputs, (rows, columns)."""
        return embeddings @ self.weight + self.bias

    def read(self, logits: Floats) -> Floats:
        """Calibrated output: (rows, classes) chances, or (rows,) chances or values.

        >>> one = np.ones((1, 1), np.float32)
        >>> head = Head("x", HeadKind.CHANCE, ("yes",), one, one[0] * 0, Platt(1.0, 0.0), "")
        >>> head.read(np.array([[0.0]]))
        array([0.5])
        """
        if self.kind is HeadKind.CLASSES:
            return self.calibrator(logits)
        column = logits[:, 0]
        return column if self.kind is HeadKind.VALUE else self.calibrator(column)

    def __call__(self, embeddings: Floats) -> Floats:
        return self.read(self.logits(embeddings))


class HeadStack:
    """Several heads read by one matrix product."""

    def __init__(self, heads: Sequence[Head]) -> None:
        self.heads = {head.name: head for head in heads}
        self._weight = np.ascontiguousarray(np.concatenate([head.weight for head in heads], axis=1))
        self._bias = np.concatenate([head.bias for head in heads])
        ends = np.cumsum([len(head.classes) for head in heads]).tolist()
        self._spans = {
            head.name: slice(end - len(head.classes), end)
            for head, end in zip(heads, ends, strict=True)
        }

    def logits(self, embeddings: Floats) -> Floats:
        """Raw outputs of all heads, (rows, columns of all heads)."""
        joint: Floats = embeddings @ self._weight + self._bias
        return joint

    def read(self, logits: Floats, name: str) -> Floats:
        """The calibrated output of one head, taken out of `logits` of this stack."""
        return self.heads[name].read(logits[:, self._spans[name]])


def save(head: Head, folder: Path) -> tuple[Path, Path]:
    """Writes `<name>.npz` and `<name>.json` into `folder` and returns both paths."""
    buffer = io.BytesIO()
    np.savez(buffer, weight=head.weight.astype(np.float32), bias=head.bias.astype(np.float32))
    arrays = folder / f"{head.name}.npz"
    arrays.write_bytes(buffer.getvalue())
    described = {
        "format": FORMAT,
        "name": head.name,
        "kind": str(head.kind),
        "classes": list(head.classes),
        "calibrator": head.calibrator.to_json(),
        "label_source": head.label_source,
        "encoder_sha256": head.encoder_sha256,
        "arrays_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
    }
    text = folder / f"{head.name}.json"
    text.write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    return arrays, text


def load(folder: Path, name: str, *, encoder_sha256: str | None) -> Head:
    """Reads the head `name` from `folder`; without `encoder_sha256`, whatever encoder it fits.

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
        if described["format"] != FORMAT:
            raise ModelFileError(f"{path} has format {described['format']}, expected {FORMAT}")
        if encoder_sha256 not in (None, described["encoder_sha256"]):
            raise ModelFileError(
                f"head {name} was fitted on encoder {described['encoder_sha256'][:12]}, but the "
                f"encoder here is {str(encoder_sha256)[:12]}; refit the head"
            )
        with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
            weight, bias = arrays["weight"], arrays["bias"]
        return Head(
            name=described["name"],
            kind=HeadKind(described["kind"]),
            classes=tuple(described["classes"]),
            weight=weight,
            bias=bias,
            calibrator=calibration.from_json(described["calibrator"]),
            encoder_sha256=described["encoder_sha256"],
            label_source=described["label_source"],
        )
    except OSError as error:
        raise ModelFileError(
            f"head {name} cannot be read from {folder}: {error.strerror}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"head {name} in {folder} is malformed: {error}") from error


IDENTITY = Platt(1.0, 0.0)
"""The calibrator of a head that was not calibrated: a plain sigmoid."""
UNSCALED = Temperature(1.0)
"""The same for classes: a plain softmax."""
