"""The decision: rules by table, one row per rule in order of precedence; what follows an answer."""

from __future__ import annotations

import pytest

from router.errors import NotCapable
from router.policy.schema import Policy
from router.routing.constraints import Asked, asked_of
from router.routing.decision import chance, decide
from router.routing.expected_loss import expected_losses
from router.routing.next_rung import Left, Turn, next_rung
from router.types import (
    Action,
    Capability,
    CostBasis,
    Domain,
    Hints,
    PSource,
    Reason,
    RequestType,
    RungFacts,
    Signals,
)
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM, USD, a_policy, facts


@pytest.mark.parametrize(
    ("change", "tier", "reason"),
    [
        ({}, 1, Reason.LOWEST_EXPECTED_LOSS),
        ({"degraded": True}, 2, Reason.TRIAGE_DEGRADED),
        ({"risk_terms": ("emergency",)}, 3, Reason.HIGH_RISK_MEDICAL),
        ({"risk_terms": ("vip",)}, 2, Reason.POLICY_RULE),
        ({"domain": Domain.LEGAL, "stakes_high": 0.7}, 3, Reason.HIGH_RISK_LEGAL),
        ({"domain": Domain.FINANCE, "stakes_high": 0.7}, 3, Reason.HIGH_RISK_FINANCIAL),
        ({"domain": Domain.MEDICAL, "stakes_high": 0.7}, 3, Reason.HIGH_RISK_MEDICAL),
        (
            {"domain": Domain.ENGINEERING_SAFETY, "stakes_high": 0.5},
            3,
            Reason.HIGH_RISK_ENGINEERING_SAFETY,
        ),
        (
            {"stakes_high": 0.7, "risk_domain": Domain.MEDICAL, "risk_p": 0.47},
            3,
            Reason.HIGH_RISK,
        ),
        ({"impact_nano_usd": 10_000 * USD}, 3, Reason.IMPACT_LEVEL_3),
        ({"strategic": 0.5}, 3, Reason.STRATEGIC),
        (
            {
                "domain": Domain.TECHNOLOGY,
                "request_type": RequestType.DECISION,
                "multi_factor": 0.8,
                "strategic": 0.05,
            },
            3,
            Reason.ARCHITECTURE,
        ),
        ({"impact_nano_usd": 5_000 * USD}, 2, Reason.IMPACT_LEVEL_2),
        ({"stakes_high": 0.34}, 2, Reason.HIGH_STAKES),
        ({"stakes_high": 0.33}, 1, Reason.LOWEST_EXPECTED_LOSS),
        ({"multi_factor": 0.22}, 2, Reason.MULTI_FACTOR),
        ({"multi_factor": 0.21}, 1, Reason.LOWEST_EXPECTED_LOSS),
        ({"novelty": 0.5}, 2, Reason.NOVEL),
        ({"toxic": 0.9}, 2, Reason.UNSAFE),
        ({"spam": 0.9}, 2, Reason.UNSAFE),
    ],
)
def test_each_rule_sets_its_floor(change: dict[str, object], tier: int, reason: Reason) -> None:
    rows = facts(p1=0.95, p2=0.95, p3=0.96)  # too small a gain to climb for its own sake
    decision = decide(a_policy(), replace(CALM, **change), rows, Asked())
    assert decision.first_rung.level == tier
    assert decision.first_rung.reasons[0] is reason


@pytest.mark.parametrize(("stakes_high", "floor"), [(0.31, 1), (0.32, 3)])
def test_risk_counts_by_its_domain_times_its_stakes(stakes_high: float, floor: int) -> None:
    signals = replace(CALM, stakes_high=stakes_high, risk_domain=Domain.LEGAL, risk_p=0.7)
    assert decide(a_policy(), signals, facts(), Asked()).floor == floor


@pytest.mark.parametrize(("usd", "floor"), [(4_999.99, 1), (5_000, 2), (9_999.99, 2), (10_000, 3)])
def test_impact_triggers_hold_on_both_sides_of_their_limits(usd: float, floor: int) -> None:
    signals = replace(CALM, impact_nano_usd=round(usd * USD))
    assert decide(a_policy(), signals, facts(), Asked()).floor == floor


def test_level_3_is_passed_over_below_a_thousand_dollars() -> None:
    signals = replace(CALM, impact_nano_usd=999 * USD)
    decision = decide(a_policy(), signals, facts(p1=0.1, p2=0.1), Asked())
    assert decision.rungs[2].reasons == (Reason.LOW_IMPACT,)
    assert decision.first_rung.level == 2


