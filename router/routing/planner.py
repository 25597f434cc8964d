"""Reads and decides requests: the first half of the path, which calls no tier and writes nothing.

The gateway goes on from here; `tiergate route` and the library's `route` stop here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from router.errors import MaxCostTooLow, NotCapable, PermissionDenied, RequestError
from router.errors.incapable import residency_leaves_none, without_addresses, without_file_ids
from router.money.budgets import Budgets
from router.money.worst_case import cost_explained
from router.policy.schema import is_glob
from router.privacy.pseudonyms.texts import Reader
from router.routing.certificate_watch import CertificateWatch
from router.routing.constraints import Asked, asked_of, ruled_tools
from router.routing.decision import decide
from router.routing.hard_rules import risk_domain_of
from router.routing.key_access import (
    check_addresses,
    check_selected,
    check_service,
    reachable,
    within_residency,
)
from router.routing.policy_runtime import PolicyRuntime, Selected, known_models, select
from router.routing.routed_request import RoutedRequest
from router.routing.rungs.unpriced_rungs import priced_within, served_dearer
from router.routing.wording.words_first import as_if_able, exhausted_rule
from router.types import (
    NO_PRESSURE,
    NOBODY,
    NOTHING_REMEMBERED,
    OWN_MODELS,
    Capability,
    ChatRequest,
    Clock,
    Decision,
    Events,
    Identity,
    Ids,
    ImageReader,
    Pressure,
    Reason,
    RememberedConversation,
    RungFacts,
    SessionMemory,
    Signals,
)


class ReadRequest(Struct, frozen=True):
    """Holds what was read of a request before it is decided."""

    signals: Signals
    conversation: RememberedConversation
    started_ms: float  # when the request came
    compute_ms: float = 0.0  # what reading it took of one core


class _Case(Struct, frozen=True):
    """Holds all that the ladder of a request is decided from."""

    request: ChatRequest
    identity: Identity
    selected: Selected
    read: ReadRequest
    facts: tuple[RungFacts, ...]
    asked: Asked
    draw: float | None
    pressure: Pressure
    read_at_ms: float
    buffered: bool


class Router:
    """Reads requests and decides them by the policies it serves."""

    def __init__(
        self,
        runtimes: Mapping[str, PolicyRuntime],
        default: str,
        *,
        budgets: Callable[[], Budgets],
        clock: Clock,
        ids: Ids,
        draw: Callable[[], float] | None = None,
        events: Events = NOBODY,
    ) -> None:
        self._runtimes = dict(runtimes)
        self._default = default
        self._budgets = budgets
        self._clock = clock
        self._ids = ids
        self.reader = Reader()  # of personal details, for residency rules and pseudonyms
        self.images: ImageReader | None = None  # where images are read on this machine
        self.watch = CertificateWatch(events.happened)
        self._draw = draw  # uniform in [0, 1); without it nothing is explored

    def route_now(self, request: ChatRequest, identity: Identity) -> RoutedRequest:
        """Returns only the decision, made on the calling thread. Raises NotCapable, ModelNotFound.

        Answerers count as ready: what a policy decides does not depend on what runs just now.
        """
        started = self._clock.monotonic_ms()
        selected = self.select(request, identity)
        signals = selected.runtime.triage.read_now(request, None)
        read = ReadRequest(signals, NOTHING_REMEMBERED, started)
        return self.decided(request, identity, selected, read, assume_ready=True)

    def select(self, request: ChatRequest, identity: Identity) -> Selected:
        """Returns where the request's model name and hints lead.

        Raises ModelNotFound, PermissionDenied, RequestError for tools or addresses that the policy
        refuses.
        """
        selected = select(self._runtimes, self._default, request)
        check_selected(identity, selected)
        if request.extra:
            check_service(request, selected)
        privacy = selected.runtime.policy.privacy
        if privacy.inner_addresses == "refuse" and request.needs and request.sent_by_address:
            check_addresses(request)
        refused = _refused_tools(selected, request)
        if refused:
            raise RequestError(
                f"tools: found {', '.join(refused)}, which no tier offers; "
                "expected tools of type function, custom or namespace. Leave the others out, or "
                "let the policy do so (unsupported_tools: drop).",
                param="tools",
                code="unsupported_parameter",
            )
        return selected

    def decided(
        self,
        request: ChatRequest,
        identity: Identity,
        selected: Selected,
        read: ReadRequest,
        *,
        pressure: Pressure = NO_PRESSURE,
        assume_ready: bool = False,
        buffered: bool = True,
        recorded: bool = False,
    ) -> RoutedRequest:
        """Returns the request with its ladder, nothing tried yet.

        `assume_ready`: decides as if every answerer were ready, and draws nothing. `recorded`:
        where the client's cap of money leaves no call, the ladder is that without a cap, beside the
        refusal (`over_cap`), since an answer that is known already costs nothing; and a request
        that no answerer can take comes back with its refusal (`incapable`), so that it has a row.
        """
        read_at = self._clock.monotonic_ms()
        runtime, signals, conversation = selected.runtime, read.signals, read.conversation
        asked = asked_of(
            request.hints, identity.may_lower, identity.tiers, defends=identity.defends
        )
        if tools := ruled_tools(runtime.policy, request):
            asked = replace(asked, tools=tools)
        facts = runtime.rung_facts(
            request, signals, assume_ready=assume_ready, warm=conversation.warm
        )
        level = loop_level(conversation.memory, facts) if request.in_tool_loop else 0
        asked = pinned(asked, selected, level)
        if runtime.policy.privacy.residency:
            rules = runtime.policy.privacy.residency
            facts = within_residency(rules, runtime.plans, facts, request, self.reader)
            _check_observed(selected, facts)
        if request.extra and request.served_dearer:
            facts = served_dearer(runtime, facts, request)
        if runtime.any_unpriced and selected.observed is None:
            facts = priced_within(self._budgets(), identity, runtime, facts)
        asked_only = assume_ready or request.hints.dry_run or selected.observed is not None
        draw = None if asked_only else self._drawn(runtime)
        pressure = self._watched(runtime, signals, pressure, counts=not asked_only)
        case = _Case(
            request, identity, selected, read, facts, asked, draw, pressure, read_at, buffered
        )
        try:
            return self._with_ladder(case)
        except NotCapable as error:
            routed = self._words_alone(case)
            if routed is not None:
                return routed
            refused = _explained(error, runtime, request)
            if not recorded:
                raise refused from None
            if isinstance(refused, MaxCostTooLow):
                uncapped = replace(case, asked=replace(asked, max_cost_nano_usd=None))
                return replace(self._with_ladder(uncapped), over_cap=refused)
            return self._incapable(case, refused)

    def _with_ladder(self, case: _Case) -> RoutedRequest:
        """Returns the request with what `decide` says. Raises as `decide` does."""
        runtime, read, facts = case.selected.runtime, case.read, case.facts
        decision = decide(runtime.policy, read.signals, facts, case.asked, case.pressure, case.draw)
        decided_at = self._clock.monotonic_ms()
        came_ms = self._clock.now_ms() - round(decided_at - read.started_ms)
        deadline_ms = case.request.hints.deadline_ms
        risk_domain = risk_domain_of(runtime.policy, read.signals, decision)
        observed = case.selected.observed
        return RoutedRequest(
            request_id=self._ids.new(),
            request=case.request,
            identity=case.identity,
            runtime=runtime,
            signals=read.signals,
            facts=facts,
            asked=case.asked,
            decision=decision,
            draw=case.draw,
            started_ms=read.started_ms,
            created_at_ms=came_ms,
            triage_ms=case.read_at_ms - read.started_ms,
            decide_ms=decided_at - case.read_at_ms,
            deadline_ms=None if deadline_ms is None else read.started_ms + deadline_ms,
            risk_domain=risk_domain,
            exhausted_rule=exhausted_rule(runtime.policy, risk_domain),
            pressure=case.pressure,
            buffered=case.buffered,
            triage_compute_ms=read.compute_ms,
            conversation=read.conversation,
            observed=None
            if observed is None
            else next(i for i, f in enumerate(facts) if f.answerer == observed),
        )

    def _words_alone(self, case: _Case) -> RoutedRequest | None:
        """Returns an emergency's request that no rung may answer as asked, to get approved words.

        None where it is none, or where a program expects a shape.
        """
        facts, asked = as_if_able(case.facts, case.asked)
        try:
            routed = self._with_ladder(replace(case, facts=facts, asked=asked))
        except (NotCapable, PermissionDenied):
            return None
        return replace(routed, words_alone=True) if routed.words_first.due_alone else None

    def _incapable(self, case: _Case, refused: NotCapable) -> RoutedRequest:
        """Returns a request that no answerer can take, beside its refusal, with no rung taken.

        The facts are the true ones, so that whoever decides the row again comes to the same end.
        Raises the refusal where the policy's rules would leave no rung to able answerers either.
        """
        facts, asked = as_if_able(case.facts, case.asked)
        facts = tuple([_open_to(fact) for fact in facts])
        try:
            routed = self._with_ladder(replace(case, facts=facts, asked=asked))
        except (NotCapable, PermissionDenied):
            raise refused from None
        decision = _none_taken(routed.decision, case.facts)
        return replace(
            routed, facts=case.facts, asked=case.asked, decision=decision, incapable=refused
        )

    @property
    def budgets(self) -> Callable[[], Budgets]:
        """Returns the function that reads the default policy's budgets and rates."""
        return self._budgets

    @property
    def clock(self) -> Clock:
        """Returns the clock that requests are timed by."""
        return self._clock

    def _drawn(self, runtime: PolicyRuntime) -> float | None:
        """Returns a random number if the policy explores, otherwise None."""
        if self._draw is None or runtime.policy.decision.explore.share <= 0:
            return None
        return self._draw()

    def _watched(
        self, runtime: PolicyRuntime, signals: Signals, pressure: Pressure, *, counts: bool
    ) -> Pressure:
        """Counts the request for its certificate's watch; returns what the watch adds."""
        shares, decision = runtime.certified_shares, runtime.policy.decision
        name, policy_hash = runtime.policy.name, runtime.policy_hash
        suspended = name in self.watch.contradicted and signals.domain in decision.certificates
        if signals.domain in shares and counts:
            strange = self.watch.saw(name, policy_hash, signals, shares, decision.novel_at)
            suspended = suspended or strange
        elif signals.domain in shares:
            suspended = suspended or self.watch.suspends(name, policy_hash, signals.domain)
        return replace(pressure, suspended=True) if suspended else pressure

    def swap(self, runtimes: Mapping[str, PolicyRuntime]) -> None:
        """Serves these policies from the next request on."""
        self._runtimes = dict(runtimes)
        self.watch.forget({(r.policy.name, r.policy_hash) for r in runtimes.values()})

    def certificates(self) -> dict[str, object]:
        """Returns the state of watched certificates by policy and domain; {} without any."""
        states = {
            name: self.watch.shown(name, runtime.policy_hash, runtime.certified_shares)
            for name, runtime in self._runtimes.items()
            if runtime.certified_shares
        }
        return {"certificates": states} if states else {}

    def models_for(self, identity: Identity) -> tuple[str, ...]:
        """Returns those of `models` that this key may use."""
        return tuple(name for name in self.models() if reachable(identity, name, self.default))

    def models(self) -> tuple[str, ...]:
        """Returns the model names that clients may send, without the globs of aliases."""
        policy = self.default.policy
        own = (n for n in policy.aliases if (to := policy.alias(n)) and to.to in OWN_MODELS)
        known = (*known_models(self._runtimes, self.default), *OWN_MODELS, *own)
        return tuple(name for name in known if not is_glob(name))

    def has_model(self, name: str) -> bool:
        """Returns True when clients may send `name`: one of `models`, or one that a glob fits."""
        policy = self.default.policy
        alias = None if is_glob(name) else policy.alias(name)
        if alias is None:
            return name in self.models()
        return policy.mode != "observe" or alias.answerer is not None or alias.to in OWN_MODELS

    @property
    def runtimes(self) -> Mapping[str, PolicyRuntime]:
        """Returns the policies that are served, by name."""
        return self._runtimes

    @property
    def default(self) -> PolicyRuntime:
        """Returns the policy that `auto` means."""
        return self._runtimes[self._default]


