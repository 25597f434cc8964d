"""An embedder that embeds each text once: indexes of one knowledge file share most utterances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from router.calibration import Floats
from router.triage.match import Embedder


class Remembering:
    """`match.Embedder` over another one; for building, then dropped: it keeps every vector."""

    def __init__(self, model: Embedder) -> None:
        self._model = model
        self._known: dict[str, npt.NDArray[np.float32]] = {}  # each (width,)

    @property
    def match_coefficients(self) -> Floats:
        return self._model.match_coefficients

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """As the model's, (texts, width)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._model.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])
