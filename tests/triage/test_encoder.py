"""The committed encoder and model: what is read of a text, in what bounds, and what is refused."""

# ruff: noqa: RUF001 - the look-alikes are the subject

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import ModelFileError
from router.triage import encoder as e
from router.triage.reranking.file import ONNX as RERANKER
from router.triage.triage_model import (
    DEFAULT_FOLDER,
    ENCODER,
    HEAD_NAMES,
    MANIFEST,
    RARITY,
    WORDS,
    TriageModel,
    check,
)
from router.types import Domain, RequestType
from tests import ROOT
from tests.kits.examples import examples

ODD_TEXTS = [
    "",
    " ",
    "\x00\x01\x02",
    "\ud800 alone",
    "😀😀😀",
    "שלום איפה ההזמנה שלי",
    "a" * 100_000,
    "é" * 3_001,
    "\n\t\r",
]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT_FOLDER, tmp_path / "model"))


def test_reading_a_text_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    program = (
        "from router.triage.triage_model import DEFAULT_FOLDER, TriageModel;"
        "TriageModel.load(DEFAULT_FOLDER).encode(['hello'])"
    )
    environment = {
        name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"
    }
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environment.pop("XDG_CACHE_HOME", None)
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, cwd=tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_a_short_text_is_read_whole() -> None:
    assert e.clip("x" * 4_000) == "x" * 4_000


def test_a_long_text_is_read_at_head_and_tail() -> None:
    clipped = e.clip("a" * 3_000 + "b" * 5_000 + "c" * 1_000)
    assert clipped == "a" * 3_000 + " " + "c" * 1_000


def test_128_tokens_are_all_read() -> None:
    assert e.cut(range(128)) == list(range(128))


def test_of_129_tokens_the_97th_is_left_out() -> None:
    assert e.cut(range(129)) == [*range(96), *range(97, 129)]


@given(st.lists(st.integers(1, 128), max_size=60))
def test_batches_hold_every_row_once_within_the_budget(lengths: list[int]) -> None:
    groups = e.batches(lengths, budget=256)
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    assert all(len(g) * max(lengths[i] for i in g) <= 256 for g in groups)


class PanicException(BaseException):
    """Is what the bindings of Rust raise where it panics: no `Exception`."""


class Panicking:
    """Stands for a library that panics at a text."""

    def encode(self, text: str) -> None:
        raise PanicException(f"byte index is out of bounds of `{text}`")


def test_a_panic_of_the_tokeniser_is_an_error_that_readers_catch() -> None:
    with pytest.raises(RuntimeError, match="the tokeniser panicked: byte index"):
        e.ids_by(Panicking(), "naïve")


def test_a_text_that_is_not_plain_is_read_with_panics_caught() -> None:
    tokenise = e.Tokeniser(DEFAULT_FOLDER / "tokenizer.json")
    tokenise._library = Panicking()
    with pytest.raises(RuntimeError, match="the tokeniser panicked"):
        tokenise("naïve")


def test_vectors_have_length_one(model: TriageModel) -> None:
    vectors = model.vectors(["where is my parcel", "integrate x squared"])
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0, 1.0], abs=1e-5)


def test_a_text_has_the_same_vector_whatever_is_read_beside_it(model: TriageModel) -> None:
    texts = ["where is my parcel", "I lost everything!!! 900,000 " * 9, "integrate x squared"]
    alone = np.vstack([model.vectors([text]) for text in texts])
    assert np.array_equal(model.vectors(texts), alone)
    assert np.array_equal(model.encode(texts * 12).vectors[:3], alone)


def test_borrowed_letters_in_latin_text_are_read_as_what_they_look_like() -> None:
    tokenise = e.Tokeniser(DEFAULT_FOLDER / "tokenizer.json")
    masked = "рleаse wіrе the mоney now"  # five letters of it are Cyrillic
    assert not masked.isascii()
    assert tokenise(masked) == tokenise("please wire the money now")


def test_a_text_in_another_alphabet_keeps_its_letters() -> None:
    tokenise = e.Tokeniser(DEFAULT_FOLDER / "tokenizer.json")
    assert tokenise("перевод денег сегодня") != tokenise("пepeвoд дeнeг ceгoдня")


