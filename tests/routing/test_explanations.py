"""No explanation contradicts the numbers next to it, whatever is asked and whoever answers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from router.errors import TiergateError
from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.decision_record import Record, StepRecord
from router.routing.expected_loss import known_worse
from router.routing.next_rung import Left, Turn, ladder_after, next_rung
from router.types import (
    RECORD_VERSION,
    Action,
    CostBasis,
    Decision,
    DecisionMode,
    PSource,
    Reason,
    Rung,
    RungFacts,
    Signals,
)
from tests.kits.checks.decided_again import differs
from tests.kits.decision_kit import USD, a_policy
from tests.kits.examples import examples
from tests.routing.test_decision_properties import any_signals, unit

OF_LOSS = {Reason.LOWEST_LOSS_ALLOWED, Reason.ONLY_ONE_ALLOWED, Reason.GAIN_TOO_SMALL}
RUNGS = (
    ("faq", "resolve", 1),
    ("small", "resolve", 1),
    ("mid", "llm", 2),
    ("other", "llm", 2),
    ("deep", "reasoning", 3),
)

one_rung = st.tuples(
    unit,
    st.sampled_from([PSource.MATCH, PSource.TABLE, PSource.TABLE, PSource.PRIOR]),
    st.integers(0, 10 * USD),
    st.sampled_from([CostBasis.TOKEN_PRICE] * 5 + [CostBasis.UNKNOWN]),
    st.sampled_from([None] * 6 + [Reason.SLOT_UNFILLED, Reason.NOTHING_TO_RESOLVE]),
    st.sampled_from([True] * 7 + [False]),
    st.sampled_from([0] * 4 + [USD // 2]),
)


def some_facts(drawn: list[tuple]) -> list[RungFacts]:  # type: ignore[type-arg]
    return [
        RungFacts(
            answerer=name,
            tier=tier,
            level=level,
            p=p,
            p_source=source,
            p_count=10,
            cost_nano_usd=cost,
            cost_basis=basis,
            latency_ms=50.0,
            declined=declined if level == 1 else None,
            ready=ready,
            cache_nano_usd=cached,
        )
        for (name, tier, level), (p, source, cost, basis, declined, ready, cached) in zip(
            RUNGS, drawn, strict=True
        )
    ]


any_facts = st.lists(one_rung, min_size=5, max_size=5).map(some_facts)
any_policy = st.builds(
    lambda mode, limits, rungs, gain, share: a_policy(
        mode=mode,
        certificates={"customer_support": 0.7} if mode == "certified" else {},
        level_3_not_below_usd=limits,
        max_rungs=rungs,
        min_gain=gain,
        explore={"share": share, "max_stakes_usd": 1e9},
    ),
    st.sampled_from(["guarded", "certified", "expected_loss"]),
    st.sampled_from([0.0, 1_000.0]),
    st.integers(3, 6),
    st.sampled_from([0.0, 0.02, 0.3]),
    st.sampled_from([0.0, 0.5]),
)
any_wish = st.builds(
    Asked,
    min_tier=st.sampled_from([None] * 4 + [2]),
    confidence_floor=st.sampled_from([None] * 4 + [0.95]),
    stakes_nano_usd=st.sampled_from([None, None, 100 * USD]),
    pinned=st.sampled_from([None] * 6 + ["mid"]),
)


def taken(decision: Decision) -> list[int]:
    return [i for i, rung in enumerate(decision.rungs) if rung.taken]


def losses_agree(decision: Decision, min_gain: float) -> None:
    """Compares every word about expected losses with the losses of the record."""
    first = decision.first_rung
    losses = [rung.expected_loss_nano_usd for rung in decision.rungs]
    if Reason.LOWEST_EXPECTED_LOSS in first.reasons:
        assert first.expected_loss_nano_usd == min(losses)
    if OF_LOSS & set(first.reasons):
        assert first.expected_loss_nano_usd > min(losses)
    if Reason.LOWEST_LOSS_ALLOWED in first.reasons:
        assert all(first.expected_loss_nano_usd <= losses[i] for i in taken(decision))
    if Reason.GAIN_TOO_SMALL in first.reasons:
        allowed = [r for r in decision.rungs if r.taken or Reason.LADDER_FULL in r.reasons]
        best = min(allowed, key=lambda rung: rung.expected_loss_nano_usd)
        assert best.p - first.p < min_gain
    for rung in decision.rungs:
        if Reason.HIGHER_EXPECTED_LOSS in rung.reasons:
            assert not rung.taken
            assert rung.expected_loss_nano_usd > first.expected_loss_nano_usd


def levels_agree(decision: Decision) -> None:
    """Compares floors, ceilings and the words about them with the levels of the rungs."""
    assert bool(decision.floor_reasons) <= (decision.floor > 1)
    pinned = Reason.PINNED in decision.first_rung.reasons
    lower = Reason.OUTAGE_LOWER in decision.first_rung.reasons
    for rung in decision.rungs:
        assert rung.level >= decision.floor or not rung.taken or pinned or lower
        if Reason.BELOW_FLOOR in rung.reasons:
            assert rung.level < decision.floor
        if not rung.taken and Reason.LOW_IMPACT in rung.reasons:
            assert rung.level > decision.ceiling


def confidences_agree(decision: Decision, signals: Signals) -> None:
    """Compares the words about confidence with the confidence floor, and triggers with signals."""
    for rung in decision.rungs:
        if rung.level == 1 and Reason.LOW_CONFIDENCE in rung.reasons:
            assert rung.p < decision.confidence_floor
    told = {reason for rung in decision.rungs for reason in rung.reasons}
    told |= set(decision.floor_reasons)
    assert Reason.NOVEL not in told or signals.novelty >= 0.5
    assert Reason.MULTI_FACTOR not in told or signals.multi_factor >= 0.22
    assert Reason.STRATEGIC not in told or signals.strategic >= 0.5
    guesses = any(
        rung.p_source is PSource.PRIOR or rung.cost_basis is CostBasis.UNKNOWN
        for rung in decision.rungs
    )
    if Reason.FIXED_TRIGGERS_DECIDE in told:
        assert guesses
        assert decision.mode is not DecisionMode.EXPECTED_LOSS


def hand_agrees(decision: Decision) -> None:
    """Compares what is said of the answer in hand with the chances of the other rungs."""
    first, hand = decision.first_rung, decision.in_hand
    others = [decision.rungs[i] for i in taken(decision) if i != hand]
    assert (hand is not None) == (
        first.reasons[0] in (Reason.NOTHING_BETTER, Reason.ANSWER_IN_HAND)
    )
    if hand is None:
        assert not any(Reason.WOULD_NOT_HELP in rung.reasons for rung in decision.rungs)
        return
    assert hand == decision.first
    assert first.level == 1
    worse = [rung for rung in others if known_worse(rung, first.p)]
    assert (first.reasons[0] is Reason.NOTHING_BETTER) == (len(worse) == len(others))
    assert all(rung.reasons == (Reason.WOULD_NOT_HELP,) for rung in worse)
    unsure = first.p < decision.confidence_floor
    assert (Reason.LOW_CONFIDENCE in first.reasons) == unsure


def chances_agree(decision: Decision) -> None:
    """Compares exploration's words with the propensities."""
    assert abs(sum(rung.propensity for rung in decision.rungs) - 1.0) < 1e-9
    assert decision.first_rung.propensity > 0
    if Reason.EXPLORED in decision.first_rung.reasons:
        assert decision.first_rung.propensity < 1.0


