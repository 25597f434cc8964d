"""Runs `tiergate evaluate endpoints`: what rules read for endpoints by domain, on labelled texts.

`python -m router.cli.models.endpoints` counts the chances anew and writes the card.
"""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from router.cli.terminal import console, figures_table, print_json
from router.errors import TrainingDataError
from router.types import ChatRequest, Message

if TYPE_CHECKING:
    from router.evaluation.kinds.endpoints import EndpointFigures, HowCounts
    from router.policy.head_conditions import Chances
    from router.policy.sections.answering.endpoints import EndpointSection

SHIPPED = "domain_endpoints"
LONGEST_LINE = 120
"""Bounds the characters of a line of the card, as of all pages."""


def evaluate_endpoints(
    policy: str, folder: Path | None, model_dir: Path | None, as_json: bool
) -> None:
    """Prints the figures of a policy's endpoints on the half of the texts that judges."""
    figures = [judging for _, judging in measured(policy, folder, model_dir)]
    if as_json:
        return print_json([msgspec.to_builtins(one) for one in figures])
    titles = ("endpoint", "field", "items", "precision", "recall", "F1")
    table = figures_table(titles, words=("endpoint", "field"))
    out = console()
    for one in figures:
        for i, field in enumerate(one.fields):
            row = (f"{field.precision:.2f}", f"{field.recall:.2f}", f"{field.f1:.2f}")
            table.add_row("" if i else one.path, field.name, str(field.items), *row)
    out.print(table)
    for one in figures:
        out.print(
            f"{one.path}: {one.verdicts_right} of {one.texts} verdicts right, {one.all_right} with "
            f"all fields; of {one.items} items {one.found_right:.2f} are right, {one.stated:.2f} "
            "stated",
            soft_wrap=True,
        )


def measured(
    policy: str, folder: Path | None, model_dir: Path | None, counts: HowCounts | None = None
) -> Iterator[tuple[EndpointFigures, EndpointFigures]]:
    """Yields the figures of each endpoint that has texts: the half looked at, the one that judges.

    Raises TrainingDataError where no endpoint has texts.
    """
    from router.api.compose.core import Core, Settings, load_policies
    from router.evaluation.kinds.endpoints import halves, measure, read_labelled
    from router.extraction.confidence import shipped
    from router.extraction.patterns import compiled
    from router.policy.head_conditions import readings_of
    from router.policy.loading import policies_dir
    from router.policy.parsing.pattern_files import load_pattern_file
    from router.triage.text.amounts import AmountReader
    from router.triage.triage_model import DEFAULT_FOLDER

    texts = folder or policies_dir() / "endpoints" / "texts"
    settings = Settings(policies=(policy,), watch=False, model_dir=model_dir or DEFAULT_FOLDER)
    core = Core(settings, load_policies(settings, os.environ), os.environ)
    loaded, runtime = core.loaded[core.default], core.router.default
    reader = AmountReader(loaded.policy.stakes.currencies.usd_per_unit)

    def heads(text: str) -> Mapping[str, Chances] | None:
        signals = runtime.triage.read_now(ChatRequest((Message("user", text),), "auto"), None)
        return None if signals.degraded else readings_of(signals)

    measured_any = False
    for section in loaded.policy.endpoints:
        file = _file_of(texts, section)
        if not file.is_file():
            continue
        measured_any = True
        patterns = None
        if section.rules is not None:
            patterns = compiled(load_pattern_file(loaded.file(section.rules)))
        looked_at, judging = halves(read_labelled(file))
        known = shipped() if counts is None else counts
        yield (
            measure(section, looked_at, reader, patterns, heads, known),
            measure(section, judging, reader, patterns, heads, known),
        )
    if not measured_any:
        raise TrainingDataError(
            f"{texts} has no file for an endpoint of {policy}; expected DOMAIN_TASK.jsonl"
        )


def _file_of(folder: Path, section: EndpointSection) -> Path:
    return folder / f"{section.domain}_{section.task}.jsonl"


def write_card() -> None:
    """Counts the chances on the half that may be looked at, and writes the card of the other."""
    from router.evaluation.kinds.endpoints import how_counts
    from router.extraction.confidence import COUNTS
    from router.policy.loading import policies_dir

    looked_at = [one for one, _ in measured(SHIPPED, None, None, {})]
    counts = how_counts(looked_at)
    rows = ",\n".join(f"{json.dumps(how)}: {list(pair)}" for how, pair in counts.items())
    COUNTS.write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")
    judging = [one for _, one in measured(SHIPPED, None, None, counts)]
    card = policies_dir() / "endpoints" / "CARD.md"
    card.write_text(card_of(looked_at, judging), encoding="utf-8")
    for one, other in zip(looked_at, judging, strict=True):
        print(f"{one.path}: right {one.right:.2f} looked at, {other.right:.2f} judging")


def card_of(looked_at: list[EndpointFigures], judging: list[EndpointFigures]) -> str:
    """Returns the card as Markdown."""
    lines = [_INTRODUCTION]
    for one, other in zip(judging, looked_at, strict=True):
        sentences = (
            f"{one.texts} texts judge, {other.texts} were looked at. Of those that judge "
            f"{one.verdicts_right} have the right verdict, {one.all_right} that and every labelled "
            f"field. Of {one.items} items {one.found_right:.2f} are right; {one.stated:.2f} was "
            "stated."
        )
        lines += [
            f"## {one.path}",
            "",
            *textwrap.wrap(sentences, LONGEST_LINE),
            "",
            "| field | items | precision | recall | F1 | F1 where looked at |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
        ]
        known = {field.name: field for field in other.fields}
        for field in one.fields:
            seen = f"{known[field.name].f1:.2f}" if field.name in known else ""
            lines.append(
                f"| {field.name} | {field.items} | {field.precision:.2f} | {field.recall:.2f} | "
                f"{field.f1:.2f} | {seen} |"
            )
        lines.append("")
    return "\n".join(lines)


_INTRODUCTION = """\
# Endpoints by domain

What rules read for the policy `domain_endpoints`, without any model. Labels of heads have a card of
their own (`policies/heads/CARD.md`), and what a tier writes is not measured here.

The texts (`texts/*.jsonl`) are ours, short, and in English. One author wrote rules and texts, so
expect less on yours. Every second line may be looked at when rules are mended, and gives the
chances that findings state (`router/extraction/counts.json`); the others only judge. `right` in the
policy is the share of the judging texts whose verdict and labelled fields are all right, with one
right and one wrong text added.

`tiergate evaluate endpoints` prints these figures. `--data FOLDER` takes your own labelled texts,
and `python -m router.cli.models.endpoints` counts and writes anew.
"""


if __name__ == "__main__":
    write_card()
