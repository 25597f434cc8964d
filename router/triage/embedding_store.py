"""Embeds each text once, within one build and from one start to the next.

A knowledge file of 2,000 utterances costs half a second of one core, and as much again what is
fitted to it. Both are kept next to the database, under the triage model's version; a cache that
cannot be read or written is only slow.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats
from router.triage.match import Embedder, Fit

DIGEST_BYTES = 16


class Remembering:
    """`match.Embedder` over another one, and a `match.FitMemory`; for building, then dropped: it
    keeps every vector."""

    def __init__(self, model: Embedder, folder: Path | None = None, version: str = "") -> None:
        """Takes a folder, from which vectors of `version` come and to which `save` writes them."""
        self._model = model
        self._file = None if folder is None else folder / f"knowledge-{version}.npz"
        self._known, self._fits = _read(self._file)  # each vector (width,)
        self._used: dict[bytes, npt.NDArray[np.float32]] = {}
        self._used_fits: dict[bytes, Fit] = {}
        self._fresh = False

    @property
    def match_coefficients(self) -> Floats:
        """Returns the model's coefficients."""
        return self._model.match_coefficients

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Returns the model's vectors, (texts, width)."""
        keys = [_digest(text) for text in texts]
        new = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._known}
        if new:
            self._known.update(zip(new, self._model.vectors(list(new.values())), strict=True))
            self._fresh = True
        self._used.update({key: self._known[key] for key in keys})
        return np.stack([self._known[key] for key in keys])

    def recall(self, key: bytes) -> Fit | None:
        """Returns what was fitted under this key, None for an unknown key."""
        if key in self._fits:
            self._used_fits[key] = self._fits[key]
        return self._fits.get(key)

    def keep(self, key: bytes, fit: Fit) -> None:
        """Remembers what was fitted."""
        self._fits[key] = self._used_fits[key] = fit
        self._fresh = True

    def save(self) -> None:
        """Keeps what this build used for the next start; in one step, so readers see a whole."""
        if self._file is None or not self._fresh:
            return
        digests = np.frombuffer(b"".join(self._used), np.uint8).reshape(-1, DIGEST_BYTES)
        vectors = np.stack(list(self._used.values()))
        fits = {f"weights-{key.hex()}": fit.weights for key, fit in self._used_fits.items()}
        fits |= {f"matched-{key.hex()}": fit.coefficients for key, fit in self._used_fits.items()}
        part = self._file.with_suffix(f".{os.getpid()}.npz")
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            np.savez(part, digests=digests, vectors=vectors, **fits)  # type: ignore[arg-type]
            os.replace(part, self._file)


def _read(file: Path | None) -> tuple[dict[bytes, npt.NDArray[np.float32]], dict[bytes, Fit]]:
    """Reads what an earlier build kept; nothing where the file is missing or damaged."""
    if file is None:
        return {}, {}
    try:
        with np.load(file, allow_pickle=False) as kept:
            digests, vectors = kept["digests"], kept["vectors"]
            names = [name.partition("-")[2] for name in kept.files if name.startswith("weights-")]
            fits = {
                bytes.fromhex(name): Fit(kept[f"weights-{name}"], kept[f"matched-{name}"])
                for name in names
            }
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return {}, {}
    if digests.ndim != 2 or len(digests) != len(vectors) or vectors.dtype != np.float32:
        return {}, {}
    return {row.tobytes(): vector for row, vector in zip(digests, vectors, strict=True)}, fits


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=DIGEST_BYTES).digest()
