"""What is installed later leaves the clone linked, as `make` installed it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import ROOT

OWN = ("~/tiergate-env/bin/pip", "Install it into your own environment with `pip")
"""Marks commands that make a copy, into an environment that follows no clone."""


def pages() -> list[Path]:
    return [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]


def test_pages_link_the_clone_again_when_they_add_a_part() -> None:
    lines = [line for page in pages() for line in page.read_text("utf-8").splitlines()]
    adding = [line for line in lines if "pip install" in line and "'.[" in line]
    assert len(adding) > 10
    linked = re.compile(r"\.venv/bin/pip install -e '\.\[\w+\]'")
    assert [x for x in adding if not linked.search(x) and not any(o in x for o in OWN)] == []


def test_one_place_composes_the_command_that_adds_a_part() -> None:
    sources = [path for folder in ("router", "tiers") for path in (ROOT / folder).rglob("*.py")]
    command = re.compile(r"pip install[^\n]*(tiergate\[|'\.\[)")
    assert [p.name for p in sources if command.search(p.read_text("utf-8"))] == []


def test_wheel_has_the_policies_where_they_are_looked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["router", "tiers"]
    assert wheel["force-include"] == {"policies": "router/_policies"}
    places = (ROOT / "router" / "policy" / "places.py").read_text("utf-8")
    assert 'package / "_policies"' in places


def test_no_file_of_the_packages_is_ignored_and_so_left_out_of_the_wheel() -> None:
    """The builder leaves out what git ignores, also where it is tracked."""
    listing = ["git", "ls-files", "-ci", "--exclude-standard", "router", "tiers", "policies"]
    left_out = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if left_out.returncode != 0:
        pytest.skip("no clone of git")
    assert left_out.stdout == ""


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        ('{"dir_info": {"editable": true}, "url": "file:///a%20b/c"}', "-e '/a b/c[local]'"),
        ('{"dir_info": {}, "url": "file:///a/c"}', "'tiergate[local]'"),
        ("", "'tiergate[local]'"),
    ],
    ids=["linked", "copied", "from an index"],
)
def test_hint_links_again_what_is_linked(tmp_path: Path, origin: str, wanted: str) -> None:
    installed = tmp_path / "tiergate-9.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: tiergate\nVersion: 9\n", "utf-8")
    if origin:
        (installed / "direct_url.json").write_text(origin, "utf-8")
    code = "from router.errors.installing import pip_install; print(pip_install('local'))"
    # Nearer to the front of the search path than this environment's own installation.
    near = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=near, capture_output=True, text=True, check=True)
    assert run.stdout == f"{sys.executable} -m pip install {wanted}\n"


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_the_first_installation_says_what_it_does_and_how_long_that_takes() -> None:
    command = ["make", "-n", "--always-make", ".venv/.testing"]
    outside = {name: text for name, text in os.environ.items() if name != "MAKEFLAGS"}
    run = subprocess.run(command, cwd=ROOT, env=outside, capture_output=True, text=True, check=True)
    lines = run.stdout.splitlines()
    installing = [n for n, line in enumerate(lines) if " -m pip install " in line]
    assert len(installing) == 3
    for n in installing:
        assert lines[n].startswith(".ci/quietly ")
        assert lines[n - 1].startswith("echo ")
    assert "one to five minutes" in run.stdout.partition(lines[installing[0]])[0]
    assert [f"{n} of 3: " in run.stdout for n in (1, 2, 3)] == [True] * 3


@pytest.mark.parametrize(("status", "shown"), [(0, False), (3, True)])
def test_an_installation_is_out_of_sight_unless_it_fails(status: int, shown: bool) -> None:
    run = quietly(f"echo Collecting much; echo badly >&2; exit {status}")
    assert (run.returncode, run.stdout) == (status, "")
    assert run.stderr == ("Collecting much\nbadly\n" if shown else "")


@pytest.mark.slow
@pytest.mark.parametrize(("flags", "told"), [("", "15 s: Collecting much ..."), ("s", "")])
def test_a_long_installation_says_where_it_is(flags: str, told: str) -> None:
    run = quietly("echo '  Collecting much'; sleep 16", MAKEFLAGS=flags)
    assert (run.returncode, run.stdout.strip()) == (0, told)


def quietly(command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    outside = {**os.environ, "MAKEFLAGS": "", **environ}
    script = [str(ROOT / ".ci" / "quietly"), "sh", "-c", command]
    return subprocess.run(script, env=outside, capture_output=True, text=True, check=False)
