"""A report tells answers from words that stand in for one, and names no saving that few rest on."""

from __future__ import annotations

import json

import pytest

from router.analysis.report.build import Extra
from router.analysis.report.output.html import report_html
from router.analysis.report.output.json import report_json
from router.analysis.report.output.row_json import rows_json
from router.analysis.report.tables import saving_row
from router.rendering.figures_in_words import NOTHING, Dollars
from router.types import NO_ANSWER_MODEL, Baselines, Reason, RequestRow
from tests.analysis.report.test_headline import everywhere, tiles
from tests.analysis.report.test_quality import observed
from tests.analysis.report.test_sections import a_failure, report_of
from tests.kits.books.report_rows import PRICES, USD, a_day, a_row
from tests.kits.changed import replace

PRICED = Baselines(USD // 10, PRICES[2], PRICES[3])


def a_no_answer(number: int) -> RequestRow:
    """A row as older versions wrote it, with baselines: words that no model may answer."""
    row = a_row(number, 2, verdict="unverified", model=NO_ANSWER_MODEL, reason="no_model")
    return replace(row, baselines=PRICED)


def a_safe_text(number: int) -> RequestRow:
    row = a_row(number, 3, verdict="safe_answer", review_id=f"rev_{number}")
    return replace(row, reason=Reason.HIGH_RISK_MEDICAL.value, baselines=PRICED)


def a_question(number: int) -> RequestRow:
    return a_row(number, reason=Reason.ASKED_FOR_SLOT.value)


def mixed(answers: int = 40) -> list[RequestRow]:
    rows = [*a_day(answers, 0, 0), a_question(200), a_question(201)]
    rows += [*(a_no_answer(300 + n) for n in range(5)), *(a_safe_text(400 + n) for n in range(3))]
    return [*rows, a_failure(500)]


FIRST = (
    "40 answered, 2 answered with a question back, 5 told that there is no answer, 3 given a "
    "safe text and handed to a person (2 matters wait), 1 failed"
)


def test_the_first_sentence_tells_answers_from_words_in_place_of_one() -> None:
    report = report_of(mixed(), Extra(waiting=2))
    assert report.sentences[0].endswith("51 requests cost $17.92.")
    assert report.sentences[1] == f"What they got: {FIRST}."
    assert all(FIRST in text for text in everywhere(report))
    assert "Wait for a person23 given a safe text and handed to a person" in tiles(report)


def test_json_has_a_line_for_each_kind_of_reply() -> None:
    told = json.loads(report_json(report_of(mixed(), Extra(waiting=2))))
    assert {x["reply"]: x["requests"] for x in told["replies"]} == {
        "answer": 40,
        "question": 2,
        "no_answer": 5,
        "safe_words": 3,
        "failed": 1,
    }
    assert told["waiting"] == 2
    assert told["replies_told"] == FIRST
    assert (told["quality"]["answered"], told["quality"]["unverified"]) == (40, 0)


def test_only_answers_and_questions_back_save_money() -> None:
    report = report_of(mixed())
    level_2 = report.savings[1]
    assert (level_2.compared, level_2.not_compared, level_2.without_answer) == (42, 8, 1)
    assert level_2.baseline_nano_usd == 42 * PRICES[2]
    assert "over the 42 answers and questions (what else was spent, $17.50, is" in report.headline


def test_words_in_place_of_an_answer_are_no_unverified_answers() -> None:
    report = report_of([*a_day(9, 0, 0), a_row(9, verdict="unverified"), a_no_answer(10)])
    assert "1 of 10 answers (10.0 %) went out marked unverified; it cost $0.01" in report.headline


@pytest.mark.parametrize(("waiting", "told"), [(1, "1 matter waits"), (0, "none waits any more")])
def test_matters_that_a_person_decided_do_not_wait(waiting: int, told: str) -> None:
    report = report_of([a_row(0), a_safe_text(1)], Extra(waiting=waiting))
    assert f"1 given a safe text and handed to a person ({told})." in report.sentences[1]


def test_a_matter_of_a_failed_request_waits_too() -> None:
    """16 waited of 15 that were handed over: the last one was of a request that failed."""
    report = report_of([a_row(0), a_safe_text(1), a_failure(2)], Extra(waiting=2))
    told = "1 given a safe text and handed to a person (2 matters wait, of other requests too)"
    assert all(told in text for text in everywhere(report))
    tile = "Wait for a person21 given a safe text and handed to a person; other matters wait too"
    assert tile in tiles(report)


def test_matters_of_failed_requests_are_named_where_they_are_known() -> None:
    """ "Of other requests too" left open which."""
    rows = [a_row(0), a_safe_text(1), a_safe_text(2), a_failure(3)]
    told = report_of(rows, Extra(waiting=3, waiting_failed=1)).sentences[1]
    assert "handed to a person (3 matters wait, 1 of them of a request that failed), 1 " in told
    told = report_of(rows, Extra(waiting=4, waiting_failed=1)).sentences[1]
    assert "(4 matters wait, 1 of them of a request that failed, of other requests too)" in told
    told = report_of(rows, Extra(waiting=1, waiting_failed=1)).sentences[1]
    assert "(1 matter waits, of a request that failed)" in told
    chosen = Extra(waits={rows[1].request_id, rows[3].request_id})
    told = report_of(rows, chosen).sentences[1]
    assert "(2 matters wait, 1 of them of a request that failed)" in told


def test_a_failed_request_is_neither_compared_nor_not() -> None:
    report = report_of([*a_day(40, 0, 0), *(a_safe_text(50 + n) for n in range(3)), a_failure(60)])
    level_2 = report.savings[1]
    assert (level_2.compared, level_2.not_compared, level_2.without_answer) == (40, 3, 1)
    told = "neither is among those counted as compared or not"
    assert all(told in text for text in everywhere(report))


def test_a_report_of_answers_alone_has_no_table_of_replies() -> None:
    assert not any(
        "What the requests got" in text for text in everywhere(report_of(a_day(9, 0, 0)))
    )
    assert "What the requests got" in everywhere(report_of(mixed()))[0]


def asked(number: int, priced: bool) -> RequestRow:
    """A request to `auto`, or to a model whose price is known."""
    return replace(a_row(number), baselines=Baselines(USD if priced else None, PRICES[2]))


@pytest.mark.parametrize(("priced", "led"), [(51, "requested_model"), (50, "all_level_2")])
def test_the_headline_names_a_baseline_that_more_than_half_compare_with(
    priced: int, led: str
) -> None:
    assert report_of([asked(n, n < priced) for n in range(100)]).leading == led


def test_where_no_baseline_fits_half_the_one_that_most_compare_with_is_named() -> None:
    """40 of 100 have a price of what was asked for, 45 one of level 2."""
    rows = [asked(n, n < 40) for n in range(100)]
    rows = [replace(r, baselines=replace(r.baselines, all_level_2=None)) for r in rows[:55]]
    rows += [asked(n, False) for n in range(55, 100)]
    report = report_of(rows)
    assert report.leading == "all_level_2"
    assert "at level 2 over only 45 of the 100 answers" in report.headline


def test_replies_that_can_never_be_compared_do_not_hide_a_baseline() -> None:
    rows = [*(asked(n, True) for n in range(40)), *(a_no_answer(100 + n) for n in range(60))]
    assert report_of(rows).leading == "requested_model"


@pytest.mark.parametrize(("number", "led"), [(30, "requested_model"), (29, None)])
def test_a_handful_of_requests_is_not_enough_to_tell(number: int, led: str | None) -> None:
    report = report_of([asked(n, True) for n in range(number)])
    assert report.leading == led
    few = "Not enough to tell what routing saved: 29 of 29 answers can be compared with the models"
    assert (few in report.headline) is (led is None)
    tile = "Saved—not enough to tell: 29 of 29 answers can be compared, 30 are needed"
    assert (tile in tiles(report)) is (led is None)
    assert (json.loads(report_json(report))["not_told_because"] is not None) is (led is None)


def test_a_handful_of_observed_requests_is_not_enough_to_tell() -> None:
    report = report_of([observed(n, 5 * USD, USD) for n in range(3)])
    assert report.sentences[1].startswith(
        "3 requests were observed only. Not enough to tell what routing would have saved: 3 of 3"
    )
    assert not any("Would have saved" in tile for tile in tiles(report))


SILENT = """\
tiers:
  - {level: 2, answerers: [{name: small, kind: local, alone: false}]}
  - {level: 3, answerers: [{name: deep, kind: upstream}]}
"""


def test_a_level_that_answers_nothing_by_itself_is_no_baseline_of_the_headline() -> None:
    report = report_of(a_day(40, 0, 0), Extra(policy_text=lambda _: SILENT))
    assert report.leading == "all_level_3"
    (_, level_2, level_3, _) = json.loads(report_json(report))["savings"]
    assert (level_2["answers_nothing"], level_3["answers_nothing"]) == (True, False)
    assert (level_2["tellable"], level_3["tellable"]) == (False, True)
    picture = report_html(report).partition("Saved share of each baseline")[2].partition("</svg>")
    assert "level 3" in picture[0]
    assert "level 2" not in picture[0]


@pytest.mark.parametrize(
    ("row", "reply"),
    [
        (a_row(0), "answer"),
        (a_safe_text(0), "safe_words"),
        (a_failure(0), None),
        (a_row(0, endpoint="review", verdict=""), None),
    ],
)
def test_a_row_as_json_names_its_reply(row: RequestRow, reply: str | None) -> None:
    assert json.loads(rows_json(row))["reply"] == reply


def test_tables_of_replies_have_a_total() -> None:
    report = report_of(mixed())
    terminal_text, page, *_ = everywhere(report)
    assert "given a safe text and handed to a person 3 5.9 % $15.00" in terminal_text
    assert "What the requests got" in page


def test_a_baseline_says_where_its_model_answers_nothing() -> None:
    silent = """\
report: {level_2: small, level_3: deep}
tiers:
  - {level: 2, answerers: [{name: small, kind: local, alone: false}]}
  - {level: 3, answerers: [{name: deep, kind: deliberation, over: small}]}
"""
    report = report_of([a_row(0, 2)], Extra(policy_text=lambda _: silent))
    labels = [saving.label for saving in report.savings]
    assert "All at level 2 (small, which answers nothing by itself)" in labels
    assert "All at level 3 (deep, which answers nothing by itself)" in labels
    nothing = "No level to compare with has a model that answers by itself, so nothing can be said"
    assert nothing in report.headline
    shares = {saving_row(saving, Dollars(2))[3:5] for saving in report.savings if saving.silent}
    assert shares == {(NOTHING, NOTHING)}
    speaking = silent.replace("alone: false", "alone: true")
    report = report_of([a_row(0, 2)], Extra(policy_text=lambda _: speaking))
    assert report.savings[1].label == "All at level 2 (small)"
    two = {"abc": speaking.replace("small", "big"), "def": silent}
    rows = [a_row(n, 2, policy_hash=("abc", "def")[n % 2]) for n in range(30)]
    report = report_of(rows, Extra(policy_text=two.get))
    assert "at level 2 (partly with a model that answers nothing" in report.headline
