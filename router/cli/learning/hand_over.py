"""Puts candidates that passed every gate into the registry of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from router.cli.periods import now_ms

if TYPE_CHECKING:
    from router.training.continual.stage import Memory, Noted

BY = "learn run"


def still_active(version: str, name: str, place: str) -> tuple[str, bool]:
    """Returns the active version that a run made or that continues it, "" where none is.

    The second value says whether another one was active before. Raises RegistryError.
    """
    from router.registry import open_registry
    from router.registry.model import ModelState

    if not version:
        return "", False
    registry = open_registry(place)
    known = {model.id: model for model in registry.list(name=name)}
    for active in known.values():
        if active.state is not ModelState.ACTIVE:
            continue
        line, ahead = set[str](), [active.id]
        while ahead:
            one = ahead.pop()
            if one not in line:
                line.add(one)
                ahead += known[one].parents if one in known else ()
        if version in line:
            return active.id, registry.previous(name) is not None
    return "", False


def hand_over(memory: Memory, place: str) -> str:
    """Adds the last candidate to the registry, unless it is there; returns its name in it, or "".

    It is asked for before each run too: a process may have been killed before it got here.
    Raises RegistryError, and TrainingDataError while the head is being taught.
    """
    if not _waiting(memory):
        return ""
    # The history is written anew, so nobody else may add to it meanwhile.
    with memory.alone():
        return _handed_over(memory, place)


def _waiting(memory: Memory) -> list[Noted]:
    """Returns the runs that passed, [] where the last one is in the registry."""
    passed = [one for one in memory.history() if not one.refused and not one.taken_back]
    return [] if not passed or passed[-1].version else passed


def _handed_over(memory: Memory, place: str) -> str:
    from router.registry import About, open_registry
    from router.registry.model import ModelKind

    passed = _waiting(memory)
    if not passed:
        return ""  # another process did it
    noted, folder = passed[-1], Path(passed[-1].candidate)
    stage = memory.stage(now_ms(), None)
    earlier = [one.version for one in passed[:-1] if one.version][-1:]
    tasks = {f"accuracy_{task}": value for task, value in noted.accuracy.items()}
    # The counts stand beside the shares, so that a share of few rows is not read as a sure one.
    rows = {f"rows_{task}": float(count) for task, count in noted.rows_judged.items()}
    made = open_registry(place).add(
        ModelKind.HEAD,
        memory.name,
        [folder / f"{memory.name}.json", folder / f"{memory.name}.card.json"],
        About(
            base="" if stage is None else stage.head.encoder_sha256,
            dataset=noted.dataset,
            parents=tuple(earlier),
            hyperparameters={"method": noted.method, "seed": noted.seed, "updates": noted.updates},
            metrics={**tasks, **rows, "new_rows": float(noted.new_rows), "drift": noted.drift},
            note=noted.run,
        ),
        by=BY,
    )
    memory.note(replace(noted, version=made.id))
    return made.id
