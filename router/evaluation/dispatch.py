"""Maps each kind to the module that measures it, for the one call of `tiergate evaluate KIND`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from router.evaluation import speed
from router.evaluation.kinds import certificates, intents, labelled, own_head, routing, stakes
from router.evaluation.options import Kind, Options, Report, Subject

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
    timed = speed.latency_sections(subject) if latency else {}
    return replace(report, sections={**report.sections, **timed, **speed.size_section(subject)})
