"""Recorded traffic decided again under a policy: cost, tiers, changed decisions, expected error.

Two passes over the rows, memory bounded by the number of groups and of outcomes: the first counts
how often each answerer's answers were climbed past, the second decides. Pure; `replay_path` says
what a policy would have done with one request, `offpolicy` weighs recorded outcomes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from router.analysis.replay.cases import Case, LeftOut
from router.analysis.replay.correctness import KnownCorrectness
from router.analysis.replay.facts import Assumed, Side
from router.analysis.replay.path import SAFE_ANSWER, Climbs, Path, path_under, recorded_path
from router.analysis.replay.usage_cases import TokensAlone
from router.analysis.report.savings import PairedCosts
from router.analysis.tune.offpolicy import Errors, OffPolicy, Sample, robust
from router.routing.decision_record import ShadowNote

MAX_CHANGES = 256
"""Groups of changed decisions; more share one group."""
EXAMPLES = 3
"""Requests that are named of each group."""
OTHER_CHANGE = ("(other)", "(other)", "")
RECORDED = "as recorded"
"""What the other side is called where it is no policy."""
AGREES = 1.0
"""Only a shadow's answer that agrees word for word shares the outcome of the answer given."""


class Unweighed(StrEnum):
    """Outcomes that say nothing of the error that clients meet, whatever the policy."""

    DRAFT = "of drafts that approved words stood in for, so no client got them"
    CACHED = "of answers from memory, which no propensity of this request's own is about"


Cases = Callable[[], Iterable[Case | ShadowNote | LeftOut]]
"""The rows as cases; called once for each pass."""


@dataclass(slots=True)
class Change:
    """Requests whose first rung is another one, with what that costs (signed; above 0: more)."""

    requests: int = 0
    difference_nano_usd: int = 0
    unknown: int = 0  # of them, whose cost is not known on one side
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SideSums:
    """One side: where requests are answered, and how wrong its own p expects them to be."""

    levels: dict[tuple[int, str], float] = field(default_factory=dict)
    refused: int = 0
    unknown_cost: int = 0
    modelled: float = 0.0
    modelled_requests: int = 0
    uncertain: int = 0  # requests with a call that was never made

    def add(self, path: Path) -> None:
        """Count one request."""
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
        """The mean of 1 - p over who answers; what the policies believe, not what was seen."""
        return self.modelled / self.modelled_requests if self.modelled_requests else None


@dataclass(slots=True)
class BelievedErrors:
    """Says how wrong both sides expect to be by their own p, where both have one."""

    requests: int = 0
    old_wrong: float = 0.0
    new_wrong: float = 0.0

    def add(self, before: Path, after: Path) -> None:
        """Count one request, where both sides say how likely a wrong answer is."""
        if before.wrong is not None and after.wrong is not None:
            self.requests += 1
            self.old_wrong += before.wrong
            self.new_wrong += after.wrong

    @property
    def old(self) -> float | None:
        """The old side's mean, 0..1; None where no request can be compared."""
        return self.old_wrong / self.requests if self.requests else None

    @property
    def new(self) -> float | None:
        """The new side's mean, 0..1; None where no request can be compared."""
        return self.new_wrong / self.requests if self.requests else None


@dataclass(slots=True)
class Agreement:
    """Shadow answers of one answerer to answers of another."""

    pairs: int = 0
    total: float = 0.0
    failed: int = 0

    @property
    def mean(self) -> float | None:
        """The mean overlap in words, 0..1."""
        return self.total / self.pairs if self.pairs else None


@dataclass(slots=True)
class Replay:
    """All that a replay says. `old` is the recorded traffic, or the policy it is compared with."""

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
    changes: dict[tuple[str, str, str], Change] = field(default_factory=dict)
    off_policy: OffPolicy = field(default_factory=OffPolicy)
    agreements: dict[tuple[str, str], Agreement] = field(default_factory=dict)
    assumed: Counter[Assumed] = field(default_factory=Counter)
    climbs: Climbs = field(default_factory=Climbs)
    unlabelled_shadows: int = 0
    outcomes: int = 0
    outcomes_of_others: int = 0  # of requests that are not replayed
    unweighed: Counter[Unweighed] = field(default_factory=Counter)
    observed: int = 0  # requests of `mode: observe`
    explored: int = 0
    alone: TokensAlone | None = None  # of another gateway's log
    bad_lines: str = ""  # of such a log, told in one sentence

    @property
    def errors(self) -> Errors:
        """What recorded outcomes say of the new policy's error."""
        return self.off_policy.errors()

    def share(self, side: SideSums, level: int) -> float | None:
        """The share of requests answered at `level` under one side; None without requests."""
        total = sum(side.levels.values())
        at = sum(weight for (own, _), weight in side.levels.items() if own == level)
        return at / total if total else None


@dataclass(slots=True)
class _Shadows:
    """Shadow answers by request, and which answerers have an outcome for each of theirs."""

    notes: dict[str, ShadowNote] = field(default_factory=dict)
    unlabelled: Counter[str] = field(default_factory=Counter)

    def wrong(self, case: Case, outcomes: KnownCorrectness, given: float | None) -> float | None:
        """Whether this request's shadow answer was wrong; None where nobody knows."""
        note = self.notes.get(case.request_id)
        if note is None:
            return None
        own = outcomes.other(case.request_id, note.answerer)
        agrees = note.agreement is not None and note.agreement >= AGREES
        return given if own is None and agrees else own


