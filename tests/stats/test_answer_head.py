"""A head of answers: its file comes back as it was, and files that are none are refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from router.errors import ModelFileError
from router.files.writing import write_all
from router.stats.answer_head import AnswerHead, load, save
from router.stats.answer_signals import Reading

HEAD = AnswerHead(0.5, {"sum_fails": (-2.0, 0.25, 0.5)}, 80, {"auroc": 0.9})


def test_the_chance_is_the_logistic_of_the_weighed_signals() -> None:
    # 0.5 - 2 * (1 - 0.25) / 0.5 = -2.5, and 0.5 - 2 * (0 - 0.25) / 0.5 = 1.5
    assert HEAD(Reading("", "1 + 1 = 3")) == pytest.approx(0.0758582)
    assert HEAD(Reading("", "1 + 1 = 2")) == pytest.approx(0.8175745)


def test_a_saved_head_is_the_same_when_it_is_read(tmp_path: Path) -> None:
    save(HEAD, tmp_path / "new" / "a.json", {"command": "c"})
    assert load(tmp_path / "new" / "a.json") == HEAD


def test_an_older_head_stays_whole_where_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    save(HEAD, path, {})
    (tmp_path / ".a.json.new").mkdir()
    with pytest.raises(OSError, match=r"a\.json"):
        save(AnswerHead(0.1, {}, 60, {}), path, {})
    assert load(path) == HEAD


def test_a_new_head_keeps_the_rights_of_the_older_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}")
    path.chmod(0o644)
    save(HEAD, path, {})
    assert (path.stat().st_mode & 0o777, [*tmp_path.iterdir()]) == (0o644, [path])


def test_a_link_leads_to_the_new_head(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "a.json")
    save(HEAD, tmp_path / "link.json", {})
    assert (tmp_path / "link.json").is_symlink()
    assert load(tmp_path / "a.json") == HEAD


def test_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_all({pipe: b"certificate"})
        assert os.read(reader, 100) == b"certificate"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "classes"}, "has kind 'classes'"),
        ({"format": 9}, "expected 'answers' and 1"),
        ({"bias": None}, "is no head of answers"),
        ({"signals": {"mood": {"weight": 1, "mean": 0, "scale": 1}}}, "not read: mood"),
        ({"signals": {"sums": {"weight": 1, "mean": 0, "scale": 0}}}, "not above 0"),
        ({"signals": []}, "is no head of answers"),
    ],
)
def test_a_file_that_is_no_head_is_refused(tmp_path: Path, change: object, told: str) -> None:
    path = tmp_path / "a.json"
    save(HEAD, path, {})
    assert isinstance(change, dict)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ModelFileError, match="json") as caught:
        load(path)
    assert told in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read"):
        load(tmp_path / "none.json")


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    save(HEAD, path, {})
    path.chmod(0o444)
    before = path.read_bytes()
    with pytest.raises(PermissionError, match=r"read-only \(chmod u\+w\): .*a\.json"):
        write_all({tmp_path / "new.json": b"{}", path: b"{}"})
    assert ([*tmp_path.iterdir()], path.read_bytes()) == ([path], before)