def test_level_3_is_in_reach_from_a_thousand_dollars() -> None:
    signals = replace(CALM, impact_nano_usd=1_000 * USD)
    decision = decide(a_policy(), signals, facts(p1=0.1, p2=0.1), Asked())
    assert decision.first_rung.level == 3


def test_low_level_1_confidence_passes_the_rung_over() -> None:
    decision = decide(a_policy(), CALM, facts(p1=0.84), Asked())
    assert decision.rungs[0].reasons == (Reason.LOW_CONFIDENCE,)
    assert decision.first_rung.reasons[0] is Reason.LOW_CONFIDENCE


@pytest.mark.parametrize(
    ("p1", "declined", "reason"),
    [
        (0.85, None, Reason.NOT_CAPABLE),
        (0.85, Reason.NOT_CAPABLE, Reason.NOT_CAPABLE),
        (0.84, None, Reason.LOW_CONFIDENCE),
        (0.85, Reason.NOTHING_TO_RESOLVE, Reason.LOW_CONFIDENCE),
    ],
)
def test_a_sure_level_1_that_cannot_give_several_answers_is_the_reason(
    p1: float, declined: Reason | None, reason: Reason
) -> None:
    sure, mid, deep = facts(p1=p1, p2=0.8)
    sure = replace(sure, missing=(Capability.MULTIPLE_CHOICES,), declined=declined)
    unsure = replace(sure, answerer="small", p=0.2, missing=(), declined=None)
    decision = decide(a_policy(), CALM, [sure, unsure, mid, deep], Asked())
    assert decision.rungs[0].reasons == (Reason.NOT_CAPABLE,)
    assert decision.first_rung.reasons == (reason, Reason.ONLY_ONE_ALLOWED)


def test_level_1_answers_at_the_confidence_floor() -> None:
    assert decide(a_policy(), CALM, facts(p1=0.85, p2=0.8), Asked()).first_rung.level == 1


def test_expected_loss_mode_drops_the_fixed_triggers() -> None:
    policy = a_policy(mode="expected_loss")
    signals = replace(CALM, novelty=0.9, multi_factor=0.9)
    assert decide(policy, signals, facts(p1=0.97, p2=0.5, p3=0.5), Asked()).first_rung.level == 1


def test_certified_mode_escalates_a_domain_without_certificate() -> None:
    policy = a_policy(mode="certified", certificates={"legal": 0.9})
    assert decide(policy, CALM, facts(p1=0.89, p2=0.9), Asked()).first_rung.level == 2


@pytest.mark.parametrize(
    ("decision", "signals", "triggers"),
    [
        ({}, CALM, (Reason.LOW_CONFIDENCE,)),
        ({"mode": "certified", "certificates": {"legal": 0.6}}, CALM, (Reason.LOW_CONFIDENCE,)),
        ({}, replace(CALM, novelty=0.9), (Reason.LOW_CONFIDENCE, Reason.NOVEL)),
        ({}, replace(CALM, multi_factor=0.9), (Reason.LOW_CONFIDENCE, Reason.MULTI_FACTOR)),
    ],
)
def test_a_rung_known_to_be_worse_than_the_answer_in_hand_is_not_bought(
    decision: dict[str, object], signals: Signals, triggers: tuple[Reason, ...]
) -> None:
    policy = a_policy(**decision)
    ladder = decide(policy, signals, facts(p1=0.56, p2=0.08), Asked())
    assert ladder.in_hand == ladder.first == 0
    assert ladder.first_rung.reasons == (Reason.NOTHING_BETTER, *triggers)
    assert ladder.rungs[1].reasons == (Reason.WOULD_NOT_HELP,)
    step = next_rung(
        ladder, Turn(0, 0.56, in_hand=0.56, doubt=Reason.NOTHING_BETTER), policy.decision
    )
    assert (step.action, step.reason) == (Action.STOP, Reason.NOTHING_BETTER)


@pytest.mark.parametrize(
    "rule",
    [
        {"degraded": True},
        {"stakes_high": 0.6},
        {"toxic": 0.9},
        {"risk_terms": ("vip",)},
        {"impact_nano_usd": 5_000 * USD},  # so much is at stake that .56 is not shown
    ],
)
def test_other_rules_force_a_rung_although_it_is_worse(rule: dict[str, object]) -> None:
    decision = decide(a_policy(), replace(CALM, **rule), facts(p1=0.56, p2=0.08), Asked())
    assert decision.in_hand is None
    assert decision.first_rung.level >= 2


