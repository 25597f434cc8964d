"""Reads labelled texts for an encoder and splits them by a hash of the text.

What `train triage` puts into dev is held here too, so that heads that are fitted to the tuned
encoder are judged on texts that it never trained on.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from router.errors import TrainingDataError
from router.training.data.curate import is_dev
from router.training.data.sources import Example
from router.training.tuning.chats import read_rows

HELD_SHARE = 0.1
"""Share that is held beside the tenth which curation puts into dev."""
LEAST_OF_LABEL = 2


@dataclass(frozen=True, slots=True)
class Texts:
    """Holds texts with their labels."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextSets:
    """Holds texts to train on, held ones, and the sha256 of the file."""

    train: Texts
    held: Texts
    sha256: str


def read_texts(path: Path, text_column: str = "text", label_column: str = "label") -> TextSets:
    """Returns the rows of a .jsonl or .jsonl.gz file. Raises TrainingDataError."""
    rows, sha256 = read_rows(path)
    return split(rows, text_column, label_column, sha256, str(path))


def split(
    rows: Iterable[Mapping[str, object]],
    text_column: str,
    label_column: str,
    sha256: str,
    where: str,
) -> TextSets:
    """Returns the rows of labels that have two texts or more, each text once."""
    by_key: dict[str, tuple[str, str]] = {}
    for number, row in enumerate(rows, start=1):
        text, label = row.get(text_column), row.get(label_column)
        if not isinstance(text, str) or not isinstance(label, str) or not text.strip():
            raise TrainingDataError(
                f"{where}, row {number}: expected texts under {text_column!r} and {label_column!r}"
            )
        by_key.setdefault(re.sub(r"[\W_]+", " ", text.lower()).strip(), (text, label))
    train = [pair for key, pair in sorted(by_key.items()) if not _is_held(key, pair[0])]
    held = [pair for key, pair in sorted(by_key.items()) if _is_held(key, pair[0])]
    counts = Counter(label for _, label in train)
    kept = [pair for pair in train if counts[pair[1]] >= LEAST_OF_LABEL]
    judging = [pair for pair in held if counts[pair[1]] >= LEAST_OF_LABEL]
    if len({label for _, label in kept}) < 2 or not judging:
        raise TrainingDataError(
            f"{where}: expected two labels or more with {LEAST_OF_LABEL} texts each to train on, "
            f"and texts that are held; found {len(kept)} and {len(judging)} texts"
        )
    return TextSets(_texts(kept), _texts(judging), sha256)


def _texts(pairs: list[tuple[str, str]]) -> Texts:
    return Texts(tuple(text for text, _ in pairs), tuple(label for _, label in pairs))


def _is_held(key: str, text: str) -> bool:
    digest = hashlib.sha256(f"embeddings-v1|{key}".encode()).digest()
    own = int.from_bytes(digest[:4]) / 2**32 < HELD_SHARE
    return own or is_dev(Example(text=text, source=""))
