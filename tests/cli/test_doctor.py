"""Tests what `tiergate doctor` finds, and the commands that it advises."""

from __future__ import annotations

import shlex
from pathlib import Path

from router.api.compose.checkup import Checkup, State, _onnxruntime, _package
from router.errors.installing import pip_install
from router.triage.devices.placement import CUDA
from router.triage.encoder import import_onnxruntime
from router.triage.triage_model import DEFAULT_FOLDER


def test_missing_package_is_installed_by_the_environment_that_runs() -> None:
    finding = _package("no-such-package-here", "nothing", extra="local")
    assert finding.state is State.MISSING
    assert shlex.split(finding.fix) == shlex.split(pip_install("local"))


def test_machine_without_a_gpu_is_whole_and_hears_what_the_extra_gives(tmp_path: Path) -> None:
    checkup = Checkup(tmp_path / "ledger.db", "127.0.0.1", 0, DEFAULT_FOLDER, {}, quick=True)
    finding = checkup.gpu()
    if CUDA in import_onnxruntime().get_available_providers():
        assert finding.state is not State.BROKEN
        return
    assert finding.state is State.MISSING
    assert finding.optional
    assert "the installed onnxruntime knows only" in finding.found
    assert "extra `gpu`" in finding.fix


def test_runtime_of_either_package_is_found() -> None:
    finding = _onnxruntime()
    assert (finding.part, finding.state, finding.essential) == ("onnxruntime", State.OK, True)
