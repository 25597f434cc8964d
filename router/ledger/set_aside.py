"""Describes what was told and counts no longer: words on answers, and labels. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from msgspec import Struct


class Said(NamedTuple):
    """Names who said a word or gave a label, when, and of which request."""

    request_id: str
    tenant: str
    key_id: str
    said_ms: int
    reviewer: str = ""
    head: str = ""  # of a label


class SetAside(Struct, frozen=True):
    """Names words and labels that do not count, said before a time; empty fields name all."""

    at_ms: int
    by: str
    because: str
    key_id: str = ""
    tenant: str = ""
    lifted: bool = False  # words that were set aside alike count again
    reviewer: str = ""
    head: str = ""  # labels of this head alone, and no words
    requests: frozenset[str] = frozenset()

    def covers(self, said: Said) -> bool:
        """Returns True for what this names, said until then."""
        return (
            said.said_ms <= self.at_ms
            and self.key_id in ("", said.key_id)
            and self.tenant in ("", said.tenant)
            and self.reviewer in ("", said.reviewer)
            and self.head in ("", said.head)
            and (not self.requests or said.request_id in self.requests)
        )


def counts(said: Said, entries: Collection[SetAside]) -> bool:
    """Returns True where a word or label was not set aside, or counts again since."""
    stands = True
    for entry in entries:
        if entry.covers(said):
            stands = entry.lifted
    return stands
