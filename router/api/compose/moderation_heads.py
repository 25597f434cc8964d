"""Finds the heads for `/v1/moderations`: of a served policy that moderates, or the shipped ones.

It belongs to the composition root. The shipped policy is read at its first use. Only its heads are
built, since no tier of it answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from router.api.compose.core import Core
from router.errors import AnswererNotReady, PolicyError
from router.policy.loading import LoadedPolicy, find_policy, load_policy, policies_dir
from router.specialists.service import Analyst, NamedSpecialist

SHIPPED = "content_moderation"
DOMAIN, TASK = "content", "moderation"


class ModerationHeads:
    """Finds the specialist that moderates."""

    def __init__(
        self, core: Core, analyst: Analyst, record: Callable[[LoadedPolicy], Awaitable[None]]
    ) -> None:
        """Takes the parts.

        `record` keeps a policy's text under its hash, so that old rows can be read.
        """
        self._core = core
        self._analyst = analyst
        self._record = record
        self._shipped: NamedSpecialist | None = None
        self._loading = asyncio.Lock()

    async def find(self) -> NamedSpecialist:
        """Returns the specialist of the first served policy that moderates, or of the shipped one.

        Raises AnswererNotReady where the shipped heads are not of this encoder, LedgerError.
        """
        # An operator's own policy wins, because it may have other classes and thresholds.
        served = self._analyst.served(DOMAIN, TASK)
        if served is not None:
            return served
        # Requests that come together read the shipped policy once.
        async with self._loading:
            if self._shipped is None:
                self._shipped = await self._load()
        return self._shipped

    async def _load(self) -> NamedSpecialist:
        try:
            loaded, specialist = await asyncio.to_thread(self._read)
        except PolicyError as error:
            raise AnswererNotReady(
                f"No served policy has the specialist {DOMAIN}/{TASK}, and the shipped one's heads "
                f"cannot be read: {error.message} Serve one of your own, or fit its heads "
                "anew with `tiergate train specialists`."
            ) from error
        # Rows will name this policy's hash, so its text must be in the ledger.
        await self._record(loaded)
        return specialist

    def _read(self) -> tuple[LoadedPolicy, NamedSpecialist]:
        path = find_policy(SHIPPED, policies_dir())
        loaded = load_policy(path, self._core.environ, None, self._core.encoder_sha256)
        section = loaded.policy.specialist
        assert section is not None, "the shipped policy has a specialist; a test says so"
        return loaded, NamedSpecialist(self._core.build_specialist(loaded), section, section.task)
