"""A model's answer that may be about people in danger stands below words that say whom to call."""

from __future__ import annotations

import csv
import dataclasses
import io

import orjson
import pytest

from router.analysis.report.output.row_json import rows_json
from router.api.http.decision_views import routing_view
from router.cli.ledger.export import write_csv
from router.judging.pairs import PairJudge
from router.ledger.record_reading import is_opened
from router.policy.content.rubrics import load_rubric
from router.policy.content.safe_answers import load_safe_answers, opening_text
from router.policy.loading import policies_dir
from router.routing.decision_record import parse
from router.types import (
    Choice,
    Citation,
    Delta,
    Hints,
    Matter,
    Message,
    Outcome,
    RequestType,
    ResponseFormat,
    Signals,
    Verdict,
    citations_left,
)
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import THROUGH, deep, drain, low, mid, only_row
from tests.kits.server_kit import tiergate
from tests.request.test_acute import FULL, everywhere, guessing

RUBRIC = load_rubric(policies_dir() / "rubrics" / "general.yaml")
OPENING = "Phone an ambulance now."
ASKED = "He has been fitting for eight minutes"
ANSWER = "Fitting for eight minutes is serious."
BANANAS = (
    "The banana plant is a tall herb of warm countries. Its fruit ripens from green to yellow, "
    "tastes sweet, and is often eaten at breakfast with porridge or yoghurt."
)
STAIRCASE = "My neighbour fainted on the staircase. Phone an ambulance or wait?"
ILL = replace(
    CALM, match=None, language="en", brief=True, matter=Matter.MEDICAL_EMERGENCY, grave=0.95
)
UNNAMED_FIRE = replace(ILL, matter=Matter.ENGINEERING_SAFETY)
LONG = replace(ILL, brief=False, letter=True, grave=0.98)


def opened(houses: Houses, signals: Signals, text: str = ANSWER, **changes: object) -> House:
    """Returns a gateway whose words above an answer are `OPENING`."""
    house = houses([low(), mid(), deep(text=text)], signals=signals, **changes)
    runtime = house.gateway.router.default
    changed = dataclasses.replace(runtime, opening=lambda _: OPENING)
    house.gateway.router.swap({"test": changed})
    return house


@pytest.mark.parametrize("verify", [THROUGH, FULL])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("signals", [ILL, UNNAMED_FIRE, LONG])
async def test_a_guessed_danger_opens_the_answer(
    houses: Houses, signals: Signals, verify: dict[str, str], *, stream: bool
) -> None:
    house = opened(houses, signals, verify_deep=verify)
    events = await drain(house, ask(ASKED, stream=stream))
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.answer is not None
    assert outcome.answer.text == f"{OPENING}\n\n{ANSWER}"
    said = "".join(event.text for event in events if isinstance(event, Delta))
    assert said == (outcome.answer.text if stream else "")


@pytest.mark.parametrize(
    "signals",
    [
        replace(ILL, grave=0.5),
        replace(ILL, matter=Matter.LEGAL),
        replace(ILL, brief=False, letter=True),
        replace(ILL, brief=False, letter=False, grave=0.99),
        replace(ILL, request_type=RequestType.CLASSIFICATION),
    ],
)
async def test_other_answers_are_left_as_they_are(houses: Houses, signals: Signals) -> None:
    house = opened(houses, signals)
    outcome = await house.gateway.complete(ask(ASKED), ALICE)
    assert outcome.answer is not None
    assert not outcome.answer.text.startswith(OPENING)


