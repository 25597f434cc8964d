"""What no ladder answered, and what people cost and say, beside the figures of routing."""

from __future__ import annotations

import json

import pytest

from router.analysis.report.build import Extra
from router.ledger.aggregates import Kind, PlacedCell, decode, encode
from router.ledger.rollup import compared_with, contribute
from router.types import ASSUMED, Baselines, RequestRow, Role, TrueOutcome
from tests.analysis.report.test_sections import report_of, terminal
from tests.kits.books.report_rows import USD, a_day, a_row, an_attempt
from tests.kits.changed import replace

OWN = json.dumps(
    {"tiers": [{"name": "t", "level": n, "answerers": [{"name": f"own-{n}"}]} for n in (2, 3)]}
)
OTHER = OWN.replace("own-", "other-").replace('"}]', '", "alone": false}]')
KEPT = {"abc": OWN, "def": OTHER}
LABEL = "label.topic.req-00001"


def moderation(number: int, **changes: object) -> RequestRow:
    """Returns a text that heads moderated: nobody would have had a model read it."""
    row = a_row(number, 1, endpoint="moderations", tier="specialist", baselines=Baselines())
    return replace(row, policy="moderation", policy_hash="def", **changes)


def people(number: int, cost: int, review_id: str = "rev_1", version: str = "policy") -> RequestRow:
    """Returns the minutes of a review, or of a label."""
    call = an_attempt(f"p{number}", 2, cost, role=Role.REVIEW, price_version=version)
    is_label = review_id.startswith("label.")
    baselines = Baselines() if is_label else Baselines(0, 0, 0, 0)
    row = a_row(number, 2, attempts=[call], endpoint="review", verdict="", reason="")
    return replace(row, review_id=review_id, baselines=baselines)


def test_a_policy_whose_requests_have_no_price_at_a_level_names_no_baseline() -> None:
    """Two moderations put a model into the headline that answers nothing and priced nothing."""
    extra = Extra(policy_text=KEPT.get)
    report = report_of([*a_day(40, 0, 0), moderation(90), moderation(91)], extra)
    assert [s.label for s in report.savings[1:3]] == [
        "All at level 2 (own-2)", "All at level 3 (own-3)",
    ]  # fmt: skip
    assert "answers nothing by itself" not in report.headline
    # A request of that policy which has a price adds no model that could not have answered.
    priced = replace(a_row(92), policy="moderation", policy_hash="def")
    both = report_of([*a_day(40, 0, 0), moderation(90), priced], extra)
    assert both.savings[1].label == "All at level 2 (own-2)"
    assert [s.partly_silent for s in both.savings] == [False, True, True, False]
    assert "other-2" in report_of([moderation(90)], extra).savings[1].label


def test_cells_that_do_not_know_who_priced_name_every_policy() -> None:
    cells: list[PlacedCell] = []
    for row in (a_row(0), moderation(90)):
        contribute(
            row,
            lambda kind, name, row=row: (
                cells.append(PlacedCell(kind, 0, "acme", name, _new())) or cells[-1].cell
            ),
        )
    cells = [cell._replace(cell=decode(encode(cell.cell))) for cell in cells]
    extra = Extra(policy_text=KEPT.get, cells=cells)
    level_2 = report_of([], extra).savings[1]
    assert (level_2.label, level_2.partly_silent) == ("All at level 2 (own-2)", False)
    for placed in cells:
        if placed.kind is Kind.POLICY:
            placed.cell.unpriced.clear()
    assert report_of([], extra).savings[1].partly_silent


def _new():
    return decode("{}")


