"""Moves what a process holds after its start into large pages, where the system is Linux.

The processor keeps few addresses of pages at hand. A request touches thousands of small ones, those
of our tables and of Python's objects, and one that comes alone finds none of their addresses there.
It knows nothing about what the memory holds.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from mmap import PAGESIZE
from pathlib import Path

_SETTINGS = Path("/sys/kernel/mm/transparent_hugepage")
_COLLAPSE = 25  # MADV_COLLAPSE of linux/mman.h, since Linux 6.1
_ENTRY_BYTES = 8  # of a small page in /proc/self/pagemap
_OWN = 0x81  # bits of the highest byte: the page is in use, and no other process has it too
LEAST_OWN = 0.875
"""Share of a large page that must be in use: the rest is new memory, an eighth of the heap at most.
The stack of a thread, of which a few pages are in use, stays as it is. So does what a process has
in common with the one that forked it, of which each would get a copy."""


def begin_to_move() -> None:
    """Moves in a thread of its own, since a busy system may need seconds. It holds no lock."""
    threading.Thread(target=move, name="tiergate-large-pages", daemon=True).start()


def move() -> int:
    """Returns how many large pages were made; 0 where the system has none or wants none."""
    size = _large_bytes()
    if not size:
        return 0
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    try:
        pages = list(_pages_in_use(size))
    except OSError:  # no /proc
        return 0
    # One that the system has no memory for stays as it is.
    return sum([madvise(begin, size, _COLLAPSE) == 0 for begin in pages])


def _large_bytes() -> int:
    """Returns the size of a large page; 0 where the system has none or its keeper wants none."""
    if sys.platform != "linux":
        return 0
    try:
        if "[never]" in (_SETTINGS / "enabled").read_text():
            return 0
        return int((_SETTINGS / "hpage_pmd_size").read_text())
    except (OSError, ValueError):
        return 0


def _pages_in_use(size: int) -> Iterator[int]:
    """Yields where large pages would begin of which LEAST_OWN is in use, here alone."""
    least = LEAST_OWN * size / PAGESIZE
    with open("/proc/self/pagemap", "rb", buffering=0) as pagemap:
        for begin, end in _areas():
            for at in range(-(-begin // size) * size, end // size * size, size):
                pagemap.seek(at // PAGESIZE * _ENTRY_BYTES)
                entries = pagemap.read(size // PAGESIZE * _ENTRY_BYTES)
                highest = entries[_ENTRY_BYTES - 1 :: _ENTRY_BYTES]
                if sum([byte & _OWN == _OWN for byte in highest]) >= least:
                    yield at


def _areas() -> Iterator[tuple[int, int]]:
    """Yields the areas of memory that no file backs and no other process shares."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights == "rw-p" and name in ([], ["[heap]"]):
            begin, _, end = place.partition("-")
            yield int(begin, 16), int(end, 16)
