"""Certifies thresholds, and fits abilities, from labelled traffic. It is pure.

It uses Learn-then-Test by fixed sequence (Angelopoulos et al., arXiv 2110.01052). Thresholds are
tried from strict to loose. Each is tested by the exact binomial bound of Clopper and Pearson, and
the sequence stops at the first whose bound exceeds the risk. The thresholds that passed before hold
with confidence 1 - delta in all, since only one true hypothesis can be the first to be rejected
wrongly. The sequence begins where enough answers are accepted for zero errors to pass. That looks
only at confidences, never at outcomes, so the sequence is as good as fixed.

A certificate holds for traffic like the labelled one (exchangeable), per domain, each at its own
delta. With a stated share of strangers (requests that no approved answer covers) it holds at every
share up to that one: `stats.mixture_bounds` has the derivation. Two sequences then share delta
(the multi-start variant of the same source). Both begin where no error and no accepted stranger
would pass, which looks at confidences within the file only; `STARTS` says where. A novel request is
never accepted, since it climbs whatever its match says.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from router.policy.certificate import DomainCertificate, looks_unfamiliar
from router.rendering.figures_in_words import counted
from router.stats.exact_bounds import (
    needed_at,
    needed_with,
    needed_without_errors,
    upper_bound,
)
from router.stats.mixture_bounds import (
    Counts,
    largest_share,
    mixture_bound,
    mixture_error,
    needed_factor,
)
from router.stats.threshold_walk import GRID, STARTS, loosest
from router.stats.wilson import wilson
from router.types import Domain

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
    outside: bool = False  # a stranger: no approved answer covers it
    novel: bool = False  # its novelty reached `novel_at`

    @property
    def unfamiliar(self) -> bool:
        """Returns True when the request looks like a stranger, whatever it is."""
        return looks_unfamiliar(self.novel, self.confidence)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Explains why a domain has no threshold, and how many labels would be enough."""

    labels: int
    lowest: float  # the lowest confidence that has a label
    needed: int | None  # accepted answers in all at this error; None: no number, or not known
    least: int | None  # accepted answers in all if no further one is wrong
    told: str


def tune(
    labels: Iterable[Label], risk: float, delta: float, outside_share: float = 0.0
) -> dict[Domain, DomainCertificate | Refusal]:
    """Returns per domain the loosest certified threshold, or the reason why there is none.

    `risk` is the largest share of wrong answers among those accepted, `delta` the chance of a
    certificate that does not hold. 299 right answers at 0.9 or above certify 1 % at delta 0.05.
    `outside_share` is the largest share of strangers at which it must hold.
    """
    by_domain: dict[Domain, list[Label]] = {}
    for label in labels:
        by_domain.setdefault(label.domain, []).append(label)
    if outside_share <= 0.0:
        return {domain: certify(own, risk, delta) for domain, own in sorted(by_domain.items())}
    return {
        domain: certify_mixture(own, risk, delta, outside_share)
        for domain, own in sorted(by_domain.items())
    }


def certify(labels: Sequence[Label], risk: float, delta: float) -> DomainCertificate | Refusal:
    """Returns the loosest threshold certified for these labels of one domain; see `tune`."""
    least = needed_without_errors(risk, delta)
    lowest = _lowest(labels)
    best: DomainCertificate | None = None
    for threshold in GRID:
        accepted = [label for label in labels if label.confidence >= threshold]
        if len(accepted) < least:
            continue  # too few for any outcome to pass; confidences decide this, not outcomes
        wrong = sum(not label.correct for label in accepted)
        bound = upper_bound(wrong, len(accepted), delta)
        if bound > risk:
            return best or _refusal(labels, len(accepted), wrong, threshold, risk, delta)
        best = DomainCertificate(max(threshold, lowest), len(accepted), wrong, bound, len(labels))
        if threshold <= lowest:
            break  # what lies below has no label, and level 1 would answer it
    if best is not None:
        return best
    accepted = [label for label in labels if label.confidence >= GRID[-1]]
    wrong = sum(not label.correct for label in accepted)
    return _refusal(labels, len(accepted), wrong, GRID[-1], risk, delta)


def _lowest(labels: Sequence[Label]) -> float:
    """Returns the lowest confidence that has a label; no threshold is certified below it."""
    return min((label.confidence for label in labels), default=1.0)


