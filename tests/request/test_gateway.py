"""The request path end to end over scripted tiers and a real ledger."""

from __future__ import annotations

import pytest

from router.errors import (
    CannotAnswer,
    DeadlineExceeded,
    DepthExceeded,
    LedgerFull,
    ModelNotFound,
    NotCapable,
    Overloaded,
    StreamCut,
    TiergateError,
    UpstreamInvalid,
    UpstreamUnreachable,
)
from router.ledger.tables.texts import TextStore
from router.request.intake import decided_outcome
from router.routing.decision_record import parse
from router.stats.answer_head import AnswerHead
from router.types import (
    REFUSAL_MODEL,
    SAFE_ANSWER_MODEL,
    Committed,
    Delta,
    Domain,
    Hints,
    Outcome,
    Price,
    Reason,
    RequestState,
    ResponseFormat,
    Role,
    Scope,
    Verdict,
)
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.checks.decided_again import differs
from tests.kits.fakes import ALICE, CALM, Clock, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import DOUBTFUL, RISKY, UNSURE, deep, drain, low, mid, only_row


def observing(houses: Houses, tiers: list[ScriptedTier], **sections: object) -> House:
    """A house whose `mid` answers what is asked of gpt-4o, whatever is decided."""
    aliases = {"gpt-4o": {"answerer": "mid"}}
    return houses(tiers, mode="observe", aliases=aliases, **sections)


async def test_a_routine_request_is_answered_at_level_1(houses: Houses) -> None:
    house = houses([low(), mid(), deep()])
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.level, outcome.verdict) == (1, Verdict.ACCEPTED)
    assert outcome.answer is not None
    assert outcome.answer.text == "an answer"
    assert (await only_row(house)).state is RequestState.SETTLED


async def test_a_resolver_that_declines_climbs(houses: Houses) -> None:
    declined = low(error=CannotAnswer("no order id", reason="slot_unfilled"))
    house = houses([declined, mid(), deep()])
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.level, outcome.reason) == (2, Reason.SLOT_UNFILLED)
    assert outcome.escalations == 1


async def test_escalation_keeps_the_better_answer(houses: Houses) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    tiers = [low(), mid(p=0.6, text="better"), deep(p=0.2, text="worse")]
    house = houses(tiers, signals=signals, thetas={"mid": 3.9, "deep": 4})
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text == "better"


async def test_the_failure_names_its_request(houses: Houses) -> None:
    house = houses([mid(error=UpstreamInvalid("no JSON"))])
    with pytest.raises(TiergateError) as caught:
        await house.gateway.complete(ask(), ALICE)
    assert caught.value.request_id == (await only_row(house)).request_id


async def test_a_high_risk_matter_never_releases_an_unverified_answer(houses: Houses) -> None:
    thinker = deep(kind="deliberation", trusted=True, verified=False, text="take two")
    house = houses([low(), mid(), thinker], signals=RISKY)
    outcome = await house.gateway.complete(ask("my chest hurts"), ALICE)
    assert (outcome.verdict, thinker.calls) == (Verdict.SAFE_ANSWER, 1)
    assert outcome.answer is not None
    assert outcome.answer.text.startswith("safe answer for medical")
    assert [item.domain for item in house.reviews.items] == [Domain.MEDICAL]


async def test_an_ordinary_matter_gets_the_best_answer_marked_unverified(houses: Houses) -> None:
    verify = {"default": "prefix"}
    house = houses([low(), mid(p=0.2)], signals=UNSURE, verify_mid=verify)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.UNVERIFIED


async def test_a_failed_review_domain_gets_its_safe_answer(houses: Houses) -> None:
    down = deep(error=UpstreamUnreachable("refused", sent=False))
    house = houses([low(), mid(), down], signals=RISKY)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER


async def test_unknown_model_lists_what_is_known(houses: Houses) -> None:
    house = houses([low(), mid()])
    with pytest.raises(ModelNotFound, match="tier:resolve"):
        await house.gateway.complete(ask(requested_model="gpt-9"), ALICE)


async def test_an_alias_routes_the_vendors_name(houses: Houses) -> None:
    house = houses([low(), mid()], aliases={"gpt-*": "auto"})
    outcome = await house.gateway.complete(ask(requested_model="gpt-4o"), ALICE)
    assert outcome.rung.level == 1
    assert (await only_row(house)).requested_model == "gpt-4o"


