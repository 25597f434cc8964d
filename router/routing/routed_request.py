"""Describes one request that was read and decided. Nothing in it changes.

Everything that the gateway, its steps and the ledger row ask about the request itself is here. What
happens to the request afterwards is in `request.progress`.
"""

from __future__ import annotations

from msgspec import Struct

from router.errors import BudgetExceeded, MaxCostTooLow, NotCapable, RateLimited
from router.policy.refusal import DESPAIR_AT, of_author, of_victim
from router.policy.schema import Policy
from router.privacy.pseudonyms.veil import Veil
from router.routing.constraints import Asked
from router.routing.policy_runtime import PolicyRuntime
from router.routing.rungs.rung_plan import RungPlan
from router.routing.wording.matters import in_danger, language_of, matter_of, may_be_danger
from router.routing.wording.risk_reasons import LIFE_AND_HEALTH, RISK_OF
from router.routing.wording.words_first import WordsFirst
from router.types import (
    DANGERS,
    NO_PRESSURE,
    NOTHING_REMEMBERED,
    ChatRequest,
    Decision,
    Domain,
    Exhausted,
    Identity,
    Matter,
    Pressure,
    Reason,
    RememberedConversation,
    RequestType,
    RolloutNote,
    RungFacts,
    Signals,
    Verdict,
    VerifyMode,
    measured_once,
)

_URGENT = frozenset({*DANGERS, Matter.LEGAL})
"""Matters of somebody who may need help at once: a search warrant waits for nobody either."""


