"""Measures the time of a single request and the size of the model, for any kind of figure."""

from __future__ import annotations

from router.evaluation.options import Section, Subject
from router.stats.measures import Figure
from router.training.dev_figures import folder_bytes, latency

TOKENS = ("16", "40", "128")
REPEATS = 300


def latency_sections(subject: Subject) -> dict[str, Section]:
    """Returns p50 and p99 in milliseconds at 16, 40 and 128 tokens; one thread, all shipped heads.

    `processor` counts only this thread's own time, which other work on the machine does not
    increase.
    """
    measured = latency(subject.model, [], repeats=REPEATS)
    names = {
        "p50_ms": "p50_ms",
        "p99_ms": "p99_ms",
        "cpu_p50_ms": "processor_p50_ms",
        "cpu_p99_ms": "processor_p99_ms",
    }
    return {
        f"latency, {tokens} tokens": {
            figure_name: Figure(measured[tokens][name], REPEATS)
            for name, figure_name in names.items()
        }
        for tokens in TOKENS
    }


def size_section(subject: Subject) -> dict[str, Section]:
    """Returns the megabytes of the encoder and of the whole model folder, on disk."""
    sizes = folder_bytes(subject.folder)
    return {"size": {f"{name}_mb": Figure(size / 1e6, 1) for name, size in sizes.items()}}
