"""Encodes at run time: text -> tokens -> one unit vector, by onnxruntime on one thread.

The only file that imports onnxruntime and tokenizers. It knows nothing about labels or heads.
What is read of a text is bounded twice: by characters before tokenising, so that a megabyte costs
what a few pages cost, and by tokens after it, so that a page costs the encoder what a paragraph
costs. N-grams are cheap, so of them four times as many tokens are read.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, cast

import msgspec
import numpy as np

from router.errors import ModelFileError
from router.regexes.words import words_by
from router.stats.heads import Embeddings
from router.triage.devices.opening import open_session
from router.triage.text.folding import unmask
from router.triage.text.spelling import Speller, knows_all
from router.types import Device

MAX_TOKENS = 128
HEAD_TOKENS, TAIL_TOKENS = 96, 32
"""Of a longer text the first 96 and last 32 tokens are read, both markers included: requests
state their matter at the beginning and their question at the end."""

READ_HEAD, READ_TAIL = 384, 128
"""The same for n-grams. Of e-mail, 512 tokens instead of 128 turned .987 right into .994."""

HEAD_CHARS, TAIL_CHARS = 3_000, 1_000
"""Characters kept before tokenising: 384 and 128 tokens of nearly any text fit inside."""

GPU_BATCH_TOKENS = 32_768
"""Tokens of one run on a GPU, padding included: it computes in float, so rows may share a run."""


def clip(text: str) -> str:
    """Returns the part of a text that is tokenised: all of it, or its head and tail."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return f"{text[:HEAD_CHARS]} {text[-TAIL_CHARS:]}"


def cut(ids: Sequence[int], head: int = HEAD_TOKENS, tail: int = TAIL_TOKENS) -> list[int]:
    """Returns at most `head` + `tail` ids, those at the ends of a longer sequence.

    >>> len(cut(range(500))), cut(range(500))[95:97]
    (128, [95, 468])
    """
    if len(ids) <= head + tail:
        return list(ids)
    return [*ids[:head], *ids[-tail:]]


