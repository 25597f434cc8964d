"""Reads source code: functions, classes and types, each a section with its lines. Pure.

It knows no grammar: a line that begins a definition begins a section. So it reads a file with
mistakes too, and languages that nobody thought of as paragraphs.
"""

from __future__ import annotations

import re

from router.documents.pieces import Block, Reading

MOST_LINES = 25
"""Lines of one block: a longer function is cut, so that a citation leads near the line."""

DEFINITION = re.compile(
    r"\s{0,8}(?:(?:export|default|public|private|protected|internal|static|final|abstract|async"
    r"|pub(?:\([a-z]{1,9}\))?|unsafe|inline|virtual|override|open|data|sealed)\s+){0,5}"
    r"(?:def|class|function|func|fn|struct|enum|trait|interface|impl|module|type|object|namespace"
    r"|sub|procedure|create\s+table)\s+([A-Za-z_$][\w$.<>]{0,80})",
    re.IGNORECASE,
)


def read_code(text: str) -> Reading:
    """Returns the definitions of a file; a heading names each with its lines: `load (12-40)`."""
    lines = text.splitlines()
    starts = [(i, match[1]) for i, line in enumerate(lines) if (match := DEFINITION.match(line))]
    if not starts or starts[0][0] > 0:
        starts.insert(0, (0, "top of the file"))
    ends = [i for i, _ in starts[1:]] + [len(lines)]
    blocks: list[Block] = []
    for (start, name), end in zip(starts, ends, strict=True):
        for begin in range(start, end, MOST_LINES):
            stop = min(begin + MOST_LINES, end)
            part = "\n".join(line.rstrip() for line in lines[begin:stop]).strip("\n")
            if part.strip():
                blocks.append(Block(f"{name} (lines {begin + 1}-{stop})", level=2))
                blocks.append(Block(part, whole=True))
    return Reading("", tuple(blocks))