def test_texts_that_heads_read_do_not_change_what_a_headline_compares() -> None:
    """Of 40 answers 30 have the price of the model asked for; 100 texts were moderated."""
    rows = [
        a_row(n, baselines=Baselines(USD if n < 30 else None, USD // 2, 5 * USD)) for n in range(40)
    ]
    texts = [moderation(n, attempts=(an_attempt("t", 1, USD),)) for n in range(100, 200)]
    texts = [replace(text, cost_nano_usd=USD) for text in texts]
    for report in (report_of(rows), report_of([*rows, *texts])):
        assert report.leading == "requested_model"
        assert "over 30 of the 40 answers" in report.headline
        assert "other answers" not in report.headline


def test_a_label_is_spend_and_no_cost_of_routing() -> None:
    rows = [*a_day(40, 0, 0), people(90, 3 * USD, LABEL), people(91, USD)]
    report = report_of(rows)
    before = report_of([*a_day(40, 0, 0), people(91, USD)])
    assert report.spend_nano_usd == before.spend_nano_usd + 3 * USD
    assert [s.saved_nano_usd for s in report.savings] == [
        s.saved_nano_usd for s in before.savings
    ]  # fmt: skip
    notes = " ".join(report.notes)
    assert "1 label by people cost $3.00. This is in the spend and in no saving" in notes
    assert "reviewers' minutes that were booked cost $1.00" in notes
    assert "label" not in " ".join(before.notes)
    assert compared_with(people(90, USD, LABEL)) == ()
    assert len(compared_with(people(91, USD))) == 4


def test_a_written_text_to_train_on_is_no_cost_of_routing() -> None:
    written = replace(people(90, 2 * USD), endpoint="synthesize", review_id="")
    report = report_of([*a_day(40, 0, 0), written])
    assert report.savings[1].saved_nano_usd == report_of(a_day(40, 0, 0)).savings[1].saved_nano_usd
    assert "1 text to train on cost $2.00." in " ".join(report.notes)


def test_minutes_at_a_price_that_nobody_stated_are_called_assumed() -> None:
    """$17.80 of $18.04 were an assumed dollar a minute, and nothing said so."""
    assumed = people(90, 30 * USD, version=f"shipped@abc 2026-11-20 {ASSUMED}")
    told = report_of([*a_day(40, 0, 0), assumed])
    assert "$30.00 of it (98.7 %) is people's minutes at a price that is assumed" in told.headline
    assert "reviewers' time ($30.00, at an assumed price) is what makes it a loss" in told.headline
    assert "$30.00 of 1 verdict is at a price that the book calls assumed" in terminal(told)
    stated = report_of([*a_day(40, 0, 0), people(90, 30 * USD)])
    assert "assumed" not in stated.headline
    assert "reviewers' time ($30.00) is what makes it a loss" in stated.headline
    small = replace(assumed, cost_nano_usd=1, attempts=[replace(assumed.attempts[0],
                                                                cost_nano_usd=1)])  # fmt: skip
    told = report_of([*a_day(40, 0, 0), small]).headline
    assert "at a price that is assumed" in told, "small amounts rest on it too"


DRAFT = TrueOutcome("d", correct=False, draft=True, words=True)
WORDS = TrueOutcome("w", loss_nano_usd=38 * USD, words=True, words_correct=False)


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ([], "Nobody judged an answer, so nobody knows how many were wrong. No answer"),
        (
            [DRAFT],
            "Nobody judged an answer that went out, so nobody knows how many were wrong. Of 1 "
            "draft held back that people judged, 1 was wrong. No",
        ),
        (
            [WORDS, TrueOutcome("x", words=True, words_correct=True)],
            "nobody knows how many were wrong. Of 2 texts in place of an answer that clients "
            "judged, 1 was wrong ($38.00). No",
        ),
        (
            [replace(WORDS, words_correct=None)],
            "nobody knows how many were wrong. Clients reported what texts in place of an answer "
            "cost them ($38.00). No",
        ),
        (
            [TrueOutcome("a", loss_nano_usd=38 * USD)],
            "nobody knows how many were wrong, though a cost was reported ($38.00). No",
        ),
        (
            [TrueOutcome("q", correct=False, reply="question")],
            "Nobody judged an answer that went out, so nobody knows how many were wrong. Of 1 "
            "question back that somebody judged, 1 was wrong. No",
        ),
        (
            [TrueOutcome("a", correct=True), DRAFT],
            "0 of 1 answer that somebody judged were wrong (95 % interval 0.0 % to 79.3 %). Of 1 "
            "draft held back that people judged, 1 was wrong. No",
        ),
    ],
)
def test_the_headline_agrees_with_what_was_reported(outcomes: list[TrueOutcome], told: str) -> None:
    report = report_of(a_day(40, 0, 0), Extra(outcomes=outcomes))
    assert told in report.headline
    wrong = next(one for one in report.outcomes if one.key == "loss_usd")
    assert wrong.count == sum(one.loss_nano_usd is not None and not one.words for one in outcomes)
