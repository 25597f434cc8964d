"""Makes the variants that `tiergate train compare` measures, from the files of a work folder.

There are two lines: the teacher (all-MiniLM-L6-v2, 6 layers of 384) and the student (distilled,
narrow: 3 layers of 192). Each variant is one ONNX file that `router.triage.encoder` reads with the
same tokeniser. It is made once and kept while its inputs have the same sha256.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.training.data import curate
from router.training.encoder import onnx_graphs, prune
from router.training.encoder.export import FULL, to_int8, to_onnx
from router.training.encoder.teacher import TEACHER_SHA256
from router.training.options import INT8
from router.training.progress import track
from router.training.work_folder import Run
from router.triage.encoder import Tokeniser, sha256_of
from router.triage.triage_model import ENCODER, TOKENIZER

if TYPE_CHECKING:
    from router.training.encoder.student import Student

RECIPE = 1
"""Raised when a recipe below changes, so that files of the old recipe are made again."""
MODELS = "models"
LEAST_SEEN = 5
"""A word piece seen fewer times than this in the training texts is pruned: 11,400 of 30,522."""
ZEROED_SHARE = 0.5
PROJECTION_ROWS = 700
"""Texts on which the narrow network's directions are fitted, as before distillation."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Describes one encoder to measure; `against` is its reference, "" for the teacher."""

    name: str
    what: str
    against: str = ""
    claim: str = ""
    """The usual claim for this kind: a key of `claims.CLAIMS`, or empty."""
    line: str = "teacher"


VARIANTS = (
    Variant("teacher", "all-MiniLM-L6-v2: 6 layers, 384 wide, fp32"),
    Variant("teacher-int8", "INT8 weights, dynamic", "teacher", "INT8"),
    Variant("teacher-int4", "INT4 weights and word table, blocks of 32", "teacher", "INT4"),
    Variant("teacher-layers", "pruned: its first 3 layers", "teacher", "pruning"),
    Variant("teacher-neurons", "pruned: half the neurons of each layer", "teacher", "pruning"),
    Variant("teacher-zeroed", "pruned: half of all layer weights are 0", "teacher", "pruning"),
    Variant("narrow", "3 layers, 192 wide, cut out of the teacher, untrained", "teacher",
            "pruning", "student"),
    Variant("student", "distilled and narrow: 3 layers, 192 wide, fp32", "teacher",
            "distillation", "student"),
    Variant("student-int8", "INT8 weights, dynamic: what ships", "student", "INT8", "student"),
    Variant("student-int4", "INT4 weights and word table", "student", "INT4", "student"),
    Variant("student-pieces", f"pruned: word pieces seen {LEAST_SEEN} times or more", "student",
            "pruning", "student"),
    Variant("student-pieces-int8", "the same in INT8", "student", "", "student"),
    Variant("static-table", "static: mean of the student's word table", "student", "", "student"),
    Variant("static-read", "static: mean of what it says of each piece alone", "student", "",
            "student"),
)  # fmt: skip
NAMES = tuple(variant.name for variant in VARIANTS)


