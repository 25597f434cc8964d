"""Watches if traffic still looks like the traffic that a certificate is about.

A certificate with a stated share of strangers holds while the share of unfamiliar requests is at
most what labelled traffic showed at that share. Each request is one coin of the sequential test

    e = p1 / p0 for an unfamiliar request, (1 - p1) / (1 - p0) for another;  S = max(S, 1)·e

with p0 the certified share and p1 a clearly larger one. While the true share is at most p0, e has a
mean of at most 1, so S reaches 1 / FALSE_ALARM after 1 / FALSE_ALARM requests on average, or later:
the test may look at every request. Source: Shin, Ramdas and Rinaldo, "E-detectors",
arXiv 2203.03532 (the e-CUSUM); Page, Biometrika 41 (1954).

Then the certificate is suspended. It counts again after LIFT_AFTER requests in a row of which no
more than the certified share looked unfamiliar. `counted` is pure; the class keeps its states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from router.policy.certificate import looks_unfamiliar
from router.types import CertificateTurned, Domain, Signals

FALSE_ALARM = 1e-6
"""Bounds false alarms: one in a million requests of a domain at the certified share. A share of
twice .2 is noticed after some 150 requests, 1.5 times as much after some 500."""

LIFT_AFTER = 500
"""Counts the requests that lift a suspension: a share of .2 is then known to ± .035."""

LEAST_SHARE = 0.005
"""Bounds p0 from below: of labels none may have looked unfamiliar, and one request proves little.
"""


class Watched(Struct, frozen=True):
    """Holds what was seen of one domain's traffic since its certificate began, or turned."""

    evidence: float = 1.0  # S
    suspended: bool = False
    seen: int = 0  # of the requests that may lift a suspension
    unfamiliar: int = 0
    recent: float | None = None  # the share of unfamiliar requests, weighted to the last hundred


RECENT = 100
"""Sets over how many requests the shown share is weighted. The test does not use it."""


def larger(share: float) -> float:
    """Returns p1 for p0: half as much again, and five points at least.

    >>> round(larger(0.2), 3), round(larger(0.02), 3), round(larger(0.9), 3)
    (0.3, 0.07, 0.95)
    """
    return min(max(1.5 * share, share + 0.05), (1.0 + share) / 2.0)


def counted(state: Watched, unfamiliar: bool, certified: float) -> Watched:
    """Returns the state after one more request of a domain."""
    recent = float(unfamiliar) if state.recent is None else state.recent
    recent += (unfamiliar - recent) / RECENT
    p0 = max(certified, LEAST_SHARE)
    if state.suspended:
        seen, strange = state.seen + 1, state.unfamiliar + unfamiliar
        if seen < LIFT_AFTER:
            return replace(state, seen=seen, unfamiliar=strange, recent=recent)
        return Watched(suspended=strange > p0 * seen, recent=recent)
    # Every share is certified.
    if p0 >= 1.0:
        return replace(state, recent=recent)
    p1 = larger(p0)
    ratio = p1 / p0 if unfamiliar else (1.0 - p1) / (1.0 - p0)
    evidence = max(state.evidence, 1.0) * ratio
    if evidence >= 1.0 / FALSE_ALARM:
        return Watched(suspended=True, recent=recent)
    return Watched(evidence, recent=recent)


class CertificateWatch:
    """Keeps the states of one process, by policy, its hash and the domain.

    Another policy, or another version of it, begins anew.
    """

    def __init__(self, told: Callable[[CertificateTurned], None]) -> None:
        self._told = told
        # Policies whose certificate feedback contradicts; whoever reads feedback sets it.
        self.contradicted: frozenset[str] = frozenset()
        self._states: dict[tuple[str, str], dict[Domain, Watched]] = {}

    def suspends(self, policy: str, policy_hash: str, domain: Domain) -> bool:
        """Returns True while the certificate of this domain does not count."""
        state = self._states.get((policy, policy_hash), {}).get(domain)
        return state is not None and state.suspended

    def saw(
        self,
        policy: str,
        policy_hash: str,
        signals: Signals,
        certified: Mapping[Domain, float],
        novel_at: float,
    ) -> bool:
        """Counts a request; returns True where its domain's certificate does not count for it."""
        share = certified.get(signals.domain)
        if share is None:
            return False
        match = 0.0 if signals.match is None else signals.match.confidence
        unfamiliar = looks_unfamiliar(signals.novelty >= novel_at, match)
        states = self._states.setdefault((policy, policy_hash), {})
        before = states.get(signals.domain, Watched())
        after = states[signals.domain] = counted(before, unfamiliar, share)
        if after.suspended != before.suspended:
            shown = after.recent or 0.0
            self._told(CertificateTurned(policy, signals.domain, after.suspended, shown, share))
        return after.suspended

    def forget(self, kept: set[tuple[str, str]]) -> None:
        """Drops the states of policies that are served no longer."""
        for name in [name for name in self._states if name not in kept]:
            del self._states[name]

    def shown(
        self, policy: str, policy_hash: str, certified: Mapping[Domain, float]
    ) -> dict[str, dict[str, object]]:
        """Returns the state of each certified domain of a policy, in plain values."""
        states = self._states.get((policy, policy_hash), {})
        return {
            domain.value: {
                "state": "suspended" if seen.suspended or policy in self.contradicted else "valid",
                "unfamiliar_share": None if seen.recent is None else round(seen.recent, 4),
                "certified_share": round(share, 4),
            }
            for domain, share in certified.items()
            for seen in [states.get(domain, Watched())]
        }
