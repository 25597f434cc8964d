"""What a decision on the command line reads at its start, and what it compares late."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from router.cli.exits import Exit
from router.policy.loading import policies_dir
from router.triage.triage_model import DEFAULT_FOLDER
from tests.kits.server_kit import environment, tiergate

NOT_FOR_A_DECISION = (
    *("sqlalchemy", "aiohttp", "httptools", "litellm", "jsonschema", "structlog", "cryptography"),
    *("tokenizers", "rich", "tiers.upstream", "tiers.litellm"),
    *("router.cli.commands", "router.api.http", "router.ledger.sql"),
)
"""Lists what no decision of the policy `default` on a plain text needs: it took .1 s of a start."""


def test_a_decision_imports_nothing_that_it_does_not_need() -> None:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "router.cli", "route", "where is my order?"],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()}
    assert "numpy" in imported
    assert imported.intersection(NOT_FOR_A_DECISION) == set()
    assert run.stdout.startswith("level 1 resolve")


def test_all_that_was_decided_is_written_before_the_process_ends() -> None:
    lines = [f"how do I return parcel {number}?" for number in range(40)]
    run = subprocess.run(
        [sys.executable, "-m", "router.cli", "route", "--json"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert len([json.loads(line) for line in run.stdout.splitlines()]) == len(lines)


def test_a_reader_who_leaves_ends_the_command_with_an_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "router.cli", "route", "hello"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as run:
        assert run.stdout is not None
        run.stdout.close()
        assert run.wait(60) != 0


@pytest.mark.parametrize("text", ["can I return a used bike I bought last week?", "where is it"])
def test_an_altered_network_of_the_model_decides_nothing(tmp_path: Path, text: str) -> None:
    folder = Path(shutil.copytree(DEFAULT_FOLDER, tmp_path / "model"))
    _altered(folder / "reranker.onnx")
    run = tiergate("route", text, "--model-dir", folder, "--json")
    assert run.returncode == 0, run.stderr
    decided, whole = json.loads(run.stdout), json.loads(tiergate("route", text, "--json").stdout)
    # What no network was opened for is decided as with the whole one.
    assert decided["degraded"] or decided["signals"] == whole["signals"]


def test_an_altered_network_of_a_head_is_a_mistake_of_the_policy(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(policies_dir(), tmp_path / "policies"))
    _altered(folder / "heads" / "harm_close.onnx")
    run = tiergate("route", "how do I make a bomb at home?", "--policy", folder / "default.yaml")
    assert run.returncode == Exit.USAGE
    assert "harm_close.onnx is corrupt" in run.stderr


def _altered(path: Path) -> None:
    with path.open("r+b") as network:
        network.write(b"altered")
