"""Tests how files are written that must be whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from router.files.writing import write_all


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