async def test_a_pinned_tier_is_the_only_one_tried(houses: Houses) -> None:
    house = houses([low(), mid(), deep()])
    outcome = await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    assert outcome.rung.answerer == "deep"
    assert outcome.rung.reasons == (Reason.PINNED,)


@pytest.mark.parametrize(
    ("p", "verdict"), [(0.49, Verdict.UNVERIFIED), (0.5, Verdict.ACCEPTED)], ids=str
)
async def test_a_pinned_tier_is_accepted_from_accept_at_on(houses: Houses, p, verdict) -> None:
    higher = deep()
    house = houses([low(), mid(p=p), higher], verify_mid={"default": "full"})
    outcome = await house.gateway.complete(ask(requested_model="tier:llm"), ALICE)
    assert (outcome.verdict, outcome.rung.answerer) == (verdict, "mid")
    assert higher.calls == 0
    assert (await only_row(house)).verdict == verdict


@pytest.mark.parametrize("model", ["auto", "tier:llm"])
@pytest.mark.parametrize(("unread", "verdict"), [(True, "unverified"), (False, "accepted")])
async def test_an_answer_to_what_was_not_read_whole_is_never_accepted(
    houses: Houses, model: str, unread: bool, verdict: str
) -> None:
    signals = replace(CALM, match=None, novelty=1.0, unread=unread)
    house = houses([low(), mid(p=0.99), deep()], signals=signals, verify_mid={"default": "full"})
    outcome = await house.gateway.complete(ask(requested_model=model), ALICE)
    assert (outcome.verdict, outcome.rung.answerer) == (verdict, "mid")
    row = await only_row(house)
    assert row.verdict == verdict
    assert row.reasons[-1] == ("answer_unchecked" if unread else "answer_accepted")


async def test_a_pinned_tiers_doubtful_answer_goes_out_where_others_get_safe_words(
    houses: Houses,
) -> None:
    signals = replace(CALM, domain=Domain.MEDICAL)
    tiers = [low(), mid(p=0.2)]
    house = houses(tiers, signals=signals, verify_mid={"default": "full"})
    outcome = await house.gateway.complete(ask(requested_model="tier:llm"), ALICE)
    assert outcome.answer is not None
    assert (outcome.verdict, outcome.answer.text) == (Verdict.UNVERIFIED, "an answer")
    assert house.reviews.items == []


async def test_dry_run_costs_what_would_be_called(houses: Houses) -> None:
    async def told(house: House, **changes: object) -> tuple[int, bool]:
        outcome = await house.gateway.complete(ask(hints=Hints(dry_run=True), **changes), ALICE)
        return outcome.cost_nano_usd, outcome.cost_known

    unpriced = [low(), mid(price=Price())]
    assert await told(houses([low(), mid()], signals=UNSURE)) == (20 * 1_000 + 5 * 2_000, True)
    assert await told(houses(unpriced, signals=UNSURE)) == (0, False)
    budget = {"*": {"usd_per_day": 1}}
    assert await told(houses(unpriced, signals=UNSURE, budgets=budget)) == (0, True)
    observed = houses([low(), mid(), deep()], mode="observe")  # approved words would do
    assert (await told(observed, requested_model="deep-model"))[0] == 20 * 1_000 + 5 * 2_000


async def test_dry_run_calls_nothing(houses: Houses) -> None:
    tiers = [low(), mid(), deep()]
    house = houses(tiers)
    outcome = await house.gateway.complete(ask(hints=Hints(dry_run=True)), ALICE)
    assert outcome.answer is None
    assert sum(tier.calls for tier in tiers) == 0
    assert list(requests_in(house.ledger)) == []


async def test_route_decides_without_calling(houses: Houses) -> None:
    tiers = [low(), mid()]
    house = houses(tiers)
    assert decided_outcome(house.gateway.router, ask(), ALICE).rung.level == 1
    assert sum(tier.calls for tier in tiers) == 0


