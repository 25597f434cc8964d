"""Defines `tiergate train`: thin calls into `router.training`, which needs torch."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.options import SEED, DeviceOption, Seed, TrainDevice, folder_to_write
from router.cli.serve.serve import ModelDir
from router.errors.installing import pip_install
from router.types import Device, Traffic

if TYPE_CHECKING:
    from router.training.install import Installed

Data = Annotated[
    Path,
    typer.Option(
        help="The folder of training data; docs/guides/training.md says what it holds.",
        envvar="TIERGATE_DATA",
    ),
]
FinishedModel = Annotated[
    Path,
    typer.Option(
        parser=folder_to_write, help="The folder of the finished model, which is changed."
    ),
]
Work = Annotated[Path, typer.Option(help="Where stages leave what later ones read.")]
Force = Annotated[
    bool, typer.Option("--force", help="Install it even where a head is worse than before.")
]
Quick = Annotated[bool, typer.Option(help="A tiny run that shows it works; no useful result.")]
WORK = Path(".tiergate/train")


class CalibratedHead(StrEnum):
    """The heads that `tiergate train calibrate` knows."""

    DOMAIN = "domain"
    REQUEST_TYPE = "request_type"
    STAKES = "stakes"
    MULTI_FACTOR = "multi_factor"


train = typer.Typer(
    help="Train on your own data; `calibrate`, `head`, `match`, `specialists`, `suggest` need no "
    "extra `train`."
)


@contextmanager
def with_torch() -> Iterator[None]:
    """Turns a missing or unfit package into a sentence that says how to install it."""
    try:
        yield
    except ImportError as error:
        typer.echo(
            f"tiergate: training needs a package that cannot be used here ({error}): "
            f"{pip_install('train')}",
            err=True,
        )
        raise typer.Exit(Exit.FAILURE) from error


@train.command()
def triage(
    data: Data,
    out: Annotated[
        Path,
        typer.Option(
            parser=folder_to_write, help="Folder of the new model; serve it by --model-dir."
        ),
    ],
    work: Work = WORK,
    seed: Seed = SEED,
    stage: Annotated[
        list[str] | None,
        typer.Option(show_default="all", help="Run only this stage again; repeat for several."),
    ] = None,
    quick: Quick = False,
    english_only: Annotated[
        bool, typer.Option("--english-only", help="Drop rows in another language.")
    ] = False,
    adapt: Annotated[
        float,
        typer.Option(
            min=0, max=1e6, help="Seconds of adaptation to the texts before distillation."
        ),
    ] = 0.0,
    curriculum: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of distillation in which hard rows are still missing."
        ),
    ] = 0.0,
    logit_adjustment: Annotated[
        float,
        typer.Option(
            min=0, max=100, help="Logit adjustment by so many times log share; no class weights."
        ),
    ] = 0.0,
    paraphrase: Annotated[
        bool, typer.Option("--paraphrase", help="Train short texts in other words too.")
    ] = False,
    prune: Annotated[
        str,
        typer.Option(help="What is left: layers=2,heads=4,neurons=512,vocabulary=20000; 0: all."),
    ] = "0",
    bits: Annotated[int, typer.Option(help="Bits of a weight: 8 or 4.")] = 8,
    encoder: Annotated[
        Path | None,
        typer.Option(
            show_default="trained here",
            help="The folder of a `train embeddings`: fit all heads to that encoder.",
        ),
    ] = None,
    force: Force = False,
    device: DeviceOption = Device.CPU,
) -> None:
    """Train the triage model from a folder of data: curate, distil, export, fit heads, measure."""
    with with_torch():
        from router.policy.loading import policies_dir
        from router.training.options import Given, Options, Pruning
        from router.training.pipeline import train_triage

        made = train_triage(
            data,
            out,
            work / "triage",
            seed,
            stage,
            quick,
            knowledge=policies_dir() / "knowledge",
            options=Options(
                english_only,
                adapt,
                curriculum,
                logit_adjustment,
                paraphrase,
                Pruning.parse(prune),
                bits,
                None if encoder is None else Given.read(encoder),
            ),
            force=force,
            device=device,
        )
    for name, seconds in made.seconds.items():
        typer.echo(f"{name:<8} {seconds:8.1f} s")
    typer.echo(f"What is in the data: {made.data_report}")
    if made.model is not None:
        tell_installed(made.model)


def tell_installed(model: Installed) -> None:
    """Prints where a finished model is; raises Exit where it is worse and was not installed."""
    for head in model.worse:
        typer.echo(f"worse than {model.against}: {head}", err=not model.installed)
    for sentence in model.lost:
        typer.echo(sentence, err=not model.installed)
    if not model.installed:
        typer.echo(
            f"Not installed: {model.folder} keeps the new model {model.version}; "
            "`tiergate train triage` with --force installs it all the same.",
            err=True,
        )
        raise typer.Exit(Exit.FAILURE)
    typer.echo(f"Triage model {model.version} is in {model.folder}; its card is CARD.md there.")


@train.command()
def match(
    data: Data,
    out: FinishedModel,
    work: Work = WORK,
    seed: Seed = SEED,
    force: Force = False,
) -> None:
    """Fit the chances of level 1 again for a finished model, without torch, in minutes."""
    from router.policy.loading import policies_dir
    from router.training.heads.refit_match import refit

    fitted = refit(data, out, work / "match", seed, policies_dir() / "knowledge", force=force)
    for company, figures in fitted.figures.items():
        shown = ", ".join(f"{name} {value}" for name, value in figures.items())
        typer.echo(f"{company}: {shown}")
    typer.echo(f"The cap of files without outcomes of their own: {fitted.model.verifier.cap}")
    _say_where(out)


@train.command()
def reranker(
    data: Data,
    work: Work = WORK,
    model_dir: ModelDir = None,
    device: TrainDevice = Device.AUTO,
) -> None:
    """Train what reads a message together with approved answers, on companies made up for it."""
    with with_torch():
        from router.policy.loading import policies_dir
        from router.training.reranking.train import train_reranker
        from router.training.torch_device import torch_device

        command, knowledge = card_command(sys.argv[1:]), policies_dir() / "knowledge"
        torch_name = torch_device(device)
        card = train_reranker(data, knowledge, work / "reranker", command, model_dir, torch_name)
    for traffic in Traffic:
        figures = card[traffic]
        assert isinstance(figures, dict)
        for part in ("fitting", "files", "judging", "judging_framed"):
            typer.echo(f"{traffic}, {part}: {figures[part]}")
        typer.echo(f"{traffic}: the highest chance without outcomes of a file: {figures['cap']}")


@train.command()
def calibrate(
    data: Data,
    out: FinishedModel,
    seed: Seed = SEED,
    only: Annotated[
        list[CalibratedHead] | None,
        typer.Option(show_default="all", help="Calibrate only this head; repeat for several."),
    ] = None,
    force: Force = False,
) -> None:
    """Fit and calibrate domain, request type, stakes and many factors again, without torch."""
    from router.policy.loading import policies_dir
    from router.training.finished_model import recalibrate

    heads = only or list(CalibratedHead)
    knowledge = policies_dir() / "knowledge"
    beyond = recalibrate(data, out, seed, knowledge, heads, force=force)
    for source, figures in beyond.items():
        shown = ", ".join(f"{name} {value}" for name, value in figures.items())
        typer.echo(f"{source}: {shown}")
    _say_where(out)


@train.command()
def novelty(
    data: Data,
    out: FinishedModel,
    seed: Seed = SEED,
    force: Force = False,
) -> None:
    """Fit again what separates new requests from known ones, without torch, in minutes."""
    from router.policy.loading import policies_dir
    from router.training.finished_model import refit_novelty

    figures = refit_novelty(data, out, seed, policies_dir() / "knowledge", force=force)
    typer.echo(", ".join(f"{name} {value}" for name, value in figures.items()))
    _say_where(out)


def _say_where(model: Path) -> None:
    """Says where a part of a finished model was fitted again, and how a server reads it."""
    typer.echo(f"Written into {model}, with its card; serve it by --model-dir {model}.")


@train.command()
def grave(
    data: Data,
    model_dir: ModelDir = None,
    force: Force = False,
) -> None:
    """Train the reader of grave matters in fourteen languages, without torch."""
    from router.training.heads.fit_grave import train_grave

    card = train_grave(data, model_dir, force=force)
    figures = card["figures"]
    assert isinstance(figures, dict)
    for language, figure in figures.items():
        if isinstance(figure, dict) and "recall" in figure:  # others are trade-offs
            typer.echo(
                f"{language:<3} recall {figure['recall']:.3f} of {figure['grave_rows']}, false "
                f"alarms {figure['false_alarms']:.3f} of {figure['harmless_rows']}"
            )


@train.command()
def harm(
    data: Data,
    out: Annotated[
        Path,
        typer.Option(parser=folder_to_write, help="Folder of the head, such as policies/heads."),
    ],
    model_dir: ModelDir = None,
    force: Force = False,
) -> None:
    """Train the head that says if a request asks for harm; judge it on other authors."""
    from router.policy.loading import policies_dir
    from router.training.safety.fit_harm import train_harm

    command = card_command(sys.argv[1:])
    knowledge = policies_dir() / "knowledge"
    head, figures = train_harm(data, out, knowledge, command, model_dir, force=force)
    for author, curve in figures.items():
        typer.echo(f"{author:<8} {curve}")
    typer.echo(f"Head {head.name} is in {out}; its card is {head.name}.card.json there.")


@train.command()
def harm_close(
    data: Data,
    out: Annotated[
        Path,
        typer.Option(
            parser=folder_to_write, help="Folder of the head `harm`, such as policies/heads."
        ),
    ],
    work: Work = WORK,
    model_dir: ModelDir = None,
    device: TrainDevice = Device.AUTO,
    force: Force = False,
) -> None:
    """Train the close reader of harm and grave matters, judged by authors who taught it nothing."""
    with with_torch():
        from router.policy.loading import policies_dir
        from router.training.safety.fit_close import train_close
        from router.training.torch_device import torch_device

        command = card_command(sys.argv[1:])
        knowledge, torch_name = policies_dir() / "knowledge", torch_device(device)
        figures = train_close(
            data, out, knowledge, work, command, model_dir, torch_name, force=force
        )
    for author, curve in figures.items():
        typer.echo(f"{author:<8} {curve}")
    typer.echo(f"The close reader is in {out}; its card is harm_close.card.json there.")


@train.command()
def ability(
    data: Data,
    out: Annotated[
        Path, typer.Option(parser=folder_to_write, help="Folder of the measured ability.")
    ],
    model_dir: ModelDir = None,
    again: Annotated[
        bool, typer.Option(help="Ask the model again, even where its answers are stored.")
    ] = False,
) -> None:
    """Measure how able the local model is, on questions with known answers."""
    with with_torch():
        from router.training.adapter.local_ability import measure_ability

        card = measure_ability(
            data, out, triage=model_dir, command=card_command(sys.argv[1:]), shown=True, again=again
        )
    typer.echo(f"Measured {card['model']}: theta {card['theta']}; written to {out}.")


CARD_NAMES = {"--data": "DATA", "--work": "WORK", "--model-dir": "MODEL"}
"""Names of folders in the command of a card."""


def card_command(arguments: Sequence[str]) -> str:
    """Returns the command line for a card. DATA, WORK and MODEL replace folders that only one
    machine has.

    A file, and a folder below the current one, stand as they were typed.

    >>> card_command(["train", "ability", "--data", "../rows", "--out", "made"])
    'tiergate train ability --data DATA --out made'
    >>> card_command(["train", "ability", "--data=../rows", "--out", "made"])
    'tiergate train ability --data=DATA --out made'
    >>> card_command(["train", "harm-close", "--out", "made", "--work", "/var/tmp/work"])
    'tiergate train harm-close --out made --work WORK'
    >>> card_command(["train", "reranker", "--data", "../rows", "--model-dir", "/var/tmp/model"])
    'tiergate train reranker --data DATA --model-dir MODEL'
    >>> card_command(["train", "adapter", "--data", "chats.jsonl", "--out", "made"])
    'tiergate train adapter --data chats.jsonl --out made'
    """
    shown = ["tiergate", *arguments]
    for place, argument in enumerate(arguments, 1):
        for option, named in CARD_NAMES.items():
            if shown[place - 1] == option and _is_elsewhere(argument):
                shown[place] = named
            elif argument.startswith(f"{option}=") and _is_elsewhere(argument[len(option) + 1 :]):
                shown[place] = f"{option}={named}"
    return shlex.join(shown)


def _is_elsewhere(path: str) -> bool:
    """Returns True for a folder outside of the current one."""
    return not Path(path).suffix and (Path(path).is_absolute() or path.startswith(".."))
