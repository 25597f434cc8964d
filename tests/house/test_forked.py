"""Checks that a forked command does what the program does when it is started anew."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.kits import forked
from tests.kits.server_kit import environment, tiergate


def forked_command(folder: Path, *arguments: str, **more: str) -> forked.Forked:
    log = str(folder / "log")
    return forked.Forked(forked.Order(arguments, log, log, environment(**more), str(folder)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [("--version",), ("ledger", "rows", "-d", "none.db"), ("serve", "--nope")]
)
def test_a_forked_command_says_what_a_new_program_says(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    once = tiergate(*arguments)
    monkeypatch.setattr(forked, "anew", True)
    anew = tiergate(*arguments)
    assert (once.returncode, once.stdout, once.stderr) == (
        anew.returncode,
        anew.stdout,
        anew.stderr,
    )


def test_a_command_runs_in_its_own_folder(tmp_path: Path) -> None:
    assert forked_command(tmp_path, "ledger", "verify", "-d", "here.db").wait() == 4
    assert "here.db" in (tmp_path / "log").read_text()
    assert Path.cwd() != tmp_path


def test_a_signal_ends_a_server(tmp_path: Path) -> None:
    server = forked_command(tmp_path, "serve", "--port", "0", "--database", "ledger.db")
    assert server.poll() is None
    assert server.pid != os.getpid()
    with pytest.raises(subprocess.TimeoutExpired):
        server.wait(0)
    server.send_signal(signal.SIGKILL)
    assert server.wait() == -signal.SIGKILL
    server.terminate()  # of what has ended, it asks nothing


@pytest.mark.parametrize("name", ["PYTHONPATH", "LC_ALL", "OPENBLAS_NUM_THREADS"])
def test_what_a_new_interpreter_reads_is_not_forked(name: str) -> None:
    assert not forked.may_fork({name: "1"})


@pytest.mark.process
def test_a_test_of_whole_programs_starts_them_anew() -> None:
    assert not forked.may_fork({})


def test_variables_of_ours_reach_a_forked_command(tmp_path: Path) -> None:
    policy = tmp_path / "none.yaml"
    assert forked.may_fork({"TIERGATE_POLICY": str(policy)})
    server = forked_command(
        tmp_path, "serve", "--port", "0", "-d", "l.db", TIERGATE_POLICY=str(policy)
    )
    assert server.wait() != 0
    assert "none.yaml" in (tmp_path / "log").read_text()
