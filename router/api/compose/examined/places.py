"""Examines what a server needs around it: where it keeps rates, and what its environment says.

It changes nothing and raises nothing; a fault becomes a finding.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from router.api.compose.answerers.unused_proxies import unused_proxies
from router.api.compose.examined.finding import Finding, State
from router.errors import LedgerError
from router.errors.system import in_words
from router.ledger.sql.address import Address
from router.ledger.sql.private_files import make_folder

LEAST_FREE_MB = 100
"""Is the room below which a disk is told to be nearly full.

A row takes about 0.9 kB (`python -m benchmarks report --rows 100000`), and the journal 4 MB, so it
leaves room for some 100,000 requests.
"""
RATES = "requests and tokens a minute, counted by all workers of this machine"


def redis_finding(redis: str) -> Finding:
    """Returns True when the Redis of the rates answers."""
    from router.rate_limits.stores.redis_store import shown_redis, why_unusable

    gives, fix = "rates that several machines share", "start it, or name another one: --redis"
    fault = why_unusable(redis)
    found = f"{shown_redis(redis)}{': ' if fault else ''}{fault}"
    return Finding("redis", State.BROKEN if fault else State.OK, found, gives, fix if fault else "")


def file_of_rates(database: str | Path, rates: Path | None) -> Path:
    """Returns where rates are kept, in a folder that it makes. Raises LedgerError."""
    file = _place_of_rates(database, rates)
    try:
        make_folder(file.parent)
    except OSError as error:
        raise LedgerError(
            f"cannot keep rates in {str(file)!r}: {in_words(error)}; name a file that can be "
            "written with --rates, or share rates in a Redis with --redis"
        ) from error
    return file


def rates_finding(database: str | Path, rates: Path | None) -> Finding:
    """Returns True when the file of rates can be written; it is not made."""
    fix = "name a file that can be written: --rates; or share rates in a Redis: --redis"
    try:
        file = _place_of_rates(database, rates)
    except LedgerError as error:
        return Finding("rates", State.BROKEN, error.message, RATES, fix, True)
    fault = why_unwritable(file)
    if fault:
        return Finding("rates", State.BROKEN, f"{file}: {fault}", RATES, fix, True)
    return Finding("rates", State.OK, str(file), RATES, "", True)


def _place_of_rates(database: str | Path, rates: Path | None) -> Path:
    return rates or Address.parse(database).beside(".rates")


def why_unwritable(file: Path) -> str:
    """Returns why neither this file nor one of its name can be written; "" where it can."""
    place = file.parent.absolute()
    try:  # a folder that this user may not enter does not even say what is in it
        if file.exists():
            os.close(os.open(file, os.O_RDWR | os.O_CLOEXEC))
            return ""
        try_folder(place)
    except OSError as error:
        return in_words(error)
    return ""


def room_finding(database: str | Path) -> Iterator[Finding]:
    """Yields that the disk of a ledger in a file is nearly full."""
    try:
        path = Address.parse(database).path
        if path is None:
            return
        nearest = next(folder for folder in path.absolute().parents if folder.exists())
        told = os.statvfs(nearest)
    except (LedgerError, OSError):  # the finding of the database says so
        return
    fault = why_full(told.f_bavail * told.f_frsize, told.f_files, told.f_favail)
    if fault:
        fix = "make room there, or put the ledger elsewhere: --database"
        gives = "rows of the ledger, without which no request is answered"
        yield Finding("room", State.BROKEN, f"{nearest} {fault}", gives, fix)


def why_full(free_bytes: int, files: int, free_files: int) -> str:
    """Returns why a disk takes little more, or "". One that counts no files has 0 of them.

    >>> why_full(3_400_000, 1_000, 900)
    'has 3.4 MB left'
    """
    if free_bytes < LEAST_FREE_MB * 1_000_000:
        return f"has {free_bytes // 100_000 / 10:,.1f} MB left"
    return "has no room for another file (inodes)" if files and not free_files else ""


def try_folder(place: Path) -> None:
    """Writes a file that goes at once into a folder, or into the one in which it can be made.

    Raises OSError where neither can be written, or a file stands where a folder would be made.
    """
    nearest = next(path for path in (place, *place.parents) if path.exists())
    if not nearest.is_dir():
        said = f"{nearest} is a file, and a folder is needed there"
        raise NotADirectoryError(errno.ENOTDIR, said)
    with tempfile.TemporaryFile(dir=nearest):
        pass


def temporary_finding(find: Callable[[], str] = tempfile.gettempdir) -> Iterator[Finding]:
    """Yields that no folder of temporary files can be written, where `find` raises OSError."""
    try:
        find()
    except OSError as error:
        fix = "mount one that can be written (a small tmpfs at /tmp), or name it in TMPDIR"
        gives = "counters of workers, uploads and local models"
        yield Finding("temporary files", State.BROKEN, in_words(error), gives, fix, True)


def proxy_finding(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yields that calls of models pass a proxy of the environment by, where one is named."""
    if said := unused_proxies(environ):
        yield Finding("proxy", State.OK, said, "a way to models where only a proxy leads out")
