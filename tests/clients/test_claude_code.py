"""Claude Code, the real one from npm, end to end: it reads a file, edits it and runs it.

What the model would say is scripted (tests/kits/upstreams/upstream_coder.py); the agent, its
prompts and its tools are its own. Its home is the test's folder and it reaches nothing but the
gateway.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.clients.client_kit import AGENT, Place, documented, run
from tests.kits.server_kit import Served

PACKAGE = Path(__file__).parent / "node/node_modules/@anthropic-ai/claude-code"
NODE = shutil.which("node")
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
}

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="node is not installed"),
    pytest.mark.skipif(not PACKAGE.exists(), reason="npm has not installed claude-code"),
]


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """Makes a folder with `claude` and a program that greets in German."""
    (tmp_path / "hello.py").write_text('print("Hallo, world")\n')
    claude = tmp_path / "bin/claude"
    claude.parent.mkdir()
    claude.write_text(f'#!/bin/sh\nexec "{NODE}" "{PACKAGE}/cli-wrapper.cjs" "$@"\n')
    claude.chmod(0o755)
    return tmp_path


def told(workshop: Path, code: str, more: dict[str, str] = QUIET) -> str:
    """Runs the code. Returns what `claude` prints."""
    path = f"{workshop}/bin:{Path(str(NODE)).parent}:/usr/local/bin:/usr/bin:/bin"
    code = f"unset ANTHROPIC_API_KEY CLAUDE_CONFIG_DIR\n{code}"
    return run(["sh", "-c", code], workshop, PATH=path, **more)


def code_for(place: Place, model: str) -> str:
    """The documented block, its last line open for further options."""
    return documented("Claude Code", place, model).replace("YOUR_FILE", "hello.py").rstrip()


@pytest.mark.parametrize("model", [AGENT, "auto:native"], ids=["chat", "anthropic"])
def test_the_documented_block_edits_a_file(place: Place, workshop: Path, model: str) -> None:
    told(workshop, code_for(place, model))
    assert (workshop / "hello.py").read_text() == 'print("Hello, world")\n'


def test_its_turns_stand_in_the_ledger(place: Place, workshop: Path, served: Served) -> None:
    before = len(served.rows())
    answer = told(workshop, code_for(place, AGENT) + " --output-format json")
    said = json.loads(answer)
    turns = served.rows()[before:]
    assert (said["num_turns"], len(turns)) == (4, 4)
    assert {(row["endpoint"], row["state"]) for row in turns} == {("messages", "settled")}
    assert said["usage"]["input_tokens"] == 80


def test_it_finds_the_policys_aliases_as_models(place: Place, workshop: Path) -> None:
    code = "export CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY=1\n" + code_for(place, AGENT)
    told(workshop, code, {"DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1"})
    found = json.loads((workshop / ".claude/cache/gateway-models.json").read_text())
    assert [model["id"] for model in found["models"]] == ["claude-tiergate"]
