"""Estimates a policy's error from outcomes that another policy recorded. Pure numbers.

For each request it knows three numbers: the chance `rho` that the log holds an outcome of the
answer that the new policy would give (the propensity of that rung, plus that of a shadow), the
outcome if the log holds one, and the model's own guess q of its error. With w = 1/rho where an
outcome is held, 0 otherwise:

    IPS   = mean(w·y)                                   Horvitz-Thompson
    SNIPS = sum(w·y) / sum(w)                           Hajek; intervals by its linearisation
    DR    = mean(q + w·(y - q))                         Dudik, Langford and Li, arXiv 1103.4601
    effective sample = (sum w)² / sum w²                Kish

IPS and DR are unbiased for any q, if rho is right and above 0 on every request. Where it is 0 the
data cannot answer, and `no_overlap` counts those requests. Intervals are the central limit
theorem's; where every weight is 1, Clopper and Pearson's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from router.analysis.report.figures import Interval
from router.analysis.report.savings import MIN_FOR_INTERVAL
from router.stats.exact_bounds import lower_bound, upper_bound
from router.stats.wilson import Z_95


@dataclass(frozen=True, slots=True)
class JudgedRequest:
    """Holds one request whose recorded answer has an outcome."""

    rho: float  # 0..1; 0: no outcome of the new policy's answer could have been recorded
    wrong: float | None  # of the new policy's answer, 0..1; None where the log holds none
    q: float  # the model's guess of it, 0..1
    logged: float | None  # of the other side's answer; None where the data do not show it


def robust(sample: JudgedRequest) -> float:
    """Returns one request's term of DR: the guess, corrected where an outcome is held."""
    if sample.wrong is None or sample.rho <= 0.0:
        return sample.q
    return sample.q + (sample.wrong - sample.q) / sample.rho


@dataclass(frozen=True, slots=True)
class Estimate:
    """Holds an error rate and its 95 % interval; None below MIN_FOR_INTERVAL effective requests."""

    error: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Errors:
    """Holds all estimates over the same requests; only those with overlap unless `answerable`."""

    requests: int
    no_overlap: int
    observed: int
    effective: float
    ips: Estimate | None
    snips: Estimate | None
    dr: Estimate | None
    logged: Estimate | None  # the other side's error, over the requests that show it
    logged_requests: int
    difference: Estimate | None  # DR less the recorded error, paired; over requests with overlap
    bounds: Interval | None  # of the whole, if those without overlap are all right or all wrong
    unjudged: int = 0  # changed decisions, where none of them has an outcome

    @property
    def answerable(self) -> bool:
        """Returns True when the data answer for every request that has an outcome.

        Outcomes of none but unchanged decisions say nothing of the changed ones.
        """
        answered = self.requests > 0 and not self.no_overlap and self.observed > 0
        return answered and not self.unjudged


