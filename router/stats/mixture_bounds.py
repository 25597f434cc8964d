"""Bounds the errors of accepted answers where up to a stated share of requests are strangers.

A stranger is a request that no approved answer covers, so each accepted one is wrong. With

    s  share of strangers among all requests       q  chance that a stranger is accepted
    A  chance that another request is accepted     e  chance that its accepted answer is wrong

the share of wrong answers among those accepted is

    R(s) = ((1 - s)·A·e + s·q) / ((1 - s)·A + s·q) = (e + r) / (1 + r),  r = s·q / ((1 - s)·A).

It rises with r, and r with s: whoever bounds R at the stated share bounds it at every smaller one.
R <= risk means e <= risk - r·(1 - risk), which is a line in q.

The two samples are independent, and neither e nor q is known. Each q splits the risk between them:
p1(q) is the chance of so few errors at the e that q leaves, p2(q) that of so few accepted strangers
at q. Both are exact binomial sums (Clopper and Pearson 1934). Fisher's method joins them to
p1·p2·(1 - ln(p1·p2)), and the greatest value over all q is the p-value: whatever the true q is, its
own value is no greater. Source: Ottoboni, Stark, Lindeman and McBurnett, "Risk-limiting audits by
stratified union-intersection tests of elections" (SUITE), arXiv 1809.04235. Splitting delta between
two bounds beforehand is valid too, but needs about twice as many strangers.

A is bounded from below by Chernoff's bound at a twentieth of delta, which the test then lacks.

Logarithms of binomial sums are concave in the rate (they are tails of a beta distribution), and the
rates are linear in q. So the sum has one peak, and a golden-section search finds it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from router.stats.exact_bounds import at_most, upper_bound

SHARE_OF_DELTA = 0.05
"""Of delta, for the lower bound of acceptance: it rests on all rows, so it costs little."""

STEPS = 24
"""Steps of the search for the peak: .618^24, a hundred-thousandth of the range, is left."""

GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Counts:
    """Holds what labelled rows showed at one threshold, strangers apart."""

    within: int  # labelled requests that an approved answer covers
    accepted: int
    wrong: int  # of those accepted
    outside: int = 0  # labelled strangers
    outside_accepted: int = 0

    def times(self, factor: float) -> Counts:
        """Returns the same shares among `factor` times as many rows, errors rounded up."""
        return Counts(
            math.floor(self.within * factor),
            math.floor(self.accepted * factor),
            math.ceil(self.wrong * factor),
            math.floor(self.outside * factor),
            math.ceil(self.outside_accepted * factor),
        )


def mixture_error(counts: Counts, share: float) -> float:
    """Returns the observed share of wrong answers among those accepted, at a share of strangers.

    Returns 0 where nothing was accepted. 4 wrong of 400 accepted among 500, with 1 of 100 strangers
    accepted: at a fifth of strangers (.8·.8·.01 + .2·.01) / (.8·.8 + .2·.01).

    >>> round(mixture_error(Counts(500, 400, 4, 100, 1), 0.2), 4)
    0.0131
    """
    inside = (1.0 - share) / counts.within if counts.within else 0.0
    strange = share / counts.outside if counts.outside else 0.0
    accepted = inside * counts.accepted + strange * counts.outside_accepted
    wrong = inside * counts.wrong + strange * counts.outside_accepted
    return wrong / accepted if accepted else 0.0


def holds(counts: Counts, share: float, risk: float, delta: float) -> bool:
    """Returns True when R <= risk with confidence 1 - delta at every share up to `share`."""
    if counts.accepted <= 0:
        return False
    if share <= 0.0:
        return at_most(counts.wrong, counts.accepted, risk) <= delta
    if counts.outside <= 0:
        return False
    acceptance = _least_acceptance(counts.accepted, counts.within, SHARE_OF_DELTA * delta)
    enough = (1.0 - SHARE_OF_DELTA) * delta
    return _p_value(counts, share, risk, acceptance, enough) <= enough


@lru_cache(maxsize=4096)
def _least_acceptance(accepted: int, within: int, delta: float) -> float:
    """Returns the rate a below the observed share with within·KL(share || a) = ln(1 / delta).

    This is Chernoff's bound (Hoeffding 1963, theorem 1): a little lower than the exact one, whose
    sum has a term for each row that was not accepted.
    """
    share = accepted / within
    low, high = 0.0, share
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (
            (low, middle) if within * _kl(share, middle) < -math.log(delta) else (middle, high)
        )
    return low


def _kl(p: float, q: float) -> float:
    """Returns the divergence of two coins, KL(p || q), for 0 < q < 1."""
    if q <= 0.0:
        return math.inf
    rest = (1.0 - p) * math.log((1.0 - p) / (1.0 - q)) if p < 1.0 else 0.0
    return p * math.log(p / q) + rest


@lru_cache(maxsize=4096)
def _coefficients(most: int, of: int) -> tuple[float, ...]:
    """Returns ln C(of, k) for k = 0 .. most."""
    whole = math.lgamma(of + 1)
    return tuple(whole - math.lgamma(k + 1) - math.lgamma(of - k + 1) for k in range(most + 1))


def _log_at_most(most: int, of: int, rate: float) -> float:
    """Returns the logarithm of `exact_bounds.at_most`, with the coefficients kept."""
    if rate <= 0.0 or most >= of:
        return 0.0
    if rate >= 1.0:
        return -math.inf
    log_p, log_q = math.log(rate), math.log1p(-rate)
    terms = [c + k * log_p + (of - k) * log_q for k, c in enumerate(_coefficients(most, of))]
    highest = max(terms)
    return min(0.0, highest + math.log(math.fsum(math.exp(term - highest) for term in terms)))


def _fisher(logarithm: float) -> float:
    """Returns p1·p2·(1 - ln(p1·p2)) for ln(p1·p2)."""
    # exp(-745) is the smallest number; below it the p-value is 0 for all purposes.
    return math.exp(logarithm) * (1.0 - logarithm) if logarithm > -700.0 else 0.0


def _p_value(
    counts: Counts, share: float, risk: float, acceptance: float, enough: float = 1.0
) -> float:
    """Returns the greatest joint p-value over all q, or any that is above `enough`."""
    if acceptance <= 0.0:
        return 1.0
    # r per unit of q; from `end` on the strangers alone use up the risk.
    slope = share / ((1.0 - share) * acceptance)
    end = min(1.0, risk / (slope * (1.0 - risk)))

    def logarithm(q: float) -> float:
        left = risk - slope * q * (1.0 - risk)
        inside = _log_at_most(counts.wrong, counts.accepted, left)
        return inside + _log_at_most(counts.outside_accepted, counts.outside, q)

    low, high = 0.0, end
    near, far = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_near, at_far = logarithm(near), logarithm(far)
    peak = max(at_near, at_far, logarithm(end))
    for _ in range(STEPS):
        # Most tests that fail do so at once.
        if _fisher(peak) > enough:
            break
        if at_near < at_far:
            low, near, at_near = near, far, at_far
            far = low + GOLDEN * (high - low)
            at_far = logarithm(far)
        else:
            high, far, at_far = far, near, at_near
            near = high - GOLDEN * (high - low)
            at_near = logarithm(near)
        peak = max(peak, at_near, at_far)
    return _fisher(peak)


def mixture_bound(counts: Counts, share: float, delta: float) -> float:
    """Returns the least risk that `holds` at every share of strangers up to `share`.

    1.0 where the rows show nothing. At share 0 it is Clopper and Pearson's bound.
    """
    if share <= 0.0:
        return upper_bound(counts.wrong, counts.accepted, delta)
    low, high = mixture_error(counts, share), 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if holds(counts, share, middle, delta):
            high = middle
        else:
            low = middle
    return high


def largest_share(counts: Counts, most: float, risk: float, delta: float) -> float:
    """Returns the largest share of strangers up to `most` at which `holds`, down to a thousandth.

    0.0 where none does.
    """
    low, high = 0, math.floor(most * 1000)
    while low < high:
        middle = (low + high + 1) // 2
        if holds(counts, middle / 1000, risk, delta):
            low = middle
        else:
            high = middle - 1
    return low / 1000


def needed_factor(counts: Counts, share: float, risk: float, delta: float) -> float | None:
    """Returns how many times as many rows would hold at the same shares; None above 1,000 times.

    Errors are rounded up to whole ones, so the factor is rather too large than too small.
    """
    if mixture_error(counts, share) >= risk or not counts.accepted or not counts.outside:
        return None
    factor = 1.0
    while not holds(counts.times(factor), share, risk, delta):
        factor *= 1.1
        if factor > 1_000:
            return None
    return factor
