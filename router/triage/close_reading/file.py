"""Saves and loads a close reader: a description, its arrays, and the ONNX file of its encoder.

Loading runs no code from them. The description binds it to the triage model of the head that it
follows. The encoder is opened when the first text is read closely: where all are calm, it takes no
memory.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from router.errors import ModelFileError
from router.stats import calibration
from router.stats.heads import packed, unpacked
from router.stats.ngrams import BUCKETS
from router.triage.close_reading.guess import Guess
from router.triage.close_reading.matters import CloseGrave
from router.triage.close_reading.opened import opened
from router.triage.close_reading.reader import CloseReader, Mixture
from router.triage.encoder import Encoder, sha256_of
from router.triage.grave import CLASSES, TABLES

FORMAT = 1
ONNX, ARRAYS, CARD = ".onnx", ".npz", ".card.json"
GRAVE_WEIGHT, GRAVE_BIAS = "grave_weight", "grave_bias"
GRAVE_NUMBERS = ("by_encoder", "by_reader", "shift", "least")


def save(reader: CloseReader, encoder: Path, described_as: Path, encoder_sha256: str) -> None:
    """Writes the description and the arrays; the ONNX file `encoder` must stand next to them.

    `encoder_sha256` is that of the triage model, on which the head was fitted.
    """
    buffer = io.BytesIO()
    arrays: dict[str, np.ndarray] = {"weight": reader.weight, "table_bias": reader.table_bias}
    if reader.guess is not None:
        arrays["guess"] = reader.guess.weight.astype(np.float32)
    if reader.grave is not None:
        arrays |= {GRAVE_WEIGHT: reader.grave.weight, GRAVE_BIAS: reader.grave.bias}
    for number in range(TABLES):
        part = reader.table[number * BUCKETS : (number + 1) * BUCKETS]
        arrays |= {f"{name}_{number}": values for name, values in packed(part).items()}
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # the stub takes no dict
    described_as.with_suffix(ARRAYS).write_bytes(buffer.getvalue())
    described = {
        "format": FORMAT,
        "bias": reader.bias,
        "mixture": [reader.mixture.encoder, reader.mixture.characters],
        "calibrators": [one.to_json() for one in reader.calibrators],
        "least": reader.least,
        "guess": None if reader.guess is None else _numbers(reader.guess),
        "grave": None
        if reader.grave is None
        else {name: getattr(reader.grave, name) for name in GRAVE_NUMBERS},
        "encoder_sha256": encoder_sha256,
        "arrays_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        "onnx_sha256": sha256_of(encoder),
    }
    described_as.write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


def load(path: Path, encoder: Encoder, *, late: bool = False) -> CloseReader:
    """Reads what `save` wrote, beside a triage model's encoder, on whose device it runs. All
    readers of one ONNX file share its network.

    `late`: the ONNX file is compared with its digest when it is opened, not before.

    Raises ModelFileError when a file is missing, altered, or made for another encoder.
    """
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        raw = path.with_suffix(ARRAYS).read_bytes()
        if described["format"] != FORMAT:
            raise ModelFileError(f"{path} has format {described['format']}, expected {FORMAT}")
        if described["encoder_sha256"] != encoder.sha256:
            raise ModelFileError(f"{path} was made for another triage model; train it again")
        onnx = path.with_suffix(ONNX)
        for digest, name, file in (
            (hashlib.sha256(raw).hexdigest(), "arrays_sha256", path.with_suffix(ARRAYS)),
            (described["onnx_sha256"] if late else sha256_of(onnx), "onnx_sha256", onnx),
        ):
            if digest != described[name]:
                raise ModelFileError(f"{file} is corrupt: its sha256 is not the one in {path}")
        with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
            weight, table_bias = arrays["weight"], arrays["table_bias"]
            tables = [_table(arrays, number) for number in range(TABLES)]
            foreseen = arrays["guess"] if described.get("guess") else None
            grave = _grave(described.get("grave"), arrays)
        if weight.ndim != 1 or table_bias.shape != (TABLES,):
            raise ModelFileError(f"{path}: its arrays do not fit each other; train it again")
        return CloseReader(
            partial(
                opened(onnx, described["onnx_sha256"], encoder.placement.device).encode,
                encoder.tokenise,
            ),
            encoder.tokenise,
            weight,
            float(described["bias"]),
            np.concatenate(tables),
            table_bias,
            Mixture(*described["mixture"]),
            tuple(calibration.from_json(one) for one in described["calibrators"]),
            float(described["least"]),
            None if foreseen is None else Guess(foreseen, *map(float, described["guess"])),
            grave,
            described["onnx_sha256"],
        )
    except OSError as error:
        raise ModelFileError(f"close reader {path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"close reader {path} is malformed: {error}") from error


def _numbers(guess: Guess) -> list[float]:
    """Returns all of a guess but its weights, in the order of its fields."""
    return [guess.by_head, guess.by_characters, guess.bias, guess.margin]


def _table(arrays: np.lib.npyio.NpzFile, number: int) -> np.ndarray:
    """Returns one table of the three, of one column."""
    suffix = f"_{number}"
    own = {name.removesuffix(suffix): arrays[name] for name in arrays if name.endswith(suffix)}
    return unpacked(own).floats()


def _grave(numbers: Mapping[str, float] | None, arrays: np.lib.npyio.NpzFile) -> CloseGrave | None:
    """Returns what reads grave matters; None in a file without it, as older ones are."""
    if numbers is None:
        return None
    weight, bias = arrays[GRAVE_WEIGHT], arrays[GRAVE_BIAS]
    if weight.shape != (len(arrays["weight"]), len(CLASSES)) or bias.shape != (len(CLASSES),):
        raise ValueError(f"{GRAVE_WEIGHT} has other classes than the reader of grave matters")
    return CloseGrave(weight, bias, *(float(numbers[name]) for name in GRAVE_NUMBERS))
