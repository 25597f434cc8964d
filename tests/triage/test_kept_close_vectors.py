"""A text that came before with another number is read closely without the larger encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from router.stats.calibration import Platt
from router.stats.heads import IDENTITY, Embeddings, Head, HeadKind
from router.stats.ngrams import BUCKETS
from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.close_reading.reader import CloseReader, Mixture
from router.triage.engine import TriageEngine
from router.triage.grave import TABLES, told_of
from router.triage.own_heads import OwnHeads
from router.triage.reading import TurnReading
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.triage_model import TriageModel

SONG = "Write a cheerful song about locomotive {} crossing the green valley"
LONG = "song " * 70 + "locomotive {}"  # below 400 characters, and no more than is encoded


class Larger:
    """Stands in for the larger encoder: its odds are the sum of a text's ids, times `factor`."""

    def __init__(self, factor: float = 0.0) -> None:
        self.factor = factor
        self.read: list[int] = []

    def __call__(self, rows: Sequence[Sequence[int]]) -> Embeddings:
        self.read += [len(row) for row in rows]
        return np.array([[self.factor * sum(row)] for row in rows], np.float32)


def close(model: TriageModel, encode: Larger, bias: float, network: str = "one") -> CloseReader:
    return CloseReader(
        encode=encode,
        tokenise=model.encoder.tokenise,
        weight=np.ones(1, np.float32),
        bias=bias,
        table=np.zeros((TABLES * BUCKETS, 1), np.float32),
        table_bias=np.zeros(TABLES, np.float32),
        mixture=Mixture(encoder=1.0, characters=0.0),
        calibrators=(Platt(1.0, 0.0),) * TABLES,
        least=0.3,
        network=network,
    )


def asked(model: TriageModel, encode: Larger, bias: float, network: str = "one") -> TriageConfig:
    """Returns a policy whose head `harm` is unsure of every text; the close reader says `bias`."""
    width = model.encoder.width
    head = Head(
        "harm", HeadKind.CHANCE, ("harm",), np.zeros((width, 1), np.float32),
        np.zeros(1, np.float32), IDENTITY, model.encoder.sha256,
    )  # fmt: skip
    own = OwnHeads.of(model.stack.heads, [head], {"harm": close(model, encode, bias, network)})
    return TriageConfig(
        TermFinder({}), AmountReader({"USD": 1.0}), None, own, momentary=frozenset({"harm"})
    )


def read(engine: TriageEngine, config: TriageConfig, *texts: str) -> list[TurnReading]:
    return engine.reader.read([Asked(text, config) for text in texts])


def harm(reading: TurnReading) -> float:
    return dict(reading.row.heads[0].classes)["harm"]


def test_the_larger_encoder_reads_a_calm_template_once(model: TriageModel) -> None:
    larger, engine = Larger(), TriageEngine(model)
    config = asked(model, larger, -4.0)
    (first,), (second,) = (read(engine, config, SONG.format(n)) for n in (48121, 90377))
    assert len(larger.read) == 1
    assert harm(first) == harm(second) == pytest.approx(1.0 / (1.0 + np.exp(4.0)), abs=1e-5)


def test_kept_vectors_stand_beside_those_of_new_texts(model: TriageModel) -> None:
    larger, engine = Larger(-1e-6), TriageEngine(model)
    config = asked(model, larger, -4.0)
    read(engine, config, SONG.format(48121))
    new = "What is the tallest mountain of Peru?"
    found = read(engine, config, new, SONG.format(90377), "Which trees grow fast?")
    alone = [read(TriageEngine(model), config, text)[0] for text in (new, SONG.format(48121))]
    assert [harm(one) for one in found[:2]] == [harm(one) for one in alone]
    assert len(larger.read) == 1 + 2 + 2


def test_what_is_not_calm_is_read_closely_each_time(model: TriageModel) -> None:
    larger, engine = Larger(), TriageEngine(model)
    config = asked(model, larger, 1.0)
    for number in (48121, 90377):
        read(engine, config, SONG.format(number))
    assert len(larger.read) == 2


def test_a_text_that_was_calm_and_is_not_is_read_anew(model: TriageModel) -> None:
    larger, engine = Larger(), TriageEngine(model)
    read(engine, asked(model, larger, -4.0), SONG.format(48121))
    strict = asked(model, larger, 1.0)  # the same text, where another policy is unsure of it
    (found,) = read(engine, strict, SONG.format(90377))
    assert len(larger.read) == 2
    assert harm(found) == pytest.approx(1.0 / (1.0 + np.exp(-1.0)), abs=1e-5)


def test_a_policy_that_reads_closely_later_keeps_what_it_reads(model: TriageModel) -> None:
    engine, larger = TriageEngine(model), Larger()
    plain = TriageConfig(TermFinder({}), AmountReader({"USD": 1.0}))
    read(engine, plain, SONG.format(48121))
    config = asked(model, larger, -4.0)
    for number in (90377, 11872, 55021):
        read(engine, config, SONG.format(number))
    assert len(larger.read) == 1


def test_a_network_reads_what_only_another_one_has_read(model: TriageModel) -> None:
    one, other, engine = Larger(), Larger(-1e-6), TriageEngine(model)
    read(engine, asked(model, one, -4.0), SONG.format(48121))
    strict = asked(model, other, -4.0, network="two")
    found = [read(engine, strict, SONG.format(n))[0] for n in (90377, 11872)]
    (alone,) = read(TriageEngine(model), strict, SONG.format(90377))
    assert [harm(reading) for reading in found] == [harm(alone)] * 2
    assert (len(one.read), len(other.read)) == (1, 1 + 1)


def test_only_texts_that_were_read_whole_are_kept(model: TriageModel) -> None:
    larger = Larger()
    one, text = close(model, larger, -4.0), "rhyme " * 200
    found = one.read([text], [told_of(text)], [0.5])
    assert found.chances.keys() == {0}
    assert found.vectors == {}
    short = one.read([LONG], [told_of(LONG)], [0.5], kept={0: np.zeros(1, np.float32)})
    assert short.vectors.keys() == {0}
    assert len(larger.read) == 1
