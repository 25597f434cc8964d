"""A report counts what the chances of accepted answers rest on, and whose cost is in doubt."""

from __future__ import annotations

import json

import orjson
import pytest

from router.analysis.report.build import Extra
from router.analysis.report.output.html import report_html
from router.analysis.report.output.json import report_json
from router.ledger.record_reading import read_record
from router.types import JsonText, RequestRow, TrueOutcome
from tests.analysis.report.test_sections import report_of, terminal
from tests.kits.books.report_rows import PRICES, USD, a_day, a_row
from tests.kits.changed import replace


def on(
    grounds: str,
    number: int,
    level: int = 2,
    step: str = "rung",
    evidence: dict[str, object] | None = None,
    **more: object,
) -> RequestRow:
    """Returns an accepted answer of a model whose chance is from there, after a failed rung."""
    row = a_row(number, level, **more)
    facts = [
        {"answerer": "first", "level": 1, "p": 0.1, "p_source": "match"},
        {"answerer": row.answerer, "level": level, "p": 0.9, "p_source": grounds},
    ]
    steps = [{"rung": 0, "p_source": "match"}, {"rung": 1, "p_source": step, "evidence": evidence}]
    signals = {"domain": "legal", "request_type": "faq"}
    record = {"signals": signals, "facts": facts, "steps": steps}
    return replace(row, record=JsonText(json.dumps(record)))


@pytest.mark.parametrize(
    ("source", "step", "grounds"),
    [
        ("prior", "rung", "prior"),
        ("prior", "samples", "prior"),  # samples that differ only lower the rung's chance
        ("prior", "", "prior"),  # from a cache
        ("prior", "head", "answer"),
        ("prior", "answer", "answer"),
        ("labelled", "rung", "labelled"),
        ("match", "match", "match"),
        ("known", "match", "known"),
        ("guess", "rung", "unknown"),
    ],
)
def test_a_chance_rests_on_what_gave_it(source: str, step: str, grounds: str) -> None:
    assert read_record(on(source, 1, step=step)).grounds == grounds


@pytest.mark.parametrize(
    ("evidence", "grounds"),
    [({"tokens": 7}, "answer"), ({"p_answer": 0.9}, "answer"), ({"tokens": 0}, "prior")],
)
def test_samples_of_an_older_version_hide_no_chance_that_the_answer_gave(
    evidence: dict[str, object], grounds: str
) -> None:
    assert read_record(on("prior", 1, step="samples", evidence=evidence)).grounds == grounds


def test_a_row_without_a_record_rests_on_nothing_that_is_known() -> None:
    assert read_record(a_row()).grounds == "unknown"
    assert read_record(replace(a_row(), record=JsonText("not json"))).grounds == "unknown"


def mixed() -> list[RequestRow]:
    """Three accepted answers on priors, one on labels, one from level 1, one not accepted."""
    return [
        *(on("prior", n) for n in range(3)),
        on("labelled", 3),
        on("match", 4, 1, step="match"),
        on("prior", 5, verdict="unverified"),
    ]


def test_accepted_answers_on_priors_are_counted_with_their_money() -> None:
    report = report_of(mixed())
    said = (
        "Of 5 accepted answers, 3 (60.0 %; $1.50, 59.8 % of the spend) went out on an assumed "
        "chance (a prior): nobody measured how often such answers are right."
    )
    assert said in report.sentences
    page = report_html(report)
    for text in (" ".join(terminal(report).split()), page):
        assert "went out on an assumed chance (a prior)" in text
        assert "rior, which nobody measured" in text
    accepted_on = orjson.loads(report_json(report))["accepted_on"]
    assert [(x["grounds"], x["answers"], x["spend_nano_usd"]) for x in accepted_on] == [
        ("match", 1, PRICES[1]),
        ("labelled", 1, PRICES[2]),
        ("prior", 3, 3 * PRICES[2]),
    ]
    assert sum(x["answers"] for x in accepted_on) == report.quality.accepted
    assert "1 of 6 answers; 3 accepted on a prior; no person or client judged any" in page


def test_nobody_is_said_to_have_measured_nothing_where_answers_are_judged() -> None:
    judged = Extra(outcomes=[TrueOutcome("r1", correct=True)])
    (told,) = [s for s in report_of(mixed(), judged).sentences if "a prior" in s]
    assert told.endswith("the judged answers are all that is known of how often such are right.")


def test_no_sentence_tells_of_priors_where_none_decided() -> None:
    assert "prior" not in report_of([on("labelled", 1)]).headline


def test_questions_and_observed_answers_rest_on_nothing() -> None:
    asked = on("prior", 1, reason="asked_which")
    observed = on("prior", 2, mode="observe")
    assert report_of([asked, observed]).replies.grounds == ()


def test_what_unverified_answers_cost_stands_beside_their_number() -> None:
    rows = [*a_day(20, 0, 0), a_row(100, 2, verdict="unverified")]
    report = report_of(rows)
    assert report.sentences[-1] == (
        "1 of 21 answers (4.8 %) went out marked unverified; it cost $0.50, 71.4 % of the spend."
    )
    told = orjson.loads(report_json(report))["quality"]
    assert told["unverified_nano_usd"] == USD // 2


def test_what_questions_back_saved_is_told_with_the_saving() -> None:
    """A headline of 98 % did not say that a question in every three was only asked back."""
    asked = [a_row(100 + n, reason="asked_which") for n in range(20)]
    report = report_of([*a_day(40, 0, 0), *asked])
    told = "$9.80 of it with 20 questions back (the client then writes again; without them 98.0 %)"
    assert told in report.headline
    assert "$9.80 of it with 20 questions back. Baseline" in report_html(report)
    saving = next(s for s in orjson.loads(report_json(report))["savings"] if s["compared"])
    assert (saving["questions"], saving["questions_saved_usd"]) == (20, "9.80")
    assert saving["saved_share_without_questions"] == pytest.approx(0.98)


def test_a_few_questions_back_are_told_too() -> None:
    report = report_of([*a_day(400, 0, 0), a_row(1_000, reason="asked_which")])
    assert "of it with 1 question back" in report.headline


def test_no_saving_is_told_with_questions_where_none_was_asked() -> None:
    assert "back" not in report_of(a_day(40, 0, 0)).headline