@examples(600)
@given(any_policy, any_signals, any_facts, any_wish, st.floats(0, 1, exclude_max=True))
def test_no_reason_of_a_decision_contradicts_its_numbers(
    policy: Policy, signals: Signals, rows: list[RungFacts], asked: Asked, draw: float
) -> None:
    """Checks for each ladder, whatever the policy, the signals, the rungs and the hints:

    - losses: `lowest_expected_loss` stands at no rung while another one of the record has a lower
      loss; `lowest_loss_allowed`, `only_one_allowed`, `gain_too_small` stand only where one has;
      `higher_expected_loss` only at a rung whose loss is higher than the first one's;
    - levels: no rung of the ladder is below the floor but in an outage; `below_floor` and ceilings
      stand on their side of the bounds; a floor above 1 has its reasons;
    - confidence: `low_confidence` stands where p is below the confidence floor; triggers stand
      where the signals reach them; `fixed_triggers_decide` only where something is a guess;
    - the answer in hand: it goes first, at level 1; `nothing_better` stands where every other rung
      is known to be worse, `answer_in_hand` where one is not, `would_not_help` at the worse ones;
    - exploration: propensities sum to 1, and an explored rung's is below 1.
    """
    try:
        decision = decide(policy, signals, rows, asked, draw=draw)
    except TiergateError:
        return  # a request that was turned away has no ladder
    losses_agree(decision, policy.decision.min_gain)
    levels_agree(decision)
    confidences_agree(decision, signals)
    hand_agrees(decision)
    chances_agree(decision)


