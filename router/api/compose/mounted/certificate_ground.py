"""Suspends the certificate of a policy while an alarm says that feedback contradicts it.

`tiergate alerts run` reads the feedback and keeps its alarms in a file, which is read here. So an
operator who watches no certificate has none suspended by what clients say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from router.api.observability.log import Log
from router.routing.certificate_watch import CertificateWatch

LOOKS_EVERY_S = 5.0


class CertificateGround:
    """Holds the watch of certificates to the alarms; see `Recurring`."""

    def __init__(
        self, contradicted: Callable[[frozenset[str]], frozenset[str]], watch: CertificateWatch
    ) -> None:
        """Takes what returns the names of policies, given those of the look before; it blocks."""
        self._contradicted, self._watch = contradicted, watch
        self._log = Log("tiergate.certificates")

    async def look(self) -> None:
        """Reads the alarms once, and turns the certificates."""
        self.turn(await asyncio.to_thread(self._contradicted, self._watch.contradicted))

    def turn(self, now: frozenset[str]) -> None:
        """Suspends the certificates of these policies, and of no others; logs each turn."""
        before, self._watch.contradicted = self._watch.contradicted, now
        for policy in sorted(now - before):
            self._log.warning("certificate_contradicted", policy=policy)
        for policy in sorted(before - now):
            self._log.info("certificate_not_contradicted", policy=policy)
