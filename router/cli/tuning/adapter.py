"""Defines `tiergate train adapter`: an adapter for any base, from chats, datasets and preferences.

With `--knowledge` it trains the support adapter that ships, on the folder of public sets.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from router.cli.models.train import Quick, card_command, with_torch
from router.cli.options import (
    REGISTRY,
    SEED,
    AsJson,
    RegistryPlace,
    Seed,
    TrainDevice,
    folder_to_write,
)
from router.cli.periods import now_ms
from router.cli.terminal import to_stderr
from router.cli.tuning.registering import RegisteredName, add_version
from router.errors import TrainingDataError
from router.types import Device

if TYPE_CHECKING:
    from router.learning.rows import DatasetRow
    from router.training.tuning.adapter import Request
    from router.training.tuning.bases import Base
    from router.training.tuning.chats import Chat, Material
    from router.training.tuning.plan import Phase

Choice = TypeVar("Choice", bound=StrEnum)
OWN, NONE = "own", "none"
MANIFEST = "manifest.json"
KNOWLEDGE = (".yaml", ".yml")
QUICK_STEPS, QUICK_MEASURED = 6, 2


def adapter(
    data: Annotated[
        list[Path],
        typer.Option(
            help="A folder of `tiergate dataset build`, a .jsonl file of chats or preferences, or "
            "a knowledge file (.yaml); repeat for several. With --knowledge: the folder of "
            "training data.",
            envvar="TIERGATE_DATA",
        ),
    ],
    out: Annotated[
        Path, typer.Option(parser=folder_to_write, help="Folder of the adapter and its card.")
    ],
    knowledge: Annotated[
        Path | None,
        typer.Option(help="Train the shop's support adapter, from these approved answers."),
    ] = None,
    base: Annotated[
        str, typer.Option(help="`embedded`, a .gguf file, a folder of weights, or a hub's name.")
    ] = "embedded",
    method: Annotated[
        str, typer.Option(help="auto, lora, or qlora (the base in 4 bits; needs a GPU).")
    ] = "auto",
    device: TrainDevice = Device.AUTO,
    teacher: Annotated[
        str,
        typer.Option(
            show_default="the texts alone teach",
            help="A base, as --base, whose chances of each token are learned (distillation); it "
            "also answers the lines that only ask.",
        ),
    ] = "",
    steps: Annotated[int, typer.Option(min=1, help="Steps of the first phase.")] = 120,
    learning_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Highest rate of the first phase.")
    ] = 1e-3,
    rank: Annotated[int, typer.Option(min=1, max=512, help="Rank of the LoRA.")] = 8,
    modules: Annotated[
        str, typer.Option(help="Which layers learn: attention, or all.")
    ] = "attention",
    replay: Annotated[
        str,
        typer.Option(
            help="General chats to mix in: a .jsonl file, `own` (what the base itself answers to "
            "general prompts), or `none`."
        ),
    ] = OWN,
    replay_share: Annotated[
        float,
        typer.Option(
            min=0, max=0.9, help="Share of general chats among the examples; .1 to .3 is usual."
        ),
    ] = 0.2,
    start: Annotated[
        Path | None,
        typer.Option(
            show_default="a new one",
            help="The folder `peft` of an earlier training: go on from its adapter.",
        ),
    ] = None,
    ewc: Annotated[
        float,
        typer.Option(
            min=0,
            max=1e12,
            help="How strongly to keep weights that matter to the replayed chats; 0: not at all.",
        ),
    ] = 0.0,
    phases: Annotated[
        Path | None,
        typer.Option(
            show_default="answers, then preferences",
            help="A YAML file of phases in place of --steps, --learning-rate, --replay-share.",
        ),
    ] = None,
    search_minutes: Annotated[
        float,
        typer.Option(
            min=0, max=1e6, help="Minutes of search for settings before training; 0: none."
        ),
    ] = 0.0,
    minutes: Annotated[
        float,
        typer.Option(min=0, max=1e6, help="Stop training after so many minutes; 0: no limit."),
    ] = 0.0,
    measured: Annotated[
        int,
        typer.Option(min=1, help="Answers written for the card, and a quarter of its questions."),
    ] = 50,
    longest: Annotated[int, typer.Option(min=16, help="Tokens of an example and of a row.")] = 512,
    seed: Seed = SEED,
    threads: Annotated[
        int, typer.Option(min=0, show_default="as torch chooses", help="Threads of the processor.")
    ] = 0,
    quick: Quick = False,
    name: RegisteredName = "",
    registry: RegistryPlace = REGISTRY,
    as_json: AsJson = False,
) -> None:
    """Train a LoRA adapter for a local or served model, with its card."""
    with with_torch():
        if knowledge is not None:
            _support(data, knowledge, out, quick)
            return
        from router.training.tuning.adapter import Request, tune_adapter
        from router.training.tuning.bases import open_base
        from router.training.tuning.plan import Method, Modules, Settings

        settings = Settings(
            rank=rank,
            alpha=2 * rank,
            modules=_one_of(Modules, modules, "--modules"),
            method=_one_of(Method, method, "--method"),
            longest=longest,
            row_tokens=longest,
            start="" if start is None else str(start),
            ewc=ewc,
            seed=seed,
            threads=threads,
            minutes=minutes,
            measured=QUICK_MEASURED if quick else measured,
        )
        taught_by = open_base(teacher, settings, device) if teacher else None
        material = _material(data, taught_by, longest)
        chats, files, share = _replay(replay, replay_share)
        usual_steps = QUICK_STEPS if quick else steps
        request = Request(
            material,
            _phases(phases, material, usual_steps, share, learning_rate),
            base,
            out,
            chats,
            files,
            settings,
            device,
            search_minutes,
            card_command(sys.argv[1:]),
            taught_by,
        )
        card = tune_adapter(request, to_stderr)
    version = _register(card, out, name, registry) if name else ""
    _show(card, request, as_json)
    if not as_json:
        for line in _next_steps(card, out, version, registry):
            typer.echo(line)


def _phases(
    file: Path | None, material: Material, steps: int, replay_share: float, learning_rate: float
) -> tuple[Phase, ...]:
    """Returns the phases of a file, or without one those that suit the material."""
    from router.training.tuning.plan import read_phases, usual_phases

    if file is not None:
        return read_phases(file)
    return usual_phases(
        chats=bool(material.train.chats),
        pairs=bool(material.train.pairs),
        steps=steps,
        replay=replay_share,
        learning_rate=learning_rate,
    )


def _show(card: dict[str, object], request: Request, as_json: bool) -> None:
    if as_json:
        from router.cli.terminal import print_json

        print_json(card)
        return
    from router.cli.terminal import console, figures_table
    from router.training.tuning.card import figure_rows, training_lines, warnings

    for line in training_lines(card):
        typer.echo(line)
    table = figures_table(("", "rows", "base", "adapter", "change (95 %)"), padding=(0, 2, 0, 0))
    for row in figure_rows(card):
        table.add_row(*row)
    console().print(table)
    for line in warnings(card):
        typer.echo(line)
    typer.echo(f"The adapter is in {request.out}; its card is CARD.md there.")


def _next_steps(card: Mapping[str, Any], out: Path, version: str, registry: str) -> Iterator[str]:
    """Yields how the adapter gets into service: what a policy names, and a version's promotion."""
    file, name = card["gguf"]["file"], version.partition("@")[0] or "mine"
    if version:
        place = "" if registry == REGISTRY else f" --registry {shlex.quote(registry)}"
        yield f"Next: tiergate models promote {version}{place}"
    if file:
        path = f"registry:{name}@active" if version else str(out.resolve() / file)
        yield f'A local answerer reads it by `adapters: [{{name: {name}, path: "{path}"}}]`.'
        return
    model = f"registry:{name}@active" if version else "NAME"
    yield (
        f"There is no GGUF of it. A server that has {out / 'peft'} loaded is an answerer of the "
        f'kind upstream with `adapters: [{{name: {name}, model: "{model}"}}]`.'
    )


