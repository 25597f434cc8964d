"""Replays recorded traffic under a policy: cost, tiers, changed decisions, expected error.

It passes over the rows twice; the number of groups and of outcomes bounds memory. The first pass
counts how often each answerer's answers were climbed past, the second decides. It is pure. `path`
follows one request under a policy, `offpolicy` weighs recorded outcomes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from router.analysis.replay.cases import Case, LeftOut
from router.analysis.replay.correctness import KnownCorrectness
from router.analysis.replay.facts import Assumed, Side
from router.analysis.replay.path import Climbs, Path, answered_by, path_under, recorded_path
from router.analysis.replay.recorded_models import Models, nothing_known, of_same_models
from router.analysis.replay.usage_cases import TokensAlone
from router.analysis.report.savings import PairedCosts
from router.analysis.tune.offpolicy import Errors, JudgedRequest, OffPolicy, robust
from router.money.model_redirects import same_model
from router.routing.decision_record import ShadowNote

MAX_CHANGES = 256
"""Bounds the groups of changed decisions; later ones share one group."""
EXAMPLES = 3
"""Counts the requests that are named for each group."""
OTHER_CHANGE = ("(other)", "(other)", "")
RECORDED = "as recorded"
"""Names the other side where it is not a policy."""
AGREES = 1.0
"""Requires word-for-word agreement before a shadow's answer shares the given answer's outcome."""


class Unweighed(StrEnum):
    """Names outcomes that say nothing of the error that clients see, whatever the policy."""

    DRAFT = "of drafts that approved words stood in for, so no client got them"
    CACHED = "of answers from memory, which no propensity of this request's own is about"


Cases = Callable[[], Iterable[Case | ShadowNote | LeftOut]]
"""Yields the rows as cases; it is called once for each pass."""


@dataclass(slots=True)
class Change:
    """Counts requests whose first rung changes, and the cost difference (signed; above 0: more)."""

    requests: int = 0
    difference_nano_usd: int = 0
    unknown: int = 0  # those whose cost is not known on one side
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SideSums:
    """Sums one side: where requests are answered, and its own expectation of wrong answers."""

    levels: dict[tuple[int, str], float] = field(default_factory=dict)
    refused: int = 0
    unknown_cost: int = 0
    modelled: float = 0.0
    modelled_requests: int = 0
    uncertain: int = 0  # requests with a call that was never made

    def add(self, path: Path) -> None:
        """Counts one request."""
        for _answerer, level, tier, weight in path.answered:
            self.levels[level, tier] = self.levels.get((level, tier), 0.0) + weight
        self.refused += bool(path.refused)
        self.unknown_cost += path.cost_nano_usd is None
        self.uncertain += not path.certain
        if path.wrong is not None:
            self.modelled += path.wrong
            self.modelled_requests += 1

    @property
    def modelled_error(self) -> float | None:
        """Returns the mean of 1 - p over the answers: the policies' belief, not an observation."""
        return self.modelled / self.modelled_requests if self.modelled_requests else None


@dataclass(slots=True)
class BelievedErrors:
    """Compares the errors that both sides expect by their own p, where both have one."""

    requests: int = 0
    old_wrong: float = 0.0
    new_wrong: float = 0.0
    old_on_priors: int = 0  # requests of which that side's p is a prior, which nobody measured
    new_on_priors: int = 0

    def add(self, before: Path, after: Path) -> None:
        """Counts one request, if both sides state the chance of a wrong answer."""
        if before.wrong is not None and after.wrong is not None:
            self.requests += 1
            self.old_wrong += before.wrong
            self.new_wrong += after.wrong
            self.old_on_priors += before.on_prior
            self.new_on_priors += after.on_prior

    @property
    def old(self) -> float | None:
        """Returns the old side's mean, 0..1; None where no request can be compared."""
        return self.old_wrong / self.requests if self.requests else None

    @property
    def new(self) -> float | None:
        """Returns the new side's mean, 0..1; None where no request can be compared."""
        return self.new_wrong / self.requests if self.requests else None


@dataclass(slots=True)
class Agreement:
    """Compares shadow answers of one answerer with answers of another."""

    pairs: int = 0
    total: float = 0.0
    failed: int = 0

    @property
    def mean(self) -> float | None:
        """Returns the mean overlap in words, 0..1."""
        return self.total / self.pairs if self.pairs else None