async def test_a_deadline_already_past_calls_nothing(houses: Houses) -> None:
    tier = mid()
    house = houses([low(), tier], signals=UNSURE)
    with pytest.raises(DeadlineExceeded):
        await house.gateway.complete(ask(hints=Hints(deadline_ms=0)), ALICE)
    assert tier.calls == 0
    assert (await only_row(house)).cost_nano_usd == 0


async def test_observe_answers_with_the_model_asked_for(houses: Houses) -> None:
    aliases = {"gpt-4o": {"answerer": "deep"}}
    house = houses([low(), mid(), deep()], mode="observe", aliases=aliases)
    outcome = await house.gateway.complete(ask(requested_model="gpt-4o"), ALICE)
    row = await only_row(house)
    assert (outcome.rung.answerer, outcome.reason) == ("deep", Reason.OBSERVED)
    assert row.mode == "observe"
    assert outcome.decision.first_rung.answerer == "faq"


async def test_observe_gives_an_answer_that_breaks_its_shape_as_it_is(houses: Houses) -> None:
    aliases = {"gpt-4o": {"answerer": "mid"}}
    house = houses([low(), mid(), deep()], mode="observe", aliases=aliases)
    shaped = ask(requested_model="gpt-4o", response_format=ResponseFormat("json_object"))
    outcome = await house.gateway.complete(shaped, ALICE)
    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.verdict) == ("an answer", Verdict.UNVERIFIED)


async def test_observe_needs_a_model_it_can_ask(houses: Houses) -> None:
    house = houses([low(), mid()], mode="observe", aliases={"gpt-*": "auto"})
    with pytest.raises(ModelNotFound, match="observes"):
        await house.gateway.complete(ask(requested_model="gpt-4o"), ALICE)


async def test_stakes_never_fall_within_a_session(houses: Houses) -> None:
    house = houses([low(), mid(), deep()])
    request = ask(hints=Hints(session="s"))
    house.triage.signals = replace(CALM, impact_nano_usd=2_000_000 * 10**9)
    await house.gateway.complete(request, ALICE)
    house.triage.signals = CALM
    await house.gateway.complete(request, ALICE)
    memory = await house.sessions.get("acme", "s")
    assert memory is not None
    assert memory.impact_nano_usd == 2_000_000 * 10**9


async def test_calls_do_not_nest_without_end(houses: Houses) -> None:
    thinker = deep(kind="deliberation", asks=("deep",))
    house = houses([low(), mid(), thinker])
    with pytest.raises(TiergateError, match="deep"):
        await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    assert len((await only_row(house)).attempts) <= 32


async def test_a_deadline_ends_a_slow_rung(houses: Houses) -> None:
    house = houses([low(), mid(wait_s=3600)], signals=UNSURE)
    with pytest.raises(DeadlineExceeded):
        await house.gateway.complete(ask(hints=Hints(deadline_ms=300)), ALICE)
    assert (await only_row(house)).state is RequestState.UNKNOWN_COST


async def test_max_tier_needs_its_scope(houses: Houses) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    tiers = [low(), mid(), deep()]
    house = houses(tiers, signals=signals, thetas={"mid": 0.0, "deep": 4.0})
    request = ask(hints=Hints(max_tier=2))
    free = replace(ALICE, scopes=frozenset({Scope.CHAT, Scope.HINTS_LOWER}))
    assert (await house.gateway.complete(request, ALICE)).rung.level == 3
    assert (await house.gateway.complete(request, free)).rung.level == 2


async def test_samples_that_differ_lower_the_chance(houses: Houses) -> None:
    verify = {"default": "full", "self_consistency": 2}
    tier = mid(says=("one two", "one two", "three four"))
    house = houses([low(), tier], signals=UNSURE, verify_mid=verify)
    outcome = await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert [a.role for a in row.attempts] == [Role.ANSWER, Role.SAMPLE, Role.SAMPLE]
    assert outcome.confidence == pytest.approx(outcome.rung.p * 0.5)


@pytest.mark.parametrize(("text", "level"), [("2 + 2 = 4", 2), ("2 + 2 = 5", 3)])
async def test_a_head_of_answers_decides_about_the_climb(
    houses: Houses, text: str, level: int
) -> None:
    judge = AnswerHead(3.0, {"sum_fails": (-6.0, 0.0, 1.0)}, 100, {})
    house = houses([low(), mid(text=text, reader=judge), deep()], signals=DOUBTFUL)
    assert (await house.gateway.complete(ask(), ALICE)).rung.level == level


