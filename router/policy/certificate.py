"""Reads and writes certificates: level 1's thresholds by domain, with bounds on its errors.

`tiergate tune` writes a certificate, and `decision.certificate` names it. The reader checks it: its
seal covers all values, and every bound is computed again from its counts. Pure. It knows nothing
about files.
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
"""Allows for rounding. A bound is written in full; a larger difference does not come from these
counts."""


@dataclass(frozen=True, slots=True)
class DomainCertificate:
    """Holds one domain: `accepted` labelled answers reached the threshold, `wrong` failed."""

    threshold: float
    accepted: int
    wrong: int
    bound: float  # the upper limit of the true share of wrong answers, at the stated confidence
    labels: int  # of the domain, including those below the threshold


@dataclass(frozen=True, slots=True)
class Certificate:
    """Holds the certified thresholds, their risk and confidence, and their data."""

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
        """Returns the same certificate with its seal."""
        return replace(self, seal=_seal_of(self))

    def to_text(self) -> str:
        """Returns the file's text, which `read_certificate` reads."""
        return json.dumps(_plain(self), indent=2, sort_keys=True) + "\n"

    @property
    def thresholds(self) -> Mapping[Domain, float]:
        """Returns, by domain, the least confidence of level 1."""
        return {domain: row.threshold for domain, row in self.domains.items()}


def _plain(certificate: Certificate) -> dict[str, object]:
    values = asdict(certificate)
    values["domains"] = {domain.value: row for domain, row in values["domains"].items()}
    return values


def _seal_of(certificate: Certificate) -> str:
    # The seal cannot cover itself.
    sealed = {name: value for name, value in _plain(certificate).items() if name != "seal"}
    canonical = json.dumps(sealed, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_certificate(text: str) -> Certificate:
    """Returns the certificate in `text`. Raises ValueError with the first fault."""
    try:
        certificate = msgspec.json.decode(text, type=Certificate)
    except msgspec.DecodeError as error:
        raise ValueError(f"a certificate that cannot be read ({error})") from error
    if certificate.schema != SCHEMA or certificate.method != METHOD:
        raise ValueError(f"a certificate of {certificate.schema} by {certificate.method}")
    if certificate.seal != _seal_of(certificate):
        raise ValueError("a certificate that was altered since it was written")
    if not certificate.domains:
        raise ValueError("a certificate for no domain")
    for domain, row in certificate.domains.items():
        # Anybody can edit the file, so the bound is computed from the counts again.
        bound = upper_bound(row.wrong, row.accepted, 1.0 - certificate.confidence)
        if abs(bound - row.bound) > TOLERANCE or row.bound > certificate.risk:
            raise ValueError(
                f"{row.wrong} wrong of {row.accepted} for {domain.value}, whose bound is "
                f"{bound:.5f} where {row.bound:.5f} is written and {certificate.risk:g} is allowed"
            )
    return certificate
