"""A grave matter in a shape that a program expects: the shape is kept, and a person is told."""

from __future__ import annotations

import dataclasses

import pytest

from router.errors import BudgetExceeded, NoUsableAnswer, RateLimited, UpstreamRejected
from router.request.conclusions.foretold import foretold
from router.types import (
    Delta,
    Domain,
    JsonText,
    Message,
    Outcome,
    PSource,
    Reason,
    ResponseFormat,
    Signals,
    ToolCall,
    ToolSpec,
    Verdict,
)
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import DOUBTFUL, RISKY, deep, drain, low, mid, only_row
from tests.request.test_acute import BUDGETS, FULL, RATED, SURE, guessing
from tests.request.test_tool_streams import Agent
from tiers.resilience.refusals import error_for_status

FIELDS = '"category":{"enum":["fraud","health"]},"urgent":{"type":"boolean"}'
SCHEMA = JsonText(f'{{"type":"object","properties":{{{FIELDS}}},"required":["category"]}}')
LABEL = '{"category":"fraud","urgent":true}'  # has no word of QUESTION
FENCED, TILDES = f"```json\n{LABEL}\n```", f"~~~json\n{LABEL}\n~~~"
QUESTION = "somebody emptied my account, 4,000 dollars are gone"
JSON = ResponseFormat("json_schema", schema=SCHEMA)
TICKET = ToolSpec("file_ticket", "", SCHEMA)
FORCED = JsonText('{"type":"function","function":{"name":"file_ticket"}}')
STOLEN = replace(
    CALM, match=None, language="en", brief=True, domain=Domain.FINANCE, stakes_high=0.9
)
GRAVE = [RISKY, STOLEN, SURE]
COSTS = {"stakes": {"cost_of_wrong": [{"domain": "finance", "usd": 20}]}}


def labelling(**changes: object) -> list[ScriptedTier]:
    return [low(), mid(), deep(text=LABEL, **changes)]


def calling(arguments: str = LABEL) -> list[ScriptedTier]:
    call = ToolCall("c1", "file_ticket", arguments)
    return [low(), mid(), Agent("deep", "reasoning", 3, text="", tools=(call,))]


def grave_house(
    houses: Houses, tiers: list[ScriptedTier], signals: Signals, **sections: object
) -> House:
    """Returns a gateway whose answers have priors, under the default `exhausted`."""
    return guessing(houses(tiers, signals=signals, verify_deep=FULL, **sections))