@pytest.mark.parametrize(("store", "kept"), [("none", None), ("full", "user: hello there")])
async def test_texts_are_kept_only_where_the_policy_says_so(houses: Houses, store, kept) -> None:
    house = houses([low(), mid()], privacy={"store": store})
    outcome = await house.gateway.complete(ask(), ALICE)
    texts = TextStore(house.ledger.database, Clock())
    assert await texts.get(outcome.request_id, "acme", "prompt") == kept


async def test_a_stored_row_is_decided_again_to_the_identical_ladder(houses: Houses) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    house = houses([low(), mid(p=0.3), deep()], signals=signals)
    await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert differs(parse(row.record), house.gateway.router.default.policy) is None


@pytest.mark.parametrize("text", ["this is an emergency", "is this clause enforceable"])
async def test_a_safe_answer_goes_out_before_an_untrusted_deliberation(
    houses: Houses, text: str
) -> None:
    thinker = deep(kind="deliberation", verified=False)
    house = houses([low(), mid(), thinker], signals=RISKY)
    outcome = await house.gateway.complete(ask(text), ALICE)
    assert (outcome.verdict, thinker.calls) == (Verdict.SAFE_ANSWER, 0)
    assert outcome.rung.level == 3
    assert [item.domain for item in house.reviews.items] == [Domain.MEDICAL]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("doubted", [{"p": 0.1}, {"kind": "deliberation", "verified": False}])
@pytest.mark.parametrize(
    ("exhausted", "model"), [("review", SAFE_ANSWER_MODEL), ("refuse", REFUSAL_MODEL)]
)
async def test_fixed_words_name_no_model_but_their_row_the_rung_that_was_called(
    houses: Houses, exhausted: str, model: str, doubted: dict[str, object], stream: bool
) -> None:
    rules = {"by_domain": {"medical": exhausted}}
    house = houses([low(), mid(), deep(**doubted)], signals=RISKY, exhausted=rules)
    committed, *_, outcome = await drain(house, ask("is this clause enforceable", stream=stream))
    assert isinstance(committed, Committed)
    assert isinstance(outcome, Outcome)
    assert outcome.answer is not None
    assert (committed.model, outcome.answer.model) == (model, model)
    row = await only_row(house)
    called = any(attempt.answerer == "deep" for attempt in row.attempts)
    assert called or (exhausted, doubted["kind"]) == ("review", "deliberation")
    assert (row.answerer, row.model) == ("deep", "deep-model" if called else model)


@pytest.mark.parametrize("exhausted", ["review", "refuse"])
async def test_a_shape_that_no_trusted_answer_can_keep_is_refused_before_any_call(
    houses: Houses, exhausted: str
) -> None:
    thinker = deep(kind="deliberation", verified=False)
    rules = {"by_domain": {"medical": exhausted}}
    house = houses([low(), mid(), thinker], signals=RISKY, exhausted=rules)
    shaped = replace(ask(), response_format=ResponseFormat("json_object"))
    with pytest.raises(NotCapable, match="trusted: false"):
        await house.gateway.complete(shaped, ALICE)
    row = await only_row(house)
    assert (row.error_code, thinker.calls) == ("unsupported_capability", 0)


async def test_a_rung_that_can_be_vouched_for_has_its_turn(houses: Houses) -> None:
    thinker = deep(kind="deliberation", verified=False)
    able = ScriptedTier("able", "reasoning", 3, text="see a doctor today", p=0.9)
    tiers = [low(), mid(), thinker, able]
    house = houses(tiers, signals=RISKY, thetas={"deep": -3.0, "able": 5.0})
    outcome = await house.gateway.complete(ask("is this clause enforceable"), ALICE)
    assert (outcome.verdict, able.calls) == (Verdict.ACCEPTED, 1)


