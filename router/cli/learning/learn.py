"""Defines `tiergate learn`: heads that learn from datasets without losing what they knew."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.learning.dataset import OUT as DATASETS
from router.cli.opened_books import given_database, opened_books
from router.cli.options import (
    REGISTRY,
    SEED,
    AsJson,
    RegistryPlace,
    Seed,
    given_reason,
    in_state_folder,
)
from router.cli.periods import now_ms
from router.cli.serve.serve import DATABASE, DatabasePath, ModelDir
from router.errors import TiergateError
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.learning.folder import Stored
    from router.ledger.past_request import PastRequest
    from router.training.continual.lesson import Asked, Fresh, Start
    from router.training.continual.run import Ran
    from router.training.continual.stage import Memory
    from router.training.continual.stream import Sorted
    from router.triage.triage_model import TriageModel

STATE = Path(".tiergate/learn")
DAY_S, HOUR_S = 86_400, 3_600
FOREVER_MS = 2**62
"""Rows of a user's own file have no day on which they must go."""


class Every(StrEnum):
    """Names how often a learner looks for new rows."""

    HOUR = "hour"
    DAY = "day"


class How(StrEnum):
    """Names the ways to learn, as `training.continual.updates.Method` does; auto chooses one."""

    AUTO = "auto"
    BOTH = "both"
    REPLAY = "replay"
    EWC = "ewc"
    MEMORY = "memory"
    NAIVE = "naive"
    FULL = "full"


learn = typer.Typer(help="Teach heads what datasets say, without losing what they knew.")

Head = Annotated[str, typer.Option(help="The head: department, spam.")]
State = Annotated[
    Path, typer.Option(callback=in_state_folder, help="Where heads keep what they remember.")
]


@learn.command()
def run(
    head: Head,
    dataset: Annotated[
        Path | None,
        typer.Option(help="The dataset to learn from.", show_default="built from --database"),
    ] = None,
    database: DatabasePath = DATABASE,
    state: State = STATE,
    start: Annotated[
        Path | None,
        typer.Option(help="A head's .json made elsewhere, the first time; needs --old."),
    ] = None,
    old: Annotated[
        Path | None,
        typer.Option(help="A labelled file of what that head knows: columns text and label."),
    ] = None,
    method: Annotated[How, typer.Option(help="How it learns.")] = How.AUTO,
    positive: Annotated[
        str | None, typer.Option(help="Of two labels, the one whose chance the head gives.")
    ] = None,
    most_lost: Annotated[
        float, typer.Option(min=0, max=1, help="How much accuracy the fixed old set may lose.")
    ] = 0.01,
    per_class: Annotated[
        int, typer.Option(min=1, help="Rows of each class that are remembered.")
    ] = 100,
    accept_contradictions: Annotated[
        bool,
        typer.Option(
            "--accept-contradictions", help="Accept new labels that contradict a head that is sure."
        ),
    ] = False,
    registry: RegistryPlace = REGISTRY,
    cores: Annotated[int, typer.Option(min=1, help="Cores that it may use, the last ones.")] = 1,
    minutes: Annotated[
        float, typer.Option(min=0.05, max=1e6, help="Largest processor time of a run, in minutes.")
    ] = 30.0,
    seed: Seed = SEED,
    every: Annotated[
        Every | None, typer.Option(help="Run again at this interval, until you stop it.")
    ] = None,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
) -> None:
    """Teach a head the new rows of a dataset; add a candidate, or say why not."""
    from router.cli.learning.hand_over import hand_over
    from router.cli.learning.learn_output import print_run
    from router.cli.learning.learner_limits import bound, ctrl_c_is_told, telling

    if (start is None) != (old is None):
        raise typer.BadParameter("needs the other one", param_hint="--start, --old")
    while True:
        began = time.monotonic()
        # Bounded before numpy is loaded, because its threads begin then.
        bound(cores, minutes)
        memory = _memory(state, head)
        asked = _asked(
            how=method,
            positive=positive,
            most_lost=most_lost,
            per_class=per_class,
            seed=seed,
            accept_contradictions=accept_contradictions,
        )
        try:
            with ctrl_c_is_told(memory), telling(head, _read_from(dataset, database)):
                hand_over(memory, registry)
                folder = dataset or _built(database, memory)
                ran = _taught(memory, folder, start, old, asked, model_dir)
            version, places = hand_over(memory, registry), _places(state, database)
            print_run(ran, memory, version, places, as_json=as_json)
        except TiergateError as error:
            # A day without a lesson, a ledger that is locked: the next look may go better.
            if every is None:
                raise
            typer.echo(f"tiergate: {error}", err=True)
        if every is None:
            break
        # The next look is a day after this one began.
        period = DAY_S if every is Every.DAY else HOUR_S
        with ctrl_c_is_told(memory):
            time.sleep(max(0.0, period - (time.monotonic() - began)))
    if ran.noted is not None and ran.noted.refused:
        raise typer.Exit(Exit.FAILURE)
    # A nightly run with nothing new is well. Labels that are too few must not wait unseen, and a
    # mistyped name must not look like a head that knows all.
    if ran.noted is None and (ran.new or not memory.current()):
        raise typer.Exit(Exit.CANNOT_SAY)


