"""Teaches a head new rows, judges the candidate, and hands it over or says why not.

The steps in their order: what is new, what is remembered, the candidate, the gates, the next stage.
It reads no ledger and no policy, and it changes no head that serves.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import replace

from router.errors import TrainingDataError
from router.files.writing import write_private
from router.stats.heads import HeadKind
from router.training.continual.fitting import Made, Material, afresh, moved
from router.training.continual.lesson import (
    Asked,
    Fresh,
    Lesson,
    Reader,
    Start,
    chosen,
    classes_of,
    material_of,
)
from router.training.continual.reservoir import Kept, fixed, sampled
from router.training.continual.stage import (
    DECISIONS,
    UNDER_WAY,
    Memory,
    Noted,
    Stage,
    Task,
    put_head,
)
from router.training.continual.updates import State
from router.training.continual.verdict import judged
from router.training.heads.labelled_rows import MIN_ROWS
from router.training.heads.train_head import seen_text, versions
from router.triage.triage_model import TriageModel

FIRST = "first"
"""The task of rows that a head knew before it was taught here."""
HELD_SHARE = 5
"""Of rows given with a head of before, every fifth judges."""


@dataclass(frozen=True, slots=True)
class Ran:
    """Reports one run."""

    noted: Noted | None  # None: nothing new, or paused
    new: int
    resumed_at: int = 0  # updates that an earlier process had done


def run(
    memory: Memory,
    model: TriageModel,
    fresh: Fresh,
    asked: Asked,
    now_ms: int,
    *,
    start: Start | None = None,
    pause: Callable[[], bool] = lambda: False,
) -> Ran:
    """Returns what came of it; a run that was cut off goes on.

    Raises TrainingDataError for rows that cannot teach, ModelFileError for a head of another
    encoder. `pause` is asked at each consolidation; True stops there, and a later run goes on.
    """
    if model.rarity is None:
        raise TrainingDataError("this triage model has no n-grams to learn with; install another")
    began = time.process_time()
    expired = memory.prune(now_ms)
    stage = memory.stage(now_ms, model.encoder.sha256)
    if stage is None and start is not None:
        stage = _started(memory, start, asked, now_ms)
    old_before = () if stage is None else stage.old
    if stage is not None:
        fresh = _trusted(stage, fresh)
        stage = corrected(stage, fresh)
    lesson = _lesson(stage, fresh, asked, old_before)
    if lesson is None:
        return Ran(None, len(_told(stage, fresh)))
    read = Reader(model, lesson.classes)
    material = material_of(lesson, read, model, asked.positive)
    name = run_name(memory.current(), fresh, asked, lesson.told)
    made, resumed = _made(memory, lesson, material, asked, name, pause)
    if made is None:
        return Ran(None, len(lesson.told), resumed)
    verdict = judged(lesson, made, material, read, asked.margins)
    folder = memory.folder / "candidates" / name
    number = memory.current() + (not verdict.refused)
    noted = Noted(
        run=name,
        at_ms=now_ms,
        dataset=fresh.dataset,
        method="first" if stage is None else chosen(asked, stage).value,
        seed=asked.seed,
        new_rows=len(lesson.told),
        stage=number,
        refused=verdict.refused,
        accuracy=verdict.accuracy,
        before=verdict.before,
        recall=verdict.recall,
        rows_judged=verdict.rows,
        updates=made.updates,
        ended=made.ended,
        drift=made.drift,
        processor_s=round(time.process_time() - began, 1),
        candidate=str(folder),
        expired=expired,
        doubted=verdict.doubted,
        untaught=lesson.untaught,
        waiting=lesson.waiting,
    )
    card = card_of(lesson, made, noted, asked, model)
    put_head(made.head, card, folder)
    write_private(folder / DECISIONS, msgspec.json.encode(sorted(_own_decisions(lesson))))
    if not verdict.refused:
        memory.put(_next(lesson, made, fresh, asked, number, now_ms), card, noted)
    memory.note(noted)
    (memory.folder / UNDER_WAY).unlink(missing_ok=True)
    return Ran(noted, len(lesson.told), resumed)


def run_name(stage: int, fresh: Fresh, asked: Asked, told: Sequence[Kept]) -> str:
    """Returns the name of a run: equal for equal rows, options and stage, so that one that was cut
    off is known again."""
    parts = [str(stage), fresh.dataset, repr(asked), *sorted(row.key for row in told)]
    return "run_" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def corrected(stage: Stage, fresh: Fresh) -> Stage:
    """Returns the stage with each row of the fixed old set as it is told now.

    Whoever corrected a label would otherwise be judged by the label that was wrong.
    """
    now = {row.row_id: row.label for row in (*fresh.train, *fresh.dev, *fresh.test)}
    old = [replace(row, label=now.get(row.row_id, row.label)) for row in stage.old]
    # A class that no row taught yet cannot be judged; `Lesson.untaught` counts these rows.
    return replace(stage, old=tuple(row for row in old if row.label in stage.classes))


def _trusted(stage: Stage, fresh: Fresh) -> Fresh:
    """Returns the rows without those that were set aside with a run that was taken back.

    A corrected label is another row, so it teaches.
    """
    train, dev, test = (
        [row for row in rows if row.key not in stage.aside]
        for rows in (fresh.train, fresh.dev, fresh.test)
    )
    return Fresh(fresh.dataset, train, dev, test)


def _told(stage: Stage | None, fresh: Fresh) -> list[Kept]:
    """Returns the rows that teach: neither taught before, nor do they judge."""
    if stage is None:
        return list(fresh.train)
    held = {row.row_id for row in stage.old}
    return [r for r in fresh.train if r.key not in stage.seen and r.row_id not in held]


def _lesson(
    stage: Stage | None, fresh: Fresh, asked: Asked, old_before: Sequence[Kept]
) -> Lesson | None:
    """Returns the rows of a run, None where too few are new. Raises TrainingDataError.

    `old_before` is the fixed old set before `corrected`.
    """
    every = _told(stage, fresh)
    held, seen = set[str](), frozenset[str]()
    if stage is not None:
        held, seen = {row.row_id for row in stage.old}, stage.seen
    # A class of which hardly a row teaches waits for more: one label must not hold up all others.
    classes = classes_of(stage, every)
    told = [row for row in every if row.label in classes]
    if len(told) < MIN_ROWS:
        return None
    if len(classes) < 2:
        raise TrainingDataError(f"all rows say {classes[0]}; a head needs two classes at least")
    if asked.positive is not None and (asked.positive not in classes or len(classes) != 2):
        raise TrainingDataError(
            f"--positive is {asked.positive!r}; expected one of exactly two labels, and the rows "
            f"have {', '.join(classes[:8])}"
        )
    # In a later dataset a row that judged is in the dev part: it goes on judging.
    dev = [row for row in fresh.dev if row.row_id not in held and row.label in classes]
    later = [row for row in fresh.test if row.row_id not in held and row.key not in seen]
    test = fixed([], [row for row in later if row.label in classes], asked.old_per_class)
    return Lesson(
        stage,
        told,
        dev,
        test,
        classes,
        {row.row_id: row.label for row in old_before},
        _untaught(fresh, later, {row.row_id for row in old_before} - held, classes),
        Counter(sorted(row.label for row in every if row.label not in classes)),
    )


def _untaught(
    fresh: Fresh, later: Sequence[Kept], gone: set[str], classes: Sequence[str]
) -> Mapping[str, int]:
    """Returns how many rows would judge classes that no row teaches, by class.

    They are test rows, and rows of the fixed old set that `fresh` tells such a label (`gone`).
    """
    corrections = (*fresh.train, *fresh.dev, *fresh.test)
    rows = {row.row_id: row.label for row in corrections if row.row_id in gone}
    rows |= {row.row_id: row.label for row in later}
    return Counter(sorted(label for label in rows.values() if label not in classes))


def _started(memory: Memory, start: Start, asked: Asked, now_ms: int) -> Stage:
    """Keeps the first stage: a head from elsewhere, and rows of what it knows."""
    held = [row for row in start.rows if int(row.key[:8], 16) % HELD_SHARE == 0]
    names = {row.row_id for row in held}
    taught = [row for row in start.rows if row.row_id not in names]
    classes = start.head.classes
    strangers = sorted({row.label for row in start.rows} - set(classes))
    if start.head.kind is not HeadKind.CLASSES or strangers:
        raise TrainingDataError(
            f"the head {start.head.name} knows {', '.join(classes[:8])}; rows of what it knows "
            f"have these labels only, found {', '.join(strangers[:8]) or 'a head of one chance'}"
        )
    stage = Stage(
        1,
        start.head,
        tuple(sampled(taught, asked.per_class)),
        tuple(fixed([], held, asked.old_per_class)),
        (Task(FIRST, "", now_ms, round(1 / len(classes), 4)),),
        frozenset(row.key for row in start.rows),
        classes,
    )
    memory.put(stage, {"name": start.head.name, "made": "elsewhere"})
    return stage


def _made(
    memory: Memory,
    lesson: Lesson,
    material: Material,
    asked: Asked,
    name: str,
    pause: Callable[[], bool],
) -> tuple[Made | None, int]:
    """Returns the candidate, None where it was paused, and at which update the run went on."""
    stage, method = lesson.stage, chosen(asked, lesson.stage)
    if stage is None or method.afresh:
        return afresh(memory.name, material, asked.seed), 0
    if stage.head.kind is not HeadKind.CLASSES:
        raise TrainingDataError(
            f"{memory.name} gives one chance, so it is fitted afresh: --method memory"
        )
    path = memory.folder / UNDER_WAY
    state = under_way(path, name)

    def keep(now: State) -> bool:
        write_private(path, packed(name, now))
        return pause()

    made = moved(
        stage.head, stage.importance, material, method, asked.pace, asked.seed, state, keep
    )
    return made, 0 if state is None else state.step


def packed(name: str, state: State) -> bytes:
    """Returns the bytes of a run under way; `under_way` reads them."""
    buffer = io.BytesIO()
    fields = asdict(state)
    arrays = {key: fields.pop(key) for key in ("matrix", "squares", "best")}
    np.savez(buffer, about=np.array([name, msgspec.json.encode(fields).decode()]), **arrays)
    return buffer.getvalue()


def under_way(path: Path, name: str) -> State | None:
    """Returns the state in which this run was cut off; None for none, or for another run's."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            of, fields = arrays["about"].tolist()
            if of != name:
                return None
            kept = {key: arrays[key] for key in ("matrix", "squares", "best")}
            about = msgspec.json.decode(fields)
            # JSON has no infinity.
            loss = about.pop("best_loss")
            return State(**kept, **about, best_loss=np.inf if loss is None else loss)
    except (OSError, ValueError, KeyError, msgspec.DecodeError):
        return None


