"""Opens the ONNX file of a larger encoder when the first text is read by it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

from router.errors import ModelFileError
from router.stats.heads import Embeddings
from router.triage.encoder import Encoder, Tokeniser, sha256_of
from router.types import Device


class Opened:
    """Opens an encoder at the first text; threads may share it."""

    def __init__(self, onnx: Path, sha256: str, device: Device) -> None:
        self._onnx, self._sha256, self._device = onnx, sha256, device
        self._opening = Lock()
        self._encoder: Encoder | None = None

    def encode(self, tokenise: Tokeniser, rows: Sequence[Sequence[int]]) -> Embeddings:
        """Returns the vectors of token rows. Raises ModelFileError where the file was replaced."""
        with self._opening:
            if self._encoder is None:
                if sha256_of(self._onnx) != self._sha256:
                    raise ModelFileError(f"{self._onnx} is no longer the file that was loaded")
                self._encoder = Encoder(
                    self._onnx, tokenise, sha256=self._sha256, device=self._device
                )
        return self._encoder.encode_rows(rows)


@lru_cache(maxsize=4)
def opened(onnx: Path, sha256: str, beside: Device = Device.CPU) -> Opened:
    """Returns the encoder of a file, one for all who read by it.

    It runs where the triage model `beside` it does; on the processor where a GPU does not take it.
    """
    return Opened(onnx, sha256, Device.CPU if beside is Device.CPU else Device.AUTO)
