"""The state of one request on its way up the ladder.

The only mutable value on the request path. It holds what was read, decided, tried and spent; it
decides nothing and does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from router.errors import TiergateError
from router.money import cost
from router.money.model_redirects import Redirect
from router.money.rate_limits import RequestRates
from router.policy.schema import DeliberationAnswerer
from router.request.prompt_cache import NOTHING_KNOWN, Known
from router.routing.constraints import Asked, forces_tools
from router.routing.decision_record import ShadowNote, StepRecord
from router.routing.hard_rules import risk_domain_of
from router.routing.policy_runtime import PolicyRuntime, RungPlan
from router.routing.verification import Verification
from router.types import (
    NO_PRESSURE,
    Answer,
    AttemptRow,
    AttemptState,
    Baselines,
    CachedAnswer,
    ChatRequest,
    Choice,
    Committed,
    CostBasis,
    Decision,
    Delta,
    Domain,
    Exhausted,
    Identity,
    Outcome,
    Pressure,
    Reason,
    Role,
    Rung,
    RungFacts,
    Signals,
    Usage,
    VerifyMode,
)


class Candidate(Struct, frozen=True):
    """An answer and what verification said of it; `answer` is None before anything was tried."""

    at: int
    rung: Rung
    answer: Answer | None
    said: Verification


@dataclass(slots=True)
class Held:
    """What one rung has produced: pieces held back, the commit, the judged answer."""

    pending: list[Delta] = field(default_factory=list)
    doubted: bool = False  # the beginning speaks for another rung: hold all of it back
    committed: Committed | None = None
    candidate: Candidate | None = None

    def beginning(self, model: str) -> Answer:
        """What was held back so far, as an answer that can be judged."""
        text = "".join(delta.text for delta in self.pending)
        logprobs = tuple(t for delta in self.pending for t in delta.logprobs)
        return Answer((Choice(text, "stop", logprobs=logprobs),), model, Usage())

    @property
    def tokens(self) -> int:
        """About how many tokens of text are held back: at least one a piece, four characters each.

        Thoughts are none: an answer is judged by what it says.
        """
        return sum(
            max(1, len(piece.logprobs), len(piece.text) // 4)
            for piece in self.pending
            if piece.text
        )

    @property
    def speaks(self) -> bool:
        """Whether something was said, blanks and thoughts aside."""
        return any(piece.text.strip() for piece in self.pending)

    def release(self) -> list[Delta]:
        """The pieces held back so far; they are the client's from here on."""
        released, self.pending = self.pending, []
        return released