class RoutedRequest(Struct, frozen=True, dict=True):
    """Holds what was read of a request, who asks, and the ladder that was decided for it."""

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
    risk_domain: Domain | None  # whose `exhausted` rule counts
    exhausted_rule: Exhausted  # of the policy, for when no answer can be trusted
    pressure: Pressure = NO_PRESSURE  # of the budgets, as decide was told
    draw: float | None = None  # the random number that decide explored by
    observed: int | None = None  # mode observe: the rung that answers whatever was decided
    buffered: bool = True  # the client reads one answer, not a stream
    triage_compute_ms: float = 0.0  # core-milliseconds; 0: not measured, and then no line
    conversation: RememberedConversation = NOTHING_REMEMBERED
    veil: Veil | None = None  # hides personal details from answerers; None: the policy wants none
    rollout: RolloutNote | None = None  # its side of a split; None: it is on none
    words_alone: bool = False  # no rung may answer as asked, and approved words cost nothing
    over_cap: MaxCostTooLow | None = None  # what refuses it unless an answer is known already
    incapable: NotCapable | None = None  # what refuses it, as no answerer can take it
    prompt_digest: str = ""  # made before the row where the prompt is long, else with the row

    @measured_once
    def policy(self) -> Policy:
        """Returns the policy that decided the request."""
        return self.runtime.policy

    @measured_once
    def plans(self) -> tuple[RungPlan, ...]:
        """Returns all that is known of the answerer of each rung, in the order of the rungs."""
        return self.runtime.plans

    def plan(self, answerer: str) -> RungPlan:
        """Returns all that is known of one answerer of this policy, by its name."""
        return self.runtime.by_name[answerer]

    def kept_from(self, answerer: str) -> bool:
        """Returns True where a rule of residency keeps this request from an answerer."""
        if not self.policy.privacy.residency:
            return False
        rungs = zip(self.decision.rungs, self.facts, strict=True)
        return any(
            rung.answerer == answerer and fact.declined is Reason.RESIDENCY for rung, fact in rungs
        )

    def time_left_ms(self, now_ms: float) -> float | None:
        """Returns milliseconds until the client's deadline, None without one; negative after it."""
        return None if self.deadline_ms is None else self.deadline_ms - now_ms

    @measured_once
    def needs_whole_answer(self) -> bool:
        """Returns True when the answer must keep a shape that only a whole answer can show."""
        return self.request.response_format.kind != "text" or bool(self.request.tools)

    @measured_once
    def cacheable(self) -> bool:
        """Returns True when a repeat may get the same answer: sampling must be deterministic."""
        request = self.request
        return (
            self.runtime.policy.cache.exact
            and request.sampling.temperature == 0
            and request.sampling.n == 1
            and not request.tools
            and self.asked.pinned is None
        )

    @measured_once
    def words_first(self) -> WordsFirst:
        """Returns what decides whether approved words go out before any rung is tried."""
        return WordsFirst(
            self.policy,
            self.plans,
            self.signals,
            self.asked,
            self.decision,
            self.risk_domain,
            self.exhausted_rule,
            _OwnText(self.request, self.runtime, self.signals),
            needs_shape=self.request.needs_shape,
            keeps_shape=self.keeps_shape,
            observed=self.observed is not None,
        )

    @property
    def exhausted(self) -> Exhausted:
        """Returns what goes out when no answer can be trusted; see `WordsFirst`."""
        return self.words_first.exhausted

    @property
    def guarded(self) -> bool:
        """Returns True when something other than the best answer goes out if none is trusted."""
        return self.exhausted is not Exhausted.BEST_ANSWER

    @property
    def grave(self) -> bool:
        """Returns True when a rule asks for level 3; see `WordsFirst`."""
        return self.words_first.grave

    @measured_once
    def refused(self) -> bool:
        """Returns True when approved words replace every answer, since the request is harmful.

        In mode observe the requested model answers in any case.
        """
        return self.decision.refused is not None and self.observed is None

    @measured_once
    def calls_for_help(self) -> bool:
        """Returns True when somebody may need help now, so that a safe answer is due.

        Of a refused request words of an emergency alone do not say it: "they got food poisoning"
        stood in reviews to be forged. The reader must find a danger as likely as not.
        """
        if self.refused and of_author(self.policy, self.signals):
            return self.refused_self_harm
        reasons = self.decision.floor_reasons
        medical = self.grave and any([reason in LIFE_AND_HEALTH for reason in reasons])
        wronged = self.refused and of_victim(self.signals)
        emergency, matter = self.words_first.emergency, self.signals.matter
        if self.refused and matter is not None and not in_danger(self.policy, self.signals):
            emergency = emergency and matter in _URGENT and self.signals.grave >= DESPAIR_AT
        return medical or emergency or self.refused_self_harm or wronged

    @property
    def refused_self_harm(self) -> bool:
        """Returns True for a refused request about harming oneself, which gets words of help."""
        return self.words_first.refused_self_harm

    @measured_once
    def verify_modes(self) -> tuple[VerifyMode, ...]:
        """Returns how much of each rung's answer is verified.

        It is all of it where only a verified one may go out.
        """
        modes = self.runtime.verify_modes[self.decision.hard_rule]
        if self.guarded and VerifyMode.PREFIX in modes:
            whole = {VerifyMode.PREFIX: VerifyMode.FULL}
            return tuple([whole.get(mode, mode) for mode in modes])
        return modes

    def holds_back(self, rung: int, *, last: bool = False) -> bool:
        """Returns True when all of a rung's answer is held back before any of it goes out.

        This is so if another answer may have to go out instead, whatever is verified, or if no
        model writes it. In mode observe nothing waits for a verdict, since the requested model
        answers in any case. `last` says that no other answer can go out instead. Then a verdict on
        all of the answer would change nothing but a header, for which no agent waits for minutes.
        """
        if self.buffered or self._whole_or_nothing or self.policy.safety.holds_back:
            return True
        if self.observed is not None:
            return False
        plan = self.plans[rung]
        if plan.facts.without_model or plan.words_only:
            return True  # it is whole at once, and its verdict belongs in the headers
        if rung == self.decision.in_hand:
            return True
        if self.plans[rung].judged_by is not None:
            return True  # a low score leads to another answer
        if self.guarded:
            return True
        goes_out = last and bool(self.request.tools) and not self.decision.hard_rule
        return self.verify_modes[rung] is VerifyMode.FULL and not goes_out

    @measured_once
    def _whole_or_nothing(self) -> bool:
        """Returns True when even the text of an answer must wait until the answer is whole.

        This is so for JSON, and where tools are offered if a tool must be called or the policy adds
        words to texts: only the end shows if a call comes, and a text before a call gets no words.
        """
        request = self.request
        if request.response_format.kind != "text":
            return True
        if not request.tools or self.observed is not None:
            return False
        return request.needs_shape or self.changes_answers

    @property
    def asks_for_label(self) -> bool:
        """Returns True where a class is asked for, in a language that the heads read."""
        signals = self.signals
        return signals.request_type is RequestType.CLASSIFICATION and signals.request_type_read

    @measured_once
    def opening(self) -> str:
        """Returns the words that stand above a model's answer, "" for none.

        They say whom to call, where people may be in danger and a model answers all the same. One
        conversation needs them once, and a program that reads the answer does not expect them.
        """
        words = "" if self.asks_for_label or self.keeps_shape else self.words_in_danger
        if not words:
            return ""
        turns = self.request.messages
        given = any([words in turn.text for turn in turns if turn.role == "assistant"])
        return "" if given else words

    @measured_once
    def words_in_danger(self) -> str:
        """Returns words on whom to call where people may be in danger, "" elsewhere."""
        guessed = self.grave and may_be_danger(self.policy, self.signals)
        if self.observed is not None or not (guessed or self.acute or self.refused_self_harm):
            return ""
        return self.runtime.opening(self.language)

    @property
    def language(self) -> str:
        """Returns the language for approved words; "" where nothing tells it."""
        return language_of(self.signals)

    @property
    def changes_answers(self) -> bool:
        """Returns True where an answer may go out in other words than the model's."""
        return self.policy.safety.changes_answers or bool(self.opening)

    @property
    def called_first(self) -> int:
        """Returns the rung that is called first, if any: in mode observe the one that is asked."""
        return self.decision.first if self.observed is None else self.observed

    @property
    def uncalled(self) -> bool:
        """Returns True where no rung is called: approved words go out instead, or an error."""
        return self.refused or self.safe_answer_first or self.unanswerable

    @property
    def safe_answer_first(self) -> bool:
        """Returns True when a safe answer goes out before any rung is tried; see `WordsFirst`."""
        return self.words_alone or self.words_first.due

    @measured_once
    def held(self) -> bool:
        """Returns True when approved words only tell that the answer comes later.

        Who needs help now is told whom to call instead.
        """
        if self.exhausted is not Exhausted.HOLD or self.words_first.urgent:
            return False
        return not self.words_first.emergency

    @property
    def has_words(self) -> bool:
        """Returns True when approved words and a person take the place of a missing answer."""
        return self.words_first.has_words

    def has_words_after(self, error: Exception) -> bool:
        """Returns True where approved words take the place of a call that a limit refused.

        They cost nothing and count in no rate. Only who needs help now cannot wait for a rate, or
        for money that running calls hold and mostly give back within seconds.
        """
        if not self.has_words or not isinstance(error, RateLimited | BudgetExceeded):
            return False
        spent = isinstance(error, BudgetExceeded) and error.retry_after_s is None
        return spent or self.acute

    @property
    def acute(self) -> bool:
        """Returns True when somebody may need help now, so that a person reads the matter.

        Where a shape is demanded, this is so only if the policy asks a person in its domain.
        """
        return self.words_first.acute

    @measured_once
    def matter_domain(self) -> Domain:
        """Returns the domain under which a person takes the matter.

        The rule that fired or the matter that was found says it: the head of domains may read an
        emergency in a few words as general.
        """
        if self.risk_domain is not None and not self._only_likeliest:
            return self.risk_domain
        found = matter_of(self.policy, self.signals)
        matter = Matter.SELF_HARM if self.refused_self_harm else found.matter
        return found.domain or (self.signals.known_domain if matter is None else matter.domain)

    @property
    def _only_likeliest(self) -> bool:
        """Returns True where the domain of risk is the likeliest of several, and none is sure."""
        reasons = self.decision.floor_reasons
        named = any([reason in RISK_OF or reason is Reason.STRATEGIC for reason in reasons])
        return Reason.HIGH_RISK in reasons and not named

    def taken_under(self, verdict: Verdict | None) -> Domain | None:
        """Returns the domain under which a person takes a request that ended so; None: nobody."""
        by_person = verdict in (Verdict.SAFE_ANSWER, Verdict.HELD)
        return self.matter_domain if by_person else None

    @measured_once
    def keeps_shape(self) -> bool:
        """Returns True where words would break what a program expects: a shape, or a tool loop."""
        return self.request.needs_shape or (bool(self.request.tools) and self.request.in_tool_loop)

    @property
    def unanswerable(self) -> bool:
        """Returns True when no call could yield a releasable answer; see `WordsFirst`."""
        return self.words_first.unanswerable


class _OwnText(Struct, frozen=True):
    """Reads in the text of a request what says that somebody may need help."""

    request: ChatRequest
    runtime: PolicyRuntime
    signals: Signals

    def now(self, domain: Domain) -> bool:
        """Returns True where the text names an overdose, or an emergency of this domain."""
        signals, text = self.signals, self.request.last_user_text
        # The matter may be that of an earlier turn, so the domain that was read counts, too.
        by_matter = signals.matter in (Matter.MEDICAL_EMERGENCY, Matter.POISON)
        of_health = by_matter or signals.domain is Domain.MEDICAL
        before = self.request.text_before
        overdose = of_health and self.runtime.overdose(language_of(signals), text, before)
        return overdose or self.is_emergency(domain)

    def is_emergency(self, domain: Domain) -> bool:
        """Returns True where the text names an emergency of this domain."""
        return self.runtime.emergency(domain, self.request.last_user_text)