@learn.command()
def status(state: State = STATE, as_json: AsJson = False) -> None:
    """Show what each head remembers, what it was taught last, and a run that was cut off."""
    from router.cli.learning.learn_output import print_status

    print_status(_memories(state), now_ms(), as_json=as_json)


@learn.command()
def history(head: Head, state: State = STATE, as_json: AsJson = False) -> None:
    """Show every run of a head, and what was forgotten: accuracy on each task after each run."""
    from router.cli.learning.learn_output import print_history

    print_history(_taught_memory(state, head), now_ms(), as_json=as_json)


@learn.command("back")
def take_back(
    head: Head,
    because: Annotated[str, typer.Option(callback=given_reason, help="Why; the history keeps it.")],
    keep_labels: Annotated[
        bool, typer.Option("--keep-labels", help="Labels that only this run used may teach again.")
    ] = False,
    state: State = STATE,
    registry: RegistryPlace = REGISTRY,
) -> None:
    """Take the last run back: the head remembers what it did before, and learns from there.

    Labels that only this run used are set aside: they teach and judge no more.
    """
    from router.cli.learning.hand_over import still_active

    memory = _taught_memory(state, head)
    with memory.alone():
        noted = memory.take_back(because, keep_labels=keep_labels)
    typer.echo(f"{noted.run} is taken back; {head} is at stage {memory.current()} again")
    if noted.set_aside:
        typer.echo(f"{counted(noted.set_aside, 'label', 'labels')} of this run teach no more here.")
        typer.echo("To leave them out of later datasets too, also on other machines:")
        chosen = f"--head {head} --run {noted.run}{_places(state)}"
        typer.echo(f"  tiergate learn untell {chosen} --because ...")
    serving, before = still_active(noted.version, head, registry)
    if serving:
        typer.echo(f"{serving} still serves. To take it out of service:")
        out = f"rollback {head}" if before else f"promote {head}@VERSION"
        place = "" if registry == REGISTRY else f" --registry {quote(registry)}"
        typer.echo(f"  tiergate models {out}{place}")


@learn.command()
def compare(
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="A labelled file; several are domains that arrive in turn.",
            show_default="the shipped knowledge files",
        ),
    ] = None,
    text_column: Annotated[str, typer.Option(help="The column with the text.")] = "text",
    label_column: Annotated[str, typer.Option(help="The column with the label.")] = "label",
    tasks: Annotated[int, typer.Option(min=2, help="Tasks that classes arrive in.")] = 5,
    orders: Annotated[int, typer.Option(min=1, help="Orders of the tasks, each a seed.")] = 3,
    remembered: Annotated[int, typer.Option(min=1, help="Rows of each class in the memory.")] = 20,
    most_rows: Annotated[int, typer.Option(min=8, help="Rows of each class in the stream.")] = 60,
    most_classes: Annotated[int, typer.Option(min=2, help="Classes in the stream.")] = 30,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
) -> None:
    """Compare the ways to learn on a stream: classes or domains that arrive in turn."""
    from router.cli.learning.learn_output import print_compared
    from router.training.continual.stream import Setting, compared
    from router.triage.triage_model import DEFAULT_FOLDER, TriageModel

    model = TriageModel.load(model_dir or DEFAULT_FOLDER)
    assert model.rarity is not None
    setting = Setting(tasks, orders, remembered, most_rows, most_classes)
    given = _stream(data or [], text_column, label_column, model)
    print_compared(compared(given, setting, model.rarity), setting, as_json=as_json)