def sha256_of(path: Path) -> str:
    """Returns the sha256 of a file in hex; raises ModelFileError when it cannot be read.

    It is read in pieces: the pages of a whole one in memory take as long as the digest.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFileError(f"model file {path} cannot be read: {error.strerror}") from error


PLAIN = re.compile(r"[\t\n\r -Z\\-~]*")  # ASCII without what could begin a special token
WORD = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")  # as BERT splits it: runs, single punctuation marks
RUN = re.compile(r"[A-Za-z0-9]+")
MOST_SPLIT, LONGEST_SPLIT = 80, 40
"""Words of a text that are split here, and their letters: of more the library is the faster one."""


class Tokeniser:
    """Makes WordPiece ids of a text, as the encoder was trained on them.

    A plain text is looked up word by word, since most words are a token of their own: 5 us instead
    of 35 for 20 tokens. The others, such as numbers, are split here too. The library reads texts
    that are not plain, and a test compares both ways. If there is a list of words, typing errors
    are mended first.
    """

    def __init__(self, path: Path, words: Path | None = None, *, late: bool = False) -> None:
        """Reads the vocabulary. If `late`, opens the library for the first text that needs it.

        Raises ModelFileError.
        """
        self._path = path
        self._library: Any = None
        self._opening = Lock()
        if not late:
            self._opened()  # a malformed file is told by the library
        described = _described(path)
        vocabulary, marks = _words_of_bert(described), _marks_of_bert(described)
        if self._library is not None or not vocabulary or marks is None:
            marked = self._opened().encode("a").ids
            marks = marked[:1], marked[-1:]
            vocabulary = vocabulary if marked[1:-1] == [vocabulary.get("a")] else {}
        self._begin, self._end = marks
        self._vocabulary = vocabulary
        # Another model's is taken from the library, which copies every word of it.
        vocabulary = self._vocabulary or self._opened().get_vocab(with_added_tokens=False)
        self._longest = max(map(len, vocabulary))
        self._speller = Speller.load(words, vocabulary) if words and self._vocabulary else None
        self.knows = self._speller.knows if self._speller else knows_all
        self.lexicon = self._speller or Speller({}, vocabulary)

    def _opened(self) -> Any:
        """Returns the library's tokeniser. Raises ModelFileError."""
        with self._opening:
            if self._library is None:
                from tokenizers import Tokenizer

                try:
                    library = Tokenizer.from_file(str(self._path))
                except Exception as error:  # the library raises bare Exception for malformed files
                    raise ModelFileError(
                        f"tokenizer file {self._path} is malformed: {error}"
                    ) from error
                library.no_padding()
                library.no_truncation()
                self._library = library
        return self._library

    def __call__(self, text: str) -> list[int]:
        """Returns the ids of one text, at most READ_HEAD + READ_TAIL.

        Unpaired surrogates count as unknown.
        """
        clipped = clip(text)
        ids = self.by_words(clipped)
        if ids is None:
            clean = unmask(clipped).encode("utf-8", "replace").decode("utf-8")
            ids = ids_by(self._library or self._opened(), self.mended(clean))
        return cut(ids, READ_HEAD, READ_TAIL)

    def mended(self, text: str) -> str:
        """Returns the text with the typing errors mended that the ids are made without."""
        fixes = self._fixes(_split(clip(text)))
        return RUN.sub(lambda m: fixes.get(m[0].lower(), m[0]), text) if fixes else text

    def by_words(self, text: str) -> list[int] | None:
        """Returns the ids by look-up; None where the library must read the text."""
        vocabulary = self._vocabulary
        if not vocabulary or PLAIN.fullmatch(text) is None:
            return None
        words = _split(text)
        whole_words = list(map(vocabulary.get, words))
        if None not in whole_words:  # most texts
            return [*self._begin, *cast(list[int], whole_words), *self._end]
        fixes = self._fixes(words)
        if fixes:
            words = [fixes.get(word, word) for word in words]
        ids, split = list(self._begin), 0
        for word, whole in zip(words, map(vocabulary.get, words), strict=True):
            if whole is not None:
                ids.append(whole)
                continue
            split += 1
            pieces = self._pieces(word) if split <= MOST_SPLIT else []
            if not pieces:
                return None
            ids += pieces
        ids += self._end
        return ids

    def _pieces(self, word: str) -> list[int]:
        """Returns the longest pieces that a word begins with, one after another; [] for none."""
        vocabulary, pieces, start, mark = self._vocabulary, list[int](), 0, ""
        while start < len(word) <= LONGEST_SPLIT:
            end = min(len(word), start + self._longest)
            while (piece := vocabulary.get(mark + word[start:end])) is None:
                end -= 1
                if end == start:
                    return []
            pieces.append(piece)
            start, mark = end, INSIDE
        return pieces

    def _fixes(self, words: list[str]) -> dict[str, str]:
        """Returns the words that are typing errors, and what was meant."""
        # A number is none: most texts have nothing else that the vocabulary lacks.
        strange = [word for word in words if word not in self._vocabulary and word.isalpha()]
        return self._speller.fixes(words) if strange and self._speller is not None else {}


def _split(text: str) -> list[str]:
    """Returns the words and marks of a text in lower case, as BERT splits what is plain."""
    lower = text.lower()
    # A letter beyond ASCII, such as that of "naïve", is in no word here.
    return words_by(WORD, lower) if lower.isascii() else WORD.findall(lower)


def ids_by(library: Any, text: str) -> list[int]:
    """Returns the ids of a text by the library. Raises RuntimeError where its Rust panics.

    A panic is no `Exception`: it would pass whoever reads this text by rules instead, and leave
    all later requests waiting.
    """
    try:
        ids: list[int] = library.encode(text).ids
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise RuntimeError(f"the tokeniser panicked: {error}") from error
        raise
    return ids


INSIDE = "##"
"""Begins a piece that is not the first of its word."""
STEPS = {
    "normalizer": "BertNormalizer",
    "pre_tokenizer": "BertPreTokenizer",
    "model": "WordPiece",
}


