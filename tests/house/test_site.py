"""Checks the README and docs/: lines are short, the site builds strictly and loads nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
LINE = 120

LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=["'](?:https?:)?//"""
    r"""|<link\b[^>]*\bhref=["'](?:https?:)?//"""
    r"""|@import\s+url\(["']?(?:https?:)?//"""
)
"""Matches what a browser fetches from another host when it opens a page; links are not fetched."""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_lines_of_a_page_have_120_characters_at_most(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > LINE] == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of the built site; the build fails on a broken link or anchor."""
    pytest.importorskip("material", reason="the extra `docs` is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_in_the_site(site: Path) -> None:
    for path in DOCS.rglob("*.md"):
        page = site / path.relative_to(DOCS).with_suffix(".html")
        if path.name == "README.md":
            page = page.with_name("index.html")
        assert page.exists(), page


def test_pages_load_nothing_from_another_host(site: Path) -> None:
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    assert [path.name for path in files if LOADED.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("text", "loads"),
    [
        ('<script src="https://cdn.example/a.js">', True),
        ('<link href="//fonts.example/a.css" rel="stylesheet">', True),
        ("@import url('http://fonts.example/a.css')", True),
        ('<a href="https://example.com">a link</a>', False),
        ('<script src="assets/a.js">', False),
    ],
)
def test_a_page_that_loads_from_another_host_is_noticed(text: str, loads: bool) -> None:
    assert bool(LOADED.search(text)) is loads


TO_BE_WRITTEN = {"policies/mine.yaml"}  # a file that the reader makes


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_places_named_in_a_page_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"`((?:router|tiers|tests|policies|docs|benchmarks)/[\w./-]*)`", text)
    assert [p for p in named if p not in TO_BE_WRITTEN and not (ROOT / p).exists()] == []


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.png")), ids=lambda path: path.name)
def test_a_picture_has_at_most_300_kilobytes(path: Path) -> None:
    assert path.stat().st_size <= 300_000
