"""Reads and writes certificates: level 1's thresholds by domain, with bounds on its errors.

A certificate may state a share of strangers: requests that no approved answer covers. Its bounds
then hold for every mixture up to that share, and it says up to which share of unfamiliar requests
the traffic may look like that. Version 1 of the file states no share.

`tiergate tune` writes a certificate, and `decision.certificate` names it. The reader checks it: its
seal covers all values, and every bound is computed again from its counts. Pure. It knows nothing
about files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import msgspec

from router.stats.exact_bounds import upper_bound
from router.stats.mixture_bounds import Counts, mixture_bound
from router.types import Domain

SCHEMA = "tiergate.certificate/1"
SCHEMA_OF_SHARES = "tiergate.certificate/2"
METHOD = "learn-then-test, fixed sequence, Clopper-Pearson"
METHOD_OF_SHARES = (
    "learn-then-test, fixed sequence, stratified union-intersection of Clopper-Pearson"
)
_METHODS = {SCHEMA: METHOD, SCHEMA_OF_SHARES: METHOD_OF_SHARES}
TOLERANCE = 1e-9
"""Allows for rounding. A bound is written in full; a larger difference does not come from these
counts."""


UNFAMILIAR_BELOW = 0.5
"""Sets the confidence of the match below which a request looks unfamiliar. Strangers that resemble
the file are seldom novel to the model, so their novelty alone would not show them."""


def looks_unfamiliar(novel: bool, confidence: float) -> bool:
    """Returns True for a novel request, and for one without a match of some confidence."""
    return novel or confidence < UNFAMILIAR_BELOW


@dataclass(frozen=True, slots=True)
class DomainCertificate:
    """Holds one domain: `accepted` labelled answers reached the threshold, `wrong` failed."""

    threshold: float
    accepted: int
    wrong: int
    bound: float  # the upper limit of the true share of wrong answers, at the stated confidence
    labels: int  # of the domain, including those below the threshold and strangers
    outside: int = 0  # labelled strangers
    outside_accepted: int = 0  # of those, at the threshold
    unfamiliar_within: int = 0  # labels with an approved answer that looked unfamiliar
    unfamiliar_outside: int = 0  # strangers that looked unfamiliar
    delta: float = 0.0  # what its sequence had of 1 - confidence

    @property
    def counts(self) -> Counts:
        """Returns what the bound is computed from."""
        within = self.labels - self.outside
        return Counts(within, self.accepted, self.wrong, self.outside, self.outside_accepted)

    def unfamiliar_share(self, outside_share: float) -> float:
        """Returns the share of unfamiliar requests at this share of strangers, 0..1."""
        within = self.unfamiliar_within / max(1, self.labels - self.outside)
        outside = self.unfamiliar_outside / max(1, self.outside)
        return (1.0 - outside_share) * within + outside_share * outside


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
    outside_share: float = 0.0  # the bounds hold at every share of strangers up to this
    novel_at: float = 0.0  # the novelty from which a request counted as novel

    def sealed(self) -> Certificate:
        """Returns the same certificate with its seal."""
        return replace(self, seal=_seal_of(self))

    def to_text(self) -> str:
        """Returns the file's text, which `read_certificate` reads."""
        return json.dumps(_plain(self), indent=2, sort_keys=True) + "\n"

    @property
    def created_ms(self) -> int:
        """Returns the beginning of the day on which it was made; 0 where that is unreadable."""
        try:
            made = datetime.fromisoformat(self.created)
        except ValueError:
            return 0
        return int((made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp() * 1000)

    @property
    def thresholds(self) -> Mapping[Domain, float]:
        """Returns, by domain, the least confidence of level 1."""
        return {domain: row.threshold for domain, row in self.domains.items()}

    @property
    def unfamiliar_shares(self) -> Mapping[Domain, float]:
        """Returns, by domain, the largest certified share of unfamiliar requests.

        Version 1 of the file has none.
        """
        if self.schema == SCHEMA:
            return {}
        share = self.outside_share
        return {domain: row.unfamiliar_share(share) for domain, row in self.domains.items()}


def _plain(certificate: Certificate) -> dict[str, object]:
    values = asdict(certificate)
    values["domains"] = {domain.value: row for domain, row in values["domains"].items()}
    # Files of version 1 keep their seals, so they may not gain keys.
    if certificate.schema == SCHEMA:
        for name in _OF_SHARES:
            del values[name]
        for row in values["domains"].values():
            for name in _ROW_OF_SHARES:
                del row[name]
    return values


_OF_SHARES = ("outside_share", "novel_at")
_ROW_OF_SHARES = ("outside", "outside_accepted", "unfamiliar_within", "unfamiliar_outside", "delta")


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
    if _METHODS.get(certificate.schema) != certificate.method:
        raise ValueError(f"a certificate of {certificate.schema} by {certificate.method}")
    if certificate.seal != _seal_of(certificate):
        raise ValueError("a certificate that was altered since it was written")
    if not certificate.domains:
        raise ValueError("a certificate for no domain")
    for domain, row in certificate.domains.items():
        # Anybody can edit the file, so the bound is computed from the counts again.
        bound = _bound_of(certificate, row)
        if abs(bound - row.bound) > TOLERANCE or row.bound > certificate.risk:
            raise ValueError(
                f"{row.wrong} wrong of {row.accepted} for {domain.value}{_strangers(row)}, whose "
                "bound is "
                f"{bound:.5f} where {row.bound:.5f} is written and {certificate.risk:g} is allowed"
            )
    return certificate


def _bound_of(certificate: Certificate, row: DomainCertificate) -> float:
    delta = 1.0 - certificate.confidence
    if certificate.schema == SCHEMA:
        return upper_bound(row.wrong, row.accepted, delta)
    # Several sequences share delta; none may have more than there is.
    return mixture_bound(row.counts, certificate.outside_share, min(row.delta, delta))


def _strangers(row: DomainCertificate) -> str:
    return f" and {row.outside_accepted} of {row.outside} strangers" if row.outside else ""
