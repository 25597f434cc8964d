"""Describes the ladder that `decide` returns, and the step that `next_rung` returns."""

from __future__ import annotations

from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from router.types.enums import Capability, CostBasis, DecisionMode, PSource, Reason

RECORD_VERSION = 11
"""Numbers the rules that decide. A stored row is decided again by the rules of its time."""

STAND_INS_FROM = 2
"""Rows of earlier versions were decided without rungs that stand in for failed ones."""

IN_HAND_FROM = 3
"""Rows of earlier versions bought the next rung although it was known to be worse than level 1's
answer, and called the best of the rungs allowed the one of the lowest expected loss."""

KNOWN_IS_NOT_NOVEL_FROM = 4
"""Rows of earlier versions counted novelty also where a rule knew the answer."""

GAINS_FROM = 5
"""Rows of earlier versions went to the lowest allowed rung wherever a chance was a prior, however
much a wrong answer would have cost. They also let the ceiling of a rule give way where
`low_impact` set the same one, and gave the shelf's reason where a lower model was not ready."""

SURE_STAKES_FROM = 6
"""Rows of earlier versions stated what a wrong answer costs by the domain that was guessed."""

PINS_FROM = 7
"""Rows of earlier versions left a tier that the client named for every trigger above it, novelty
among them, and counted no capability of a pinned rung below such a trigger."""

MATTERS_NAMED_FROM = 8
"""Rows of earlier versions said `high_risk_medical` of violence and self-harm, named the likeliest
domain of risk where none was sure, and took a slow laptop for architecture."""

FORCED_FROM = 9
"""Rows of earlier versions knew no hard rule in a policy of level 1 alone, where no floor can be
raised: an answer to a danger went out as accepted, however poor its model was known to be."""

KNOWN_FIRST_FROM = 11
"""Rows of earlier versions took the first answerer of a level as the policy lists them where fixed
triggers decide, also where a later one of that level knew the answer and the first asked back. Past
a soft ceiling they also took one first that had nothing to say."""


APPROVED_WORDS = "approved_words"
"""Who speaks where no model of the installation may answer."""


class RungFacts(Struct, frozen=True):
    """Holds the facts about one answerer for one request, as `decide` receives them."""

    answerer: str
    tier: str
    level: int
    p: float
    p_source: PSource
    p_count: int  # the number of labels behind p; 0 for a prior
    cost_nano_usd: int  # expected
    cost_basis: CostBasis
    latency_ms: float  # expected
    missing: tuple[Capability, ...] = ()
    context_tokens: int = 0  # 0: no limit known
    worst_nano_usd: int = 0  # the highest cost of one call
    declined: Reason | None = None  # why a resolver has no answer, or why nobody may ask it
    excused: bool = False  # the missing parts may be left out when a hard rule leaves no other rung
    ready: bool = True
    cache_nano_usd: int = 0  # saved by its warm prompt cache, already subtracted from the cost
    because: Reason | None = None  # the kind of answer that it would give, where it is known
    least: float | None = None  # from which p it may go out; None: from the confidence floor on
    # By how much what was told of past answers moved p, in log-odds. A row that nothing moved has
    # no such key.
    told: float | UnsetType = UNSET
    # About how many tokens of earlier open thoughts it gets back, beside the request's own. A row
    # of an answerer that gets none has no such key.
    thought_tokens: int | UnsetType = UNSET

    def read_tokens(self, input_tokens: int) -> int:
        """Returns about how many tokens it reads of a request that has `input_tokens`."""
        thoughts = self.thought_tokens
        return input_tokens if thoughts is UNSET else input_tokens + thoughts


class Rung(Struct, frozen=True):
    """Describes one answerer's turn in the ladder, taken or passed over, with the reasons."""

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
    # Saved by its warm prompt cache. Another answerer would lose it.
    cache_nano_usd: int = 0

    @property
    def answers_as(self) -> str:
        """Returns who speaks: the answerer, or approved words where its model may not answer."""
        return APPROVED_WORDS if Reason.NO_MODEL in self.reasons else self.answerer


class Pressure(Struct, frozen=True):
    """Tells `decide` what the state of the gateway adds: budgets, and a suspended certificate."""

    lower: bool = False  # a soft limit is reached, so the highest level is one lower
    price: float = 0.0  # lambda of pacing, added to the policy's own lambda
    suspended: bool = False  # traffic left the range of the domain's certificate


NO_PRESSURE = Pressure()


class Decision(Struct, frozen=True):
    """Holds the ladder that `decide` returns: rungs in order; the taken ones begin at `first`."""

    rungs: tuple[Rung, ...]
    first: int  # index into rungs
    floor: int  # level
    ceiling: int  # level
    floor_reasons: tuple[Reason, ...]
    ceiling_reasons: tuple[Reason, ...]
    stakes_nano_usd: int  # S
    mode: DecisionMode
    hard_rule: bool  # a hard rule set the floor: answers wait until they are verified
    confidence_floor: float
    pacing: float = 0.0  # lambda of the budgets, without the policy's own
    # Tells if a budget lowered the level, or a floor prevented that.
    soft_limit: Reason | None = None
    spare: tuple[int, ...] = ()  # rungs that replace failed ones, in their order
    # The rung of level 1 whose answer goes out unverified where no higher rung is better.
    in_hand: int | None = None
    unverified_from: float = 0.0  # below this chance nothing approved goes out unverified
    refused: Reason | None = None  # approved words go out, and no rung is tried

    @property
    def first_rung(self) -> Rung:
        """Returns the rung to try first."""
        return self.rungs[self.first]

    @property
    def kept_by_cap(self) -> bool:
        """Returns True where `max_cost_usd` alone kept a rung of the allowed levels from a turn."""
        return any(
            Reason.OVER_MAX_COST in rung.reasons and self.floor <= rung.level <= self.ceiling
            for rung in self.rungs
            if not rung.taken
        )

    def is_lower(self, rung: int) -> bool:
        """Returns True for a rung below the first one's level, or an unsure rung of level 1."""
        candidate = self.rungs[rung]
        unsure = candidate.level == 1 and candidate.p < self.confidence_floor
        return unsure or candidate.level < self.first_rung.level


class Action(StrEnum):
    """Names the possible steps after an answer."""

    ACCEPT = "accept"
    CLIMB = "climb"
    FALL_BACK = "fall_back"  # to a rung outside the ladder, since those in the ladder have failed
    STOP = "stop"


class Step(Struct, frozen=True):
    """Holds the result of `next_rung`: accept, go on to `rung` (an index) or stop, and why."""

    action: Action
    rung: int | None
    reason: Reason

    @property
    def rises(self) -> bool:
        """Returns True when it leads up: to the ladder's next rung or a higher replacement."""
        return self.action is Action.CLIMB or self.reason is Reason.OUTAGE_HIGHER


class RolloutNote(Struct, frozen=True):
    """Says on which side of a split a request was, in which stage of which rollout."""

    run: str
    version: int  # of the change that began the stage
    arm: str  # base | candidate
    unit: str  # digest of the conversation or tenant that the split keeps together
    # True where the candidate's request was served by the base: a rule of the candidate governs it.
    kept: bool = False
    shadowed: bool = False  # the base answered, and the candidate was asked too
