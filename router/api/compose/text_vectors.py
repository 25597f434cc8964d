"""Embeds texts with the triage encoder: texts in, unit vectors out, off the event loop.

It belongs to the composition root, the only part of the API that knows the triage model. Each text
is read by itself, so that it has the same vector whatever other texts a request holds (INT8 scales
over a run).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from router.errors import AnswererNotReady, Overloaded
from router.specialists.fair_turns import FairTurns
from router.triage.encoder import MAX_TOKENS
from router.triage.triage_model import TriageModel
from router.types import Embedded

TEXTS_AT_ONCE = 32
"""Bounds the texts of one turn: at most 0.2 s of one core before the next request has its turn."""
MAX_WAITING = 64
"""Bounds one tenant's requests that wait for the thread; others are asked to come back."""


class TextVectors:
    """Implements `types.Embedder` over the triage model; owns one thread."""

    def __init__(self, model: TriageModel | None) -> None:
        self._model = model
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="embed")
        self._waiting = Counter[str]()  # by tenant
        self._turns = FairTurns()

    @property
    def width(self) -> int:
        """Returns the length of a whole vector. Raises AnswererNotReady without a model."""
        return self._ready().encoder.width

    @property
    def version(self) -> str:
        """Returns the encoder's version: vectors of two versions do not mix.

        Raises AnswererNotReady.
        """
        return self._ready().encoder.sha256[:12]

    def _ready(self) -> TriageModel:
        if self._model is None:
            raise AnswererNotReady(
                "The triage model is missing, so there is nothing to embed with. /readyz tells "
                "why; `tiergate doctor` says how to fix it."
            )
        return self._model

    async def embed(
        self, texts: Sequence[str], dimensions: int | None = None, tenant: str = ""
    ) -> Embedded:
        """Returns the vectors in the order of the texts. Raises AnswererNotReady, Overloaded.

        Tenants take turns: one with many texts lets another's pass after each TEXTS_AT_ONCE.
        """
        model = self._ready()
        # A longer queue would only make every client wait longer.
        if self._waiting[tenant] >= MAX_WAITING:
            raise Overloaded(
                f"{self._waiting[tenant]} requests of yours already wait for the embedding thread; "
                "come back soon."
            )
        loop = asyncio.get_running_loop()
        vectors: list[bytes] = []
        tokens, cut, compute_ms = 0, 0, 0.0
        self._waiting[tenant] += 1
        try:
            for start in range(0, len(texts), TEXTS_AT_ONCE):
                some = texts[start : start + TEXTS_AT_ONCE]
                async with self._turns.turn(tenant):
                    read = await loop.run_in_executor(self._pool, _read, model, some, dimensions)
                vectors += read.vectors
                tokens += read.tokens
                cut += read.cut
                compute_ms += read.compute_ms
        finally:
            self._waiting[tenant] -= 1
            self._waiting += Counter()  # forgets tenants of whom none waits
        return Embedded(tuple(vectors), tokens, cut, compute_ms)

    def close(self) -> None:
        """Ends the thread; work that waits for it is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _read(model: TriageModel, texts: Sequence[str], dimensions: int | None) -> Embedded:
    """Returns the vectors of some texts, each read by itself."""
    # The thread's own time leaves out waits for other threads.
    began_s = time.thread_time()
    encoder = model.encoder
    lengths = [min(MAX_TOKENS, len(encoder.tokenise(text))) for text in texts]
    vectors: list[bytes] = []
    for text in texts:
        vector = encoder.encode([text])[:, :dimensions]  # (1, dimensions)
        if dimensions is not None:
            # A shortened vector is no longer of length one.
            length = float((vector * vector).sum()) ** 0.5
            vector = vector / length if length else vector
        vectors.append(vector.astype("<f4").tobytes())
    compute_ms = 1000.0 * (time.thread_time() - began_s)
    return Embedded(tuple(vectors), sum(lengths), lengths.count(MAX_TOKENS), compute_ms)