@dataclass(slots=True)
class Replay:
    """Holds all results. `old` is the recorded traffic, or the policy that is compared."""

    new_name: str
    old_name: str
    requests: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    costs: PairedCosts = field(default_factory=PairedCosts)  # (old, new), both known
    not_compared: int = 0
    new: SideSums = field(default_factory=SideSums)
    old: SideSums = field(default_factory=SideSums)
    believed: BelievedErrors = field(default_factory=BelievedErrors)
    changed: int = 0
    changed_judged: int = 0  # of them, those whose given answer has an outcome
    changes: dict[tuple[str, str, str], Change] = field(default_factory=dict)
    off_policy: OffPolicy = field(default_factory=OffPolicy)
    agreements: dict[tuple[str, str], Agreement] = field(default_factory=dict)
    assumed: Counter[Assumed] = field(default_factory=Counter)
    climbs: Climbs = field(default_factory=Climbs)
    unlabelled_shadows: int = 0
    outcomes: int = 0
    outcomes_of_others: int = 0  # of requests that are not replayed
    unknown_answerers: Counter[str] = field(default_factory=Counter)  # outcomes by a name of none
    unweighed: Counter[Unweighed] = field(default_factory=Counter)
    renewed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Counts requests by answerer, its recorded model, and its model in the new policy."""
    observed: int = 0  # requests of `mode: observe`
    explored: int = 0
    alone: TokensAlone | None = None  # of another gateway's log
    bad_lines: str = ""  # of such a log, in one sentence

    @property
    def errors(self) -> Errors:
        """Returns what recorded outcomes say about the new policy's error."""
        unjudged = 0 if self.changed_judged else self.changed
        return replace(self.off_policy.errors(), unjudged=unjudged)

    def share(self, side: SideSums, level: int) -> float | None:
        """Returns the share of requests answered at `level` on one side; None without any."""
        total = sum(side.levels.values())
        answered = sum(weight for (own, _), weight in side.levels.items() if own == level)
        return answered / total if total else None


@dataclass(slots=True)
class _Shadows:
    """Keeps shadow answers by request, and counts those without an outcome by answerer."""

    notes: dict[str, ShadowNote] = field(default_factory=dict)
    unlabelled: Counter[str] = field(default_factory=Counter)

    def wrong(self, case: Case, outcomes: KnownCorrectness, given: float | None) -> float | None:
        """Returns 1.0 for a wrong shadow answer, 0.0 for a right one; None if nobody knows."""
        note = self.notes.get(case.request_id)
        if note is None:
            return None
        own = outcomes.other(case.request_id, note.answerer)
        agrees = note.agreement is not None and note.agreement >= AGREES
        return given if own is None and agrees else own


def replay(
    cases: Cases,
    new: Side,
    old: Side | None,
    outcomes: KnownCorrectness,
    models: Models = nothing_known,
) -> Replay:
    """Decides every case under `new`, and compares it with the record or with `old`.

    `models` names the models behind the answerers of the policies that decided the cases.
    """
    name = RECORDED if old is None else old.name
    result = Replay(new_name=new.name, old_name=name)
    result.outcomes = result.outcomes_of_others = len(outcomes.wrong)
    shadows = _first_pass(cases, result, outcomes)
    sides = (new,) if old is None else (new, old)
    answerers = {plan.facts.name for side in sides for plan in side.plans}
    for case in cases():
        if not isinstance(case, Case):
            continue
        answerers.update(fact.answerer for fact in case.facts)
        # What remains at the end belongs to requests that are not in these rows.
        result.outcomes_of_others -= outcomes.by_request[case.request_id]
        assumed = set[Assumed]()
        seen, others = of_same_models(case, new, models)
        after = path_under(new, seen, result.climbs, assumed)
        for name in others.keys() & {case.first, case.answerer, *case.called}:
            result.renewed[name, others[name], new.model(name)] += 1
        if old is None:
            seen_old, earlier = case, others.get(after.first, "")
            before = recorded_path(case)
        else:
            seen_old, _ = of_same_models(case, old, models)
            before = path_under(old, seen_old, result.climbs, assumed)
            earlier = old.model(after.first)
        result.assumed.update(assumed)
        model = new.model(after.first)
        swapped = (earlier, model) if earlier and not same_model(earlier, model) else None
        changed = _count(result, case, before, after, swapped)
        unweighed = _unweighed(case)
        if unweighed is not None:
            result.unweighed[unweighed] += (
                outcomes.given(case.request_id, case.answerer) is not None
            )
            continue
        sample = _sample(seen, after, outcomes, shadows)
        if sample is not None and old is not None:
            other = _sample(seen_old, before, outcomes, shadows)
            assert other is not None
            # Both sides are compared over the same requests, so one without overlap drops out.
            comparable = other.rho > 0
            sample = replace(
                sample,
                logged=robust(other) if comparable else None,
                rho=sample.rho if comparable else 0.0,
            )
        if sample is not None:
            result.changed_judged += changed
            result.off_policy.add(sample)
    result.unknown_answerers = outcomes.of_unknown(answerers)
    return result


