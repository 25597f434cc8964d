"""Embeds each text once, within one build and from one start to the next.

A knowledge file of 2,000 utterances costs half a second of one core, and as much again what is
fitted to it. Both are kept next to the database, under the triage model's version; a cache that
cannot be read or written is only slow.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.triage.match import OWN_OUTCOMES, KnowledgeTexts
from router.triage.matching.own_file import Fit
from router.triage.utterances import Described
from router.triage.verifier import Describer, Lexicon, MatchModel

DIGEST_BYTES = 16


class Remembering:
    """Implements `verifier.Describer` over another one, and `match.FitMemory`.

    It keeps every vector, so it is dropped once the index is built.
    """

    def __init__(self, model: Describer, folder: Path | None = None, version: str = "") -> None:
        """Takes a folder, from which vectors of `version` come and to which `save` writes them."""
        self._model = model
        self._file = None if folder is None else folder / f"knowledge-exact-{version}.npz"
        # Files without "exact" have vectors of cut sums, if the processor has no VNNI.
        # Each row holds a vector and how the heads read the text: (width + columns,).
        self._known, self._fits, self._width = _read(self._file)
        self._used: dict[bytes, npt.NDArray[np.float32]] = {}
        self._used_fits: dict[bytes, Fit] = {}
        self._fresh = False

    @property
    def matching(self) -> MatchModel:
        """Returns what the model brings for matching."""
        return self._model.matching

    @property
    def lexicon(self) -> Lexicon:
        """Returns the model's lexicon."""
        return self._model.lexicon

    def described(self, texts: Sequence[str]) -> Described:
        """Returns what the model says of the texts."""
        keys = [_digest(text) for text in texts]
        new = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._known}
        if new:
            vectors, readings = self._model.described(list(new.values()))
            self._width = vectors.shape[1]
            rows = np.hstack([vectors, readings])
            self._known.update(zip(new, rows, strict=True))
            self._fresh = True
        self._used.update({key: self._known[key] for key in keys})
        rows = np.stack([self._known[key] for key in keys])
        return Described(rows[:, : self._width], rows[:, self._width :])

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
        rows = np.stack(list(self._used.values()))
        fits = {f"weights-{key.hex()}": fit.weights for key, fit in self._used_fits.items()}
        fits |= {f"matched-{key.hex()}": fit.coefficients for key, fit in self._used_fits.items()}
        fits |= {f"own-{key.hex()}": fit.own for key, fit in self._used_fits.items()}
        fits |= {f"read-{key.hex()}": fit.own_read for key, fit in self._used_fits.items()}
        fits |= {
            f"precision-{key.hex()}": fit.precision
            for key, fit in self._used_fits.items()
            if fit.precision is not None
        }
        part = self._file.with_suffix(f".{os.getpid()}.npz")
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            width = np.array(self._width)
            np.savez(part, digests=digests, rows=rows, width=width, **fits)  # type: ignore[arg-type]
            os.replace(part, self._file)


def digest_of(texts: KnowledgeTexts, version: str) -> bytes:
    """Names the texts of an index and the vectors' version, 16 bytes: equal ones are one index."""
    judged = [(outcome.text, outcome.intent_id) for outcome in texts.outcomes]
    intents = [(name, list(lines)) for name, lines in texts.intents]
    # Without enough outcomes nothing of the index depends on the answers.
    answers = sorted(texts.answers.items()) if len(judged) >= OWN_OUTCOMES else []
    kind = [texts.verified, texts.traffic]
    rows = [version, intents, list(texts.not_covered), judged, answers, *kind]
    return hashlib.blake2b(json.dumps(rows).encode(), digest_size=16).digest()


Kept = tuple[dict[bytes, npt.NDArray[np.float32]], dict[bytes, Fit], int]


def _read(file: Path | None) -> Kept:
    """Reads what an earlier build kept; nothing where the file is missing or damaged."""
    if file is None:
        return {}, {}, 0
    try:
        with np.load(file, allow_pickle=False) as kept:
            digests, rows, width = kept["digests"], kept["rows"], int(kept["width"])
            names = [name.partition("-")[2] for name in kept.files if name.startswith("weights-")]
            fits = {
                bytes.fromhex(name): Fit(
                    kept[f"weights-{name}"],
                    kept[f"matched-{name}"],
                    kept[f"own-{name}"],
                    kept.get(f"precision-{name}"),
                    kept[f"read-{name}"],
                )
                for name in names
            }
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return {}, {}, 0
    if digests.ndim != 2 or len(digests) != len(rows) or rows.dtype != np.float32:
        return {}, {}, 0
    return {key.tobytes(): row for key, row in zip(digests, rows, strict=True)}, fits, width


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=DIGEST_BYTES).digest()
