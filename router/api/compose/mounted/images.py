"""Reads the words in images by tesseract, where it is installed: a program of its own, bounded.

No shell is involved, and no file is written: the image goes in by standard input, and words with
their chances come out. The program gets a limit of memory and of processor time, and is ended when
it takes too long. What cannot be read is None, and counts as unknown.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Mapping

from router.types import ContentPart

PROGRAM = "tesseract"
MAX_BYTES = 20_000_000
TIMEOUT_S = 20.0
MAX_MEMORY = 2_000_000_000
MAX_CPU_S = 30
AT_ONE_TIME = 2
"""Bounds the images that one process reads at a time: each takes a core for about a second."""
LEAST_WORD = 40.0
LEAST_MEAN = 60.0
LEAST_WORDS = 3
"""Bounds below which an image counts as unread: tesseract's chances, 0 to 100, of words and mean.
A photograph gives a few words of ten to forty; a page of print gives over ninety."""

_BOUNDED = (
    "import os, resource, sys\n"
    f"resource.setrlimit(resource.RLIMIT_AS, ({MAX_MEMORY}, {MAX_MEMORY}))\n"
    f"resource.setrlimit(resource.RLIMIT_CPU, ({MAX_CPU_S}, {MAX_CPU_S}))\n"
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)
"""Sets the limits in the child itself, since threads run in this process."""


class LocalImages:
    """Reads images of requests. Raises nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._slots = asyncio.Semaphore(AT_ONE_TIME)

    @property
    def program(self) -> str | None:
        """Returns the path of the program, None where it is not installed."""
        return shutil.which(PROGRAM, path=self._environ.get("PATH", os.defpath))

    async def read(self, part: ContentPart) -> str | None:
        """Returns the words of an image, None where they cannot be read."""
        program, image = self.program, image_of(part)
        if program is None or image is None:
            return None
        async with self._slots:
            output = await self._ran(program, image)
        return None if output is None else words_of(output)

    async def _ran(self, program: str, image: bytes) -> str | None:
        kept = ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH")
        environ = {name: self._environ[name] for name in kept if name in self._environ}
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", _BOUNDED),
                *(program, "stdin", "stdout", "-l", "eng", "tsv"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={**environ, "OMP_THREAD_LIMIT": "1", "LC_ALL": "C"},
            )
        except OSError:  # no memory or no file descriptor is left
            return None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                output, _ = await process.communicate(image)
        except (TimeoutError, OSError):
            return None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return output.decode("utf-8", "replace") if process.returncode == 0 else None


def image_of(part: ContentPart) -> bytes | None:
    """Returns the bytes of an image that a request carries, None for an address or nonsense."""
    url = json.loads(part.payload).get("image_url", {}).get("url", "")
    head, _, data = url.partition(",")
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        return None
    if not data or len(data) > MAX_BYTES * 4 // 3 + 4:
        return None
    try:
        return b64decode(data, validate=True)
    except (NoBase64, ValueError):
        return None


def words_of(table: str) -> str | None:
    """Returns the text of tesseract's table, None where too little of it is sure.

    Columns are level, page, block, paragraph, line, word, left, top, width, height, chance, text.
    """
    lines: dict[tuple[str, ...], list[str]] = {}
    chances: list[float] = []
    for row in table.splitlines()[1:]:
        columns = row.split("\t")
        if len(columns) < 12 or not any(map(str.isalnum, columns[11])):
            continue
        try:
            chance = float(columns[10])
        except ValueError:  # another version's table
            return None
        chances.append(chance)
        if chance >= LEAST_WORD:
            lines.setdefault(tuple(columns[1:5]), []).append(columns[11])
    if len(chances) < LEAST_WORDS or sum(chances) / len(chances) < LEAST_MEAN:
        return None
    return "\n".join(" ".join(words) for words in lines.values())