def _described(path: Path) -> dict[str, Any]:
    """Returns what a tokenizer file says; nothing where it is malformed, as the library tells."""
    try:
        described = msgspec.json.decode(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return described if isinstance(described, dict) else {}


def _marks_of_bert(tokenizer: dict[str, Any]) -> tuple[list[int], list[int]] | None:
    """Returns the ids before and behind each text, of one mark each; None for anything else."""
    step = tokenizer.get("post_processor") or {}
    if step.get("type") != "TemplateProcessing" or len(step["single"]) != 3:
        return None
    begin, text, end = step["single"]
    if "Sequence" not in text or "SpecialToken" not in begin or "SpecialToken" not in end:
        return None
    marks = [step["special_tokens"][mark["SpecialToken"]["id"]]["ids"] for mark in (begin, end)]
    return None if any(len(ids) != 1 for ids in marks) else (marks[0], marks[1])


def _words_of_bert(tokenizer: dict[str, Any]) -> dict[str, int]:
    """Returns the vocabulary where lower-cased words are looked up one by one, the longest piece
    first; empty for any other way to split a text.

    Added tokens are found before words are, so each must begin with the one mark that PLAIN lacks.
    """
    if any((tokenizer.get(step) or {}).get("type") != kind for step, kind in STEPS.items()):
        return {}
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    simple = (
        bool(tokenizer["normalizer"]["lowercase"])
        and tokenizer["model"]["continuing_subword_prefix"] == INSIDE
        and all(token["content"].startswith("[") for token in tokenizer["added_tokens"])
        and max(LONGEST_SPLIT, *map(len, vocabulary))
        <= tokenizer["model"]["max_input_chars_per_word"]
    )
    return vocabulary if simple else {}


def import_onnxruntime() -> ModuleType:
    """Returns onnxruntime with its reports of use turned off.

    Its Linux build of 1.31 writes a device id and a database into the home folder and looks for a
    host of its maker's, unless this variable was in the environment when it was imported.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return importlib.import_module("onnxruntime")


class Encoder:
    """Encodes sentences with a quantised model; safe to call from several threads at once.

    `sha256` is that of the ONNX file, or of the one whose vectors it gives: heads are bound to it.
    `width` is the embedding's length. `placement` says what it runs on.
    With a list of `words` typing errors are mended before a text is read. A further encoder shares
    the tokeniser of the first.
    """

    def __init__(
        self,
        model: Path,
        tokenizer: Path | Tokeniser,
        words: Path | None = None,
        *,
        threads: int = 1,
        device: Device = Device.CPU,
        sha256: str | None = None,
        late: bool = False,
    ) -> None:
        """Takes the `sha256` where the caller has just compared it; `late` as `Tokeniser` does."""
        onnxruntime = import_onnxruntime()
        self.sha256 = sha256_of(model) if sha256 is None else sha256
        if isinstance(tokenizer, Path):
            tokenizer = Tokeniser(tokenizer, words, late=late)
        self.tokenise = tokenizer
        self._session, self.placement = open_session(onnxruntime, model, threads, device)
        self.on_gpu = self.placement.device is Device.CUDA
        self.width = int(self._session.get_outputs()[0].shape[-1])

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Returns one unit vector per text, float32, (texts, width), in the order given."""
        return self.encode_rows([cut(self.tokenise(text)) for text in texts])

    def encode_rows(self, rows: Sequence[Sequence[int]]) -> Embeddings:
        """Returns the same of token rows, each as `cut` leaves it.

        Rows do not change each other's vectors: see `runs`.
        """
        groups = self.runs(rows)
        if len(groups) == 1:
            return self.encode_ids(rows)
        out = np.empty((len(rows), self.width), dtype=np.float32)  # (texts, width)
        for batch in groups:
            out[batch] = self.encode_ids([rows[index] for index in batch])
        return out

    def runs(self, rows: Sequence[Sequence[int]]) -> list[list[int]]:
        """Returns which rows share a run, by their indices.

        On a CPU each row has its own: the largest value of a run scales its bytes, so a request
        would be read otherwise with others beside it.
        """
        return batches([len(row) for row in rows], GPU_BATCH_TOKENS if self.on_gpu else 1)

    def encode_ids(self, rows: Sequence[Sequence[int]]) -> Embeddings:
        """Returns the vectors of token rows in one run, padded to the longest."""
        longest = max(len(row) for row in rows)
        ids = np.zeros((len(rows), longest), dtype=np.int64)  # (rows, tokens); 0 is padding
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
        vectors: Embeddings = self._session.run(None, {"input_ids": ids})[0]
        return vectors


def batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Groups row indices by length so that no batch of several, padded, exceeds `budget` tokens.

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
