"""Synthetic texts: approved by reviewers, marked, beside their own request, and never real."""

from __future__ import annotations

import msgspec
import pytest

from router.learning import synthetic
from router.learning.card import card
from router.learning.dataset import Dataset, Options, build, manifest_of
from router.learning.export import Target, export
from router.learning.rows import DatasetRow, Source, Split
from router.ledger.row_reading import SYNTHESIZE
from tests.kits.books.ledger_rows import NOW_MS
from tests.kits.past_kit import past

WRITTEN = "My parcel never came, what now?"


def real(name: str = "r1", at: int = 0, text: str = "Where is my order, please?"):  # type: ignore[no-untyped-def]
    return past(name, text, at=at, said={"correct": True})


def written(name: str, seed: synthetic.Seed, at: int = 5, text: str = WRITTEN, **told: object):  # type: ignore[no-untyped-def]
    asked = synthetic.instruction(seed, 0)
    said = {"correct": told.pop("correct")} if "correct" in told else None
    return past(name, asked, text, at=at, said=said, endpoint=SYNTHESIZE, **told)


def seed() -> synthetic.Seed:
    """Returns the seed that the real request r1 gives."""
    return synthetic.seeds(made(real()).rows, "acme", NOW_MS)[0]


def made(*requests: object, test: float = 0.0) -> Dataset:
    return build(requests, Options(dev=0.0, test=test))  # type: ignore[arg-type]


def of_source(dataset: Dataset) -> list[DatasetRow]:
    return [row for row in dataset.rows if row.source is Source.SYNTHETIC]


def test_an_approved_text_is_a_row_with_the_answer_of_its_source() -> None:
    (row,) = of_source(made(real(), written("s1", seed(), correct=True)))
    assert (row.text, row.prompt) == (WRITTEN, f"user: {WRITTEN}")
    assert (row.answer, row.right, row.split) == ("It is on its way.", True, Split.TRAIN)
    assert row.weight == synthetic.WEIGHT


def test_a_corrected_text_is_a_row_in_the_reviewers_words() -> None:
    corrected = written("s1", seed(), correct=False, texts={"reviewed": "Where is my order now?!"})
    (row,) = of_source(made(real(), corrected))
    assert row.text == "Where is my order now?!"


@pytest.mark.parametrize("told", [{}, {"correct": False}])
def test_a_text_that_nobody_approved_is_no_row(told: dict[str, object]) -> None:
    dataset = made(real(), written("s1", seed(), **told))
    assert of_source(dataset) == []
    assert dataset.dropped == {"not_approved": 1}


def test_a_synthetic_text_is_no_request_of_the_period() -> None:
    dataset = made(real(), written("s1", seed(), correct=True))
    assert [one.decision for one in dataset.observed] == ["dec_r1"]


def test_a_synthetic_text_only_teaches_even_if_it_is_the_latest() -> None:
    others = [real(f"r{n}", n, f"Where is order {n} with {n} things?") for n in range(2, 12)]
    dataset = made(real(), *others, written("s1", seed(), at=900, correct=True), test=0.3)
    assert [row.split for row in of_source(dataset)] == [Split.TRAIN]
    assert all(
        row.source is not Source.SYNTHETIC for row in dataset.rows if row.split is not Split.TRAIN
    )


def test_a_synthetic_text_goes_no_later_than_its_source() -> None:
    source = seed()
    sooner = msgspec.structs.replace(source, expires_at_ms=source.expires_at_ms - 1)
    (row,) = of_source(made(real(), written("s1", sooner, correct=True)))
    assert row.expires_at_ms == source.expires_at_ms - 1


def test_a_text_whose_source_judges_is_left_out() -> None:
    others = [real(f"r{n}", -n, f"Where is order {n} with {n} things?") for n in range(2, 12)]
    dataset = made(*others, real(), written("s1", seed(), correct=True), test=0.3)
    assert of_source(dataset) == []
    assert dataset.dropped["seed_judges"] == 1


def test_the_card_names_synthetic_rows_and_their_weight() -> None:
    dataset = made(real(), written("s1", seed(), correct=True))
    text = "\n".join(card(manifest_of(dataset), NOW_MS))
    assert "synthetic  1 rows by an answerer, approved by reviewers: weight 0.5" in text
    assert "1 synthetic" in text


def test_only_supervised_training_gets_synthetic_rows_with_their_mark() -> None:
    rows = made(real(), written("s1", seed(), correct=True)).rows
    lines = export(rows, Target.MESSAGES, [Split.TRAIN], "", NOW_MS).lines
    assert sum(b'"synthetic":true' in line for line in lines) == 1
    for target in (Target.ANSWERS, Target.OUTCOMES):
        assert len(export(rows, target, [Split.TRAIN], "", NOW_MS).lines) == 1


def test_texts_of_another_tenant_are_no_seed() -> None:
    assert synthetic.seeds(made(real()).rows, "other", NOW_MS) == []


def test_a_synthetic_row_is_no_seed() -> None:
    dataset = made(real(), written("s1", seed(), correct=True))
    assert len(synthetic.seeds(dataset.rows, "acme", NOW_MS)) == 1


def test_a_seed_comes_back_from_its_instruction() -> None:
    assert synthetic.seed_of(synthetic.instruction(seed(), 3)) == seed()
    assert synthetic.seed_of("Where is my order?") is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (" ", "empty"),
        ("where is my order PLEASE", "the same as its source"),
        ("word " * 300, "much longer than its source"),
        (WRITTEN, ""),
    ],
)
def test_a_text_not_worth_a_look_is_not_asked_about(text: str, fault: str) -> None:
    assert synthetic.fault_of(seed(), text) == fault


def test_the_item_shows_what_a_reviewer_needs() -> None:
    item = synthetic.item_of(seed(), "s1", "acme", WRITTEN, 1_500_000, NOW_MS)
    assert (item.review_id, item.question, item.head) == ("synthetic.s1", WRITTEN, "")
    assert "It is on its way." in item.facts[2]
    assert item.facts[3] == "it cost $0.001500"