@dataclass(slots=True)
class Walk:
    """One request from the first byte to the final row."""

    request_id: str
    request: ChatRequest
    identity: Identity
    runtime: PolicyRuntime
    signals: Signals
    facts: tuple[RungFacts, ...]
    asked: Asked
    decision: Decision
    started_ms: float
    created_at_ms: int
    triage_ms: float
    decide_ms: float
    deadline_ms: float | None
    buffered: bool = True
    prompt_digest: str = ""  # where it was made before the row, which a long prompt's is
    known: Known = NOTHING_KNOWN  # of the conversation's earlier turns
    attempts: list[AttemptRow] = field(default_factory=list)
    troubles: list[tuple[int, TiergateError]] = field(default_factory=list)  # not yet told
    steps: list[StepRecord] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)  # calls that another model answered
    best: Candidate | None = None
    baselines: Baselines = field(default_factory=Baselines)
    rates: RequestRates | None = None
    pressure: Pressure = NO_PRESSURE  # of the budgets, as decide was told
    draw: float | None = None  # what `decide` was given to explore by
    shadow: ShadowNote | None = None
    shadow_rung: int | None = None  # which one is called once the client has its answer
    shadow_day: int = 0  # of whose money it was taken
    ahead: int | None = None  # the rung that is called beside the one whose turn it is
    observed: int | None = None  # mode observe: the rung that answers whatever was decided
    would_cost_nano_usd: int | None = None  # mode observe: the ladder, at the answer's tokens
    outage: bool = False  # an answerer has failed, so that others may stand in
    climbs: int = 0  # from one rung's turn to a higher one's, those refused left out
    committed: int | None = None  # the rung whose answer the client has, or begins to have
    accounted: bool = False
    triage_compute_ms: float = 0.0  # core-milliseconds; 0: not measured, and then no line
    first_token_ms: float | None = None
    answered_ms: float = 0.0
    review_id: str = ""
    cache: str = ""  # what the caches said: exact, semantic, miss; "" where none was asked
    vector: bytes = b""  # of the question, where a semantic cache was asked
    outcome: Outcome | None = None
    risk_domain: Domain | None = field(init=False)  # whose `exhausted` rule counts
    exhausted: Exhausted = field(init=False)  # what then goes out when no answer can be trusted

    def __post_init__(self) -> None:
        """What follows from the decision alone and is asked for at every turn."""
        policy = self.runtime.policy
        domain = risk_domain_of(policy, self.signals, self.decision)
        self.risk_domain = domain
        rules = policy.exhausted
        self.exhausted = (
            rules.default if domain is None else rules.by_domain.get(domain, rules.default)
        )

    def plan(self, answerer: str) -> RungPlan:
        """All that is known of one answerer of this policy."""
        return self.runtime.by_name[answerer]

    @property
    def untried(self) -> Candidate:
        """The first rung before anything was tried."""
        rung = self.decision.first_rung
        return Candidate(self.decision.first, rung, None, Verification(rung.p, None, "rung"))

    def keep(self, candidate: Candidate) -> None:
        """Remember the better answer; on a tie the later one, which comes from a higher rung."""
        if self.best is None or _merit(candidate.said) >= _merit(self.best.said):
            self.best = candidate

    def outdoes(self, said: Verification) -> bool:
        """Whether an answer in hand is better than one that is judged so."""
        return self.best is not None and _merit(self.best.said) > _merit(said)

    def keep_instead(self, old: Candidate, new: Candidate) -> None:
        """The same answer, judged again."""
        if self.best is old:
            self.best = None
        self.keep(new)

    @property
    def released(self) -> bool:
        """Whether an answer goes out, so that no other one can."""
        return self.committed is not None

    @property
    def unanswered(self) -> Candidate:
        """What a request is booked under whose answer never came to its end.

        The rung whose text had begun to go out, in mode observe the one that was asked for, else
        the first.
        """
        at = self.observed if self.committed is None else self.committed
        if at is None:
            return self.untried
        rung = self.decision.rungs[at]
        return Candidate(at, rung, None, Verification(rung.p, None, "rung"))

    def reached_by(self, rung: int) -> Reason:
        """Why a rung was called: the climb that led there, else its own first reason."""
        climbs = [step.said.reason for step in self.steps if step.said.rung == rung]
        return climbs[-1] if climbs else self.decision.rungs[rung].reasons[0]

    def refused(self) -> None:
        """Note that the turn which just began was refused: the climb to it, if it was one."""
        if self.steps and self.steps[-1].said.rises:
            self.climbs -= 1

    def stood_in_below(self, candidate: Candidate) -> bool:
        """Returns True for an answer that is there because all that should have answered failed."""
        return self.reached_by(candidate.at) is Reason.OUTAGE_LOWER

    def told_rung(self, at: int) -> Rung:
        """The rung as headers tell of it: one that stands in says so first."""
        rung = self.decision.rungs[at]
        if at not in self.decision.spare:
            return rung
        return replace(rung, reasons=(self.reached_by(at), *rung.reasons))

    @property
    def draft(self) -> str:
        """What a reviewer judges: the best answer that stayed in the house, "" where none did."""
        answer = self.best.answer if self.review_id and self.best is not None else None
        return "" if answer is None else answer.text

    @property
    def spent_nano_usd(self) -> int:
        """What all attempts cost so far."""
        return sum(attempt.cost_nano_usd for attempt in self.attempts)

    def money_left(self) -> int | None:
        """What the client's cap leaves, None without one; never negative."""
        cap = self.asked.max_cost_nano_usd
        return None if cap is None else max(0, cap - self.spent_nano_usd)

    def money_left_to_climb(self) -> int | None:
        """As `money_left`, where the rung that is already called counts as not yet paid: whether to
        go on to it is asked as of any other."""
        cap = self.asked.max_cost_nano_usd
        if cap is None:
            return None
        ahead = sum(a.cost_nano_usd for a in self.attempts if a.rung == self.ahead)
        return max(0, cap - self.spent_nano_usd + ahead)

    def money_left_beside(self, attempt: int) -> int | None:
        """As `money_left`, less what all other calls hold just now, by this one's number.

        They may be of a rung beside this one, or the very call that this one is a step of.
        """
        left = self.money_left()
        if left is None:
            return None
        others = [one for i, one in enumerate(self.attempts) if i != attempt]
        held = sum(one.held_nano_usd for one in others if one.state is AttemptState.HELD)
        return max(0, left - held)

    def time_left(self, now_ms: float) -> float | None:
        """Milliseconds until the client's deadline, None without one; negative when it is past."""
        return None if self.deadline_ms is None else self.deadline_ms - now_ms

    @property
    def held_back(self) -> bool:
        """Whether the answer must keep a shape that can only be checked when it is whole."""
        return self.request.response_format.kind != "text" or bool(self.request.tools)

    @property
    def promises(self) -> bool:
        """Whether plain text is no answer, so that approved words can't stand in."""
        return self.request.response_format.kind != "text" or forces_tools(self.request)

    @property
    def cacheable(self) -> bool:
        """Exact repeats are only alike where sampling is deterministic."""
        request = self.request
        return (
            self.runtime.policy.cache.exact
            and request.sampling.temperature == 0
            and request.sampling.n == 1
            and not request.tools
            and self.asked.pinned is None
        )

    def from_cache(self, cached: CachedAnswer, reason: Reason) -> Candidate | None:
        """The cached answer as a candidate, with an attempt of its own that costs nothing."""
        decision = self.decision
        at = next((i for i, r in enumerate(decision.rungs) if r.answerer == cached.answerer), None)
        if at is None or not decision.rungs[at].taken:  # not in the ladder now decided
            return None
        rung = replace(self.decision.rungs[at], reasons=(reason,))
        self.attempts.append(
            AttemptRow(
                attempt_id=f"{self.request_id}-0",
                request_id=self.request_id,
                ordinal=0,
                role=Role.CACHE,
                answerer=cached.answerer,
                tier=cached.tier,
                level=cached.level,
                model=cached.answer.model,
                state=AttemptState.SETTLED,
                held_nano_usd=0,
                cost_nano_usd=0,
                cost_basis=CostBasis.OWN_COMPUTE,
                price_version="",
                started_at_ms=self.created_at_ms,
                usage=cached.answer.usage,
                rung=at,
                reason=reason.value,
            )
        )
        p = rung.p if cached.answer.p is None else cached.answer.p
        return Candidate(at, rung, cached.answer, Verification(p, None, "cache"))

    def book_triage(self) -> None:
        """The line of what reading this request took; once, when all other lines are there.

        Own compute at the price book's rate of a core; a list price that was charged covers it,
        as it covers all else, and where no rate is stated it costs nothing.
        """
        if not self.triage_compute_ms:
            return
        price = self.runtime.triage_price
        paid = cost.Cost(cost.own_compute(price, self.triage_compute_ms), CostBasis.OWN_COMPUTE)
        if any(attempt.cost_basis is CostBasis.LIST_PRICE for attempt in self.attempts):
            paid = cost.Cost(0, CostBasis.LIST_PRICE)
        self.attempts.append(
            AttemptRow(
                attempt_id=f"{self.request_id}-triage",
                request_id=self.request_id,
                ordinal=len(self.attempts),
                role=Role.TRIAGE,
                answerer=TRIAGE,
                tier=TRIAGE,
                level=0,
                model=self.signals.triage_version,
                state=AttemptState.SETTLED,
                held_nano_usd=0,
                cost_nano_usd=paid.nano_usd,
                cost_basis=paid.basis,
                price_version=price.version,
                started_at_ms=self.created_at_ms,
                latency_ms=self.triage_ms,
                compute_ms=self.triage_compute_ms,
                cores=1,
            )
        )

    def mark_discarded(self, chosen: Candidate) -> None:
        """Flag what was paid for and never shown: rungs that lost, drafts that words replaced."""
        replaced = chosen.said.source == STAND_IN
        for i, attempt in enumerate(self.attempts):
            if attempt.role is Role.TRIAGE:
                continue
            discarded = replaced or attempt.rung != chosen.at
            if attempt.discarded != discarded:
                self.attempts[i] = replace(attempt, discarded=discarded)

    def verify_mode(self, plan: RungPlan) -> VerifyMode:
        """How much of an answer is verified. Where only a verified answer may go out, all of it."""
        mode = plan.verify_mode(self.decision.hard_rule)
        return VerifyMode.FULL if mode is VerifyMode.PREFIX and self.guarded else mode

    @property
    def guarded(self) -> bool:
        """Whether something else goes out where no answer can be trusted."""
        return self.exhausted is not Exhausted.BEST_ANSWER

    def whole_from(self, at: int) -> bool:
        """Whether all of this rung's answer is held back before any of it goes out.

        So it is wherever something else may have to go out instead, whatever is verified. Where
        the model that was asked for answers in any case, nothing waits for a verdict.
        """
        if self.buffered or self.held_back:
            return True
        if self.observed is not None:
            return False
        plan = self.plan(self.decision.rungs[at].answerer)
        return self.guarded or self.verify_mode(plan) is VerifyMode.FULL

    def alone_at(self, at: int) -> bool:
        """Whether this rung's text goes out whatever is said of it: no other is there, or left."""
        above = any(rung.taken for rung in self.decision.rungs[at + 1 :])
        return self.best is None and not above and self.request.sampling.n == 1

    @property
    def foregone(self) -> bool:
        """Whether a safe answer goes out before any rung is tried.

        A deliberation that its tier does not vouch for takes seconds to come to words that nobody
        will see, where only a trusted answer may go out. Where other rungs could give one, they
        have their turn, unless somebody may need help now.
        """
        domain = self.risk_domain
        if self.observed is not None or domain is None or self.promises:
            return False
        by_person = self.exhausted in (Exhausted.REVIEW, Exhausted.HOLD)
        if not by_person or not self._unvouched(self.decision.first_rung):
            return False
        # Where a person will judge a draft, there must be one.
        only = self.exhausted is Exhausted.REVIEW and all(
            self._unvouched(rung) for rung in self.decision.rungs if rung.taken
        )
        return only or self.runtime.emergency(domain, self.request.last_user_text)

    @property
    def hopeless(self) -> bool:
        """Whether nothing that may go out can come of any call, so that none is made.

        A shape is asked for, so that no approved words stand in, only a trusted answer may go out,
        and only deliberations may be asked that their tier does not vouch for.
        """
        if self.observed is not None or not self.promises:
            return False
        guarded = self.exhausted is not Exhausted.BEST_ANSWER
        return guarded and all(self._unvouched(rung) for rung in self.decision.rungs if rung.taken)

    def _unvouched(self, rung: Rung) -> bool:
        section = self.plan(rung.answerer).section
        return isinstance(section, DeliberationAnswerer) and not section.trusted


TRIAGE = "triage"
"""What the line of own compute for reading a request is booked under, as tier and answerer."""

STAND_IN = "stand_in"
"""The source of a verification that judged approved words, not an answer."""


def _merit(said: Verification) -> tuple[bool, float]:
    return (said.failure is None, said.p)
