"""Opens the ONNX file of a larger encoder when the first text is read by it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

from router.errors import ModelFileError
from router.stats.heads import Embeddings
from router.triage.encoder import SHORT_BATCH_TOKENS, Encoder, Tokeniser, sha256_of


class Opened:
    """Opens an encoder at the first text; threads may share it."""

    def __init__(self, onnx: Path, sha256: str) -> None:
        self._onnx, self._sha256 = onnx, sha256
        self._opening = Lock()
        self._encoder: Encoder | None = None

    def encode(self, tokenise: Tokeniser, rows: Sequence[Sequence[int]]) -> Embeddings:
        """Returns the vectors of token rows. Raises ModelFileError where the file was replaced.

        A run of 4,096 tokens takes half as long again per text, and its memory is kept: 100 MB.
        """
        with self._opening:
            if self._encoder is None:
                if sha256_of(self._onnx) != self._sha256:
                    raise ModelFileError(f"{self._onnx} is no longer the file that was loaded")
                self._encoder = Encoder(self._onnx, tokenise, sha256=self._sha256)
        return self._encoder.encode_rows(rows, SHORT_BATCH_TOKENS)


@lru_cache(maxsize=4)
def opened(onnx: Path, sha256: str) -> Opened:
    """Returns the encoder of a file, one for all who read by it."""
    return Opened(onnx, sha256)