def _refused_tools(selected: Selected, request: ChatRequest) -> tuple[str, ...]:
    """Returns the types of tools that may be left out, where the policy refuses that."""
    runtime, pinned = selected.runtime, selected.pinned
    if runtime.policy.unsupported_tools != "refuse":
        return ()
    models = [plan.facts for plan in runtime.plans if not plan.facts.without_model]
    asked = [facts for facts in models if pinned in (None, facts.name)]
    kept = all(facts.speaks_anthropic for facts in asked)
    return request.unsupported_tools + (() if kept else request.native_kinds)


def _explained(error: NotCapable, runtime: PolicyRuntime, request: ChatRequest) -> NotCapable:
    """Returns the error with what the client can do about it."""
    if isinstance(error, MaxCostTooLow):
        plan = runtime.by_name[error.answerer]
        return cost_explained(error, plan.facts, request, composite=plan.composite)
    if reader := _reads_as_data(runtime, error, request.sent_by_address):
        return without_addresses(error, reader)
    ids = frozenset({Capability.FILES} if request.holds_file_ids else ())
    reader = _reads_as_data(runtime, error, ids)
    return without_file_ids(error, reader) if reader else error


def _reads_as_data(
    runtime: PolicyRuntime, refused: NotCapable, elsewhere: frozenset[Capability]
) -> str:
    """Returns the answerer that could take what is missing if it came as data; "" for none.

    `elsewhere` are the kinds of parts whose data the request lacks.
    """
    missing = elsewhere.intersection(refused.missing)
    able = [p.facts.name for p in runtime.plans if missing and missing <= p.facts.capabilities]
    return able[0] if able else ""