def _own_decisions(lesson: Lesson) -> set[str]:
    """Returns the decisions whose labels no run before this one used."""
    stage = lesson.stage
    known = frozenset[str]() if stage is None else stage.seen | stage.used
    rows = (*lesson.told, *lesson.dev, *lesson.judged)
    return {name for row in rows if row.key not in known for name in row.decisions}


def _next(
    lesson: Lesson, made: Made, fresh: Fresh, asked: Asked, number: int, now_ms: int
) -> Stage:
    """Returns the stage after a candidate that passed: it remembers the new rows too."""
    stage = lesson.stage
    tasks = () if stage is None else stage.tasks
    memory = () if stage is None else stage.memory
    seen = frozenset() if stage is None else stage.seen
    task = Task(
        fresh.dataset[:12], fresh.dataset, now_ms, round(1 / max(2, len(lesson.classes)), 4)
    )
    return Stage(
        number,
        made.head,
        tuple(sampled([*memory, *lesson.told], asked.per_class)),
        tuple(fixed(() if stage is None else stage.old, lesson.judged, asked.old_per_class)),
        (*tasks, task),
        seen | {row.key for row in lesson.told},
        lesson.classes,
        made.importance,
        used=(frozenset() if stage is None else stage.used)
        | {row.key for row in (*lesson.dev, *lesson.judged)},
        aside=frozenset() if stage is None else stage.aside,
    )


