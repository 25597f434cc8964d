"""Holds a policy that is ready to serve: its answerers, their facts, and its approved words.

A request keeps the one it began with, so a reload swaps the next requests only. It knows nothing
about HTTP, the ledger or how answerers were built.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from msgspec import UNSET, Struct
from msgspec.structs import replace

from router.errors import ModelNotFound
from router.judging.pairs import PairJudge
from router.money import cost
from router.money.model_redirects import FindRedirect, no_redirect
from router.policy.content.safe_answers import NO_ANSWER, SafeCase, holding_text
from router.policy.schema import Alias, Policy
from router.privacy.provider_seals import NO_SEALS, sealed_tokens
from router.routing.rungs.rung_plan import Chance, Previews, RungPlan, basis_of
from router.routing.told.shifts import Shifts
from router.types import (
    EMBEDDER_PREFIX,
    MODERATION_MODEL,
    NO_WARMTH,
    OWN_MODELS,
    Capability,
    ChatRequest,
    CostBasis,
    Domain,
    Identity,
    Price,
    PSource,
    Reason,
    RungFacts,
    SessionMemory,
    Signals,
    Triage,
    Usage,
    VerifyMode,
    WarmCache,
)

PriceOf = Callable[[str], Price | None]
NEAR = 0.75
"""Likeness from which a known name is offered in place of another: a slip, not another model."""
_OF_WHAT_IS_ASKED = frozenset({"exact", "passages", "documents"})
"""Kinds without a model that answer the user's words, and do not work on them."""
NO_PRICE = Price(version="")  # of own compute that nobody prices: free, which reports say


