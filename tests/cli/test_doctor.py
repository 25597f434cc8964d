"""Tests what `tiergate doctor` finds, and the commands that it advises."""

from __future__ import annotations

import os
import re
import shlex
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from inspect import getsource
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from router.api.compose.checkup import Checkup, _onnxruntime, _package
from router.api.compose.examined.finding import Finding, State, summary
from router.api.compose.examined.places import (
    rates_finding,
    redis_finding,
    temporary_finding,
)
from router.api.compose.running_server import is_here
from router.cli.commands import app
from router.cli.models.train import train
from router.cli.serve.doctor import PART_WIDTH, _show, shown
from router.errors.installing import pip_install
from router.ledger.sql.database import Database
from router.policy.certificate import Certificate, DomainCertificate
from router.stats.exact_bounds import upper_bound
from router.triage.devices.placement import CUDA
from router.triage.encoder import import_onnxruntime
from router.triage.triage_model import DEFAULT_FOLDER
from router.types import Domain
from tests.api.http.test_admin_listen import new_key
from tests.kits.dashboard_kit import answerer
from tests.kits.server_kit import Served, Upstream, tiergate, write_policy
from tests.rate_limits.test_redis import redis_server


def name_of(callback: Callable[..., object]) -> str:
    """Returns the name of a command, as the command line spells it."""
    return callback.__name__.replace("_", "-")


def test_missing_package_is_installed_by_the_environment_that_runs() -> None:
    finding = _package("no-such-package-here", "nothing", extra="local")
    assert finding.state is State.MISSING
    assert shlex.split(finding.fix) == shlex.split(pip_install("local"))