@dataclass(slots=True)
class Moments:
    """Sums x and x², for a mean with its interval."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, x: float) -> None:
        """Counts one value."""
        self.n += 1
        self.total += x
        self.squares += x * x

    @property
    def mean(self) -> float:
        """Returns the mean; there is at least one value."""
        return self.total / self.n

    def estimate(self, effective: float, low: float = 0.0) -> Estimate | None:
        """Returns the mean and mean ± 1.96·s/√n, within [low, 1]."""
        if not self.n:
            return None
        if self.n < MIN_FOR_INTERVAL or effective < MIN_FOR_INTERVAL:
            return Estimate(self.mean, None)
        variance = max(0.0, self.squares / self.n - self.mean**2) * self.n / (self.n - 1)
        half = Z_95 * math.sqrt(variance / self.n)
        return Estimate(self.mean, Interval(max(low, self.mean - half), min(1.0, self.mean + half)))


@dataclass(slots=True)
class OffPolicy:
    """Keeps running sums over samples; memory does not grow with them."""

    requests: int = 0
    no_overlap: int = 0
    observed: int = 0
    weight: float = 0.0
    weight_2: float = 0.0
    weight_wrong: float = 0.0
    weight_2_wrong: float = 0.0
    weight_2_wrong_2: float = 0.0
    plain: bool = True  # every weight is 1
    whole: bool = True  # every outcome is 0 or 1
    ips: Moments = field(default_factory=Moments)
    dr: Moments = field(default_factory=Moments)
    difference: Moments = field(default_factory=Moments)
    logged: Moments = field(default_factory=Moments)
    logged_whole: bool = True

    def add(self, sample: JudgedRequest) -> None:
        """Counts one request."""
        self.requests += 1
        if sample.logged is not None:
            self.logged.add(sample.logged)
            self.logged_whole &= sample.logged in (0.0, 1.0)
        if sample.rho <= 0.0:
            self.no_overlap += 1
            return
        # A request whose outcome the log lacks keeps its place in the means, with weight 0.
        w = 0.0 if sample.wrong is None else 1.0 / sample.rho
        y = 0.0 if sample.wrong is None else sample.wrong
        self.observed += sample.wrong is not None
        self.plain &= w == 1.0
        self.whole &= y in (0.0, 1.0)
        self.weight += w
        self.weight_2 += w * w
        self.weight_wrong += w * y
        self.weight_2_wrong += w * w * y
        self.weight_2_wrong_2 += (w * y) ** 2
        term = robust(sample)
        self.ips.add(w * y)
        self.dr.add(term)
        if sample.logged is not None:
            self.difference.add(term - sample.logged)

    @property
    def effective(self) -> float:
        """Returns Kish's effective sample size."""
        return self.weight**2 / self.weight_2 if self.weight_2 else 0.0

    def errors(self) -> Errors:
        """Returns all estimates; none of the new policy's where no outcome of it was seen."""
        seen = self.observed > 0
        # Without weights the error is a plain share, whose exact interval is better.
        exact = self._exact(self.ips) if self.plain and self.whole else None
        dr = (exact or self.dr.estimate(self.effective)) if seen else None
        # All differences are 0: the interval is exactly 0, even below MIN_FOR_INTERVAL.
        if seen and self.difference.squares == 0.0:
            difference: Estimate | None = Estimate(0.0, Interval(0.0, 0.0))
        else:
            difference = self.difference.estimate(self.effective, -1.0) if seen else None
        return Errors(
            requests=self.requests,
            no_overlap=self.no_overlap,
            observed=self.observed,
            effective=self.effective,
            ips=(exact or self.ips.estimate(self.effective)) if seen else None,
            snips=(exact or self._snips()) if seen else None,
            dr=dr,
            logged=self._exact(self.logged) if self.logged_whole else self.logged.estimate(1e9),
            logged_requests=self.logged.n,
            difference=difference,
            bounds=self._bounds(dr),
        )

    def _snips(self) -> Estimate:
        """Returns Hajek's ratio; its linearisation has the variance sum(w²(y - m)²) / (sum w)²."""
        m = self.weight_wrong / self.weight
        if self.effective < MIN_FOR_INTERVAL:
            return Estimate(m, None)
        spread = self.weight_2_wrong_2 - 2 * m * self.weight_2_wrong + m * m * self.weight_2
        half = Z_95 * math.sqrt(max(0.0, spread)) / self.weight
        return Estimate(m, Interval(max(0.0, m - half), min(1.0, m + half)))

    def _exact(self, moments: Moments) -> Estimate | None:
        """Returns Clopper and Pearson's interval of a plain share."""
        if not moments.n:
            return None
        wrong = round(moments.total)
        low = lower_bound(wrong, moments.n, 0.025)
        return Estimate(moments.mean, Interval(low, upper_bound(wrong, moments.n, 0.025)))

    def _bounds(self, dr: Estimate | None) -> Interval | None:
        """Returns Manski's worst cases: requests without overlap are all right, or all wrong."""
        # Overlap without any seen outcome bounds nothing.
        if not self.requests or (dr is None and self.no_overlap < self.requests):
            return None
        share = self.no_overlap / self.requests
        covered = 0.0 if dr is None else min(1.0, max(0.0, dr.error)) * (1.0 - share)
        return Interval(covered, covered + share)
