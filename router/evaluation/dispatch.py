"""Maps each kind to the module that measures it, for the one call of `tiergate evaluate KIND`.

The size of the model, and the time of a single request, belong to the figures of any kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from router.evaluation.kinds import certificates, intents, labelled, own_head, routing, stakes
from router.evaluation.options import Kind, Options, Report, Section, Subject
from router.stats.measures import Figure
from router.training.dev_figures import folder_bytes
from router.training.dev_figures import latency as single_latencies

TOKENS = ("16", "40", "128")
REPEATS = 300

MEASURES: Mapping[Kind, Callable[[Subject, Path, Options], Report]] = {
    Kind.INTENT: intents.evaluate,
    Kind.ROUTING: routing.evaluate,
    Kind.STAKES: stakes.evaluate,
    Kind.CERTIFICATES: certificates.evaluate,
    Kind.HEAD: own_head.evaluate,
    **{kind: partial(labelled.evaluate, kind) for kind in labelled.READERS},
}


def evaluate(
    kind: Kind, folder: Path, path: Path, options: Options, *, latency: bool = False
) -> Report:
    """Returns the figures of the model in `folder` on the file at `path`.

    Raises ModelFileError for a model that cannot be loaded, TrainingDataError for a file that
    cannot be used.
    """
    subject = Subject.load(folder, options.heads)
    report = MEASURES[kind](subject, path, options)
    # Timing is slow, so it is done only on request.
    timed = _latency_sections(subject) if latency else {}
    return replace(report, sections={**report.sections, **timed, **_size_section(subject)})


def _latency_sections(subject: Subject) -> dict[str, Section]:
    """Returns p50 and p99 in milliseconds at 16, 40 and 128 tokens; one thread, all shipped heads.

    `processor` counts only this thread's own time, which other work on the machine does not
    increase.
    """
    measured = single_latencies(subject.model, [], repeats=REPEATS)
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


def _size_section(subject: Subject) -> dict[str, Section]:
    """Returns the megabytes of the encoder and of the whole model folder, on disk."""
    sizes = folder_bytes(subject.folder)
    return {"size": {f"{name}_mb": Figure(size / 1e6, 1) for name, size in sizes.items()}}