async def test_json_is_left_as_it_is(houses: Houses) -> None:
    house = opened(houses, ILL, text='{"a": 1}')
    request = ask(ASKED, response_format=ResponseFormat("json_object"))
    outcome = await house.gateway.complete(request, ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text == '{"a": 1}'


async def test_a_conversation_that_has_the_words_needs_them_no_more(houses: Houses) -> None:
    earlier = Message("assistant", f"{OPENING}\n\nLay him on his side.")
    turns = (Message("user", "He is fitting"), earlier, Message("user", ASKED))
    house = opened(houses, ILL)
    outcome = await house.gateway.complete(replace(ask(ASKED), messages=turns), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text == ANSWER


async def test_the_words_above_make_no_answer_fit_the_question(houses: Houses) -> None:
    house = guessing(opened(houses, ILL, text=BANANAS, verify_deep=FULL))
    outcome = await house.gateway.complete(ask(STAIRCASE), ALICE)
    assert outcome.answer is not None
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert "banana" not in outcome.answer.text
    (item,) = house.reviews.items
    assert any("shares no word with the question" in fact for fact in item.facts)


async def test_a_shadow_is_compared_without_the_words_above(houses: Houses) -> None:
    judge = ScriptedTier("large", "llm", 2)
    second = ScriptedTier("mid", "llm", 2, text=ANSWER)
    shadow = {"share": 1.0, "answerer": "mid", "max_usd_per_day": 10.0}
    tiers = [low(), second, judge, deep(text=ANSWER)]
    house = houses(tiers, signals=ILL, draw=lambda: 0.5, shadow=shadow)
    runtime = house.gateway.router.default
    pair = PairJudge(RUBRIC, RUBRIC.digest, judge.facts)
    changed = dataclasses.replace(runtime, opening=lambda _: OPENING, pair_judge=pair)
    house.gateway.router.swap({"test": changed})
    outcome = await house.gateway.complete(ask(ASKED), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text.startswith(OPENING)
    await house.gateway.drain()
    (row,) = [row for row in requests_in(house.ledger) if row.endpoint == "shadow"]
    note = parse(row.record).shadow
    assert note is not None
    assert note.agreement == 1.0
    read = "".join(m.text for work in judge.seen for m in work.request.messages)
    assert ANSWER in read
    assert OPENING not in read


async def test_a_refusal_is_seen_below_the_words_above(houses: Houses) -> None:
    refusal = "I'm sorry, but I can't help with that. " + "Another person knows more of this. " * 6
    tiers = [low(), deep(text=refusal), ScriptedTier("other", "reasoning", 3, text=ANSWER)]
    rules = everywhere("best_answer")
    prefix = {"hard_rule": "prefix"}
    house = houses(tiers, signals=ILL, exhausted=rules, verify_deep=prefix)
    runtime = house.gateway.router.default
    changed = dataclasses.replace(runtime, opening=lambda _: OPENING)
    house.gateway.router.swap({"test": changed})
    outcome = (await drain(house, ask(ASKED, stream=True)))[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.answer is not None
    assert outcome.answer.text == f"{OPENING}\n\n{ANSWER}"


async def test_samples_are_compared_without_the_words_above(houses: Houses) -> None:
    house = opened(houses, ILL, verify_deep={"default": "full", "self_consistency": 2})
    outcome = await house.gateway.complete(ask(ASKED), ALICE)
    assert outcome.confidence == pytest.approx(outcome.rung.p)


def test_a_citation_moves_with_its_words() -> None:
    text = "See a page."
    choice = Choice(text, "stop", citations=(Citation("https://a.example", "A", 4, 10),))
    moved = citations_left(choice.citations, text, f"{OPENING}\n\n{text}", len(OPENING) + 2)
    assert [f"{OPENING}\n\n{text}"[one.start : one.end] for one in moved] == ["a page"]


def test_each_language_of_the_shipped_words_has_an_opening() -> None:
    answers = load_safe_answers(policies_dir() / "answers" / "safe_answers.yaml")
    texts = {language: opening_text(language, answers) for language in answers.languages}
    assert all(texts.values())
    assert len(set(texts.values())) == len(texts)
    assert opening_text("", answers) == texts["en"]
    assert opening_text("sw", answers) == texts["en"]


async def test_what_opens_an_answer_is_shown_and_kept(houses: Houses) -> None:
    house = opened(houses, ILL)
    dry = await house.gateway.complete(ask(ASKED, hints=Hints(dry_run=True)), ALICE)
    assert dry.opened
    assert routing_view(dry)["opened"] is True
    outcome = await house.gateway.complete(ask(ASKED), ALICE)
    assert outcome.opened
    row = await only_row(house)
    assert is_opened(row)
    assert orjson.loads(rows_json(row))["opened"] is True
    file = io.StringIO()
    write_csv([row], file, {})
    assert [line["opened"] for line in csv.DictReader(io.StringIO(file.getvalue()))] == ["1"]


async def test_an_answer_without_the_words_is_not_shown_as_opened(houses: Houses) -> None:
    house = opened(houses, replace(ILL, grave=0.5))
    outcome = await house.gateway.complete(ask(ASKED), ALICE)
    assert not outcome.opened
    assert not is_opened(await only_row(house))


def test_the_command_shows_what_opens_an_answer() -> None:
    asked = "My newborn seems warm today and does not want to drink much"
    shown = tiergate("route", asked, "--policy", "openai", "--explain").stdout
    assert "opened   words on whom to call stand at the answer" in shown
    assert ", opened |" in tiergate("route", asked, "--policy", "openai", "--table").stdout
