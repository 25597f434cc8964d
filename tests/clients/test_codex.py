"""Codex CLI, the real one from npm, end to end: it reads a file, edits it and runs it.

What the model would say is scripted (tests/kits/upstreams/upstream_editor.py), over upstreams that
speak chat completions and responses; the agent, its prompts and its tools are its own. Its home is
the test's folder and it reaches nothing but the gateway.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.clients.client_kit import Place, documented, run
from tests.kits.server_kit import Served

PACKAGE = Path(__file__).parent / "node/node_modules/@openai/codex"
NODE = shutil.which("node")
CHAT, SEALED = "auto:editor", "auto:sealed"
KNOWN = "gpt-5.5"
"""A name that Codex knows: it then edits by its custom tool `apply_patch`. The server's alias."""

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="node is not installed"),
    pytest.mark.skipif(not PACKAGE.exists(), reason="npm has not installed codex"),
]


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """Makes a folder with `codex` and a program that greets in German."""
    (tmp_path / "hello.py").write_text('print("Hallo")\n')
    codex = tmp_path / "bin/codex"
    codex.parent.mkdir()
    codex.write_text(f'#!/bin/sh\nexec "{NODE}" "{PACKAGE}/bin/codex.js" "$@" 2>&1 </dev/null\n')
    codex.chmod(0o755)
    return tmp_path


def told(place: Place, workshop: Path, model: str, *more: str, name: str = "Tiergate") -> str:
    """Runs the documented block with further options. Returns what `codex` prints."""
    path = f"{workshop}/bin:{Path(str(NODE)).parent}:/usr/local/bin:/usr/bin:/bin"
    code = documented("Codex CLI", place, model).replace("YOUR_FILE", "hello.py").rstrip()
    code = code.replace('name = "Tiergate"', f'name = "{name}"')
    options = ["--skip-git-repo-check", "-c analytics.enabled=false"]
    options.append("-c check_for_update_on_startup=false")
    # The sandbox of the documented block needs rights that a test's machine may not have.
    code = code.replace("--sandbox workspace-write", "--dangerously-bypass-approvals-and-sandbox")
    code = f"unset CODEX_HOME OPENAI_API_KEY\n{code} {' '.join([*options, *more])}"
    return run(["sh", "-c", code], workshop, PATH=path)


@pytest.mark.parametrize("model", [CHAT, KNOWN, SEALED], ids=["chat", "apply_patch", "responses"])
def test_the_documented_block_edits_a_file(place: Place, workshop: Path, model: str) -> None:
    said = told(place, workshop, model)
    assert (workshop / "hello.py").read_text() == 'print("Hello")\n', said


def test_a_call_into_a_namespace_reaches_its_tool(place: Place, workshop: Path) -> None:
    assert "invalid agent id nobody" in told(place, workshop, CHAT)


def test_a_patch_arrives_as_it_was_written(place: Place, workshop: Path) -> None:
    assert "patch: completed" in told(place, workshop, KNOWN)


def test_sealed_thoughts_are_shown(place: Place, workshop: Path) -> None:
    assert "Thinking about parcels." in told(place, workshop, SEALED)


@pytest.mark.parametrize("model", [CHAT, SEALED], ids=["chat", "responses"])
def test_a_session_goes_on_after_its_context_was_compacted(
    place: Place, workshop: Path, model: str
) -> None:
    """Codex asks a provider of the name OpenAI to compact; all others it asks for a summary."""
    said = told(place, workshop, model, "-c model_auto_compact_token_limit=10", name="OpenAI")
    assert "context compacted" in said
    assert (workshop / "hello.py").read_text() == 'print("Hello")\n', said


def test_its_turns_stand_in_the_ledger(place: Place, workshop: Path, served: Served) -> None:
    before = len(served.rows())
    told(place, workshop, KNOWN)
    rows = served.rows()[before:]
    assert len(rows) == 4
    assert {(row["endpoint"], row["state"]) for row in rows} == {("responses", "settled")}