def _register(card: Mapping[str, Any], out: Path, name: str, registry: str) -> str:
    """Keeps the adapter in the registry and returns its version.

    The file that a policy would name comes first.
    """
    from router.registry import ModelKind

    gguf, base, settings = card["gguf"], card["base"], card["settings"]
    figures, data = card["figures"], card["data"]
    served = [out / gguf["file"]] if gguf["file"] else []
    return add_version(
        ModelKind.ADAPTER,
        name,
        [*served, out / "peft", out / "card.json", out / "CARD.md"],
        registry,
        base=str(base["name"]),
        dataset=", ".join(map(str, data.values())),
        settings=settings,
        metrics={
            f"{part}.{figure}.{which}": value
            for part in ("domain", "general", "safety")
            for which in ("base", "adapter")
            for figure, value in figures[part][which].items()
        },
    )


def _support(data: list[Path], knowledge: Path, out: Path, quick: bool) -> None:
    from router.training.adapter.train import train_adapter

    if len(data) != 1:
        raise typer.BadParameter("with --knowledge, --data is one folder", param_hint="--data")
    card = train_adapter(
        data[0], knowledge, out, quick=quick, shown=True, command=card_command(sys.argv[1:])
    )
    typer.echo(f"Adapter {card['file']} is in {out}; its card is CARD.md there.")


