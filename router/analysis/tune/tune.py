"""Certifies thresholds, and fits abilities, from labelled traffic. It is pure.

It uses Learn-then-Test by fixed sequence (Angelopoulos et al., arXiv 2110.01052). Thresholds are
tried from strict to loose. Each is tested by the exact binomial bound of Clopper and Pearson, and
the sequence stops at the first whose bound exceeds the risk. The thresholds that passed before hold
with confidence 1 - delta in all, since only one true hypothesis can be the first to be rejected
wrongly. The sequence begins where enough answers are accepted for zero errors to pass. That looks
only at confidences, never at outcomes, so the sequence is as good as fixed.

A certificate holds for traffic like the labelled one (exchangeable), per domain, each at its own
delta.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from router.policy.certificate import DomainCertificate
from router.stats.exact_bounds import needed_at, needed_without_errors, upper_bound
from router.types import Domain

GRID = (0.999, 0.995, *(round(0.99 - 0.01 * i, 2) for i in range(50)))
"""Lists the tested thresholds from strict to loose, fixed before any data are seen: 0.999 to 0.50.
"""

PRIOR_SPREAD = 2.0
"""Sets the standard deviation of abilities around their level's prior, in logits: twice that of the
74 in the committed table (0.96). It keeps ten right answers of ten from an infinite ability."""

MIN_FOR_ABILITY = 30
"""Sets the labels that an ability needs; fewer move it less than their own error."""


@dataclass(frozen=True, slots=True)
class Label:
    """Holds one level-1 answer whose outcome is known."""

    request_id: str
    domain: Domain
    confidence: float  # calibrated, as decide compares it with the threshold
    correct: bool
    triage_version: str = ""
    policy_hash: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Explains why a domain has no threshold, and how many labels would be enough."""

    labels: int
    accepted: int  # at the strictest threshold that could be tested, else at the loosest
    wrong: int
    lowest: float  # the lowest confidence that has a label
    needed: int | None  # accepted answers in all; None: no number is enough at this error
    told: str


def tune(
    labels: Iterable[Label], risk: float, delta: float
) -> dict[Domain, DomainCertificate | Refusal]:
    """Returns per domain the loosest certified threshold, or the reason why there is none.

    `risk` is the largest share of wrong answers among those accepted, `delta` the chance of a
    certificate that does not hold. 299 right answers at 0.9 or above certify 1 % at delta 0.05.
    """
    by_domain: dict[Domain, list[Label]] = {}
    for label in labels:
        by_domain.setdefault(label.domain, []).append(label)
    return {domain: certify(own, risk, delta) for domain, own in sorted(by_domain.items())}


def certify(labels: Sequence[Label], risk: float, delta: float) -> DomainCertificate | Refusal:
    """Returns the loosest threshold certified for these labels of one domain; see `tune`."""
    least = needed_without_errors(risk, delta)
    best: DomainCertificate | None = None
    for threshold in GRID:
        accepted = [label for label in labels if label.confidence >= threshold]
        if len(accepted) < least:
            continue  # too few for any outcome to pass; confidences decide this, not outcomes
        wrong = sum(not label.correct for label in accepted)
        bound = upper_bound(wrong, len(accepted), delta)
        if bound > risk:
            return best or _refusal(labels, len(accepted), wrong, risk, delta)
        best = DomainCertificate(threshold, len(accepted), wrong, bound, len(labels))
    if best is not None:
        return best
    accepted = [label for label in labels if label.confidence >= GRID[-1]]
    wrong = sum(not label.correct for label in accepted)
    return _refusal(labels, len(accepted), wrong, risk, delta)


def _refusal(
    labels: Sequence[Label], accepted: int, wrong: int, risk: float, delta: float
) -> Refusal:
    """States how many accepted answers would certify the risk if errors continue as they were."""
    rate = wrong / accepted if accepted else 0.0
    needed = needed_at(rate, risk, delta)
    seen = f"{wrong:,} of {accepted:,} accepted answers were wrong ({rate * 100:.2f} %)"
    if needed is None:
        explanation = (
            f"{seen}, which is no less than the risk of {risk * 100:g} %: no number would do"
        )
    else:
        explanation = (
            f"{seen}; at this error {needed:,} would do, {max(0, needed - accepted):,} more"
        )
    lowest = min((label.confidence for label in labels), default=1.0)
    return Refusal(len(labels), accepted, wrong, lowest, needed, explanation)


def data_sha256(labels: Iterable[Label]) -> str:
    """Returns one hash over all labels, independent of their order."""
    lines = sorted(
        f"{label.request_id}\t{label.domain.value}\t{label.confidence!r}\t{int(label.correct)}"
        for label in labels
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Ability:
    """Holds theta of p = sigma(a·(theta - d)), with its standard error, in logits."""

    theta: float
    error: float
    labels: int


def fit_ability(graded: Sequence[tuple[float, bool]], slope: float, prior: float) -> Ability:
    """Returns the most likely ability behind (difficulty, right or wrong) pairs, with a prior.

    It takes Newton's steps on a concave likelihood with the normal prior N(prior, PRIOR_SPREAD²).
    If half of the answers at difficulty 1.0 are right, the ability is near 1.0.
    """
    theta = prior
    curvature = 1.0 / PRIOR_SPREAD**2
    for _ in range(50):
        gradient, curvature = (prior - theta) / PRIOR_SPREAD**2, 1.0 / PRIOR_SPREAD**2
        for difficulty, correct in graded:
            # The bounds keep exp from overflowing; beyond them p is 0 or 1 in any case.
            p = 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, slope * (theta - difficulty)))))
            gradient += slope * (correct - p)
            curvature += slope * slope * p * (1.0 - p)
        # Long steps overshoot where the likelihood is flat.
        step = max(-2.0, min(2.0, gradient / curvature))
        theta += step
        if abs(step) < 1e-9:
            break
    return Ability(theta, 1.0 / math.sqrt(curvature), len(graded))
