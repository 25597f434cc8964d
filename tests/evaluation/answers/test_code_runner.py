"""Code of a model runs in bounds: what it may not use, and what is left of it."""

from __future__ import annotations

import os

import pytest

from router.evaluation.answers.code_runner import Bounds, run_tests

pytestmark = pytest.mark.slow  # each starts processes

BOUNDS = Bounds(cpu_s=1, wall_s=300.0)
PATIENT = Bounds(wall_s=300.0)


def test_code_that_passes_its_tests_passes() -> None:
    assert run_tests("def f(n):\n    return 2 * n", "assert f(2) == 4", PATIENT).passed


@pytest.mark.parametrize(
    ("code", "tests", "why"),
    [
        ("def f(n):\n    return n", "assert f(2) == 4", "AssertionError"),
        ("def f(:", "pass", "SyntaxError"),
        ("raise SystemExit(0)", "assert False", "ended before its tests"),
        ("import os\nos._exit(0)", "assert False", "ended before its tests"),
        ("while True:\n    pass", "pass", "out of processor time"),
        ("x = bytearray(2_000_000_000)", "pass", "MemoryError"),
        ("open('big', 'wb').write(b'0' * 9_000_000)", "pass", "OSError"),
        ("import numpy", "pass", "No module named 'numpy'"),
        ("files = [open('f', 'w') for _ in range(99)]", "pass", "Too many open files"),
    ],
)
def test_code_that_fails_or_takes_too_much_is_told(code: str, tests: str, why: str) -> None:
    run = run_tests(code, tests, BOUNDS)
    assert not run.passed
    assert why in run.why


def test_code_that_sleeps_ends_with_its_time() -> None:
    run = run_tests("import time\ntime.sleep(600)", "pass", Bounds(wall_s=0.5))
    assert (run.passed, run.why) == (False, "out of time")


def test_code_inherits_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "sk-1")
    assert run_tests("import os", "assert 'SECRET_KEY' not in os.environ", PATIENT).passed


def test_code_works_in_a_folder_of_its_own() -> None:
    here = os.getcwd()
    assert run_tests("import os", f"assert os.getcwd() != {here!r}", PATIENT).passed
