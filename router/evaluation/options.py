"""Holds the options of an evaluation and its result: options in, a report of figures out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from router.evaluation.rows import taught_by, text_numbers, trained_on
from router.stats import heads
from router.stats.heads import Encoded, Head
from router.stats.measures import RESAMPLES, Draws, Figure, Flags, Labels
from router.training.heads.train_head import seen_by
from router.triage.close_reading import file
from router.triage.close_reading.reader import CloseReader
from router.triage.triage_model import HEADS_FOLDER, TriageModel, grams_of

BENCHMARK_HEADS = "benchmark_heads"
"""Names the folder, next to the model's, of heads that the training pipeline made.

Serving never loads these heads.
"""


POLICY_NAMES = {"toxic_kind": "toxicity"}
"""Names a policy's head where it is called differently there."""


class Kind(StrEnum):
    """Names the kinds that can be measured; each has the columns of the shared files of
    that kind.
    """

    INTENT = "intent"
    ROUTING = "routing"
    STAKES = "stakes"
    SPAM = "spam"
    TOXICITY = "toxicity"
    DEPARTMENT = "department"
    SAFETY = "safety"
    CERTIFICATES = "certificates"
    HEAD = "head"


class Novelty(StrEnum):
    """Names the scores that separate requests outside the scope from those inside."""

    COMBINED = "combined"
    ENERGY = "energy"
    MAX_PROBABILITY = "max_probability"
    ENTROPY = "entropy"
    MAHALANOBIS = "mahalanobis"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True)
class Options:
    """Holds the settings of a measurement; the defaults are those of the command line.

    With `dev` None, dev rows judge where the model's card names the file, and all rows elsewhere.
    """

    train: Path | None = None
    dev: bool | None = None
    baseline: bool = False
    novelty: Novelty | None = None
    labels: int | None = None
    leave_subjects: bool = False
    five_fits: bool = False
    weak: str | None = None
    strong: str | None = None
    prices: Path | None = None
    save_head: Path | None = None
    own_head: Path | None = None  # the .json file of the head that is judged
    columns: tuple[str, str] = ("text", "label")  # of text and label, in its rows
    heads: Path | None = None  # the folder of heads that policies use
    seed: int = 0
    resamples: int = RESAMPLES
    groups: Labels | None = None  # of the rows that judge: intervals draw whole groups

    @property
    def draws(self) -> Draws:
        """Returns how intervals draw the rows."""
        return Draws(self.resamples, self.seed, self.groups)

    def of_texts(self, texts: Sequence[str]) -> Options:
        """Returns the options for rows with these texts: repeats of one are drawn together."""
        return replace(self, groups=text_numbers(texts))

    def part(self, rows: Flags) -> Options:
        """Returns the options for a part of the rows."""
        return self if self.groups is None else replace(self, groups=self.groups[rows])


@dataclass(frozen=True, slots=True)
class Subject:
    """Holds the measured model, with its folder."""

    model: TriageModel
    folder: Path
    policy_heads: Path | None = None  # heads that policies name, such as `policies/heads`

    @classmethod
    def load(cls, folder: Path, policy_heads: Path | None = None) -> Subject:
        """Reads a model folder. Raises ModelFileError, as `TriageModel.load` does."""
        return cls(TriageModel.load(folder), folder, policy_heads)

    @property
    def known(self) -> frozenset[str]:
        """Returns the sha256 of the files that the model and the policies' heads were made from."""
        heads = () if self.policy_heads is None else sorted(self.policy_heads.glob("*.card.json"))
        return trained_on(self.folder).union(*map(taught_by, heads))

    @property
    def benchmark_heads(self) -> Path:
        """Returns the folder of heads that only evaluation reads."""
        return self.folder.parent / BENCHMARK_HEADS

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Returns unit vectors and n-grams."""
        return self.model.encode(texts)

    def words(self, texts: Sequence[str]) -> Encoded:
        """Returns n-grams, with zeros in place of vectors: what no training of the encoder knows.

        A head that is fitted on them has no weight for vectors, so it may read any `encode`.
        """
        grams = grams_of([self.model.encoder.tokenise(text) for text in texts])
        width = next(iter(self.model.stack.heads.values())).weight.shape[0]
        return Encoded(np.zeros((len(texts), width), np.float32), grams)

    def head(self, name: str) -> Head | None:
        """Returns the head `name` of the model, of the benchmark heads or of the policies'.

        None if none has it. A policy's head of another encoder is not this model's.
        """
        if name in self.model.stack.heads:
            return self.model.stack.heads[name]
        # The shipped folder comes first: serving would use that head.
        for folder in (self.folder / HEADS_FOLDER, self.benchmark_heads):
            if (folder / f"{name}.json").is_file():
                return heads.load(folder, name, encoder_sha256=self.model.encoder.sha256)
        return self._policy_head(POLICY_NAMES.get(name, name))

    def _policy_head(self, name: str) -> Head | None:
        described = None if self.policy_heads is None else self.policy_heads / f"{name}.json"
        if described is None or not described.is_file():
            return None
        made_for = json.loads(described.read_text(encoding="utf-8")).get("encoder_sha256")
        if made_for != self.model.encoder.sha256:
            return None
        return heads.load(described.parent, name, encoder_sha256=made_for)

    def seen_by(self, name: str) -> frozenset[bytes]:
        """Returns digests of the texts that taught a policy's head; empty where none are kept."""
        if self.policy_heads is None or name in self.model.stack.heads:
            return frozenset()
        return seen_by(self.policy_heads, POLICY_NAMES.get(name, name))

    def close_reader(self, name: str) -> CloseReader | None:
        """Returns the close reader of a policy's head; None without one for this model."""
        path = None if self.policy_heads is None else self.policy_heads / f"{name}_close.json"
        if path is None or not path.is_file():
            return None
        if json.loads(path.read_text(encoding="utf-8"))["encoder_sha256"] != (
            self.model.encoder.sha256
        ):
            return None
        return file.load(path, self.model.encoder)

    def benchmark_head(self, classes: frozenset[str]) -> Head | None:
        """Returns the benchmark head with exactly these classes, or the smallest that
        has them all.
        """
        folder = self.benchmark_heads
        benchmark_heads = [
            heads.load(folder, path.stem, encoder_sha256=self.model.encoder.sha256)
            for path in sorted(folder.glob("*.json"))
        ]
        fitting = [head for head in benchmark_heads if classes <= frozenset(head.classes)]
        return min(fitting, key=lambda head: len(head.classes), default=None)


Section = Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class WrongRow:
    """Holds a row that is read wrongly: how, its line in the file, its chance, and its text."""

    how: str
    line: int
    chance: float
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """Holds the figures of one file, in sections, with the notes that a reader needs.

    `wrong` has the rows that are read wrongly, where a kind names them.
    """

    kind: Kind
    file: str
    sha256: str
    model: str
    sections: Mapping[str, Section]
    notes: Sequence[str] = field(default=())
    wrong: Sequence[WrongRow] = field(default=())

    def to_json(self) -> dict[str, object]:
        """Returns the report as plain values; a figure is {value, n} and, where taken,
        {low, high}.
        """
        return {
            "kind": str(self.kind),
            "file": self.file,
            "sha256": self.sha256,
            "model": self.model,
            "figures": {
                section: {name: figure.to_json() for name, figure in figures.items()}
                for section, figures in self.sections.items()
            },
            "notes": list(self.notes),
            **({"wrong": [asdict(row) for row in self.wrong]} if self.wrong else {}),
        }
