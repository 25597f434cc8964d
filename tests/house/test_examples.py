"""Checks the setting of the number of examples for all properties."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests import ROOT

PROGRAM = "from tests.kits.examples import examples; print(examples(25).max_examples)"


def printed(asked: str, most: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a program that prints the number of examples for a property that usually has 25."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "HYPOTHESIS_EXAMPLES": asked, "HYPOTHESIS_MOST_EXAMPLES": most},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("asked", "tried"), [("", "25"), ("7", "7"), ("500", "500")])
def test_the_setting_takes_the_place_of_a_propertys_own_number(asked: str, tried: str) -> None:
    assert printed(asked).stdout.strip() == tried


@pytest.mark.parametrize(
    ("asked", "most", "tried"), [("", "7", "7"), ("", "500", "25"), ("500", "7", "500")]
)
def test_a_bound_lowers_a_propertys_own_number_only(asked: str, most: str, tried: str) -> None:
    assert printed(asked, most).stdout.strip() == tried


@pytest.mark.parametrize("asked", ["0", "-1", "many", "1.5"])
def test_a_number_of_examples_that_is_none_is_refused(asked: str) -> None:
    assert f"HYPOTHESIS_EXAMPLES is {asked!r}; expected a whole number" in printed(asked).stderr
