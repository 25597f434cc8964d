"""Reloads a policy when a file changes, a price begins, or somebody asks for it.

A broken policy never becomes active. The new policy is validated first, and then passed to a
callback that swaps it in by one assignment. When it is broken, the old one stays. Every mistake
goes to the log, and `status` informs `/readyz`. This module knows nothing about the objects built
from a policy, nor about signals: the receiver of SIGHUP calls `reload`.
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

from router.errors import LedgerError, Mistake, PolicyError, RegistryError
from router.policy.loading import LoadedPolicy
from router.policy.parsing.text_files import MAX_FILE_BYTES, digest_of
from router.policy.registered import Registered
from router.policy.schema import Policy

POLL_S = 0.3
"""Sets the time between two checks. Two of them must find the same change, so it is active within a
second. A check costs one stat per file, for about 20 files."""
GONE = "what they limited or protected is no more; if the file was cut short, write all of it again"
HARMLESS = {"description", "examples", "rollout"}  # sections whose end nobody needs to hear of
RETRY_BROKEN_AFTER = 16
"""Counts the checks between attempts with a broken policy. A missing file may exist by then."""

_log = logging.getLogger(__name__)


class WatchStatus(Struct, frozen=True):
    """Informs `/readyz`: the hash in use, and the mistakes of a newer file, if any."""

    hash: str
    reloads: int = 0
    mistakes: tuple[Mistake, ...] = ()
    watching: bool = True

    @property
    def broken(self) -> bool:
        """Returns True when a newer file exists that cannot be used."""
        return bool(self.mistakes)


class PolicyWatcher:
    """Watches the files of one policy.

        watcher = PolicyWatcher(loaded, lambda: load_policy(path, environ), swap)
        async with watcher: ...

    `load` returns the policy or raises PolicyError. `swap` is awaited with each new policy: it
    builds the objects of the policy, then replaces the old ones by one assignment. It may raise
    PolicyError (a broken knowledge file) or LedgerError (the policy's text cannot be stored now).
    The old policy then stays, and the new one is tried again.
    """

    def __init__(
        self,
        loaded: LoadedPolicy,
        load: Callable[[], LoadedPolicy],
        swap: Callable[[LoadedPolicy], Awaitable[None]],
        poll_s: float = POLL_S,
        prices_of: Callable[[LoadedPolicy], object] = lambda _loaded: None,
        turn: asyncio.Lock | None = None,
    ) -> None:
        """Sets the functions that load a policy, swap it in and find its prices.

        Watchers with one `turn` load one after the other: six threads that read a hundred policies
        at once would leave the event loop a seventh of the interpreter.

        `prices_of` returns the prices valid now. When they change, the policy is swapped in again,
        as if the file had changed.
        """
        self._loaded = loaded
        self._load = load
        self._swap = swap
        self._poll_s = poll_s
        broken = loaded.instead_of
        self._status = WatchStatus(loaded.hash, mistakes=() if broken is None else broken.mistakes)
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stamps = self._coming = _stamps(loaded.watched)
        self._digest = _digest(loaded.watched)
        self._marker = _registered(loaded).marker
        self._unreachable = ""  # why the registry of models does not answer; "" while it does
        self._turn = turn or asyncio.Lock()
        self._prices_of = prices_of
        self._prices = prices_of(loaded)

    @property
    def status(self) -> WatchStatus:
        """Returns the status: the hash in use, and the mistakes of a newer file."""
        return self._status

    @property
    def name(self) -> str:
        """Returns the name of the policy."""
        return self._loaded.policy.name

    @property
    def outdated(self) -> bool:
        """Returns True while the files hold what cannot be used, or are not followed."""
        return self._status.broken or not self._status.watching

    @property
    def loaded(self) -> LoadedPolicy:
        """Returns the policy in use."""
        return self._loaded

    async def __aenter__(self) -> PolicyWatcher:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def start(self) -> None:
        """Starts to watch."""
        self._task = asyncio.get_running_loop().create_task(self._watch(), name="policy-watcher")

    async def close(self) -> None:
        """Stops watching."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def reload(self) -> None:
        """Asks for a reload now, even if no file changed."""
        self._asked.set()

    async def _watch(self) -> None:
        try:
            for count in itertools.count(1):
                retry = self._status.broken and count % RETRY_BROKEN_AFTER == 0
                requested = await self._wait()
                begins = self._prices_of(self._loaded) != self._prices
                if await asyncio.to_thread(self._changed) or requested or retry or begins:
                    async with self._turn:
                        await self._take(requested)
        # A watcher that ends without a word would leave an old policy in use; /readyz reports it.
        except Exception:
            self._status = replace(self._status, watching=False)
            _log.exception("policy_unwatched", extra={"policy": self._loaded.policy.name})
            raise

    async def _wait(self) -> bool:
        """Waits until the next check is due (False) or a reload is requested (True)."""
        # Not `wait_for`: it loses `close` in Python 3.11 where a reload is asked for just then.
        try:
            async with asyncio.timeout(self._poll_s):
                await self._asked.wait()
        except TimeoutError:
            return False
        self._asked.clear()
        return True

    def _changed(self) -> bool:
        """Returns True when contents changed, and then stayed the same from one check to the next.

        Remembers the state *before* the files are read again. A change during a reload is thus
        noticed at the next check.
        """
        promoted = self._promoted()
        stamps = _stamps(self._loaded.watched)
        if stamps == self._stamps:
            return promoted
        # Half a file may be a policy, too: one without the prices and budgets that follow.
        settled, self._coming = stamps == self._coming, stamps
        if not settled:
            return promoted
        # New times with equal contents are no change.
        digest = _digest(self._loaded.watched)
        changed = digest != self._digest
        self._stamps, self._digest = stamps, digest
        return changed or promoted

    def _promoted(self) -> bool:
        """Returns True when the registry of models changed, for a policy that names versions."""
        registry = _registered(self._loaded).registry
        if registry is None:
            return False
        try:
            marker = registry.marker()
        except RegistryError as error:
            # What serves goes on serving; the log gets each reason once.
            if error.message != self._unreachable:
                fields = {"policy": self._loaded.policy.name, "reason": error.message}
                _log.warning("registry_unreachable", extra=fields)
            self._unreachable = error.message
            return False
        self._unreachable = ""
        changed = marker != self._marker
        self._marker = marker
        return changed

    async def _take(self, requested: bool) -> None:
        try:
            loaded = await asyncio.to_thread(self._load)
            prices = self._prices_of(loaded)
            mended = self._status.broken  # the file may again be equal to the policy in use
            # A price that begins today changes the policy, even if no file changed.
            changed = loaded.identity != self._loaded.identity or prices != self._prices
            # A copy gives way to its file, also where the two are alike.
            changed = changed or self._loaded.instead_of is not None
            if changed:
                await self._swap(loaded)
                _tell_gone(self._loaded.policy, loaded.policy)
                self._prices = prices
                self._status = WatchStatus(loaded.hash, self._status.reloads + 1)
            if changed or mended or requested:  # whoever asked waits for a word
                event = "policy_reloaded" if changed or mended else "policy_unchanged"
                _log.info(event, extra={"policy": loaded.policy.name, "hash": loaded.hash})
        except PolicyError as error:
            # The same broken file is checked again and again; the log gets each mistake once.
            if error.mistakes != self._status.mistakes:
                self._tell_refused(logging.ERROR, error.message)
            self._status = replace(self._status, mistakes=error.mistakes)
            return
        except LedgerError as error:
            self._tell_refused(logging.WARNING, error.message)
            # The ledger may answer again, so this is tried like a broken file.
            later = Mistake(str(self._loaded.path), 0, "(ledger)", error.message, "another try")
            self._status = replace(self._status, mistakes=(later,))
            return
        self._status = replace(self._status, mistakes=())
        if _registered(self._loaded).registry is None:
            self._marker = _registered(loaded).marker
        self._loaded = loaded

    def _tell_refused(self, level: int, reason: str) -> None:
        """Logs that the old policy stays in use, and the reason."""
        fields = {"policy": self._loaded.policy.name, "reason": reason}
        _log.log(level, "policy_not_reloaded", extra=fields)


def _tell_gone(before: Policy, now: Policy) -> None:
    """Warns of sections that the policy in use had and the new one lacks, such as its budgets.

    A file that was half written, or copied in part, may be a valid policy.
    """
    gone = [
        name
        for name in sorted(before.model_fields_set - HARMLESS)
        if getattr(before, name) and not (name in now.model_fields_set and getattr(now, name))
    ]
    if gone:
        fields = {"policy": now.name, "sections": gone, "next": GONE}
        _log.warning("policy_sections_gone", extra=fields)


def _registered(loaded: LoadedPolicy) -> Registered:
    """Returns what a policy names in the registry of models, or else what its `rollout` tries."""
    if loaded.registered.registry is None and loaded.candidate is not None:
        return loaded.candidate.registered
    return loaded.registered


def _stamps(sources: tuple[Path, ...]) -> dict[Path, tuple[int, int]]:
    """Returns modification time and size of each source. A missing one has no entry."""
    stamps = {}
    for source in sources:
        with contextlib.suppress(OSError):
            state = source.stat()
            stamps[source] = (state.st_mtime_ns, state.st_size)
    return stamps


def _digest(sources: tuple[Path, ...]) -> str:
    """Returns one hash over the contents of all files, and over the names in folders."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(str(source).encode() + b"\0")
        # A missing file changes the hash by its name only; loading reports it.
        with contextlib.suppress(OSError):
            if source.is_dir():
                digest.update("\0".join(sorted(file.name for file in source.iterdir())).encode())
            else:
                digest.update(_content(source))
    return digest.hexdigest()


def _content(source: Path) -> bytes:
    """Returns a digest of a file's content, or time and size of one that is long to read."""
    state = source.stat()
    if state.st_size > MAX_FILE_BYTES:
        return f"{state.st_mtime_ns} {state.st_size}".encode()
    return digest_of(source)