def doubted(decision: Decision, rung: int, p: float, accept_at: float) -> Reason | None:
    """Why an answer may not go out as accepted, as the gateway says it."""
    if rung == decision.in_hand:
        return Reason.NOTHING_BETTER
    return Reason.ANSWER_NOT_TRUSTED if p < accept_at else None


def step_agrees(decision: Decision, step: StepRecord) -> None:
    """Compares one step's words with the chances, the doubt and the rungs that are left."""
    said, above = step.said, ladder_after(decision, step.rung)
    if said.action is Action.CLIMB:
        assert said.rung in above
        leads_to: Rung = decision.rungs[said.rung]
        assert step.in_hand is None or not known_worse(leads_to, step.in_hand)
    if said.action is Action.ACCEPT:
        assert step.doubt is None
    if said.reason is Reason.ANSWER_ACCEPTED:
        assert said.action is Action.ACCEPT
        assert step.p is not None
        assert step.p == step.in_hand or not step.verified
    if said.reason is Reason.LADDER_EXHAUSTED:
        assert not above
    if said.reason is Reason.NOTHING_BETTER:
        assert step.rung == decision.in_hand
        assert all(known_worse(decision.rungs[i], step.p or 0.0) for i in above)
    if said.reason in (Reason.GAIN_BELOW_COST, Reason.WOULD_NOT_HELP):
        assert above


@examples(600)
@given(
    any_policy,
    any_signals,
    any_facts,
    any_wish,
    st.lists(st.one_of(st.none(), unit), min_size=8, max_size=8),
    st.booleans(),
)
def test_no_step_of_a_climb_contradicts_its_numbers(
    policy: Policy,
    signals: Signals,
    rows: list[RungFacts],
    asked: Asked,
    answers: list[float | None],
    verified: bool,
) -> None:
    """Checks for each step after an answer (its chance of being right) or a failure (None):

    - no climb leads to a rung that is known to be worse than the best answer so far;
    - only an answer that nothing is held against is accepted, and only the best one so far is
      called `answer_accepted`;
    - `nothing_better` follows the answer in hand where all rungs above are known to be worse;
      `ladder_exhausted` where no rung is left, `gain_below_cost` and `would_not_help` where one is;
    - the record replays to the identical ladder and steps.
    """
    try:
        decision = decide(policy, signals, rows, asked)
    except TiergateError:
        return
    steps: list[StepRecord] = []
    best: tuple[float, Reason | None] | None = None
    at: int | None = decision.first
    for p in answers:
        if at is None:
            break
        if p is not None and (best is None or p >= best[0]):
            best = (p, doubted(decision, at, p, policy.decision.accept_at))
        in_hand, doubt = best or (None, None)
        failure = Reason.ANSWER_REFUSED if p is None else None
        said = next_rung(
            decision,
            Turn(at, p, failure, verified=verified, in_hand=in_hand, doubt=doubt),
            policy.decision,
        )
        step = StepRecord(
            at, p, "rung", failure, Left(), verified, said, in_hand=in_hand, doubt=doubt
        )
        step_agrees(decision, step)
        steps.append(step)
        at = said.rung
    record = Record(RECORD_VERSION, signals, tuple(rows), asked, decision, tuple(steps))
    assert differs(record, policy) is None
