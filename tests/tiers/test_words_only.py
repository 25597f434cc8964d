"""A model that may not answer by itself gives approved words, and still does steps of others."""

from __future__ import annotations

import pytest

from router.errors import CannotAnswer, NotCapable
from router.ledger.tables.texts import TextStore
from router.types import (
    Answer,
    Baselines,
    ChatRequest,
    CostBasis,
    Message,
    Price,
    Reason,
    ResponseFormat,
    Role,
    ToolSpec,
    Verdict,
    Work,
)
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import (
    RISKY,
    UNSURE,
    low,
    mid,
    only_row,
    words_about,
    words_only,
)
from tiers.words_only import WordsOnly


async def _no_call(answerer: str, request: ChatRequest, role: Role) -> Answer:
    raise AssertionError("words call no one")


def _work(role: Role = Role.ANSWER, **changes: object) -> Work:
    request = replace(ChatRequest((Message("user", "why is the sky blue"),), "auto"), **changes)
    return Work(request, CALM, 2**62, role, "tenant", "r1")


async def test_its_own_answer_is_approved_words_that_nobody_vouches_for() -> None:
    inner = mid()
    answer = await WordsOnly(inner, words_about).answer(_work(), _no_call)
    assert answer.text == words_about(CALM.domain, CALM.language)
    assert (answer.p, answer.verified, answer.approved) == (0.0, False, True)
    assert inner.calls == 0


def test_words_cost_no_list_price() -> None:
    inner = mid(price=Price(per_request_nano_usd=500_000_000))
    assert WordsOnly(inner, words_about).facts.price == Price()


async def test_a_step_of_another_answerer_reaches_the_model() -> None:
    inner = mid()
    await WordsOnly(inner, words_about).answer(_work(Role.REFINE), _no_call)
    assert inner.calls == 1


async def test_words_take_no_shape() -> None:
    request = _work(response_format=ResponseFormat("json_object"))
    with pytest.raises(CannotAnswer) as caught:
        await WordsOnly(mid(), words_about).answer(request, _no_call)
    assert caught.value.reason == Reason.NO_MODEL


async def test_a_request_that_only_such_a_model_could_answer_gets_the_words_unverified(
    houses: Houses,
) -> None:
    tiers: list[ScriptedTier] = [low(), mid()]
    house = words_only(houses(tiers, signals=UNSURE))
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text == words_about(UNSURE.domain, UNSURE.language)
    assert (outcome.verdict, outcome.reason) == (Verdict.UNVERIFIED, Reason.NO_MODEL)
    assert outcome.rung.answers_as == "approved_words"
    row = await only_row(house)
    assert (row.verdict, row.reason) == ("unverified", "no_model")
    assert tiers[1].calls == 0


async def test_words_are_expected_to_cost_what_they_do_cost(houses: Houses) -> None:
    """The model behind would compute at a price of its own; nobody asks it."""
    own = Price(per_second_nano_usd=1_000_000_000)
    house = words_only(houses([low(), mid(kind="local", price=own)], signals=UNSURE))
    outcome = await house.gateway.complete(ask(), ALICE)
    expected = outcome.decision.first_rung
    assert expected.answers_as == "approved_words"
    assert (expected.cost_nano_usd, expected.cost_basis, expected.latency_ms) == (
        0,
        CostBasis.OWN_COMPUTE,
        0.0,
    )


async def test_words_that_no_model_may_answer_are_compared_with_nothing(houses: Houses) -> None:
    house = words_only(houses([low(), mid()], signals=UNSURE))
    await house.gateway.complete(ask(), ALICE)
    assert (await only_row(house)).baselines == Baselines()


def test_a_server_of_words_alone_says_so_without_a_loose_end() -> None:
    assert WordsOnly(mid(), words_about).status().detail == "approved words only (alone: false)"


async def test_a_risk_matter_still_gets_its_safe_answer(houses: Houses) -> None:
    rules = {"by_domain": {"medical": "review"}}
    house = words_only(houses([low(), mid()], signals=RISKY, exhausted=rules))
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert outcome.reason is Reason.HIGH_RISK_MEDICAL


@pytest.mark.parametrize("forced", [False, True])
async def test_a_shape_that_only_such_a_model_could_write_is_refused(
    houses: Houses, forced: bool
) -> None:
    house = words_only(houses([low(), mid()], signals=UNSURE))
    shape = {"tool_choice": '"required"', "tools": (ToolSpec("f", "", "{}"),)}
    shaped = shape if forced else {"response_format": ResponseFormat("json_object")}
    wanted = "a call of a tool" if forced else "JSON"
    with pytest.raises(
        NotCapable, match=f"demands {wanted} .*policy test may answer by itself"
    ) as caught:
        await house.gateway.complete(replace(ask(), **shaped), ALICE)
    assert not caught.value.tried, "no model was called"
    assert (await only_row(house)).error_code == "unsupported_capability"


async def test_a_person_gets_no_words_as_a_draft_to_judge(houses: Houses) -> None:
    rules = {"default": "review", "by_domain": {"medical": "review"}}
    house = words_only(houses([mid(p=0.1)], signals=RISKY, exhausted=rules))
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    await house.gateway.drain()
    texts = TextStore(house.ledger.database, house.clock)
    assert texts.kept(outcome.request_id, None, "draft") is None
