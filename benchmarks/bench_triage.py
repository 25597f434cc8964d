"""Measures triage: latency by length, throughput through the service, and the cost of Python.

    OPENBLAS_NUM_THREADS=1 python benchmarks/bench_triage.py [--json] [--seconds S] [--knowledge F]

numpy's own threads are switched off, because on small matrices they wait for each other.

Latency is that of one request at a time on the calling thread, with one thread for the model.
Throughput is measured with 64 requests waiting at any time. Every prompt is different, so that no
reading comes from the cache. Overhead is the same with a model that answers at once: everything
except encoder, heads and matching. Lengths are in tokens of plain English words, most of which are
one token each; the model reads at most 128 of them.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import yaml

from router.errors import ModelFileError
from router.stats.heads import Encoded
from router.stats.ngrams import NOTHING, Grams
from router.triage.batches.config import TriageConfig
from router.triage.batches.triage_models import Model
from router.triage.engine import TriageEngine
from router.triage.match import KnowledgeIndex, KnowledgeTexts
from router.triage.own_heads import OwnHeads
from router.triage.service import TriageService
from router.triage.text.amounts import AmountReader
from router.triage.text.spelling import as_written, knows_all
from router.triage.text.terms import TermFinder
from router.triage.triage_model import HeadOutputs, TriageModel
from router.types import ChatRequest, Device, Domain, Message, RequestType

LENGTHS = (16, 40, 128, 512)
CONCURRENCY = 64
MOST_PER_SECOND = 7_000  # requests made before the clock starts; above what a core reads
WORDS = [
    "where",
    "is",
    "my",
    "order",
    "and",
    "when",
    "will",
    "it",
    "come",
    "please",
    "tell",
    "me",
    "how",
    "to",
    "change",
    "the",
    "address",
    "of",
    "the",
    "account",
    "before",
    "friday",
    "because",
    "we",
    "move",
    "to",
    "another",
    "city",
    "with",
    "two",
    "children",
    "and",
    "need",
    "help",
    "now",
]
TERMS = {"fraud": ["wire transfer", "scam"], "medical": ["chest pain", "overdose"]}
RATES = {"USD": 1.0, "EUR": 1.16, "GBP": 1.32}


class InstantModel:
    """Gives every text the same answer at once, so that only overhead is left."""

    version = "instant"
    request_types = tuple(RequestType)
    domains = tuple(Domain)
    knows = staticmethod(knows_all)
    mended = staticmethod(as_written)
    grave = None

    def encode(self, texts: Sequence[str]) -> Encoded:
        return Encoded(np.zeros((len(texts), 8), dtype=np.float32), self.grams(texts))

    def grams(self, texts: Sequence[str]) -> Grams:
        return Grams.of([NOTHING] * len(texts))

    def read(self, encoded: Encoded, own: OwnHeads | None = None) -> HeadOutputs:
        rows = len(encoded)
        types = np.full((rows, len(RequestType)), 1 / len(RequestType))
        domains = np.full((rows, len(Domain)), 1 / len(Domain))
        return HeadOutputs(types, domains, *np.full((7, rows), 0.1))


def prompts(tokens: int, seed: int = 1) -> Iterator[ChatRequest]:
    """Yields endless different requests of about `tokens` tokens, two of them the model's
    markers."""
    draw = random.Random(seed)
    for number in itertools.count():
        text = " ".join([*draw.choices(WORDS, k=tokens - 3), str(number % 1000)])
        yield ChatRequest((Message("user", text),), "auto")


def latency(service: TriageService, tokens: int, seconds: float) -> dict[str, float]:
    """Returns p50 and p99 in milliseconds of requests one at a time."""
    requests = prompts(tokens)
    # Warm up: caches and lazy imports are not part of the figure.
    for _ in range(20):
        service.read_now(next(requests), None)
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        request = next(requests)
        start = time.perf_counter()
        service.read_now(request, None)
        taken.append((time.perf_counter() - start) * 1_000)
    p50, p99 = np.percentile(taken, [50, 99])
    return {"p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3), "requests": len(taken)}


async def throughput(service: TriageService, tokens: int, seconds: float) -> dict[str, float]:
    """Returns requests a second and CPU time per request, with CONCURRENCY requests waiting."""
    # Made before the clock starts, so that making them is not measured.
    made = list(itertools.islice(prompts(tokens, seed=2), round(MOST_PER_SECOND * seconds)))
    waiting = iter(made)
    until = time.perf_counter() + seconds
    done = 0

    async def client() -> None:
        nonlocal done
        for request in waiting:
            if time.perf_counter() > until:
                return
            await service.read(request, None)
            done += 1

    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client() for _ in range(CONCURRENCY)))
    wall, busy = time.perf_counter() - start, time.process_time() - cpu
    return {"per_second": round(done / wall), "cpu_us": round(busy / done * 1e6, 1)}


def config(model: Model | None, knowledge: Path | None) -> TriageConfig:
    index = None
    if knowledge is not None and isinstance(model, TriageModel):
        intents = yaml.safe_load(knowledge.read_text(encoding="utf-8"))["intents"]
        # With a knowledge file, matching is part of every reading, as in a real policy.
        index = KnowledgeIndex.build(
            model, KnowledgeTexts([(i["id"], i["utterances"]) for i in intents])
        )
    return TriageConfig(TermFinder(TERMS), AmountReader(RATES), index)


def measure(
    seconds: float, knowledge: Path | None, device: Device = Device.CPU
) -> dict[str, object]:
    """Returns all figures, without those of the model when it cannot be loaded."""
    figures: dict[str, object] = {}
    try:
        model: Model | None = TriageModel.load(threads=1, device=device)
    except ModelFileError as error:
        print(f"without the model: {error}", file=sys.stderr)
        model = None
    if model is not None:
        engine = TriageEngine(model)
        ours = config(model, knowledge)
        service = TriageService(engine, ours)
        figures["model"] = engine.version
        figures["latency"] = {str(n): latency(service, n, seconds) for n in LENGTHS}
        figures["throughput"] = {
            str(n): asyncio.run(throughput(TriageService(engine, ours), n, seconds))
            for n in LENGTHS
        }
        engine.close()
    # The same service with a model that takes no time: what remains is the cost of Python.
    instant = TriageEngine(InstantModel())
    bare = config(None, None)
    figures["overhead"] = {
        str(n): asyncio.run(throughput(TriageService(instant, bare), n, seconds)) for n in LENGTHS
    }
    instant.close()
    return figures


def show(results: dict[str, object]) -> str:
    """Returns the figures as one table."""
    lines = [f"{'tokens':>7}{'p50 ms':>10}{'p99 ms':>10}{'texts/s':>10}{'overhead us':>13}"]
    for length in map(str, LENGTHS):
        cells = [f"{length:>7}"]
        for part, key, width in (
            ("latency", "p50_ms", 10),
            ("latency", "p99_ms", 10),
            ("throughput", "per_second", 10),
            ("overhead", "cpu_us", 13),
        ):
            figures = results.get(part)
            value = figures[length][key] if isinstance(figures, dict) else "-"
            cells.append(f"{value:>{width}}")
        lines.append("".join(cells))
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--seconds", type=float, default=3.0, help="per figure")
    arguments.add_argument("--knowledge", type=Path, default=None, help="a knowledge file to match")
    arguments.add_argument("--device", type=Device, default=Device.CPU, choices=list(Device))
    options = arguments.parse_args()
    figures = measure(options.seconds, options.knowledge, options.device)
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        print(show(figures))


if __name__ == "__main__":
    main()
