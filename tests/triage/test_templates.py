"""Texts that come again with other numbers need no encoder, where nothing hangs on it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from router.stats.heads import Encoded
from router.stats.ngrams import Grams
from router.triage.batches import templates as module
from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.templates import (
    CALM_BELOW,
    ENTRIES,
    MOST_CHARS,
    Kept,
    Templates,
    is_calm,
)
from router.triage.engine import TriageEngine
from router.triage.reading import ModelRow, TurnReading
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.triage_model import TriageModel
from router.types import Domain, HeadReading, Match, RequestType
from tests.kits.examples import examples

CONFIG = TriageConfig(TermFinder({}), AmountReader({"USD": 1.0}))
SONG = "Write a cheerful song about locomotive {} crossing the green valley"
CALM = ModelRow(
    RequestType.FAQ, 0.9, Domain.GENERAL, 0.9, Domain.LEGAL, 0.01,
    0.5, 0.02, 0.02, 0.02, 0.02, 0.01, 0.01,
)  # fmt: skip


class Counting:
    """Is the shipped model, and counts the texts that it encodes."""

    def __init__(self, model: TriageModel) -> None:
        self._model = model
        self.encoded: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def encode(self, texts: Sequence[str]) -> Encoded:
        self.encoded += texts
        return self._model.encode(texts)


@pytest.fixture
def counting(model: TriageModel) -> Counting:
    return Counting(model)


@pytest.fixture
def engine(counting: Counting) -> TriageEngine:
    return TriageEngine(counting)


def read(engine: TriageEngine, *texts: str) -> list[TurnReading]:
    return engine.reader.read([Asked(text, CONFIG) for text in texts])


@pytest.mark.parametrize(
    "text",
    [
        "I took {} mg of paracetamol this morning",
        "the tank holds {} litres of it",
        "we employ {} people in two towns",
        "please move {} Euros to her",
        "it costs {}\u20ac in all",
        "the drum turns at {} rpm",
    ],
)
def test_a_number_with_a_unit_is_no_name(text: str) -> None:
    assert Templates().key(text.format(9000)) is None


def test_a_number_that_names_something_is_masked() -> None:
    kept = Templates()
    first, second = (kept.key(f"where is order {n} for my people?") for n in (48121, 90377))
    assert first is not None
    assert first == second


def test_calm_text_with_another_number_is_not_encoded_again(
    engine: TriageEngine, counting: Counting
) -> None:
    first, second = read(engine, SONG.format(48121)), read(engine, SONG.format(90377))
    assert counting.encoded == [SONG.format(48121)]
    assert second[0].row.domain is first[0].row.domain
    assert second[0].row.stakes_high == pytest.approx(first[0].row.stakes_high, abs=0.05)


def test_such_a_text_is_read_as_if_it_were_encoded(
    engine: TriageEngine, model: TriageModel
) -> None:
    read(engine, SONG.format(48121))
    (kept,) = read(engine, SONG.format(90377))
    (encoded,) = read(TriageEngine(model), SONG.format(90377))
    assert kept.row.request_type is encoded.row.request_type
    for name in ("stakes_high", "grave", "novelty", "toxic"):
        assert getattr(kept.row, name) == pytest.approx(getattr(encoded.row, name), abs=0.1)


def test_kept_texts_keep_their_places_among_others(
    engine: TriageEngine, counting: Counting, model: TriageModel
) -> None:
    read(engine, SONG.format(48121))
    texts = ["hello there", SONG.format(90377), "integrate x squared over the unit ball"]
    together = read(engine, *texts)
    assert SONG.format(90377) not in counting.encoded
    alone = [read(TriageEngine(model), text)[0] for text in texts]
    assert [one.row.domain for one in together] == [one.row.domain for one in alone]
    assert [one.row.request_type for one in together] == [one.row.request_type for one in alone]


def test_what_is_not_calm_is_encoded_each_time(engine: TriageEngine, counting: Counting) -> None:
    texts = [f"I will sue you over contract {n} and want my money today" for n in (48121, 90377)]
    for text in texts:
        read(engine, text)
    assert counting.encoded == texts


def test_kept_vector_that_reads_as_not_calm_is_not_taken(
    engine: TriageEngine, counting: Counting, model: TriageModel
) -> None:
    reader = engine.reader.model
    assert reader is not None
    grave = "my chest hurts and i want to die in room 4812"
    key = reader.templates.key(grave)
    assert key is not None
    reader.templates.put(key, Kept(model.vectors(["my chest hurts and i want to die"])[0]))
    (found,) = read(engine, grave)
    assert counting.encoded == [grave]
    assert found.row == read(TriageEngine(model), grave)[0].row


def test_sums_are_read_in_each_text(engine: TriageEngine) -> None:
    asked = [f"Write a song about locomotive {n}, it cost $7,500" for n in (48121, 90377)]
    for text in asked:
        (found,) = read(engine, text)
        assert [amount.nano_usd for amount in found.amounts] == [7_500 * 10**9]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order 48121", "order 90377"),
        ("ticket AB-48121, please", "ticket AB-90377, please"),
        ("the summer of 1984.", "the summer of 2011."),
    ],
)
def test_numbers_that_name_something_are_masked(one: str, other: str) -> None:
    templates = Templates()
    assert templates.key(one) == templates.key(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order 48121", "order 9037"),  # another length is another sort of number
        ("order 48121", "Order 48121"),
        ("ticket AB-48121", "ticket AC-48121"),
        ("room 48121 on floor 3", "room 48121 on floor 4"),
        ("$48121 for order 48121", "$90377 for order 48121"),
        ("order 48121 of 5000mg", "order 48121 of 9000mg"),
    ],
)
def test_other_words_sums_measures_are_not_masked(one: str, other: str) -> None:
    templates = Templates()
    assert templates.key(one) != templates.key(other)


@pytest.mark.parametrize("text", ["order 123", "pay $48121", "5000mg", "no number", "x" * 500])
def test_text_without_such_a_number_has_no_key(text: str) -> None:
    assert Templates().key(text) is None


def test_documents_have_no_key() -> None:
    number = " 48121"
    assert Templates().key("x" * (MOST_CHARS - len(number)) + number) is not None
    assert Templates().key("x" * (MOST_CHARS - len(number) + 1) + number) is None


@given(st.text(max_size=60), st.integers(1000, 10**9), st.randoms(use_true_random=False))
@examples(100)
def test_key_is_that_of_the_masked_text_alone(text: str, number: int, draw: object) -> None:
    templates = Templates()
    digits = str(number)
    other = "".join(draw.choice("0123456789") for _ in digits)  # type: ignore[attr-defined]
    one, two = f"{text} order {digits} ok", f"{text} order {other} ok"
    assert (templates.key(one) == templates.key(two)) or re.search(r"\d", text) is not None


def test_what_is_kept_is_bounded() -> None:
    templates = Templates(entries=100)
    for n in range(1_000):
        templates.put(n.to_bytes(16, "big"), Kept(np.zeros(4, np.float32)))
    assert 50 <= len(templates) <= 100
    assert ENTRIES <= 10_000


def test_only_vectors_are_kept_by_keyed_digests() -> None:
    one, other = Templates(), Templates()
    key = one.key("order 48121")
    assert key is not None
    assert len(key) == 16
    assert key != other.key("order 48121")
    batch = np.arange(8, dtype=np.float32).reshape(2, 4)
    one.put(key, Kept(batch[1]))
    kept = one.get(key)
    assert kept is not None
    assert kept.vector.base is None  # a view would keep the vectors of the whole batch
    assert set(vars(one)) == {"_secret", "_kept"}


def test_a_reading_far_from_every_bound_is_calm() -> None:
    assert is_calm(CALM, None, frozenset())


@pytest.mark.parametrize(
    "changed",
    [
        {"stakes_high": module.CALM_STAKES},
        {"grave": CALM_BELOW},
        {"toxic": CALM_BELOW},
        {"multi_factor": module.CALM_MANY},
        {"strategic": CALM_BELOW},
        {"novelty": 0.5},
        {"heads": (HeadReading("urgent", (("urgent", 0.5),)),)},
        {"heads": (HeadReading("harm", (("harm", CALM_BELOW),)),)},
    ],
)
def test_a_reading_near_a_bound_is_not_calm(changed: dict[str, object]) -> None:
    assert not is_calm(CALM._replace(**changed), None, frozenset({"harm"}))


def test_a_text_that_an_answer_may_fit_is_not_calm() -> None:
    likely = Match("order_status", module.CALM_MATCH, 0.7, 0.2)
    assert not is_calm(CALM, likely, frozenset())
    assert is_calm(CALM, replace(likely, confidence=0.1), frozenset())


def test_kind_of_harm_says_nothing_where_there_is_none() -> None:
    kind = HeadReading("kind", (("drugs", 0.5), ("fraud", 0.3)))
    assert is_calm(CALM._replace(heads=(kind,)), None, frozenset({"kind"}))


def test_texts_of_two_batches_are_joined(model: TriageModel) -> None:
    texts = ["where is my order", "hello", "thank you"]
    whole = model.encode(texts)
    joined = whole[np.array([0])] + whole[np.array([1, 2])]
    assert np.array_equal(joined.vectors, whole.vectors)
    for name in Grams.__slots__:
        assert np.array_equal(getattr(joined.grams, name), getattr(whole.grams, name))
