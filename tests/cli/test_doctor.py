"""Tests what `tiergate doctor` finds, and the commands that it advises."""

from __future__ import annotations

import shlex
import sys

from router.api.compose.checkup import State, _package


def test_missing_package_is_installed_by_the_environment_that_runs() -> None:
    finding = _package("no-such-package-here", "nothing", extra="local")
    assert finding.state is State.MISSING
    assert shlex.split(finding.fix) == [sys.executable, "-m", "pip", "install", "tiergate[local]"]
