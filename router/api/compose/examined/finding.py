"""Describes one part that `tiergate doctor` has looked at, and sums parts up in a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"
    NOTE = "note"  # nothing was looked at, and nothing need be mended


@dataclass(frozen=True, slots=True)
class Finding:
    """Describes one part: its state, its use, and how to repair it where it is not well."""

    part: str
    state: State
    found: str
    gives: str
    fix: str = ""
    essential: bool = False
    is_key: bool = False  # a provider's key that a shipped policy names

    @property
    def optional(self) -> bool:
        """Returns True for a missing part that serving does not need."""
        return self.state is State.MISSING and not self.essential

    @property
    def fatal(self) -> bool:
        """Returns True when nothing can be served without this part."""
        return self.essential and self.state in (State.MISSING, State.BROKEN)


def summary(findings: Sequence[Finding]) -> str:
    """Returns one line such as "11 OK, 3 optional parts not installed"."""
    # Shipped policies name keys of several providers, so an unset one is no fault.
    keys = [finding for finding in findings if finding.optional and finding.is_key]
    parts = [finding for finding in findings if finding.optional and not finding.is_key]
    broken = [
        finding.part for finding in findings if finding.state is State.BROKEN and not finding.fatal
    ]
    fatal = [finding.part for finding in findings if finding.fatal]
    phrases = [f"{sum(finding.state is State.OK for finding in findings)} OK"]
    if parts:
        phrases.append(f"{len(parts)} optional part{_s(parts)} not installed")
    if keys:
        phrases.append(f"{len(keys)} provider key{_s(keys)} not set")
    if broken:
        phrases.append(f"{len(broken)} to fix ({', '.join(broken)})")
    if fatal:
        phrases.append(f"{len(fatal)} to fix before anything is served ({', '.join(fatal)})")
    return ", ".join(phrases)


def _s(many: Sequence[object]) -> str:
    return "" if len(many) == 1 else "s"
