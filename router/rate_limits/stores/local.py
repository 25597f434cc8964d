"""Keeps rates in a small file that the workers of a machine share.

The ledger's database is too slow for this: level-1 traffic holds nothing there and is answered in a
fraction of a commit. The file is a table of fixed slots in shared memory, a digest and a time each:

    hash of the name -> slot, slot + 1, ... up to PROBES: the same digest, otherwise a free slot

The slot of a full bucket is free to take, so nothing is ever cleaned up, and buckets of a crashed
process fill by themselves. One lock guards the file for the microseconds of a call; the kernel
frees it when its process dies.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from router.errors import RatesUnavailable
from router.rate_limits.gcra import admission, corrected, is_lost
from router.types import NOBODY, Clock, Events, RateAsk, RateTaken, StoreTurned

KEPT = 65_536  # buckets in use at one time: some keys and tiers of each tenant; 1.5 MB in the file
PROBES = 32
TRIES = 3  # with a file that others delete or cut
_SLOT = struct.Struct("<16sq")  # digest of the name, when the bucket is full again


class SharedRates:
    """Implements types.RateLimiter over a file of several processes; the first call makes it."""

    def __init__(self, path: Path, clock: Clock, events: Events = NOBODY) -> None:
        """`events` learns when rates cannot be counted, and when they can again."""
        self._path = path
        self._clock = clock
        self._events = events
        self._fault = ""
        self._descriptor = -1
        self._table: mmap.mmap | None = None

    @property
    def fault(self) -> str:
        """Returns why the last call could count nothing; "" where it could."""
        return self._fault

    async def take(self, asks: Sequence[RateAsk]) -> RateTaken:
        """Takes from all of these, or from none. Raises RatesUnavailable without a file."""
        with self._locked() as table:
            return table.take(asks, self._now_ns())

    async def correct(self, asks: Sequence[RateAsk]) -> None:
        """Takes more, or gives back; without a file the estimates remain."""
        with suppress(RatesUnavailable), self._locked() as table:
            table.correct(asks, self._now_ns())

    async def close(self) -> None:
        """Closes the file."""
        self._let_go()

    def _let_go(self) -> None:
        if self._table is not None:
            self._table.close()
            os.close(self._descriptor)
            self._table = None

    def _locked(self) -> _Table:
        """Returns the locked table, and reports when there is none or one again."""
        try:
            table = self._found()
        except RatesUnavailable as error:
            self._turn(str(error))
            raise
        self._turn("")
        return table

    def _turn(self, fault: str) -> None:
        if bool(fault) != bool(self._fault):
            self._events.happened(StoreTurned("rates", bool(fault), fault))
        self._fault = fault

    def _found(self) -> _Table:
        """Returns the table of a file that is locked, and was there when the lock was had."""
        for _ in range(TRIES):
            if self._table is None:
                self._descriptor, self._table = _open(self._path)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            if not _is_gone(self._descriptor):
                return _Table(self._table, self._descriptor)
            self._let_go()
        raise RatesUnavailable(
            f"the file of rates {self._path.name!r} is deleted or cut again and again; leave it "
            "to the gateway"
        )

    def _now_ns(self) -> int:
        """Returns the machine's uptime, which all its processes share and nobody can set."""
        return round(self._clock.monotonic_ms() * 1_000_000)


class _Table:
    """Reads and writes the slots while the lock is held, and frees it at the end."""

    def __init__(self, table: mmap.mmap, descriptor: int) -> None:
        self._table = table
        self._descriptor = descriptor

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def take(self, asks: Sequence[RateAsk], now_ns: int) -> RateTaken:
        before = [self._full_at(ask, now_ns) for ask in asks]
        full_at, taken = admission(before, asks, now_ns)
        for ask, old_ns, at_ns in zip(asks, before, full_at, strict=True):
            # A refusal takes nothing, but where the clock went back the bucket must begin to fill.
            if taken.refused is None or at_ns < old_ns:
                self._put(ask, at_ns, now_ns)
        return taken

    def correct(self, asks: Sequence[RateAsk], now_ns: int) -> None:
        for ask in asks:
            self._put(ask, corrected(self._full_at(ask, now_ns), ask, now_ns), now_ns)

    def _full_at(self, ask: RateAsk, now_ns: int) -> int:
        _, full_at = self._slot(_digest(ask), now_ns)
        return full_at

    def _put(self, ask: RateAsk, full_at: int, now_ns: int) -> None:
        digest = _digest(ask)
        at, _ = self._slot(digest, now_ns)
        _SLOT.pack_into(self._table, at * _SLOT.size, digest, full_at)

    def _slot(self, digest: bytes, now_ns: int) -> tuple[int, int]:
        """Returns the bucket's slot and time. Where all are taken, it replaces the bucket that is
        full soonest, which forgives the least."""
        home = int.from_bytes(digest[:8], "little")
        free: tuple[int, int] | None = None  # time to fill, slot
        for probe in range(PROBES):
            slot = (home + probe) % KEPT
            kept, full_at = _SLOT.unpack_from(self._table, slot * _SLOT.size)
            if kept == digest:
                return slot, full_at
            in_use = full_at > now_ns and not is_lost(full_at, now_ns)
            wait_ns = full_at - now_ns if in_use else 0
            if free is None or wait_ns < free[0]:
                free = wait_ns, slot
        assert free is not None
        return free[1], now_ns


def _digest(ask: RateAsk) -> bytes:
    name = f"{ask.tenant}\0{ask.name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=16).digest()


def _open(path: Path) -> tuple[int, mmap.mmap]:
    """Returns the file and its memory. We never change its size: others may have it mapped."""
    size, descriptor = KEPT * _SLOT.size, -1
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            _reserve(descriptor, size)
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        return descriptor, mmap.mmap(descriptor, size)
    except OSError as error:
        if descriptor >= 0:
            os.close(descriptor)
        raise RatesUnavailable(
            f"cannot keep rates in {path.name!r}: {error.strerror}; name a file that can be "
            "written with --rates"
        ) from error


def _is_gone(descriptor: int) -> bool:
    """Returns True for a file that was deleted, which the next process does not share, or cut.

    The memory of what was cut off ends the process (SIGBUS) when it is touched.
    """
    file = os.fstat(descriptor)
    return not file.st_nlink or file.st_size < KEPT * _SLOT.size


def _reserve(descriptor: int, size: int) -> None:
    """Gives the file its size and its place on the disk. Raises OSError where there is none.

    A page without a place ends the process (SIGBUS) when it is written on a full disk.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    elif (begun := os.fstat(descriptor).st_size) < size:  # macOS
        os.pwrite(descriptor, bytes(size - begun), begun)
