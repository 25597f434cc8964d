"""`tiergate train`: thin calls into `router.training`, which needs torch."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from router.cli.exits import Exit
from router.cli.serving import ModelDir

Data = Annotated[
    Path,
    typer.Option(
        help="The folder of training data; docs/training.md says what it holds.",
        envvar="TIERGATE_DATA",
    ),
]
Work = Annotated[Path, typer.Option(help="Where stages leave what later ones read.")]
Quick = Annotated[bool, typer.Option(help="A tiny run that shows it works; no useful result.")]
WORK = Path(".tiergate/train")

train = typer.Typer(
    help="Train on your own data; `head`, `specialists` and `suggest` without the extra `train`."
)


def register(app: typer.Typer) -> None:
    train.info.no_args_is_help = True
    app.add_typer(train, name="train")


@contextmanager
def with_torch() -> Iterator[None]:
    """A missing package becomes a sentence that says how to install it."""
    try:
        yield
    except ImportError as error:
        typer.echo(
            f"tiergate: training needs the package {error.name}, not found: "
            "pip install 'tiergate[train]'",
            err=True,
        )
        raise typer.Exit(Exit.FAILURE) from error


@train.command()
def triage(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder of the new model; serve it by --model-dir.")],
    work: Work = WORK,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.")] = 7,
    stage: Annotated[
        list[str] | None,
        typer.Option(show_default="all", help="Run only this stage again; repeat for several."),
    ] = None,
    quick: Quick = False,
) -> None:
    """Curate, distil, export, fit heads, measure: the triage model from a folder of data."""
    with with_torch():
        from router.policy_file import policies_dir
        from router.training.pipeline import train_triage

        made = train_triage(
            data, out, work / "triage", seed, stage, quick, knowledge=policies_dir() / "knowledge"
        )
    for name, seconds in made.seconds.items():
        typer.echo(f"{name:<8} {seconds:8.1f} s")
    typer.echo(f"Triage model {made.version} is in {made.out}; its card is CARD.md there.")


@train.command()
def adapter(
    data: Data,
    knowledge: Annotated[
        Path, typer.Option(help="The approved answers that utterances are paired with.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the adapter and its card.")],
    quick: Quick = False,
) -> None:
    """A LoRA adapter for the local model, from support utterances and approved answers."""
    with with_torch():
        from router.training.adapter import train_adapter

        card = train_adapter(data, knowledge, out, quick=quick, shown=True, command=_command_line())
    typer.echo(f"Adapter {card['file']} is in {out}; its card is CARD.md there.")


@train.command()
def ability(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder of the measured ability.")],
    model_dir: ModelDir = None,
    again: Annotated[
        bool, typer.Option(help="Ask the model again, even where its answers are stored.")
    ] = False,
) -> None:
    """Measure how able the local model is, on questions with known answers."""
    with with_torch():
        from router.training.local_ability import measure_ability

        card = measure_ability(
            data, out, triage=model_dir, command=_command_line(), shown=True, again=again
        )
    typer.echo(f"Measured {card['model']}: theta {card['theta']}; written to {out}.")


def _command_line() -> str:
    return shlex.join(["tiergate", *sys.argv[1:]])
