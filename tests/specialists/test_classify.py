"""`tiergate classify`: every line ends in one of two files, once, however often a run is killed."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from psutil import Process, wait_procs

from router.api.compose.labelling.classify_file import Done, Files, classify_file
from router.api.compose.labelling.windows import MAX_LINE_BYTES, row_of
from router.api.compose.labelling.windows import ROWS as WINDOW
from router.api.compose.labelling.workers import Here
from router.errors import ClassifyError
from router.specialists.result import Field, Said
from tests.kits.server_kit import PYTHON, environment, tiergate

IDENTITY = {"policy": "p", "policy_hash": "h", "model_version": "m", "task": "t"}


class Lengths:
    """A specialist that says how long a text is; may fail after some windows, as a kill does."""

    def __init__(self, windows: int = 10**9) -> None:
        self.windows, self.early = windows, 0

    def say(self, texts: Sequence[str]) -> list[Said]:
        if self.windows == 0:
            raise KeyboardInterrupt
        self.windows -= 1
        field = {text: Field(str(len(text)), 1.0, ((str(len(text)), 1.0),)) for text in texts}
        return [Said({"length": field[text]}, "allow", "always") for text in texts]


def files(folder: Path, name: str = "in.jsonl") -> Files:
    return Files(folder / name, folder / "out.jsonl", folder / "out.jsonl.bad")


def run(where: Files, specialist: Lengths | None = None, **changes: object) -> Done:
    given: dict[str, object] = {
        "text_column": "text", "again": False, "progress": lambda read, rows: None,
    }  # fmt: skip
    return classify_file(
        Here(specialist or Lengths()),
        changes.pop("identity", IDENTITY),
        where,
        **{**given, **changes},
    )  # type: ignore[arg-type]


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_rows(path: Path, count: int, bad_every: int = 7) -> Path:
    rows = [json.dumps({"id": i, "text": "x" * (i % 50 + 1)}) for i in range(count)]
    rows = ["nonsense" if i % bad_every == 3 else row for i, row in enumerate(rows)]
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not "),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b"[1]", "not an object but list"),
        (b'{"title": "x"}', "no 'text', and no subject or body"),
        (b'{"text": 3}', "'text' is int, not text"),
        (b'{"text": "  "}', "'text' is empty"),
        (b'{"text": null}', "'text' is NoneType, not text"),
    ],
)
def test_what_is_no_row_is_told(line: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        row_of(line, "text")
    assert why in str(caught.value)


@pytest.mark.parametrize("before", [0, WINDOW - 2, WINDOW - 1])  # its parts may be of two windows
@pytest.mark.parametrize("parts", [1.5, 2, 3.5])
def test_a_line_that_is_too_long_is_refused_once(tmp_path: Path, parts: float, before: int) -> None:
    where = files(tmp_path)
    row = b'{"text": "short"}\n'
    long = b'{"text": "' + b"x" * int(MAX_LINE_BYTES * parts) + b'"}\n'
    where.source.write_bytes(row * before + long + row)
    done = run(where)
    assert (done.rows, done.bad) == (before + 1, 1)
    assert [bad["line"] for bad in lines_of(where.bad)] == [before + 1]
    assert lines_of(where.out)[-1]["line"] == before + 2


def test_subject_and_body_stand_in_for_the_text() -> None:
    assert row_of(b'{"id": 7, "subject": "Hi", "body": "there"}', "text") == (7, "Hi\n\nthere")


def test_every_line_is_in_one_of_the_two_files(tmp_path: Path) -> None:
    where = files(tmp_path)
    write_rows(where.source, 3 * WINDOW // 2)
    done = run(where)
    good = [row["line"] for row in lines_of(where.out)]
    bad = [row["line"] for row in lines_of(where.bad)]
    assert sorted([*good, *bad]) == list(range(1, 3 * WINDOW // 2 + 1))
    assert good == sorted(good)
    assert (done.rows, done.bad) == (len(good), len(bad))
    assert lines_of(where.out)[0]["fields"]["length"]["label"] == "1"  # type: ignore[index]


@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_interrupted_run_goes_on_to_the_same_files(tmp_path: Path, after: int) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
        write_rows(folder / "in.jsonl", 2 * WINDOW + 100)
    run(files(whole))
    with pytest.raises(KeyboardInterrupt):
        run(files(broken), Lengths(windows=after))
    with files(broken).out.open("ab") as out:
        out.write(b'{"line": 99999, "half a')  # written, but not yet in the state
    done = run(files(broken))
    assert done.resumed + done.rows == len(lines_of(files(whole).out))
    for name in ("out.jsonl", "out.jsonl.bad"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()


def test_a_grown_file_is_gone_on_with(tmp_path: Path) -> None:
    where = files(tmp_path)
    write_rows(where.source, 20)
    run(where)
    with where.source.open("a") as source:
        source.write('{"text": "one more"}\n')
    done = run(where)
    assert (done.rows, done.resumed) == (1, 17)
    assert lines_of(where.out)[-1]["line"] == 21


def test_lines_are_numbered_right_where_the_last_one_was_not_ended(tmp_path: Path) -> None:
    where = files(tmp_path)
    where.source.write_bytes(b'{"text": "one"}\n{"text": "two"}')
    run(where)
    with where.source.open("ab") as source:
        source.write(b'\n{"text": "three"}\n')
    done = run(where)
    assert (done.rows, done.resumed) == (1, 2)
    assert [row["line"] for row in lines_of(where.out)] == [1, 2, 3]


def test_a_finished_file_is_not_read_again(tmp_path: Path) -> None:
    where = files(tmp_path)
    write_rows(where.source, 20)
    run(where)
    assert run(where, Lengths(windows=0)).rows == 0


def test_gzip_is_read(tmp_path: Path) -> None:
    where = files(tmp_path, "in.jsonl.gz")
    plain = write_rows(tmp_path / "plain.jsonl", 30)
    where.source.write_bytes(gzip.compress(plain.read_bytes()))
    assert run(where).rows == 26


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("policy", "policy_hash h -> other"),
        ("input", "changed within its first 20 lines"),
        ("out", "is shorter than its state records"),
        ("state", "is no state"),
        ("no state", "no state of a run that could continue"),
    ],
)
def test_a_run_does_not_go_on_under_another_state_of_things(
    tmp_path: Path, change: str, message: str
) -> None:
    where = files(tmp_path)
    write_rows(where.source, 20)
    run(where)
    identity = IDENTITY
    if change == "policy":
        identity = {**IDENTITY, "policy_hash": "other"}
    elif change == "input":
        write_rows(where.source, 20, bad_every=5)
    elif change == "out":
        where.out.write_bytes(b"")
    elif change == "state":
        where.state.write_text("{")
    else:
        where.state.unlink()
    with pytest.raises(ClassifyError, match=message):
        run(where, identity=identity)
    assert run(where, identity=identity, again=True).rows > 0


@pytest.mark.parametrize("name", ["absent.jsonl", "cut.jsonl.gz", "altered.jsonl.gz"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    if name.startswith("cut"):
        (tmp_path / name).write_bytes(gzip.compress(os.urandom(5_000))[:2_000])
    if name.startswith("altered"):
        packed = bytearray(gzip.compress(b'{"text": "hello there"}\n' * 500))
        packed[20:30] = b"\xff" * 10
        (tmp_path / name).write_bytes(packed)
    before = set(tmp_path.iterdir())
    with pytest.raises(ClassifyError):
        run(files(tmp_path, name))
    assert set(tmp_path.iterdir()) == before  # no empty results


def test_a_file_of_other_rows_may_be_tried_again_with_their_key(tmp_path: Path) -> None:
    where = files(tmp_path)
    where.source.write_text('{"words": "hello there"}\n' * 3)
    assert (run(where).bad, where.out.exists()) == (3, False)
    done = run(where, text_column="words")
    assert (done.rows, done.bad) == (3, 0)
    assert len(lines_of(where.out)) == 3
    assert lines_of(where.bad) == []


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    source = tmp_path / "mails.jsonl"
    source.write_text('{"text": "You won a prize, call now to claim $1000"}\nnonsense\n')
    out = tmp_path / "said.jsonl"
    said = tiergate("classify", source, "--policy", "email_pipeline", "-o", out, "--json")
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout)
    assert (told["rows"], told["bad"]) == (1, 1)
    assert told["peak_rss_bytes"] > 10**7
    assert told["disk_bytes"]["model"] > 10**6
    assert set(lines_of(out)[0]["fields"]) == {"spam", "department", "priority"}  # type: ignore[call-overload]
    assert lines_of(tmp_path / "said.jsonl.bad")[0]["line"] == 2


def test_a_file_without_a_single_row_ends_with_a_code(tmp_path: Path) -> None:
    source = tmp_path / "mails.csv"
    source.write_text("text,label\nMy laptop does not start,broken\n")
    said = tiergate("classify", source, "-o", tmp_path / "said.jsonl")
    assert said.returncode == 1
    assert "is a row (line 1: not JSON" in said.stderr
    assert "expected one JSON object a line in UTF-8, with 'text'" in said.stderr
    assert "csv.DictReader" in said.stderr
    assert len(lines_of(tmp_path / "said.jsonl.bad")) == 2
    assert not (tmp_path / "said.jsonl").exists()


def test_words_alone_leave_nothing_to_the_encoder(tmp_path: Path) -> None:
    source = tmp_path / "mails.jsonl"
    source.write_text('{"text": "My laptop does not start"}\n')
    options = ("--encoder", "never", "--task", "spam")
    said = tiergate("classify", source, "-o", tmp_path / "out", *options)
    assert "all of them were read only by their words" in said.stdout
    assert "others by the encoder" not in said.stdout


def test_one_field_may_be_asked_alone(tmp_path: Path) -> None:
    source = tmp_path / "mails.jsonl"
    source.write_text('{"text": "My laptop does not start"}\n')
    out = tmp_path / "said.jsonl"
    said = tiergate("classify", source, "--task", "department", "-o", out)
    assert said.returncode == 0, said.stderr
    assert set(lines_of(out)[0]) == {"line", "fields"}


def test_processes_write_what_one_process_writes(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "mails.jsonl", 5 * WINDOW)
    outs = []
    for processes in (1, 2):
        out = tmp_path / f"said-{processes}.jsonl"
        said = tiergate(
            "classify", source, "-o", out, "--json", "--task", "spam",
            "--processes", processes, "--threads", 1,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
        told = json.loads(said.stdout)
        assert told["rows"] + told["bad"] == 5 * WINDOW
        assert told["by_words_alone"] > 0
        outs.append([told["by_words_alone"], told["labels"], out.read_bytes()])
        outs[-1].append((tmp_path / f"said-{processes}.jsonl.bad").read_bytes())
    assert outs[0] == outs[1]


def test_a_process_that_ends_loses_no_row(tmp_path: Path) -> None:
    source, out = write_rows(tmp_path / "mails.jsonl", 6 * WINDOW), tmp_path / "said.jsonl"
    command = [PYTHON, "-m", "router.cli", "classify", str(source), "-o", str(out)]
    process = subprocess.Popen(
        [*command, "--processes", "2"], env=environment(), stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while (not out.exists() or out.stat().st_size == 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    readers = [
        child
        for child in Process(process.pid).children()
        if "spawn_main" in " ".join(child.cmdline())
    ]
    readers[0].kill()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "a process that reads ended before its work was done" in said
    assert "give it fewer --processes" in said
    assert tiergate("classify", source, "-o", out, "--processes", 2).returncode == 0
    whole = tmp_path / "whole.jsonl"
    assert tiergate("classify", source, "-o", whole).returncode == 0
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.crash
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_no_process_behind(tmp_path: Path, how: signal.Signals) -> None:
    source, out = write_rows(tmp_path / "mails.jsonl", 20 * WINDOW), tmp_path / "said.jsonl"
    command = [PYTHON, "-m", "router.cli", "classify", str(source), "-o", str(out)]
    process = subprocess.Popen(
        [*command, "--processes", "2"],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while (not out.exists() or out.stat().st_size == 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    started = Process(process.pid).children(recursive=True)
    process.send_signal(how)
    process.wait()
    _, alive = wait_procs(started, timeout=20)
    for child in alive:
        child.kill()
    assert len(started) >= 2
    assert alive == []


@pytest.mark.crash
def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    source, out = tmp_path / "mails.jsonl", tmp_path / "said.jsonl"
    source.write_text(
        "".join(json.dumps({"text": f"mail {i} " + "word " * 40}) + "\n" for i in range(6_000))
    )
    command = [PYTHON, "-m", "router.cli", "classify", str(source), "-o", str(out)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while (not out.exists() or out.stat().st_size == 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = tiergate("classify", source, "-o", out)
    assert again.returncode == 0, again.stderr
    assert [row["line"] for row in lines_of(out)] == list(range(1, 6_001))


SERVER = (
    *("aiohttp", "alembic", "httptools", "jsonschema", "orjson", "prometheus_client"),
    *("sqlalchemy", "structlog", "uvloop", "litellm", "xllamacpp", "scipy", "torch"),
)
"""Packages of the server. Classifying needs onnxruntime, tokenizers, numpy, msgspec for values, and
what policies and the terminal need (pydantic, PyYAML, typer, rich)."""

WITHOUT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} is not there", name=name)

blocked = set(sys.argv.pop(1).split(","))
sys.meta_path.insert(0, Blocked())
from router.cli import main
main()
"""


def test_classifying_needs_no_server_packages(tmp_path: Path) -> None:
    source, out = tmp_path / "mails.jsonl", tmp_path / "said.jsonl"
    source.write_text('{"text": "My laptop does not start"}\n')
    command = [sys.executable, "-c", WITHOUT, ",".join(SERVER), "classify", str(source), "--json"]
    said = subprocess.run(
        [*command, "-o", str(out)], env=environment(), capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert len(lines_of(out)) == 1
