"""Measures the search of an operator's documents: `python -m benchmarks documents`.

The chunks are made up: 90 words each, of 50,000 words as common as in any language (Zipf), and
vectors spread like those of our own documents. A question takes eight words of a chunk, among them
common ones. So a search does all that it does in service: the encoder, both searches, the
reranking and the reading of passages.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from router.documents.chunks import chunks_of
from router.documents.index.search import Index
from router.documents.index.store import Document, Store
from router.documents.pieces import Chunk
from router.documents.readers.markdown import read_markdown
from router.triage.triage_model import TriageModel
from router.types import Rights

ROOT = Path(__file__).parents[1]
WORDS, WORDS_OF_CHUNK, WORDS_OF_QUESTION = 50_000, 90, 8
CHUNKS_OF_DOCUMENT = 50
TODAY = date(2026, 11, 22)
TENANTS = 4
"""Tenants that share the store evenly; one of them asks."""


def measure(chunks: int, questions: int, say: Callable[[str], None]) -> dict[str, float]:
    """Returns wall and processor times in milliseconds of one search, and what the store takes.

    Processor time is that of all threads of the process, so other load on the machine adds nothing.
    """
    model = TriageModel.load()
    random = np.random.default_rng(20261122)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.db"
        say(f"documents: {chunks:,} chunks are written")
        asked = _written(path, chunks, questions, model, random)
        rights = Rights("tenant-0", frozenset({"manual"}))
        index = Index(path, model)
        began = time.perf_counter()
        index.find(asked[0], rights, 5, TODAY)
        first_ms = 1000.0 * (time.perf_counter() - began)
        times, processor_times, answered = [], [], 0
        for question in asked:
            began, processor_began = time.perf_counter(), time.process_time()
            answered += bool(index.find(question, rights, 5, TODAY))
            processor_times.append(1000.0 * (time.process_time() - processor_began))
            times.append(1000.0 * (time.perf_counter() - began))
        index.close()
        size = path.stat().st_size
    ordered, processor = sorted(times), sorted(processor_times)
    return {
        "chunks": chunks,
        "questions": len(asked),
        "answered": answered / len(asked),
        "p50_ms": statistics.median(ordered),
        "p95_ms": ordered[int(0.95 * (len(ordered) - 1))],
        "processor_p50_ms": statistics.median(processor),
        "processor_p95_ms": processor[int(0.95 * (len(processor) - 1))],
        "first_ms": first_ms,
        "store_mb": size / 1e6,
    }


def show(figures: dict[str, float]) -> str:
    """Returns the figures as lines."""
    return (
        f"documents, {figures['chunks']:,.0f} chunks: processor time of one search "
        f"p50 {figures['processor_p50_ms']:.1f} ms, p95 {figures['processor_p95_ms']:.1f} ms; "
        f"wall p50 {figures['p50_ms']:.1f} ms, p95 {figures['p95_ms']:.1f} ms; "
        f"first {figures['first_ms']:,.0f} ms, store {figures['store_mb']:,.0f} MB; "
        f"{figures['answered']:.0%} of {figures['questions']:.0f} questions found a passage"
    )


def _written(
    path: Path, chunks: int, questions: int, model: TriageModel, random: np.random.Generator
) -> list[str]:
    """Writes the store and returns questions about chunks of the first tenant."""
    words = _words(random)
    chances = 1.0 / np.arange(1, WORDS + 1)
    chances /= chances.sum()
    known = _vectors_of_ours(model)
    store = Store(path, create=True)
    asked: list[str] = []
    for number in range(chunks // CHUNKS_OF_DOCUMENT):
        drawn = random.choice(WORDS, (CHUNKS_OF_DOCUMENT, WORDS_OF_CHUNK), p=chances)
        texts = [" ".join(words[i] for i in row) for row in drawn]
        base = known[random.integers(len(known), size=CHUNKS_OF_DOCUMENT)]
        spread = base + random.normal(0.0, 0.03, base.shape).astype(np.float32)
        spread /= np.linalg.norm(spread, axis=1)[:, None]
        packed = [row.astype(np.float16).tobytes() for row in spread]
        tenant = number % TENANTS
        document = Document(f"tenant-{tenant}", "manual", f"{number}.md", f"Part {number}")
        store.put(document, [Chunk(text, "Section") for text in texts], packed)
        if tenant == 0 and len(asked) < questions:
            asked.append(" ".join(random.permutation(texts[0].split())[:WORDS_OF_QUESTION]))
    store.close()
    return asked


def _words(random: np.random.Generator) -> list[str]:
    """Returns made-up words of two to four syllables, all different."""
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    made: dict[str, None] = {}
    while len(made) < WORDS:
        count = int(random.integers(2, 5))
        made["".join(random.choice(syllables, count))] = None
    return list(made)


def _vectors_of_ours(model: TriageModel) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    texts = [
        chunk.text
        for file in sorted((ROOT / "docs" / "guides").glob("*.md"))
        for chunk in chunks_of(read_markdown(file.read_text("utf-8")))
    ]
    return model.vectors(texts[:600])
