"""Tests what a started server says about its address."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from router.api.compose.sockets import listen
from router.api.process.banner import Listening
from router.triage.encoder import import_onnxruntime
from tests.kits.books.postgres_kit import Postgres
from tests.kits.server_kit import (
    COMMAND_S,
    Running,
    Served,
    Upstream,
    environment,
    tiergate,
    write_policy,
)


@pytest.mark.parametrize(("host", "everywhere"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_a_server_on_every_address_is_told_by_one_that_works_here(
    host: str, everywhere: bool
) -> None:
    with listen(host, 0) as listener:
        told = Listening.of(listener, secured=True)
        port = listener.getsockname()[1]
    assert (told.url, told.everywhere) == (f"http://127.0.0.1:{port}", everywhere)


@pytest.mark.parametrize(
    ("listening", "shown"),
    [
        (Listening("http://127.0.0.1:8080", secured=True), False),
        (Listening("http://[::1]:8080", secured=True), False),
        (Listening("http://127.0.0.1:8080", secured=True, everywhere=True), True),
        (Listening("http://10.0.0.5:8080", secured=True), True),
        (Listening("http://10.0.0.5:8080", secured=True, admin_url="http://127.0.0.1:1"), False),
    ],
)
def test_metrics_that_other_machines_reach_are_named(listening: Listening, shown: bool) -> None:
    assert listening.guards_metrics is shown


@pytest.mark.parametrize(
    ("listening", "beyond"),
    [
        (Listening("http://127.0.0.1:8080", secured=True), False),
        (Listening("http://127.0.0.1:8080", secured=True, everywhere=True), True),
        (Listening("http://10.0.0.5:8080", secured=True, admin_url="http://127.0.0.1:1"), True),
    ],
)
def test_address_of_other_machines_is_known(listening: Listening, beyond: bool) -> None:
    assert listening.beyond is beyond


@pytest.mark.process
def test_keys_in_clear_are_a_warning(upstream: Upstream, tmp_path: Path) -> None:
    policy, database = write_policy(tmp_path, upstream.url), tmp_path / "ledger.db"
    assert tiergate("keys", "create", "--tenant", "a", "--database", database).returncode == 0
    options = ("--policy", policy, "--database", database, "--port", "0")
    with Running(tmp_path, "serve", "--host", "0.0.0.0", *options) as served:
        served.wait_for("ready: ")
        assert "keys, prompts and answers travel in clear" in served.output
    with Running(tmp_path, "serve", *options) as served:
        served.wait_for("ready: ")
        assert "in clear" not in served.output


def printed_report(served: Served) -> str:
    """The command that the banner prints for a report."""
    return str(served.wait_for(r"(?m)^  report     (.+)$")[1])


def ran_in_a_shell(command: str, folder: Path, **more: str) -> str:
    """The page that the command writes; into `folder`, since it is printed without one."""
    page = folder / "report.html"
    command = command.replace("report.html", str(page))
    run = subprocess.run(
        command,
        shell=True,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
    )
    assert run.returncode == 0, f"{command}\n{run.stderr}"
    return page.read_text(encoding="utf-8")


@pytest.mark.process
def test_the_printed_report_command_works_for_a_folder_with_a_space(
    upstream: Upstream, tmp_path: Path
) -> None:
    folder = tmp_path / "the client's books"
    folder.mkdir()
    with Served(folder, write_policy(folder, upstream.url)) as served:
        assert served.chat().status_code == 200
        assert "1 request cost" in ran_in_a_shell(printed_report(served), tmp_path)


@pytest.mark.process
def test_the_printed_report_command_takes_the_address_from_the_environment(
    upstream: Upstream, tmp_path: Path
) -> None:
    told = {"TIERGATE_DATABASE": str(tmp_path / "ledger.db")}
    with Served(tmp_path, write_policy(tmp_path, upstream.url), **told) as served:
        command = printed_report(served)
        assert "--database" not in command
        assert "No requests" in ran_in_a_shell(command, tmp_path, **told)


@pytest.mark.process
def test_the_printed_report_command_of_a_server_needs_its_password_alone(
    upstream: Upstream, tmp_path: Path, postgres: Postgres
) -> None:
    address = postgres.new_database().replace("postgres@", "postgres:very-secret@")
    with Served(tmp_path, write_policy(tmp_path, upstream.url), ledger=address) as served:
        command = printed_report(served)
        assert command.startswith("PGPASSWORD=YOUR_PASSWORD ")
        assert not re.search(r"very-secret|\*\*\*", command)
        assert "No requests" in ran_in_a_shell(command, tmp_path)


SEALING = {"TIERGATE_TEXT_KEYS": "k1:" + base64.b64encode(b"1" * 32).decode()}


@pytest.mark.parametrize(
    ("privacy", "environ", "told"),
    [
        ({"store": "none"}, {}, "decided: tested (privacy.waiting); not sealed"),
        ({"store": "none"}, SEALING, "decided: tested (privacy.waiting); sealed."),
        ({"store": "none", "waiting": "none"}, {}, "(privacy.waiting: none in tested)"),
        ({"store": "redacted"}, {}, ""),
    ],
)
def test_the_start_says_what_is_kept_for_those_who_review(
    upstream: Upstream,
    tmp_path: Path,
    privacy: dict[str, str],
    environ: dict[str, str],
    told: str,
) -> None:
    output = _output(upstream, tmp_path, privacy, environ)
    assert told in " ".join(output.split())
    assert ("  reviews  " in output) is bool(told)


@pytest.mark.parametrize(
    ("privacy", "environ", "told"),
    [
        (
            {"store": "redacted"},
            {},
            "stored redacted for 30 days: tested (privacy.store); not sealed, since",
        ),
        (
            {"store": "full", "retention_days": 1},
            SEALING,
            "stored in full for 1 day: tested (privacy.store); sealed.",
        ),
        ({"store": "none"}, SEALING, ""),
    ],
)
def test_the_start_says_if_texts_are_sealed_exactly_where_they_are_stored(
    upstream: Upstream,
    tmp_path: Path,
    privacy: dict[str, object],
    environ: dict[str, str],
    told: str,
) -> None:
    output = _output(upstream, tmp_path, privacy, environ)
    assert told in " ".join(output.split())
    assert ("  texts  " in output) is bool(told)


def _output(
    upstream: Upstream, folder: Path, privacy: Mapping[str, object], environ: Mapping[str, str]
) -> str:
    """Returns what a server prints at its start under a policy with this section `privacy`."""
    with Served(folder, write_policy(folder, upstream.url, privacy=privacy), **environ) as served:
        return served.output


@pytest.mark.process
@pytest.mark.skipif(
    "CUDAExecutionProvider" in import_onnxruntime().get_available_providers(),
    reason="this onnxruntime is for GPUs",
)
@pytest.mark.parametrize(("level", "first"), [("info", "Tiergate serves"), ("debug", '{"triage"')])
def test_the_banner_comes_first_where_nobody_expects_a_gpu(
    upstream: Upstream, tmp_path: Path, level: str, first: str
) -> None:
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy, "--log-level", level) as served:
        starts, loads, then = served.output.split("\n", 2)
        assert starts.startswith("Tiergate starts: reads the policy ")
        assert loads.startswith("Loads what reads requests, ")
        assert then.startswith(first)
        assert ('"event": "device", "level": "debug"' in served.output) is (level == "debug")
