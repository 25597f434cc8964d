"""The encoder at run time: text -> tokens -> one unit vector, by onnxruntime on one thread.

The only file that imports onnxruntime and tokenizers. It knows nothing about labels or heads.
What is read of a text is bounded twice: by characters before tokenising, so that a megabyte costs
what a page costs, and by tokens after it, so that a page costs what a paragraph costs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import ModelFileError

MAX_TOKENS = 128
HEAD_TOKENS, TAIL_TOKENS = 96, 32
"""Of a longer text the first 96 and last 32 tokens are read, both markers included: requests
state their matter at the beginning and their question at the end."""

HEAD_CHARS, TAIL_CHARS = 2_000, 1_000
"""Characters kept before tokenising: 128 tokens of any language fit well inside."""

BATCH_TOKENS = 4_096
"""Tokens of one session run, padding included: larger batches only wait on memory."""

Embeddings = npt.NDArray[np.float32]


def clip(text: str) -> str:
    """Returns the part of a text that is tokenised: all of it, or its head and tail."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return f"{text[:HEAD_CHARS]} {text[-TAIL_CHARS:]}"


def cut(ids: Sequence[int]) -> list[int]:
    """Returns at most MAX_TOKENS ids: head and tail of a longer sequence.

    >>> len(cut(range(500))), cut(range(500))[95:97]
    (128, [95, 468])
    """
    if len(ids) <= MAX_TOKENS:
        return list(ids)
    return [*ids[:HEAD_TOKENS], *ids[-TAIL_TOKENS:]]


def sha256_of(path: Path) -> str:
    """The sha256 of a file in hex; raises ModelFileError when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelFileError(f"model file {path} cannot be read: {error.strerror}") from error


class Tokeniser:
    """WordPiece ids of a text, as the encoder was trained on them."""

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception for a malformed file
            raise ModelFileError(f"tokenizer file {path} is malformed: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def __call__(self, text: str) -> list[int]:
        """The ids of one text, at most MAX_TOKENS; unpaired surrogates count as unknown."""
        clean = clip(text).encode("utf-8", "replace").decode("utf-8")
        return cut(self._tokenizer.encode(clean).ids)

    def many(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of several texts, as each alone; on all cores where that pays."""
        clean = [clip(text).encode("utf-8", "replace").decode("utf-8") for text in texts]
        return [cut(found.ids) for found in self._tokenizer.encode_batch_fast(clean)]


SLOW_FUSIONS = ["SkipLayerNormFusion"]
"""The fused node is slower here than what it replaces: 364 against 308 µs per text of 22 tokens in
batches, 408 against 359 alone (onnxruntime 1.31, AVX512-VNNI). Vectors move by up to 1e-3, so heads
are fitted with the same setting."""


class Encoder:
    """A quantised sentence encoder; safe to call from several threads at once.

    `sha256` is that of the ONNX file: heads are bound to it. `width` is the embedding's length.
    """

    def __init__(self, model: Path, tokenizer: Path, *, threads: int = 1) -> None:
        import onnxruntime

        self.sha256 = sha256_of(model)
        self.tokenise = Tokeniser(tokenizer)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                str(model),
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=SLOW_FUSIONS,
            )
        except Exception as error:  # onnxruntime's errors share no base class but Exception
            raise ModelFileError(f"encoder file {model} cannot be loaded: {error}") from error
        self.width = int(self._session.get_outputs()[0].shape[-1])

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Returns one unit vector per text, float32, (texts, width), in the order given."""
        rows = [self.tokenise(text) for text in texts]
        out = np.empty((len(rows), self.width), dtype=np.float32)  # (texts, width)
        for batch in batches([len(row) for row in rows]):
            out[batch] = self.encode_ids([rows[index] for index in batch])
        return out

    def encode_ids(self, rows: Sequence[Sequence[int]]) -> Embeddings:
        """Returns the vectors of token rows in one run, padded to the longest."""
        longest = max(len(row) for row in rows)
        ids = np.zeros((len(rows), longest), dtype=np.int64)  # (rows, tokens); 0 is padding
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
        vectors: Embeddings = self._session.run(None, {"input_ids": ids})[0]
        return vectors


def batches(lengths: Sequence[int], budget: int = BATCH_TOKENS) -> list[list[int]]:
    """Groups row indices by length so that no batch, padded, exceeds `budget` tokens.

    >>> batches([3, 100, 4], budget=120)
    [[0, 2], [1]]
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    groups: list[list[int]] = []
    for index in order:
        if groups and lengths[index] * (len(groups[-1]) + 1) <= budget:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups
