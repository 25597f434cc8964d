"""Commands write over nothing that they read, and take no empty name for the current folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.cli.exits import Exit
from tests.kits.server_kit import tiergate

pytestmark = pytest.mark.process

WRITES_OVER = {
    "results": ("classify", "FILE", "--out", "FILE", "--again"),
    "lines that are no rows": ("classify", "FILE", "--out", "OTHER", "--bad", "FILE"),
    "results and lines that are none": ("classify", "FILE", "--out", "OTHER", "--bad", "OTHER"),
    "suggestions": ("train", "suggest", "FILE", "--head", "spam", "--out", "FILE"),
    "a certificate": ("tune", "--labels", "FILE", "--out", "FILE"),
    "a head": ("train", "answers", "--data", "FILE", "--out", "FILE"),
    "a page": ("plan", "FILE", "--html", "FILE"),
}


@pytest.mark.parametrize("what", WRITES_OVER)
def test_a_file_that_is_read_is_not_written_over(tmp_path: Path, what: str) -> None:
    file = tmp_path / "texts.jsonl"
    text = json.dumps({"text": "Where is my parcel?"}) + "\n"
    file.write_text(text, encoding="utf-8")
    places = {"FILE": str(file), "OTHER": str(tmp_path / "other.jsonl")}
    run = tiergate(*(places.get(one, one) for one in WRITES_OVER[what]))
    assert run.returncode == Exit.USAGE, run.stderr
    assert "is also what is read, and would be lost; expected the name of another" in run.stderr
    assert file.read_text(encoding="utf-8") == text
    assert [one.name for one in tmp_path.iterdir()] == ["texts.jsonl"]


@pytest.mark.parametrize("command", [("knowledge", "add"), ("models", "add", "head", "h")])
def test_an_empty_name_does_not_mean_the_current_folder(command: tuple[str, ...]) -> None:
    run = tiergate(*command, "")
    assert run.returncode == Exit.USAGE
    assert "found an empty name; expected a file or a folder, '.' for the current one" in run.stderr


@pytest.mark.parametrize("what", ["grave", "harm"])
def test_a_mistyped_folder_of_data_teaches_nothing_in_silence(tmp_path: Path, what: str) -> None:
    out = ("--out", tmp_path / "heads") if what == "harm" else ()
    places = ("--data", tmp_path / "dta", "--model-dir", tmp_path / "model", *out)
    run = tiergate("train", what, *places)
    assert run.returncode == Exit.FAILURE
    assert "dta holds none of the" in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["FILE", "--out", "--bad"])
def test_a_link_to_itself_is_named_without_a_traceback(tmp_path: Path, option: str) -> None:
    file, loop = tmp_path / "texts.jsonl", tmp_path / "loop.jsonl"
    file.write_text(json.dumps({"text": "Where is my parcel?"}) + "\n", encoding="utf-8")
    loop.symlink_to(loop)
    given = {"FILE": file, "--out": tmp_path / "out.jsonl", "--bad": tmp_path / "bad.jsonl"}
    given[option] = loop
    source, *places = given.items()
    run = tiergate("classify", source[1], *(word for place in places for word in place))
    assert run.returncode == Exit.FAILURE
    assert "Traceback" not in run.stderr
    assert "Too many levels of symbolic links; expected" in run.stderr
