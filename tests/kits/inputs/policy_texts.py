"""Provides a small valid policy as text for tests to break, and reads the mistakes of loading
it."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import Mistake, PolicyError
from router.policy.loading import load_policy

GOOD = """\
version: 1
name: small
tiers:
  - name: local
    level: 2
    answerers:
      - name: smol
        kind: local
  - name: reasoning
    level: 3
    answerers:
      - name: think
        kind: deliberation
        over: smol
"""


def write(folder: Path, text: str, name: str = "p.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def mistakes_of(
    folder: Path, text: str, environ: dict[str, str] | None = None, known: list[str] | None = None
) -> tuple[Mistake, ...]:
    path = write(folder, text)
    with pytest.raises(PolicyError) as caught:
        load_policy(path, environ or {}, known)
    assert all(mistake.file == str(path) for mistake in caught.value.mistakes)
    return caught.value.mistakes


def added(line: str, after: str = "name: small\n") -> str:
    return GOOD.replace(after, after + line + "\n", 1)


UPSTREAM = GOOD.replace(
    "kind: local",
    "kind: upstream\n        model: m\n        base_urls: ['https://${HOST}/v1']\n"
    "        api_key: ${PROVIDER_KEY}",
)
