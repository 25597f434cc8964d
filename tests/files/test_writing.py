"""Tests how files are written that must be whole."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from router.cli.options import write_page
from router.files.writing import replacing, write_all


def test_a_pipe_gets_the_content() -> None:
    """As `--out /dev/stdout` does where another program reads it."""
    reads, writes = os.pipe()
    write_all({Path(f"/dev/fd/{writes}"): b"rows\n"})
    os.close(writes)
    with os.fdopen(reads, "rb") as file:
        assert file.read() == b"rows\n"


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("rights", [0o600, 0o640, 0o644])
def test_a_file_keeps_its_rights(tmp_path: Path, rights: int, private: bool) -> None:
    path = tmp_path / "rows.json"
    path.write_bytes(b"old")
    path.chmod(rights)
    write_all({path: b"new"}, private=private)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", rights)
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(("private", "rights"), [(True, 0o600), (False, 0o644)])
def test_a_new_file_has_the_rights_that_are_asked_for(
    tmp_path: Path, private: bool, rights: int
) -> None:
    usual = os.umask(0o022)
    try:
        write_all({tmp_path / "rows.json": b"new"}, private=private)
    finally:
        os.umask(usual)
    assert stat.S_IMODE((tmp_path / "rows.json").stat().st_mode) == rights


def test_a_link_leads_to_the_new_content(tmp_path: Path) -> None:
    path, link = tmp_path / "rows.json", tmp_path / "latest.json"
    path.write_bytes(b"old")
    link.symlink_to(path)
    write_all({link: b"new"})
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


@contextmanager
def full_disk() -> Iterator[None]:
    """Lets the operating system refuse files above a kilobyte, as a full disk does."""
    kind = resource.RLIMIT_FSIZE
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (1_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


def test_a_full_disk_leaves_the_report_of_yesterday_whole(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("yesterday's")
    with pytest.raises(OSError, match=r"report\.html"), full_disk():
        write_page(page, "today's" * 1_000)
    assert page.read_text() == "yesterday's"
    assert [*tmp_path.iterdir()] == [page]


@pytest.mark.parametrize("older", ["yesterday's", ""])
def test_a_full_disk_leaves_a_long_file_as_it_was(tmp_path: Path, older: str) -> None:
    path = tmp_path / "rows.csv"
    if older:
        path.write_text(older)
        path.chmod(0o640)
    refused = pytest.raises(OSError, match=r"rows\.csv")
    with refused, full_disk(), replacing(path) as beside, beside.open("w") as file:
        for number in range(1_000):
            file.write(f"{number}\n")
    assert [one.read_text() for one in tmp_path.iterdir()] == [older] * bool(older)


def test_a_fault_without_a_number_keeps_its_words(tmp_path: Path) -> None:
    """What reads the rows may time out, of which the system has no number."""
    path = tmp_path / "rows.csv"
    with pytest.raises(TimeoutError, match="the ledger is slow"), replacing(path):
        raise TimeoutError("the ledger is slow")
    assert not [*tmp_path.iterdir()]


def test_a_long_file_takes_the_place_and_the_rights_of_the_older_one(tmp_path: Path) -> None:
    path, link = tmp_path / "rows.csv", tmp_path / "link"
    path.write_text("yesterday's")
    path.chmod(0o640)
    link.symlink_to(path)
    with replacing(link) as beside, beside.open("w") as file:
        file.write("today's")
        assert path.read_text() == "yesterday's"
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("today's", 0o640)
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == [link, path]


def test_a_device_is_written_as_it_is() -> None:
    with replacing(Path("/dev/null")) as beside:
        assert beside == Path("/dev/null")


OVERWRITING = """
import os, pathlib, sys
from router.files.writing import replacing
report = pathlib.Path(sys.argv[1])
report.parent.chmod(0o555)
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
with replacing(report) as beside:
    beside.write_text("new")
"""


def test_a_long_file_is_written_over_where_its_folder_takes_no_other() -> None:
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        report.write_text("yesterday's")
        report.chmod(0o666)
        command = [sys.executable, "-c", OVERWRITING, str(report)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, report.read_text()) == (0, "new"), done.stderr
        Path(folder).chmod(0o700)
