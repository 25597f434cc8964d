"""Works out where every version stands, from the changes that were ever made. Pure.

A registry is nothing but its changes, each one a value of its own that is never written again. Two
writers at once thus lose nothing: both changes are there, and everybody reads them in one order. A
change that no longer fits (a rollback of what is not active any more) has no effect.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from router.registry.model import ModelChange, ModelState, ModelVersion

ADD, MOVE, ROLLBACK, TAG, UNTAG, REMOVE = "add", "move", "rollback", "tag", "untag", "remove"

_ONE_AT_A_TIME = (ModelState.SHADOW, ModelState.CANARY, ModelState.ACTIVE)


class Event(Struct, frozen=True, omit_defaults=True):
    """Holds one change as a store keeps it."""

    change: ModelChange
    added: ModelVersion | None = None
    folder: str = ""  # of the added files in the store
    back_from: str = ""  # a rollback: the version that was active


@dataclass
class Entry:
    """Holds a version and where its files are."""

    model: ModelVersion
    folder: str


@dataclass
class Line:
    """Holds the versions of one name, and which were active, the oldest first."""

    entries: dict[str, Entry] = field(default_factory=dict)
    active: list[str] = field(default_factory=list)

    def in_state(self, state: ModelState) -> list[ModelVersion]:
        """Returns the versions in a state, the newest last."""
        return [entry.model for entry in self.entries.values() if entry.model.state is state]

    def before_active(self) -> str | None:
        """Returns the version to which a rollback would lead; None where there is none."""
        current = self.active[-1] if self.active else None
        earlier = (v for v in reversed(self.active) if v != current and v in self.entries)
        return next(earlier, None)

    def _set(self, version: str, state: ModelState) -> None:
        entry = self.entries[version]
        entry.model = replace(entry.model, state=state)

    def move(self, version: str, state: ModelState) -> None:
        """Puts a version into a state; the one that was there steps back."""
        if version not in self.entries:
            return
        leaves_service = self.entries[version].model.state is ModelState.ACTIVE
        # An active version leaves by another's promotion or by a rollback, never by itself.
        if leaves_service:
            return
        if state in _ONE_AT_A_TIME:
            back = ModelState.RETIRED if state is ModelState.ACTIVE else ModelState.CANDIDATE
            for other in self.in_state(state):
                self._set(other.version, back)
        self._set(version, state)
        if state is ModelState.ACTIVE:
            self.active.append(version)

    def roll_back(self, version: str, back_from: str) -> None:
        """Makes an earlier version active again, if `back_from` still is."""
        if not self.active or self.active[-1] != back_from or version not in self.entries:
            return
        while self.active and self.active[-1] != version:
            self.active.pop()
        if not self.active:
            return
        if back_from in self.entries:
            self._set(back_from, ModelState.RETIRED)
        self._set(version, ModelState.ACTIVE)

    def tag(self, version: str, tags: Iterable[str], *, on: bool) -> None:
        """Sets or takes tags; a tag belongs to one version of a name."""
        for other, entry in self.entries.items():
            kept = [tag for tag in entry.model.tags if tag not in tags]
            if other == version and on:
                kept += tags
            if other == version or on:
                entry.model = replace(entry.model, tags=tuple(sorted(set(kept))))

    def remove(self, version: str) -> None:
        """Takes a version out, unless it is active."""
        entry = self.entries.get(version)
        if entry is not None and entry.model.state is not ModelState.ACTIVE:
            del self.entries[version]


def lines_of(events: Iterable[Event]) -> dict[str, Line]:
    """Returns where every version stands after these changes, by name."""
    lines: dict[str, Line] = {}
    for event in events:
        change = event.change
        line = lines.setdefault(change.name, Line())
        if change.action == ADD and event.added is not None:
            # Who adds the same files at the same moment comes second, and nothing changes.
            line.entries.setdefault(change.version, Entry(event.added, event.folder))
        elif change.action == MOVE and change.state is not None:
            line.move(change.version, change.state)
        elif change.action == ROLLBACK:
            line.roll_back(change.version, event.back_from)
        elif change.action in (TAG, UNTAG) and change.version in line.entries:
            line.tag(change.version, change.tags, on=change.action == TAG)
        elif change.action == REMOVE:
            line.remove(change.version)
    return {name: line for name, line in lines.items() if line.entries}
