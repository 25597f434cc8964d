"""Finds the workers of a running server, and the lines of its log."""

from __future__ import annotations

import json
from pathlib import Path

from tests.kits.server_kit import Served


def workers_of(parent: int, program: bytes = b"router.api.process.worker") -> list[int]:
    """Returns the living processes of a program that a process started, by default workers."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    named = ((int(pid), Path(f"/proc/{pid}/cmdline")) for pid in children)
    return [pid for pid, line in named if line.exists() and program in line.read_bytes()]


def events(served: Served, *names: str) -> list[dict[str, object]]:
    """Returns the log lines of these events, in order."""
    lines = [json.loads(line) for line in served.output.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("event") in names]
