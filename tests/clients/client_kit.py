"""Shares among the tests of clients: the server's address, and the blocks of two guides, ready to
run as users would run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests import ROOT

GUIDES = ROOT / "docs" / "guides"
DOCUMENT = "\n".join(
    (GUIDES / name).read_text(encoding="utf-8") for name in ("drop-in.md", "coding-agents.md")
)
QUESTION = "Where is my parcel?"
TURN = {"role": "user", "content": QUESTION}
AGENT = "auto:agent"
"""Its upstream calls the tools it is offered and fills the schemas it is asked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Holds the server's address, a tenant's key, and the key of a tenant without budget."""

    root: str
    key: str
    poor_key: str

    @property
    def url(self) -> str:
        return f"{self.root}/v1"


def documented(client: str, place: Place, model: str = "auto") -> str:
    """Returns the first code block below a client's heading in the guides, with this server's URL.

    `model` replaces `auto` where the block needs an upstream that fills schemas.
    """
    code = (
        _blocks(client)[0]
        .replace("http://127.0.0.1:8080", place.root)
        .replace("YOUR_KEY", place.key)
    )
    return code.replace('"auto"', f'"{model}"')


def documented_policy(client: str) -> dict[str, Any]:
    """Returns the sections of a policy below a client's heading."""
    sections = yaml.safe_load(_blocks(client)[1])
    assert isinstance(sections, dict)
    return sections


def _blocks(client: str) -> list[str]:
    (section,) = re.findall(rf"^## {re.escape(client)}\n(.*?)(?=^## |\Z)", DOCUMENT, re.S | re.M)
    return re.findall(r"^```\w*\n(.*?)^```", section, re.S | re.M)


def run(command: Sequence[str], folder: Path, **more: str) -> str:
    """Returns what the command prints, run with `folder` as its home. It must exit with 0."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env={**os.environ, "HOME": str(folder), **more},
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def run_python(code: str, folder: Path) -> str:
    """Returns what the code prints, run where this test's client is installed."""
    return run([sys.executable, "-c", code], folder)
