"""The check of citations: what it leaves out, and its figures on pairs that fitted nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from router.documents.index.matrix import Floats
from router.documents.support import WEIGHTS, Supporter
from router.triage.triage_model import TriageModel
from tests.kits.support_pairs import features_of, figures, pairs_of

SOURCE = "Goods can be returned within 30 days. The refund goes to the card that was used."


@pytest.mark.parametrize(
    ("sentence", "borne"),
    [
        ("Goods can be returned within 30 days.", True),
        ("The refund goes to the card that was used.", True),
        ("Goods can be returned within 60 days.", False),
        ("Goods cannot be returned within 30 days.", False),
        ("Goods can be returned to Mr Castle within 30 days.", False),
        ("The shop was founded by two sisters.", False),
    ],
)
def test_one_changed_fact_is_not_borne_out(sentence: str, borne: bool) -> None:
    assert (Supporter().chances([sentence], [SOURCE])[0][0] >= 0.6) == borne


def test_each_sentence_is_held_against_each_source() -> None:
    found = Supporter().chances(["Goods can be returned within 30 days.", "x"], [SOURCE, "Other."])
    assert [len(row) for row in found] == [2, 2]
    assert found[0][0] > found[0][1]


class CountingEncoder:
    """Gives each text the same vector, and notes which texts it was given."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def vectors(self, texts: Sequence[str]) -> Floats:
        self.read += texts
        return np.full((len(texts), 4), 0.5, dtype=np.float32)


def test_encoder_reads_sentences_and_sources_whole_and_no_single_words() -> None:
    encoder, sentences = CountingEncoder(), ["Parcels come back within a month.", "We are closed."]
    Supporter(encoder).chances(sentences, [SOURCE, "Other."])
    goods, refund = "Goods can be returned within 30 days.", SOURCE[38:]
    assert encoder.read == [*sentences, SOURCE, "Other.", goods, refund, "Other."]


def test_each_feature_has_a_weight() -> None:
    """One whose weight is 0 is worked out for nothing, for each cited answer."""
    assert all(WEIGHTS)


def test_sets_are_large_and_apart() -> None:
    dev, test = pairs_of("dev"), pairs_of("test")
    assert len(test) >= 150
    assert not {p.source for p in dev} & {p.source for p in test}


@pytest.mark.slow
def test_figures_on_the_test_pairs_are_what_the_guide_says() -> None:
    supporter, test = Supporter(TriageModel.load()), pairs_of("test")
    chances = np.array([supporter.chances([p.sentence], [p.source])[0][0] for p in test])
    found = figures(chances, np.array([p.borne for p in test]))
    assert found.f1_unsupported >= 0.78
    assert found.f1 >= 0.64
    assert len(features_of(test[:2], supporter)) == 2
