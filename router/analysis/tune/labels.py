"""Joins recorded requests with their outcomes into the labelled traffic of `tune`. It is pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from router.analysis.replay.cases import Case, LeftOut
from router.analysis.replay.correctness import KnownCorrectness
from router.analysis.tune.tune import Label
from router.routing.decision_record import ShadowNote
from router.types import Domain, PSource, Reason, RungFacts

NO_MATCH = frozenset({Reason.ASKED_WHICH, Reason.EXACT_TOOL, Reason.SMALL_TALK})
"""Kinds of answers at level 1 that no floor of confidence lets out: offers have their own least
chance, and what is computed, or replies to a greeting, is understood or is not there."""


@dataclass(slots=True)
class Graded:
    """Holds one answerer's labelled answers: (difficulty, right or wrong), all and by domain."""

    level: int
    all: list[tuple[float, bool]] = field(default_factory=list)
    by_domain: dict[Domain, list[tuple[float, bool]]] = field(default_factory=dict)


@dataclass(slots=True)
class Labelled:
    """Holds level 1's confidences with outcomes, and the grades of all answerers."""

    labels: list[Label] = field(default_factory=list)
    graded: dict[str, Graded] = field(default_factory=dict)
    requests: int = 0
    outcomes_of_others: int = 0  # of requests that are not among these
    outcomes_of_drafts: int = 0  # approved words went out in their place
    unknown_answerers: Counter[str] = field(default_factory=Counter)  # outcomes by a name of none
    alike: int = 0  # lines of a file without an id that have the values of an earlier one


def labelled(
    cases: Iterable[Case | ShadowNote | LeftOut],
    outcomes: KnownCorrectness,
    novel_at: float | None = None,
) -> Labelled:
    """Collects every outcome of a recorded answer, with its confidence or difficulty.

    Safe answers in place of a rung's, and answers from memory, are not a rung's answers. With
    `novel_at` labels say if their request is novel.
    """
    traffic = Labelled(outcomes_of_others=len(outcomes.wrong))
    answerers = set[str]()
    for case in cases:
        if not isinstance(case, Case) or case.foregone or case.cached:
            continue
        traffic.requests += 1
        traffic.outcomes_of_others -= outcomes.by_request[case.request_id]
        if case.stood_in:
            drafts = outcomes.given(case.request_id, case.answerer) is not None
            traffic.outcomes_of_drafts += drafts
        answerers.update(fact.answerer for fact in case.facts)
        # Shadows and labelled files may judge several answerers of one request.
        for fact in case.facts:
            wrong = _wrong(case, fact, outcomes)
            if wrong is not None:
                outside = case.request_id in outcomes.outside
                novel = novel_at is not None and case.signals.novelty >= novel_at
                _add(traffic, case, fact, wrong == 0.0, outside=outside, novel=novel)
    traffic.unknown_answerers = outcomes.of_unknown(answerers)
    return traffic


def _wrong(case: Case, fact: RungFacts, outcomes: KnownCorrectness) -> float | None:
    if fact.answerer == case.answerer and not case.stood_in:
        return outcomes.given(case.request_id, case.answerer)
    return outcomes.other(case.request_id, fact.answerer)


def _add(
    traffic: Labelled, case: Case, fact: RungFacts, correct: bool, *, outside: bool, novel: bool
) -> None:
    signals = case.signals
    if fact.level == 1 and fact.because not in NO_MATCH:
        traffic.labels.append(
            Label(
                case.request_id,
                signals.domain,
                fact.p,
                correct,
                signals.triage_version,
                case.policy_hash,
                outside,
                novel,
            )
        )
    # A match's chance says nothing of an ability; only level 1's thresholds use it.
    if fact.p_source is PSource.MATCH:
        return
    graded = traffic.graded.setdefault(fact.answerer, Graded(fact.level))
    graded.all.append((signals.difficulty, correct))
    graded.by_domain.setdefault(signals.domain, []).append((signals.difficulty, correct))
