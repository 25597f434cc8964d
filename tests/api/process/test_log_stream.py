"""A log that cannot be written costs lines, and nothing else."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx
import pytest
import structlog

from router.api.process.log_stream import LogStream
from tests.kits.server_kit import ROUTINE, Upstream, environment, eventually, write_ladder

LINE = "x" * 500


@pytest.fixture
def pipe() -> Iterator[tuple[int, IO[bytes]]]:
    """Returns the ends of a pipe with room for one page."""
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        pytest.skip("this system cannot set the size of a pipe")
    reads, writes = os.pipe()
    fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, 4096)
    with open(reads, "rb") as reader:
        yield writes, reader
    os.close(writes)


def test_a_reader_that_reads_no_more_is_not_waited_for(pipe: tuple[int, IO[bytes]]) -> None:
    descriptor, reader = pipe
    stream = LogStream(descriptor)
    file = stream.text()
    began_s = time.monotonic()
    for _ in range(200):
        file.write(LINE)
    assert time.monotonic() - began_s < 30  # a wait of a second for each line would take 200
    assert 100 < stream.lost < 200
    os.read(reader.fileno(), 4096)
    assert stream.say_lost(None, "info", {}) == {"lines_lost": stream.lost}
    file.write("back")
    assert os.read(reader.fileno(), 4096) == b"back"
    assert stream.say_lost(None, "info", {}) == {}


def test_a_reader_that_is_behind_holds_up_no_line(pipe: tuple[int, IO[bytes]]) -> None:
    descriptor, reader = pipe
    stream = LogStream(descriptor)
    waited_s = 0.0
    for _ in range(10):
        stream.write(LINE.encode() * 8)
        began_s = time.monotonic()
        stream.write(LINE.encode())
        waited_s += time.monotonic() - began_s
        os.read(reader.fileno(), 4096)
    assert waited_s < 5  # a wait of a second for each line would take 10


def test_a_line_that_is_longer_than_the_room_is_lost(pipe: tuple[int, IO[bytes]]) -> None:
    descriptor, reader = pipe
    stream = LogStream(descriptor)
    writing = threading.Thread(target=stream.write, args=(b"x" * 10_000 + b"\n",), daemon=True)
    writing.start()
    writing.join(10)
    assert not writing.is_alive()
    assert stream.lost == 1
    # The line after it does not continue its beginning.
    assert os.read(reader.fileno(), 10_000) == b"x" * 4096
    stream.write(b"next\n")
    assert os.read(reader.fileno(), 4096) == b"\nnext\n"
    stream.write(b"last\n")
    assert os.read(reader.fileno(), 4096) == b"last\n"


def test_a_long_line_is_written_whole_where_there_is_room() -> None:
    reads, writes = os.pipe()
    stream = LogStream(writes)
    stream.write(b"x" * 10_000)
    assert (os.read(reads, 20_000), stream.lost) == (b"x" * 10_000, 0)
    os.close(reads)
    os.close(writes)


def test_a_reader_that_has_gone_costs_lines(pipe: tuple[int, IO[bytes]]) -> None:
    descriptor, reader = pipe
    reader.close()
    stream = LogStream(descriptor)
    log = structlog.WriteLogger(stream.text())
    log.warning(LINE)
    assert stream.lost == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_costs_lines() -> None:
    with open("/dev/full", "wb") as full:
        stream = LogStream(full.fileno())
        stream.text().write(LINE)
        assert stream.lost == 1


@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_server_whose_log_is_full_goes_on_to_the_next_answerer(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream, open("/dev/full", "wb") as full:
        policy = write_ladder(tmp_path, "ladder", upstream.url, "status:503", "answer")
        options = ["--port", "0", "--database", str(tmp_path / "l.db"), "--policy", str(policy)]
        command = [sys.executable, "-m", "router.cli", "serve", "--access-log", *options]
        banner = tmp_path / "banner"
        with banner.open("wb") as out:
            server = subprocess.Popen(command, stdout=out, stderr=full, env=environment())
        try:
            eventually(lambda: "ready: http" in banner.read_text() or server.poll() is not None)
            url = banner.read_text().partition("Tiergate serves ")[2].split()[0]
            response = httpx.post(f"{url}/v1/chat/completions", json=ROUTINE, timeout=120.0)
        finally:
            server.terminate()
            ended = server.wait(120)
    assert (response.status_code, ended) == (200, 0), response.text


@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_server_whose_banner_cannot_be_written_starts(tmp_path: Path) -> None:
    options = ["--port", "0", "--database", str(tmp_path / "l.db")]
    command = [sys.executable, "-m", "router.cli", "serve", *options]
    log = tmp_path / "log"
    with open("/dev/full", "wb") as full, log.open("wb") as errors:
        server = subprocess.Popen(command, stdout=full, stderr=errors, env=environment())
        try:
            eventually(lambda: "ready: http" in log.read_text() or server.poll() is not None)
            url = log.read_text().partition("Tiergate serves ")[2].split()[0]
            live = httpx.get(f"{url}/healthz", timeout=120.0)
        finally:
            server.terminate()
            ended = server.wait(120)
    assert (live.status_code, ended) == (200, 0)
    assert "tiergate: standard output cannot be written" in log.read_text()
