"""A model folder changes whole: no crash leaves a part of a new model in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from router.training import model_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    (made / "heads").mkdir(parents=True)
    (made / "heads" / "domain.json").write_text("old")
    (made / "manifest.json").write_text("old")
    return made


def read(folder: Path) -> list[str]:
    return [(folder / name).read_text() for name in ("heads/domain.json", "manifest.json")]


def _write(folder: Path, *names: str) -> None:
    with model_folder.changed(folder) as made:
        for name in names:
            (made / name).write_text("new")


def test_what_was_written_takes_the_place_of_the_folder(folder: Path) -> None:
    with model_folder.changed(folder) as made:
        (made / "heads" / "domain.json").write_text("new")
        assert read(folder) == ["old", "old"]
    assert read(folder) == ["new", "old"]
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_failure_leaves_the_old_folder_whole(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _write(folder, "heads/domain.json", "no such folder/of a head.json")
    assert read(folder) == ["old", "old"]
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_killed_process_leaves_the_old_folder_whole(folder: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from router.training import model_folder\n"
        "with model_folder.changed(Path(sys.argv[1])) as made:\n"
        "    (made / 'heads' / 'domain.json').write_text('new')\n"
        "    print('half', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        os.kill(process.pid, signal.SIGKILL)
    assert read(folder) == ["old", "old"]


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    with model_folder.changed(tmp_path / "models" / "mine") as made:
        (made / "manifest.json").write_text("new")
    assert (tmp_path / "models" / "mine" / "manifest.json").read_text() == "new"


def test_a_link_to_a_folder_stays_a_link(folder: Path) -> None:
    link = folder.with_name("current")
    link.symlink_to(folder)
    with model_folder.changed(link) as made:
        (made / "manifest.json").write_text("new")
    assert link.is_symlink()
    assert read(folder) == ["old", "new"]


def test_without_an_exchange_a_folder_takes_the_place_in_two_steps(folder: Path) -> None:
    copy = folder.with_name("copy")
    copy.mkdir()
    model_folder._renamed(copy, folder)
    assert list(folder.iterdir()) == []
    assert read(folder.with_name("before")) == ["old", "old"]


def test_a_second_step_that_fails_undoes_the_first(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        model_folder._renamed(folder.with_name("copy"), folder)
    assert read(folder) == ["old", "old"]
