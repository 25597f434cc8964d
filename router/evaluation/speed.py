"""How long a lone request takes and what the model weighs, for any kind of figure."""

from __future__ import annotations

from router.evaluation.options import Section, Subject
from router.stats.measures import Figure
from router.training.evaluate import folder_bytes, latency

TOKENS = ("16", "40", "128")
REPEATS = 300


def latency_sections(subject: Subject, repeats: int = REPEATS) -> dict[str, Section]:
    """p50 and p99 in milliseconds at 16, 40 and 128 tokens; one thread, all shipped heads.

    `processor` counts this thread's own time alone, which a busy machine does not inflate.
    """
    measured = latency(subject.model, [], repeats=repeats)
    names = {
        "p50_ms": "p50_ms",
        "p99_ms": "p99_ms",
        "cpu_p50_ms": "processor_p50_ms",
        "cpu_p99_ms": "processor_p99_ms",
    }
    return {
        f"latency, {tokens} tokens": {
            said: Figure(measured[tokens][name], repeats) for name, said in names.items()
        }
        for tokens in TOKENS
    }


def size_section(subject: Subject) -> dict[str, Section]:
    """Megabytes of the encoder and of the whole model folder, on disk."""
    found = folder_bytes(subject.folder)
    return {"size": {f"{name}_mb": Figure(size / 1e6, 1) for name, size in found.items()}}