def test_the_clients_min_tier_forces_a_rung_although_it_is_worse() -> None:
    decision = decide(a_policy(), CALM, facts(p1=0.56, p2=0.08), Asked(min_tier=2))
    assert (decision.in_hand, decision.first_rung.level) == (None, 2)


def test_a_level_1_that_declines_has_no_answer_in_hand() -> None:
    rows = facts(p1=0.56, p2=0.08)
    rows[0] = replace(rows[0], declined=Reason.SLOT_UNFILLED)
    assert decide(a_policy(), CALM, rows, Asked()).first_rung.level == 2


def test_the_trigger_leads_past_a_worse_rung_to_one_that_may_help() -> None:
    policy = a_policy(level_3_not_below_usd=0)
    rows = facts(p1=0.7, p2=0.3, p3=0.97)
    rows[2] = replace(rows[2], p_source=PSource.PRIOR)
    ladder = decide(policy, CALM, rows, Asked())
    assert ladder.first_rung.reasons == (Reason.ANSWER_IN_HAND, Reason.LOW_CONFIDENCE)
    step = next_rung(
        ladder, Turn(0, 0.7, in_hand=0.7, doubt=Reason.NOTHING_BETTER), policy.decision
    )
    assert (step.action, step.rung, step.reason) == (Action.CLIMB, 2, Reason.LOW_CONFIDENCE)


def test_an_unverified_answer_below_the_one_in_hand_is_told_by_its_own_reason() -> None:
    """A mere prior of .3 was not known to be worse, so `nothing_better` would not be true of it."""
    policy = a_policy(level_3_not_below_usd=0)
    rows = facts(p1=0.7, p2=0.3, p3=0.3)
    rows[2] = replace(rows[2], p_source=PSource.PRIOR)
    ladder = decide(policy, CALM, rows, Asked())
    turn = Turn(2, 0.3, verified=False, in_hand=0.7, doubt=Reason.NOTHING_BETTER)
    step = next_rung(ladder, turn, policy.decision)
    assert (step.action, step.reason) == (Action.STOP, Reason.ANSWER_NOT_TRUSTED)


def test_a_failed_answer_in_hand_makes_the_worse_rung_useful() -> None:
    policy = a_policy()
    ladder = decide(policy, CALM, facts(p1=0.56, p2=0.08), Asked())
    step = next_rung(ladder, Turn(0, failure=Reason.SLOT_UNFILLED), policy.decision)
    assert (step.action, step.rung) == (Action.CLIMB, 1)


def test_a_failed_climb_does_not_go_on_to_what_is_worse_than_the_answer_in_hand() -> None:
    policy = a_policy(level_3_not_below_usd=0)
    rows = facts(p1=0.2, p2=0.9, p3=0.4)
    ladder = decide(policy, CALM, rows, Asked())
    step = next_rung(ladder, Turn(1, failure=Reason.ANSWER_REFUSED, in_hand=0.56), policy.decision)
    assert (step.action, step.reason) == (Action.STOP, Reason.WOULD_NOT_HELP)


@pytest.mark.parametrize(("p1", "hand"), [(0.49, None), (0.5, 0)])
def test_a_probably_unrelated_answer_is_not_in_hand(p1: float, hand: int | None) -> None:
    decision = decide(a_policy(), CALM, facts(p1=p1, p2=0.08), Asked())
    assert (decision.in_hand, decision.unverified_from) == (hand, 0.5)


def test_an_amount_raises_the_chance_that_an_unverified_answer_needs() -> None:
    signals = replace(CALM, impact_nano_usd=50 * USD)  # S = 0.10 + 1 % of it
    decision = decide(a_policy(), signals, facts(), Asked())
    assert decision.unverified_from == pytest.approx(0.6 / 0.7)


def test_the_policy_may_state_the_chance_that_an_unverified_answer_needs() -> None:
    policy = a_policy(unverified_from=0.7)
    assert decide(policy, CALM, facts(p1=0.69, p2=0.08), Asked()).in_hand is None
    assert decide(policy, CALM, facts(p1=0.70, p2=0.08), Asked()).in_hand == 0


def test_nothing_is_called_the_lowest_next_to_a_lower_one() -> None:
    rows = facts(p1=0.84, p2=0.85)
    decision = decide(a_policy(), CALM, rows, Asked())
    assert decision.first_rung.reasons == (Reason.LOW_CONFIDENCE, Reason.ONLY_ONE_ALLOWED)
    assert decision.rungs[0].expected_loss_nano_usd < decision.first_rung.expected_loss_nano_usd


