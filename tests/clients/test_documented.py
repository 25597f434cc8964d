"""Compares two guides (drop-in.md, coding-agents.md) with the tests of clients: each block runs."""

from __future__ import annotations

import re

from tests import ROOT
from tests.clients.client_kit import DOCUMENT

HERE = ROOT / "tests" / "clients"


def test_every_block_of_the_document_is_run_by_a_test() -> None:
    sections = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", DOCUMENT, re.S | re.M)
    elsewhere = {"Three first examples"}  # tests/house/test_readme.py runs these
    shown = {client for client, text in sections if "```" in text} - elsewhere
    tests = "\n".join(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
    run = {client for client in shown if f'"{client}"' in tests}
    assert run == shown
    assert len(shown) >= 9


def test_every_file_of_tests_stands_in_the_table() -> None:
    files = [*HERE.glob("test_*.py"), *(HERE / "node").glob("*.test.mjs")]
    ours = {"test_node.py", "test_documented.py"}
    assert not [path.name for path in files if path.name not in DOCUMENT and path.name not in ours]


def test_every_version_in_the_table_is_the_one_installed() -> None:
    """The pins of the two environments, of the gateway's own, and of Node's packages."""
    pinned = "\n".join(
        path.read_text("utf-8")
        for path in [
            *HERE.glob("openai-*.txt"),
            ROOT / "constraints.txt",
            HERE / "node/package.json",
        ]
    )
    pins = set(re.findall(r'^ *"?([\w./@-]+?)(?:\[.*\])?(?:==|": ")([\d.]+)"?,?$', pinned, re.M))
    told = re.findall(r"^\| ([\w@/-]+) ([\d.]+) \|", DOCUMENT, re.M)
    assert len(told) >= 9
    assert not [one for one in told if one not in pins]
