"""The request path end to end over scripted tiers and a real ledger."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router import record
from router.errors import (
    BudgetExceeded,
    CannotAnswer,
    DeadlineExceeded,
    ModelNotFound,
    NotCapable,
    Overloaded,
    StreamCut,
    TiergateError,
    UpstreamInvalid,
    UpstreamUnreachable,
)
from router.ledger.texts import TextStore
from router.types import (
    AttemptState,
    Committed,
    Delta,
    Domain,
    Hints,
    Outcome,
    Price,
    Reason,
    RequestRow,
    RequestState,
    Role,
    Sampling,
    Scope,
    Usage,
    Verdict,
)
from tests.fakes import ALICE, CALM, Clock, House, ScriptedTier, a_house, ask

RISKY = replace(CALM, domain=Domain.MEDICAL, stakes_high=0.9)
UNSURE = replace(CALM, match=None)
THROUGH = {"default": "none"}


def low(**changes: object) -> ScriptedTier:
    scripted = {"kind": "resolver", "approved": True, "p": 0.95, "price": Price()}
    return ScriptedTier("faq", "resolve", 1, **(scripted | changes))


def mid(**changes: object) -> ScriptedTier:
    return ScriptedTier("mid", "llm", 2, **changes)


def deep(**changes: object) -> ScriptedTier:
    return ScriptedTier("deep", "reasoning", 3, **changes)


async def only_row(house: House) -> RequestRow:
    await house.gateway.drain()
    rows = list(house.ledger.rows())
    assert len(rows) == 1
    row = rows[0]
    assert sum(a.cost_nano_usd for a in row.attempts) == row.cost_nano_usd
    assert not any(a.state is AttemptState.HELD for a in row.attempts)
    return row


async def drain(house: House, request: object) -> list[object]:
    async with aclosing(house.gateway.stream(request, ALICE)) as events:
        return [event async for event in events]


async def test_a_routine_request_is_answered_at_level_1(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid(), deep()])
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.level, outcome.verdict) == (1, Verdict.ACCEPTED)
    assert outcome.answer is not None
    assert outcome.answer.text == "an answer"
    assert (await only_row(house)).state is RequestState.SETTLED
    await house.close()


async def test_a_resolver_that_declines_climbs(tmp_path: Path) -> None:
    declined = low(error=CannotAnswer("no order id", reason="slot_unfilled"))
    house = a_house(tmp_path, [declined, mid(), deep()])
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.level, outcome.reason) == (2, Reason.SLOT_UNFILLED)
    assert outcome.escalations == 1
    await house.close()


async def test_a_climb_costs_the_draft_too(tmp_path: Path) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    weak, strong = mid(p=0.3), deep()
    house = a_house(
        tmp_path, [low(), weak, strong], signals=signals, thetas={"mid": 3.9, "deep": 4}
    )
    outcome = await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert outcome.rung.answerer == "deep"
    assert [a.discarded for a in row.attempts] == [True, False]
    assert row.cost_nano_usd == 2 * (10 * 1_000 + 5 * 2_000)
    await house.close()


async def test_escalation_keeps_the_better_answer(tmp_path: Path) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    tiers = [low(), mid(p=0.6, text="better"), deep(p=0.2, text="worse")]
    house = a_house(tmp_path, tiers, signals=signals, thetas={"mid": 3.9, "deep": 4})
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text == "better"
    await house.close()


async def test_a_refused_connection_costs_nothing(tmp_path: Path) -> None:
    down = mid(error=UpstreamUnreachable("refused", sent=False))
    house = a_house(tmp_path, [low(), down, deep()], signals=UNSURE)
    with pytest.raises(UpstreamUnreachable):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert (row.state, row.cost_nano_usd) == (RequestState.FAILED, 0)
    await house.close()


async def test_garbage_from_an_upstream_counts_at_its_hold(tmp_path: Path) -> None:
    broken = mid(error=UpstreamInvalid("no JSON"))
    house = a_house(tmp_path, [low(), broken, deep()], signals=UNSURE)
    with pytest.raises(UpstreamInvalid):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert row.state is RequestState.UNKNOWN_COST
    assert row.cost_nano_usd == row.attempts[0].held_nano_usd > 0
    await house.close()


async def test_the_failure_names_its_request(tmp_path: Path) -> None:
    house = a_house(tmp_path, [mid(error=UpstreamInvalid("no JSON"))])
    with pytest.raises(TiergateError) as caught:
        await house.gateway.complete(ask(), ALICE)
    assert caught.value.request_id == (await only_row(house)).request_id
    await house.close()


async def test_a_high_risk_matter_never_releases_an_unverified_answer(tmp_path: Path) -> None:
    thinker = deep(kind="deliberation", verified=False, text="take two")
    house = a_house(tmp_path, [low(), mid(), thinker], signals=RISKY)
    outcome = await house.gateway.complete(ask("my chest hurts"), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert outcome.answer is not None
    assert outcome.answer.text.startswith("safe answer for medical")
    assert [item.domain for item in house.reviews.items] == [Domain.MEDICAL]
    await house.close()


async def test_an_ordinary_matter_gets_the_best_answer_marked_unverified(tmp_path: Path) -> None:
    verify = {"default": "prefix"}
    house = a_house(tmp_path, [low(), mid(p=0.2)], signals=UNSURE, verify_mid=verify)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.UNVERIFIED
    await house.close()


async def test_a_failed_review_domain_gets_its_safe_answer(tmp_path: Path) -> None:
    down = deep(error=UpstreamUnreachable("refused", sent=False))
    house = a_house(tmp_path, [low(), mid(), down], signals=RISKY)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    await house.close()


async def test_unknown_model_lists_what_is_known(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid()])
    with pytest.raises(ModelNotFound, match="tier:resolve"):
        await house.gateway.complete(ask(requested_model="gpt-9"), ALICE)
    await house.close()


async def test_an_alias_routes_the_vendors_name(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid()], aliases={"gpt-*": "auto"})
    outcome = await house.gateway.complete(ask(requested_model="gpt-4o"), ALICE)
    assert outcome.rung.level == 1
    assert (await only_row(house)).requested_model == "gpt-4o"
    await house.close()


async def test_a_pinned_tier_is_the_only_one_tried(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid(), deep()])
    outcome = await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    assert outcome.rung.answerer == "deep"
    assert outcome.rung.reasons == (Reason.PINNED,)
    await house.close()


async def test_dry_run_calls_nothing(tmp_path: Path) -> None:
    tiers = [low(), mid(), deep()]
    house = a_house(tmp_path, tiers)
    outcome = await house.gateway.complete(ask(hints=Hints(dry_run=True)), ALICE)
    assert outcome.answer is None
    assert sum(tier.calls for tier in tiers) == 0
    assert list(house.ledger.rows()) == []
    await house.close()


async def test_route_decides_without_calling(tmp_path: Path) -> None:
    tiers = [low(), mid()]
    house = a_house(tmp_path, tiers)
    assert house.gateway.router.route(ask(), ALICE).rung.level == 1
    assert sum(tier.calls for tier in tiers) == 0
    await house.close()


async def test_a_list_price_covers_the_calls_under_it(tmp_path: Path) -> None:
    price = Price(per_request_nano_usd=5 * 10**9, version="stated")
    thinker = deep(kind="deliberation", asks=("mid", "mid"), price=price)
    house = a_house(tmp_path, [low(), mid(), thinker])
    await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    row = await only_row(house)
    assert row.cost_nano_usd == 5 * 10**9
    assert [a.cost_nano_usd for a in row.attempts] == [5 * 10**9, 0, 0]
    await house.close()


async def test_a_deliberation_without_list_price_costs_its_steps(tmp_path: Path) -> None:
    thinker = deep(kind="deliberation", asks=("mid", "mid"), price=Price())
    house = a_house(tmp_path, [low(), mid(), thinker])
    await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    assert (await only_row(house)).cost_nano_usd == 2 * (10 * 1_000 + 5 * 2_000)
    await house.close()


async def test_a_list_price_that_was_not_earned_leaves_the_calls_at_their_own_price(
    tmp_path: Path,
) -> None:
    price = Price(per_request_nano_usd=5 * 10**9, version="stated")
    failing = deep(kind="deliberation", asks=("mid",), price=price, error=UpstreamInvalid("?"))
    house = a_house(tmp_path, [low(), mid(), failing])
    with pytest.raises(UpstreamInvalid):
        await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    assert (await only_row(house)).cost_nano_usd == 10 * 1_000 + 5 * 2_000
    await house.close()


async def test_calls_made_at_the_same_time_are_booked_one_by_one(tmp_path: Path) -> None:
    thinker = deep(kind="deliberation", asks=("mid", "mid", "mid"), at_once=True, price=Price())
    house = a_house(tmp_path, [low(), mid(), thinker])
    await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    row = await only_row(house)
    assert len({a.attempt_id for a in row.attempts}) == 4
    assert row.cost_nano_usd == 3 * (10 * 1_000 + 5 * 2_000)
    await house.close()


async def test_a_deadline_already_past_calls_nothing(tmp_path: Path) -> None:
    tier = mid()
    house = a_house(tmp_path, [low(), tier], signals=UNSURE)
    with pytest.raises(DeadlineExceeded):
        await house.gateway.complete(ask(hints=Hints(deadline_ms=0)), ALICE)
    assert tier.calls == 0
    assert (await only_row(house)).cost_nano_usd == 0
    await house.close()


async def test_max_cost_is_a_cap_on_the_worst_case(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid()], signals=UNSURE)
    with pytest.raises(NotCapable, match="max_cost_usd"):
        await house.gateway.complete(ask(hints=Hints(max_cost_nano_usd=100)), ALICE)
    await house.close()


async def test_observe_answers_with_the_model_asked_for(tmp_path: Path) -> None:
    aliases = {"gpt-4o": {"answerer": "deep"}}
    house = a_house(tmp_path, [low(), mid(), deep()], mode="observe", aliases=aliases)
    outcome = await house.gateway.complete(ask(requested_model="gpt-4o"), ALICE)
    row = await only_row(house)
    assert (outcome.rung.answerer, outcome.reason) == ("deep", Reason.OBSERVED)
    assert row.mode == "observe"
    assert outcome.decision.first_rung.answerer == "faq"
    await house.close()


async def test_observe_needs_a_model_it_can_ask(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid()], mode="observe", aliases={"gpt-*": "auto"})
    with pytest.raises(ModelNotFound, match="observes"):
        await house.gateway.complete(ask(requested_model="gpt-4o"), ALICE)
    await house.close()


async def test_stakes_never_fall_within_a_session(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid(), deep()])
    request = ask(hints=Hints(session="s"))
    house.triage.signals = replace(CALM, impact_nano_usd=2_000_000 * 10**9)
    await house.gateway.complete(request, ALICE)
    house.triage.signals = CALM
    await house.gateway.complete(request, ALICE)
    memory = await house.sessions.get("acme", "s")
    assert memory is not None
    assert memory.impact_nano_usd == 2_000_000 * 10**9
    await house.close()


async def test_calls_do_not_nest_without_end(tmp_path: Path) -> None:
    thinker = deep(kind="deliberation", asks=("deep",))
    house = a_house(tmp_path, [low(), mid(), thinker])
    with pytest.raises(TiergateError, match="deep"):
        await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    assert len((await only_row(house)).attempts) <= 32
    await house.close()


async def test_a_deadline_ends_a_slow_rung(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid(wait_s=5)], signals=UNSURE)
    with pytest.raises(DeadlineExceeded):
        await house.gateway.complete(ask(hints=Hints(deadline_ms=50)), ALICE)
    assert (await only_row(house)).state is RequestState.UNKNOWN_COST
    await house.close()


async def test_a_budget_refuses_what_would_pass_it(tmp_path: Path) -> None:
    budgets = {"*": {"usd_per_day": 0.000001}}
    house = a_house(tmp_path, [low(), mid()], signals=UNSURE, budgets=budgets)
    with pytest.raises(BudgetExceeded):
        await house.gateway.complete(ask(), ALICE)
    assert (await only_row(house)).cost_nano_usd == 0
    await house.close()


async def test_the_same_deterministic_request_is_answered_from_cache(tmp_path: Path) -> None:
    tier = mid()
    house = a_house(tmp_path, [low(), tier], signals=UNSURE)
    request = ask(sampling=Sampling(temperature=0.0))
    await house.gateway.complete(request, ALICE)
    again = await house.gateway.complete(request, ALICE)
    assert tier.calls == 1
    assert (again.cost_nano_usd, again.attempts[0].role) == (0, Role.CACHE)
    await house.close()


async def test_a_cached_answer_below_the_floor_now_decided_is_not_used(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid(), deep()], signals=UNSURE)
    request = ask(sampling=Sampling(temperature=0.0))
    await house.gateway.complete(request, ALICE)
    house.triage.signals = replace(UNSURE, strategic=0.9)
    again = await house.gateway.complete(request, ALICE)
    assert again.rung.level == 3
    await house.close()


async def test_another_tenants_cache_is_out_of_reach(tmp_path: Path) -> None:
    tier = mid()
    house = a_house(tmp_path, [low(), tier], signals=UNSURE)
    request = ask(sampling=Sampling(temperature=0.0))
    await house.gateway.complete(request, ALICE)
    await house.gateway.complete(request, replace(ALICE, tenant="other"))
    assert tier.calls == 2
    await house.close()


async def test_max_tier_needs_its_scope(tmp_path: Path) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    tiers = [low(), mid(), deep()]
    house = a_house(tmp_path, tiers, signals=signals, thetas={"mid": 0.0, "deep": 4.0})
    request = ask(hints=Hints(max_tier=2))
    free = replace(ALICE, scopes=frozenset({Scope.CHAT, Scope.HINTS_LOWER}))
    assert (await house.gateway.complete(request, ALICE)).rung.level == 3
    assert (await house.gateway.complete(request, free)).rung.level == 2
    await house.close()


async def test_samples_that_differ_lower_the_chance(tmp_path: Path) -> None:
    verify = {"default": "full", "self_consistency": 2}
    tier = mid(says=("one two", "one two", "three four"))
    house = a_house(tmp_path, [low(), tier], signals=UNSURE, verify_mid=verify)
    outcome = await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert [a.role for a in row.attempts] == [Role.ANSWER, Role.SAMPLE, Role.SAMPLE]
    assert outcome.confidence == pytest.approx(outcome.rung.p * 0.5)
    await house.close()


@pytest.mark.parametrize(("store", "kept"), [("none", None), ("full", "user: hello there")])
async def test_texts_are_kept_only_where_the_policy_says_so(tmp_path: Path, store, kept) -> None:
    house = a_house(tmp_path, [low(), mid()], privacy={"store": store})
    outcome = await house.gateway.complete(ask(), ALICE)
    texts = TextStore(house.ledger.database, Clock())
    assert await texts.get(outcome.request_id, "acme", "prompt") == kept
    await house.close()


# --- streams -----------------------------------------------------------------------------------


async def test_a_stream_commits_then_speaks_then_ends(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid(text="one two three")], signals=UNSURE)
    events = await drain(house, ask(stream=True))
    assert isinstance(events[0], Committed)
    assert isinstance(events[-1], Outcome)
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "one two three"
    await house.close()


async def test_a_rung_that_fails_before_the_commit_costs_the_client_nothing(tmp_path: Path) -> None:
    cut = mid(text="one two three", cut_after=2, error=StreamCut("cut"))
    house = a_house(
        tmp_path, [low(), cut, deep()], signals=replace(UNSURE, impact_nano_usd=2_000 * 10**9),
        thetas={"mid": 5.0, "deep": 5.0}, verify_mid={"default": "prefix"},
    )  # fmt: skip
    events = await drain(house, ask(stream=True))
    assert isinstance(events[0], Committed)
    assert events[0].rung.answerer == "deep"
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "an answer"
    await house.close()


async def test_a_stream_cut_after_the_commit_is_an_error(tmp_path: Path) -> None:
    cut = mid(text="one two three", cut_after=2, error=StreamCut("cut"))
    house = a_house(tmp_path, [low(), cut, deep()], signals=UNSURE, verify_mid=THROUGH)
    with pytest.raises(StreamCut):
        await drain(house, ask(stream=True))
    row = await only_row(house)
    assert row.state is RequestState.FAILED
    assert row.attempts[0].estimated
    assert 0 < row.cost_nano_usd <= row.attempts[0].held_nano_usd
    await house.close()


async def test_a_client_that_leaves_mid_stream_leaves_a_row_that_adds_up(tmp_path: Path) -> None:
    tier = mid(text="one two three four")
    house = a_house(tmp_path, [low(), tier], signals=UNSURE, verify_mid=THROUGH)
    events = house.gateway.stream(ask(stream=True), ALICE)
    assert isinstance(await anext(events), Committed)
    await anext(events)
    await events.aclose()
    row = await only_row(house)
    assert (row.state, tier.closed) == (RequestState.CANCELLED, 1)
    assert row.attempts[0].state is AttemptState.CANCELLED
    assert row.attempts[0].estimated
    assert 0 < row.cost_nano_usd < row.attempts[0].held_nano_usd
    await house.close()


async def test_a_client_that_leaves_while_waiting_leaves_a_row_that_adds_up(tmp_path: Path) -> None:
    house = a_house(tmp_path, [low(), mid(wait_s=30)], signals=UNSURE)
    task = asyncio.ensure_future(house.gateway.complete(ask(), ALICE))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    row = await only_row(house)
    assert row.state is RequestState.CANCELLED
    assert row.cost_nano_usd == row.attempts[0].held_nano_usd > 0
    await house.close()


async def test_a_refusal_in_the_prefix_climbs_unseen(tmp_path: Path) -> None:
    refuses = mid(text="I cannot help with that request because " + "so " * 40)
    house = a_house(
        tmp_path, [low(), refuses, deep()], signals=replace(UNSURE, impact_nano_usd=2_000 * 10**9),
        thetas={"mid": 5.0, "deep": 5.0}, verify_mid={"default": "prefix"},
    )  # fmt: skip
    events = await drain(house, ask(stream=True))
    assert isinstance(events[0], Committed)
    assert events[0].rung.answerer == "deep"
    await house.close()


COMPARED = ("state", "tier", "answerer", "verdict", "reason", "reasons", "cost_nano_usd", "usage")

scripts = st.fixed_dictionaries(
    {
        "text": st.sampled_from(["fine", "a longer answer of several words", "I cannot help you"]),
        "p": st.sampled_from([None, 0.1, 0.6, 0.99]),
        "usage": st.builds(
            Usage, st.integers(0, 5_000), st.just(0), st.just(0), st.integers(0, 900),
            reported=st.just(True),
        ),
    }
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(scripts, scripts, st.sampled_from(["none", "prefix", "full"]), st.sampled_from([0, 3_000]))
async def test_a_streamed_row_equals_a_buffered_row(tmp_path_factory, one, two, mode, usd) -> None:
    rows = []
    for stream in (False, True):
        house = a_house(
            tmp_path_factory.mktemp("house"), [low(), mid(**one), deep(**two)],
            signals=replace(UNSURE, impact_nano_usd=usd * 10**9),
            verify_mid={"default": mode}, verify_deep={"default": mode},
        )  # fmt: skip
        request = ask(stream=stream)
        if stream:
            await drain(house, request)
        else:
            await house.gateway.complete(request, ALICE)
        rows.append(await only_row(house))
        await house.close()
    whole, streamed = rows
    assert [getattr(whole, k) for k in COMPARED] == [getattr(streamed, k) for k in COMPARED]
    assert [a.cost_nano_usd for a in whole.attempts] == [a.cost_nano_usd for a in streamed.attempts]


async def test_a_stored_row_is_decided_again_to_the_identical_ladder(tmp_path: Path) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    house = a_house(tmp_path, [low(), mid(p=0.3), deep()], signals=signals)
    await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert record.differs(record.parse(row.record), house.gateway.router.default.policy) is None
    await house.close()


async def test_an_emergency_gets_its_words_before_anything_deliberates(tmp_path: Path) -> None:
    thinker = deep(kind="deliberation", verified=False)
    house = a_house(tmp_path, [low(), mid(), thinker], signals=RISKY)
    outcome = await house.gateway.complete(ask("this is an emergency"), ALICE)
    assert (outcome.verdict, thinker.calls) == (Verdict.SAFE_ANSWER, 0)
    assert outcome.rung.level == 3
    assert [item.domain for item in house.reviews.items] == [Domain.MEDICAL]
    await house.close()


async def test_a_refused_sample_leaves_the_answer_in_hand(tmp_path: Path) -> None:
    verify = {"default": "full", "self_consistency": 2}
    budgets = {"*": {"usd_per_day": 0.00022}}
    house = a_house(
        tmp_path, [low(), mid()], signals=UNSURE, verify_mid=verify, budgets=budgets
    )  # fmt: skip
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.answer is not None
    assert outcome.escalations == 0
    await house.close()


async def test_a_full_tier_climbs_to_the_next(tmp_path: Path) -> None:
    full = mid(error=Overloaded("The queue is full.", retry_after_s=2.0))
    signals = replace(UNSURE, impact_nano_usd=2_000 * 10**9)
    house = a_house(
        tmp_path, [low(), full, deep()], signals=signals, thetas={"mid": 5.0, "deep": 5.0}
    )  # fmt: skip
    assert (await house.gateway.complete(ask(), ALICE)).rung.answerer == "deep"
    await house.close()
