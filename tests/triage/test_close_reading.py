"""Close reading: what a head is unsure of is read once more, by a larger encoder and characters."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from router.errors import ModelFileError, PolicyError
from router.policy.loading import load_policy
from router.stats import heads
from router.stats.char_grams import counted_chars
from router.stats.heads import IDENTITY, Embeddings, Head, HeadKind
from router.stats.ngrams import BUCKETS
from router.triage.batches.asked import Asked, ReadingUse
from router.triage.batches.config import TriageConfig
from router.triage.batches.model_reader import ModelReader
from router.triage.close_reading import file
from router.triage.close_reading.guess import NEAR, Bounds, Guess
from router.triage.close_reading.matters import CloseGrave
from router.triage.close_reading.reader import CloseReader, Mixture, Seen
from router.triage.engine import TriageEngine
from router.triage.grave import CLASSES, ENGLISH, LATIN, TABLES, GraveReading, told_of
from router.triage.other_readings import GLOSSED_AT
from router.triage.own_heads import OwnHeads, sharpened
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel
from router.triage.utterances import Described
from router.types import HeadReading, Match, Matter
from tests.kits.close_kit import (
    ENGLISH_TEXT,
    GERMAN_TEXT,
    WIDTH,
    chance,
    guessing,
    matters,
    never,
    reader,
)
from tests.policy.test_policy_heads import policy_file


def read(one: CloseReader, text: str, of_head: float) -> dict[int, float]:
    return dict(one.read([text], [told_of(text)], [of_head]).chances)


def test_calm_english_text_is_not_read_closely() -> None:
    assert read(reader(encode=never), ENGLISH_TEXT, 0.29) == {}


def test_english_text_of_which_the_head_is_unsure_gets_the_mixture() -> None:
    found = read(reader(), ENGLISH_TEXT, 0.3)
    assert found[0] == pytest.approx(chance(3.0), abs=1e-6)


def test_other_languages_are_read_by_characters_alone() -> None:
    assert read(reader(encode=never), GERMAN_TEXT, 0.0)[0] == pytest.approx(chance(1.0))


def test_pieces_of_a_word_count_in_the_table_of_the_language() -> None:
    table = np.zeros((TABLES * BUCKETS, 1), np.float32)
    words, _ = told_of(GERMAN_TEXT)
    buckets, weights = counted_chars(words)
    table[LATIN * BUCKETS + buckets] = 2.0
    odds = 1.0 + 2.0 * float(weights.sum())
    assert read(reader(table=table), GERMAN_TEXT, 0.0)[0] == pytest.approx(chance(odds), abs=1e-5)


def seen(one: CloseReader, lowest: float, of_head: float = 0.5) -> float:
    """Returns the chance of an English text where the policy asks for at least `lowest`."""
    known = Seen(np.zeros((1, WIDTH), np.float32), lambda places, highest: highest >= lowest, [1])
    read_closely = one.read([ENGLISH_TEXT], [told_of(ENGLISH_TEXT)], [of_head], known)
    return read_closely.chances[0]


def test_text_that_cannot_reach_what_the_policy_asks_for_is_spared_the_encoder() -> None:
    one = reader(encode=never, guess=guessing(-3.0, margin=4.0))
    assert seen(one, lowest=chance(1.01)) == pytest.approx(chance(-3.0))


def test_text_that_may_reach_what_the_policy_asks_for_is_read_by_the_encoder() -> None:
    one = reader(guess=guessing(-3.0, margin=4.0))
    assert seen(one, lowest=chance(0.99)) == pytest.approx(chance(3.0))


def test_guess_reads_head_characters_vector() -> None:
    guess = Guess(np.array([2.0, 0.0], np.float32), 0.5, 0.25, 1.0, 0.0)
    vectors = np.array([[1.0, 0.0]], np.float32)
    assert guess(vectors, np.array([0.5]), np.array([4.0])) == pytest.approx([2.0 + 1.0 + 1.0])


@given(
    guessed=st.floats(-8, 8), above=st.floats(-8, 2), margin=st.floats(2, 8), at=st.floats(0.01, 1)
)
def test_guess_changes_no_decision_where_the_encoder_is_within_the_margin(
    guessed: float, above: float, margin: float, at: float
) -> None:
    says = guessed + above

    def encode(rows: Sequence[Sequence[int]]) -> Embeddings:
        return np.full((len(rows), WIDTH), says / WIDTH, np.float32)

    whole = reader(encode=encode, bias=0.0)
    spared = reader(encode=encode, bias=0.0, guess=guessing(guessed, margin))
    full = seen(whole, at)
    assume(abs(full - at) > 1e-6)
    assert (seen(spared, at) >= at) == (full >= at)


def test_close_readings_stand_in_for_those_of_the_head() -> None:
    heads_read = (HeadReading("a", (("a", 0.1),)), HeadReading("harm", (("harm", 0.2),)))
    close = (HeadReading("harm", (("harm", 0.9),)),)
    assert sharpened(heads_read, close) == (heads_read[0], close[0])
    assert sharpened(heads_read, ()) is heads_read


@pytest.fixture
def saved(tmp_path: Path, model: TriageModel) -> Path:
    """Returns the description of a reader with the small encoder, whose odds are always 4."""
    path = tmp_path / "heads" / "harm_close.json"
    path.parent.mkdir()
    shutil.copyfile(DEFAULT_FOLDER / "encoder.onnx", path.with_suffix(file.ONNX))
    width = model.encoder.width
    one = reader(
        encode=model.encoder.encode_rows,
        tokenise=model.encoder.tokenise,
        weight=np.zeros(width, np.float32),
        bias=4.0,
        mixture=Mixture(1.0, 0.0),
    )
    file.save(one, path.with_suffix(file.ONNX), path, model.encoder.sha256)
    return path


def test_a_saved_reader_reads_the_same(saved: Path, model: TriageModel) -> None:
    one = file.load(saved, model.encoder)
    assert read(one, ENGLISH_TEXT, 0.5)[0] == pytest.approx(chance(4.0))
    assert read(one, GERMAN_TEXT, 0.5)[0] == pytest.approx(chance(1.0))
    assert one.least == 0.3
    assert one.guess is None
    assert one.table.shape == (TABLES * BUCKETS, 1)


def test_a_saved_reader_guesses_the_same(saved: Path, model: TriageModel) -> None:
    one = file.load(saved, model.encoder)
    width = model.encoder.width
    guess = Guess(np.linspace(0.0, 1.0, width, dtype=np.float32), 0.5, 0.25, -1.0, 6.0)
    file.save(
        msgspec.structs.replace(one, guess=guess), saved.with_suffix(file.ONNX), saved,
        model.encoder.sha256,
    )  # fmt: skip
    again = file.load(saved, model.encoder).guess
    assert again is not None
    assert np.array_equal(again.weight, guess.weight)
    assert (again.by_head, again.by_characters, again.bias, again.margin) == (0.5, 0.25, -1.0, 6.0)


def test_a_saved_reader_reads_the_same_matters(saved: Path, model: TriageModel) -> None:
    width = model.encoder.width
    weight = np.random.default_rng(1).normal(size=(width, len(CLASSES))).astype(np.float32)
    both = reader(
        encode=model.encoder.encode_rows,
        tokenise=model.encoder.tokenise,
        weight=np.zeros(width, np.float32),
        grave=msgspec.structs.replace(matters(), weight=weight),
    )
    file.save(both, saved.with_suffix(file.ONNX), saved, model.encoder.sha256)
    loaded = file.load(saved, model.encoder)
    asked = ([ENGLISH_TEXT], [told_of(ENGLISH_TEXT)], [0.0])
    unsure = [GraveReading(0.5, Matter.LEGAL, 0.0, "en")]
    assert loaded.read(*asked, None, unsure).grave == both.read(*asked, None, unsure).grave


def test_weights_of_other_matters_are_refused(saved: Path, model: TriageModel) -> None:
    one = reader(
        weight=np.zeros(WIDTH, np.float32),
        grave=CloseGrave(
            np.zeros((WIDTH, 2), np.float32), np.zeros(2, np.float32), 1.0, 0.0, 0.0, 0.4
        ),
    )
    file.save(one, saved.with_suffix(file.ONNX), saved, model.encoder.sha256)
    with pytest.raises(ModelFileError, match="classes"):
        file.load(saved, model.encoder)


def test_a_file_that_is_replaced_after_loading_is_not_read(saved: Path, model: TriageModel) -> None:
    one = file.load(saved, model.encoder)
    other = saved.with_suffix(".other")
    other.write_bytes(saved.with_suffix(file.ONNX).read_bytes() + b"x")
    other.replace(saved.with_suffix(file.ONNX))
    with pytest.raises(ModelFileError, match="no longer"):
        read(one, ENGLISH_TEXT, 0.5)


@pytest.mark.parametrize("suffix", [file.ARRAYS, file.ONNX])
def test_an_altered_file_is_refused(saved: Path, model: TriageModel, suffix: str) -> None:
    with saved.with_suffix(suffix).open("ab") as out:
        out.write(b"x")
    with pytest.raises(ModelFileError, match="corrupt"):
        file.load(saved, model.encoder)


def test_a_reader_of_another_triage_model_is_refused(saved: Path, model: TriageModel) -> None:
    another = copy.copy(model.encoder)
    another.sha256 = "0" * 64
    with pytest.raises(ModelFileError, match="another triage model"):
        file.load(saved, another)


def harm_head(model: TriageModel, bias: float) -> Head:
    width = model.encoder.width
    return Head(
        "harm", HeadKind.CHANCE, ("harm",), np.zeros((width, 1), np.float32),
        np.array([bias], np.float32), IDENTITY, model.encoder.sha256,
    )  # fmt: skip


def chances_of(model: TriageModel, own: OwnHeads | None, *texts: str) -> list[float]:
    config = TriageConfig(TermFinder({}), AmountReader({"USD": 1.0}), None, own)
    found = TriageEngine(model).reader.read([Asked(text, config) for text in texts])
    return [dict(one.row.heads[0].classes)["harm"] for one in found]


def test_a_policy_reads_the_chance_of_the_close_reader(saved: Path, model: TriageModel) -> None:
    close = {"harm": file.load(saved, model.encoder)}
    own = OwnHeads.of(model.stack.heads, [harm_head(model, 0.0)], close)
    texts = (ENGLISH_TEXT, "what is the capital of france")
    assert chances_of(model, own, *texts) == pytest.approx([chance(4.0)] * 2, abs=1e-5)


def test_a_policy_keeps_the_calm_chance_of_the_head(saved: Path, model: TriageModel) -> None:
    close = {"harm": file.load(saved, model.encoder)}
    own = OwnHeads.of(model.stack.heads, [harm_head(model, -3.0)], close)
    assert chances_of(model, own, ENGLISH_TEXT) == pytest.approx([chance(-3.0)], abs=1e-5)


class Nearest:
    """Knows no answer but `match`; a text is so near to what is approved."""

    highest = 0.9

    def __init__(self, cosine: float, match: Match | None = None) -> None:
        self._cosine, self._match = cosine, match

    def nearest(self, vector: np.ndarray) -> float:
        return self._cosine

    def written(self, text: str) -> None:
        return None

    def match(self, described: Described, texts: Sequence[str]) -> list[Match | None]:
        return [self._match] * len(texts)


def guessed(
    saved: Path,
    model: TriageModel,
    answers: Nearest,
    use: ReadingUse = ReadingUse.ALL,
    among: int = 1,
) -> float:
    """Returns the chance of a text that may reach the bound near approved questions alone."""
    one = file.load(saved, model.encoder)
    guess = Guess(np.zeros(model.encoder.width, np.float32), 0.0, 0.0, 0.0, 2.0)
    close = {"harm": msgspec.structs.replace(one, guess=guess)}
    own = OwnHeads.of(model.stack.heads, [harm_head(model, 1.0)], close)
    config = TriageConfig(
        TermFinder({}), AmountReader({"USD": 1.0}), answers, own,
        bounds={"harm": Bounds(apart=chance(3.0), near=chance(1.0))},
    )  # fmt: skip
    batch = ModelReader(model).begin([Asked(ENGLISH_TEXT, config, use=use, among=among)])
    batch.encode()
    (row,), _ = batch.rows()
    return dict(row.heads[0].classes)["harm"]


@pytest.mark.parametrize(
    ("nearest", "matched", "expected"),
    [(NEAR, None, 4.0), (NEAR - 0.01, None, 0.0), (0.0, NEAR, 4.0), (NEAR, NEAR - 0.01, 4.0)],
)
def test_text_near_an_approved_question_has_the_bound_of_the_shelf(
    saved: Path, model: TriageModel, nearest: float, matched: float | None, expected: float
) -> None:
    match = None if matched is None else Match("hours", 0.1, matched, 0.0)
    read_as = guessed(saved, model, Nearest(nearest, match))
    assert read_as == pytest.approx(chance(expected), abs=1e-5)


@pytest.mark.parametrize(
    ("use", "confidence", "expected"),
    [
        (ReadingUse.IF_KNOWN, GLOSSED_AT, 4.0),
        (ReadingUse.IF_KNOWN, GLOSSED_AT - 0.01, 1.0),
        (ReadingUse.MATCH, GLOSSED_AT, 1.0),
        (ReadingUse.HEADS, GLOSSED_AT, 1.0),
    ],
)
def test_a_text_of_which_little_is_used_keeps_the_chance_of_the_head(
    saved: Path, model: TriageModel, use: ReadingUse, confidence: float, expected: float
) -> None:
    answers = Nearest(NEAR, Match("hours", confidence, NEAR, 0.0))
    read_as = guessed(saved, model, answers, use)
    assert read_as == pytest.approx(chance(expected), abs=1e-5)


def test_a_policy_reads_grave_matters_closely(saved: Path, model: TriageModel) -> None:
    width = model.encoder.width
    sure = np.zeros(len(CLASSES), np.float32)
    sure[CLASSES.index("fraud")] = 9.0
    grave = CloseGrave(np.zeros((width, len(CLASSES)), np.float32), sure, 1.0, 0.0, 0.0, 0.0)
    one = reader(
        encode=model.encoder.encode_rows,
        tokenise=model.encoder.tokenise,
        weight=np.zeros(width, np.float32),
        grave=grave,
    )
    own = OwnHeads.of(model.stack.heads, [harm_head(model, -3.0)], {"harm": one})
    config = TriageConfig(TermFinder({}), AmountReader({"USD": 1.0}), None, own)
    found = TriageEngine(model).reader.read([Asked(ENGLISH_TEXT, config)])[0]
    assert found.row.grave > 0.9
    assert found.row.matter is Matter.FRAUD
    assert dict(found.row.heads[0].classes)["harm"] == pytest.approx(chance(-3.0), abs=1e-5)


def test_a_policy_names_its_close_reader(saved: Path, model: TriageModel) -> None:
    heads.save(harm_head(model, 0.0), saved.parent)
    named = "heads: [{name: harm, path: heads/harm.json, close: heads/harm_close.json}]"
    path = policy_file(saved.parent.parent, named)
    assert load_policy(path, {}).policy.heads[0].close == "heads/harm_close.json"


def test_a_lost_close_reader_is_a_mistake_of_the_policy(saved: Path, model: TriageModel) -> None:
    heads.save(harm_head(model, 0.0), saved.parent)
    named = "heads: [{name: harm, path: heads/harm.json, close: heads/lost.json}]"
    with pytest.raises(PolicyError, match="lost"):
        load_policy(policy_file(saved.parent.parent, named), {})


def test_a_head_of_classes_has_no_close_reader(saved: Path, model: TriageModel) -> None:
    width = model.encoder.width
    classes = replace(
        harm_head(model, 0.0), name="kind", kind=HeadKind.CLASSES, classes=("a", "b"),
        weight=np.zeros((width, 2), np.float32), bias=np.zeros(2, np.float32),
    )  # fmt: skip
    heads.save(classes, saved.parent)
    named = "heads: [{name: kind, path: heads/kind.json, close: heads/harm_close.json}]"
    with pytest.raises(PolicyError, match="one chance"):
        load_policy(policy_file(saved.parent.parent, named), {}, None, model.encoder.sha256)


def test_english_is_the_first_table() -> None:
    assert (ENGLISH, LATIN) == (0, 1)


@pytest.mark.parametrize(("among", "expected"), [(1, 4.0), (2, 4.0), (4, 0.0)])
def test_a_sentence_counts_as_one_among_others_for_what_the_policy_asks(
    saved: Path, model: TriageModel, among: int, expected: float
) -> None:
    read_as = guessed(saved, model, Nearest(NEAR), ReadingUse.HARM, among)
    assert read_as == pytest.approx(chance(expected), abs=1e-5)