@dataclass(frozen=True, slots=True)
class PolicyRuntime:
    """Holds everything that one policy needs to serve."""

    policy: Policy
    policy_hash: str
    plans: tuple[RungPlan, ...]  # ladder order
    triage: Triage
    safe_answer: Callable[[SafeCase], str]
    emergency: Callable[[Domain, str], bool]  # True where a text names one
    remember: Callable[[Signals, SessionMemory | None, int], SessionMemory]
    head_classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of its own heads
    price_of: PriceOf = lambda _: None  # of a model that a client asked for
    redirected: FindRedirect = no_redirect
    triage_price: Price = NO_PRICE  # a second of one core, by the price book
    overdose: Callable[[str, str, str], bool] = lambda *_: False  # by language, text, that before
    opening: Callable[[str], str] = lambda _: ""  # by language, above an answer; "" for none
    holding: Callable[[Domain, str], str] = holding_text  # while a person judges, by review id
    no_answer: Callable[[Domain, str], str] = lambda *_: NO_ANSWER  # not an unrelated answer
    refusal: Callable[[str], str | None] = lambda _: None  # by language; None: the policy's words
    # By texts and the lists found in them: by which words of the first one, one line a phrase.
    found_words: Callable[[Sequence[str], Collection[str]], Iterable[str]] = lambda *_: ()
    pair_judge: PairJudge | None = None  # compares shadow answers; None: the policy wants none
    # Up to which share of unfamiliar requests the certificate holds, by domain.
    certified_shares: Mapping[Domain, float] = field(default_factory=dict)
    models: tuple[str, ...] = ()  # NAME@VERSION of what it names in the registry of models
    shifts: Shifts | None = None  # by what is told of answers; None: the policy wants none
    # The chance that documents hold an answer, searched before deciding; None: nobody searches.
    quotable: Callable[[ChatRequest, Identity], Awaitable[float | None]] | None = None
    # The same at the prices of each coming day of the price book, the next one first.
    later: tuple[PolicyRuntime, ...] = ()
    priced_from_ms: int = 0  # when its prices begin; 0: before it was built

    by_name: dict[str, RungPlan] = field(init=False)
    by_model: dict[str, RungPlan] = field(init=False)  # the first of each model
    tiers: tuple[str, ...] = field(init=False)
    # How much of each plan's answers is verified, by whether a hard rule holds.
    verify_modes: dict[bool, tuple[VerifyMode, ...]] = field(init=False)
    any_unpriced: bool = field(init=False)  # True when nobody states what an answerer charges
    saves_by_caches: bool = field(init=False)  # True when a hit at some answerer is cheaper
    at_level: dict[int, RungPlan | None] = field(init=False)  # whose costs stand for levels 2 and 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "tiers", tuple(tier.name for tier in self.policy.tiers))
        object.__setattr__(self, "by_name", {plan.facts.name: plan for plan in self.plans})
        by_model = {plan.facts.model: plan for plan in reversed(self.plans)}
        object.__setattr__(self, "by_model", by_model)
        modes = {hard: tuple([p.verify_mode(hard) for p in self.plans]) for hard in (False, True)}
        object.__setattr__(self, "verify_modes", modes)
        object.__setattr__(self, "any_unpriced", any(plan.unpriced for plan in self.plans))
        saves = any(plan.facts.price.saves_by_caches for plan in self.plans)
        object.__setattr__(self, "saves_by_caches", saves)
        named = {2: self.policy.report.level_2, 3: self.policy.report.level_3}
        at_level = {level: self._standing_for(level, name) for level, name in named.items()}
        object.__setattr__(self, "at_level", at_level)

    def on(self, at_ms: int) -> PolicyRuntime:
        """Returns this policy at the prices of a time, from when it was built on.

        A server builds a policy again when a price begins, seconds late on a busy machine. Calls
        are booked by this instead, so their price is that of their own time.
        """
        begun = bisect_right(self.later, at_ms, key=lambda dated: dated.priced_from_ms)
        return self.later[begun - 1] if begun else self

    def most_output(self, request: ChatRequest) -> int:
        """Returns the tokens of output that any answerer may give to this request, for a choice."""
        return max([cost.own_cap(plan.facts, request) for plan in self.plans], default=0)

    @property
    def longest_ms(self) -> int:
        """Returns how long one request may call: each answerer in turn, and a shadow after them."""
        deadlines = [plan.facts.deadline_ms for plan in self.plans]
        return sum(deadlines) + max(deadlines, default=0)

    def cost_at_level(self, level: int, usage: Usage) -> int | None:
        """Returns what an answer of these token counts would cost at level 2 or 3 (nano-dollars).

        The answerer is the one that `report` names for the level, or the first model of the level.
        None where there is none, or where its price is unknown.
        """
        plan = self.at_level[level]
        priced = None if plan is None else plan.would_cost(usage)
        return None if priced is None or priced.basis is CostBasis.UNKNOWN else priced.nano_usd

    def _standing_for(self, level: int, named: str | None) -> RungPlan | None:
        """Returns the answerer whose costs stand for a level.

        It is the one named, or the first model of the level. What computes or quotes its answers
        answers few requests, so it stands only where the level has no model.
        """
        plan = self.by_name.get(named) if named else None
        there = [p for p in self.plans if p.facts.level == level]
        models = [p for p in there if not p.facts.without_model]
        return plan or next(iter([*models, *there]), None)

    def rung_facts(
        self,
        request: ChatRequest,
        signals: Signals,
        *,
        assume_ready: bool = False,
        warm: Mapping[str, WarmCache] = NO_WARMTH,
    ) -> tuple[RungFacts, ...]:
        """Returns the facts that `decide` gets of every answerer, in ladder order."""
        needs = request.needs
        elsewhere = needs and request.sent_by_address & needs
        facts = [
            _rung_facts(plan, request, signals, needs, elsewhere, assume_ready)
            for plan in self.plans
        ]
        sealed = sealed_tokens(request) if self.policy.sessions.sticky else NO_SEALS
        if warm or sealed:
            for i, plan in enumerate(self.plans):
                thoughts, cache = sealed.get(plan.facts.issuer, 0), warm.get(plan.facts.name)
                facts[i] = _warmed(facts[i], plan, request, signals, cache, thoughts)
        return tuple(facts) if self.shifts is None else self.shifts.of(tuple(facts), signals)


def _silent_because(previews: Previews, request: ChatRequest, signals: Signals) -> Reason:
    """Returns why an answerer whose answers are known beforehand has none for a request."""
    if request.is_for_tools:
        alone = replace(request, tools=(), tool_choice=None)
        if previews(alone, signals) is not None:
            return Reason.TOOLS_OFFERED
    return Reason.NOTHING_TO_RESOLVE