def _open_to(facts: RungFacts) -> RungFacts:
    """Returns the facts without a bound of context, and without what residency says."""
    declined = None if facts.declined is Reason.RESIDENCY else facts.declined
    return replace(facts, context_tokens=0, declined=declined)


def _none_taken(decision: Decision, facts: Sequence[RungFacts]) -> Decision:
    """Returns the decision of a request that no rung can take: each one is passed over for that."""
    rungs = [
        rung
        if not (rung.taken or fact.missing or fact.declined is Reason.RESIDENCY)
        else replace(
            rung,
            taken=False,
            propensity=0.0,
            reasons=(
                Reason.RESIDENCY if fact.declined is Reason.RESIDENCY else Reason.NOT_CAPABLE,
            ),
        )
        for rung, fact in zip(decision.rungs, facts, strict=True)
    ]
    return replace(decision, rungs=tuple(rungs), spare=(), in_hand=None, refused=None)


def _check_observed(selected: Selected, facts: Sequence[RungFacts]) -> None:
    """Raises NotCapable where the model that mode observe would ask may not get the request."""
    name = selected.observed or selected.pinned
    if any(fact.answerer == name and fact.declined is Reason.RESIDENCY for fact in facts):
        raise residency_leaves_none(f"{name}")


def loop_level(memory: SessionMemory | None, facts: Sequence[RungFacts]) -> int:
    """Returns the level below which a tool loop does not go, 0 where none is known.

    It is the level that answered last. Where an outage had moved the loop up, it goes back once an
    answerer of the level that it came from takes calls again and costs no more than going on: each
    with what its provider's prompt cache holds of the conversation.
    """
    if memory is None:
        return 0
    level, before = memory.last_tier_number, memory.loop_from
    if not 0 < before < level:
        return level
    ready = [f for f in facts if f.ready and f.declined is None and not f.missing]
    back = [f.cost_nano_usd for f in ready if f.level == before]
    stay = [f.cost_nano_usd for f in ready if f.level == level]
    return before if back and (not stay or min(back) <= min(stay)) else level


def pinned(asked: Asked, selected: Selected, level: int) -> Asked:
    """Returns `asked` with the pinned tier or answerer, and the level of a tool loop."""
    if not (level or selected.pinned or selected.pinned_tier):
        return asked
    return replace(
        asked,
        pinned=selected.pinned,
        pinned_tier=selected.pinned_tier,
        tool_loop_level=level or None,
    )
