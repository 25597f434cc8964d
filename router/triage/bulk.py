"""Many texts read by heads alone: encoded in batches of one length, on several threads.

For files of texts, where no one waits for a single answer. It knows nothing about files.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from router.head_conditions import Chances
from router.triage.encoder import Embeddings, batches
from router.triage.own_heads import OwnHeads, readings
from router.triage.triage_model import TriageModel

BATCH_TOKENS = 1_024
"""Tokens of one run. A mail of 256 tokens costs 2.13 ms of one core at 512, 2.19 at 1,024, 2.36 at
2,048 and 2.49 at 4,096, which no longer fit the cache; short texts want more of them in a run."""
NOVELTY = "novelty"
TOP_ONLY = ("request_type", "domain")
"""Of these the likeliest class alone, as in the signals of a request."""


class BulkReader:
    """Texts in, what the named heads say out; a context manager that owns its threads."""

    def __init__(
        self, model: TriageModel, own: OwnHeads | None, names: Collection[str], threads: int
    ) -> None:
        self._model = model
        self._stack = model.stack if own is None else own.stack
        self._names = sorted(set(names) - {NOVELTY})
        self._novelty = NOVELTY in names
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="read")

    def __enter__(self) -> BulkReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def read(self, texts: Sequence[str]) -> list[dict[str, Chances]]:
        """What every head says of each text, in the order given."""
        vectors = self._encode(texts)
        logits = self._stack.logits(vectors)
        said: list[dict[str, Chances]] = [{} for _ in texts]
        for name in self._names:
            for row, reading in zip(said, readings(self._stack, logits, name), strict=True):
                row[name] = reading.classes[:1] if name in TOP_ONLY else reading.classes
        if self._novelty:
            for row, p in zip(said, self._model.novelty(vectors).tolist(), strict=True):
                row[NOVELTY] = (("novel", p),)
        return said

    def _encode(self, texts: Sequence[str]) -> Embeddings:
        """One unit vector per text; runs on the pool, which holds no interpreter lock meanwhile."""
        encoder = self._model.encoder
        rows = [encoder.tokenise(text) for text in texts]
        out = np.empty((len(rows), encoder.width), dtype=np.float32)
        groups = batches([len(row) for row in rows], BATCH_TOKENS)

        def run(group: list[int]) -> None:
            out[group] = encoder.encode_ids([rows[index] for index in group])

        # The longest first, so that no thread waits long for the other at the end.
        for _ in self._pool.map(run, reversed(groups)):
            pass
        return out
