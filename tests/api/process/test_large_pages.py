"""What a process holds is moved into large pages where it is in use, and stays shared if it was."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kits.server_kit import Served, Upstream, eventually, write_policy

SETTINGS = Path("/sys/kernel/mm/transparent_hugepage/enabled")
SINCE = (6, 1)  # the Linux that moves pages when it is asked to
WANTED = sys.platform == "linux" and SETTINGS.exists() and "[madvise]" in SETTINGS.read_text()
KNOWN = tuple(map(int, re.findall(r"[0-9]+", os.uname().release)[:2])) >= SINCE
pytestmark = pytest.mark.skipif(not (WANTED and KNOWN), reason="large pages: none, or unasked")

AREAS = """
import mmap, os
from router.api.process.large_pages import move

def large_kb():
    text = open(f"/proc/{os.getpid()}/smaps_rollup").read()
    return int(text.partition("AnonHugePages:")[2].split()[0])

def filled(every):
    area = mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for place in range(0, len(area), every):
        area[place] = 1
    return area

move()
before = large_kb()
"""


def grown_kb(program: str) -> int:
    """Returns by how much a program's large pages grew, as its last line says."""
    run = subprocess.run(
        [sys.executable, "-c", AREAS + program], capture_output=True, text=True, check=True
    )
    return int(run.stdout)


@pytest.mark.parametrize(
    ("every", "least_kb", "most_kb"),
    [(4096, 24_000, 40_000), (16 * 4096, 0, 8_000)],
    ids=["all of it in use", "a sixteenth in use"],
)
def test_memory_that_is_in_use_is_moved(every: int, least_kb: int, most_kb: int) -> None:
    grown = grown_kb(f"area = filled({every})\nmove()\nprint(large_kb() - before)")
    assert least_kb <= grown <= most_kb


def test_memory_that_is_shared_with_the_parent_stays_shared() -> None:
    grown = grown_kb(
        """
area = filled(4096)
child = os.fork()
if not child:
    before = large_kb()
    move()
    print(large_kb() - before, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""
    )
    assert grown < 8_000


@pytest.mark.process
def test_a_server_has_most_of_its_memory_in_large_pages(upstream: Upstream, tmp_path: Path) -> None:
    alone = {"PYTHONDONTWRITEBYTECODE": "1"}  # a variable of its own: it is not forked
    with Served(tmp_path, write_policy(tmp_path, upstream.url), **alone) as served:

        def is_moved() -> bool:
            text = Path(f"/proc/{served.process.pid}/smaps_rollup").read_text()
            large = int(text.partition("AnonHugePages:")[2].split()[0])
            return large > served.resident_kb() / 3

        eventually(is_moved)
        assert served.chat().status_code == 200