def card_of(
    lesson: Lesson, made: Made, noted: Noted, asked: Asked, model: TriageModel
) -> Mapping[str, object]:
    """Returns what a candidate's card says."""
    return {
        "name": made.head.name,
        "kind": made.head.kind.value,
        "classes": list(made.head.classes),
        "run": noted.run,
        "dataset": noted.dataset,
        "method": noted.method,
        "seed": noted.seed,
        "pace": asdict(asked.pace),
        "margins": msgspec.to_builtins(asked.margins),
        "rows": {
            "new": len(lesson.told),
            "dev": len(lesson.dev),
            "remembered": len(lesson.memory),
            "judged": sum(noted.rows_judged.values()),
            "untaught": noted.untaught,
            "waiting": noted.waiting,
        },
        "figures": {
            "accuracy": noted.accuracy,
            "before": noted.before,
            "recall": noted.recall,
            "drift": noted.drift,
        },
        "refused": list(noted.refused),
        "judged_on": "rows of the fixed old set, and of the new dataset's test part, which teach "
        "no head; a third of the old set stops runs and calibrates, and judges nothing",
        "seen": seen_text([row.text for row in (*lesson.memory, *lesson.told, *lesson.dev)]),
        "encoder_sha256": made.head.encoder_sha256,
        "model_version": model.version,
        "versions": versions(),
    }