def _stream(files: list[Path], text_column: str, label_column: str, model: TriageModel) -> Sorted:
    from router.policy.content.knowledge import load_knowledge
    from router.policy.loading import policies_dir
    from router.training.continual.stream import labelled
    from router.training.heads.labelled_rows import read_rows

    rows: list[tuple[str, str, str]] = []
    for file in files:
        domain = file.name if len(files) > 1 else ""
        file_rows = read_rows(file, text_column, label_column).rows
        rows += [(row.text, row.label, domain) for row in file_rows]
    # Our own material: the questions of the shipped knowledge files, whose intents are classes.
    for path in sorted((policies_dir() / "knowledge").glob("*.yaml")) if not files else []:
        for intent in load_knowledge(path).content.intents:
            rows += [(line, intent.id, "") for line in intent.utterances]
    return labelled(rows, model)


def _memory(state: Path, head: str) -> Memory:
    from router.training.continual.stage import Memory
    from router.training.heads.train_head import NAME

    if not NAME.match(head):
        raise typer.BadParameter(
            f"{head!r} names no head; expected small letters, digits and _", param_hint="--head"
        )
    return Memory(state, head)


def _taught_memory(state: Path, head: str) -> Memory:
    """Returns the memory of a head that was taught here. Raises BadParameter with those that were.

    A mistyped name would read as a head without runs. One whose labels were too few has a folder.
    """
    memory = _memory(state, head)
    if memory.folder.is_dir():
        return memory
    known = ", ".join(one.name for one in _memories(state)) or "none"
    raise typer.BadParameter(
        f"no head {head} was taught in {state}; taught there: {known}", param_hint="--head"
    )


def _memories(state: Path) -> list[Memory]:
    from router.training.continual.stage import Memory

    names = sorted(path.name for path in state.iterdir() if path.is_dir()) if state.is_dir() else []
    return [Memory(state, name) for name in names]


def _asked(
    *,
    how: How,
    positive: str | None,
    most_lost: float,
    per_class: int,
    seed: int,
    accept_contradictions: bool,
) -> Asked:
    from router.training.continual.gates import Margins
    from router.training.continual.lesson import Asked
    from router.training.continual.updates import Method, Pace

    margins = Margins(old=most_lost)
    if accept_contradictions:
        margins = Margins(old=most_lost, contradicting=1.0)
    return Asked(
        method=None if how is How.AUTO else Method(how.value),
        pace=Pace(most_lost=most_lost),
        margins=margins,
        seed=seed,
        per_class=per_class,
        positive=positive,
    )


def _places(state: Path, database: str = DATABASE) -> str:
    """Returns the options that say where, for a command to be typed; "" where nobody said it.

    A password of the database is left out, as everywhere.
    """
    given = "" if state == STATE else f" --state {quote(str(state))}"
    return given + given_database(database)


def _datasets() -> Path:
    """Returns where `dataset build` writes, where nobody says it."""
    folder = os.environ.get("TIERGATE_STATE_DIR")
    return Path(folder) / DATASETS.name if folder else DATASETS


def _read_from(dataset: Path | None, database: str | Path) -> str:
    """Names what is read; the address of a database may hold a password, so it is left out."""
    if dataset is not None:
        return str(dataset)
    return "the ledger's database" if "://" in str(database) else str(database)


