"""Tests what `tiergate doctor` finds, and the commands that it advises."""

from __future__ import annotations

import shlex
from pathlib import Path

from router.api.compose.checkup import Checkup, State, _onnxruntime, _package
from router.errors.installing import pip_install
from router.policy.certificate import Certificate, DomainCertificate
from router.stats.exact_bounds import upper_bound
from router.triage.devices.placement import CUDA
from router.triage.encoder import import_onnxruntime
from router.triage.triage_model import DEFAULT_FOLDER
from router.types import Domain


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


def test_policy_that_cannot_be_made_ready_leaves_the_others_whole(tmp_path: Path) -> None:
    row = DomainCertificate(0.9, 300, 0, upper_bound(0, 300, 0.05), 300)
    domains = {Domain.CUSTOMER_SUPPORT: row}
    of_another_model = Certificate("2026-11-20", 0.02, 0.95, "0" * 64, ("t1",), (), domains, "1")
    (tmp_path / "certificate.json").write_text(of_another_model.sealed().to_text())
    local = "{name: small, kind: local, max_output_tokens: 8, verify: {default: none}}"
    text = f"version: 1\nname: NAME\ntiers: [{{name: llm, level: 2, answerers: [{local}]}}]\n"
    certified = "decision: {mode: certified, certificate: certificate.json}\n"
    files = {"first": text + certified, "second": text, "third": text}
    for name, content in files.items():
        (tmp_path / f"{name}.yaml").write_text(content.replace("NAME", name))
    policies = [str(tmp_path / f"{name}.yaml") for name in files]
    checkup = Checkup(tmp_path / "l.db", "127.0.0.1", 0, DEFAULT_FOLDER, {}, policies=policies)
    states = {finding.part: finding for finding in checkup.findings()}
    assert "certificate for triage t1" in states["policy first"].found
    assert states["policy first"].fatal
    assert states["policy second"].state is states["policy third"].state is State.OK
