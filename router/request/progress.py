"""Keeps how far one request has come on its ladder. The gateway assigns to it, a shadow to its own.

The steps of the request path read it and return their results as values.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from router.errors import UpstreamInvalid
from router.ledger.replies import NO_TIER
from router.money.cost import own_cap
from router.rate_limits.limits import RequestRates
from router.request.calls.attempt_list import Attempts
from router.routing.answers.answer_faults import NOTHING_SAID
from router.routing.decision_record import ShadowNote, StepRecord
from router.routing.routed_request import RoutedRequest
from router.routing.verification import Verification, cut_by_client
from router.types import (
    NO_ANSWER_MODEL,
    Answer,
    AttemptRow,
    Baselines,
    Choice,
    Committed,
    Delta,
    Outcome,
    PSource,
    RateState,
    Reason,
    Role,
    Rung,
    Usage,
)

STAND_IN = "stand_in"
"""The source of a verification that judged approved words, not an answer."""

CHOOSING = frozenset(
    {
        Reason.LOWEST_EXPECTED_LOSS,
        Reason.LOWEST_LOSS_ALLOWED,
        Reason.ONLY_ONE_ALLOWED,
        Reason.GAIN_TOO_SMALL,
        Reason.FIXED_TRIGGERS_DECIDE,
        Reason.COSTLY_MISTAKE,
        Reason.FLOOR,
        Reason.FALLBACK,
        Reason.PINNED,
        Reason.EXPLORED,
        Reason.WARM_CACHE,
    }
)
"""Reasons to ask an answerer. They say nothing of words that go out in place of its answer."""


class Candidate(Struct, frozen=True):
    """Holds an answer and its verification; `answer` is None before anything was tried."""

    index: int  # of its rung, in the decision
    rung: Rung
    answer: Answer | None
    verification: Verification

    @property
    def stands_in(self) -> bool:
        """Returns True for approved words that replace every answer."""
        return self.verification.source == STAND_IN


class CacheLookup(Struct, frozen=True):
    """Holds what the response caches returned for a request."""

    outcome: str = ""  # exact | semantic | miss; "" where no cache was asked
    hit: Candidate | None = None
    attempt: AttemptRow | None = None  # of the hit; it costs nothing
    vector: bytes = b""  # of the question, where a semantic cache was asked
    compute_ms: float = 0.0  # core-milliseconds that the vector took


NOT_LOOKED_UP = CacheLookup()


class Comparison(Struct, frozen=True):
    """Holds what the same request would have cost elsewhere."""

    baselines: Baselines = Baselines()
    would_cost_nano_usd: int | None = None  # mode observe: the ladder, at the answer's tokens


NOT_COMPARED = Comparison()


class ShadowDraw(Struct, frozen=True):
    """Holds which shadow a request may get, its chance, and the rung where one was drawn."""

    note: ShadowNote
    rung: int | None = None
    day: int = 0  # whose money the shadow takes
    worst_nano_usd: int = 0  # of the shadow, and of its judge where there is one


@dataclass(slots=True)
class HeldAnswer:
    """Holds what one rung has produced: pieces held back, the commit, the judged answer."""

    pending: list[Delta] = field(default_factory=list)
    doubted: bool = False  # the beginning speaks for another rung: hold all of it back
    uninvited: bool = False  # it calls a tool, and none was offered: the rest is no answer
    committed: Committed | None = None
    candidate: Candidate | None = None

    def take(self, routed: RoutedRequest, pieces: list[Delta]) -> None:
        """Keeps pieces of a stream, without calls of tools where tools are offered.

        Calls go out with the end of the answer, when all of them are known to be valid. Where no
        tools are offered, all pieces up to a call are kept; in mode observe the call is, too.
        """
        offered = bool(routed.request.tools)
        for piece in pieces:
            if piece.tool_call is not None:
                if offered:
                    piece = Delta(piece.text, piece.reasoning, index=piece.index)
                elif routed.observed is None:
                    self.uninvited = True
            if not (self.uninvited or (offered and piece == Delta(index=piece.index))):
                self.pending.append(piece)

    def end(self, routed: RoutedRequest, progress: Progress, candidate: Candidate) -> None:
        """Notes the judged answer.

        Raises UpstreamInvalid where the client has the beginning of an answer that is none, and
        notes that its call was of no use.
        """
        self.candidate = candidate
        if self.committed is None or routed.observed is not None:
            return
        if self.uninvited:
            progress.useless = True
            raise UpstreamInvalid("The upstream called a tool, though the request offers none.")
        if not (showable(routed, candidate) or is_quiet_end(routed, candidate)):
            progress.useless = True
            raise UpstreamInvalid(_why_none(candidate))

    def beginning(self, model: str) -> Answer:
        """Returns what was held back so far, as an answer that can be judged."""
        text = "".join(delta.text for delta in self.pending)
        logprobs = tuple(t for delta in self.pending for t in delta.logprobs)
        return Answer((Choice(text, "stop", logprobs=logprobs),), model, Usage())

    @property
    def tokens(self) -> int:
        """Returns about how many tokens of text are held back.

        Each piece counts at least one, and four characters count one. Thoughts count none, since an
        answer is judged by its text.
        """
        return sum(
            max(1, len(piece.logprobs), len(piece.text) // 4)
            for piece in self.pending
            if piece.text
        )

    @property
    def has_text(self) -> bool:
        """Returns True when some text came, blanks and thoughts left out."""
        return any(piece.text.strip() for piece in self.pending)

    @property
    def begun(self) -> bool:
        """Returns True when a word or a thought came."""
        return any(piece.reasoning or piece.text.strip() for piece in self.pending)

    def release(self) -> list[Delta]:
        """Returns the pieces held back so far; they are the client's from here on."""
        released, self.pending = self.pending, []
        return released