def test_missing_part_that_serving_does_not_need_is_called_optional(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _show(_package("no-such-package-here", "nothing"))
    _show(_package("no-such-package-here", "all", essential=True))
    told = capsys.readouterr().out.split("\n")
    assert told[0].startswith("optional")
    assert told[3].startswith("missing")


def test_parts_follow_the_first_line_as_they_are_looked_at(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A look at everything takes seconds, during which nothing was printed."""
    before: list[str] = []

    def looked_at() -> Iterator[Finding]:
        for part in ("python", "port"):
            yield Finding(part, State.OK, "3.11", "")
            before.append(capsys.readouterr().out)

    assert [finding.part for finding in shown(looked_at())] == ["python", "port"]
    assert [out.split()[:2] for out in before] == [["ok", "python"], ["ok", "port"]]


def test_machine_without_a_gpu_is_whole_and_hears_what_the_extra_gives(tmp_path: Path) -> None:
    checkup = Checkup(tmp_path / "ledger.db", "127.0.0.1", 0, DEFAULT_FOLDER, {}, quick=True)
    finding = checkup.gpu()
    if CUDA in import_onnxruntime().get_available_providers():
        assert finding.state is not State.BROKEN
        return
    assert finding.state is State.MISSING
    assert finding.optional
    assert "the installed onnxruntime knows only" in finding.found
    assert "extra `gpu`" in finding.fix


def test_runtime_of_either_package_is_found() -> None:
    finding = _onnxruntime()
    assert (finding.part, finding.state, finding.essential) == ("onnxruntime", State.OK, True)


def test_torch_is_told_to_give_only_the_trainings_that_need_it(tmp_path: Path) -> None:
    checkup = Checkup(tmp_path / "l.db", "127.0.0.1", 1, DEFAULT_FOLDER, {}, quick=True)
    (torch,) = (finding for finding in checkup.findings() if finding.part == "torch")
    callbacks = [one.callback for one in train.registered_commands if one.callback is not None]
    needs = {name_of(one) for one in callbacks if "with_torch(" in getsource(one)}
    given = set(re.findall(r"[a-z-]+", torch.gives))
    assert given & set(map(name_of, callbacks)) == needs


def test_policy_that_cannot_be_made_ready_leaves_the_others_whole(tmp_path: Path) -> None:
    row = DomainCertificate(0.9, 300, 0, upper_bound(0, 300, 0.05), 300)
    domains = {Domain.CUSTOMER_SUPPORT: row}
    of_another_model = Certificate("2026-11-20", 0.02, 0.95, "0" * 64, ("t1",), (), domains, "1")
    (tmp_path / "certificate.json").write_text(of_another_model.sealed().to_text())
    local = "{name: small, kind: local, max_output_tokens: 8, verify: {default: none}}"
    text = f"version: 1\nname: NAME\ntiers: [{{name: llm, level: 2, answerers: [{local}]}}]\n"
    certified = "decision: {mode: certified, certificate: certificate.json}\n"
    files = {"first": text + certified, "second": text, "third": text}
    for name, content in files.items():
        (tmp_path / f"{name}.yaml").write_text(content.replace("NAME", name))
    policies = [str(tmp_path / f"{name}.yaml") for name in files]
    checkup = Checkup(tmp_path / "l.db", "127.0.0.1", 0, DEFAULT_FOLDER, {}, policies=policies)
    states = {finding.part: finding for finding in checkup.findings()}
    assert "certificate for triage t1" in states["policy first"].found
    assert states["policy first"].fatal
    assert states["policy second"].state is states["policy third"].state is State.OK


def ports_finding(folder: Path, port: int) -> Finding:
    checkup = Checkup(folder / "l.db", "127.0.0.1", port, DEFAULT_FOLDER, {}, quick=True)
    return next(finding for finding in checkup.findings() if finding.part == "port")


def test_key_of_several_answerers_counts_once_with_their_names(tmp_path: Path) -> None:
    answerers = [
        f"{{name: {name}, kind: upstream, model: m, base_urls: [https://llm.example/v1], "
        'api_key: "${SOME_KEY}"}'
        for name in ("nano", "mini")
    ]
    for name in ("first", "second"):
        (tmp_path / f"{name}.yaml").write_text(
            f"version: 1\nname: {name}\ntiers:\n"
            f"  - {{name: llm, level: 2, answerers: [{', '.join(answerers)}]}}\n"
        )
    policies = [str(tmp_path / "first.yaml"), str(tmp_path / "second.yaml")]
    checkup = Checkup(
        tmp_path / "l.db", "127.0.0.1", 0, DEFAULT_FOLDER, {}, quick=True, policies=policies
    )
    findings = list(checkup.findings())
    (key,) = [finding for finding in findings if finding.is_key]
    assert (key.part, key.gives) == ("key ${SOME_KEY}", "nano, mini of first; nano, mini of second")
    assert summary(findings).endswith("1 provider key not set")


def test_port_that_something_else_has_fails_the_check(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert ports_finding(tmp_path, taken.getsockname()[1]).fatal


@pytest.mark.process
def test_port_where_tiergate_itself_answers_is_well(tmp_path: Path) -> None:
    with Served(tmp_path, "--policy", "customer_support") as served:
        port = int(served.url.rpartition(":")[2])
        finding = ports_finding(tmp_path, port)
    assert finding.state is State.OK
    assert finding.found == f"a Tiergate answers at 127.0.0.1:{port}"


@pytest.mark.process
def test_answerer_whose_key_is_refused_by_a_running_server_is_to_fix(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        wrong = answerer("mid", "status:401", upstream.url, 10)
        tiers = [{"name": "llm", "level": 2, "answerers": [wrong]}]
        policy = tmp_path / "wrong.yaml"
        content = {
            "version": 1,
            "name": "wrong",
            "tiers": tiers,
            "exhausted": {"default": "refuse"},
        }
        policy.write_text(yaml.safe_dump(content), encoding="utf-8")
        with Served(tmp_path, policy) as served:
            refused = served.chat()
            port = int(served.url.rpartition(":")[2])
            checkup = Checkup(tmp_path / "l.db", "127.0.0.1", port, DEFAULT_FOLDER, {}, quick=True)
            (finding,) = checkup._running()
            place = ("--port", str(port), "-d", str(tmp_path / "l.db"), "-p", str(policy))
            ended = CliRunner().invoke(app, ["doctor", "--quick", *place])
    assert ended.exit_code == 1
    assert "1 to fix (answerer mid)" in ended.output
    assert "check `api_key` of answerer mid" in finding.fix
    assert refused.status_code == 502
    assert (finding.part, finding.state) == ("answerer mid", State.BROKEN)
    assert finding.found.startswith("key_refused: ")


@pytest.mark.process
def test_a_refused_key_whose_variable_is_unset_asks_for_the_variable(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        wrong = {**answerer("mid", "status:401", upstream.url, 10), "api_key": "${SOME_KEY}"}
        tiers = [{"name": "llm", "level": 2, "answerers": [wrong]}]
        policy = tmp_path / "wrong.yaml"
        policy.write_text(yaml.safe_dump({"version": 1, "name": "w", "tiers": tiers}), "utf-8")
        with Served(tmp_path, policy) as served:
            served.chat()
            port = int(served.url.rpartition(":")[2])
            fixes = []
            for environ in ({}, {"SOME_KEY": "sk-of-the-provider"}):
                checkup = Checkup(
                    tmp_path / "l.db",
                    "127.0.0.1",
                    port,
                    DEFAULT_FOLDER,
                    environ,
                    True,
                    [str(policy)],
                )
                (finding,) = checkup._running()
                fixes.append(finding.fix)
    assert fixes[0].startswith("set the variable SOME_KEY where the server starts")
    assert "api_key" not in fixes[0]
    assert fixes[1].startswith("check `api_key` of answerer mid")


@pytest.mark.process
def test_a_server_with_keys_tells_its_answerers_to_a_key_with_the_scope_admin(
    tmp_path: Path,
) -> None:
    database = tmp_path / "ledger.db"
    admin, chat = new_key(database, "admin"), new_key(database, "chat")
    with Upstream(tmp_path) as upstream:
        wrong = answerer("mid", "status:401", upstream.url, 10)
        tiers = [{"name": "llm", "level": 2, "answerers": [wrong]}]
        policy = tmp_path / "wrong.yaml"
        policy.write_text(yaml.safe_dump({"version": 1, "name": "w", "tiers": tiers}), "utf-8")
        with Served(tmp_path, policy) as served:
            served.client.headers["authorization"] = f"Bearer {chat}"
            assert served.chat().status_code == 502
            port = int(served.url.rpartition(":")[2])
            found = {}
            for key in ("", chat, admin):
                checkup = Checkup(
                    tmp_path / "l.db", "127.0.0.1", port, DEFAULT_FOLDER, {}, True, (), key
                )
                (found[key],) = checkup._running()
            place = ("--port", str(port), "-d", str(tmp_path / "l.db"), "-p", str(policy))
            command = ["doctor", "--quick", *place]
            ended = CliRunner().invoke(app, command, env={"TIERGATE_ADMIN_KEY": admin})
    assert (found[""].state, found[""].part) == (State.NOTE, "answerers")
    assert "TIERGATE_ADMIN_KEY" in found[""].found
    assert (found[chat].state, found[chat].part) == (State.BROKEN, "answerers")
    assert "--scope admin" in found[chat].fix
    assert (found[admin].state, found[admin].part) == (State.BROKEN, "answerer mid")
    assert "1 to fix (answerer mid)" in ended.output
    assert admin not in ended.output


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("localhost", True),
        ("0.0.0.0", True),
        ("::", True),
        ("192.0.2.1", False),  # of nobody (RFC 5737)
        ("no host", False),
    ],
)
def test_an_admin_key_is_sent_only_within_the_machine(host: str, here: bool) -> None:
    assert is_here(host) is here
    checkup = Checkup(Path("l.db"), host, 80, DEFAULT_FOLDER, {}, True, (), "tg_key")
    finding = checkup._untold("answers")
    assert ("the key was not sent" in finding.found) is not here
    assert finding.state is (State.BROKEN if here else State.NOTE)
    assert summary([finding]).startswith("0 OK")


class Odd(BaseHTTPRequestHandler):
    """Answers as a later version may: an answerer without a state, and one that is no object."""

    odd = b'{"answerers": {"new": {}, "odd": 3, "well": {"state": "ready"}}}'

    def do_GET(self) -> None:
        healthy = self.path == "/healthz"
        body = b'{"status":"ok"}' if healthy else self.odd
        self.send_response(200)
        self.send_header("x-request-id", "req_1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Writes nothing."""


class Nested(Odd):
    """Answers with more brackets than a parser of JSON can hold."""

    odd = b"[" * 200_000


@pytest.mark.parametrize(
    ("handler", "told"),
    [(Odd, ("answerer new", "unknown")), (Nested, ("answerers", "not told"))],
)
def test_odd_answers_of_a_running_server_are_told(
    tmp_path: Path, handler: type[Odd], told: tuple[str, str]
) -> None:
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        port = server.server_port
        checkup = Checkup(tmp_path / "l.db", "127.0.0.1", port, DEFAULT_FOLDER, {}, quick=True)
        (finding,) = checkup._running()
    finally:
        server.shutdown()
        server.server_close()
    assert (finding.part, finding.found.partition(":")[0]) == told


def checked(folder: Path, **more: object) -> dict[str, Finding]:
    checkup = Checkup(folder / "l.db", "127.0.0.1", 0, DEFAULT_FOLDER, {}, quick=True, **more)  # type: ignore[arg-type]
    return {finding.part: finding for finding in (checkup._anchors(), redis_finding(checkup.redis))}


def test_redis_that_answers_is_well_and_its_password_is_not_shown(tmp_path: Path) -> None:
    with redis_server(tmp_path) as (url, _):
        found = checked(tmp_path, redis=url.replace("://", "://me:secret@"))["redis"]
        # This server knows no user, so the name of one is refused.
        assert (found.state, "secret" in found.found) == (State.BROKEN, False)
        found = checked(tmp_path, redis=url)["redis"]
        assert (found.state, found.found) == (State.OK, url)


def test_redis_and_anchors_that_fail_are_to_fix(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
        environ = {"TIERGATE_REDIS": url, "TIERGATE_ANCHORS": "/proc/nope/anchors"}
        place = ("--database", str(tmp_path / "l.db"), "--port", "0")
        run = CliRunner().invoke(app, ["doctor", "--quick", *place], env=environ)
    assert run.exit_code == 1
    assert run.stdout.splitlines()[-1].endswith("2 to fix (anchors, redis)")
    for options in (("--redis", "nonsense"), ("--anchors", "/proc/nope/a")):
        run = CliRunner().invoke(app, ["doctor", "--quick", "--", *place, *options])
        assert f"1 to fix ({options[0][2:]})" in run.stdout, run.stdout


def test_anchors_of_another_ledger_are_to_fix_and_no_file_is_made(tmp_path: Path) -> None:
    anchors = tmp_path / "new" / "anchors"
    assert checked(tmp_path, anchors=anchors, redis="x")["anchors"].state is State.OK
    assert not anchors.parent.exists()
    other = tmp_path / "other.anchors"
    other.write_text("{}\n")
    assert checked(tmp_path, anchors=other, redis="x")["anchors"].state is State.BROKEN
    Database.open(tmp_path / "l.db").close()
    found = checked(tmp_path, anchors=other, redis="x")["anchors"]
    assert (found.state, "holds something else" in found.found) == (State.BROKEN, True)


def test_file_of_rates_that_cannot_be_written_stops_a_start_and_is_to_fix(tmp_path: Path) -> None:
    found = rates_finding("postgresql://me@db.example/books", Path("/proc/nope/rates"))
    assert (found.fatal, "--rates" in found.fix) == (True, True)
    written = tmp_path / "new" / "rates"
    assert rates_finding("postgresql://me@db.example/books", written).state is State.OK
    assert not written.parent.exists()
    place = ("--database", str(tmp_path / "l.db"), "--port", "0", "--rates", "/proc/nope/rates")
    run = CliRunner().invoke(app, ["doctor", "--quick", "--", *place])
    assert run.stdout.splitlines()[-1].endswith("1 to fix before anything is served (rates)")
    started = tiergate("serve", *place)
    assert (started.returncode, "--rates" in started.stderr) == (4, True), started.stderr
    assert "/proc/nope/rates" in started.stderr


@pytest.mark.process
def test_rates_are_counted_in_the_file_that_is_named(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url)
        limit = 'limits: [{tenant: "*", requests_per_minute: 60}]\n'
        policy.write_text(policy.read_text("utf-8") + limit, encoding="utf-8")
        file = tmp_path / "run" / "rates"
        with Served(tmp_path, policy, "--rates", str(file)) as served:
            assert served.chat().status_code == 200
        assert file.stat().st_size > 0
        assert not list(tmp_path.glob("*.rates"))


def test_missing_folder_of_temporary_files_is_to_fix() -> None:
    (found,) = temporary_finding(lambda: tempfile.mkdtemp(dir="/proc/nope"))
    assert (found.fatal, "TMPDIR" in found.fix) == (True, True)
    assert not list(temporary_finding())


def test_proxy_that_calls_of_models_pass_by_is_told_without_its_value(tmp_path: Path) -> None:
    environ = {"HTTPS_PROXY": "http://me:secret@proxy.example:3128", "http_proxy": "http://p"}
    checkup = Checkup(tmp_path / "l.db", "127.0.0.1", 0, DEFAULT_FOLDER, environ, quick=True)
    (found,) = [one for one in checkup.findings() if one.part == "proxy"]
    assert found.found.startswith("HTTPS_PROXY and HTTP_PROXY are set, and calls of upstreams do")
    assert "secret" not in found.found


def test_a_place_that_the_system_refuses_to_look_at_is_a_finding(tmp_path: Path) -> None:
    """A name that is too long is refused to root, too, as a closed folder is to other users."""
    refused = tmp_path / ("x" * 300) / "l.db"
    checkup = Checkup(refused, "127.0.0.1", 0, DEFAULT_FOLDER, {}, quick=True)
    findings = {finding.part: finding for finding in checkup.findings()}
    for part in ("database", "anchors", "rates"):
        assert findings[part].state is State.BROKEN
        assert "File name too long" in findings[part].found
    assert "chown" in findings["database"].fix
    assert f"the user with the id {os.geteuid()}" in findings["database"].found


def test_a_file_where_the_folder_of_the_ledger_belongs_is_to_fix(tmp_path: Path) -> None:
    """The nearest folder above it could be written, so the ledger was said to be new and well."""
    in_the_way = tmp_path / ".tiergate"
    in_the_way.touch()
    checkup = Checkup(in_the_way / "l.db", "127.0.0.1", 0, DEFAULT_FOLDER, {}, quick=True)
    findings = {finding.part: finding for finding in checkup.findings()}
    for part in ("database", "rates"):
        assert findings[part].state is State.BROKEN
        assert f"{in_the_way} is a file" in findings[part].found
    assert findings["database"].fix.startswith("move that file")


def test_the_name_of_every_shipped_policy_fits_its_column() -> None:
    names = [
        f"policy {path.stem}" for path in (Path(__file__).parents[2] / "policies").glob("*.yaml")
    ]
    assert max(map(len, names)) <= PART_WIDTH