def _built(database: str | Path, memory: Memory) -> Path:
    """Returns the folder of a dataset of all that the ledger was told so far.

    Rows whose text the ledger has no longer, as after an erasure, leave the memory; so do labels
    that were set aside.
    """
    from router.learning.dataset import Options, build
    from router.learning.folder import write
    from router.learning.labelling import withdrawn_labels
    from router.training.continual.reservoir import Kept

    with opened_books(database) as books:
        gone, withdrawn = set[str](), set[str]()

        def noted() -> Iterator[PastRequest]:
            for one in books.past_requests(None, None, None, os.environ):
                if "prompt" not in one.texts:
                    gone.add(f"dec_{one.row.request_id}")
                for row_id, label in withdrawn_labels(one, memory.name):
                    withdrawn.add(Kept(row_id, "", label, 0).key)
                yield one

        folder = write(build(noted(), Options()), _datasets())
    with memory.alone():
        forgotten = memory.forget(gone)
        left = memory.withdraw(withdrawn)
    if forgotten:
        rows = counted(forgotten, "row", "rows")
        typer.echo(f"{rows} left the memory: their texts are kept no longer", err=True)
    if left:
        rows = counted(left, "row", "rows")
        typer.echo(f"{rows} left the memory: their labels were set aside", err=True)
    return folder


def _taught(
    memory: Memory,
    folder: Path,
    start: Path | None,
    old: Path | None,
    asked: Asked,
    model_dir: Path | None,
) -> Ran:
    from router.learning.folder import read
    from router.training.continual.run import run as run_learner
    from router.triage.triage_model import DEFAULT_FOLDER, TriageModel

    stored = read(folder)
    _note_other_heads(stored, memory.name)
    model = TriageModel.load(model_dir or DEFAULT_FOLDER)
    known = None
    if start is not None and old is not None:
        known = _start(start, old, memory.name, model.encoder.sha256)
    with memory.alone():
        fresh = _fresh(stored, memory.name)
        return run_learner(memory, model, fresh, asked, now_ms(), start=known)


def _note_other_heads(stored: Stored, head: str) -> None:
    """Says so where a dataset has labels, and none of this head: its name may be mistyped."""
    from router.learning.rows import Kind

    heads = {row.head for row in stored.rows if row.kind is Kind.LABEL}
    if heads and head not in heads:
        typer.echo(
            f"tiergate: note: the dataset has no label of {head!r}; it has labels of "
            f"{', '.join(sorted(heads))}",
            err=True,
        )


def _fresh(stored: Stored, head: str) -> Fresh:
    """Returns the labels of one head in a dataset, without those whose time is over."""
    from router.learning.rows import Kind, Split
    from router.training.continual.lesson import Fresh
    from router.training.continual.reservoir import Kept

    now, name = now_ms(), stored.manifest.hash[:12]
    parts: dict[Split, list[Kept]] = {part: [] for part in Split}
    for row in stored.rows:
        if row.kind is Kind.LABEL and row.head == head and row.expires_at_ms > now:
            kept = Kept(
                row.row_id, row.text, row.label, row.expires_at_ms, row.decisions, name,
                row.key_id, row.reviewer,
            )  # fmt: skip
            parts[row.split].append(kept)
    return Fresh(stored.manifest.hash, parts[Split.TRAIN], parts[Split.DEV], parts[Split.TEST])


def _start(head: Path, old: Path, name: str, encoder_sha256: str) -> Start:
    """Returns a head made elsewhere, under the name that it has here, and what it knows."""
    from router.stats import heads
    from router.training.continual.lesson import Start
    from router.training.continual.reservoir import Kept
    from router.training.continual.run import FIRST
    from router.training.heads.labelled_rows import read_rows

    loaded = heads.load(head.parent, head.stem, encoder_sha256=encoder_sha256)
    rows = [
        Kept(f"{old.name}:{row.line}", row.text, row.label, FOREVER_MS, (), FIRST)
        for row in read_rows(old, "text", "label", "Rename the columns.").rows
    ]
    return Start(replace(loaded, name=name), rows)
