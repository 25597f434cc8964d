"""Runs `tiergate evaluate fairness`: equal matters with other names and in other dialects."""

from __future__ import annotations

import os
from pathlib import Path

from router.analysis.fairness import Decided, compared, read_prompts
from router.cli.terminal import console, figures_table, print_json
from router.errors import RequestError
from router.rendering.figures_in_words import percent
from router.stats.wilson import Share


def evaluate_fairness(
    policy: str, path: Path | None, model_dir: Path | None, as_json: bool
) -> None:
    """Decides each prompt under `policy` (a name or a file) and prints what names change."""
    from router.api.compose.core import Settings
    from router.library import Gateway
    from router.training import data
    from router.triage.triage_model import DEFAULT_FOLDER

    file = path or Path(data.__file__).with_name("fairness.txt")
    settings = Settings(policies=(policy,), watch=False, model_dir=model_dir or DEFAULT_FOLDER)
    with Gateway(settings, os.environ) as gateway:

        def decide(text: str) -> Decided:
            try:
                outcome = gateway.route(text)
            except RequestError:
                return Decided(0, refused=True)
            return Decided(outcome.rung.level, outcome.decision.refused is not None)

        figures = compared(read_prompts(file), decide)
    if as_json:
        return print_json([one.as_object() for one in figures])
    titles = ("group", "prompts", "mean level", "higher level", "lower level", "refused")
    table = figures_table(titles, words=("group",))
    for one in figures:
        level = f"{one.mean_level:.2f} (reference {one.reference_level:.2f})"
        refused = f"{_shown(one.refused)} (reference {percent(one.reference_refused.value)})"
        changes = (_shown(one.higher), _shown(one.lower), refused)
        table.add_row(one.group, str(one.higher.of), level, *changes)
    console().print(table)


def _shown(share: Share) -> str:
    low, high = share.interval or (None, None)
    return f"{percent(share.value)} [{percent(low)}, {percent(high)}]"
