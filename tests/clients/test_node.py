"""The clients for Node, each by a file of node:test; `make test-clients` installs them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.clients.client_kit import Place, documented, run

HERE = Path(__file__).parent / "node"
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (HERE / "node_modules").exists(), reason="no npm has installed node_modules"
    ),
]


@pytest.mark.parametrize("path", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_the_clients_own_tests_pass(place: Place, tmp_path: Path, path: Path) -> None:
    keys = {"API_KEY": place.key, "POOR_KEY": place.poor_key}
    said = run([NODE, "--test", str(path)], tmp_path, BASE_URL=place.url, **keys)
    assert "# fail 0" in said or "fail 0" in said
    assert "skipped 0" in said


@pytest.mark.parametrize("client", ["openai-node", "Vercel AI SDK"])
def test_the_documented_block_runs(place: Place, tmp_path: Path, client: str) -> None:
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    program = tmp_path / "block.mjs"
    program.write_text(documented(client, place))
    assert "parcel" in run([NODE, str(program)], tmp_path)