def test_a_hardly_better_rung_is_not_bought_for_its_lower_loss() -> None:
    signals = replace(CALM, impact_nano_usd=4_900 * USD)
    decision = decide(a_policy(), signals, facts(p1=0.975, p2=0.98, p3=0.99), Asked())
    assert decision.first_rung.reasons == (Reason.GAIN_TOO_SMALL,)


def test_a_prior_lets_the_fixed_triggers_decide() -> None:
    signals = replace(CALM, impact_nano_usd=4_000 * USD)
    decision = decide(a_policy(), signals, facts(source=PSource.PRIOR), Asked())
    assert decision.first_rung.level == 1
    assert decision.first_rung.reasons == (Reason.FIXED_TRIGGERS_DECIDE,)


def test_small_gain_keeps_the_lower_tier() -> None:
    signals = replace(CALM, impact_nano_usd=4_900 * USD)
    decision = decide(a_policy(), signals, facts(p1=0.975, p2=0.98, p3=0.99), Asked())
    assert decision.first_rung.level == 1


def test_losses_match_the_worked_example() -> None:
    rows = [
        replace(facts()[0], p=0.9, cost_nano_usd=USD // 100),
        replace(facts()[1], p=0.99, cost_nano_usd=USD // 2),
    ]
    losses = expected_losses(rows, 10 * USD, a_policy().decision)
    assert [round(loss / USD, 6) for loss in losses] == [1.01, 0.60]


def staked(signals: Signals, asked: Asked) -> int:
    return decide(a_policy(), signals, facts(), asked).stakes_nano_usd


def test_stakes_add_the_loss_share_of_the_amount() -> None:
    signals = replace(CALM, impact_nano_usd=200 * USD)
    assert staked(signals, Asked()) == round(2.10 * USD)


def test_a_hint_cannot_lower_stakes_without_its_scope() -> None:
    signals = replace(CALM, impact_nano_usd=200 * USD)
    assert staked(signals, Asked(stakes_nano_usd=1)) == round(2.10 * USD)


def test_a_hint_lowers_stakes_with_its_scope() -> None:
    assert staked(CALM, Asked(stakes_nano_usd=1, may_lower=True)) == 1


def test_max_tier_is_ignored_without_its_scope() -> None:
    assert asked_of(Hints(max_tier=1), may_lower=False).max_tier is None


def test_missing_capability_is_named() -> None:
    rows = [replace(f, missing=(Capability.IMAGES,)) for f in facts()]
    with pytest.raises(NotCapable, match="images"):
        decide(a_policy(), CALM, rows, Asked())


def test_too_long_a_request_is_refused_by_name() -> None:
    rows = [replace(f, context_tokens=100) for f in facts()]
    with pytest.raises(NotCapable, match="context") as caught:
        decide(a_policy(), replace(CALM, input_tokens=101), rows, Asked())
    assert caught.value.code == "context_length_exceeded"
    assert "prompt is too long" in caught.value.message  # by which agents know that they compact


def test_thoughts_that_go_back_count_for_the_window_of_their_reader() -> None:
    rows = [replace(f, context_tokens=100) for f in facts()]
    filled = [replace(f, thought_tokens=51) for f in rows]
    signals = replace(CALM, input_tokens=50)
    assert decide(a_policy(), signals, [rows[0], *filled[1:]], Asked()).first_rung.taken
    assert decide(a_policy(), signals, [replace(f, thought_tokens=50) for f in rows], Asked())
    with pytest.raises(NotCapable, match="about 101 tokens"):
        decide(a_policy(), signals, filled, Asked())


def test_pinned_answerer_goes_alone() -> None:
    decision = decide(a_policy(), CALM, facts(), Asked(pinned="mid"))
    assert [r.answerer for r in decision.rungs if r.taken] == ["mid"]
    assert decision.first_rung.reasons == (Reason.PINNED,)


def test_a_cap_below_a_pinned_answerer_names_it() -> None:
    with pytest.raises(NotCapable, match=r"\$0.000000001; a call to mid, .* can cost \$0.002"):
        decide(a_policy(), CALM, facts(), Asked(max_cost_nano_usd=1, pinned="mid"))


def test_an_unknown_price_is_not_the_cheapest() -> None:
    faq, mid, deep = facts()
    unpriced = replace(faq, cost_nano_usd=0, cost_basis=CostBasis.UNKNOWN)
    with pytest.raises(NotCapable, match=r"a call to mid, .* can cost \$0.002"):
        decide(a_policy(), CALM, [unpriced, mid, deep], Asked(max_cost_nano_usd=1))


def test_max_cost_below_the_only_allowed_tier_is_an_error() -> None:
    signals = replace(CALM, risk_terms=("emergency",))
    with pytest.raises(NotCapable, match="max_cost_usd"):
        decide(a_policy(), signals, facts(), Asked(max_cost_nano_usd=1))


def test_a_hard_ceiling_holds_against_a_min_tier_hint() -> None:
    policy = a_policy()
    rule = {"name": "cheap", "request_types": ["faq"], "ceiling": 1}
    policy = Policy.model_validate(policy.model_dump() | {"hard_rules": [rule]})
    assert decide(policy, CALM, facts(), Asked(min_tier=3)).first_rung.level == 1


def test_a_hard_floor_that_no_capable_rung_reaches_is_refused() -> None:
    signals = replace(CALM, risk_terms=("emergency",))
    rows = [*facts()[:2], replace(facts()[2], missing=(Capability.LOGPROBS,))]
    with pytest.raises(NotCapable, match=r"log probabilities.*high_risk_medical"):
        decide(a_policy(), signals, rows, Asked())


def test_tools_may_be_left_out_where_a_hard_rule_leaves_no_other_tier() -> None:
    signals = replace(CALM, risk_terms=("emergency",))
    rows = [*facts()[:2], replace(facts()[2], missing=(Capability.TOOLS,), excused=True)]
    assert decide(a_policy(), signals, rows, Asked()).first_rung.level == 3


def test_chance_is_a_half_where_ability_meets_difficulty() -> None:
    assert chance(1.0, 1.0) == 0.5
    assert chance(3.0, 1.0) == pytest.approx(0.8808, abs=1e-4)


def test_a_weak_answer_climbs_when_the_gain_pays() -> None:
    signals = replace(CALM, impact_nano_usd=4_000 * USD)
    decision = decide(a_policy(), signals, facts(p1=0.99, p2=0.9), Asked())
    step = next_rung(decision, Turn(0, 0.3), a_policy().decision)
    assert (step.action, step.rung) == (Action.CLIMB, 2)


def test_a_good_answer_is_accepted() -> None:
    decision = decide(a_policy(), CALM, facts(), Asked())
    step = next_rung(decision, Turn(0, 0.97), a_policy().decision)
    assert step.action is Action.ACCEPT


def test_a_failed_rung_climbs_to_the_next() -> None:
    decision = decide(a_policy(), CALM, facts(), Asked())
    step = next_rung(decision, Turn(0, failure=Reason.ANSWERER_FAILED), a_policy().decision)
    assert (step.action, step.rung) == (Action.CLIMB, 1)


def test_the_last_failed_rung_stops() -> None:
    decision = decide(a_policy(), CALM, facts(), Asked())
    step = next_rung(decision, Turn(2, failure=Reason.ANSWERER_FAILED), a_policy().decision)
    assert (step.action, step.reason) == (Action.STOP, Reason.LADDER_EXHAUSTED)


def test_no_money_left_keeps_the_answer_in_hand() -> None:
    signals = replace(CALM, impact_nano_usd=4_000 * USD)
    decision = decide(a_policy(), signals, facts(p1=0.99), Asked())
    step = next_rung(decision, Turn(0, 0.3, left=Left(nano_usd=0)), a_policy().decision)
    assert (step.action, step.reason) == (Action.ACCEPT, Reason.BUDGET_EXHAUSTED)


def test_no_time_left_stops_a_failed_climb() -> None:
    decision = decide(a_policy(), CALM, facts(), Asked())
    step = next_rung(
        decision,
        Turn(0, failure=Reason.ANSWERER_FAILED, left=Left(time_ms=0.0)),
        a_policy().decision,
    )
    assert (step.action, step.reason) == (Action.STOP, Reason.TIME_EXHAUSTED)


@pytest.mark.parametrize("levels", [(1, 2, 4), (1, 4), (1, 5, 9)])
def test_a_floor_between_two_tiers_is_that_of_the_higher_one(levels: tuple[int, ...]) -> None:
    tiers = [
        {"name": f"t{level}", "level": level, "answerers": [{"name": f"a{level}", "kind": "local"}]}
        for level in levels
    ]
    policy = Policy.model_validate(a_policy().model_dump() | {"tiers": tiers})
    rows = [
        RungFacts(
            f"a{level}",
            f"t{level}",
            level,
            0.9,
            PSource.LABELLED,
            500,
            USD // 100,
            CostBasis.TOKEN_PRICE,
            100.0,
        )
        for level in levels
    ]
    signals = replace(CALM, risk_terms=("emergency",))
    decision = decide(policy, signals, rows, Asked())
    reached = next(level for level in levels if level >= 3)
    assert (decision.first_rung.level, decision.floor) == (reached, reached)