def test_order_is_kept_whatever_the_lengths(model: TriageModel) -> None:
    texts = ["long words " * 40, "short", "a middling sentence about parcels"]
    alone = np.concatenate([model.vectors([text]) for text in texts])
    assert (model.vectors(texts) * alone).sum(axis=1).min() > 0.98


def test_padding_changes_little(model: TriageModel) -> None:
    alone = model.vectors(["cancel my order"])
    padded = model.vectors(["cancel my order", "word " * 120])[:1]
    assert float((alone * padded).sum()) > 0.98


def test_no_text_gives_no_rows(model: TriageModel) -> None:
    assert model.vectors([]).shape == (0, model.encoder.width)


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_an_odd_text_gives_finite_signals(model: TriageModel, text: str) -> None:
    out = model.read(model.encode([text]))
    figures = set(out.__slots__) - {"own", "followed"}
    assert all(np.isfinite(getattr(out, name)).all() for name in figures)


@examples(60)
@given(st.text(max_size=400))
def test_any_text_gives_chances_between_zero_and_one(text: str) -> None:
    out = _SHARED.read(_SHARED.encode([text]))
    for name in ("stakes_high", "multi_factor", "strategic", "toxic", "spam", "novelty"):
        assert 0.0 <= getattr(out, name)[0] <= 1.0
    assert out.request_type[0].sum() == pytest.approx(1.0, abs=1e-4)
    assert out.domain[0].sum() == pytest.approx(1.0, abs=1e-4)


_SHARED = TriageModel.load()


def test_what_stands_between_head_and_tail_is_not_even_tokenised(model: TriageModel) -> None:
    blank = model.encoder.tokenise("")
    padded = " " * e.HEAD_CHARS + "some words here " * 65_000 + " " * e.TAIL_CHARS
    assert model.encoder.tokenise(padded) == blank
    assert len(model.encoder.tokenise(padded[1:])) == len(blank) + 1  # the first letter of "some"


def test_threads_get_the_same_vectors(model: TriageModel) -> None:
    texts = [f"request number {number} about parcels" for number in range(24)]
    want = [model.vectors([text]) for text in texts]
    wrong: list[int] = []

    def ask(number: int) -> None:
        for _ in range(5):
            if not np.array_equal(model.vectors([texts[number]]), want[number]):
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_heads_name_every_type_and_domain(model: TriageModel) -> None:
    assert set(model.request_types) == {str(value) for value in RequestType}
    assert set(model.domains) == {str(value) for value in Domain}


def test_what_reads_every_request_fits_in_18_megabytes() -> None:
    files = [path for path in DEFAULT_FOLDER.rglob("*") if path.is_file()]
    files.remove(DEFAULT_FOLDER / RERANKER)  # is opened for messages that answers may fit
    assert sum(path.stat().st_size for path in files) <= 18_000_000


def test_the_version_is_that_of_the_manifest(model: TriageModel) -> None:
    assert model.version == check(DEFAULT_FOLDER)


