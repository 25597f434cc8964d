"""Defines `tiergate train embeddings`: an encoder tuned on labelled texts, judged by retrieval."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.models.train import card_command, with_torch
from router.cli.options import (
    REGISTRY,
    SEED,
    AsJson,
    RegistryPlace,
    Seed,
    TrainDevice,
    folder_to_write,
)
from router.cli.serve.serve import ModelDir
from router.cli.terminal import to_stderr
from router.cli.tuning.registering import RegisteredName, add_version
from router.rendering.figures_in_words import counted
from router.types import Device

FIGURES = (
    ("recall_at_1", "recall@1"),
    ("recall_at_5", "recall@5"),
    ("ndcg_at_10", "nDCG@10"),
    ("pairs_auroc", "AUROC of pairs"),
)


def embeddings(
    data: Annotated[
        Path, typer.Option(help="A .jsonl file of texts and labels.", envvar="TIERGATE_DATA")
    ],
    out: Annotated[
        Path, typer.Option(parser=folder_to_write, help="Folder of the encoder and its card.")
    ],
    base: Annotated[
        str,
        typer.Option(help="`shipped`, or a folder or hub's name that sentence-transformers opens."),
    ] = "shipped",
    text_column: Annotated[str, typer.Option(help="The text's key.")] = "text",
    label_column: Annotated[str, typer.Option(help="The label's key.")] = "label",
    steps: Annotated[int, typer.Option(min=0, help="Steps of contrast with negatives.")] = 200,
    tsdae_steps: Annotated[
        int, typer.Option(min=0, help="Steps without labels (TSDAE), before those; 0: none.")
    ] = 0,
    batch: Annotated[int, typer.Option(min=2, help="Texts of a step.")] = 32,
    negatives: Annotated[
        int, typer.Option(min=0, help="Hard negatives of each text, of other labels.")
    ] = 4,
    learning_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Highest rate; it falls to 0.")
    ] = 3e-4,
    keep: Annotated[
        float,
        typer.Option(min=0, max=1e6, help="How strongly vectors stay near those of the start."),
    ] = 0.5,
    seed: Seed = SEED,
    threads: Annotated[
        int, typer.Option(min=0, show_default="as torch chooses", help="Threads of the processor.")
    ] = 0,
    device: TrainDevice = Device.AUTO,
    model_dir: ModelDir = None,
    name: RegisteredName = "",
    registry: RegistryPlace = REGISTRY,
    as_json: AsJson = False,
) -> None:
    """Tune the encoder on your texts: TSDAE, then contrasts with hard negatives."""
    with with_torch():
        from router.training.embeddings.texts import read_texts
        from router.training.embeddings.train import Settings, tune_encoder
        from router.triage.triage_model import DEFAULT_FOLDER

        card = tune_encoder(
            read_texts(data, text_column, label_column),
            out,
            base,
            model_dir or DEFAULT_FOLDER,
            Settings(
                tsdae_steps=tsdae_steps,
                steps=steps,
                batch=batch,
                negatives=negatives,
                learning_rate=learning_rate,
                keep=keep,
                seed=seed,
                threads=threads,
            ),
            device,
            to_stderr,
            card_command(sys.argv[1:]),
        )
    if name:
        _register(card, out, name, registry)
    if as_json:
        from router.cli.terminal import print_json

        print_json(card)
        return
    _show(card, out)


def _register(card: Mapping[str, Any], out: Path, name: str, registry: str) -> None:
    from router.registry import ModelKind

    files, figures, settings = card["files"], card["figures"], card["settings"]
    add_version(
        ModelKind.ENCODER,
        name,
        [*(out / file for file in files), out / "card.json"],
        registry,
        base=str(card["base"]),
        dataset=str(card["data_sha256"]),
        settings=settings,
        metrics={
            f"{figure}.{which}": value
            for which in ("shipped", "tuned")
            for figure, value in figures[which].items()
        },
    )


def _show(card: dict[str, object], out: Path) -> None:
    from router.cli.terminal import console, figures_table
    from router.stats.measures import FEWEST, change_text

    figures = card["figures"]
    assert isinstance(figures, dict)
    queries = figures["tuned"]["queries"]
    table = figures_table(("", "shipped", "tuned", "change (95 %)"), padding=(0, 2, 0, 0))
    for name, label in FIGURES:
        both = (f"{figures[which][name]:.3f}" for which in ("shipped", "tuned"))
        made = figures["change"].get(name)
        table.add_row(label, *both, change_text(queries, *made) if made else "-")
    console().print(table)
    typer.echo(f"On {counted(queries, 'held text', 'held texts')}. The encoder is in {out}.")
    if queries < FEWEST:
        typer.echo(
            f"So few texts cannot tell which encoder is better. Expected {FEWEST} held texts or "
            "more; a fifth of all texts is held."
        )
    elif all(low <= 0 <= high for _, low, high in figures["change"].values()):
        typer.echo("No interval leaves 0 out: these texts do not show that either one is better.")
    if (out / "student.pt").is_file():
        typer.echo(
            "No head reads it yet. Fit all heads to it: tiergate train triage --data DATA "
            f"--encoder {out} --out MODEL"
        )