def _material(sources: list[Path], teacher: Base | None = None, longest: int = 0) -> Material:
    """Returns the rows of all sources together, answered by a teacher. Raises TrainingDataError."""
    from router.training.adapter.pairs import read_knowledge
    from router.training.tuning.chats import material, read_rows

    rows: list[dict[str, object]] = []
    files: dict[str, str] = {}
    for source in sources:
        if source.is_dir():
            if not (source / MANIFEST).is_file():
                raise TrainingDataError(
                    f"{source} holds no dataset; `tiergate dataset build` makes one. The folder "
                    "of public sets needs --knowledge."
                )
            made, digest = _dataset_rows(source, now_ms())
            rows += made
        elif source.suffix in KNOWLEDGE:
            pairs, digest = read_knowledge(source)
            rows += [{"prompt": pair.utterance, "answer": pair.answer} for pair in pairs]
        else:
            file_rows, digest = read_rows(source)
            rows += file_rows
        files[source.name] = digest
    where = ", ".join(map(str, sources))
    if teacher is not None:
        from router.training.tuning.teaching import answered

        rows = answered(rows, teacher, longest, where, to_stderr)
    return material(rows, files, where)


def _dataset_rows(folder: Path, now_ms: int) -> tuple[list[dict[str, object]], str]:
    """Returns the rows of a dataset that teach answers or preferences, and its hash."""
    from router.learning.folder import read

    stored = read(folder)
    usable = [row for row in stored.rows if row.expires_at_ms > now_ms]
    return list(_lines(usable)), stored.manifest.hash


def _lines(rows: list[DatasetRow]) -> Iterator[dict[str, object]]:
    from router.learning.rows import Kind, Source

    for row in rows:
        line: dict[str, object] = {"split": str(row.split)}
        if row.kind is Kind.CORRECTION:
            # A correction is a right answer, and a preference over the wrong one.
            yield {**line, "prompt": row.prompt, "answer": row.preferred, "weight": row.weight}
            yield {
                **line,
                "prompt": row.prompt,
                "chosen": row.preferred,
                "rejected": row.answer,
            }
        elif row.kind is Kind.GRADED and row.right:
            written = row.source is Source.SYNTHETIC
            yield {
                **line,
                "prompt": row.prompt,
                "answer": row.answer,
                "weight": row.weight,
                "synthetic": written,
            }


def _replay(
    asked: str, share: float
) -> tuple[tuple[Chat, ...] | None, tuple[tuple[str, str], ...], float]:
    """Returns general chats (None: the base's own answers), their file, and their share."""
    from router.training.tuning.chats import read_chats

    if asked == OWN:
        return None, (), share
    if asked == NONE:
        return (), (), 0.0
    made = read_chats(Path(asked))
    chats = tuple(chat for part in (made.train, made.dev, made.test) for chat in part.chats)
    return chats, tuple(made.files.items()), share


def _one_of(kind: type[Choice], value: str, option: str) -> Choice:
    known = [str(member.value) for member in kind]
    if value not in known:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(known)}", param_hint=option)
    return kind(value)