@pytest.mark.parametrize("sections", [{}, COSTS])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("signals", GRAVE)
async def test_an_answer_that_fits_its_schema_goes_out_beside_a_review(
    houses: Houses, signals: Signals, sections: dict[str, object], *, stream: bool
) -> None:
    """It was thrown away and paid for, since labels share no word with the question."""
    house = grave_house(houses, labelling(), signals, **sections)
    outcome = (await drain(house, ask(QUESTION, response_format=JSON, stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.verdict) == (LABEL, Verdict.UNVERIFIED)
    assert outcome.reason is Reason.ANSWER_UNCHECKED
    (item,) = house.reviews.items
    assert item.review_id == outcome.review_id
    assert "the client has this draft, marked unverified: a program expects its shape" in item.facts
    assert not any("shares no word" in fact for fact in item.facts)
    row = await only_row(house)
    assert (row.verdict, row.review_id, row.answerer) == ("unverified", item.review_id, "deep")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["json_schema", "json_object"])
@pytest.mark.parametrize(
    "fenced", [FENCED, f"\n```\n{LABEL}\n```\n", TILDES, f"```JSON\n{LABEL}```"]
)
async def test_a_code_fence_around_json_is_taken_off(
    houses: Houses, kind: str, fenced: str, *, stream: bool
) -> None:
    house = houses([mid(text=fenced)], signals=CALM)
    wanted = ResponseFormat(kind, schema=SCHEMA if kind == "json_schema" else None)
    steps = await drain(house, ask("label this", response_format=wanted, stream=stream))
    outcome = steps[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.verdict) == (LABEL, Verdict.ACCEPTED)
    sent = "".join(step.text for step in steps if isinstance(step, Delta))
    assert sent == (LABEL if stream else "")
    assert len(outcome.attempts) == 1


async def test_code_fences_of_samples_are_no_difference(houses: Houses) -> None:
    verify = {"default": "full", "self_consistency": 2}
    house = houses([mid(text=f"```json\n{LABEL}\n```")], signals=CALM, verify_mid=verify)
    outcome = await house.gateway.complete(ask("label this", response_format=JSON), ALICE)
    assert len(outcome.attempts) == 3
    assert outcome.confidence == pytest.approx(outcome.rung.p)


@pytest.mark.parametrize(
    "said",
    [
        f"Here it is:\n```json\n{LABEL}\n```",
        f"```json\n{LABEL}\n```\nAsk a person too.",
        "```\n{\n```",
        f"```json\n{LABEL}\n~~~",
    ],
)
async def test_words_around_a_code_fence_are_not_taken_off(houses: Houses, said: str) -> None:
    """They may be a warning, which a program would never see."""
    house = houses([mid(text=said)], signals=CALM)
    with pytest.raises(NoUsableAnswer, match="its text is no JSON"):
        await house.gateway.complete(ask("label this", response_format=JSON), ALICE)


async def test_a_code_fence_stays_where_no_json_was_asked_for(houses: Houses) -> None:
    house = houses([mid(text=FENCED)], signals=CALM)
    outcome = await house.gateway.complete(ask("show me an example"), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text == FENCED


async def test_an_error_says_in_words_what_is_wrong_with_each_answer(houses: Houses) -> None:
    ladder = [mid(text="fraud"), deep(text='{"category":"theft"}')]
    house = houses(ladder, signals=DOUBTFUL)
    with pytest.raises(NoUsableAnswer) as raised:
        await house.gateway.complete(ask("label this", response_format=JSON), ALICE)
    told = raised.value.message
    assert "Of mid: its text is no JSON. Of deep: its JSON does not fit the schema: `cat" in told
    assert "answer_invalid" not in told


@pytest.mark.parametrize("rule", ["review", "hold"])
async def test_a_doubted_answer_keeps_its_schema_under_review_and_hold(
    houses: Houses, rule: str
) -> None:
    sections = {"exhausted": {"default": rule, "by_domain": {}}, "privacy": {"store": "full"}}
    tiers = [low(), mid(text=LABEL, p=0.2), deep(text=LABEL, p=0.2)]
    house = houses(tiers, signals=RISKY, **sections)
    outcome = await house.gateway.complete(ask(QUESTION, response_format=JSON), ALICE)
    assert (outcome.verdict, len(house.reviews.items)) == (Verdict.UNVERIFIED, 1)
    assert outcome.reason is Reason.ANSWER_NOT_TRUSTED


@pytest.mark.parametrize("signals", GRAVE)
async def test_a_forced_call_goes_out_beside_a_review(houses: Houses, signals: Signals) -> None:
    house = grave_house(houses, calling(), signals)
    forced = ask(QUESTION, tools=(TICKET,), tool_choice=FORCED)
    outcome = await house.gateway.complete(forced, ALICE)
    assert outcome.answer is not None
    assert [c.name for c in outcome.answer.choices[0].tool_calls] == ["file_ticket"]
    assert outcome.verdict is Verdict.UNVERIFIED
    (item,) = house.reviews.items
    assert item.review_id == outcome.review_id
    assert (
        f"the draft calls file_ticket: {LABEL}" in item.facts
    )  # nobody judges what they cannot see


@pytest.mark.parametrize("stream", [False, True])
async def test_a_sound_call_of_an_offered_tool_is_not_replaced_by_words(
    houses: Houses, *, stream: bool
) -> None:
    house = grave_house(houses, calling(), STOLEN, **COSTS)
    outcome = (await drain(house, ask(QUESTION, tools=(TICKET,), stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.answer is not None
    assert outcome.answer.choices[0].tool_calls
    assert (outcome.verdict, len(house.reviews.items)) == (Verdict.UNVERIFIED, 1)


async def test_a_tool_loop_tells_a_person_once(houses: Houses) -> None:
    house = grave_house(houses, calling(), STOLEN, **COSTS)
    called = Message("assistant", "", tool_calls=(ToolCall("c0", "file_ticket", LABEL),))
    result = Message("tool", "filed", tool_call_id="c0")
    request = ask(QUESTION, tools=(TICKET,))
    looped = replace(request, messages=(*request.messages, called, result))
    outcome = await house.gateway.complete(looped, ALICE)
    assert (outcome.verdict, house.reviews.items) == (Verdict.UNVERIFIED, [])


async def test_somebody_in_danger_gets_words_and_no_call_of_an_offered_tool(
    houses: Houses,
) -> None:
    house = grave_house(houses, calling(), SURE)
    outcome = await house.gateway.complete(ask(QUESTION, tools=(TICKET,)), ALICE)
    assert (outcome.verdict, len(house.reviews.items)) == (Verdict.SAFE_ANSWER, 1)


async def test_hold_holds_a_call_of_an_offered_tool(houses: Houses) -> None:
    hold = {"exhausted": {"default": "hold"}, "privacy": {"store": "full"}}
    hold["exhausted"]["by_domain"] = {"finance": "hold"}
    house = grave_house(houses, calling(), STOLEN, **COSTS, **hold)
    outcome = await house.gateway.complete(ask(QUESTION, tools=(TICKET,)), ALICE)
    assert outcome.verdict is Verdict.HELD


@pytest.mark.parametrize("signals", GRAVE)
async def test_a_person_hears_of_an_answer_that_breaks_its_schema(
    houses: Houses, signals: Signals
) -> None:
    tiers = [low(), mid(text="no"), deep(text="no JSON")]
    house = grave_house(houses, tiers, signals)
    with pytest.raises(NoUsableAnswer) as raised:
        await house.gateway.complete(ask(QUESTION, response_format=JSON), ALICE)
    (item,) = house.reviews.items
    assert f"A person has been told of the matter ({item.review_id})." in raised.value.told
    row = await only_row(house)
    assert (row.error_code, row.review_id) == ("no_usable_answer", item.review_id)


@pytest.mark.parametrize(("signals", "told"), [(SURE, 1), (STOLEN, 0), (CALM, 0)])
async def test_a_failed_call_tells_a_person_only_where_somebody_is_in_danger(
    houses: Houses, signals: Signals, told: int
) -> None:
    refused = error_for_status(401)
    tiers = [low(), mid(error=refused), deep(error=refused)]
    house = grave_house(houses, tiers, signals)
    with pytest.raises(UpstreamRejected):
        await house.gateway.complete(ask(QUESTION, response_format=JSON), ALICE)
    assert len(house.reviews.items) == told


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("limits", [*BUDGETS, RATED])
@pytest.mark.parametrize(("signals", "told"), [(SURE, 1), (STOLEN, 0)])
async def test_a_person_hears_of_an_emergency_whose_call_a_limit_refused(
    houses: Houses, signals: Signals, told: int, limits: dict[str, object], *, stream: bool
) -> None:
    """Its program got a 429, and nobody heard of it: words for a person cannot keep the shape."""
    house = grave_house(houses, labelling(), signals, **limits)
    request = ask(QUESTION, response_format=JSON, stream=stream)
    if limits is RATED:
        await drain(house, request)
        house.reviews.items.clear()
    with pytest.raises((BudgetExceeded, RateLimited)) as raised:
        await drain(house, request)
    assert len(house.reviews.items) == told
    assert all(
        f"told of the matter ({i.review_id})" in raised.value.told for i in house.reviews.items
    )


async def test_a_refused_shape_is_told_why_and_what_to_change(houses: Houses) -> None:
    rules = {"default": "refuse", "by_domain": {}}
    house = grave_house(houses, labelling(), STOLEN, exhausted=rules)
    with pytest.raises(NoUsableAnswer, match="`exhausted: refuse`") as raised:
        await house.gateway.complete(ask(QUESTION, response_format=JSON), ALICE)
    assert "Relax the format" not in raised.value.message
    assert house.reviews.items == []


@pytest.mark.parametrize(
    ("signals", "rule", "changes", "words"),
    [
        (STOLEN, "review", {}, "goes out marked unverified if it is about the question; otherwise"),
        (STOLEN, "review", {"response_format": JSON}, "in the shape that was asked for"),
        (STOLEN, "hold", {}, "approved words go out in place of its answer"),
        (STOLEN, "refuse", {}, "a refusal goes out in place of its answer"),
        (STOLEN, "refuse", {"response_format": JSON}, "an error goes out in place of its answer"),
        (STOLEN, "best_answer", {}, "its answer goes out marked unverified: how often deep"),
        (CALM, "review", {}, ""),
    ],
)
async def test_what_goes_out_is_foretold_as_it_comes(
    houses: Houses, signals: Signals, rule: str, changes: dict[str, object], words: str
) -> None:
    rules = {"default": rule, "by_domain": {}}
    tiers = labelling()
    full = {"privacy": {"store": "full"}}
    house = grave_house(houses, tiers, signals, exhausted=rules, **full)
    request = ask(QUESTION, **changes)
    said = foretold(house.gateway.router.route_now(request, ALICE))
    assert (words in said, bool(said)) == (True, bool(words))


async def test_nothing_is_foretold_where_a_measured_model_may_answer_instead(
    houses: Houses,
) -> None:
    """It said that words would go out, and the other model's answer was accepted."""
    other = ScriptedTier("deep2", "reasoning", 3, p=0.99, text=f"what to do once {QUESTION}")
    house = houses([low(), mid(), deep(text=LABEL), other], signals=STOLEN, verify_deep=FULL)
    runtime = house.gateway.router.default
    guess = {"deep": PSource.PRIOR}
    plans = [
        replace(p, ability=replace(p.ability, source=guess.get(p.facts.name, p.ability.source)))
        for p in runtime.plans
    ]
    house.gateway.router.swap({"test": dataclasses.replace(runtime, plans=tuple(plans))})
    assert foretold(house.gateway.router.route_now(ask(QUESTION), ALICE)) == ""
    outcome = await house.gateway.complete(ask(QUESTION), ALICE)
    assert (outcome.verdict, outcome.rung.answerer) == (Verdict.ACCEPTED, "deep2")


@pytest.mark.parametrize(("text", "verdict"), [(LABEL, "safe_answer"), (QUESTION, "unverified")])
async def test_the_words_of_a_foretold_answer_decide(
    houses: Houses, text: str, verdict: str
) -> None:
    said = f"{text} - please ask your own people what ought to happen next, and write it all down"
    house = grave_house(houses, [low(), mid(), deep(text=said)], STOLEN)
    outcome = await house.gateway.complete(ask(QUESTION), ALICE)
    assert outcome.verdict.value == verdict


@pytest.mark.parametrize("signals", GRAVE)
async def test_a_call_that_does_not_fit_is_no_answer_to_a_grave_matter(
    houses: Houses, signals: Signals
) -> None:
    house = grave_house(houses, calling(arguments='{"urgent":"very"}'), signals)
    outcome = await house.gateway.complete(ask(QUESTION, tools=(TICKET,)), ALICE)
    assert outcome.answer is not None
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert not any(choice.tool_calls for choice in outcome.answer.choices)