def replay(cases: Cases, new: Side, old: Side | None, outcomes: KnownCorrectness) -> Replay:
    """Every case under `new`, beside what was recorded or beside `old`."""
    name = RECORDED if old is None else old.name
    found = Replay(new_name=new.name, old_name=name)
    found.outcomes = found.outcomes_of_others = len(outcomes.wrong)
    shadows = _first_pass(cases, found, outcomes)
    for case in cases():
        if not isinstance(case, Case):
            continue
        found.outcomes_of_others -= outcomes.by_request[case.request_id]
        assumed = set[Assumed]()
        after = path_under(new, case, found.climbs, assumed)
        if old is None:
            before = recorded_path(case)
        else:
            before = path_under(old, case, found.climbs, assumed)
        found.assumed.update(assumed)
        _count(found, case, before, after)
        why = _unweighed(case)
        if why is not None:
            found.unweighed[why] += outcomes.given(case.request_id, case.answerer) is not None
            continue
        sample = _sample(case, after, outcomes, shadows)
        if sample is not None and old is not None:
            other = _sample(case, before, outcomes, shadows)
            assert other is not None
            told = other.rho > 0
            sample = replace(
                sample,
                logged=robust(other) if told else None,
                rho=sample.rho if told else 0.0,
            )
        if sample is not None:
            found.off_policy.add(sample)
    return found


def _first_pass(cases: Cases, found: Replay, outcomes: KnownCorrectness) -> _Shadows:
    """Climb rates, shadows and what is left out; nothing is decided yet."""
    shadows = _Shadows()
    for case in cases():
        if isinstance(case, LeftOut):
            found.left_out[case] += 1
        elif isinstance(case, ShadowNote):
            shadows.notes[case.of] = case
            agreement = found.agreements.setdefault((case.shown, case.answerer), Agreement())
            agreement.failed += case.agreement is None
            agreement.pairs += case.agreement is not None
            agreement.total += case.agreement or 0.0
        else:
            found.climbs.add(case)
    for request_id, note in shadows.notes.items():
        given = outcomes.given(request_id, note.shown)
        if given is not None and outcomes.other(request_id, note.answerer) is None:
            agrees = note.agreement is not None and note.agreement >= AGREES
            shadows.unlabelled[note.answerer] += not agrees
    found.unlabelled_shadows = shadows.unlabelled.total()
    return shadows


def _count(found: Replay, case: Case, before: Path, after: Path) -> None:
    found.requests += 1
    found.observed += case.observed
    found.explored += 0.0 < case.propensity.get(case.first, 1.0) < 1.0
    found.old.add(before)
    found.new.add(after)
    found.believed.add(before, after)
    known = before.cost_nano_usd is not None and after.cost_nano_usd is not None
    if before.cost_nano_usd is not None and after.cost_nano_usd is not None:
        found.costs.add(before.cost_nano_usd, after.cost_nano_usd)
    else:
        found.not_compared += 1
    if before.first == after.first and not after.refused:
        return
    found.changed += 1
    key = (before.first or "(refused)", after.first or "(refused)", after.reason)
    if key not in found.changes and len(found.changes) >= MAX_CHANGES:
        key = OTHER_CHANGE
    change = found.changes.setdefault(key, Change())
    change.requests += 1
    change.unknown += not known
    change.difference_nano_usd += (
        (after.cost_nano_usd or 0) - (before.cost_nano_usd or 0) if known else 0
    )
    if len(change.examples) < EXAMPLES:
        change.examples.append(case.request_id)


def _unweighed(case: Case) -> Unweighed | None:
    """Why an outcome of this request's answer is in no estimate, None where it is."""
    if case.stood_in and not case.foregone:
        return Unweighed.DRAFT
    return Unweighed.CACHED if case.cached else None


def _sample(case: Case, path: Path, outcomes: KnownCorrectness, shadows: _Shadows) -> Sample | None:
    """What the log says of the error of this path; None where the given answer has no outcome.

    Labels of the answer given are taken to be missing at random, or there for every request.
    """
    given = outcomes.given(case.request_id, case.answerer)
    if given is None:
        return None
    q = 0.5 if path.wrong is None else path.wrong
    own = SAFE_ANSWER if case.foregone else case.answerer
    same = path.certain and path.answerer == own
    chance = _chance(case, path, same)
    if same:
        return Sample(_with_shadow(case, path, chance, shadows), given, q, given)
    label = outcomes.other(case.request_id, path.answerer)
    chosen = case.shadow is not None and case.shadow.answerer == path.answerer
    if chosen and case.shadow is not None and case.shadow.share > 0:
        wrong = shadows.wrong(case, outcomes, given) if _usable(shadows, path) else None
        return Sample(_with_shadow(case, path, chance, shadows), wrong, q, given)
    if label is not None:
        return Sample(1.0, label, q, given)
    return Sample(chance, None, q, given)


def _chance(case: Case, path: Path, same: bool) -> float:
    """The chance that the recorded policy took this path; 0: never."""
    if case.observed:
        return 1.0 if same else 0.0
    if path.first == case.first and not same:
        return 0.0  # it starts alike and goes on otherwise: no draw leads there
    return case.propensity.get(path.first, 1.0 if same else 0.0)


def _usable(shadows: _Shadows, path: Path) -> bool:
    """A shadow tells of errors only where every one of its answerer has an outcome."""
    return not shadows.unlabelled[path.answerer]


def _with_shadow(case: Case, path: Path, chance: float, shadows: _Shadows) -> float:
    """`chance`, or that a shadow by this path's answerer was called all the same."""
    note = case.shadow
    if note is None or note.answerer != path.answerer or path.first != path.answerer:
        return chance
    return chance + (1.0 - chance) * note.share if _usable(shadows, path) else chance
