"""Describes the options of a training beyond its data and seed; every default is what ships."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path

from router.errors import TrainingDataError

INT8, INT4 = 8, 4
STUDENT = "student.pt"


@dataclass(frozen=True, slots=True)
class Pruning:
    """Says how much of the student stays: layers, heads and neurons of each, word pieces; 0: all.
    ~
        >>> Pruning.parse("layers=2,vocabulary=20000")
        Pruning(layers=2, heads=0, neurons=0, vocabulary=20000)
    """

    layers: int = 0
    heads: int = 0
    neurons: int = 0
    vocabulary: int = 0

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    @classmethod
    def parse(cls, text: str) -> Pruning:
        """Reads `layers=2,heads=4`; "" and "0" prune nothing. Raises TrainingDataError."""
        known = [field.name for field in fields(cls)]
        left: dict[str, int] = {}
        for part in [] if text in ("", "0") else text.split(","):
            name, _, count = part.strip().partition("=")
            if name not in known or not count.isascii() or not count.isdigit():
                raise TrainingDataError(
                    f"--prune has {part!r}; expected what is left as NAME=COUNT, with commas "
                    f"between, of {', '.join(known)} (0: all), for example layers=2,heads=4"
                )
            left[name] = int(count)
        return cls(**left)


@dataclass(frozen=True, slots=True)
class Given:
    """Names an encoder that is trained already: its folder, and the sha256 of its weights."""

    folder: str
    sha256: str

    @classmethod
    def read(cls, folder: Path) -> Given:
        """Raises TrainingDataError for a folder without one."""
        try:
            return cls(str(folder), sha256((folder / STUDENT).read_bytes()).hexdigest())
        except OSError as error:
            raise TrainingDataError(
                f"--encoder {folder}: no {STUDENT} can be read there; expected the folder that "
                "`tiergate train embeddings` wrote from the shipped encoder"
            ) from error

    @property
    def student(self) -> Path:
        """Returns the place of its weights."""
        return Path(self.folder) / STUDENT


@dataclass(frozen=True, slots=True)
class Options:
    """Turns stages on that are off by default, and says how the others differ from what ships."""

    english_only: bool = False
    adapt_s: float = 0.0
    """Seconds of adaptation before distillation; 0 means none."""
    curriculum: float = 0.0
    """Share of distillation in which hard rows are still missing, 0..1."""
    adjustment: float = 0.0
    """Factor of the log of a class's share in logit adjustment; 0 means class weights."""
    paraphrase: bool = False
    """Also trains short texts in other words."""
    pruning: Pruning = Pruning()
    bits: int = INT8
    encoder: Given | None = None
    """Takes the place of an encoder that the run would train; all heads are fitted to it."""

    def __post_init__(self) -> None:
        if self.bits not in (INT8, INT4):
            raise TrainingDataError(f"--bits is {self.bits}; expected {INT8} or {INT4}")
        if not 0.0 <= self.curriculum <= 1.0:
            raise TrainingDataError(f"--curriculum is {self.curriculum}; expected 0 to 1")
        if self.adapt_s < 0.0 or self.adjustment < 0.0:
            raise TrainingDataError("--adapt and --logit-adjustment may not be negative")

    def of(self, stage: str) -> Mapping[str, object]:
        """Returns the options that the output of a stage depends on and that differ from defaults.

        Defaults are left out, so that a new option does not make old outputs out of date.
        """
        usual = Options()
        return {
            name: asdict(self)[name]
            for name in _READ_BY.get(stage, ())
            if getattr(self, name) != getattr(usual, name)
        }

    def command(self) -> str:
        """Returns the options as the command line has them, "" when all are defaults."""
        left = ",".join(f"{name}={count}" for name, count in asdict(self.pruning).items() if count)
        flags = (
            ("--english-only", self.english_only),
            (f"--adapt {self.adapt_s:g}", self.adapt_s),
            (f"--curriculum {self.curriculum:g}", self.curriculum),
            (f"--logit-adjustment {self.adjustment:g}", self.adjustment),
            ("--paraphrase", self.paraphrase),
            (f"--prune {left}", left),
            (f"--bits {self.bits}", self.bits != INT8),
            ("--encoder ENCODER", self.encoder is not None),
        )
        return "".join(f" {text}" for text, given in flags if given)


# The options that each stage reads; they become part of the stage's stamp.
_READ_BY: Mapping[str, tuple[str, ...]] = {
    "curate": ("english_only",),
    "adapt": ("adapt_s",),
    "distil": ("curriculum", "adjustment", "paraphrase"),
    "prune": ("pruning",),
    "export": ("bits", "encoder"),
}
