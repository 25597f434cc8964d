"""Reloads a policy when one of its files changes, a price begins, or it is asked to; a broken one
never gets in.

The new policy is validated first, then handed to a callback which swaps it in as one assignment.
When it is broken the old one stays, every mistake goes to the log, and `status` tells `/readyz`.
It knows nothing about what is built from a policy, nor about signals: who takes SIGHUP asks.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from router.errors import LedgerError, Mistake, PolicyError
from router.policy.loading import LoadedPolicy

POLL_S = 0.5
"""A change is live within a second, and looking costs one stat per file: about 20 of them."""
RETRY_BROKEN_AFTER = 10
"""Looks between tries while the new policy is broken: a file it misses may have come since."""

_log = logging.getLogger(__name__)


class WatchStatus(Struct, frozen=True):
    """What `/readyz` says: the hash in use, and what is wrong with a newer file, if anything."""

    hash: str
    reloads: int = 0
    mistakes: tuple[Mistake, ...] = ()
    watching: bool = True

    @property
    def broken(self) -> bool:
        """Whether a newer file is there that cannot be used."""
        return bool(self.mistakes)


class PolicyWatcher:
    """Watches the files of one policy.

        watcher = PolicyWatcher(loaded, lambda: load_policy(path, environ), swap)
        async with watcher: ...

    `load` gives the policy or raises PolicyError. `swap` is awaited with each new one: it builds
    what the policy needs, then replaces the old in one assignment; it too may raise PolicyError (a
    broken knowledge file) or LedgerError (its text cannot be kept now), and then the old one stays
    and the new one is tried again.
    """

    def __init__(
        self,
        loaded: LoadedPolicy,
        load: Callable[[], LoadedPolicy],
        swap: Callable[[LoadedPolicy], Awaitable[None]],
        poll_s: float = POLL_S,
        prices_of: Callable[[LoadedPolicy], object] = lambda _loaded: None,
    ) -> None:
        """`prices_of` says which prices hold now: where that changes, the policy is swapped in
        anew, as if it had changed itself."""
        self._loaded = loaded
        self._load = load
        self._swap = swap
        self._poll_s = poll_s
        self._status = WatchStatus(loaded.hash)
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stamps = _stamps(loaded.sources)
        self._digest = _digest(loaded.sources)
        self._prices_of = prices_of
        self._prices = prices_of(loaded)

    @property
    def status(self) -> WatchStatus:
        """What is in use, and what is wrong with a newer file."""
        return self._status

    @property
    def loaded(self) -> LoadedPolicy:
        """The policy in use."""
        return self._loaded

    async def __aenter__(self) -> PolicyWatcher:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def start(self) -> None:
        """Begins to watch."""
        self._task = asyncio.get_running_loop().create_task(self._watch(), name="policy-watcher")

    async def close(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def reload(self) -> None:
        """Asks for a reload now, whether or not a file changed."""
        self._asked.set()

    async def _watch(self) -> None:
        try:
            for look in itertools.count(1):
                retry = self._status.broken and look % RETRY_BROKEN_AFTER == 0
                asked = await self._wait()
                begins = self._prices_of(self._loaded) != self._prices
                if await asyncio.to_thread(self._changed) or asked or retry or begins:
                    await self._take()
        except Exception:
            self._status = replace(self._status, watching=False)
            _log.exception("policy_unwatched", extra={"policy": self._loaded.policy.name})
            raise

    async def _wait(self) -> bool:
        """Until the next look is due (False) or a reload is asked for (True)."""
        try:
            await asyncio.wait_for(self._asked.wait(), self._poll_s)
        except TimeoutError:
            return False
        self._asked.clear()
        return True

    def _changed(self) -> bool:
        """Whether contents changed; what was seen is remembered *before* the files are read again,
        so that a change in the middle of a reload is found at the next look."""
        stamps = _stamps(self._loaded.sources)
        if stamps == self._stamps:
            return False
        digest = _digest(self._loaded.sources)
        changed = digest != self._digest
        self._stamps, self._digest = stamps, digest
        return changed

    async def _take(self) -> None:
        try:
            loaded = await asyncio.to_thread(self._load)
            prices = self._prices_of(loaded)
            if loaded.hash != self._loaded.hash or prices != self._prices:
                await self._swap(loaded)
                self._prices = prices
                self._status = WatchStatus(loaded.hash, self._status.reloads + 1)
                self._tell_reloaded(loaded)
            elif self._status.broken:  # the file is again what is in use
                self._tell_reloaded(loaded)
        except PolicyError as error:
            if error.mistakes != self._status.mistakes:
                self._tell_refused(logging.ERROR, error.message)
            self._status = replace(self._status, mistakes=error.mistakes)
            return
        except LedgerError as error:
            self._tell_refused(logging.WARNING, error.message)
            later = Mistake(str(self._loaded.path), 0, "(ledger)", error.message, "another try")
            self._status = replace(self._status, mistakes=(later,))
            return
        self._status = replace(self._status, mistakes=())
        self._loaded = loaded

    def _tell_reloaded(self, loaded: LoadedPolicy) -> None:
        fields = {"policy": loaded.policy.name, "hash": loaded.hash}
        _log.info("policy_reloaded", extra=fields)

    def _tell_refused(self, level: int, reason: str) -> None:
        """Tell that the old policy stays in use, and why."""
        fields = {"policy": self._loaded.policy.name, "reason": reason}
        _log.log(level, "policy_not_reloaded", extra=fields)


def _stamps(sources: tuple[Path, ...]) -> dict[Path, tuple[int, int]]:
    """Modification time and size of each source; one that is gone has none."""
    stamps = {}
    for source in sources:
        with contextlib.suppress(OSError):
            state = source.stat()
            stamps[source] = (state.st_mtime_ns, state.st_size)
    return stamps


def _digest(sources: tuple[Path, ...]) -> str:
    """One hash over the contents of all files, and over the names in folders."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(str(source).encode() + b"\0")
        with contextlib.suppress(OSError):
            if source.is_dir():
                digest.update("\0".join(sorted(file.name for file in source.iterdir())).encode())
            else:
                digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()
