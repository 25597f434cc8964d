"""Close reading of grave matters: by whom a text is read, and what it then says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from router.stats.heads import Embeddings
from router.triage.close_reading.matters import GraveChance
from router.triage.close_reading.reader import Seen
from router.triage.grave import GraveReading, told_of
from router.types import Matter
from tests.kits.close_kit import (
    ENGLISH_TEXT,
    WIDTH,
    chance,
    guessing,
    matters,
    never,
    ones,
    reader,
)


def graver(
    of_reader: float, text: str = ENGLISH_TEXT, language: str = "en", **changed: object
) -> dict[int, GraveChance]:
    one = reader(**{"grave": matters(), **changed})
    reading = GraveReading(of_reader, Matter.LEGAL, 0.0, language)
    return dict(one.read([text], [told_of(text)], [0.0], None, [reading]).grave)


def test_a_matter_of_which_its_reader_is_unsure_is_read_closely() -> None:
    found = graver(0.5)[0]
    assert found.grave > 0.9
    assert found.matter is Matter.POISON


def test_a_calm_text_is_not_read_for_matters() -> None:
    assert graver(0.39, encode=never) == {}


def test_matters_of_other_languages_count_as_their_reader_has_them() -> None:
    assert graver(0.5, encode=never, text="", language="de") == {}


def test_both_chances_come_from_one_run_of_the_encoder() -> None:
    runs: list[int] = []

    def counted(rows: Sequence[Sequence[int]]) -> Embeddings:
        runs.append(len(rows))
        return ones(rows)

    one = reader(encode=counted, grave=matters())
    texts = [ENGLISH_TEXT] * 3
    readings = [GraveReading(p, Matter.LEGAL, 0.0, "en") for p in (0.1, 0.5, 0.5)]
    found = one.read(texts, [told_of(text) for text in texts], [0.9, 0.9, 0.1], None, readings)
    assert runs == [3]
    assert sorted(found.chances) == [0, 1]
    assert sorted(found.grave) == [1, 2]


def test_a_text_of_which_only_the_beginning_is_encoded_is_not_lowered() -> None:
    calm = matters(by_encoder=-1.0)
    assert graver(0.9, grave=calm) == {}  # the tokeniser of this test gives 200 tokens
    assert graver(0.9, grave=calm, tokenise=lambda text: [1] * 20)[0].grave < 0.1


def test_the_reading_of_matters_is_weighed_with_that_of_their_reader() -> None:
    even = matters(by_encoder=0.0, by_reader=1.0)
    assert graver(0.7, grave=even, tokenise=lambda text: [1])[0].grave == pytest.approx(0.7)


def test_what_is_read_for_its_matter_needs_no_guess() -> None:
    one = reader(guess=guessing(-3.0, margin=1.0), grave=matters())
    known = Seen(np.zeros((1, WIDTH), np.float32), lambda places, highest: highest >= 1.0, [1])
    unsure = [GraveReading(0.5, Matter.LEGAL, 0.0, "en")]
    found = one.read([ENGLISH_TEXT], [told_of(ENGLISH_TEXT)], [0.5], known, unsure)
    assert found.chances[0] == pytest.approx(chance(3.0))
    assert found.grave[0].matter is Matter.POISON


@pytest.mark.parametrize(
    ("grave", "among", "is_read"),
    [(0.5, 1, True), (0.5, 9, True), (0.5, 10, False), (0.9, 80, True), (0.9, 82, False)],
)
def test_a_sentence_counts_as_one_among_others_where_the_encoder_may_read_it(
    grave: float, among: int, is_read: bool
) -> None:
    one = reader(grave=matters())
    known = Seen(np.zeros((1, WIDTH), np.float32), lambda places, highest: highest >= 2.0, [among])
    unsure = [GraveReading(grave, Matter.LEGAL, 0.0, "en")]
    found = one.read([ENGLISH_TEXT], [told_of(ENGLISH_TEXT)], [0.0], known, unsure)
    assert (0 in found.grave) is is_read
