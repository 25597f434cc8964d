"""Labelled traffic as `tune` reads it: recorded requests joined with their outcomes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from router.analysis.replay.cases import Case, LeftOut
from router.analysis.replay.correctness import KnownCorrectness
from router.analysis.tune.tune import Label
from router.routing.decision_record import ShadowNote
from router.types import Domain, PSource, RungFacts


@dataclass(slots=True)
class Graded:
    """One answerer's labelled answers: (difficulty, right or wrong), all and by domain."""

    level: int
    all: list[tuple[float, bool]] = field(default_factory=list)
    by_domain: dict[Domain, list[tuple[float, bool]]] = field(default_factory=dict)


@dataclass(slots=True)
class Labelled:
    """What the traffic tells: level 1's confidences with outcomes, and all answerers' grades."""

    labels: list[Label] = field(default_factory=list)
    graded: dict[str, Graded] = field(default_factory=dict)
    requests: int = 0
    without_outcome: int = 0
    outcomes_of_others: int = 0  # of requests that are not among these


def labelled(cases: Iterable[Case | ShadowNote | LeftOut], outcomes: KnownCorrectness) -> Labelled:
    """Every outcome of a recorded answer, with the confidence or difficulty it was given at.

    A safe answer that stood in for one, and an answer from memory, are no answers of a rung's.
    """
    found = Labelled(outcomes_of_others=len(outcomes.wrong))
    for case in cases:
        if not isinstance(case, Case) or case.foregone or case.cached:
            continue
        found.requests += 1
        found.outcomes_of_others -= outcomes.by_request[case.request_id]
        any_outcome = False
        for fact in case.facts:
            wrong = _wrong(case, fact, outcomes)
            if wrong is not None:
                any_outcome = True
                _add(found, case, fact, wrong == 0.0)
        found.without_outcome += not any_outcome
    return found


def _wrong(case: Case, fact: RungFacts, outcomes: KnownCorrectness) -> float | None:
    if fact.answerer == case.answerer and not case.stood_in:
        return outcomes.given(case.request_id, case.answerer)
    return outcomes.other(case.request_id, fact.answerer)


def _add(found: Labelled, case: Case, fact: RungFacts, correct: bool) -> None:
    signals = case.signals
    if fact.level == 1:
        found.labels.append(
            Label(
                case.request_id,
                signals.domain,
                fact.p,
                correct,
                signals.triage_version,
                case.policy_hash,
            )
        )
    if fact.p_source is PSource.MATCH:
        return
    graded = found.graded.setdefault(fact.answerer, Graded(fact.level))
    graded.all.append((signals.difficulty, correct))
    graded.by_domain.setdefault(signals.domain, []).append((signals.difficulty, correct))
