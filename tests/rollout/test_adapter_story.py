"""The story of docs/guides/rollout.md: an adapter is tried beside its base and taken back.

Policy and client are read from the page itself.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests import ROOT
from tests.kits.local_kit import NEEDS_WEIGHTS
from tests.kits.server_kit import Served, tiergate

pytestmark = [pytest.mark.process, pytest.mark.local, pytest.mark.slow]
PAGE = ROOT / "docs" / "guides" / "rollout.md"
SECTION = "## An adapter against its base"


def block(language: str) -> str:
    """Returns the only block of a language in the page's section."""
    section = PAGE.read_text("utf-8").partition(SECTION)[2].partition("\n## ")[0]
    (found,) = re.findall(rf"```{language}\n(.*?)```", section, re.S)
    return str(found)


@NEEDS_WEIGHTS
def test_an_adapter_that_misleads_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    policy, ledger = tmp_path / "help_desk.yaml", tmp_path / "ledger.db"
    policy.write_text(block("yaml"))
    started = tiergate("rollout", "start", policy, "--why", "fond of it", "--database", ledger)
    assert started.returncode == 0, started.stderr
    with Served(tmp_path, policy) as server:
        exec(block("python").replace("http://127.0.0.1:8080", server.url), {})
        state = server.client.get("/api/v1/rollouts/help_desk").json()
        assert state["state"] == "rolled_back", state
        assert str(state["why"]).startswith("complaints")
        worn = {
            (row["policy_hash"], attempt["adapter"])
            for row in server.rows()
            for attempt in row["attempts"]  # type: ignore[attr-defined]
            if attempt["adapter"] is not None
        }
        assert worn == {(state["candidate_hash"], "shop")}
    told = tiergate("rollout", "report", "help_desk", "--json", "--database", ledger)
    (complaints,) = (
        metric for metric in json.loads(told.stdout)["metrics"] if metric["metric"] == "complaints"
    )
    assert complaints["candidate"]["lower"] > complaints["base"]["upper"]