@dataclass(slots=True)
class Progress:
    """Keeps what was tried, judged and sent for one request so far."""

    rates: RequestRates | None = None  # what counts the request and its calls; None: nothing does
    attempts: Attempts = field(default_factory=Attempts)
    steps: list[StepRecord] = field(default_factory=list)
    best: Candidate | None = None
    faulty: dict[int, Candidate] = field(default_factory=dict)  # by rung: answers that are none
    climbs: int = 0  # from one rung's turn to a higher one's, refused turns left out
    outage: bool = False  # an answerer has failed, so that others may stand in
    committed: int | None = None  # the rung whose answer the client has, or begins to have
    useless: bool = False  # that answer came to its end and is none
    lookup: CacheLookup = NOT_LOOKED_UP
    comparison: Comparison = NOT_COMPARED
    shadow: ShadowDraw | None = None
    review_id: str = ""
    first_token_ms: float | None = None
    answered_ms: float = 0.0
    accounted: bool = False
    opened: bool = False  # a stream's client has the words on whom to call
    outcome: Outcome | None = None

    def keep(self, routed: RoutedRequest, candidate: Candidate) -> None:
        """Remembers the better answer; on a tie the later one, which comes from a higher rung.

        Of answers that are none, one with words that may be shown is better than one without: a
        refusal in words is not lost where the last rung says nothing.
        """
        if candidate.verification.failure is not None:
            self.faulty[candidate.index] = candidate
        best = self.best
        if best is not None and self._worth(routed, best) > self._worth(routed, candidate):
            return
        silent = best is not None and has_words(best) and not has_words(candidate)
        if best is None or not silent or best.verification.failure is not None:
            self.best = candidate

    def _worth(self, routed: RoutedRequest, candidate: Candidate) -> tuple[bool, bool, float]:
        usable, p = _merit(candidate.verification)
        cap = self.attempts.caps.get(candidate.index)
        return usable, usable or (has_words(candidate) and showable(routed, candidate, cap)), p

    def keep_instead(self, routed: RoutedRequest, old: Candidate, new: Candidate) -> None:
        """Remembers an answer that was judged again."""
        if self.best is old:
            self.best = None
        self.keep(routed, new)

    def outdoes(self, verification: Verification) -> bool:
        """Returns True when the answer in hand is better than one that is judged so."""
        return self.best is not None and _merit(self.best.verification) > _merit(verification)

    def reached_by(self, routed: RoutedRequest, rung: int) -> Reason:
        """Returns why a rung was called: the climb that led there, or its own first reason."""
        for step in reversed(self.steps):
            if step.said.rung == rung:
                return step.said.reason
        return routed.decision.rungs[rung].reasons[0]

    def why_words(self, routed: RoutedRequest) -> Reason:
        """Returns why a person takes the matter: the doubt or the rule that led here, if one did.

        That a rung has no model, or why it was chosen, says nothing of words for a person.
        """
        at = routed.decision.first if self.best is None else self.best.index
        cause, rules = self.reached_by(routed, at), routed.decision.floor_reasons
        if cause not in CHOOSING and cause is not Reason.NO_MODEL:
            return cause
        return rules[0] if rules else Reason.HANDED_OVER

    def last_called(self, routed: RoutedRequest) -> int | None:
        """Returns the last rung of the ladder whose turn it was, None where nothing was called.

        Rungs that stand in and calls made ahead of their turn do not count.
        """
        for row in reversed(self.attempts.rows):
            ahead = row.reason == Reason.SPECULATED
            if row.role is not Role.TRIAGE and not ahead and routed.decision.rungs[row.rung].taken:
                return row.rung
        return None

    def is_spare_below(self, routed: RoutedRequest, candidate: Candidate) -> bool:
        """Returns True for an answer that goes out because all that should have answered failed."""
        return self.reached_by(routed, candidate.index) is Reason.OUTAGE_LOWER

    def has_last_word(self, routed: RoutedRequest, rung: int) -> bool:
        """Returns True when this rung's text goes out however it is judged: no other is left."""
        above = any(other.taken for other in routed.decision.rungs[rung + 1 :])
        return self.best is None and not above and routed.request.sampling.n == 1

    @property
    def rate_states(self) -> tuple[RateState, ...]:
        """Returns what each rate had left when the request was counted."""
        return () if self.rates is None else self.rates.states

    @property
    def draft(self) -> str:
        """Returns the text that a reviewer judges: the best one that was not sent, or "".

        Words that say that there is no answer are none.
        """
        answer = self.best.answer if self.review_id and self.best is not None else None
        return "" if answer is None or answer.model == NO_ANSWER_MODEL else answer.text