def _refusal(
    labels: Sequence[Label], accepted: int, wrong: int, threshold: float, risk: float, delta: float
) -> Refusal:
    """States what the labels show, how many are needed for the risk, and what else would help.

    Where too few answers are accepted for any outcome to pass, their error is no ground for a
    forecast: one wrong answer of seven says little of the error of two hundred.
    """
    few = accepted < needed_without_errors(risk, delta)
    least = needed_with(wrong, risk, delta)
    rate = wrong / accepted if accepted else 0.0
    needed = None if few and wrong else needed_at(rate, risk, delta)
    seen = counted(accepted, "label", "labels")
    sentence = f"{seen} at a confidence of {threshold:g} or more, {wrong:,} wrong"
    if accepted:
        sentence += f": this shows at most {upper_bound(wrong, accepted, delta) * 100:.1f} % wrong"
    if needed is not None:
        so = f"{rate * 100:.2f} % stay wrong" if wrong else "none is wrong"
        sentence += f". While {so}, {needed:,} labels are enough: {needed - accepted:,} more"
        if wrong:
            sentence += f". If no further one is wrong, {least:,} are enough"
    elif few or wilson(wrong, accepted)[0] < risk:
        # A share that seems too high may be chance; further right answers would show it.
        enough = "more than ten million" if least is None else f"{least:,}"
        more = "" if least is None else f": {least - accepted:,} more"
        sentence += (
            f". They cannot tell if less than {risk * 100:g} % are wrong. That needs at least "
            f"{enough} labels, with no further one wrong{more}"
        )
    else:
        low, high = (end * 100 for end in wilson(wrong, accepted))
        sentence += (
            f". More than {risk * 100:g} % are wrong, beyond chance (95 % interval {low:.2f} % to "
            f"{high:.2f} %): more labels do not help. Mend what was answered wrongly, or state a "
            "greater risk"
        )
    lowest = _lowest(labels)
    return Refusal(len(labels), lowest, needed, least, sentence)


def certify_mixture(
    labels: Sequence[Label], risk: float, delta: float, share: float
) -> DomainCertificate | Refusal:
    """Returns the loosest threshold that holds at every share of strangers up to `share`."""
    by_threshold = [counts_at(labels, threshold) for threshold in GRID]
    best = loosest(by_threshold, share, risk, delta)
    if best is None:
        return _mixture_refusal(labels, by_threshold, risk, delta, share)
    end, spent = best
    counts = by_threshold[end]
    return DomainCertificate(
        max(GRID[end], _lowest([label for label in labels if not label.outside])),
        counts.accepted,
        counts.wrong,
        mixture_bound(counts, share, spent),
        len(labels),
        counts.outside,
        counts.outside_accepted,
        sum(label.unfamiliar for label in labels if not label.outside),
        sum(label.unfamiliar for label in labels if label.outside),
        spent,
    )


def counts_at(labels: Sequence[Label], threshold: float) -> Counts:
    """Returns what level 1 accepts from this confidence on, and how much of it is wrong."""
    inside = [label for label in labels if not label.outside]
    accepted = [lab for lab in inside if lab.confidence >= threshold and not lab.novel]
    strangers = [label for label in labels if label.outside]
    return Counts(
        within=len(inside),
        accepted=len(accepted),
        wrong=sum(not label.correct for label in accepted),
        outside=len(strangers),
        outside_accepted=sum(s.confidence >= threshold and not s.novel for s in strangers),
    )


def _mixture_refusal(
    labels: Sequence[Label], at: Sequence[Counts], risk: float, delta: float, share: float
) -> Refusal:
    """States what was found, how many rows of each kind are enough, and what else would help.

    It speaks of the threshold at which the first sequence began, or the loosest one.
    """
    start, part = STARTS[0]
    delta = part * delta
    begun = (c for c in at if c.accepted and c.accepted >= start * c.within)
    counts = next(begun, at[-1])
    error = mixture_error(counts, share)
    explanation = (
        f"{counts.wrong:,} of {counts.accepted:,} accepted answers were wrong, and "
        f"{counts.outside_accepted:,} of {counts.outside:,} strangers were accepted"
    )
    factor = needed_factor(counts, share, risk, delta)
    needed = None if factor is None else math.ceil(factor * counts.accepted)
    if not counts.outside:
        explanation += f"; a share of strangers of {share * 100:g} % needs labelled strangers"
    else:
        explanation += f" ({error * 100:.2f} % wrong at {share * 100:g} % strangers)"
    # The same rows without a mistake say how many are needed at the fewest.
    without = Counts(counts.within, counts.accepted, 0, counts.outside, 0)
    flawless = needed_factor(without, share, risk, delta)
    least = None if flawless is None else math.ceil(flawless * counts.accepted)
    if factor is not None:
        explanation += f"; at these rates {_both(counts, factor)} are enough"
    elif flawless is not None and flawless > 1.0:
        # Too few for any outcome to pass: their rates are no ground for a forecast.
        explanation += f"; without a mistake {_both(counts, flawless)} are needed at least"
    elif counts.outside:
        explanation += (
            "; at these rates no number of labels is enough: mend what was answered wrongly, "
            "accept fewer strangers, or state a greater risk"
        )
    possible = largest_share(counts, share, risk, delta)
    if possible > 0.0:
        explanation += f"; with at most {possible * 100:.1f} % strangers these labels are enough"
    lowest = _lowest(labels)
    return Refusal(len(labels), lowest, needed, least, explanation)


def _both(counts: Counts, factor: float) -> str:
    """Returns how many rows of each kind `factor` times as many are."""
    return (
        f"{math.ceil(factor * counts.within):,} labels of the file and "
        f"{math.ceil(factor * counts.outside):,} strangers"
    )


def data_sha256(labels: Iterable[Label]) -> str:
    """Returns one hash over all labels, independent of their order."""
    lines = sorted(
        f"{label.request_id}\t{label.domain.value}\t{label.confidence!r}\t{int(label.correct)}"
        + "\toutside" * label.outside
        + "\tnovel" * label.novel
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
