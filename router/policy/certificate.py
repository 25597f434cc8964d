"""A certificate: level 1's thresholds by domain, how often it is wrong at most, on which data.

`tiergate tune` writes it, `decision.certificate` names it. Whoever reads it checks it: its seal is
over all it says, and every bound is computed again from its counts. Pure; it knows no files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import msgspec

from router.stats.exact_bounds import upper_bound
from router.types import Domain

SCHEMA = "tiergate.certificate/1"
METHOD = "learn-then-test, fixed sequence, Clopper-Pearson"
TOLERANCE = 1e-9
"""A bound is written in full; what differs by more was not computed from these counts."""


@dataclass(frozen=True, slots=True)
class DomainCertificate:
    """One domain: of `accepted` labelled answers at or above the threshold, `wrong` were wrong."""

    threshold: float
    accepted: int
    wrong: int
    bound: float  # the true share of wrong ones is at most this, with the stated confidence
    labels: int  # of the domain, those below the threshold too


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was certified, at which risk and confidence, and on what it rests."""

    created: str
    risk: float
    confidence: float
    data_sha256: str
    triage_versions: tuple[str, ...]
    policy_hashes: tuple[str, ...]
    domains: dict[Domain, DomainCertificate]
    tiergate: str
    schema: str = SCHEMA
    method: str = METHOD
    seal: str = ""

    def sealed(self) -> Certificate:
        """The same with its seal."""
        return replace(self, seal=_seal_of(self))

    def to_text(self) -> str:
        """The file's text; `read_certificate` reads it."""
        return json.dumps(_plain(self), indent=2, sort_keys=True) + "\n"

    @property
    def thresholds(self) -> Mapping[Domain, float]:
        """By domain, what level 1's confidence must reach."""
        return {domain: one.threshold for domain, one in self.domains.items()}


def _plain(certificate: Certificate) -> dict[str, object]:
    found = asdict(certificate)
    found["domains"] = {domain.value: one for domain, one in found["domains"].items()}
    return found


def _seal_of(certificate: Certificate) -> str:
    told = {name: value for name, value in _plain(certificate).items() if name != "seal"}
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_certificate(text: str) -> Certificate:
    """The certificate in `text`. Raises ValueError which says what does not hold."""
    try:
        found = msgspec.json.decode(text, type=Certificate)
    except msgspec.DecodeError as error:
        raise ValueError(f"a certificate that cannot be read ({error})") from error
    if found.schema != SCHEMA or found.method != METHOD:
        raise ValueError(f"a certificate of {found.schema} by {found.method}")
    if found.seal != _seal_of(found):
        raise ValueError("a certificate that was altered since it was written")
    if not found.domains:
        raise ValueError("a certificate for no domain")
    for domain, one in found.domains.items():
        bound = upper_bound(one.wrong, one.accepted, 1.0 - found.confidence)
        if abs(bound - one.bound) > TOLERANCE or one.bound > found.risk:
            raise ValueError(
                f"{one.wrong} wrong of {one.accepted} for {domain.value}, whose bound is "
                f"{bound:.5f} where {one.bound:.5f} is written and {found.risk:g} is allowed"
            )
    return found
