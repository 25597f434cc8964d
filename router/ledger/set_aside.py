"""Describes words on answers, and labels, that were withdrawn and count no longer. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from msgspec import Struct


class Statement(NamedTuple):
    """Names a word on an answer, or a label: who gave it, when, and for which request."""

    request_id: str
    tenant: str
    key_id: str
    stated_ms: int
    reviewer: str = ""
    head: str = ""  # of a label


class SetAside(Struct, frozen=True):
    """Names words and labels that do not count, given before a time; empty fields name all."""

    at_ms: int
    by: str
    because: str
    key_id: str = ""
    tenant: str = ""
    lifted: bool = False  # words that were set aside alike count again
    reviewer: str = ""
    head: str = ""  # labels of this head alone, and no words
    requests: frozenset[str] = frozenset()

    def covers(self, statement: Statement) -> bool:
        """Returns True for a word or label that this names, given until then."""
        return (
            statement.stated_ms <= self.at_ms
            and self.key_id in ("", statement.key_id)
            and self.tenant in ("", statement.tenant)
            and self.reviewer in ("", statement.reviewer)
            and self.head in ("", statement.head)
            and (not self.requests or statement.request_id in self.requests)
        )


def counts(statement: Statement, entries: Collection[SetAside]) -> bool:
    """Returns True where a word or label was not set aside, or was let count again."""
    stands = True
    for entry in entries:
        if entry.covers(statement):
            stands = entry.lifted
    return stands
