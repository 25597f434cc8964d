"""An answer that refuses, knows nothing or was cut is noted as such, and the report counts it."""

from __future__ import annotations

import csv
import io

import orjson
import pytest

from router.analysis.report.output.json import report_json
from router.analysis.report.output.row_json import rows_json
from router.cli.ledger.export import write_csv
from router.ledger.record_reading import note_in
from router.ledger.replies import Shortfall
from router.routing.answers.unwilling import knows_nothing, refuses
from router.types import Answer
from tests.analysis.report.test_sections import report_of
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import DOUBTFUL, THROUGH, UNSURE, deep, drain, low, mid, only_row

NO = "I'm sorry, but I can't help with that."
UNKNOWN = "I don't know."


@pytest.mark.parametrize(
    "text",
    [
        NO,
        "I\u2019m sorry, but I can\u2019t assist with this request.",
        "Sorry, I cannot do that.",
        "I apologize, but I am unable to answer.",
        "I am not able to provide this.",
        "As an AI language model, I can't say.",
        "Es tut mir leid, aber dabei kann ich nicht helfen.",
        "Je suis désolée, mais je ne peux pas vous aider.",
        "Lo siento, pero no puedo ayudar con eso.",
        "Mi dispiace, ma non posso aiutarti.",
        "Het spijt me, maar daar kan ik niet mee helpen.",
        "Desculpe, mas não posso ajudar.",
        "Przykro mi, ale nie mogę pomóc.",
    ],
)
def test_a_refusal_is_told_by_how_it_begins(text: str) -> None:
    assert refuses(text)
    assert not refuses(f"You could write: {text}")


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry to hear that. You can send it back.",
        "I'm sorry, I can see why that is annoying: the timer is read twice.",
        "I can help with that. First stop the service.",
        "I can't stress enough how much the index matters.",
    ],
)
def test_an_answer_that_only_sounds_sorry_is_none(text: str) -> None:
    assert not refuses(text)


def test_not_knowing_is_told_by_the_whole_text() -> None:
    for text in (UNKNOWN, "Sorry, I don't know the answer to that.", "Das weiß ich leider nicht."):
        assert knows_nothing(text)
    assert not knows_nothing("I don't know. Try to restart it first.")
    assert not knows_nothing("I'm not sure, but the port is probably taken.")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("text", "ends", "shortfall"),
    [(NO, "stop", "refused"), (UNKNOWN, "stop", "unknowing"), ("one two", "length", "cut")],
)
async def test_what_an_answer_lacks_is_in_its_row(
    houses: Houses, stream: bool, text: str, ends: str, shortfall: str
) -> None:
    house = houses([low(), mid(text=text, ends=ends), deep()], signals=UNSURE, verify_mid=THROUGH)
    await drain(house, ask(stream=stream))
    row = await only_row(house)
    assert (row.answerer, row.verdict, note_in(row).shortfall) == ("mid", "accepted", shortfall)
    assert orjson.loads(rows_json(row))["shortfall"] == shortfall
    file = io.StringIO()
    write_csv([row], file, {})
    file.seek(0)
    assert [line["shortfall"] for line in csv.DictReader(file)] == [shortfall]


@pytest.mark.parametrize(("text", "people"), [(NO, 0), (UNKNOWN, 0), ("It is 4.", 5 * 10**9)])
async def test_a_refusal_spares_no_person(houses: Houses, text: str, people: int) -> None:
    house = houses(
        [low(), mid(text=text), deep()],
        signals=UNSURE,
        verify_mid=THROUGH,
        report={"people_usd_per_request": 5},
    )
    await house.gateway.complete(ask(), ALICE)
    baselines = (await only_row(house)).baselines
    assert baselines.people == people
    assert baselines.all_level_3


async def test_a_few_words_that_a_client_asked_for_are_not_cut_short(houses: Houses) -> None:
    house = houses([low(), mid(ends="length"), deep()], signals=UNSURE, verify_mid=THROUGH)
    request = ask()
    few = replace(request, sampling=replace(request.sampling, max_output_tokens=8))
    await house.gateway.complete(few, ALICE)
    assert note_in(await only_row(house)).shortfall == ""


async def test_approved_words_lack_nothing(houses: Houses) -> None:
    house = houses([low(text=NO), mid(), deep()])
    outcome = await house.gateway.complete(ask(), ALICE)
    assert isinstance(outcome.answer, Answer)
    assert outcome.answer.approved
    row = await only_row(house)
    assert orjson.loads(rows_json(row))["shortfall"] is None


async def test_who_says_that_it_does_not_know_lets_the_next_level_answer(houses: Houses) -> None:
    house = houses([low(), mid(text=UNKNOWN), deep(text="It is 4.")], signals=DOUBTFUL)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.choices[0].text == "It is 4."
    row = await only_row(house)
    assert [attempt.answerer for attempt in row.attempts] == ["mid", "deep"]
    assert "answer_refused" in row.record


async def test_a_report_counts_what_answers_lack_also_those_that_were_accepted(
    houses: Houses,
) -> None:
    said = [(NO, "stop"), (NO, "stop"), (UNKNOWN, "stop"), ("a b", "length"), ("c", "stop")]
    rows = []
    for number, (text, ends) in enumerate(said):
        tiers = [low(), mid(text=text, ends=ends), deep()]
        house = houses.inside(str(number))(tiers, signals=UNSURE, verify_mid=THROUGH)
        await house.gateway.complete(ask(), ALICE)
        rows.append(replace(await only_row(house), request_id=f"req_{number}"))
    report = report_of(rows)
    (told,) = [s for s in report.sentences if "lack something" in s]
    assert told.startswith("4 of 5 answers lack something as they stand ($")
    assert told.endswith(
        ": 2 refuse, 1 says that it does not know, 1 ends at a cap of output; 4 of them were "
        "accepted."
    )
    shortfalls = orjson.loads(report_json(report))["quality"]["shortfalls"]
    assert [(x["kind"], x["answers"], x["accepted"]) for x in shortfalls] == [
        (Shortfall.REFUSED, 2, 2),
        (Shortfall.UNKNOWING, 1, 1),
        (Shortfall.CUT, 1, 1),
    ]
    whole = report_of(rows[-1:])
    assert not [s for s in whole.sentences if "lack" in s]
