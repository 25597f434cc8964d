"""Keeps one run's work folder: a folder per stage, with its stamp and its manifest.

The stamp names the inputs of a stage, which is skipped while the stamp holds. The manifest lists
the contents of the folder: the sha256 of every file, data, versions, seed, seconds, figures.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from router.training.card import Value
from router.training.data import known_files, sources
from router.training.options import Options
from router.triage.encoder import sha256_of

STAMP, MANIFEST = "stamp.json", "manifest.json"
HISTORY = "history.json"
"""A log of losses, not an output: a leg of distillation that was interrupted leaves the student as
it was, and another log."""
FORMAT = 1
CURATION = 2
"""Raised when curation gives other rows for the same files, so that stored ones are made anew."""
VERSIONED = ("torch", "transformers", "onnxruntime", "numpy", "scipy")


@dataclass(frozen=True, slots=True)
class Run:
    """Names the places where a training reads and writes, and holds its options."""

    data: Path
    out: Path
    work: Path
    seed: int
    quick: bool
    progress: bool
    again: bool = False
    """True when stages were named: a named stage runs even when its stamp holds."""
    knowledge: Path | None = None
    options: Options = field(default_factory=Options)
    device: str = "cpu"
    """Where torch runs the teacher and the distillation; it changes no stamp."""

    @property
    def model(self) -> Path:
        """Returns the folder of the finished model, before it is installed in `out`."""
        return self.folder("card") / "model"

    def folder(self, stage: str) -> Path:
        path = self.work / stage
        path.mkdir(parents=True, exist_ok=True)
        return path

    def made(self, stage: str) -> bool:
        """Returns True when a stage is part of this training; one that is off leaves no stamp."""
        return (self.work / stage / STAMP).is_file()

    def leave_out(self, stage: str) -> None:
        """Takes a stage out of this training; its files stay, in case it is turned on again."""
        (self.work / stage / STAMP).unlink(missing_ok=True)

    def stamp(self, stage: str) -> str:
        """Returns the stamp of the inputs from which a stage was made."""
        return str(json.loads((self.work / stage / STAMP).read_text())["stamp"])

    def holds(self, stage: str, stamp: str) -> bool:
        """Returns True when a stage was made from the same inputs and its files are unaltered."""
        return self.made(stage) and self.stamp(stage) == stamp and self._unaltered(stage)

    def metrics(self, stage: str) -> Mapping[str, Value]:
        """Returns the figures in a stage's manifest; empty when there is no manifest."""
        path = self.work / stage / MANIFEST
        figures: Mapping[str, Value] = (
            json.loads(path.read_text())["metrics"] if path.is_file() else {}
        )
        return figures

    def data_stamp(self) -> str:
        """Returns a hash that names data, seed and size of the run."""
        parts = [f"{self.seed}", f"{self.quick}", f"{CURATION}"]
        for source in known_files.FILES:
            path = sources.find(self.data, source.name)
            if path is not None:
                parts.append(sha256_of(path))
        parts += [sha256_of(path) for path in sources.knowledge_files(self.knowledge)]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()

    def close(self, stage: str, stamp: str, seconds: float, metrics: Mapping[str, Value]) -> None:
        """Writes the manifest of a finished stage, then its stamp.

        The stamp comes last: a run that is killed before it repeats the stage.
        """
        folder = self.folder(stage)
        manifest = {
            "format": FORMAT,
            "stage": stage,
            "files": _files(folder),
            "data": self.data_stamp(),
            "made_from": stamp,
            "options": self.options.of(stage),
            "seed": self.seed,
            "quick": self.quick,
            "versions": versions(),
            "seconds": seconds,
            "metrics": metrics,
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
        (folder / STAMP).write_text(json.dumps({"stamp": stamp, "seconds": seconds}) + "\n")

    def _unaltered(self, stage: str) -> bool:
        # Outputs of versions before manifests have none; their stamp is all there is to check.
        path = self.work / stage / MANIFEST
        return not path.is_file() or json.loads(path.read_text())["files"] == _files(path.parent)


def chained(stamp: str, stage: str, options: Options) -> str:
    """Returns the stamp of a stage, given that of the stage before it."""
    options_read = options.of(stage)
    parts = [stamp, stage, *([json.dumps(options_read, sort_keys=True)] if options_read else [])]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that decide the bytes of a model."""
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in VERSIONED},
    }


def _files(folder: Path) -> dict[str, str]:
    # These three change without the stage's output changing.
    passed_over = {folder / name for name in (STAMP, MANIFEST, HISTORY)}
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in passed_over
    }