def showable(routed: RoutedRequest, candidate: Candidate, cap: int | None = None) -> bool:
    """Returns True for an unverified answer that keeps the promised shape.

    An answer that the client's own cap cut may be shown: its finish reason says that it is not
    whole. `cap` is what the answerer's own cap was lowered to for this call, None: nothing.
    """
    if candidate.verification.failure not in (Reason.ANSWER_INVALID, Reason.ANSWER_CUT):
        return True
    if is_misfit(routed, candidate):
        return True
    cap = cap or own_cap(routed.plans[candidate.index].facts, routed.request)
    answer = candidate.answer
    return answer is not None and cut_by_client(answer, routed.request, cap)


def is_misfit(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True for calls of offered tools whose arguments do not fit, which may go out.

    An agent tells its model so and goes on, as it does without a gateway. In a grave matter, and
    where somebody may need help, they are no answer.
    """
    fault = candidate.verification.fault
    return fault is not None and fault.misfit and not (routed.grave or routed.acute)


def is_quiet_end(routed: RoutedRequest, candidate: Candidate) -> bool:
    """Returns True for an answer without a word that its model ended after a tool's result.

    The model may have nothing to add: without a gateway that ends an agent's run in good order.
    Where every rung was asked, or the client has the thoughts, it may go out. What a user asks
    after the result is due an answer.
    """
    request, answer = routed.request, candidate.answer
    free = request.response_format.kind == "text" and not request.forces_tools
    if not (free and request.only_results_wait) or answer is None:
        return False
    if routed.grave or routed.acute:
        return False
    ended = all(choice.finish_reason == "stop" for choice in answer.choices)
    return ended and candidate.verification.fault == NOTHING_SAID and not has_words(candidate)


def _why_none(candidate: Candidate) -> str:
    """Returns why an answer is none, of which the client has the beginning."""
    answer, fault = candidate.answer, candidate.verification.fault
    if answer is not None and answer.calls_tools:
        why = "its call of a tool is cut short" if fault is None else fault.words
        return f"The upstream's answer is none: {why}. None of its calls was sent."
    return "The upstream's answer came to its end without a word."


def untried(routed: RoutedRequest, rung: int | None = None) -> Candidate:
    """Returns a rung before it was tried, as a candidate; the first rung by default.

    Approved words that go out in its place answer nothing: their chance is 0, by a rule.
    """
    index = routed.decision.first if rung is None else rung
    named = routed.decision.rungs[index]
    if rung is None and (routed.refused or routed.safe_answer_first):
        harmful = routed.refused and not routed.calls_for_help
        words = replace(unasked(named) if harmful else named, p_source=PSource.KNOWN)
        return Candidate(index, words, None, Verification(0.0, None, "rung"))
    return Candidate(index, named, None, Verification(named.p, None, "rung"))


def unasked(rung: Rung) -> Rung:
    """Returns the place of words for a harmful request, which is no tier: none was asked."""
    return replace(rung, tier=NO_TIER, level=0)


def unanswered(routed: RoutedRequest, progress: Progress) -> Candidate:
    """Returns what a request is booked under whose answer never came to its end.

    This is the rung whose text had begun to go out, in mode observe the one that was asked for, or
    the last one of the ladder that was called: its failure is told.
    """
    rung = progress.committed
    if rung is None:
        rung = progress.last_called(routed) if routed.observed is None else routed.observed
    return untried(routed, rung)


def shown_rung(routed: RoutedRequest, progress: Progress, rung: int) -> Rung:
    """Returns the rung as headers show it. A substitute names the reason for its turn first."""
    named = routed.decision.rungs[rung]
    if rung not in routed.decision.spare:
        return named
    return replace(named, reasons=(progress.reached_by(routed, rung), *named.reasons))


def has_words(candidate: Candidate) -> bool:
    """Returns False for an answer without a word, a refusal's included, and without a call."""
    choices = () if candidate.answer is None else candidate.answer.choices
    return any([c.text.strip() or c.refusal or c.tool_calls for c in choices])


def _merit(verification: Verification) -> tuple[bool, float]:
    return (verification.failure is None, verification.p)


def asking(candidate: Candidate, question: str) -> Candidate:
    """Returns the approved question that goes out in place of an answer below the floor."""
    answer = candidate.answer
    assert answer is not None
    facts = (f"offered: {answer.matched}",)
    choices = (Choice(question, "stop"),) * len(answer.choices)
    asked = replace(answer, choices=choices, facts=facts, matched=None, reason=Reason.ASKED_WHICH)
    return replace(candidate, answer=asked)
