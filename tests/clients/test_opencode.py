"""opencode, the real one from npm, end to end: it reads a file, edits it and runs it.

What the model would say is scripted (tests/kits/upstreams/upstream_editor.py); the agent, its
prompts and its tools are its own. Its home is the test's folder and it reaches nothing but the
gateway.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.client_kit import Place, documented, run

MODULES = Path(__file__).parent / "node/node_modules"
PROGRAM = next(iter(sorted(MODULES.glob("opencode-*-*/bin/opencode"), key=lambda p: str(p))), None)
QUIET = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
}

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="npm has not installed opencode")


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """Makes a folder with `opencode` and a program that greets in German."""
    (tmp_path / "hello.py").write_text('print("Hallo")\n')
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/opencode").symlink_to(str(PROGRAM))
    return tmp_path


@pytest.mark.parametrize("model", ["auto:editor", "auto:sealed"], ids=["chat", "responses"])
def test_the_documented_block_edits_a_file(place: Place, workshop: Path, model: str) -> None:
    code = documented("opencode", place, model).replace("YOUR_FILE", "hello.py").rstrip()
    homes = {
        f"XDG_{kind}_HOME": str(workshop / kind) for kind in ("DATA", "CACHE", "STATE", "CONFIG")
    }
    path = f"{workshop}/bin:/usr/local/bin:/usr/bin:/bin"
    said = run(["sh", "-c", f"{code} 2>&1 </dev/null"], workshop, PATH=path, **QUIET, **homes)
    assert (workshop / "hello.py").read_text() == 'print("Hello")\n', said
