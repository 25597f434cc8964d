"""The ladder that `decide` returns, and what `next_rung` says after each answer."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from router.types.closed_sets import Capability, CostBasis, DecisionMode, PSource, Reason


class RungFacts(Struct, frozen=True):
    """What `decide` is told about one answerer for one request."""

    answerer: str
    tier: str
    level: int
    p: float
    p_source: PSource
    p_count: int  # labels behind p; 0 for a prior
    cost_nano_usd: int  # expected
    cost_basis: CostBasis
    latency_ms: float  # expected
    missing: tuple[Capability, ...] = ()
    context_tokens: int = 0  # 0: no limit known
    worst_nano_usd: int = 0  # what one call can cost at most
    declined: Reason | None = None  # why a resolver has nothing for this request
    excused: bool = False  # what is missing may be left out where a hard rule leaves no other rung
    ready: bool = True
    cache_nano_usd: int = 0  # what its warm prompt cache saves, already taken off the cost


class Rung(Struct, frozen=True):
    """One answerer's turn in the ladder, taken or passed over, with the reasons."""

    answerer: str
    tier: str
    level: int
    taken: bool
    reasons: tuple[Reason, ...]
    p: float
    p_source: PSource
    p_count: int
    cost_nano_usd: int
    cost_basis: CostBasis
    latency_ms: float
    expected_loss_nano_usd: int
    propensity: float
    cache_nano_usd: int = (
        0  # what its warm prompt cache saves of the cost; going elsewhere loses it
    )


class Pressure(Struct, frozen=True):
    """What `decide` is told of the budgets that a request counts in."""

    lower: bool = False  # a soft limit is reached: the highest level is one lower
    price: float = 0.0  # lambda of pacing, added to the policy's own


NO_PRESSURE = Pressure()


class Decision(Struct, frozen=True):
    """The ladder: rungs in order, those taken come from `first` on. Pure outcome of `decide`."""

    rungs: tuple[Rung, ...]
    first: int  # index into rungs
    floor: int  # level
    ceiling: int  # level
    floor_reasons: tuple[Reason, ...]
    ceiling_reasons: tuple[Reason, ...]
    stakes_nano_usd: int  # S
    mode: DecisionMode
    hard_rule: bool  # a hard rule set the floor: answers are held back until verified
    confidence_floor: float
    pacing: float = 0.0  # lambda of the budgets, beside the policy's own
    soft_limit: Reason | None = None  # whether a budget lowered the level, or a floor kept it
    spare: tuple[int, ...] = ()  # rungs that stand in where those taken fail, in their order

    @property
    def first_rung(self) -> Rung:
        """The rung that is tried first."""
        return self.rungs[self.first]

    def is_lower(self, rung: int) -> bool:
        """Returns True for a rung below the first one's level, or an unsure one of level 1."""
        one = self.rungs[rung]
        unsure = one.level == 1 and one.p < self.confidence_floor
        return unsure or one.level < self.first_rung.level


class Action(StrEnum):
    ACCEPT = "accept"
    CLIMB = "climb"
    FALL_BACK = "fall_back"  # to one that is not of the ladder, since those of it have failed
    STOP = "stop"


class Step(Struct, frozen=True):
    """Holds what `next_rung` says: accept, go on to `rung` (index), or stop; and why."""

    action: Action
    rung: int | None
    reason: Reason

    @property
    def rises(self) -> bool:
        """Is True when it leads up: to the ladder's next rung, or a higher one that stands in."""
        return self.action is Action.CLIMB or self.reason is Reason.OUTAGE_HIGHER
