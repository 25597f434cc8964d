"""Says how much one tenant may hold of what all tenants share. It knows nothing of what that is.

A tenant who is alone may hold all of it. Where others ask too, an eighth is kept for them: a tenant
who asks for more and more, and lets nothing go for minutes, keeps nobody out by itself.
"""

from __future__ import annotations

LATELY_S = 86_400.0
"""A tenant counts as another one for a day after it asked: it may come back at any time, and a call
may last for ten minutes. With an hour one tenant could take all slots at night."""
KEPT_PART = 8
"""One part of so many is kept. A quarter would cost a tenant with real work too much of what it
has, and a sixteenth of the usual 64 calls would leave four for all others."""


class Shares:
    """Remembers the two tenants who asked last."""

    def __init__(self) -> None:
        self._newest, self._newest_at_s = "", float("-inf")
        self._before_at_s = float("-inf")  # when another one than the newest asked

    def note(self, tenant: str, now_s: float) -> None:
        """Notes that a tenant asks now."""
        if tenant != self._newest:
            self._newest, self._before_at_s = tenant, self._newest_at_s
        self._newest_at_s = now_s

    def most(self, tenant: str, whole: int, now_s: float) -> int:
        """Returns how much of `whole` this tenant may hold now.

        Of 64 calls it is 64 for a tenant who is alone, and 56 where others asked in the last day.
        Of fewer than 8 it is all: one of two would be too much to keep.
        """
        other_at_s = self._before_at_s if tenant == self._newest else self._newest_at_s
        return whole if now_s - other_at_s > LATELY_S else whole - whole // KEPT_PART