def _rung_facts(
    plan: RungPlan,
    request: ChatRequest,
    signals: Signals,
    needs: frozenset[Capability],
    elsewhere: frozenset[Capability],
    assume_ready: bool,
) -> RungFacts:
    facts = plan.facts
    expected = plan.expected_cost(signals, request.sampling.max_output_tokens, request.images)
    silent = signals.given_text is True and facts.kind in _OF_WHAT_IS_ASKED
    previews = None if silent else plan.previews or plan.asks
    preview = None if previews is None else previews(request, signals)
    declined = plan.declines(request, signals) if plan.declines else None
    if preview is not None:
        chance = Chance(preview.p, preview.p_source)
    elif plan.previews is not None:
        chance = Chance(0.0, PSource.KNOWN)
        declined = _silent_because(plan.previews, request, signals)
    else:
        chance = plan.chance(signals)
    missing = needs - facts.capabilities
    if facts.kind == "litellm":
        missing |= elsewhere  # it would fetch them from here, where it may reach what others cannot
    elif facts.speaks_anthropic and request.holds_file_ids:
        missing |= {Capability.FILES}  # this format has no place for another provider's ids
    if request.demands_native and not facts.speaks_anthropic:
        missing |= {Capability.TOOLS}
    return RungFacts(
        answerer=facts.name,
        tier=facts.tier,
        level=facts.level,
        p=chance.p,
        p_source=chance.source,
        p_count=chance.count,
        cost_nano_usd=expected.nano_usd,
        cost_basis=basis_of(plan, expected),
        latency_ms=plan.expected_ms,
        missing=tuple(sorted(missing)) if missing else (),
        context_tokens=facts.context_tokens,
        worst_nano_usd=0
        if request.hints.max_cost_nano_usd is None
        else plan.room_needed(request, signals),
        excused=set(missing) == {Capability.TOOLS} and not request.forces_tools,
        declined=declined,
        because=None if preview is None else preview.because,
        least=None if preview is None else preview.least,
        ready=assume_ready or plan.answerer.status().may_be_called,
        thought_tokens=(request.thought_tokens or UNSET) if facts.reasoning_key else UNSET,
    )


def _warmed(
    facts: RungFacts,
    plan: RungPlan,
    request: ChatRequest,
    signals: Signals,
    cache: WarmCache | None,
    thoughts: int,
) -> RungFacts:
    """Returns the rung at its cost with its warm prompt cache, and what that saves.

    `thoughts` are tokens of earlier turns that only their issuer can read. Another answerer must
    think them again, at the price of output, so they count like a cache.
    """
    tokens = cache.tokens if cache is not None and cache.model == plan.facts.model else 0
    price = plan.facts.price
    if not tokens and not (thoughts and price.output_nano_usd):
        return facts
    cap = request.sampling.max_output_tokens
    cost_nano_usd = plan.expected_cost(signals, cap, request.images, tokens).nano_usd
    saved = max(0, facts.cost_nano_usd - cost_nano_usd)
    saved += thoughts * (price.reasoning_nano_usd or price.output_nano_usd or 0) // cost.MEGA
    saved = min(saved, facts.cost_nano_usd)
    return replace(facts, cost_nano_usd=facts.cost_nano_usd - saved, cache_nano_usd=saved)


class Selected(Struct, frozen=True):
    """Holds where the client's model name and hints lead."""

    runtime: PolicyRuntime
    pinned: str | None = None
    pinned_tier: str | None = None
    observed: str | None = None  # mode observe: the answerer of the model that was asked for


def select(runtimes: Mapping[str, PolicyRuntime], default: str, request: ChatRequest) -> Selected:
    """Returns the policy, tier or answerer that `model` (and the hint `policy`) name.

    A name is `auto`, `auto:<policy>`, `tier:<name>` or an alias of the policy. Raises ModelNotFound
    for any other; its message lists the known names.
    """
    runtime = _policy(runtimes, request.hints.policy or default)
    model = request.requested_model
    if model.startswith("auto:"):
        named = _policy(runtimes, model[5:])
        runtime = named if request.hints.policy is None else runtime
        model = "auto"
    alias = None if _is_route(model) else runtime.policy.alias(model)
    if runtime.policy.mode == "observe":
        return Selected(runtime, observed=_observed(runtimes, runtime, model, alias))
    if alias is not None and alias.answerer is not None:
        return Selected(runtime, pinned=alias.answerer if alias.pinned else None)
    target = model if alias is None else alias.to or model
    if target == "auto":
        return Selected(runtime)
    if target.startswith("auto:"):
        return Selected(_policy(runtimes, target[5:]))
    if target.startswith("tier:") and any(t.name == target[5:] for t in runtime.policy.tiers):
        return Selected(runtime, pinned_tier=target[5:])
    if _leads_to_no_tier(target):
        path = "/v1/moderations" if target == MODERATION_MODEL else "/v1/embeddings"
        raise ModelNotFound(
            f"The model {request.requested_model!r} answers no conversation: it is at {path}. "
            f"Known here are: {', '.join(known_models(runtimes, runtime))}.",
            param="model",
        )
    raise _unknown(runtimes, runtime, request.requested_model)