@pytest.mark.parametrize(
    "name", [ENCODER, "tokenizer.json", "match.json", "novelty.npz", f"heads/{HEAD_NAMES[0]}.npz"]
)
def test_one_altered_byte_is_found(copied: Path, name: str) -> None:
    raw = bytearray((copied / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (copied / name).write_bytes(bytes(raw))
    with pytest.raises(ModelFileError, match="corrupt"):
        TriageModel.load(copied)


def test_a_missing_file_is_named(copied: Path) -> None:
    (copied / ENCODER).unlink()
    with pytest.raises(ModelFileError, match=ENCODER):
        TriageModel.load(copied)


def unlisted(folder: Path, *names: str) -> None:
    """Takes files out of a folder's manifest."""
    described = json.loads((folder / MANIFEST).read_text())
    for name in names:
        del described["files"][name]
    (folder / MANIFEST).write_text(json.dumps(described))


@pytest.mark.parametrize("name", [RARITY, WORDS])
def test_a_file_of_words_that_is_not_listed_is_refused(copied: Path, name: str) -> None:
    unlisted(copied, name)
    with pytest.raises(ModelFileError, match=f"{name} is not listed"):
        TriageModel.load(copied)


def test_a_model_without_lists_of_words_still_reads(copied: Path) -> None:
    for name in (RARITY, WORDS):
        (copied / name).unlink()
    unlisted(copied, RARITY, WORDS)
    model = TriageModel.load(copied)
    assert model.rarity is None
    assert len(model.read(model.encode(["where is my pacel"])).spam) == 1


def test_an_empty_folder_has_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no triage model"):
        TriageModel.load(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 99, "files": {}}', '{"format": 1}'])
def test_a_broken_manifest_is_refused(copied: Path, text: str) -> None:
    (copied / MANIFEST).write_text(text)
    with pytest.raises(ModelFileError):
        TriageModel.load(copied)


def test_known_models_are_of_this_encoder(model: TriageModel) -> None:
    table = json.loads((DEFAULT_FOLDER / "known_models.json").read_text())
    assert table["encoder_sha256"] == model.encoder.sha256


@pytest.fixture(scope="module")
def tokeniser() -> e.Tokeniser:
    return e.Tokeniser(DEFAULT_FOLDER / "tokenizer.json")


@given(st.text(st.characters(min_codepoint=9, max_codepoint=126), max_size=200))
@examples(300)
def test_words_looked_up_give_the_librarys_ids(tokeniser: e.Tokeniser, text: str) -> None:
    found = tokeniser.by_words(text)
    assert found is None or found == tokeniser._opened().encode(text).ids


@pytest.mark.parametrize(
    "text", ["Where is my parcel?", "INV-20931: $4,000\nby Friday", "(a_b) ~^`"]
)
def test_plain_text_is_looked_up_by_words(tokeniser: e.Tokeniser, text: str) -> None:
    assert tokeniser.by_words(text) == tokeniser._opened().encode(text).ids


@pytest.mark.parametrize("text", ["Wo ist mein Päckchen?", "say [MASK]", "a\x00b", "naïve"])
def test_what_could_be_split_otherwise_goes_through_the_library(
    tokeniser: e.Tokeniser, text: str
) -> None:
    assert tokeniser.by_words(text) is None


@pytest.mark.parametrize("text", ["48121", "unsplittably", "zqxj7zq a8b9", "x7" * 20])
def test_an_unknown_word_is_split_as_the_library_splits_it(
    tokeniser: e.Tokeniser, text: str
) -> None:
    assert tokeniser.by_words(text) == tokeniser._opened().encode(text).ids


def test_a_word_without_a_piece_goes_through_the_library() -> None:
    tokeniser = e.Tokeniser(DEFAULT_FOLDER / "tokenizer.json")
    del tokeniser._vocabulary["##q"]
    assert tokeniser.by_words("zq") is None


def test_a_text_of_many_unknown_words_goes_through_the_library(tokeniser: e.Tokeniser) -> None:
    words = [f"zqxj{number}zq" for number in range(e.MOST_SPLIT + 1)]
    assert tokeniser.by_words(" ".join(words[1:])) is not None
    assert tokeniser.by_words(" ".join(words)) is None


def test_a_long_unknown_word_goes_through_the_library(tokeniser: e.Tokeniser) -> None:
    assert tokeniser.by_words("x7" * (e.LONGEST_SPLIT // 2)) is not None
    assert tokeniser.by_words("x7" * (e.LONGEST_SPLIT // 2) + "x") is None


URL_TOKEN = {
    "id": 30_522, "content": "<url>", "single_word": False, "lstrip": False, "rstrip": False,
    "normalized": False, "special": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("added_tokens", [URL_TOKEN]),
        ("post_processor", None),
        ("model.max_input_chars_per_word", 5),
        ("model.continuing_subword_prefix", "@@"),
        ("normalizer.lowercase", False),
    ],
)
def test_another_tokenisers_texts_go_through_the_library(
    tmp_path: Path, path: str, value: object
) -> None:
    described = json.loads((DEFAULT_FOLDER / "tokenizer.json").read_text())
    *steps, last = path.split(".")
    part = described
    for step in steps:
        part = part[step]
    part[last] = [*part[last], *value] if isinstance(value, list) else value
    (tmp_path / "tokenizer.json").write_text(json.dumps(described))
    other = e.Tokeniser(tmp_path / "tokenizer.json")
    text = "See the <url> of my elephant 48121"
    assert other(text) == other._opened().encode(text).ids


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_many_long_texts_leave_no_memory_behind(model: TriageModel) -> None:
    texts = ["please tell me where my parcel is " * 30 + str(i) for i in range(64)]
    model.vectors(texts[:1])
    held = resident_mb()
    model.vectors(texts)
    assert resident_mb() < held + 20


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
