"""Writes below one folder what `dataset`, `models`, `learn` and `alerts` leave there, for pages."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from router.learning.dataset import FileNote, Manifest, Options, Weights
from router.learning.folder import MANIFEST
from router.policy.sections.learning import Watched
from router.registry.model import ModelKind, ModelState
from router.registry.opening import open_registry
from router.registry.registry import About
from router.watch.alarms import Alarm, Seen
from router.watch.state import State, save
from tests.kits.books.ledger_rows import NOW_MS

DATASET = "ab12" * 16
RUNS = (
    {"billing": 0.95},
    {"billing": 0.95, "returns": 0.9},
    {"billing": 0.91, "returns": 0.9, "fraud": 0.88},
)


def write_learnt(folder: Path, policy: str = "ladder") -> Path:
    """Writes a dataset, two versions of a head, three runs of a learner and two alarms."""
    _dataset(folder / "datasets" / f"ds_{DATASET[:12]}")
    _models(folder)
    learn = folder / "learn" / "department"
    learn.mkdir(parents=True)
    lines = [_run(number, accuracy) for number, accuracy in enumerate(RUNS)]
    (learn / "history.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    save(folder / f"alerts-{policy}.json", alarms())
    return folder


def _dataset(folder: Path) -> None:
    folder.mkdir(parents=True)
    manifest = Manifest(
        format=1,
        hash=DATASET,
        parents=(),
        options=Options(),
        files={"rows.jsonl": FileNote("0" * 64, 40)},
        dropped={"repeat": 3},
        balance={"department": {"returns": {"train": 20, "dev": 4}, "billing": {"train": 16}}},
        weak={},
        sources={"review": 30, "client": 10},
        stored={"redacted": 40},
        marks={},
        weights=Weights(0, 0, 1.0, 40.0, 40),
        first_expiry_ms=NOW_MS,
    )
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


def _models(folder: Path) -> None:
    registry = open_registry(str(folder / "models"), cache=None)
    file = folder / "note.json"
    for number, state in enumerate((ModelState.ACTIVE, ModelState.CANARY)):
        file.write_text(f"[{number}]", "utf-8")
        about = About(dataset=DATASET, metrics={"accuracy": 0.9 + number / 100}, tags=("nightly",))
        added = registry.add(ModelKind.MATCH, "shop_match", [file], about)
        for step in (ModelState.SHADOW, ModelState.CANARY, ModelState.ACTIVE):
            registry.promote(added.id, step)
            if step is state:
                break


def _run(number: int, accuracy: dict[str, float]) -> dict[str, object]:
    return {
        "run": f"r{number}",
        "at_ms": NOW_MS + number * 3_600_000,
        "dataset": DATASET,
        "method": "both",
        "new_rows": 40,
        "accuracy": accuracy,
        "before": {},
        "refused": [],
    }


def alarms() -> State:
    """The state of alerts after a check that found drift of one tenant, and a failing other."""
    seen = (
        Seen(Watched.DRIFT, "acme / ladder / language", 0.9, 0.3, 200, "PSI 0.9"),
        Seen(Watched.DRIFT, "acme / ladder / length", 0.1, 0.3, 200, "PSI 0.1"),
        Seen(Watched.DRIFT, "other / ladder / length", 0.1, None, 200, "PSI 0.1"),
        Seen(Watched.PROVIDER, "mid / latency", 0.2, 0.25, 400, "PSI 0.2"),
        Seen(Watched.ERRORS, "other", 0.4, 0.1, 80, "32 of 80 (30 % to 51 %)"),
    )
    active = {
        "drift: acme / ladder / language": Alarm(True, 0, NOW_MS, NOW_MS),
        "errors: other": Alarm(True, 0, NOW_MS, NOW_MS, 0.4, 0.1, "32 of 80 (30 % to 51 %)"),
        "errors: acme": Alarm(False, 1, 0, NOW_MS),
    }
    return State(NOW_MS, active, (), seen)
