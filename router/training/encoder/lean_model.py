"""Makes a network of a finished model leaner, and proves that it says the same.

    python -m router.training.encoder.lean_model FOLDER/encoder.onnx --texts prompts.jsonl

Both graphs read all texts alone and in pairs, a row of every length, and rows of several lengths at
once. Only where no number moves by more than 1e-5 does the new file take the old one's place. What
was fitted on the encoder stays as it is: the manifest names the old file, whose vectors the new one
gives. A network of another kind is named by its description, which gets the new digest.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from router.errors import ModelFileError, TrainingDataError
from router.training import model_folder
from router.training.encoder.lean_graph import lean
from router.triage.encoder import MAX_TOKENS, Encoder, Tokeniser, cut, sha256_of
from router.triage.triage_model import (
    DEFAULT_FOLDER,
    ENCODER,
    MANIFEST,
    TOKENIZER,
    WORDS,
    encoder_sha256,
    write_manifest,
)

LARGEST = 1e-5
"""The difference of one number that is allowed. On processors that were tried it is 0; another one
may add the floats of a row in another order."""
LEAST_TEXTS = 1_000
SHORTEST = 3
"""Tokens of the shortest row: a word between the two marks."""
PADDED = 16
"""Runs of several rows, each of another length."""
TEXT_KEYS = ("text", "prompt")
CARDS = ("card.json", "CARD.md")
Rows = list[list[int]]


@dataclass(frozen=True, slots=True)
class Proof:
    """Holds how many runs were compared, those with other numbers, and the largest difference."""

    runs: int
    moved: int
    largest: float


def make_leaner(network: Path, texts: Sequence[str], tokenizer: Path | None = None) -> Proof:
    """Rewrites an ONNX file, proves it on the texts, and binds what was bound to the old one.

    Without a `tokenizer` it is that of the folder, or else the shipped model's. Raises
    TrainingDataError for too few texts, and ModelFileError for a file that is lean already or whose
    numbers move; the folder then stays as it was.
    """
    if len(texts) < LEAST_TEXTS:
        raise TrainingDataError(
            f"{len(texts)} texts; expected at least {LEAST_TEXTS:,} to prove it"
        )
    try:
        old = network.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{network} cannot be read: {error.strerror}") from error
    new = lean(old)
    if new == old:
        raise ModelFileError(f"{network} is lean already; nothing was changed")
    own = network.with_name(TOKENIZER)
    tokenizer = tokenizer or (own if own.is_file() else DEFAULT_FOLDER / TOKENIZER)
    words = tokenizer.with_name(WORDS)
    tokenise = Tokeniser(tokenizer, words if words.is_file() else None)
    with model_folder.changed(network.parent) as made:
        (made / network.name).write_bytes(new)
        proof = compared(Encoder(network, tokenise), Encoder(made / network.name, tokenise), texts)
        if not proof.largest <= LARGEST:  # also where a number is none
            raise ModelFileError(
                f"{network}: of {proof.runs} runs {proof.moved} differ, by {proof.largest:.1e} at "
                f"most; expected {LARGEST:.0e}. Nothing was changed"
            )
        _bind(network, made)
    return proof


def compared(old: Encoder, new: Encoder, texts: Sequence[str]) -> Proof:
    """Returns how far two encoders that share a tokeniser are apart."""
    whole = [old.tokenise(text) for text in texts]
    alone = [cut(row) for row in whole]
    pairs = [cut([*one, *other[1:]]) for one, other in pairwise(alone)]
    lengths = list(_of_every_length(alone))
    runs = [[row] for row in (*alone, *pairs, *lengths)]
    runs += [lengths[start::PADDED] for start in range(PADDED)]  # as a GPU reads: rows share runs
    apart = [float(np.abs(old.encode_ids(run) - new.encode_ids(run)).max()) for run in runs]
    return Proof(len(runs), int(np.count_nonzero(apart)), float(np.max(apart)))


def _of_every_length(rows: Rows) -> Iterator[list[int]]:
    """Yields one row of each length, made of the words of all rows."""
    first, last = rows[0][:1], rows[0][-1:]
    words = [piece for row in rows for piece in row[1:-1]]
    for length in range(SHORTEST, MAX_TOKENS + 1):
        start = length * length % max(1, len(words) - MAX_TOKENS)
        yield [*first, *words[start : start + length - 2], *last]


def _bind(network: Path, made: Path) -> None:
    """Names the new file of a folder where the old one was named."""
    new = made / network.name
    if network.name == ENCODER and (made / MANIFEST).is_file():
        named = encoder_sha256(network.parent) or sha256_of(network)
        _replace(made, CARDS, {sha256_of(network): sha256_of(new)})
        write_manifest(made, named)
        return
    described = new.with_suffix(".json")
    if not described.is_file():
        return
    digests = {sha256_of(network): sha256_of(new)}
    before = sha256_of(described)
    _replace(made, [described.name], digests)
    _replace(made, [f"{new.stem}.card.json"], digests | {before: sha256_of(described)})
    if (made / MANIFEST).is_file():
        write_manifest(made)


def _replace(folder: Path, names: Sequence[str], digests: dict[str, str]) -> None:
    """Replaces digests in those files of a folder that are there."""
    for path in (folder / name for name in names):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            for old, new in digests.items():
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")


def texts_of(path: Path) -> list[str]:
    """Returns the texts of a file with a JSON object a line, by `text` or `prompt`.

    Raises TrainingDataError for another file.
    """
    texts = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            texts += [row[key] for key in TEXT_KEYS if isinstance(row.get(key), str)][:1]
    except (OSError, ValueError, AttributeError) as error:
        raise TrainingDataError(
            f"{path} is no file of texts, one JSON object a line: {error}"
        ) from error
    return texts


def main() -> None:
    """Rewrites the network that the command line names."""
    parser = argparse.ArgumentParser(description="Make a network leaner, with the same results.")
    parser.add_argument("network", type=Path, help="The ONNX file, in the folder that holds it.")
    parser.add_argument("--texts", type=Path, nargs="+", required=True, help="JSON Lines of texts.")
    parser.add_argument(
        "--tokenizer", type=Path, help="The folder's, or the shipped model's, without this."
    )
    given = parser.parse_args()
    try:
        texts = [text for path in given.texts for text in texts_of(path)]
        proof = make_leaner(given.network, texts, given.tokenizer)
    except (ModelFileError, TrainingDataError) as error:
        raise SystemExit(str(error)) from error
    print(
        f"{given.network}: of {proof.runs} runs {proof.moved} differ, "
        f"by {proof.largest:.1e} at most"
    )


if __name__ == "__main__":
    main()