def _observed(
    runtimes: Mapping[str, PolicyRuntime], runtime: PolicyRuntime, model: str, alias: Alias | None
) -> str:
    """Returns the answerer of the model that the client asked for."""
    if alias is not None and alias.answerer is not None:
        return alias.answerer
    plan = next((p for p in runtime.plans if p.facts.model == model), None)
    if plan is None:
        raise _unknown(runtimes, runtime, model)
    return plan.facts.name


def _unknown(
    runtimes: Mapping[str, PolicyRuntime], runtime: PolicyRuntime, model: str
) -> ModelNotFound:
    if runtime.policy.mode == "observe":
        models = sorted({plan.facts.model for plan in runtime.plans})
        return ModelNotFound(
            f"The policy {runtime.policy.name!r} only observes, so a request names the model that "
            f"answers it. Found {model!r}; known are: {', '.join(models)}, and aliases with an "
            "answerer.",
            param="model",
        )
    return ModelNotFound(
        f"The model {model!r} is unknown here. Known are: "
        f"{', '.join(known_models(runtimes, runtime))}."
        f"{_meant(model, known_models(runtimes, runtime))} {_way_to(runtimes, runtime, model)}",
        param="model",
    )


def _meant(name: str, known: Sequence[str]) -> str:
    """Writes " Did you mean tier:large?" where a known name is similar to this one, else ""."""
    near = get_close_matches(name[:200], [other for other in known if "*" not in other], 1, NEAR)
    return f" Did you mean {near[0]}?" if near else ""


def _way_to(runtimes: Mapping[str, PolicyRuntime], runtime: PolicyRuntime, model: str) -> str:
    """Returns what to do to make a name work: of an answerer, of its model, or of neither.

    A name that another served policy knows needs no alias here: that policy has to be asked.
    """
    policy, plans = runtime.policy.name, runtime.plans
    knowing = [name for name, other in runtimes.items() if _is_name_of(other, model)]
    if knowing:
        return f"The policy {knowing[0]} knows it: ask with routing.policy {knowing[0]}."
    # A name is no path here: an answerer has a tier, whose rules a client may not pass by.
    plan = next((each for each in plans if each.facts.name == model), None)
    plan = plan or next((each for each in plans if each.facts.model == model), None)
    if plan is None:
        return (
            f"Ask for one of these, or add {{{model!r}: auto}} to the aliases of policy {policy}."
        )
    facts = plan.facts
    kind = "an answerer" if facts.name == model else f"the model of the answerer {facts.name}"
    pinned = f"{{{model!r}: {{answerer: {facts.name}, pinned: true}}}}"
    return (
        f"It is {kind} of tier {facts.tier}: ask for tier:{facts.tier}, or add {pinned} to the "
        f"aliases of policy {policy}."
    )


def _is_name_of(runtime: PolicyRuntime, model: str) -> bool:
    """Returns True for a tier of a policy, or an alias of it that leads to one."""
    alias = None if _is_route(model) else runtime.policy.alias(model)
    if alias is not None:
        return not _leads_to_no_tier(alias.to or model)
    return any([model == f"tier:{tier.name}" for tier in runtime.policy.tiers])


def known_models(runtimes: Mapping[str, PolicyRuntime], runtime: PolicyRuntime) -> Sequence[str]:
    """Returns the names that a chat request may use; aliases are as written, globs among them."""
    policy = runtime.policy
    if policy.mode == "observe":  # only what one answerer stands for
        models = sorted({plan.facts.model for plan in runtime.plans})
        aliases = [n for n in policy.aliases if (alias := policy.alias(n)) and alias.answerer]
        return (*models, *aliases)
    return (
        "auto",
        *(f"auto:{name}" for name in runtimes),
        *(f"tier:{tier.name}" for tier in policy.tiers),
        *(
            n
            for n in policy.aliases
            if (to := policy.alias(n)) and not _leads_to_no_tier(to.to or "")
        ),
    )


def _leads_to_no_tier(target: str) -> bool:
    """Returns True for what an alias of embeddings or moderations leads to."""
    return target in OWN_MODELS or target.startswith(EMBEDDER_PREFIX)


def _is_route(model: str) -> bool:
    return model == "auto" or model.startswith(("auto:", "tier:"))


def _policy(runtimes: Mapping[str, PolicyRuntime], name: str) -> PolicyRuntime:
    runtime = runtimes.get(name)
    if runtime is None:
        raise ModelNotFound(
            f"The policy {name!r} is not served here. Known are: {', '.join(runtimes)}."
            f"{_meant(name, tuple(runtimes))}",
            param="routing.policy",
        )
    return runtime