def _first_pass(cases: Cases, result: Replay, outcomes: KnownCorrectness) -> _Shadows:
    """Collects climb rates, shadows and what is left out; it decides nothing yet."""
    shadows = _Shadows()
    for case in cases():
        if isinstance(case, LeftOut):
            result.left_out[case] += 1
        elif isinstance(case, ShadowNote):
            shadows.notes[case.of] = case
            agreement = result.agreements.setdefault((case.shown, case.answerer), Agreement())
            agreement.failed += case.agreement is None
            agreement.pairs += case.agreement is not None
            agreement.total += case.agreement or 0.0
        else:
            result.climbs.add(case)
    # After the pass: a shadow's row may come before or after its request's.
    for request_id, note in shadows.notes.items():
        given = outcomes.given(request_id, note.shown)
        if given is not None and outcomes.other(request_id, note.answerer) is None:
            agrees = note.agreement is not None and note.agreement >= AGREES
            shadows.unlabelled[note.answerer] += not agrees
    result.unlabelled_shadows = shadows.unlabelled.total()
    return shadows


def _count(
    result: Replay, case: Case, before: Path, after: Path, swapped: tuple[str, str] | None
) -> bool:
    """Counts a request, and returns whether its decision changes.

    `swapped` holds both models of the first answerer where they differ.
    """
    result.requests += 1
    result.observed += case.observed
    result.explored += 0.0 < case.propensity.get(case.first, 1.0) < 1.0
    result.old.add(before)
    result.new.add(after)
    result.believed.add(before, after)
    known = before.cost_nano_usd is not None and after.cost_nano_usd is not None
    if before.cost_nano_usd is not None and after.cost_nano_usd is not None:
        result.costs.add(before.cost_nano_usd, after.cost_nano_usd)
    else:
        result.not_compared += 1
    # Only the first rung counts as the decision; later rungs follow from answers.
    same = before.first == after.first
    if same and not after.refused and swapped is None:
        return False
    result.changed += 1
    key = (before.first or "(refused)", after.first or "(refused)", after.reason)
    if same and swapped is not None:
        key = (f"{before.first} ({swapped[0]})", f"{after.first} ({swapped[1]})", after.reason)
    # Late groups share one, since a log may hold any number of names.
    if key not in result.changes and len(result.changes) >= MAX_CHANGES:
        key = OTHER_CHANGE
    change = result.changes.setdefault(key, Change())
    change.requests += 1
    change.unknown += not known
    change.difference_nano_usd += (
        (after.cost_nano_usd or 0) - (before.cost_nano_usd or 0) if known else 0
    )
    if len(change.examples) < EXAMPLES:
        change.examples.append(case.request_id)
    return True


def _unweighed(case: Case) -> Unweighed | None:
    """Returns why an outcome of this request's answer enters no estimate; None where it does."""
    if case.stood_in and not case.foregone:
        return Unweighed.DRAFT
    return Unweighed.CACHED if case.cached else None


def _sample(
    case: Case, path: Path, outcomes: KnownCorrectness, shadows: _Shadows
) -> JudgedRequest | None:
    """Returns what the log says of this path's error; None where the given answer has no outcome.

    Labels of the given answer are assumed to be missing at random, or present for every request.
    """
    given = outcomes.given(case.request_id, case.answerer)
    if given is None:
        return None
    # A path without a belief of its own favours neither right nor wrong.
    q = 0.5 if path.wrong is None else path.wrong
    own = answered_by(case)
    # Only a path of recorded calls is known to end with the recorded answer.
    same = path.certain and path.answerer == own
    chance = _chance(case, path, same)
    if same:
        return JudgedRequest(_with_shadow(case, path, chance, shadows), given, q, given)
    label = outcomes.other(case.request_id, path.answerer)
    # A label of this name is of the model that had it then.
    label = None if path.answerer in case.unknown else label
    chosen = case.shadow is not None and case.shadow.answerer == path.answerer
    if chosen and case.shadow is not None and case.shadow.share > 0:
        wrong = shadows.wrong(case, outcomes, given) if _usable(shadows, path) else None
        return JudgedRequest(_with_shadow(case, path, chance, shadows), wrong, q, given)
    # A labelled answer of this answerer is there for certain, so its weight is 1.
    if label is not None:
        return JudgedRequest(1.0, label, q, given)
    return JudgedRequest(chance, None, q, given)


def _chance(case: Case, path: Path, same: bool) -> float:
    """Returns the chance that the recorded policy took this path; 0: never."""
    if case.observed:
        return 1.0 if same else 0.0
    if path.first == case.first and not same:
        return 0.0  # same start, other continuation: no random draw leads there
    return case.propensity.get(path.first, 1.0 if same else 0.0)


def _usable(shadows: _Shadows, path: Path) -> bool:
    """Returns True when every shadow of this answerer has an outcome. Fewer would mislead."""
    return not shadows.unlabelled[path.answerer]


def _with_shadow(case: Case, path: Path, chance: float, shadows: _Shadows) -> float:
    """Returns `chance`, plus the chance that a shadow called this path's answerer anyway."""
    note = case.shadow
    if note is None or note.answerer != path.answerer or path.first != path.answerer:
        return chance
    return chance + (1.0 - chance) * note.share if _usable(shadows, path) else chance