@pytest.mark.parametrize("stream", [False, True])
async def test_observe_gives_the_models_own_answer_in_grave_matters_too(
    houses: Houses, stream: bool
) -> None:
    thinker = deep(kind="deliberation", verified=False)
    aliases = {"gpt-4o": {"answerer": "mid"}}
    house = houses([low(), mid(), thinker], signals=RISKY, mode="observe", aliases=aliases
    )  # fmt: skip
    request = ask("is this clause enforceable", requested_model="gpt-4o", stream=stream)
    outcome = await house.gateway.complete(request, ALICE)
    assert (outcome.rung.answerer, outcome.verdict) == ("mid", Verdict.ACCEPTED)
    assert house.reviews.items == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", ["none", "prefix", "full"])
@pytest.mark.parametrize("said", [{"text": "I'm sorry, but I can't help."}, {"verified": False}])
async def test_observe_changes_no_answer_whatever_is_said_of_it(
    houses: Houses, stream: bool, mode: str, said: dict[str, object]
) -> None:
    tiers = [low(), mid(**said), deep()]
    house = observing(houses, tiers, signals=DOUBTFUL, verify_mid={"default": mode})
    outcome = (await drain(house, ask(requested_model="gpt-4o", stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.answer is not None
    assert outcome.answer.text == tiers[1].text
    assert (await only_row(house)).answerer == "mid"


async def test_observe_escalates_nowhere(houses: Houses) -> None:
    house = observing(houses, [low(), mid(p=0.1), deep()], signals=DOUBTFUL)
    outcome = await house.gateway.complete(ask(requested_model="gpt-4o"), ALICE)
    row = await only_row(house)
    assert (outcome.escalations, row.escalations, len(row.attempts)) == (0, 0, 1)


async def test_observe_pays_for_no_samples(houses: Houses) -> None:
    verify = {"default": "full", "self_consistency": 2}
    tier = mid()
    house = observing(houses, [low(), tier], verify_mid=verify)
    await house.gateway.complete(ask(requested_model="gpt-4o"), ALICE)
    assert tier.calls == 1


async def test_observe_streams_through_what_would_be_verified_whole(houses: Houses) -> None:
    tier = mid(text="one two three", cut_after=2, error=StreamCut("cut"))
    house = observing(houses, [low(), tier], verify_mid={"default": "full"})
    events = house.gateway.stream(ask(requested_model="gpt-4o", stream=True), ALICE)
    assert isinstance(await anext(events), Committed)
    assert await anext(events) == Delta(text="one")
    await events.aclose()


async def test_an_observed_failure_is_booked_under_the_model_asked_for(houses: Houses) -> None:
    down = mid(error=UpstreamUnreachable("refused", sent=False))
    house = observing(houses, [low(), down])
    with pytest.raises(UpstreamUnreachable):
        await house.gateway.complete(ask(requested_model="gpt-4o"), ALICE)
    row = await only_row(house)
    assert (row.answerer, row.reason) == ("mid", Reason.OBSERVED)


@pytest.mark.parametrize("error", [LedgerFull("full"), DepthExceeded("33 calls")])
async def test_what_a_higher_rung_runs_into_takes_no_answer_in_hand(
    houses: Houses, error: TiergateError
) -> None:
    tiers = [low(), mid(p=0.3), deep(error=error)]
    house = houses(tiers, signals=DOUBTFUL, thetas={"mid": 3.9, "deep": 4})
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.answerer, outcome.verdict) == ("mid", Verdict.UNVERIFIED)
    assert tiers[2].calls == 1


async def test_a_full_tier_climbs_to_the_next(houses: Houses) -> None:
    full = mid(error=Overloaded("The queue is full.", retry_after_s=2.0))
    signals = replace(UNSURE, impact_nano_usd=2_000 * 10**9)
    house = houses([low(), full, deep()], signals=signals, thetas={"mid": 5.0, "deep": 5.0}
    )  # fmt: skip
    assert (await house.gateway.complete(ask(), ALICE)).rung.answerer == "deep"


@pytest.mark.parametrize("stream", [False, True])
async def test_an_approved_answer_is_looked_up_and_a_model_answers(
    houses: Houses, stream: bool
) -> None:
    declined = low(error=CannotAnswer("no order id", reason="slot_unfilled"))
    house = houses([declined, mid()])
    await drain(house, ask(stream=stream))
    roles = [line.role for line in (await only_row(house)).attempts]
    assert roles == [Role.RESOLVER, Role.ANSWER]