def chosen(names: Sequence[str]) -> tuple[Variant, ...]:
    """Returns the variants `names`, all if empty, with all their references, in order.

    Raises TrainingDataError for an unknown name.
    """
    known = {variant.name: variant for variant in VARIANTS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise TrainingDataError(
            f"no variant is called {', '.join(unknown)}; there are {', '.join(NAMES)}"
        )
    wanted = set(names or NAMES)
    # A reference may have a reference of its own, so the chain is followed to its end.
    for name in [*wanted]:
        while known[name].against:
            name = known[name].against
            wanted.add(name)
    return tuple(variant for variant in VARIANTS if variant.name in wanted)


class Workshop:
    """Makes and keeps the variants of one work folder, in its folder `compare/models`.

    Raises TrainingDataError when the work folder lacks a stage that is needed.
    """

    def __init__(self, work: Path, *, seed: int, progress: bool) -> None:
        self.work, self.seed, self.progress = work, seed, progress
        self.folder = work / "compare" / MODELS
        self.tokenizer = self._needed("export", TOKENIZER)
        self._tokenise = Tokeniser(self.tokenizer)
        self._student = sha256_of(self._needed("distil", "student.pt"))
        self._texts = sha256_of(self._needed("curate", "train.jsonl.gz"))
        run = Run(work, work, work, seed, quick=False, progress=progress)
        if run.made("prune"):
            raise TrainingDataError(
                f"{work} holds a pruned student; the comparison prunes by itself, so run it on the "
                "work folder of a training without --prune"
            )
        self._bits = run.metrics("export").get("bits", INT8)
        self._counts: npt.NDArray[np.int64] | None = None
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Returns the file of a variant, made now unless there is one that still fits."""
        if name == "student":
            return self._needed("export", FULL)
        # The exported models are used as they are, so that what ships is what is measured.
        if name == "student-int8" and self._bits == INT8:
            return self._needed("export", ENCODER)
        path, stamp = self.folder / f"{name}.onnx", self.folder / f"{name}.json"
        inputs = f"{RECIPE}|{name}|{self.seed}|{TEACHER_SHA256}|{self._student}|{self._texts}"
        made_from = hashlib.sha256(inputs.encode()).hexdigest()
        if path.is_file() and stamp.is_file():
            with contextlib.suppress(ValueError):  # an interrupted run may leave half a stamp
                kept = json.loads(stamp.read_text(encoding="utf-8"))
                if kept == {"made_from": made_from, "sha256": sha256_of(path)}:
                    return path
        # Without a stamp, a model that is not finished will not be taken for a whole one.
        stamp.unlink(missing_ok=True)
        _RECIPES[name](self, path)
        stamp.write_text(json.dumps({"made_from": made_from, "sha256": sha256_of(path)}) + "\n")
        return path

    def counts(self) -> npt.NDArray[np.int64]:
        """Counts each word piece in the training texts, (pieces,)."""
        if self._counts is None:
            pieces = len(onnx_graphs.word_table(self.path("student")))
            self._counts = np.zeros(pieces, dtype=np.int64)
            for text in track(self.train_texts(), "word pieces", self.progress):
                np.add.at(self._counts, self._tokenise(text), 1)
        return self._counts

    def train_texts(self) -> list[str]:
        """Returns the texts on which the student was trained."""
        return [e.text for e in curate.load(self._needed("curate", "train.jsonl.gz"))]

    def token_rows(self, count: int) -> list[list[int]]:
        """Returns the tokens of `count` training texts, drawn under the seed."""
        texts = self.train_texts()
        return [
            self._tokenise(text)
            for text in random.Random(self.seed).sample(texts, min(count, len(texts)))
        ]

    def student(self) -> Student:
        """Returns the trained student."""
        return prune.load_student(self._needed("distil", "student.pt"))

    def _needed(self, stage: str, name: str) -> Path:
        path = self.work / stage / name
        if not path.is_file():
            raise TrainingDataError(
                f"{path} is not there; --work must be the folder of a finished `tiergate train "
                "triage`"
            )
        return path


def kept_pieces(counts: npt.NDArray[np.int64]) -> list[int]:
    """Returns the ascending ids of the pieces that are seen often enough, and of the markers."""
    often = np.flatnonzero(counts >= LEAST_SEEN).tolist()
    return sorted({*often, *(marker for marker in prune.MARKERS if marker < len(counts))})


def _int8_of(name: str) -> Callable[[Workshop, Path], None]:
    return lambda shop, out: to_int8(shop.path(name), out)


def _int4_of(name: str) -> Callable[[Workshop, Path], None]:
    return lambda shop, out: onnx_graphs.to_int4(shop.path(name), out)


def _pieces(shop: Workshop, out: Path) -> None:
    onnx_graphs.keep_pieces(shop.path("student"), kept_pieces(shop.counts()), prune.UNKNOWN, out)


def _static_table(shop: Workshop, out: Path) -> None:
    table = onnx_graphs.word_table(shop.path("student")).copy()
    table[0] = 0.0  # padding must not count in the mean
    onnx_graphs.mean_of_table(table, out)


def _static_read(shop: Workshop, out: Path) -> None:
    onnx_graphs.mean_of_table(prune.table_read_alone(shop.student(), shop.counts()), out)


_RECIPES: dict[str, Callable[[Workshop, Path], None]] = {
    "teacher": lambda shop, out: to_onnx(prune.teacher_network(), out),
    "teacher-int8": _int8_of("teacher"),
    "teacher-int4": _int4_of("teacher"),
    "teacher-layers": lambda shop, out: to_onnx(prune.teacher_network(layers=range(3)), out),
    "teacher-neurons": lambda shop, out: to_onnx(
        prune.teacher_network(hidden=prune.TEACHER_HIDDEN // 2), out
    ),
    "teacher-zeroed": lambda shop, out: to_onnx(
        prune.zeroed(prune.teacher_network(), ZEROED_SHARE), out
    ),
    "narrow": lambda shop, out: to_onnx(
        prune.projected(shop.token_rows(PROJECTION_ROWS), shop.seed), out
    ),
    "student-int8": _int8_of("student"),
    "student-int4": _int4_of("student"),
    "student-pieces": _pieces,
    "student-pieces-int8": _int8_of("student-pieces"),
    "static-table": _static_table,
    "static-read": _static_read,
}
