"""Where the lines of a Gateway in another program go."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.cli.commands import app
from tests import ROOT
from tests.kits.library_kit import POLICY

PROGRAM = """
import asyncio, logging, sys
CONFIGURED
logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="LOGGING %(name)s %(message)s")
from router import Gateway

gateway = Gateway.from_policy(sys.argv[1], database=sys.argv[2], environ={})
application = gateway.asgi()
headers = [(b"authorization", b"Bearer tg_wrong")]
scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "query_string": b""}
scope |= {"headers": headers, "client": ("testclient", 1)}

async def receive():
    return {"type": "http.request", "body": b"{}", "more_body": False}

async def send(event):
    if "status" in event:
        print("status", event["status"], file=sys.stderr)

from router.library import CALLER
from router.errors import TiergateError

asyncio.run(application(scope, receive, send))
try:
    gateway.complete("Explain how tides work.")
except TiergateError:
    pass
gateway.close()
"""
OWN = (
    "import structlog; structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))"
)


def run(folder: Path, configured: str) -> subprocess.CompletedProcess[str]:
    (folder / "library.yaml").write_text(POLICY.format(url="http://127.0.0.1:9/v1"), "utf-8")
    key = ["keys", "create", "--tenant", "shop", "--database", str(folder / "ledger.db")]
    assert (
        CliRunner().invoke(app, key).exit_code == 0
    )  # wrong keys count where there are right ones
    code = PROGRAM.replace("CONFIGURED", configured)
    files = [str(folder / "library.yaml"), str(folder / "ledger.db")]
    return subprocess.run(
        [sys.executable, "-c", code, *files],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        check=True,
    )


@pytest.mark.parametrize("configured", ["", OWN])
def test_a_programs_standard_output_stays_its_own(tmp_path: Path, configured: str) -> None:
    done = run(tmp_path, configured)
    assert done.stdout == ""
    assert "status 401" in done.stderr, done.stderr
    lines = [line for line in done.stderr.splitlines() if "wrong_key" in line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("LOGGING tiergate.access wrong_key {") is not bool(configured)
    failed = [line for line in done.stderr.splitlines() if "call_failed" in line]
    assert failed
    assert failed[0].startswith("LOGGING tiergate.events call_failed {") is not bool(configured)
